//! A ruleset put together from messages that make or list one.

use nftdivert::netlink::{Answer, Attributes};
use nftdivert::nft::decode;
use nftdivert::ruleset::{Interval, Ruleset, Set};

/// `NFTA_SET_ELEM_LIST_SET`.
const ELEMENTS_OF: u16 = 2;

/// What the messages say, up to the first that is no netlink message; `None` where one of them is
/// malformed.
pub(crate) fn assemble(mut bytes: &[u8]) -> Option<Ruleset> {
    let mut ruleset =
        Ruleset { table: "".into(), comment: None, flags: 0, sets: vec![], chains: vec![] };
    let mut bodies = Vec::new();
    while let Ok((answer, rest)) = Answer::parse(bytes) {
        assert!(rest.len() < bytes.len(), "no progress");
        bytes = rest;
        let Answer::Object { kind, body, .. } = answer else { continue };
        bodies.push((kind, body));
        if let Some(head) = decode::table(kind, body).ok()? {
            (ruleset.table, ruleset.comment) = (head.name.into(), head.comment);
            ruleset.flags = head.flags;
        }
        ruleset.chains.extend(decode::chain(kind, body).ok()?.map(|(_, chain)| chain));
        ruleset.sets.extend(decode::set(kind, body).ok()?.map(|(_, set)| set));
        if let Some((owner, rule)) = decode::rule(kind, body).ok()? {
            let chain = ruleset.chains.iter_mut().find(|chain| chain.name == owner);
            chain.into_iter().for_each(|chain| chain.rules.push(rule.clone()));
        }
    }
    for set in &mut ruleset.sets {
        set.elements = elements(set, &bodies)?;
    }
    Some(ruleset)
}

fn elements(set: &Set, bodies: &[(u16, &[u8])]) -> Option<Vec<Interval>> {
    let mut bounds = Vec::new();
    for (kind, body) in bodies {
        let attributes = Attributes::new(body.get(4..).unwrap_or_default());
        let owner = attributes.find(ELEMENTS_OF).map(|name| name.string());
        if owner.as_deref() == Some(&set.name) {
            bounds.extend(decode::elements(*kind, body, set.key).ok()?);
        }
    }
    Some(decode::intervals(set, bounds))
}
