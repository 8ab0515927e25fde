//! The floor: what the kernel alone needs for a batch whose bytes are already there.

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use nftdivert::apply::Record;
use nftdivert::net::netns::Netns;
use nftdivert::nft::Batch;
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::build::{Counted, RuleBuilder, Side, TCP};
use nftdivert::ruleset::{BaseChain, Chain, MetaKey, Rule, Ruleset};

/// The smallest ruleset that captures TCP in both directions and leaves the proxy out: 7 rules.
pub(crate) fn minimal() -> Vec<u8> {
    let output = vec![
        rule().oif_lo().accept(),
        rule().id(MetaKey::SkUid, 1337).accept(),
        rule().id(MetaKey::SkGid, 1337).accept(),
        rule().ip4(Side::Destination, std::net::Ipv4Addr::LOCALHOST).accept(),
        rule().l4proto(TCP).redirect(15001),
    ];
    let prerouting =
        vec![rule().dport_between(15008, 15008).accept(), rule().l4proto(TCP).redirect(15006)];
    let ruleset = Ruleset {
        table: "floor".into(),
        comment: None,
        flags: 0,
        sets: Vec::new(),
        chains: vec![
            chain("output", BaseChain::nat_output(), output),
            chain("prerouting", BaseChain::nat_prerouting(), prerouting),
        ],
    };
    let mut batch = Batch::new(None);
    batch.create(&ruleset);
    batch.seal().bytes().to_vec()
}

/// Exactly what a first apply of the default policy sends.
pub(crate) fn own() -> Vec<u8> {
    let policy = CapturePolicy::default();
    let plan = plan(&policy, &HostFacts::default()).unwrap();
    let record = Record::now(policy.digest(), "bench", Vec::new()).chain();
    let mut batch = Batch::new(None);
    batch.create(&plan.ruleset);
    batch.add_chain(&plan.ruleset.table, &record);
    batch.seal().bytes().to_vec()
}

fn rule() -> RuleBuilder {
    RuleBuilder::new("", Counted::No)
}

fn chain(name: &'static str, base: BaseChain, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base: Some(base), comment: None, rules }
}

/// Enters, opens a socket, sends, and reads answers until there are none.
pub(crate) fn replay(netns: &Netns, bytes: &[u8]) -> Socket {
    netns
        .run(|| {
            let socket = Socket::new(NETLINK_NETFILTER).unwrap();
            socket.send_to(bytes, &SocketAddr::new(0, 0), 0).unwrap();
            let mut buffer = Vec::with_capacity(4096);
            while socket.recv_from(&mut buffer, nix::libc::MSG_DONTWAIT).is_ok() {
                // `struct nlmsgerr` follows the header: an error code that is not zero is a failure.
                assert_eq!(buffer[16..20], [0; 4]);
                buffer.clear();
            }
            socket
        })
        .unwrap()
}
