//! All that capture leaves in a namespace, as other programs and the kernel's files tell it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::BTreeSet;

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{ip, lo_ipv6, nft_list, sysctl};

/// The passthrough source of the default policy, as the kernel lists it.
const SOURCE: &str = "00000000000000000000000000000006";

/// What is in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Every table, with its objects in the order of their names, without the record and without
    /// sets that no rule looks up.
    pub(crate) rules: String,
    /// Sets that no rule looks up.
    pub(crate) idle_sets: Vec<String>,
    /// The policy and the undo list of the record.
    pub(crate) record: Option<String>,
    /// Whether the passthrough source is on `lo`.
    pub(crate) has_source: bool,
    /// All IPv6 addresses of `lo`.
    addresses: Vec<String>,
    /// `nf_conntrack_tcp_loose`.
    pub(crate) tcp_loose: String,
    /// The settings that keep marks, as the record calls them.
    marks: [(&'static str, String); 3],
    /// Rules and routes of ours, as the record calls what undoes them.
    routes: BTreeSet<(Part, &'static str)>,
}

/// What takes marked packets to a table, and what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Rule,
    Route,
}

fn marks(place: &Netns) -> [(&'static str, String); 3] {
    [
        ("accept", "ipv4/tcp_fwmark_accept"),
        ("reflect4", "ipv4/fwmark_reflect"),
        ("reflect6", "ipv6/fwmark_reflect"),
    ]
    .map(|(word, name)| (word, sysctl(place, name)))
}

fn routes(place: &Netns) -> BTreeSet<(Part, &'static str)> {
    let mut found = BTreeSet::new();
    for (family, word) in [("-4", "route4 1337 133"), ("-6", "route6 1337 133")] {
        for (part, words) in [(Part::Rule, "rule"), (Part::Route, "route show table all")] {
            let count = ip(place, &format!("{family} {words}")).matches("proto 237").count();
            assert!(count <= 1, "{count} of {part:?} {word}");
            found.extend((count == 1).then_some((part, word)));
        }
    }
    found
}

impl State {
    /// Whether inbound connections are redirected and handed over by TPROXY: the way from one to
    /// the other.
    pub(crate) fn is_capturing_both_ways(&self) -> bool {
        let holds = |head: &str, rule: &str| {
            let chain = self.rules.split_once(&format!("chain {head} {{"));
            chain.is_some_and(|(_, rest)| rest.split('}').next().unwrap().contains(rule))
        };
        holds("prerouting", "redirect to :15006") && holds("tproxy_prerouting", "tproxy to :15006")
    }

    pub(crate) fn of(place: &Netns) -> Self {
        let listed = nft_list(place, "ruleset");
        let is_record = |line: &&str| line.contains("comment \"nftdivert ");
        let record = listed.lines().find(is_record).map(|line| {
            let fields = line.trim().trim_end_matches('"').split("; ");
            let told = fields.filter(|f| f.starts_with("policy ") || f.starts_with("undo "));
            told.collect::<Vec<_>>().join("; ")
        });
        let mut addresses = lo_ipv6(place);
        addresses.sort();
        let (rules, idle_sets) = sorted(&listed);
        Self {
            rules,
            idle_sets,
            record,
            has_source: addresses.iter().any(|address| address == SOURCE),
            addresses,
            tcp_loose: sysctl(place, "netfilter/nf_conntrack_tcp_loose"),
            marks: marks(place),
            routes: routes(place),
        }
    }

    /// Whether nothing that is there does anything: at most a table without chains on hooks.
    pub(crate) fn is_inert(&self) -> bool {
        !["hook", "set ", "redirect", "tproxy to"].iter().any(|word| self.rules.contains(word))
    }

    /// Whether this is the chain of a drain, and at most the one that restores marks.
    pub(crate) fn is_draining(&self) -> bool {
        let restoring = usize::from(self.rules.contains("chain tproxy_output"));
        self.rules.contains("chain drain")
            && self.rules.matches("hook").count() == 1 + restoring
            && !["redirect", "tproxy to", "notrack"].iter().any(|word| self.rules.contains(word))
    }

    /// Whether all that was set up besides the table since `bare` is written down in the record.
    pub(crate) fn is_accounted(&self, bare: &Self) -> bool {
        let record = self.record.as_deref().unwrap_or_default();
        let source = self.has_source == bare.has_source || record.contains("address ::6");
        let undo_loose = format!("tcp_loose {}", bare.tcp_loose);
        let undoes = |word: &str, value: &str| record.contains(&format!("{word} {value}"));
        let mut marks = self.marks.iter().zip(&bare.marks);
        let marks = marks.all(|(now, then)| now.1 == then.1 || undoes(now.0, &then.1));
        // One entry may stand for both families.
        let both = record.contains("route46 1337 133");
        let routes = self.routes.iter().all(|(_, word)| both || record.contains(word));
        let loose = self.tcp_loose == bare.tcp_loose || record.contains(&undo_loose);
        source && loose && marks && routes
    }

    /// Whether what these rules need besides themselves, as `whole` has it, is there.
    pub(crate) fn is_equipped_like(&self, whole: &Self) -> bool {
        let marks = self.marks.iter().zip(&whole.marks).all(|(now, then)| now.1 >= then.1);
        (self.has_source || !whole.has_source)
            && (self.tcp_loose == "0" || whole.tcp_loose != "0")
            && marks
            && self.routes.is_superset(&whole.routes)
    }

    /// Whether everything besides rules is as in `whole`.
    pub(crate) fn has_effects_of(&self, whole: &Self) -> bool {
        (&self.tcp_loose, self.has_source) == (&whole.tcp_loose, whole.has_source)
            && (&self.marks, &self.routes) == (&whole.marks, &whole.routes)
    }
}

/// All that acts, and the names of sets that don't.
fn sorted(listed: &str) -> (String, Vec<String>) {
    let (mut heads, mut objects) = (Vec::new(), Vec::new());
    let mut object: Option<String> = None;
    for line in listed.lines().filter(|line| !line.is_empty()) {
        match &mut object {
            None if line.starts_with("\tchain ") || line.starts_with("\tset ") => {
                object = Some(line.to_owned());
            }
            None => heads.push(line.to_owned()),
            Some(open) => *open = format!("{open}\n{line}"),
        }
        if line == "\t}" {
            objects.extend(object.take());
        }
    }
    objects.retain(|object| !object.starts_with("\tchain applied "));
    objects.sort();
    let idle = |object: &&String| {
        let name = object.strip_prefix("\tset ").and_then(|rest| rest.split(' ').next());
        name.is_some_and(|name| !listed.contains(&format!("@{name} ")))
    };
    let idle_sets: Vec<String> = objects.iter().filter(idle).cloned().collect();
    objects.retain(|object| !idle_sets.contains(object));
    ([heads, objects].concat().join("\n"), idle_sets)
}
