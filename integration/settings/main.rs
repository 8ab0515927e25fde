//! The settings of outbound, identity and DNS over real traffic, seen from the app, the proxy and a
//! peer outside. Needs root, nft, iproute2, conntrack, util-linux, python3, and cgroup2.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod by_uid;
mod cgroup;
mod combinations;
mod dns;
mod dns_passed;
mod dns_zone;
mod groups;
mod identity;
mod mark;
mod matching;
mod names;
mod net_cls;
mod scenery;
mod services;
mod userns;
mod virtual_link;
