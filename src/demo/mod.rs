//! A pod and its world in two network namespaces, with a proxy, servers and clients as any user.

pub mod bed;
pub mod cgroup;
pub mod client;
pub mod dns;
pub mod identity;
pub mod proxy;
pub mod server;
pub mod stage;
pub mod story;

mod error;
mod links;
mod play;
mod relay;
mod scene;
mod socket;
mod step;
mod worker;

pub use bed::{Bed, BedOptions, Ipv6Support};
pub use cgroup::Cgroup;
pub use client::{Answer, Conversation, Dial, connect};
pub use dns::{Asked, DnsAnswer, NameServer, NameServerOptions, Query, Transport, resolve};
pub use error::DemoError;
pub use identity::{Member, User, as_user};
pub use proxy::{AppSource, Direction, Outcome, Proxy, ProxyOptions, Seen};
pub use server::EchoServer;
