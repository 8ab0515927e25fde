//! From a policy, its rules, the process and its routes to what shall be tried, and what can't be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::explain::{
    Addresses, Capture, Packet, Ports, Protocol, Socket, State, TCP_SYN, Verdict, Way, explain,
};
use crate::policy::{CapturePolicy, Dns, Ipv6, NameServers};
use crate::ruleset::Ruleset;
use crate::words::{IfName, IpFamily, Port};

use super::candidates::{destinations, nobody};
use super::check::{Check, Expected, Transport, Trial, family_of};
use super::place::{Place, Role, Route};
use super::reasons::{self, Passed};
use super::report::Finding;

/// The port of name queries.
const DNS_PORT: u16 = 53;
/// Any port of a client; rules look at those of the proxy alone.
const CLIENT_PORT: u16 = 50_000;

/// What to do about a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send this.
    Try(Trial),
    /// Nothing: it can't be tried, and this is why.
    Tell(Finding),
}

/// Finds the way of what is sent to an address; why there is none.
pub(super) type Routes<'a> = &'a dyn Fn(IpAddr) -> Result<Route, String>;

/// What is known before anything is tried.
pub(super) struct Known<'a> {
    pub(super) policy: &'a CapturePolicy,
    pub(super) ruleset: &'a Ruleset,
    /// The servers whose queries are captured, where the policy takes them from the pod's files.
    pub(super) name_servers: &'a [IpAddr],
    pub(super) place: &'a Place,
    /// Where calls inside the pod go.
    pub(super) port: Port,
    pub(super) routes: Routes<'a>,
}

/// What shall be tried, and what can't be, in the order in which it is told.
pub(super) fn decide(known: &Known<'_>) -> Vec<Step> {
    let asking = Asking {
        known,
        role: known.place.role(known.policy),
        sockets: known.place.sockets(known.policy),
    };
    let mut steps = Vec::new();
    for family in [IpFamily::V4, IpFamily::V6] {
        steps.extend(asking.outbound(family));
        steps.extend(asking.dns(family));
        steps.extend(asking.own_address(family));
    }
    steps.push(Step::Tell(reasons::inbound(known.policy)));
    steps
}

struct Asking<'a> {
    known: &'a Known<'a>,
    role: Role,
    sockets: Vec<Socket>,
}

/// What is sent.
struct Sent<'a> {
    transport: Transport,
    from: IpAddr,
    to: SocketAddr,
    interface: &'a IfName,
}

/// What the rules do with it, and the setting that decided.
struct Fate {
    verdict: Verdict,
    setting: &'static str,
}

