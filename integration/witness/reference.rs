//! A plain capture as Istio's init container writes it, line by line, written by rustables.
//!
//! rustables has no `redirect`. Its `meta` with a destination register alone is, under the name
//! `redir`, what the kernel takes for one: attribute 1 is a register in both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustables::expr::{
    Cmp, CmpOp, HighLevelPayload, IPv4HeaderField, IPv6HeaderField, Immediate, Meta, MetaType,
    NetworkHeaderField, RawExpression, Register, TCPHeaderField, TransportHeaderField,
};
use rustables::{Batch, Chain, ChainType, Hook, HookClass, Protocol, ProtocolFamily, Rule, Table};

const LO: u32 = 1;
const PROXY: u32 = 1337;
const PASSTHROUGH: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6)), IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6))];
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Writes the reference into the namespace of the calling thread.
pub(crate) fn write() {
    let mut batch = Batch::new();
    let table = Table::new(ProtocolFamily::Inet).with_name("reference").add_to_batch(&mut batch);
    let chain = |name, hook, batch: &mut Batch| {
        let chain = Chain::new(&table).with_name(name).with_hook(Hook::new(hook, -100));
        chain.with_type(ChainType::Nat).add_to_batch(batch)
    };
    let output = chain("output", HookClass::Out, &mut batch);
    for rule in output_rules(|| Rule::new(&output).unwrap()) {
        rule.add_to_batch(&mut batch);
    }
    let prerouting = chain("prerouting", HookClass::PreRouting, &mut batch);
    let rule = || Rule::new(&prerouting).unwrap();
    for port in [15008, 15020, 15021, 15090] {
        rule().dport(port, Protocol::TCP).accept().add_to_batch(&mut batch);
    }
    redirect(rule().protocol(Protocol::TCP), 15006).add_to_batch(&mut batch);
    batch.send().unwrap();
}

/// The lines of the capture contract for the output hook, in its order.
fn output_rules(rule: impl Fn() -> Rule) -> Vec<Rule> {
    let mut rules = vec![rule().dport(9999, Protocol::TCP).accept()];
    rules.extend(PASSTHROUGH.map(|source| by_lo(rule()).saddr(source).accept()));
    for key in [MetaType::SkUid, MetaType::SkGid] {
        for loopback in LOOPBACK {
            let to_self = not_to(owner(by_lo(rule()), key, CmpOp::Eq), loopback);
            rules.push(redirect(not_to_port(to_self, 15008), 15006));
        }
    }
    let not_proxy = owner(by_lo(rule()), MetaType::SkUid, CmpOp::Neq);
    rules.push(owner(not_proxy, MetaType::SkGid, CmpOp::Neq).accept());
    rules.extend(
        [MetaType::SkUid, MetaType::SkGid].map(|key| owner(rule(), key, CmpOp::Eq).accept()),
    );
    rules.extend(LOOPBACK.map(|loopback| rule().daddr(loopback).accept()));
    rules.push(redirect(rule().protocol(Protocol::TCP), 15001));
    rules
}

/// Its own `oiface_id` compares the index in network byte order and never matches.
fn by_lo(rule: Rule) -> Rule {
    rule.with_expr(Meta::new(MetaType::Oif)).with_expr(Cmp::new(CmpOp::Eq, LO.to_ne_bytes()))
}

fn owner(rule: Rule, key: MetaType, op: CmpOp) -> Rule {
    rule.with_expr(Meta::new(key)).with_expr(Cmp::new(op, PROXY.to_ne_bytes()))
}

fn not_to(rule: Rule, address: IpAddr) -> Rule {
    let rule = rule.with_expr(Meta::new(MetaType::NfProto));
    let (family, field, bytes) = match address {
        IpAddr::V4(address) => {
            (2u8, NetworkHeaderField::IPv4(IPv4HeaderField::Daddr), address.octets().to_vec())
        }
        IpAddr::V6(address) => {
            (10, NetworkHeaderField::IPv6(IPv6HeaderField::Daddr), address.octets().to_vec())
        }
    };
    let rule = rule.with_expr(Cmp::new(CmpOp::Eq, [family]));
    rule.with_expr(HighLevelPayload::Network(field).build()).with_expr(Cmp::new(CmpOp::Neq, bytes))
}

fn not_to_port(rule: Rule, port: u16) -> Rule {
    let field = TransportHeaderField::Tcp(TCPHeaderField::Dport);
    let rule = rule.protocol(Protocol::TCP).with_expr(HighLevelPayload::Transport(field).build());
    rule.with_expr(Cmp::new(CmpOp::Neq, port.to_be_bytes()))
}

pub(crate) fn redirect(rule: Rule, port: u16) -> Rule {
    let punned = Meta::default().with_dreg(Register::Reg1);
    rule.with_expr(Immediate::new_data(port.to_be_bytes().to_vec(), Register::Reg1))
        .with_expr(RawExpression::default().with_name("redir").with_data(punned))
}
