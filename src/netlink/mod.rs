//! One netlink socket: it sends, receives every answer within a time limit, and reads errors whole.

mod answer;
mod attributes;
mod connection;
mod error;
mod write;

pub use answer::{Answer, KernelError};
pub use attributes::{Attribute, Attributes};
pub use connection::{Connection, Each, Family, message};
pub use error::{NetlinkError, errno_text};
pub use write::{Written, put_emitable, put_nested, put_string};
