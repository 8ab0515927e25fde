//! What keeps rustables from being the codec of this project, each limit shown once.

use nftdivert::net::netns::Netns;
use nix::errno::Errno;
use rustables::error::QueryError;
use rustables::expr::ExpressionVariant;
use rustables::query::list_objects_with_data;
use rustables::set::{SetBuilder, SetElementList};
use rustables::{
    Batch, Chain, ChainPolicy, MsgType, ProtocolFamily, Rule, Table, list_chains_for_table,
    list_rules_for_chain, list_tables,
};

use super::program;

/// `NFT_MSG_GETSETELEM`.
const GET_ELEMENTS: u16 = 13;

/// A namespace with this ruleset. nft wants a line for each object.
fn ruleset(text: &str) -> Netns {
    let place = Netns::anonymous().unwrap();
    program(&place, &["nft", &text.replace("} ", "}\n")]);
    place
}

/// The chains of the only table.
fn chains() -> Vec<Chain> {
    list_chains_for_table(&list_tables().unwrap()[0]).unwrap()
}

fn rules(place: &Netns) -> Result<Vec<Rule>, QueryError> {
    place.run(|| list_rules_for_chain(&chains()[0])).unwrap()
}

#[test]
fn a_drop_policy_is_read_as_accept() {
    let hook = "type filter hook input priority 0; policy drop;";
    let place = ruleset(&format!("table inet t {{ chain c {{ {hook} }} }}"));
    let policy = place.run(|| chains()[0].get_policy().copied()).unwrap();
    assert_eq!(policy, Some(ChainPolicy::Accept));
    assert!(program(&place, &["nft", "list", "ruleset"]).contains("policy drop"));
}

#[test]
fn an_inverted_lookup_is_read_as_a_plain_one() {
    let set = "set s { type inet_service; }";
    let body = "chain c { tcp dport @s accept; tcp dport != @s accept; }";
    let place = ruleset(&format!("table inet t {{ {set} {body} }}"));
    let rules = rules(&place).unwrap();
    assert_eq!(rules[0].get_expressions(), rules[1].get_expressions());
}

#[test]
fn redirect_tproxy_and_socket_are_read_without_meaning() {
    let nat = "chain a { type nat hook output priority -100; tcp dport 80 redirect to :1; }";
    let steer = "chain b { type filter hook prerouting priority -150; socket transparent 1 accept;
        meta l4proto tcp tproxy to :1; }";
    let place = ruleset(&format!("table inet t {{ {nat} {steer} }}"));
    let read = || chains().iter().flat_map(|c| list_rules_for_chain(c).unwrap()).collect();
    let rules: Vec<Rule> = place.run(read).unwrap();
    let mut unknown = Vec::new();
    for expr in rules.iter().flat_map(|rule| rule.get_expressions().unwrap().iter()) {
        if let Some(ExpressionVariant::ExpressionRaw(_)) = expr.get_data() {
            unknown.push(expr.get_name().unwrap().as_str());
        }
    }
    assert_eq!(unknown, ["redir", "socket", "tproxy"]);
}

#[test]
fn one_unknown_key_makes_a_chain_unreadable() {
    let place = ruleset("table inet t { chain c { tcp dport 80 accept; ct status dnat accept; } }");
    let error = rules(&place).unwrap_err();
    assert!(matches!(error, QueryError::ProcessNetlinkError(_)), "{error:?}");
}

#[test]
fn an_interval_has_no_end() {
    let place = ruleset("table inet t { }");
    let write = || {
        let table = Table::new(ProtocolFamily::Inet).with_name("t");
        let mut builder = SetBuilder::<std::net::Ipv4Addr>::new("s", &table).unwrap();
        builder.add(&std::net::Ipv4Addr::new(10, 0, 0, 0));
        let (mut set, mut elements) = builder.finish();
        set.family = ProtocolFamily::Inet;
        elements.family = ProtocolFamily::Inet;
        let mut batch = Batch::new();
        // NFT_SET_INTERVAL
        batch.add(&set.with_id(1u32).with_flags(4u32), MsgType::Add);
        batch.add(&elements, MsgType::Add);
        batch.send()
    };
    place.run(write).unwrap().unwrap();
    let text = program(&place, &["nft", "list", "ruleset"]);
    assert!(text.contains("10.0.0.0-255.255.255.255"), "{text}");
}

#[test]
fn what_the_set_builder_makes_is_refused() {
    let place = ruleset("table inet t { }");
    let write = || {
        let table = Table::new(ProtocolFamily::Inet).with_name("t");
        let (set, _) = SetBuilder::<std::net::Ipv4Addr>::new("s", &table).unwrap().finish();
        let mut batch = Batch::new();
        batch.add(&set, MsgType::Add);
        batch.send()
    };
    let error = place.run(write).unwrap().unwrap_err();
    assert!(matches!(error, QueryError::NetlinkError(_)), "{error:?}");
}

#[test]
fn elements_can_not_be_read() {
    let set = "set s { type ipv4_addr; elements = { 10.0.0.7 } }";
    let place = ruleset(&format!("table inet t {{ {set} }}"));
    let list = || {
        let wanted = SetElementList {
            family: ProtocolFamily::Inet,
            table: Some("t".into()),
            set: Some("s".into()),
            elements: None,
        };
        let each = |_: SetElementList, count: &mut usize| {
            *count += 1;
            Ok(())
        };
        list_objects_with_data(GET_ELEMENTS, &each, Some(&wanted), &mut 0)
    };
    let error = place.run(list).unwrap().unwrap_err();
    let QueryError::NetlinkError(answer) = error else { panic!("{error:?}") };
    assert_eq!(answer.error, Errno::ENOENT as i32);
}

#[test]
fn many_objects_are_committed_and_reported_as_a_failure() {
    let place = ruleset("table inet t { }");
    let write = |count: usize| {
        let mut batch = Batch::new();
        let table = Table::new(ProtocolFamily::Inet).with_name("t");
        for number in 0..count {
            let name = format!("c{count}_{number}");
            Chain::new(&table).with_name(name).add_to_batch(&mut batch);
        }
        batch.send()
    };
    place.run(|| write(100)).unwrap().unwrap();
    let error = place.run(|| write(400)).unwrap().unwrap_err();
    assert!(matches!(error, QueryError::NetlinkRecvError(Errno::ENOBUFS)), "{error:?}");
    assert_eq!(program(&place, &["nft", "list", "chains"]).matches("chain c400_").count(), 400);
}

#[test]
fn an_error_names_no_object_and_no_attribute() {
    let place = Netns::anonymous().unwrap();
    let write = || {
        let mut batch = Batch::new();
        let table = Table::new(ProtocolFamily::Inet).with_name("none");
        Chain::new(&table).with_name("c").add_to_batch(&mut batch);
        batch.send()
    };
    let error = place.run(write).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "Error received from the kernel");
    let QueryError::NetlinkError(answer) = error else { panic!("{error:?}") };
    assert_eq!(answer.error, Errno::ENOENT as i32);
}
