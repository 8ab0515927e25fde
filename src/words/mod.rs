//! Words: small values that are parsed once and never checked again.

mod cidr;
mod cidr_set;
mod error;
mod gid;
mod id_map;
mod if_name;
mod ip_family;
mod mark_route;
mod number;
mod port;
mod port_range;
mod port_set;
mod range;
mod uid;

pub use cidr::Cidr;
pub use cidr_set::CidrSet;
pub use error::{NumberFault, WordError};
pub use gid::Gid;
pub use id_map::{IdMap, IdMaps, IdRange};
pub use if_name::IfName;
pub use ip_family::IpFamily;
pub use mark_route::MarkRoute;
pub(crate) use number::number;
pub use port::Port;
pub use port_range::PortRange;
pub use port_set::PortSet;
pub use range::{AddrRange, Address};
pub use uid::Uid;
