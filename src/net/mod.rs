//! The rest of a network namespace: entering one, its ids, addresses, routing, sysctls, sockets,
//! original destinations, name servers, tables of iptables-legacy, the kernel's release; and user
//! namespaces.

pub mod address;
pub mod ids;
pub mod kernel;
pub mod netns;
pub mod original;
pub mod resolv;
pub mod routing;
pub mod sockets;
pub mod sysctl;
pub mod userns;
pub mod xtables;
