//! A trace against captured bytes: what nft 1.0.6 sends for the text of the table that has packets
//! traced, what we send, and what Linux 6.18 told of packets.
//!
//! `tests/wire/capture-trace` takes the bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::explain::Capture;
use nftdivert::follow::{
    Fate, Filter, Followed, Grouping, KnownRules, Transport, follow, trace_table,
};
use nftdivert::netlink::Answer;
use nftdivert::nft::{Batch, decode, decode_event};
use nftdivert::plan::TABLE_COMMENT;
use nftdivert::ruleset::{Ruleset, ruleset_text};

#[path = "support/checks/assemble.rs"]
mod assemble;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

const ANY: Filter = Filter {
    transport: Transport::All,
    from: None,
    to: None,
    source_port: None,
    port: None,
    uid: None,
};

/// The tables of several filters in one: every kind of match, each where nft joins none of them.
fn table() -> Ruleset {
    let from = Some("10.88.0.0/17".parse().unwrap());
    let to = Some("2001:db8::/29".parse().unwrap());
    let filters = [
        Filter { transport: Transport::Tcp, from, port: "443".parse().ok(), ..ANY },
        Filter { transport: Transport::Udp, to, source_port: "53".parse().ok(), ..ANY },
        Filter { transport: Transport::Icmp, ..ANY },
        Filter { uid: Some(1000), ..ANY },
        ANY,
    ];
    let mut tables = filters.iter().map(|filter| trace_table(filter, TABLE_COMMENT).unwrap());
    let mut all = tables.next().unwrap();
    for other in tables {
        for (chain, more) in all.chains.iter_mut().zip(other.chains) {
            chain.rules.extend(more.rules);
        }
    }
    all
}

#[test]
fn the_text_is_what_nft_was_given() {
    let path = folder().join("trace.nft");
    let text = ruleset_text(&table());
    if std::env::var_os("NFTDIVERT_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), text);
}

#[test]
fn what_nft_sends_for_the_text_and_what_we_send_is_the_table() {
    let table = table();
    assert!(table.clone().validated().is_ok());
    let mut batch = Batch::new(None);
    batch.create(&table);
    for bytes in [bytes("trace.nft-1.0.6.bin"), batch.seal().bytes().to_vec()] {
        assert_eq!(assemble::assemble(&bytes).unwrap(), table);
    }
}

/// The packets that the kernel told of.
fn followed(bytes: &[u8]) -> Vec<Followed> {
    let mut own = assemble::assemble(bytes).unwrap();
    // They are listed twice.
    let mut seen = BTreeSet::new();
    own.chains.retain(|chain| seen.insert(chain.name.clone()));
    let (mut rules, mut grouping) = (BTreeMap::new(), Grouping::default());
    let mut rest = bytes;
    while let Ok((answer, after)) = Answer::parse(rest) {
        rest = after;
        let Answer::Object { kind, body, .. } = answer else { continue };
        if let Some(rule) = decode::known_rule(kind, body).unwrap() {
            rules.insert((rule.table.clone(), rule.handle), rule);
        }
        let event = decode_event(kind, body).unwrap();
        event.into_iter().for_each(|event| grouping.add(event, 0));
    }
    let ways = grouping.settle(0);
    let known =
        KnownRules::new(rules.into_values().collect(), "inet nftdivert".to_owned(), Some(&own));
    ways.iter().map(|way| follow(way, &known)).collect()
}

fn to(followed: &Followed, port: u16) -> bool {
    let headers = followed.headers.unwrap();
    headers.protocol.ports().is_some_and(|ports| ports.destination == port)
}

fn texts(followed: &Followed) -> Vec<(&str, &str, &str)> {
    let all = followed.met.iter();
    all.map(|met| (met.table.as_str(), met.step.chain.as_ref(), met.step.text.as_str())).collect()
}

#[test]
fn what_linux_told_of_packets_is_what_became_of_them() {
    let all = followed(&bytes("trace-events.linux-6.18.bin"));
    let captured: Vec<&Followed> = all.iter().filter(|followed| to(followed, 80)).collect();
    let (first, later) = captured.split_first().unwrap();
    assert_eq!(first.fate, Fate::Captured { port: 15001, by: Some((Capture::Redirect, 0)) });
    assert!(first.notes.is_empty(), "{:?}", first.notes);
    assert_eq!(
        texts(first),
        [
            ("inet nftdivert", "output", "meta l4proto tcp redirect to :15001"),
            ("inet other", "out", "jump sub"),
            ("inet other", "sub", "meta mark set 0x00000007 return"),
            ("inet other", "out", "policy accept"),
        ]
    );
    assert!(later.len() >= 2, "the connection ended too");
    for packet in later {
        assert_eq!(packet.fate, Fate::Captured { port: 15001, by: None });
        assert!(packet.notes[0].starts_with("not asked: output."), "{:?}", packet.notes);
    }
    let direct = all.iter().find(|followed| to(followed, 9999)).unwrap();
    assert_eq!(direct.fate, Fate::Direct { step: Some(0) });
    assert_eq!(texts(direct)[0], ("inet nftdivert", "output", "th dport 9999 accept"));
    let dropped = all.iter().find(|followed| to(followed, 7777)).unwrap();
    let Fate::Dropped { step } = dropped.fate else { panic!("{dropped:?}") };
    assert_eq!(texts(dropped)[step], ("inet other", "out", "udp dport 7777 drop"));
    let name_query = all.iter().find(|followed| to(followed, 53)).unwrap();
    assert_eq!(name_query.fate, Fate::Direct { step: None });
    assert_eq!(texts(name_query)[0], ("inet nftdivert", "output", "policy accept"));
}

#[test]
fn cut_off_and_flipped_bytes_never_panic() {
    let bytes = bytes("trace-events.linux-6.18.bin");
    let mut grouping = Grouping::default();
    for place in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes[..bytes.len().min(place + 400)].to_vec();
        flipped[place] ^= 0xff;
        let mut rest = flipped.get(place.saturating_sub(400) / 4 * 4..).unwrap();
        while let Ok((answer, after)) = Answer::parse(rest) {
            rest = after;
            let Answer::Object { kind, body, .. } = answer else { continue };
            let _ = decode::known_rule(kind, body);
            if let Ok(Some(event)) = decode_event(kind, body) {
                grouping.add(event, 0);
            }
        }
    }
    let known = KnownRules::default();
    grouping.settle(0).iter().for_each(|way| drop(follow(way, &known)));
}
