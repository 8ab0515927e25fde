//! The rest of a network namespace: entering one, its ids, addresses, routing, sysctls, sockets,
//! name servers, the kernel's release.

pub mod address;
pub mod ids;
pub mod kernel;
pub mod netns;
pub mod resolv;
pub mod routing;
pub mod sockets;
pub mod sysctl;
