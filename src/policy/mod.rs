//! The capture policy: what of a namespace's traffic goes to its proxy, and the text it is written in.

mod capture;
mod defaults;
mod document;
mod draft;
mod fault;
mod flags;
mod given;
mod hint;
mod identity;
mod included;
mod load;
mod loopback;
mod modes;
mod node;
mod passthrough;
mod path;
mod resolve;
mod settings;
mod show;
mod table;
mod write;
mod yaml;

pub use capture::{
    CapturePolicy, InboundPorts, Outbound, OutboundRanges, PassthroughSource, Proxy, ProxyPorts,
};
pub use fault::{Fault, PolicyError};
pub use flags::Override;
pub use identity::Identity;
pub use included::IncludedRanges;
pub use loopback::LoopbackRange;
pub use modes::{Counters, Ipv6};
pub use settings::{Setting, Shape};
pub use table::SETTINGS;
