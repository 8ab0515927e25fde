//! The flags that say what packet is meant, and the packet that they say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::{Args, ValueEnum};

use super::parse::{Endpoint, Faults, byte, endpoint, is_loopback, loopback_like, mark};
use crate::explain::{
    Addresses, Cgroup, Packet, Ports, Protocol, Socket, State, TCP_ACK, TCP_SYN, Way,
};
use crate::plan::HostFacts;
use crate::policy::{CapturePolicy, Fault};
use crate::ruleset::build::{ICMPV6, TCP, UDP};
use crate::words::{CgroupPath, Classid, Gid, IdMap, IfName, Port, Uid};

/// The pod and its peer, where nothing else is said.
const POD: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(10, 88, 0, 2), Ipv6Addr::new(0xfd88, 0, 0, 0, 0, 0, 0, 2));
const PEER: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(10, 88, 0, 1), Ipv6Addr::new(0xfd88, 0, 0, 0, 0, 0, 0, 1));
/// The port that a client has where nothing is said.
const CLIENT_PORT: u16 = 40000;
/// The app's user and group where nothing is said.
const APP: u32 = 1000;
/// `IPPROTO_ICMP`.
const ICMP: u8 = 1;
const ECHO: u8 = 8;
const ECHO_IPV6: u8 = 128;

/// Which way the packet takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WayArg {
    /// A process of the pod sends it.
    Out,
    /// It comes to the pod.
    In,
}

/// What connection tracking says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateArg {
    /// The first packet of a connection.
    New,
    /// One of a connection that no rule redirected.
    Established,
    /// One that belongs to nothing known.
    Invalid,
}

/// Flags that say what packet is meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Packet")]
pub(super) struct PacketArgs {
    /// Whether a process of the pod sends the packet, or it comes to the pod.
    #[arg(value_enum, display_order = 0)]
    way: WayArg,
    /// tcp, udp, icmp (of the addresses' family), or the number of another protocol.
    #[arg(display_order = 1)]
    protocol: String,
    /// Where it goes; TCP and UDP need a port. IPv6 with a port: `[2001:db8::1]:443`.
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    to: String,
    /// Where it comes from; default: out, the pod as 10.88.0.2 or fd88::2, for loopback
    /// destinations the loopback address; in, its peer as 10.88.0.1 or fd88::1. The port is 40000.
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    from: Option<String>,
    /// out: the user that made the socket [default: 1000].
    #[arg(long, value_name = "UID")]
    uid: Option<String>,
    /// out: the group that made the socket [default: the number of the user].
    #[arg(long, value_name = "GID")]
    gid: Option<String>,
    /// out: the socket's mark (SO_MARK); in: the packet's [default: 0].
    #[arg(long, value_name = "MARK")]
    mark: Option<String>,
    /// out: the socket's net_cls class (cgroup v1), a number or like 10:1 [default: none].
    #[arg(long, value_name = "ID")]
    net_cls: Option<String>,
    /// out: the cgroup v2 that the socket was made in; it counts if it is the policy's or lies
    /// below it [default: another].
    #[arg(long, value_name = "PATH")]
    cgroup: Option<String>,
    /// out: no socket sends it, but the kernel, as resets and ICMP errors.
    #[arg(long)]
    no_socket: bool,
    /// in: the interface by which it comes [default: eth0; from a loopback address or the pod's own: lo].
    #[arg(long, value_name = "NAME")]
    iif: Option<String>,
    /// out: the interface by which it would leave [default: eth0; to a loopback address or the
    /// pod's own: lo].
    #[arg(long, value_name = "NAME")]
    oif: Option<String>,
    /// icmp: the message's type [default: an echo request, 8 or 128].
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// What connection tracking says of the packet; a new one of TCP is a SYN.
    #[arg(long, value_enum, default_value_t = StateArg::New)]
    state: StateArg,
}

/// A packet whose socket is known by names that the pod counts.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    packet: Packet,
    cgroup: Option<CgroupPath>,
}

