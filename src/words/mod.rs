//! Words: small values that are parsed once and never checked again.

mod cgroup_path;
mod cidr;
mod cidr_set;
mod classid;
mod error;
mod gid;
mod if_name;
mod number;
mod port;
mod port_range;
mod port_set;
mod range;
mod uid;

pub use cgroup_path::CgroupPath;
pub use cidr::Cidr;
pub use cidr_set::CidrSet;
pub use classid::Classid;
pub use error::{NumberFault, WordError};
pub use gid::Gid;
pub use if_name::IfName;
pub(crate) use number::number;
pub use port::Port;
pub use port_range::PortRange;
pub use port_set::PortSet;
pub use range::{AddrRange, Address};
pub use uid::Uid;
