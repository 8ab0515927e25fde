//! What is put into the namespaces.

use std::fmt::Write;

use nftdivert::apply::{ApplyOptions, LiveConnections, OtherMeshes, Record, apply};
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::{Chain, Ruleset};

use crate::place::Place;

/// What a namespace is filled with.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) ipv6: bool,
    /// As many times fewer namespaces are filled.
    pub(crate) weight: usize,
    pub(crate) fill: Box<dyn Fn(&Place)>,
}

/// The parts of a ruleset that are committed alone.
#[derive(Clone, Copy)]
enum Part {
    Table,
    /// Without rules and without hooks.
    Chains,
    /// Without rules.
    Hooks,
    /// Without the record.
    Rules,
    All,
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        committed("the table alone", "", Part::Table),
        committed("its chains too, without hooks", "", Part::Chains),
        committed("the same with hooks (NAT, conntrack)", "", Part::Hooks),
        committed("the same with rules", "", Part::Rules),
        committed("the same with the record: the default", "", Part::All),
        applied("default, applied", "", false),
        applied("default, applied, adds ::6", "", true),
    ];
    for (name, policy) in [
        ("ipv6: bypass", "ipv6: bypass"),
        ("ipv6: reject", "ipv6: reject"),
        ("counters: on", "counters: on"),
        ("dns.capture: all", "dns: {capture: all}"),
        ("inbound.mode: tproxy", "inbound: {mode: tproxy}"),
        ("inbound.mode: tproxyFast", "inbound: {mode: tproxyFast}"),
        ("loNotrack", "loNotrack: true"),
        ("five excluded ports more (a set)", "outbound: {excludePorts: [1, 3, 5, 7, 9]}"),
    ] {
        cases.push(committed(name, policy, Part::All));
    }
    for count in [10, 10_000] {
        let mut large = committed(&format!("{count} services"), &services(count), Part::All);
        large.weight = if count > 1000 { 40 } else { 1 };
        cases.push(large);
        let mut large = committed(&format!("{count} excluded ranges"), &ranges(count), Part::All);
        large.weight = if count > 1000 { 40 } else { 1 };
        cases.push(large);
    }
    cases
}

fn read(policy: &str) -> CapturePolicy {
    CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{policy}")).unwrap()
}

fn applied(name: &str, policy: &str, ipv6: bool) -> Case {
    let policy = read(policy);
    let options = ApplyOptions {
        source: "bench".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let fill = move |place: &Place| drop(apply(&place.target, &policy, &options).unwrap());
    Case { name: name.to_owned(), ipv6, weight: 1, fill: Box::new(fill) }
}

/// By one batch, so that nothing is looked up below /proc.
fn committed(name: &str, policy: &str, part: Part) -> Case {
    let policy = read(policy);
    let mut ruleset = plan(&policy, &HostFacts::default()).unwrap().ruleset;
    let record = Record::now(policy.digest(), "bench", Vec::new()).chain();
    strip(&mut ruleset, part);
    let record = matches!(part, Part::All).then_some(record);
    let fill = move |place: &Place| send(place, &ruleset, record.as_ref());
    Case { name: name.to_owned(), ipv6: false, weight: 1, fill: Box::new(fill) }
}

fn strip(ruleset: &mut Ruleset, part: Part) {
    match part {
        Part::All | Part::Rules => {}
        Part::Hooks => ruleset.chains.iter_mut().for_each(|chain| chain.rules.clear()),
        Part::Chains => {
            for chain in &mut ruleset.chains {
                chain.rules.clear();
                chain.base = None;
            }
        }
        Part::Table => ruleset.chains.clear(),
    }
}

fn send(place: &Place, ruleset: &Ruleset, record: Option<&Chain>) {
    let mut batch = Batch::new(None);
    batch.create(ruleset);
    if let Some(record) = record {
        batch.add_chain(&ruleset.table, record);
    }
    let batch = batch.seal();
    let run = || commit(&mut Connection::open(Family::Netfilter).unwrap(), &batch);
    place.netns.run(run).unwrap().unwrap();
}

fn services(count: u32) -> String {
    let mut text = String::from("outbound:\n  services:\n");
    for number in 0..count {
        let (high, low) = (number / 250, number % 250);
        writeln!(text, "  - {{address: 10.96.{high}.{low}, port: 443}}").unwrap();
    }
    text
}

/// With a gap after each, so that nothing can be merged.
fn ranges(count: u32) -> String {
    let mut text = String::from("outbound:\n  excludeRanges:\n");
    for number in 0..count {
        let (high, low) = (number / 128, 2 * (number % 128));
        writeln!(text, "  - 10.{high}.{low}.0/24").unwrap();
    }
    text
}
