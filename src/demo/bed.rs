//! A pod and a peer: two namespaces joined by a veth pair, with addresses for the whole world.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::DemoError;
use super::links::{Side, ipv6_here, join, set_ipv6, wait_until_running, with_routing};
use crate::net::netns::Netns;

/// The link between pod and peer, on both sides.
pub const LINK: &str = "eth0";
/// The pod's IPv4 address.
pub const POD_V4: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 2);
/// The peer's IPv4 address, the pod's default gateway.
pub const PEER_V4: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);
/// An IPv4 address somewhere in the world; the peer answers for it.
pub const WORLD_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
/// One of another range, for policies that leave it out.
pub const EXCLUDED_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
/// The pod's IPv6 address.
pub const POD_V6: Ipv6Addr = Ipv6Addr::new(0xfd88, 0, 0, 0, 0, 0, 0, 2);
/// The peer's IPv6 address, the pod's default gateway.
pub const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfd88, 0, 0, 0, 0, 0, 0, 1);
/// An IPv6 address somewhere in the world; the peer answers for it.
pub const WORLD_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);
/// One of another range, for policies that leave it out.
pub const EXCLUDED_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x10);

/// Whether the namespaces have IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ipv6Support {
    /// With addresses and routes.
    #[default]
    On,
    /// Switched off by `disable_ipv6`, on every interface.
    Off,
}

impl Ipv6Support {
    /// What namespaces have that are made here. A kernel may be without IPv6, and may be told to
    /// switch it off in new namespaces (`net.core.devconf_inherit_init_net`).
    pub fn of_new_namespaces() -> Result<Self, DemoError> {
        Netns::anonymous()?.run(ipv6_here)?
    }
}

/// How a bed is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct BedOptions {
    /// Whether it has IPv6.
    pub ipv6: Ipv6Support,
}

/// Two joined namespaces. They end with this value and with what runs in them.
#[derive(Debug)]
pub struct Bed {
    /// Where app and proxy live; its default routes lead to the peer.
    pub pod: Netns,
    /// The rest of the world.
    pub peer: Netns,
}

impl Bed {
    /// Makes both namespaces, the link, and all addresses; everything works when this returns.
    pub fn new(options: BedOptions) -> Result<Self, DemoError> {
        let bed = Self { pod: Netns::anonymous()?, peer: Netns::anonymous()? };
        for place in [&bed.pod, &bed.peer] {
            place.run(|| set_ipv6(place, options.ipv6))??;
        }
        bed.pod.run(|| with_routing(async |routing| join(routing, &bed.peer).await))??;
        let pod = Side::pod(options.ipv6);
        let peer = Side::peer(options.ipv6);
        bed.peer.run(|| with_routing(async |routing| peer.equip(routing).await))??;
        bed.pod.run(|| with_routing(async |routing| pod.equip(routing).await))??;
        for place in [&bed.peer, &bed.pod] {
            place.run(|| with_routing(wait_until_running))??;
        }
        bed.peer.run(|| with_routing(async |routing| peer.wait_until_local(routing).await))??;
        bed.pod.run(|| with_routing(async |routing| pod.wait_until_local(routing).await))??;
        Ok(bed)
    }
}
