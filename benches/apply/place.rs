//! Fresh namespaces to measure in.

use std::fs;

use netlink_packet_core::NLM_F_ACK;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkFlags, LinkMessage};
use nftdivert::apply::{HostRule, Target};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};

/// A network namespace like that of a pod that has just been made.
pub(crate) struct Place {
    pub(crate) netns: Netns,
    pub(crate) target: Target,
}

impl Place {
    pub(crate) fn with_ipv6() -> Self {
        let netns = Netns::anonymous().unwrap();
        netns.run(set_up_lo).unwrap();
        let target = Target::other(netns.try_clone().unwrap(), HostRule::Refuse);
        Self { netns, target }
    }

    pub(crate) fn without_ipv6() -> Self {
        let place = Self::with_ipv6();
        let switch_off = || fs::write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1");
        place.netns.run(switch_off).unwrap().unwrap();
        place
    }
}

fn set_up_lo() {
    let mut link = LinkMessage::default();
    link.header.index = 1;
    link.header.flags = LinkFlags::Up;
    link.header.change_mask = LinkFlags::Up;
    let mut route = Connection::open(Family::Route).unwrap();
    route.request(NLM_F_ACK, RouteNetlinkMessage::SetLink(link), &mut |_, _| Ok(())).unwrap();
}
