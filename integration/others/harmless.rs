//! What is in nobody's way.

use nftdivert::apply::others::find;
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert_integration::fixture::put;
use nftdivert_integration::shell::nft;

use crate::scenery::{DOCKER, ISTIO_V4, LEGACY4, NFT4, found};

#[test]
fn nothing_is_found_in_an_empty_namespace() {
    let place = Netns::anonymous().unwrap();
    let others = found(&place);
    assert_eq!((others.findings.len(), others.generation), (0, None));
    assert!(others.notes().is_empty(), "{:?}", others.notes());
}

#[test]
fn our_own_table_is_nobody_elses() {
    let place = Netns::anonymous().unwrap();
    put(&place, "").unwrap();
    let others = found(&place);
    assert_eq!((others.findings.len(), others.generation), (0, None));
}

#[test]
fn where_no_others_are_it_takes_one_request() {
    let place = Netns::anonymous().unwrap();
    let requests = || {
        let mut nft = Connection::open(Family::Netfilter).unwrap();
        let before = nft.next_sequence();
        find(&mut nft).unwrap();
        nft.next_sequence() - before - 1
    };
    assert_eq!(place.run(requests).unwrap(), 1);
    put(&place, "").unwrap();
    assert_eq!(place.run(requests).unwrap(), 1);
    nft(&place, "table ip nat { }");
    assert!(place.run(requests).unwrap() > 1);
}

/// Takes the calling thread, which ends with its job, out of root's group: the C library would
/// take out all threads.
fn drop_groups() {
    // SAFETY: no groups are read where there are none.
    let result = unsafe { nix::libc::syscall(nix::libc::SYS_setgroups, 0_usize, 0_usize) };
    assert_eq!(result, 0);
}

/// Without root's right to read root's files, `CAP_NET_ADMIN` shows nf_tables alone.
#[test]
fn what_may_not_be_read_is_told() {
    let place = Netns::anonymous().unwrap();
    LEGACY4.restore(&place, ISTIO_V4);
    NFT4.restore(&place, ISTIO_V4);
    let others = place.run(|| {
        drop_groups();
        nix::unistd::setfsgid(nix::unistd::Gid::from_raw(1000));
        nix::unistd::setfsuid(nix::unistd::Uid::from_raw(1000));
        find(&mut Connection::open(Family::Netfilter).unwrap()).unwrap()
    });
    let others = others.unwrap();
    assert!(others.unseen[0].contains("/proc/thread-self/net/ip_tables_names"), "{others:#?}");
    let notes = others.notes();
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.contains("can't see whether another mesh") && note.ends_with(&others.unseen[0]));
    let refusal = others.refuse().unwrap_err().to_string();
    assert!(refusal.contains("iptables-nft") && !refusal.contains("legacy"), "{refusal}");
}

#[test]
fn dockers_name_server_is_not_worth_a_word() {
    for tables in [LEGACY4, NFT4] {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, DOCKER);
        assert_eq!(found(&place).findings, [], "{tables:?}");
    }
}

#[test]
fn tables_that_redirect_nothing_are_not_worth_a_word() {
    let place = Netns::anonymous().unwrap();
    nft(
        &place,
        "table ip nat {
             chain POSTROUTING { type nat hook postrouting priority srcnat; masquerade; }
             chain unused { tcp dport 1 redirect to :2; }
         }
         table inet filter {
             chain input { type filter hook input priority 0; tcp dport 1 drop; }
         }
         table netdev odd {
             chain c { }
         }
         table bridge nat {
             chain ISTIO_OUTPUT { }
         }",
    );
    assert_eq!(found(&place).findings, []);
}
