//! The address that the proxy dials the app from works when apply returns, not a moment later.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::TcpListener;

use nftdivert::apply::apply;
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;

use crate::support::{options, said, target};

#[test]
fn it_can_be_bound_at_once() {
    let late = |_: &i32| {
        let place = Netns::anonymous().unwrap();
        said(&place, "ip link set lo up", "");
        let _applied = apply(&target(&place), &CapturePolicy::default(), &options()).unwrap();
        place.run(|| TcpListener::bind("[::6]:0")).unwrap().is_err()
    };
    assert_eq!((0..100).filter(late).count(), 0, "of 100");
}
