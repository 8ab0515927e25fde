//! Packets that conntrack calls invalid pass again when `dropInvalid` is switched off.

use std::net::IpAddr;

use nftdivert::demo::Bed;
use nftdivert_integration::shell::{nft, nft_list};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6, sendto,
    socket,
};
use std::net::{SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nftdivert::demo::bed::{POD_V4, POD_V6};
use nftdivert_integration::fate::{Case, Stage};

use crate::mesh::{DROP_INVALID, REDIRECT, apply, install, pod, stage};

const ECHO: &str = "table inet seen { chain input { type filter hook input priority 0; \
     icmp type echo-reply counter; icmpv6 type echo-reply counter; }; }";

/// Sends the reply to an echo that nobody asked for, which is invalid to conntrack.
fn unasked(bed: &Bed, to: IpAddr) {
    // Type, code, sum, identifier, sequence; the kernel makes the sum for IPv6.
    let send = || match to {
        IpAddr::V4(ip) => {
            let raw =
                socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), SockProtocol::Icmp);
            let to = SockaddrIn::from(SocketAddrV4::new(ip, 0));
            let packet = [0, 0, 0xf8, 0x88, 7, 0x77, 0, 0];
            sendto(raw.unwrap().as_raw_fd(), &packet, &to, MsgFlags::empty()).unwrap()
        }
        IpAddr::V6(ip) => {
            let family = AddressFamily::Inet6;
            let raw = socket(family, SockType::Raw, SockFlag::empty(), SockProtocol::IcmpV6);
            let to = SockaddrIn6::from(SocketAddrV6::new(ip, 0, 0, 0));
            let packet = [129, 0, 0, 0, 7, 0x77, 0, 0];
            sendto(raw.unwrap().as_raw_fd(), &packet, &to, MsgFlags::empty()).unwrap()
        }
    };
    bed.peer.run(send).unwrap();
}

/// Which of the two families' invalid packets come in. Connections work meanwhile.
fn coming_in(stage: &Stage) -> [bool; 2] {
    nft(&stage.bed.pod, ECHO);
    unasked(&stage.bed, POD_V4.into());
    unasked(&stage.bed, POD_V6.into());
    stage.all_right(&pod(8080).map(|to| Case::into_pod("client", to, "inbound to app")));
    let listed = nft_list(&stage.bed.pod, "table inet seen");
    nft(&stage.bed.pod, "delete table inet seen");
    ["icmp type", "icmpv6 type"].map(|start| {
        let line = listed.lines().find(|line| line.trim().starts_with(start)).unwrap();
        line.contains("packets 1 ")
    })
}

#[test]
fn it_ends_when_it_is_switched_off() {
    let theirs = stage();
    install(&theirs.bed.pod, REDIRECT);
    assert_eq!(coming_in(&theirs), [true; 2]);
    install(&theirs.bed.pod, DROP_INVALID);
    assert_eq!(coming_in(&theirs), [false; 2]);
    install(&theirs.bed.pod, REDIRECT);
    assert_eq!(coming_in(&theirs), [false; 2], "the table of the former run still drops");

    let ours = stage();
    apply(&ours, "inbound: {dropInvalid: true}");
    assert_eq!(coming_in(&ours), [false; 2]);
    apply(&ours, "");
    assert_eq!(coming_in(&ours), [true; 2]);
}
