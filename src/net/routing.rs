//! Policy routing for TPROXY: a rule and a local route, tagged as ours so that they never pile up.
//!
//! Destinations that are not the namespace's own would leave it again after TPROXY has given them
//! a socket; the route makes them local, the rule asks for it where the mark is.

mod error;
mod obstacle;
mod read;
mod route;
mod rule;

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;

use crate::netlink::{Connection, NetlinkError};
use crate::words::{IpFamily, MarkRoute};

pub use error::RoutingError;

use obstacle::obstacle;
use read::{routes, rules};
use route::Route;
use rule::Rule;

/// The priority of our rules. `local` stands at 0. Rules that others place first on purpose have
/// small numbers (Cilium 9 to 111, VRF 1000, Tailscale 5210) and stay first; `main` stands at
/// 32766, and what is added without a number goes right before the lowest: before this one.
pub const PRIORITY: u32 = 13_370;

/// Who made our rules and routes (`FRA_PROTOCOL`, `rtm_protocol`); neither the kernel nor
/// iproute2's `rt_protos` nor a routing daemon known to us uses it.
pub const PROTOCOL: u8 = 237;

/// Tables that the kernel has filled itself: default, main, local (`rt_class_t`). 0 is none.
const RESERVED_TABLES: [u32; 4] = [0, 253, 254, 255];
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const EEXIST: i32 = 17;
const EAFNOSUPPORT: i32 = 97;
/// How often a rule is removed that is there again.
const REMOVALS: usize = 16;

/// Whether rule and route are both there, and both ours.
///
/// # Errors
/// The kernel refused.
pub fn is_in_place(connection: &mut Connection, wanted: MarkRoute) -> Result<bool, NetlinkError> {
    let rules = rules(connection, wanted.family)?;
    let routes = routes(connection, wanted.family)?;
    Ok(has_rule(&rules, wanted) && has_route(&routes, wanted))
}

