//! What of somebody else would take the marked packets elsewhere.

use super::route::Route;
use super::rule::Rule;
use crate::words::MarkRoute;

/// The table of the addresses of the namespace itself (`RT_TABLE_LOCAL`): what it takes is local
/// anyway.
const LOCAL_TABLE: u32 = 255;

/// The first rule or route that would decide about packets of `wanted` in our place, as words.
///
/// In our table no other route may stand: any would be preferred for its destinations, or be
/// changed by us under its owner's eyes. Rules before ours are in the way if they ask for nothing
/// but a mark that ours has, or for nothing at all and find a default route. Rules that ask for
/// addresses, interfaces or users are not: those of pods with several networks ask for the pod's
/// own source addresses, which packets for TPROXY do not have.
pub(super) fn obstacle(wanted: MarkRoute, rules: &[Rule], routes: &[Route]) -> Option<String> {
    let in_table =
        |route: &&Route| route.table == wanted.table && !route.is_as_ours_in(wanted.table);
    if let Some(route) = routes.iter().find(in_table) {
        return Some(route.to_string());
    }
    let is_elsewhere = |rule: &&Rule| {
        // One of ours to another table keeps packets here as well.
        rule.ours().is_none()
            && !rule.is_narrow
            && rule.meets(wanted.mark)
            && takes_away(rule, wanted, routes)
    };
    rules.iter().find(is_elsewhere).map(Rule::to_string)
}

fn takes_away(rule: &Rule, wanted: MarkRoute, routes: &[Route]) -> bool {
    if !rule.leads_to_a_table() {
        return true;
    }
    if rule.table == wanted.table || rule.table == LOCAL_TABLE || rule.suppresses {
        return false;
    }
    let has_default = || routes.iter().any(|r| r.table == rule.table && r.prefix_len == 0);
    rule.has_mark() || has_default()
}