impl PacketArgs {
    /// The packet that the flags say; all faults at once if they say none.
    pub(super) fn parse(&self) -> Result<Asked, Vec<Fault>> {
        let mut faults = Faults::default();
        self.refuse_what_says_nothing(&mut faults);
        let to = faults.taken("--to", Some(&self.to), endpoint);
        let from = faults.taken("--from", self.from.as_deref(), endpoint);
        let protocol = faults.taken("PROTOCOL", Some(&self.protocol), protocol);
        let mark = faults.taken("--mark", self.mark.as_deref(), mark).unwrap_or(0);
        let socket = self.socket(&mut faults);
        let cgroup = faults.parsed("--cgroup", self.cgroup.as_deref());
        let iif: Option<IfName> = faults.parsed("--iif", self.iif.as_deref());
        let oif: Option<IfName> = faults.parsed("--oif", self.oif.as_deref());
        let packet = to.zip(protocol).and_then(|(to, protocol)| {
            let from = self.source(to, from);
            let addresses = Addresses::new(from.address, to.address);
            if addresses.is_none() {
                faults.add("--from", self.from.as_deref().unwrap_or_default(), FAMILIES);
            }
            let protocol = self.protocol(protocol, from, to, &mut faults)?;
            let usual = usual_interface(from.address, to.address);
            let way = match self.way {
                WayArg::In => Way::In { iif: iif.or(usual)? },
                WayArg::Out => Way::Out { oif: oif.or(usual)?, socket },
            };
            Some(Packet { way, addresses: addresses?, protocol, mark, state: self.state.into() })
        });
        match packet {
            Some(packet) if faults.0.is_empty() => Ok(Asked { packet, cgroup }),
            Some(_) | None => Err(faults.0),
        }
    }

    fn refuse_what_says_nothing(&self, faults: &mut Faults) {
        let of_socket = [
            ("--uid", &self.uid),
            ("--gid", &self.gid),
            ("--net-cls", &self.net_cls),
            ("--cgroup", &self.cgroup),
        ];
        let (reason, refused) = match self.way {
            WayArg::In => ("is a socket's; a packet that comes in has none", true),
            WayArg::Out => ("is a socket's; leave it out, or --no-socket", self.no_socket),
        };
        for (flag, value) in of_socket.into_iter().filter(|_| refused) {
            faults.refuse(flag, value.as_deref(), reason);
        }
        match self.way {
            WayArg::In => {
                faults.refuse("--oif", self.oif.as_deref(), "a packet that comes in has --iif");
                if self.no_socket {
                    faults.add("--no-socket", "", "a packet that comes in never has one");
                }
            }
            WayArg::Out => {
                faults.refuse("--iif", self.iif.as_deref(), "a packet that is sent has --oif");
            }
        }
    }

    fn source(&self, to: Endpoint, from: Option<Endpoint>) -> Endpoint {
        let pick = |(v4, v6): (Ipv4Addr, Ipv6Addr)| match to.address {
            IpAddr::V4(_) => IpAddr::from(v4),
            IpAddr::V6(_) => IpAddr::from(v6),
        };
        from.unwrap_or_else(|| {
            let by_lo = |name: &Option<String>| name.as_deref() == Some("lo");
            let address = match self.way {
                _ if is_loopback(to.address) => loopback_like(to.address),
                WayArg::Out => pick(POD),
                WayArg::In if by_lo(&self.iif) => to.address,
                WayArg::In => pick(PEER),
            };
            Endpoint { address, port: None }
        })
    }

    fn socket(&self, faults: &mut Faults) -> Option<Socket> {
        let uid: Option<Uid> = faults.parsed("--uid", self.uid.as_deref());
        let gid: Option<Gid> = faults.parsed("--gid", self.gid.as_deref());
        let class: Option<Classid> = faults.parsed("--net-cls", self.net_cls.as_deref());
        let uid = uid.or(Uid::new(APP))?;
        let gid = gid.or(Gid::new(uid.get()))?;
        (!self.no_socket).then_some(Socket { uid, gid, class, cgroups: Vec::new() })
    }

