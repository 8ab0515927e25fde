//! What rule and route are for: TPROXY takes in what is on its way to somewhere else.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nftdivert::demo::bed::{POD_V4, POD_V6};
use nftdivert::demo::{Bed, BedOptions, Direction, Proxy, ProxyOptions, User, connect};
use nftdivert::net::routing;
use nftdivert::words::IpFamily;
use nftdivert_integration::shell::{ip, nft};

use crate::routing::{mark_route, with};

const RULES: &str = "table inet steer {
    chain prerouting {
        type filter hook prerouting priority -150
        iifname != \"lo\" tcp dport 8080 tproxy to :15006 meta mark set 1337 accept
    }
}";

#[test]
fn connections_to_elsewhere_are_taken_in_with_the_rule_and_not_without() {
    let cases: [(IpFamily, IpAddr, IpAddr); 2] = [
        (IpFamily::V4, POD_V4.into(), "203.0.113.5".parse().unwrap()),
        (IpFamily::V6, POD_V6.into(), "2001:db8:7::5".parse().unwrap()),
    ];
    let bed = Bed::new(BedOptions::default()).unwrap();
    nft(&bed.pod, RULES);
    let options = ProxyOptions { transparent: true, ..ProxyOptions::default() };
    let proxy = Proxy::start(&bed.pod, options).unwrap();
    let knock = |to: SocketAddr| connect(&bed.peer, User::ROOT, to, Duration::from_millis(500));
    for (family, pod, elsewhere) in cases {
        ip(&bed.peer, &format!("route add {elsewhere} via {pod}"));
        let to = SocketAddr::new(elsewhere, 8080);
        let count = || proxy.seen().iter().filter(|seen| seen.original == to).count();
        knock(to).unwrap_err();
        assert_eq!(count(), 0, "{family}: taken in without the rule");
        with(&bed.pod, |c| routing::add(c, mark_route(family))).unwrap();
        knock(to).unwrap_err();
        let seen = proxy.seen().pop().expect("taken in");
        assert_eq!((seen.direction, seen.original), (Direction::Inbound, to));
        with(&bed.pod, |c| routing::remove(c, mark_route(family))).unwrap();
        let before = count();
        knock(to).unwrap_err();
        assert_eq!(count(), before, "{family}: taken in after removal");
    }
}
