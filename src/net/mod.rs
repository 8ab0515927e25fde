//! The rest of a network namespace: entering one, addresses, sysctls, sockets, the kernel's release.

pub mod address;
pub mod kernel;
pub mod netns;
pub mod sockets;
pub mod sysctl;
