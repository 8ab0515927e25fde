//! A policy while it is being read: every value may still be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::fault::Place;
use super::given::{At, Flaw, Raw};
use super::modes::DnsCapture;
use super::{
    Counters, Existing, InboundMode, IncludedRanges, Ipv6, LoopbackRange, Match, PortsByUid,
    SETTINGS, Setting,
};
use crate::words::{
    CgroupPath, CidrSet, Classid, Gid, IfName, Mark, Port, PortSet, Service, Uid, WordError,
    address,
};

/// The values given so far, later ones in place of earlier ones; `None` means the default.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) matching: Option<Match>,
    pub(super) uids: Option<BTreeSet<Uid>>,
    pub(super) gids: Option<BTreeSet<Gid>>,
    pub(super) mark: Option<Mark>,
    pub(super) classid: Option<Classid>,
    pub(super) cgroup: Option<CgroupPath>,
    pub(super) outbound_port: Option<Port>,
    pub(super) inbound_port: Option<Port>,
    pub(super) tunnel_port: Option<Port>,
    pub(super) dns_port: Option<Port>,
    pub(super) passthrough_ipv4: Option<Ipv4Addr>,
    pub(super) passthrough_ipv6: Option<Ipv6Addr>,
    pub(super) inbound_mode: Option<InboundMode>,
    pub(super) tproxy_mark: Option<u32>,
    pub(super) tproxy_table: Option<u32>,
    pub(super) tproxy_outbound_mark: Option<u32>,
    pub(super) inbound_ports: Option<AllOr<PortSet>>,
    pub(super) inbound_exclude_ports: Option<PortSet>,
    pub(super) exclude_sources: Option<CidrSet>,
    pub(super) drop_invalid: Option<bool>,
    pub(super) outbound_ranges: Option<AllOr<IncludedRanges>>,
    pub(super) outbound_exclude_ranges: Option<CidrSet>,
    pub(super) outbound_include_ports: Option<PortSet>,
    pub(super) outbound_exclude_ports: Option<PortSet>,
    pub(super) services: Option<BTreeSet<Service>>,
    pub(super) include_groups: Option<AllOr<BTreeSet<Gid>>>,
    pub(super) exclude_groups: Option<BTreeSet<Gid>>,
    pub(super) exclude_ports_by_uid: Option<PortsByUid>,
    pub(super) loopback: Option<LoopbackRange>,
    pub(super) exclude_interfaces: Option<BTreeSet<IfName>>,
    pub(super) virtual_interfaces: Option<BTreeSet<IfName>>,
    pub(super) dns: Option<DnsCapture>,
    pub(super) dns_servers: Option<AllOr<BTreeSet<NameServer>>>,
    pub(super) ipv6: Option<Ipv6>,
    pub(super) counters: Option<Counters>,
    pub(super) lo_notrack: Option<bool>,
    pub(super) existing: Option<Existing>,
    places: BTreeMap<&'static str, Place>,
    refused: BTreeSet<&'static str>,
}

/// The word that a setting knows besides a list, or a list.
#[derive(Debug)]
pub(super) enum AllOr<C> {
    All,
    Only(C),
}

/// The address of a name server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameServer(pub(super) IpAddr);

impl FromStr for NameServer {
    type Err = WordError;

    fn from_str(text: &str) -> Result<NameServer, WordError> {
        address(text).map(NameServer)
    }
}

impl Draft {
    /// Remembers where a setting was given.
    pub(super) fn note(&mut self, path: &'static str, place: Place) {
        self.places.insert(path, place);
    }

    /// Takes the places of what was given so far, while another layer is read.
    pub(super) fn take_places(&mut self) -> BTreeMap<&'static str, Place> {
        std::mem::take(&mut self.places)
    }

    /// Puts them back under those that were noted since, which are in the layer `name`.
    pub(super) fn put_places(&mut self, below: BTreeMap<&'static str, Place>, name: &str) {
        let above = std::mem::replace(&mut self.places, below);
        self.places.extend(above.into_iter().map(|(path, place)| (path, place.within(name))));
    }

    /// Remembers that a setting's value was no good, so that nothing is concluded from it.
    pub(super) fn refuse(&mut self, path: &'static str) {
        self.refused.insert(path);
    }

    /// Remembers the same of every setting in the mapping at `path`.
    pub(super) fn refuse_below(&mut self, path: &str) {
        let below = |setting: &&Setting| setting.path.starts_with(&format!("{path}."));
        self.refused.extend(SETTINGS.iter().filter(below).map(|setting| setting.path));
    }

    /// Whether no value of these settings was refused.
    pub(super) fn sound(&self, paths: &[&'static str]) -> bool {
        !paths.iter().any(|path| self.refused.contains(path))
    }

    /// Whether the setting was given.
    pub(super) fn given(&self, path: &'static str) -> bool {
        self.places.contains_key(path)
    }

    /// Where the setting was given; its name alone where it was not.
    pub(super) fn place(&self, path: &'static str) -> Place {
        let unsaid = || Place { field: path.to_owned(), line: None };
        self.places.get(path).cloned().unwrap_or_else(unsaid)
    }
}

/// Fills the slot of a setting that is one value.
pub(super) fn one<T>(
    raw: &Raw<'_>,
    slot: &mut Option<T>,
    parse: fn(&str) -> Result<T, String>,
) -> Vec<Flaw> {
    let parsed = match raw {
        Raw::Text(text) => parse(text),
        Raw::Nothing | Raw::Items(_) | Raw::Rows(_) => Err(String::from("must be a single value")),
    };
    match parsed {
        Ok(value) => *slot = Some(value),
        Err(reason) => return vec![Flaw { at: At::Whole, reason }],
    }
    Vec::new()
}

/// Fills or empties the slot of a setting that is one value or none.
pub(super) fn maybe<T>(
    raw: &Raw<'_>,
    slot: &mut Option<T>,
    parse: fn(&str) -> Result<T, String>,
) -> Vec<Flaw> {
    if let Raw::Nothing = raw {
        *slot = None;
        return Vec::new();
    }
    one(raw, slot, parse)
}

/// Fills the slot of a setting that is a list.
pub(super) fn many<T, C>(raw: &Raw<'_>, slot: &mut Option<C>) -> Vec<Flaw>
where
    T: FromStr<Err: Display>,
    C: FromIterator<T>,
{
    let items = match raw {
        Raw::Items(items) => items,
        Raw::Text(_) | Raw::Nothing | Raw::Rows(_) => {
            return vec![Flaw { at: At::Whole, reason: String::from("must be a list") }];
        }
    };
    let (mut values, mut flaws) = (Vec::with_capacity(items.len()), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match word(item.text) {
            Ok(value) => values.push(value),
            Err(reason) => flaws.push(Flaw { at: At::Item(index), reason }),
        }
    }
    *slot = Some(values.into_iter().collect());
    flaws
}

/// Fills the slot of a setting that is a list or a word.
pub(super) fn all_or_many<T, C>(raw: &Raw<'_>, slot: &mut Option<AllOr<C>>) -> Vec<Flaw>
where
    T: FromStr<Err: Display>,
    C: FromIterator<T>,
{
    if let Raw::Text(_) = raw {
        *slot = Some(AllOr::All);
        return Vec::new();
    }
    let mut list = None;
    let flaws = many(raw, &mut list);
    *slot = list.map(AllOr::Only);
    flaws
}

/// Reads a word, with its error as a sentence.
///
/// # Errors
/// The reason in words.
pub(super) fn word<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
