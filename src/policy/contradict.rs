//! Settings that contradict each other: each fault names both.

use super::draft::{AllOr, Draft};
use super::fault::Faults;
use super::modes::DnsCapture;
use super::{Existing, InboundMode, Ipv6, ProxyPorts, Tproxy};
use crate::words::PortRange;

/// What tells the proxy.
pub(super) const MARKS: [&str; 5] = [UIDS, GIDS, MARK, "proxy.netClsClassid", "proxy.cgroup"];

const UIDS: &str = "proxy.uids";
const GIDS: &str = "proxy.gids";
const MARK: &str = "proxy.mark";
const MODE: &str = "inbound.mode";
const DROP_INVALID: &str = "inbound.dropInvalid";
const TPROXY_MARK: &str = "inbound.tproxy.mark";
const OUTBOUND_MARK: &str = "inbound.tproxy.outboundMark";
const RANGES: &str = "outbound.ranges";
const SERVICES: &str = "outbound.services";
const GROUPS: &str = "outbound.ownerGroups.include";
const GROUPS_EXCLUDED: &str = "outbound.ownerGroups.exclude";
const EXCLUDED: &str = "interfaces.exclude";
const VIRTUAL: &str = "interfaces.virtual";
const TUNNEL: &str = "proxy.ports.tunnel";
const PORTS: &str = "inbound.ports";
const EXISTING: &str = "existing";
const IPV6: &str = "ipv6";
const DNS: &str = "dns.capture";
const SERVERS: &str = "dns.servers";
const DNS_PORT: &str = "proxy.ports.dns";

/// As many as Istio takes.
const MOST_GROUPS: usize = 64;

/// Adds what contradicts itself to the faults.
pub(super) fn check(draft: &Draft, faults: &mut Faults) {
    let mut checks = Checks { draft, faults };
    checks.tproxy();
    checks.untracked();
    checks.ports();
    checks.existing();
    checks.groups();
    checks.interfaces();
    checks.services();
    checks.dns();
}

struct Checks<'a> {
    draft: &'a Draft,
    faults: &'a mut Faults,
}

