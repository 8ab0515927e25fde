//! What is in a namespace: our table, and what planning has to know.

use std::path::Path;

use crate::net::resolv::name_servers;
use crate::net::sockets;
use crate::net::sysctl::LO_DISABLE_IPV6;
use crate::netlink::Connection;
use crate::nft::read_table;
use crate::plan::{CgroupMatch, HostFacts, Ipv6Support, TABLE, TABLE_COMMENT, UntrackedTcp};
use crate::policy::{CapturePolicy, Dns, InboundMode, NameServers};
use crate::process::cgroup;
use crate::ruleset::{Chain, Expr, Hook, Rule, Ruleset};
use crate::words::IpFamily;

use super::error::ApplyError;
use super::record::{RECORD_CHAIN, Record, Version};
use super::target::Inside;

/// Our table as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// The table without the chain that carries the record.
    pub ruleset: Ruleset,
    /// The record; none if somebody took it away.
    pub record: Option<Record>,
    /// Whether the chain of the record is there, readable or not.
    pub has_record_chain: bool,
    /// The generation it was read from.
    pub generation: u32,
}

/// What is in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Our table, if there is one.
    pub ours: Option<Ours>,
    /// What planning has to know.
    pub facts: HostFacts,
}

/// Looks at the namespace of the calling thread, and at what the policy names besides.
///
/// # Errors
/// The kernel refused, a table of our name is not ours or is a newer version's, or what the policy
/// names is not there.
pub fn observe(
    inside: &Inside,
    nft: &mut Connection,
    policy: &CapturePolicy,
) -> Result<Observed, ApplyError> {
    let ours = read_ours(nft)?;
    let may_be_untracked = match &ours {
        Some(ours) => !follows_connections(&ours.ruleset, policy),
        None => true,
    };
    let facts = HostFacts {
        ipv6: match LO_DISABLE_IPV6.read()? {
            Some(0) => Ipv6Support::Available,
            Some(_) | None => Ipv6Support::Unavailable,
        },
        untracked_tcp: if may_be_untracked && sockets::any_tcp().map_err(ApplyError::Sockets)? {
            UntrackedTcp::Some
        } else {
            UntrackedTcp::None
        },
        saved_marks: saved_marks(ours.as_ref())?,
        ids: inside.ids().clone(),
        ..look_up(policy, inside.root())?
    };
    Ok(Observed { ours, facts })
}

/// The marks that our table gives answers back from their connections, and that live connections
/// have.
fn saved_marks(ours: Option<&Ours>) -> Result<Vec<u32>, ApplyError> {
    let rules = ours.map(|ours| &ours.ruleset).into_iter().flat_map(Ruleset::rules);
    let mut marks: Vec<u32> = rules.filter_map(Rule::restored_mark).collect();
    marks.sort_unstable();
    marks.dedup();
    let mut needed = Vec::new();
    for mark in marks {
        for family in [IpFamily::V4, IpFamily::V6] {
            if !needed.contains(&mark) && sockets::count_marked(family, mark)? > 0 {
                needed.push(mark);
            }
        }
    }
    Ok(needed)
}

/// What the policy names and is found in files: a cgroup, and the name servers of the pod whose
/// root file system is at `root`. The rest is that of a fresh pod.
///
/// # Errors
/// The policy names something that is not there.
pub fn look_up(policy: &CapturePolicy, root: Option<&Path>) -> Result<HostFacts, ApplyError> {
    let cgroup = policy.proxy.identity.marks().cgroup.as_ref();
    let cgroup = cgroup.map(cgroup::find).transpose()?;
    let name_servers = match policy.dns {
        Dns::Listed(NameServers::ResolvConf) => name_servers(root.ok_or(ApplyError::NoRoot)?)?,
        Dns::Off | Dns::All | Dns::Listed(NameServers::Only(_)) => Vec::new(),
    };
    Ok(HostFacts {
        name_servers,
        cgroup: cgroup.map(|found| CgroupMatch { id: found.id, level: found.level }),
        ..HostFacts::default()
    })
}

/// Whether conntrack runs because of this table, so that connections are followed from their start;
/// all of those, at least, that the policy would redirect.
fn follows_connections(ruleset: &Ruleset, policy: &CapturePolicy) -> bool {
    let needs_conntrack = |expr: &Expr| matches!(expr, Expr::Redirect { .. } | Expr::Ct { .. });
    let runs = ruleset.rules().flat_map(|rule| &rule.exprs).any(needs_conntrack);
    let redirects_inbound = policy.inbound.mode == InboundMode::Redirect;
    ruleset.flags == 0 && runs && !(redirects_inbound && leaves_inbound_out(ruleset))
}

fn leaves_inbound_out(ruleset: &Ruleset) -> bool {
    let is_inbound =
        |chain: &&Chain| chain.base.as_ref().is_some_and(|base| base.hook() == Hook::Prerouting);
    let inbound = ruleset.chains.iter().filter(is_inbound).flat_map(|chain| &chain.rules);
    inbound.flat_map(|rule| &rule.exprs).any(|expr| matches!(expr, Expr::Notrack))
}

/// Reads our table; refuses one that is not ours, and one of a newer version.
pub(super) fn read_ours(nft: &mut Connection) -> Result<Option<Ours>, ApplyError> {
    let Some(found) = read_table(nft, TABLE)? else { return Ok(None) };
    let mut ruleset = found.ruleset;
    if ruleset.comment.as_deref() != Some(TABLE_COMMENT) {
        return Err(ApplyError::NotOurs);
    }
    let place = ruleset.chains.iter().position(|chain| chain.name == RECORD_CHAIN);
    let chain = place.map(|place| ruleset.chains.remove(place));
    let comment = chain.as_ref().and_then(|chain| chain.comment.as_deref());
    if let Some(version) = comment.and_then(writer).filter(|version| *version > Version::own()) {
        return Err(ApplyError::Newer { found: version });
    }
    let record = comment.and_then(|comment| comment.parse().ok());
    let generation = found.generation;
    Ok(Some(Ours { ruleset, record, has_record_chain: chain.is_some(), generation }))
}

/// The version that wrote a record, even where the rest of it is of a form not known here.
fn writer(comment: &str) -> Option<Version> {
    comment.strip_prefix("nftdivert ")?.split(';').next()?.parse().ok()
}
