//! The capture policy: what of a namespace's traffic goes to its proxy, and the text it is written in.

mod by_uid;
mod capture;
mod contradict;
mod defaults;
mod document;
mod draft;
mod fault;
mod flags;
mod given;
mod hint;
mod identity;
mod included;
mod json;
mod load;
mod loopback;
mod modes;
mod node;
mod passthrough;
mod path;
mod resolve;
mod rows;
mod settings;
mod show;
mod table;
mod tproxy;
mod write;
mod yaml;

pub use by_uid::{PortsByUid, Protocol, UidPorts};
pub use capture::{
    CapturePolicy, Dns, Inbound, InboundPorts, IncludedGroups, Interfaces, NameServers, Outbound,
    OutboundRanges, OwnerGroups, PassthroughSource, Proxy, ProxyPorts, Tproxy,
};
pub(crate) use fault::shown;
pub use fault::{Fault, PolicyError};
pub use flags::Override;
pub(crate) use hint::nearest;
pub use identity::{Identity, Marks, Match};
pub use included::IncludedRanges;
pub use json::{Scalars, object_from_yaml};
pub use load::Layer;
pub use loopback::LoopbackRange;
pub use modes::{Counters, Existing, InboundMode, Ipv6};
pub use settings::{Cell, CellCount, Setting, Shape};
pub use table::SETTINGS;