/// All rules of ours, sorted, each once. A route of ours without a rule is not among them.
///
/// # Errors
/// The kernel refused.
pub fn ours(connection: &mut Connection) -> Result<Vec<MarkRoute>, NetlinkError> {
    let mut found = Vec::new();
    for family in [IpFamily::V4, IpFamily::V6] {
        found.extend(rules(connection, family)?.iter().filter_map(Rule::ours));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Adds the route, then the rule; what is there already and ours is left as it is. If the rule
/// is refused, a route that was added here is taken back.
///
/// # Errors
/// Mark or table can't be used, something of somebody else is in the way, the kernel refused, or
/// what was added could not be taken back.
pub fn add(connection: &mut Connection, wanted: MarkRoute) -> Result<(), RoutingError> {
    if wanted.mark == 0 || RESERVED_TABLES.contains(&wanted.table) {
        return Err(RoutingError::Unusable { wanted });
    }
    let failed =
        |operation| move |source| RoutingError::Kernel { operation, object: wanted, source };
    let rules = rules(connection, wanted.family).map_err(failed("list the rules for"))?;
    let routes = routes(connection, wanted.family).map_err(failed("list the routes for"))?;
    if let Some(obstacle) = obstacle(wanted, &rules, &routes) {
        return Err(RoutingError::InTheWay { wanted, obstacle });
    }
    let (add_route, add_rule) = (!has_route(&routes, wanted), !has_rule(&rules, wanted));
    if add_route {
        put_route(connection, wanted)?;
    }
    let Some(failure) = add_rule.then(|| put_rule(connection, wanted).err()).flatten() else {
        return Ok(());
    };
    if add_route && let Err(undo) = take_route(connection, wanted) {
        return Err(RoutingError::NotTakenBack { failure: Box::new(failure), undo });
    }
    Err(failure)
}

/// Removes the rule, then the route unless another rule of ours leads to it; that they are not
/// there is success. Only what is tagged as ours is removed.
///
/// # Errors
/// The kernel refused.
pub fn remove(connection: &mut Connection, unwanted: MarkRoute) -> Result<(), RoutingError> {
    let failed =
        |operation| move |source| RoutingError::Kernel { operation, object: unwanted, source };
    for _ in 0..REMOVALS {
        let rules = rules(connection, unwanted.family).map_err(failed("list the rules for"))?;
        if has_rule(&rules, unwanted) {
            take_rule(connection, unwanted).map_err(failed("remove the rule of"))?;
            continue;
        }
        let in_use = rules.iter().filter_map(Rule::ours).any(|other| other.table == unwanted.table);
        if !in_use {
            take_route(connection, unwanted).map_err(failed("remove the route of"))?;
        }
        return Ok(());
    }
    Err(RoutingError::Restless { wanted: unwanted })
}

/// What a request came to.
#[derive(PartialEq, Eq)]
enum Change {
    Made,
    /// The kernel answered with one of the errors that were expected.
    Needless,
}

fn change(
    connection: &mut Connection,
    flags: u16,
    message: RouteNetlinkMessage,
    expected: &[i32],
) -> Result<Change, NetlinkError> {
    match connection.request(flags, message, &mut |_, _| Ok(())) {
        Ok(()) => Ok(Change::Made),
        Err(error) if error.errno().is_some_and(|errno| expected.contains(&errno)) => {
            Ok(Change::Needless)
        }
        Err(error) => Err(error),
    }
}

fn put_route(connection: &mut Connection, wanted: MarkRoute) -> Result<(), RoutingError> {
    let failed =
        |operation| move |source| RoutingError::Kernel { operation, object: wanted, source };
    let message = RouteNetlinkMessage::NewRoute(route::message(wanted));
    let made = change(connection, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, message, &[EEXIST])
        .map_err(failed("add the route of"))?;
    if made == Change::Made {
        return Ok(());
    }
    // Somebody was faster; only a route like ours is as good as ours.
    let found = routes(connection, wanted.family).map_err(failed("list the routes for"))?;
    match obstacle(wanted, &[], &found) {
        None if has_route(&found, wanted) => Ok(()),
        Some(obstacle) => Err(RoutingError::InTheWay { wanted, obstacle }),
        None => Err(RoutingError::Restless { wanted }),
    }
}

fn put_rule(connection: &mut Connection, wanted: MarkRoute) -> Result<(), RoutingError> {
    let failed =
        |operation| move |source| RoutingError::Kernel { operation, object: wanted, source };
    let message = RouteNetlinkMessage::NewRule(rule::message(wanted));
    let made = change(connection, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, message, &[EEXIST])
        .map_err(failed("add the rule of"))?;
    if made == Change::Made {
        return Ok(());
    }
    // Somebody was faster; only a rule with our tag is as good as ours. (Who made it is compared
    // by the kernel too, 6.18: a twin of somebody else is no EEXIST.)
    let found = rules(connection, wanted.family).map_err(failed("list the rules for"))?;
    match found.iter().find(|rule| rule.is_same(wanted)) {
        Some(rule) if rule.is_tagged() => Ok(()),
        Some(rule) => Err(RoutingError::InTheWay { wanted, obstacle: rule.to_string() }),
        None => Err(RoutingError::Restless { wanted }),
    }
}

fn take_rule(connection: &mut Connection, unwanted: MarkRoute) -> Result<(), NetlinkError> {
    let message = RouteNetlinkMessage::DelRule(rule::message(unwanted));
    change(connection, NLM_F_ACK, message, &[ENOENT]).map(|_| ())
}

fn take_route(connection: &mut Connection, unwanted: MarkRoute) -> Result<(), NetlinkError> {
    let message = RouteNetlinkMessage::DelRoute(route::message(unwanted));
    // Without a route: ESRCH. Where IPv6 is not in the kernel: the others.
    change(connection, NLM_F_ACK, message, &[ESRCH, ENOENT, EAFNOSUPPORT]).map(|_| ())
}

fn has_rule(rules: &[Rule], wanted: MarkRoute) -> bool {
    rules.iter().any(|rule| rule.ours() == Some(wanted))
}

fn has_route(routes: &[Route], wanted: MarkRoute) -> bool {
    routes.iter().any(|route| route.is_as_ours_in(wanted.table))
}
