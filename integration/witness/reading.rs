//! Our table as rustables reads it is the table that was planned.

use nftdivert::apply::RECORD_CHAIN;
use nftdivert::net::netns::Netns;
use nftdivert::plan::TABLE;
use nftdivert::ruleset::{
    BaseChain, Chain, ChainType, CmpOp, CtKey, Expr, Hook, MetaKey, PayloadBase, RejectType, Rule,
    Verdict,
};
use rustables::expr::{
    Bitwise, Cmp, CmpOp as TheirOp, Conntrack, ConntrackKey, ExpressionVariant, Immediate, Lookup,
    Meta, MetaType, Payload, RawExpression, Register, RejectType as TheirReject, VerdictKind,
};
use rustables::{
    Chain as TheirChain, ChainType as TheirType, Rule as TheirRule, list_chains_for_table,
    list_rules_for_chain, list_tables,
};

use super::{capture, policy};

const POLICIES: [&str; 5] = [
    "",
    "ipv6: bypass\ncounters: on",
    "ipv6: reject",
    "outbound: {ranges: [10.0.0.0/8, '2001:db8::/32'], excludeRanges: [10.1.0.0/16]}",
    "inbound: {ports: [80, 443, 1000-2000, 3000, 4000, 5000]}\ninterfaces: {exclude: [eth1]}",
];

/// A chain with its rules.
type Listed = (TheirChain, Vec<TheirRule>);

#[test]
fn tables_chains_and_rules_are_those_of_the_plan() {
    for text in POLICIES {
        let place = Netns::anonymous().unwrap();
        let applied = capture(&place, &policy(text));
        let mut found = place.run(read).unwrap();
        let record = found.iter().position(|(chain, _)| name(chain) == RECORD_CHAIN).unwrap();
        let (record, rules) = found.remove(record);
        assert_eq!((record.get_hook(), rules.len()), (None, 0));
        assert_eq!(found.len(), applied.plan.ruleset.chains.len(), "{text}");
        for (theirs, rules) in &found {
            let ours = applied.plan.ruleset.chain(name(theirs)).unwrap();
            assert_eq!(seen_hook(theirs), ours.base.as_ref().map(planned_hook), "{text}");
            compare_rules(ours, rules);
        }
    }
}

fn read() -> Vec<Listed> {
    let tables = list_tables().unwrap();
    let [table] = tables.as_slice() else { panic!("one table is ours: {tables:?}") };
    assert_eq!((table.get_name().unwrap().as_str(), table.get_flags()), (TABLE, Some(&0)));
    let chains = list_chains_for_table(table).unwrap();
    let with_rules = |chain| {
        let rules = list_rules_for_chain(&chain).unwrap();
        (chain, rules)
    };
    chains.into_iter().map(with_rules).collect()
}

fn name(chain: &TheirChain) -> &str {
    chain.get_name().unwrap()
}

/// Type, hook and priority as numbers on the wire.
type WireHook = (TheirType, u32, u32);

fn seen_hook(chain: &TheirChain) -> Option<WireHook> {
    let hook = chain.get_hook()?;
    Some((*chain.get_type()?, *hook.get_class()?, *hook.get_priority()?))
}

fn planned_hook(base: &BaseChain) -> WireHook {
    let kind = match base.kind() {
        ChainType::Nat => TheirType::Nat,
        ChainType::Route => TheirType::Route,
        ChainType::Filter | ChainType::Other(_) => TheirType::Filter,
    };
    let hook = match base.hook() {
        Hook::Prerouting => 0,
        Hook::Input => 1,
        Hook::Forward => 2,
        Hook::Output => 3,
        Hook::Postrouting => 4,
        Hook::Other(number) => number,
    };
    (kind, hook, base.priority().cast_unsigned())
}

fn compare_rules(ours: &Chain, theirs: &[TheirRule]) {
    assert_eq!(theirs.len(), ours.rules.len(), "chain {}", ours.name);
    for (place, (ours, theirs)) in ours.rules.iter().zip(theirs).enumerate() {
        compare_rule(place, ours, theirs);
    }
}

fn compare_rule(place: usize, ours: &Rule, theirs: &TheirRule) {
    let theirs: Vec<&RawExpression> = theirs.get_expressions().unwrap().iter().collect();
    assert_eq!(theirs.len(), ours.exprs.len(), "rule {place}");
    for (ours, theirs) in ours.exprs.iter().zip(theirs) {
        match witness(ours) {
            Seen::Whole(expected) => assert_eq!(*theirs, expected, "rule {place}"),
            Seen::Name(expected) => assert_eq!(theirs.get_name().unwrap(), expected),
        }
    }
}