impl Checks<'_> {
    fn tproxy(&mut self) {
        let draft = self.draft;
        let mode = draft.inbound_mode.unwrap_or_default();
        if mode == InboundMode::TproxyFast && draft.drop_invalid == Some(true) {
            let mode = draft.place(MODE).field;
            let reason = format!(
                "needs connection tracking, which {mode} tproxyFast does without; write tproxy \
                 there, or leave this out"
            );
            self.fault(&[MODE], DROP_INVALID, "true", reason);
        }
        let usual = Tproxy::default();
        let mark = draft.tproxy_mark.unwrap_or(usual.mark);
        let outbound = draft.tproxy_outbound_mark.unwrap_or(usual.outbound_mark);
        if mark == outbound {
            let (blamed, other) = self.blamed(OUTBOUND_MARK, TPROXY_MARK);
            let reason = format!("is {other} too; the two tell different packets apart");
            self.fault(&[TPROXY_MARK, OUTBOUND_MARK], blamed, &mark.to_string(), reason);
        }
        if mode != InboundMode::Redirect {
            self.collision(TPROXY_MARK, mark);
            self.collision(OUTBOUND_MARK, outbound);
        }
    }

    /// A packet that TPROXY marks must not look like one of the proxy's own.
    fn collision(&mut self, path: &'static str, number: u32) {
        let Some(mark) = self.draft.mark.filter(|mark| mark.is_of(number)) else { return };
        let (field, mode) = (self.draft.place(path).field, self.draft.place(MODE).field);
        let reason = format!(
            "collides with {field} ({number:#x}), which {mode} puts on packets of others: choose \
             other bits"
        );
        self.fault(&[path, MODE], MARK, &mark.to_string(), reason);
    }

    /// What comes from a machine inside the pod is rewritten, and so are the answers to it.
    fn untracked(&mut self) {
        let mode = self.draft.inbound_mode.unwrap_or_default();
        let is_some = self.draft.virtual_interfaces.as_ref().is_some_and(|names| !names.is_empty());
        if mode == InboundMode::TproxyFast && is_some {
            let mode = self.draft.place(MODE).field;
            let reason = format!(
                "need connection tracking, which {mode} tproxyFast does without; write tproxy there"
            );
            self.fault(&[MODE], VIRTUAL, "", reason);
        }
    }

    fn ports(&mut self) {
        let Some(AllOr::Only(ports)) = &self.draft.inbound_ports else { return };
        let tunnel = self.draft.tunnel_port.unwrap_or(ProxyPorts::default().tunnel);
        if ports.ranges() == [PortRange::from(tunnel)] {
            let other = self.draft.place(TUNNEL).field;
            let reason = format!("is {other}, which is never captured, and nothing else");
            self.fault(&[TUNNEL], PORTS, &tunnel.to_string(), reason);
        }
    }

    /// Of a socket that lives the kernel tells user and mark, and neither group nor its cgroups.
    fn existing(&mut self) {
        let draft = self.draft;
        let has_uid = draft.uids.as_ref().is_none_or(|uids| !uids.is_empty());
        if draft.existing == Some(Existing::Reset) && !has_uid && draft.mark.is_none() {
            let other = draft.place(UIDS).field;
            let reason = format!(
                "needs {other} or {MARK}: by nothing else are the proxy's own connections told from \
                 those that are reset"
            );
            self.fault(&[UIDS, MARK], EXISTING, "reset", reason);
        }
    }

    fn groups(&mut self) {
        let included = match &self.draft.include_groups {
            Some(AllOr::Only(groups)) => Some(groups),
            None | Some(AllOr::All) => None,
        };
        let excluded = self.draft.exclude_groups.as_ref();
        for (path, groups) in [(GROUPS, included), (GROUPS_EXCLUDED, excluded)] {
            let count = groups.map_or(0, |groups| groups.len());
            if count > MOST_GROUPS {
                let reason = format!("has {count} groups; {MOST_GROUPS} is the most");
                self.fault(&[], path, "", reason);
            }
        }
        let shared = included.zip(excluded).and_then(|(a, b)| a.intersection(b).next());
        if let Some(group) = shared {
            let other = self.draft.place(GROUPS).field;
            let reason = format!("is in {other} too; take it out of one of the two");
            self.fault(&[GROUPS], GROUPS_EXCLUDED, &group.to_string(), reason);
        }
    }

    fn interfaces(&mut self) {
        let draft = self.draft;
        let is_steered = draft.inbound_mode.unwrap_or_default() != InboundMode::Redirect;
        let excluded = draft.exclude_interfaces.as_ref().filter(|_| is_steered);
        let talked_by_lo = [(EXCLUDED, excluded), (VIRTUAL, draft.virtual_interfaces.as_ref())];
        for (path, names) in talked_by_lo {
            if names.into_iter().flatten().any(|name| name.as_str() == "lo") {
                let reason = "must not be lo, by which the proxy and the app talk to each other";
                self.fault(&[], path, "lo", reason.to_owned());
            }
        }
        let sets = draft.exclude_interfaces.as_ref().zip(draft.virtual_interfaces.as_ref());
        if let Some(name) = sets.and_then(|(a, b)| a.intersection(b).next()) {
            let other = draft.place(EXCLUDED).field;
            let reason = format!("is in {other} too, which leaves it alone");
            self.fault(&[EXCLUDED], VIRTUAL, name.as_str(), reason);
        }
    }

    fn services(&mut self) {
        let is_all = matches!(self.draft.outbound_ranges, Some(AllOr::All));
        if is_all && self.draft.services.as_ref().is_some_and(|services| !services.is_empty()) {
            let other = self.draft.place(SERVICES).field;
            let reason = format!(
                "captures every destination, so that {other} has no meaning; leave one of the two \
                 out"
            );
            self.fault(&[SERVICES], RANGES, "all", reason);
        }
    }

    fn dns(&mut self) {
        let draft = self.draft;
        let capture = draft.dns.unwrap_or_default();
        let other = draft.place(DNS).field;
        match (capture, &draft.dns_servers) {
            (DnsCapture::All, Some(AllOr::Only(_))) => {
                let reason = format!("has no meaning where {other} is all; write listed there");
                self.fault(&[DNS], SERVERS, "", reason);
            }
            (DnsCapture::Listed, Some(AllOr::Only(servers))) if servers.is_empty() => {
                let reason = format!("is empty where {other} is listed; write off there");
                self.fault(&[DNS], SERVERS, "[]", reason);
            }
            (DnsCapture::Off, Some(AllOr::Only(_))) => {
                let reason = format!("has no meaning where {other} is off; write listed there");
                self.fault(&[DNS], SERVERS, "", reason);
            }
            (DnsCapture::Listed, Some(AllOr::Only(servers)))
                if draft.ipv6.unwrap_or_default() != Ipv6::Capture
                    && servers.iter().all(|server| server.0.is_ipv6()) =>
            {
                let other = draft.place(IPV6).field;
                let reason = format!("has IPv6 addresses alone, which {other} does not capture");
                self.fault(&[DNS, IPV6], SERVERS, "", reason);
            }
            (DnsCapture::Off | DnsCapture::All | DnsCapture::Listed, _) => {}
        }
        let usual = ProxyPorts::default();
        let port = draft.dns_port.unwrap_or(usual.dns);
        let others = [
            ("proxy.ports.outbound", draft.outbound_port.unwrap_or(usual.outbound)),
            ("proxy.ports.inbound", draft.inbound_port.unwrap_or(usual.inbound)),
            ("proxy.ports.tunnel", draft.tunnel_port.unwrap_or(usual.tunnel)),
        ];
        for (path, _) in others.into_iter().filter(|other| other.1 == port) {
            if capture == DnsCapture::Off {
                continue;
            }
            let (blamed, other) = self.blamed(DNS_PORT, path);
            let reason = format!("is {other} too; name queries need a port of their own");
            self.fault(&[DNS_PORT, path], blamed, &port.to_string(), reason);
        }
    }

    /// Which of the two is blamed, and what the other is called: the one that was given.
    fn blamed(&self, first: &'static str, second: &'static str) -> (&'static str, String) {
        let (blamed, other) =
            if self.draft.given(first) { (first, second) } else { (second, first) };
        (blamed, self.draft.place(other).field)
    }

    /// A fault of `path`, unless it or one of the `others` could not be read anyway.
    fn fault(&mut self, others: &[&'static str], path: &'static str, value: &str, reason: String) {
        if self.draft.sound(others) && self.draft.sound(&[path]) {
            self.faults.add(self.draft.place(path), value.to_owned(), reason);
        }
    }
}
