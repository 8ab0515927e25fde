//! Reading back: a set of 20,000 elements, and decoding with our walk and with the parser of
//! netlink-packet-netfilter.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use netlink_packet_core::{NLM_F_DUMP, NetlinkDeserializable, NetlinkHeader};
use netlink_packet_netfilter::nftables::{
    NfTablesMessage, RuleAttribute, RuleMessage, SetElementList, SetElementMessage,
};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};
use nftdivert::apply::{ApplyOptions, LiveConnections, OtherMeshes, apply};
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{decode, read_table};
use nftdivert::plan::{HostFacts, TABLE, plan};
use nftdivert::policy::{CapturePolicy, OutboundRanges};
use nftdivert::ruleset::{Change, KeyType};
use nftdivert::words::Cidr;

use crate::place::Place;

const ELEMENTS: u32 = 20_000;

/// Messages as they came: type and body.
type Dump = Vec<(u16, Vec<u8>)>;

/// Times of one way to read, in microseconds.
pub(crate) struct Reading {
    pub(crate) name: &'static str,
    pub(crate) micros: Vec<f64>,
}

pub(crate) fn measure(times: usize) -> Vec<Reading> {
    let mut policy = CapturePolicy::default();
    let place = Place::without_ipv6();
    let rules = dump_of(&place, &policy, list_rules());
    policy.outbound.ranges = OutboundRanges::Only(many());
    let ruleset = plan(&policy, &HostFacts::default()).unwrap().ruleset;
    let set = ruleset.sets.iter().find(|set| set.key == KeyType::Ipv4Addr).unwrap();
    let elements = dump_of(&place, &policy, list_elements(&set.name));
    let ours = |(kind, body): &(u16, Vec<u8>)| {
        decode::elements(*kind, body, KeyType::Ipv4Addr).unwrap();
    };
    let our_rule = |(kind, body): &(u16, Vec<u8>)| {
        decode::rule(*kind, body).unwrap();
    };
    println!("the dump of 20,000 elements has {} messages", elements.len());
    vec![
        repeat("20,000 elements: read back and compared", times, || compare(&place, &policy)),
        repeat("20,000 elements: decoded by our walk", times, || elements.iter().for_each(ours)),
        repeat("first message of that dump: by our walk", times, || ours(&elements[0])),
        repeat("first message of that dump: by the crate", times.div_ceil(10), || {
            by_the_crate(&elements[0]);
        }),
        repeat("default rules: decoded by our walk", times * 10, || {
            rules.iter().for_each(our_rule);
        }),
        repeat("default rules: decoded by the crate", times * 10, || {
            rules.iter().for_each(by_the_crate);
        }),
    ]
}

fn repeat(name: &'static str, times: usize, job: impl Fn()) -> Reading {
    let once = || {
        let start = Instant::now();
        job();
        start.elapsed().as_secs_f64() * 1e6
    };
    once();
    Reading { name, micros: (0..times).map(|_| once()).collect() }
}

/// Every second address, so that nothing can be merged.
fn many() -> nftdivert::policy::IncludedRanges {
    let address = |number| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + 2 * number));
    (0..ELEMENTS).map(|number| Cidr::new(address(number), 32).unwrap()).collect()
}

fn compare(place: &Place, policy: &CapturePolicy) {
    let wanted = plan(policy, &HostFacts::default()).unwrap().ruleset;
    let read = || read_table(&mut Connection::open(Family::Netfilter).unwrap(), TABLE);
    let mut found = place.netns.run(read).unwrap().unwrap().unwrap().ruleset;
    found.chains.retain(|chain| wanted.chain(&chain.name).is_some());
    assert_eq!(Change::between(&wanted, &found), Change::Nothing);
}

fn dump_of(place: &Place, policy: &CapturePolicy, list: NfTablesMessage) -> Dump {
    let options = ApplyOptions {
        source: "bench".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    apply(&place.target, policy, &options).unwrap();
    let mut dump = Dump::new();
    let header = NetfilterHeader::new(NetfilterProtoFamily::Inet, 0, 0);
    let request = NetfilterMessage::new(header, list);
    let read = || {
        let mut connection = Connection::open(Family::Netfilter).unwrap();
        connection.request(NLM_F_DUMP, request, &mut |kind, body| {
            dump.push((kind, body.to_vec()));
            Ok(())
        })
    };
    place.netns.run(read).unwrap().unwrap();
    dump
}

fn list_rules() -> NfTablesMessage {
    NfTablesMessage::GetRule(RuleMessage { attributes: vec![RuleAttribute::Table(TABLE.into())] })
}

fn list_elements(set: &str) -> NfTablesMessage {
    let attributes = vec![SetElementList::Table(TABLE.into()), SetElementList::Set(set.into())];
    NfTablesMessage::GetSetElement(SetElementMessage { attributes })
}

fn by_the_crate((kind, body): &(u16, Vec<u8>)) {
    let mut header = NetlinkHeader::default();
    header.message_type = *kind;
    NetfilterMessage::deserialize(&header, body).unwrap();
}
