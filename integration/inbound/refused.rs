//! Connections that nobody takes are refused at once, and never reach the app past the proxy.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use nftdivert::demo::{Bed, BedOptions, Dial, EchoServer, Outcome, User};
use nftdivert_integration::fixture::put;

use crate::harness::{QUICK, STEERING, cases, pod, policy, set};

#[test]
fn where_the_app_does_not_listen_the_client_is_reset_at_once() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in pod(8082) {
            let start = Instant::now();
            let error = Dial::new(User::ROOT, to).open(&fixture.bed.peer).unwrap_err();
            assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionReset), "{case:?}: {error}");
            assert!(start.elapsed() < QUICK, "{case:?}: {:?}", start.elapsed());
            let seen = fixture.proxy.seen().pop().unwrap();
            let outcome = Outcome::Failed(ErrorKind::ConnectionRefused);
            assert_eq!((seen.original, seen.outcome), (to, outcome), "{case:?}");
        }
    }
}

#[test]
fn where_the_proxy_does_not_run_the_client_is_refused_at_once() {
    let lists = ["", ", ports: [8080]", ", ports: [8080, 1, 3, 5, 7, 9]"];
    for mode in ["redirect", STEERING[0], STEERING[1]] {
        for list in lists {
            let bed = Bed::new(BedOptions::default()).unwrap();
            put(&bed.pod, &policy(mode, list, "")).unwrap();
            let any: [SocketAddr; 2] =
                [(Ipv4Addr::UNSPECIFIED, 8080).into(), (Ipv6Addr::UNSPECIFIED, 8080).into()];
            let _app = EchoServer::start(&bed.pod, User::APP, "app", &any).unwrap();
            for cookies in ["1", "2"] {
                set(&bed.pod, "ipv4/tcp_syncookies", cookies);
                for to in pod(8080) {
                    let start = Instant::now();
                    let error = Dial::new(User::ROOT, to).open(&bed.peer).unwrap_err();
                    let case = format!("{mode} {list} {to} {error}");
                    assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionRefused), "{case}");
                    assert!(start.elapsed() < QUICK, "{case}: {:?}", start.elapsed());
                }
            }
        }
    }
}
