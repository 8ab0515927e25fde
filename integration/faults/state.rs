//! All that capture leaves in a namespace, as other programs and the kernel's files tell it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{lo_ipv6, nft_list, sysctl};

/// The passthrough source of the default policy, as the kernel lists it.
const SOURCE: &str = "00000000000000000000000000000006";

/// What is in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Every table, with its objects in the order of their names, and without the record.
    pub(crate) rules: String,
    /// The policy and the undo list of the record.
    pub(crate) record: Option<String>,
    /// Whether the passthrough source is on `lo`.
    pub(crate) has_source: bool,
    /// All IPv6 addresses of `lo`.
    addresses: Vec<String>,
    /// `nf_conntrack_tcp_loose`.
    pub(crate) tcp_loose: String,
}

impl State {
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
        Self {
            rules: sorted(&listed),
            record,
            has_source: addresses.iter().any(|address| address == SOURCE),
            addresses,
            tcp_loose: sysctl(place, "netfilter/nf_conntrack_tcp_loose"),
        }
    }

    /// Whether nothing that is there does anything: at most a table without chains on hooks.
    pub(crate) fn is_inert(&self) -> bool {
        !["hook", "set ", "redirect"].iter().any(|word| self.rules.contains(word))
    }

    /// Whether this is the one chain of a drain and nothing else that works.
    pub(crate) fn is_draining(&self) -> bool {
        self.rules.contains("chain drain")
            && self.rules.matches("hook").count() == 1
            && !self.rules.contains("redirect")
    }

    /// Whether all that was set up besides the table since `bare` is written down in the record.
    pub(crate) fn is_accounted(&self, bare: &Self) -> bool {
        let record = self.record.as_deref().unwrap_or_default();
        let source = self.has_source == bare.has_source || record.contains("address ::6");
        let undo_loose = format!("tcp_loose {}", bare.tcp_loose);
        source && (self.tcp_loose == bare.tcp_loose || record.contains(&undo_loose))
    }

    /// Whether what these rules need besides themselves, as `whole` has it, is there.
    pub(crate) fn is_equipped_like(&self, whole: &Self) -> bool {
        (self.has_source || !whole.has_source) && (self.tcp_loose == "0" || whole.tcp_loose != "0")
    }
}

fn sorted(listed: &str) -> String {
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
    [heads, objects].concat().join("\n")
}
