//! A pod and its world in two network namespaces, with a proxy, servers and clients as any user.

pub mod bed;
pub mod client;
pub mod identity;
pub mod proxy;
pub mod server;
pub mod story;

mod error;
mod links;
mod relay;
mod scene;
mod socket;
mod step;
mod worker;

pub use bed::{Bed, BedOptions, Ipv6Support};
pub use client::{Answer, Conversation, Dial, connect};
pub use error::DemoError;
pub use identity::{User, as_user};
pub use proxy::{Direction, Outcome, Proxy, ProxyOptions, Seen};
pub use server::EchoServer;
