//! Tables of iptables-legacy as a kernel gave them out: read, and rebuilt without a mesh's chains.
//! The bytes are `struct ipt_getinfo` without the name, then the entries.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![cfg(all(target_endian = "little", target_pointer_width = "64"))]

use nftdivert::net::xtables::{
    Chain, Gone, HOOKS, Info, IpVersion, Malformed, Replacement, Table, Target, parse, without,
};
use proptest::prelude::*;

const CAPTURED: [(IpVersion, &[u8]); 2] = [
    (IpVersion::V4, include_bytes!("xtables/istio-init.ip.linux-6.18.x86_64.bin")),
    (IpVersion::V6, include_bytes!("xtables/istio-init.ip6.linux-6.18.x86_64.bin")),
];
/// What stands before the entries in `struct ipt_replace`.
const NUMBERS: usize = 13;

fn table((version, bytes): (IpVersion, &[u8])) -> Table {
    let number = |at: usize| u32::from_le_bytes(bytes[4 * at..4 * at + 4].try_into().unwrap());
    let hooks = |at: usize| -> [u32; HOOKS] { std::array::from_fn(|hook| number(at + hook)) };
    let info = Info {
        valid_hooks: number(0),
        hook_entry: hooks(1),
        underflow: hooks(6),
        num_entries: number(11),
        size: number(12),
    };
    let entries = bytes[4 * NUMBERS..].to_vec();
    assert_eq!(entries.len(), usize::try_from(info.size).unwrap());
    Table { version, name: "nat".to_owned(), info, entries }
}

fn is_istios(name: &str) -> bool {
    name.starts_with("ISTIO_")
}

fn without_istio(table: &Table) -> Result<Option<Replacement>, Malformed> {
    without(table, Gone { chains: &is_istios, rules: &|_| false })
}

/// The table that the kernel is asked to make.
fn replaced(table: &Table, replacement: &Replacement) -> Table {
    let entries = replacement.entries().to_vec();
    Table { info: replacement.info(), entries, ..table.clone() }
}

fn names(chains: &[Chain]) -> Vec<&str> {
    chains.iter().map(|chain| chain.name.as_str()).collect()
}

fn jumps(chain: &Chain) -> Vec<String> {
    let targets = chain.rules.iter().map(|rule| &rule.target);
    let jump = |target| match target {
        Target::Jump(to) => Some(to),
        Target::Verdict | Target::Extension { .. } => None,
    };
    targets.cloned().filter_map(jump).collect()
}

#[test]
fn chains_and_jumps_are_read() {
    for captured in CAPTURED {
        let chains = parse(&table(captured)).unwrap();
        let built_in = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];
        assert_eq!(names(&chains)[..4], built_in);
        let users = [
            "EMPTY",
            "ISTIO_INBOUND",
            "ISTIO_IN_REDIRECT",
            "ISTIO_OUTPUT",
            "ISTIO_REDIRECT",
            "STRANGER",
        ];
        assert_eq!(names(&chains)[4..], users);
        assert_eq!(jumps(&chains[2]), ["STRANGER", "ISTIO_OUTPUT"]);
        assert_eq!(jumps(&chains[9]), ["ISTIO_REDIRECT", "EMPTY"]);
        let rules: usize = chains.iter().map(|chain| chain.rules.len()).sum();
        // 18 of Istio's, 9 of the stranger's, and the last one of each chain.
        assert_eq!(rules, 18 + 9 + 10);
        let Target::Extension { name, info } = &chains[6].rules[0].target else {
            panic!("{:?}", chains[6])
        };
        assert_eq!((name.as_str(), info.is_empty()), ("REDIRECT", false));
    }
}

#[test]
fn what_is_left_leads_where_it_led() {
    for captured in CAPTURED {
        let table = table(captured);
        let replacement = without_istio(&table).unwrap().unwrap();
        assert_eq!(replacement.removed.len(), 4);
        let (before, now) = (parse(&table).unwrap(), replaced(&table, &replacement));
        let after = parse(&now).unwrap();
        let expected: Vec<Chain> = before
            .into_iter()
            .filter(|chain| !is_istios(&chain.name))
            .map(|mut chain| {
                let goes = |to: &Target| matches!(to, Target::Jump(to) if is_istios(to));
                chain.rules.retain(|rule| !goes(&rule.target));
                chain
            })
            .collect();
        assert_eq!(after, expected);
        assert_eq!(without_istio(&now).unwrap(), None);
        assert_eq!(now.info.size, u32::try_from(now.entries.len()).unwrap());
        let rules: usize = after.iter().map(|chain| chain.rules.len()).sum();
        // Two heads of users' chains, and the end of the table.
        assert_eq!(usize::try_from(now.info.num_entries).unwrap(), rules + 2 + 1);
    }
}

#[test]
fn built_in_chains_stay_whatever_they_are_called() {
    let table = table(CAPTURED[0]);
    let replacement =
        without(&table, Gone { chains: &|_| true, rules: &|_| false }).unwrap().unwrap();
    let left = parse(&replaced(&table, &replacement)).unwrap();
    assert_eq!(names(&left), ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]);
    assert!(left.iter().all(|chain| jumps(chain).is_empty()));
}

#[test]
fn what_is_cut_off_is_refused() {
    for captured in CAPTURED {
        let whole = table(captured);
        for end in 0..whole.entries.len() {
            let cut = Table { entries: whole.entries[..end].to_vec(), ..whole.clone() };
            assert!(parse(&cut).is_err() && without_istio(&cut).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn rules_of_built_in_chains_go_by_what_they_do() {
    for captured in CAPTURED {
        let table = table(captured);
        let is_redirect =
            |to: &Target| matches!(to, Target::Extension { name, .. } if name == "REDIRECT");
        let gone = Gone { chains: &|_| false, rules: &is_redirect };
        let replacement = without(&table, gone).unwrap().unwrap();
        assert_eq!(replacement.removed, [""; 0]);
        let mut expected = parse(&table).unwrap();
        expected[0].rules.remove(0);
        assert_eq!(parse(&replaced(&table, &replacement)).unwrap(), expected);
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(
        which in 0..2_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        hooks in any::<[u32; HOOKS]>(),
    ) {
        let mut table = table(CAPTURED[which]);
        for (place, byte) in changes {
            let place = place.index(table.entries.len());
            table.entries[place] = byte;
        }
        let _ = (parse(&table), without_istio(&table));
        table.info.hook_entry = hooks;
        if let Ok(Some(replacement)) = without(&table, Gone { chains: &|name| name.len() % 2 == 0, rules: &|_| false }) {
            let _ = parse(&replaced(&table, &replacement));
        }
    }
}
