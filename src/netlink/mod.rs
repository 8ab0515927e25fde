//! One netlink socket: it sends, receives every answer within a time limit, and reads errors whole;
//! another hears what the kernel tells of itself.

mod answer;
mod attributes;
mod connection;
mod error;
mod subscription;
mod write;

pub use answer::{Answer, KernelError};
pub use attributes::{Attribute, Attributes};
pub use connection::{Connection, Each, Family, message};
pub use error::{NetlinkError, errno_text};
pub use subscription::Subscription;
pub use write::{Written, put_emitable, put_nested, put_string};
