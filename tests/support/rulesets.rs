//! Any ruleset that the wire can carry, whether or not the kernel would take it.
#![allow(clippy::unwrap_used, reason = "what is drawn is valid")]

use nftdivert::ruleset::{
    BaseChain, Chain, ChainType, CmpOp, Count, CtKey, Expr, Hook, Interval, KeyType, MetaKey, Name,
    PayloadBase, Policy, Reg, RejectType, Rule, Ruleset, Set, SetFlags, Verdict,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn name() -> impl Strategy<Value = Name> {
    "[a-z_é][a-z0-9_./é-]{0,30}".prop_map(Name::from)
}

fn reg() -> impl Strategy<Value = Reg> {
    prop_oneof![1..=4_u32, 8..=23_u32, 1..=u32::MAX].prop_map(Reg)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

/// Keys that have a name have no other form.
fn meta_key() -> impl Strategy<Value = MetaKey> {
    use MetaKey::{
        Cgroup, Iif, IifName, L4Proto, Mark, NfProto, NfTrace, Oif, OifName, SkGid, SkUid,
    };
    let named = select(&[
        Iif, Oif, IifName, OifName, SkUid, SkGid, NfProto, L4Proto, Mark, Cgroup, NfTrace,
    ]);
    // `enum nft_meta_keys`: 3-7, 10, 11, 15, 16 and 23 have names.
    let low = prop_oneof![0..3_u32, 8..10_u32, 13..15_u32, 17..23_u32];
    let other = prop_oneof![low, 24..64_u32, 64..=u32::MAX];
    prop_oneof![named, other.prop_map(MetaKey::Other)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let codes = prop_oneof![2..6_u32, Just(u32::MAX), Just(u32::MAX - 1), 6..0x8000_0000_u32];
    prop_oneof![
        select(&[Verdict::Accept, Verdict::Drop, Verdict::Return]),
        name().prop_map(Verdict::Jump),
        name().prop_map(Verdict::Goto),
        codes.prop_map(Verdict::Other),
    ]
}

/// `enum nft_ct_keys`: 0 to 3 and 17 have names.
fn ct_key() -> impl Strategy<Value = CtKey> {
    let named = select(&[CtKey::State, CtKey::Direction, CtKey::Status, CtKey::Mark, CtKey::Zone]);
    let other = prop_oneof![4..17_u32, 18..=u32::MAX];
    prop_oneof![named, other.prop_map(CtKey::Other)]
}

fn load() -> impl Strategy<Value = Expr> {
    let base = prop_oneof![
        select(&[PayloadBase::Network, PayloadBase::Transport, PayloadBase::Other(0)]),
        (3..=u32::MAX).prop_map(PayloadBase::Other)
    ];
    prop_oneof![
        (meta_key(), reg()).prop_map(|(key, dreg)| Expr::Meta { key, dreg }),
        reg().prop_map(|dreg| Expr::SocketTransparent { dreg }),
        (any::<u32>(), reg()).prop_map(|(level, dreg)| Expr::SocketCgroup { level, dreg }),
        (base, any::<u32>(), any::<u32>(), reg())
            .prop_map(|(base, offset, len, dreg)| Expr::Payload { base, offset, len, dreg }),
        (ct_key(), reg()).prop_map(|(key, dreg)| Expr::Ct { key, dreg }),
        (reg(), bytes()).prop_map(|(dreg, data)| Expr::Immediate { dreg, data }),
    ]
}

fn compare() -> impl Strategy<Value = Expr> {
    let ops = [CmpOp::Eq, CmpOp::Neq, CmpOp::Lt, CmpOp::Lte, CmpOp::Gt, CmpOp::Gte];
    prop_oneof![
        (reg(), reg(), bytes(), bytes()).prop_map(|(sreg, dreg, mask, xor)| Expr::Bitwise {
            sreg,
            dreg,
            mask,
            xor
        }),
        (reg(), select(ops.to_vec()), bytes()).prop_map(|(sreg, op, data)| Expr::Cmp {
            sreg,
            op,
            data
        }),
        (reg(), name(), any::<bool>()).prop_map(|(sreg, set, inverted)| Expr::Lookup {
            sreg,
            set,
            inverted
        }),
    ]
}

/// The kernel tells a highest port and the flag for ports wherever there is a lowest.
fn redirect() -> impl Strategy<Value = Expr> {
    let ports = (reg(), reg()).prop_map(|(min, max)| (Some(min), Some(max), 2));
    let none = prop::option::of(reg()).prop_map(|max| (None, max, 0));
    (prop_oneof![ports, none], any::<u32>()).prop_map(|((port_min, port_max, implied), flags)| {
        Expr::Redirect { port_min, port_max, flags: flags | implied }
    })
}

fn act() -> impl Strategy<Value = Expr> {
    let kinds = [RejectType::Icmp, RejectType::TcpReset, RejectType::Icmpx];
    let kind = prop_oneof![select(kinds.to_vec()), (3..=u32::MAX).prop_map(RejectType::Other)];
    // One attribute with its padding, and the flag that it holds others.
    let other = ("[f-z][a-z0-9_]{1,20}", 0..=0x3fff_u16, any::<bool>(), bytes());
    let other = other.prop_filter_map("known", |(name, kind, nested, data)| {
        let known = [
            "meta",
            "payload",
            "immediate",
            "lookup",
            "redir",
            "reject",
            "socket",
            "tproxy",
            "notrack",
        ];
        (!known.contains(&name.as_str())).then(|| {
            let kind = if nested { kind | 0x8000 } else { kind };
            let mut attributes = u16::try_from(4 + data.len()).unwrap().to_ne_bytes().to_vec();
            attributes.extend(kind.to_ne_bytes());
            attributes.extend(&data);
            attributes.resize(attributes.len().next_multiple_of(4), 0);
            Expr::Other { name, attributes }
        })
    });
    prop_oneof![
        verdict().prop_map(Expr::Verdict),
        Just(Expr::Counter(Count::default())),
        redirect(),
        Just(Expr::Notrack),
        (meta_key(), reg()).prop_map(|(key, sreg)| Expr::MetaSet { key, sreg }),
        (ct_key(), reg()).prop_map(|(key, sreg)| Expr::CtSet { key, sreg }),
        (any::<u32>(), prop::option::of(reg()))
            .prop_map(|(family, port)| Expr::Tproxy { family, port }),
        (kind, any::<u8>()).prop_map(|(kind, code)| Expr::Reject { kind, code }),
        other,
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    vec(prop_oneof![load(), compare(), act()], 0..8).prop_map(|exprs| Rule { exprs, setting: "" })
}

fn base() -> impl Strategy<Value = BaseChain> {
    use Hook::{Forward, Input, Output, Postrouting, Prerouting};
    let kinds = [ChainType::Filter, ChainType::Nat, ChainType::Route];
    let other = "[a-e]{1,9}".prop_map(ChainType::Other);
    let kind = prop_oneof![4 => select(kinds.to_vec()), 1 => other];
    let hooks = [Prerouting, Input, Forward, Output, Postrouting, Hook::Other(5)];
    let policies = [Policy::Accept, Policy::Drop];
    (kind, select(hooks.to_vec()), any::<i32>(), select(policies.to_vec()))
        .prop_filter_map("illegal", |(kind, hook, priority, policy)| {
            BaseChain::new(kind, hook, priority, policy).ok()
        })
}

fn comment() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[ -~é]{0,120}")
}

fn chain() -> impl Strategy<Value = Chain> {
    (name(), prop::option::of(base()), comment(), vec(rule(), 0..5))
        .prop_map(|(name, base, comment, rules)| Chain { name, base, comment, rules })
}

fn key() -> impl Strategy<Value = KeyType> {
    use KeyType::{Gid, IfName, InetService, Ipv4Addr, Ipv4Service, Ipv6Addr, Ipv6Service, Uid};
    let other = (1000..=u32::MAX, 1..=16_u32);
    prop_oneof![
        4 => select(&[Gid, IfName, InetService, Ipv4Addr, Ipv6Addr, Uid, Ipv4Service, Ipv6Service]),
        1 => other.prop_map(|(number, len)| KeyType::Other { number, len }),
    ]
}

/// Elements in order, apart from each other.
fn set() -> impl Strategy<Value = Set> {
    let many = vec(any::<u128>(), 700..1600);
    let values = prop_oneof![19 => vec(any::<u128>(), 0..12), 1 => many];
    (name(), key(), any::<bool>(), values).prop_map(|(name, key, intervals, values)| {
        let highest = u128::MAX >> (128 - 8 * key.bytes().min(16));
        let mut values: Vec<u128> = values.into_iter().map(|value| value & highest).collect();
        values.sort_unstable();
        values.dedup();
        let flags = if intervals { SetFlags::INTERVAL } else { SetFlags::PLAIN };
        let elements = if intervals {
            let pairs = values.chunks_exact(2);
            pairs.map(|pair| Interval::between(pair[0], pair[1])).collect()
        } else {
            values.into_iter().map(Interval::single).collect()
        };
        Set { name, key, flags, elements }
    })
}

/// Any ruleset whose objects have names of their own.
pub(crate) fn ruleset() -> impl Strategy<Value = Ruleset> {
    (name(), comment(), any::<u32>(), vec(set(), 0..4), vec(chain(), 0..5)).prop_map(
        |(table, comment, flags, mut sets, mut chains)| {
            sets.sort_by(|a, b| a.name.cmp(&b.name));
            sets.dedup_by(|a, b| a.name == b.name);
            chains.sort_by(|a, b| a.name.cmp(&b.name));
            chains.dedup_by(|a, b| a.name == b.name);
            Ruleset { table, comment, flags, sets, chains }
        },
    )
}
