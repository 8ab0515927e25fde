//! A table of somebody else's stays as it is, handle for handle, whatever we do next to it.

use std::net::Ipv4Addr;

use nftdivert::net::netns::Netns;
use rustables::set::SetBuilder;
use rustables::{
    Batch, Chain, ChainPolicy, ChainType, Hook, HookClass, MsgType, Protocol, ProtocolFamily, Rule,
    Table, list_chains_for_table, list_rules_for_chain, list_tables,
};

use super::{capture, policy, program, release};

const FOREIGN: &str = "foreign";

#[test]
fn apply_replace_and_remove_leave_it_untouched() {
    let place = Netns::anonymous().unwrap();
    place.run(write).unwrap();
    let before = (place.run(listing).unwrap(), text(&place));
    assert!(before.1.contains("10.0.0.7") && before.1.contains("tcp dport 4711 drop"));
    let unchanged = |step: &str| {
        assert_eq!((place.run(listing).unwrap(), text(&place)), before, "after {step}");
    };
    drop(capture(&place, &policy("")));
    unchanged("apply");
    drop(capture(&place, &policy("outbound: {excludePorts: [22]}")));
    unchanged("replace");
    drop(capture(&place, &policy("ipv6: reject")));
    unchanged("replace with other chains");
    drop(release(&place));
    unchanged("remove");
    assert_eq!(place.run(list_tables).unwrap().unwrap().len(), 1);
}

fn write() {
    let mut batch = Batch::new();
    let table = Table::new(ProtocolFamily::Inet).with_name(FOREIGN).add_to_batch(&mut batch);
    let (mut set, mut elements) = {
        let mut builder = SetBuilder::<Ipv4Addr>::new("known", &table).unwrap();
        builder.add(&Ipv4Addr::new(10, 0, 0, 7));
        builder.finish()
    };
    // The builder forgets both, and the kernel wants them.
    set.family = ProtocolFamily::Inet;
    set.set_id(1u32);
    elements.family = ProtocolFamily::Inet;
    batch.add(&set, MsgType::Add);
    batch.add(&elements, MsgType::Add);
    for (name, kind, hook) in [
        ("output", ChainType::Filter, HookClass::Out),
        ("dstnat", ChainType::Nat, HookClass::PreRouting),
    ] {
        let chain = Chain::new(&table).with_name(name).with_hook(Hook::new(hook, -50));
        let chain = chain.with_type(kind).with_policy(ChainPolicy::Accept);
        let chain = chain.add_to_batch(&mut batch);
        Rule::new(&chain).unwrap().dport(4711, Protocol::TCP).drop().add_to_batch(&mut batch);
        Rule::new(&chain).unwrap().protocol(Protocol::UDP).accept().add_to_batch(&mut batch);
    }
    batch.send().unwrap();
}

/// All that rustables tells, handles too.
fn listing() -> String {
    let tables = list_tables().unwrap();
    let table = tables.iter().find(|table| table.get_name().unwrap() == FOREIGN).unwrap();
    let chains = list_chains_for_table(table).unwrap();
    let rules: Vec<Vec<Rule>> = chains.iter().map(|c| list_rules_for_chain(c).unwrap()).collect();
    format!("{table:?}\n{chains:#?}\n{rules:#?}")
}

fn text(place: &Netns) -> String {
    let all = program(place, &["nft", "-a", "list", "ruleset"]);
    let start = all.find("table inet foreign").unwrap();
    let end = all[start..].find("\n}").unwrap();
    all[start..start + end].to_owned()
}