/// How much of an expression rustables can tell.
enum Seen {
    Whole(RawExpression),
    Name(&'static str),
}

fn witness(expr: &Expr) -> Seen {
    Seen::Whole(match expr {
        Expr::Meta { key, .. } => Meta::new(meta(*key)).into(),
        Expr::Payload { base, offset, len, .. } => {
            let base = match base {
                PayloadBase::Network => 1u32,
                PayloadBase::Transport => 2,
                PayloadBase::Other(number) => *number,
            };
            let payload = Payload::default().with_dreg(Register::Reg1).with_base(base);
            payload.with_offset(*offset).with_len(*len).into()
        }
        Expr::Ct { key: CtKey::State, .. } => Conntrack::new(ConntrackKey::State).into(),
        Expr::Bitwise { mask, xor, .. } => Bitwise::new(mask.clone(), xor.clone()).unwrap().into(),
        Expr::Cmp { op, data, .. } => Cmp::new(cmp(*op), data.clone()).into(),
        Expr::Lookup { set, .. } => {
            Lookup::default().with_set(set.as_ref()).with_sreg(Register::Reg1).into()
        }
        Expr::Immediate { data, .. } => Immediate::new_data(data.clone(), Register::Reg1).into(),
        Expr::Verdict(verdict) => Immediate::new_verdict(kind(verdict)).into(),
        Expr::Counter(_) => return Seen::Name("counter"),
        Expr::Redirect { .. } => return Seen::Name("redir"),
        Expr::Reject { .. } => return Seen::Name("reject"),
        Expr::Tproxy { .. } => return Seen::Name("tproxy"),
        Expr::Notrack => return Seen::Name("notrack"),
        Expr::SocketTransparent { .. } | Expr::SocketCgroup { .. } => return Seen::Name("socket"),
        Expr::MetaSet { .. } => return Seen::Name("meta"),
        Expr::Ct { .. } | Expr::CtSet { .. } => return Seen::Name("ct"),
        Expr::Other { .. } => panic!("not an expression of a plan: {expr:?}"),
    })
}

fn meta(key: MetaKey) -> MetaType {
    match key {
        MetaKey::Iif => MetaType::Iif,
        MetaKey::Oif => MetaType::Oif,
        MetaKey::IifName => MetaType::IifName,
        MetaKey::OifName => MetaType::OifName,
        MetaKey::SkUid => MetaType::SkUid,
        MetaKey::SkGid => MetaType::SkGid,
        MetaKey::NfProto => MetaType::NfProto,
        MetaKey::L4Proto => MetaType::L4Proto,
        MetaKey::Mark => MetaType::Mark,
        MetaKey::Cgroup => MetaType::Cgroup,
        MetaKey::NfTrace => panic!("meta nftrace is not in a plan"),
        MetaKey::Other(number) => panic!("meta key {number} is not in a plan"),
    }
}

fn cmp(op: CmpOp) -> TheirOp {
    match op {
        CmpOp::Eq => TheirOp::Eq,
        CmpOp::Neq => TheirOp::Neq,
        CmpOp::Lt => TheirOp::Lt,
        CmpOp::Lte => TheirOp::Lte,
        CmpOp::Gt => TheirOp::Gt,
        CmpOp::Gte => TheirOp::Gte,
    }
}

fn kind(verdict: &Verdict) -> VerdictKind {
    match verdict {
        Verdict::Accept => VerdictKind::Accept,
        Verdict::Drop => VerdictKind::Drop,
        Verdict::Return => VerdictKind::Return,
        Verdict::Jump(chain) => VerdictKind::Jump { chain: chain.to_string() },
        Verdict::Goto(chain) => VerdictKind::Goto { chain: chain.to_string() },
        Verdict::Other(code) => panic!("verdict {code} is not in a plan"),
    }
}

#[test]
fn a_reset_is_read_as_one() {
    let place = Netns::anonymous().unwrap();
    let applied = capture(&place, &policy("ipv6: reject"));
    let is_reset = |expr: &&Expr| matches!(expr, Expr::Reject { kind: RejectType::TcpReset, .. });
    let wanted = applied.plan.ruleset.rules().flat_map(|rule| &rule.exprs).filter(is_reset).count();
    let found = place.run(read).unwrap();
    let exprs = found.iter().flat_map(|(_, rules)| rules).filter_map(TheirRule::get_expressions);
    let resets = exprs.flat_map(|list| list.iter().collect::<Vec<_>>()).filter(|expr| {
        let Some(ExpressionVariant::Reject(reject)) = expr.get_data() else { return false };
        reject.get_type() == Some(&TheirReject::TcpRst)
    });
    assert_eq!((resets.count(), wanted > 0), (wanted, true));
}