impl Asking<'_> {
    /// The first of the destinations, and the last with the last of its ports: two samples that differ.
    fn outbound(&self, family: IpFamily) -> Vec<Step> {
        let check = Check::Outbound(family);
        let policy = self.known.policy;
        if family == IpFamily::V6 && policy.ipv6 == Ipv6::Bypass {
            return vec![Step::Tell(reasons::bypassed(check))];
        }
        let wanted = policy.proxy.ports.outbound.get();
        let all = destinations(policy, family);
        let reversed = all
            .iter()
            .rev()
            .map(|(address, ports)| (*address, ports.iter().rev().copied().collect()));
        let mut steps = vec![self.search(check, wanted, all.iter().cloned())];
        let last = self.search(check, wanted, reversed);
        if matches!(last, Step::Try(_)) && !steps.contains(&last) {
            steps.push(last);
        }
        steps
    }

    /// For families whose queries are captured, and servers that there are.
    fn dns(&self, family: IpFamily) -> Vec<Step> {
        let policy = self.known.policy;
        if family == IpFamily::V6 && policy.ipv6 != Ipv6::Capture {
            return Vec::new();
        }
        let servers: Vec<IpAddr> = match &policy.dns {
            Dns::Off => return Vec::new(),
            Dns::All => nobody(family),
            Dns::Listed(NameServers::ResolvConf) => self.known.name_servers.to_vec(),
            Dns::Listed(NameServers::Only(servers)) => servers.iter().copied().collect(),
        };
        let of_family: Vec<IpAddr> =
            servers.into_iter().filter(|server| family_of(*server) == family).collect();
        if of_family.is_empty() {
            return Vec::new();
        }
        let wanted = policy.proxy.ports.dns.get();
        let each = |transport| {
            let all = of_family.iter().map(|server| (*server, vec![DNS_PORT]));
            self.search(Check::Dns(family, transport), wanted, all)
        };
        vec![each(Transport::Udp), each(Transport::Tcp)]
    }

    /// The first of these destinations that the rules capture, or refuse as IPv6.
    fn search(
        &self,
        check: Check,
        wanted: u16,
        all: impl Iterator<Item = (IpAddr, Vec<u16>)>,
    ) -> Step {
        let (mut passed, mut unreachable) = (None, None);
        for (address, ports) in all {
            let route = match (self.known.routes)(address) {
                Ok(route) => route,
                Err(reason) => {
                    unreachable.get_or_insert((address, reason));
                    continue;
                }
            };
            for port in ports {
                let to = SocketAddr::new(address, port);
                match self.leaving(check, wanted, to, &route) {
                    Ok(expected) => return Step::Try(Trial { check, from: None, to, expected }),
                    Err(other) => passed.get_or_insert(other),
                };
            }
        }
        Step::Tell(reasons::nothing_to_try(check, self.role, self.known.place, passed, unreachable))
    }

    /// What is expected of what leaves by this route, if it does not just pass.
    fn leaving(
        &self,
        check: Check,
        wanted: u16,
        to: SocketAddr,
        route: &Route,
    ) -> Result<Expected, Passed> {
        let (from, interface) = (route.source, &route.interface);
        let fate = self.fate(&Sent { transport: check.transport(), from, to, interface });
        match fate.as_ref().map(|fate| &fate.verdict) {
            Some(Verdict::Captured { port, by: Capture::Redirect }) if *port == wanted => {
                Ok(Expected::Captured(*port))
            }
            Some(Verdict::Rejected) => Ok(Expected::Refused),
            Some(_) | None => Err(Passed { to, setting: fate.map(|fate| fate.setting) }),
        }
    }

    /// What is sent to the pod itself.
    fn own_address(&self, family: IpFamily) -> Vec<Step> {
        let localhost: IpAddr = match family {
            IpFamily::V4 => Ipv4Addr::LOCALHOST.into(),
            IpFamily::V6 => Ipv6Addr::LOCALHOST.into(),
        };
        let check = match self.role {
            Role::App => Check::OwnAddress(family),
            Role::Proxy | Role::Unknown => Check::SelfCall(family),
        };
        let mut steps = Vec::new();
        if self.role == Role::App && !self.is_bypassed(family) {
            steps.push(Step::Tell(reasons::not_the_proxy(Check::SelfCall(family))));
        }
        match self.known.place.own(family).next() {
            Some(own) => {
                steps.push(self.call(check, None, own, own));
                steps.extend(self.passthrough(family, own));
            }
            None => steps.push(Step::Tell(reasons::no_own_address(check, family))),
        }
        if self.known.place.has_loopback(family) {
            steps.push(self.call(Check::Loopback(family), None, localhost, localhost));
        }
        steps
    }

    fn passthrough(&self, family: IpFamily, own: IpAddr) -> Option<Step> {
        let source = self.known.policy.proxy.passthrough;
        let source: IpAddr = match family {
            IpFamily::V4 => source.ipv4.into(),
            IpFamily::V6 => source.ipv6.into(),
        };
        // Where lo has no IPv6, it has no passthrough source either.
        let has_loopback = self.known.place.has_loopback(family);
        let is_tried = self.role == Role::Proxy && !self.is_bypassed(family) && has_loopback;
        is_tried.then(|| self.call(Check::Passthrough(family), Some(source), source, own))
    }

    fn is_bypassed(&self, family: IpFamily) -> bool {
        family == IpFamily::V6 && self.known.policy.ipv6 != Ipv6::Capture
    }

    /// A connection inside the pod.
    fn call(&self, check: Check, bound: Option<IpAddr>, from: IpAddr, to: IpAddr) -> Step {
        let to = SocketAddr::new(to, self.known.port.get());
        let Ok(lo) = "lo".parse::<IfName>() else {
            return Step::Tell(reasons::unsure(check, self.known.place));
        };
        let sent = Sent { transport: Transport::Tcp, from, to, interface: &lo };
        let expected = match self.fate(&sent).map(|fate| fate.verdict) {
            Some(Verdict::Captured { port, by: Capture::Redirect }) => Expected::Captured(port),
            Some(Verdict::Captured { port, by: Capture::Tproxy }) => Expected::Steered(port),
            Some(Verdict::Direct) => Expected::Direct,
            Some(Verdict::Rejected) => Expected::Refused,
            Some(Verdict::Dropped | Verdict::Unknown { .. }) | None => {
                return Step::Tell(reasons::unsure(check, self.known.place));
            }
        };
        Step::Try(Trial { check, from: bound, to, expected })
    }

    /// What the rules do with it; `None` where that depends on what the process can't know.
    fn fate(&self, sent: &Sent<'_>) -> Option<Fate> {
        let mut fates = self.sockets.iter().map(|socket| {
            let explained = explain(self.known.ruleset, &packet(sent, socket)?);
            let decisive = explained.steps.iter().rev().find(|step| !step.effects.is_empty());
            let setting = decisive.map_or("", |step| step.setting);
            Some(Fate { verdict: explained.verdict, setting })
        });
        let first = fates.next()??;
        fates
            .all(|other| other.is_some_and(|other| other.verdict == first.verdict))
            .then_some(first)
    }
}

fn packet(sent: &Sent<'_>, socket: &Socket) -> Option<Packet> {
    let ports = Ports { source: CLIENT_PORT, destination: sent.to.port() };
    let protocol = match sent.transport {
        Transport::Udp => Protocol::Udp { ports },
        Transport::Tcp => Protocol::Tcp { ports, flags: TCP_SYN },
    };
    Some(Packet {
        way: Way::Out { oif: sent.interface.clone(), socket: Some(socket.clone()) },
        addresses: Addresses::new(sent.from, sent.to.ip())?,
        protocol,
        mark: 0,
        state: State::New,
    })
}