    fn protocol(
        &self,
        named: Named,
        from: Endpoint,
        to: Endpoint,
        faults: &mut Faults,
    ) -> Option<Protocol> {
        let own = if to.address.is_ipv4() { ICMP } else { ICMPV6 };
        let is_icmp = matches!(named, Named::Icmp) || named == Named::Number(own);
        if !is_icmp {
            faults.refuse("--type", self.kind.as_deref(), "is of icmp alone");
        }
        if matches!(named, Named::Tcp | Named::Udp) {
            let ports = ports(from, to);
            if ports.is_none() {
                faults.add("--to", &self.to, "has no port, which TCP and UDP need");
            }
            return Some(self.with_ports(named, ports?));
        }
        let given = [("--to", to, Some(&self.to)), ("--from", from, self.from.as_ref())];
        for (flag, _, text) in given.into_iter().filter(|(_, end, _)| end.port.is_some()) {
            faults.add(
                flag,
                text.map_or("", String::as_str),
                "has a port, which is of TCP and UDP",
            );
        }
        if let (false, Named::Number(number)) = (is_icmp, named) {
            return Some(Protocol::Other(number));
        }
        let usual = if own == ICMP { ECHO } else { ECHO_IPV6 };
        let read = |text: &str| byte("an ICMP type", text);
        let kind = faults.taken("--type", self.kind.as_deref(), read).unwrap_or(usual);
        Some(Protocol::Icmp { kind })
    }

    fn with_ports(&self, named: Named, ports: Ports) -> Protocol {
        let flags = if self.state == StateArg::New { TCP_SYN } else { TCP_ACK };
        match named {
            Named::Tcp => Protocol::Tcp { ports, flags },
            Named::Udp | Named::Icmp | Named::Number(_) => Protocol::Udp { ports },
        }
    }
}

const FAMILIES: &str = "is of another family than --to";

impl Asked {
    /// The packet as the rules of this place see it: ids as they count them, and the policy's
    /// cgroup by its number.
    pub(super) fn at(
        mut self,
        policy: &CapturePolicy,
        facts: &HostFacts,
    ) -> Result<Packet, Vec<Fault>> {
        let mut faults = Faults::default();
        if let Way::Out { socket: Some(socket), .. } = &mut self.packet.way {
            let named = policy.proxy.identity.marks().cgroup.as_ref();
            let is_below = self.cgroup.zip(named).is_some_and(|(own, named)| lies_in(&own, named));
            let known = facts.cgroup.filter(|_| is_below);
            socket.cgroups =
                known.iter().map(|group| Cgroup { level: group.level, id: group.id }).collect();
            let uid = outside(&mut faults, "--uid", &facts.ids.uids, socket.uid.get());
            let gid = outside(&mut faults, "--gid", &facts.ids.gids, socket.gid.get());
            socket.uid = uid.and_then(Uid::new).unwrap_or(socket.uid);
            socket.gid = gid.and_then(Gid::new).unwrap_or(socket.gid);
        }
        if faults.0.is_empty() { Ok(self.packet) } else { Err(faults.0) }
    }
}

fn outside(faults: &mut Faults, flag: &str, map: &IdMap, id: u32) -> Option<u32> {
    let outside = map.outside(id);
    if outside.is_none() {
        faults.add(flag, &id.to_string(), format!("is not an id of this pod, whose map is {map}"));
    }
    outside
}

/// Whether a cgroup is that one or lies below it.
fn lies_in(own: &CgroupPath, above: &CgroupPath) -> bool {
    let below = own.as_str().strip_prefix(above.as_str());
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A protocol as it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Tcp,
    Udp,
    /// Of whatever family the addresses are.
    Icmp,
    Number(u8),
}

fn protocol(text: &str) -> Result<Named, String> {
    match text {
        "tcp" => Ok(Named::Tcp),
        "udp" => Ok(Named::Udp),
        "icmp" => Ok(Named::Icmp),
        number => match byte("tcp, udp, icmp or the number of a protocol", number)? {
            TCP => Ok(Named::Tcp),
            UDP => Ok(Named::Udp),
            number => Ok(Named::Number(number)),
        },
    }
}

fn ports(from: Endpoint, to: Endpoint) -> Option<Ports> {
    let source = from.port.map_or(CLIENT_PORT, Port::get);
    Some(Ports { source, destination: to.port?.get() })
}

/// What a host sends to itself goes by `lo`.
fn usual_interface(from: IpAddr, to: IpAddr) -> Option<IfName> {
    let is_own = is_loopback(to) || is_loopback(from) || from == to;
    (if is_own { "lo" } else { "eth0" }).parse().ok()
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::New => Self::New,
            StateArg::Established => Self::Established,
            StateArg::Invalid => Self::Invalid,
        }
    }
}
