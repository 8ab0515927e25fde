//! Ports that are not captured for some users.

use std::collections::BTreeMap;

use crate::words::{PortRange, PortSet, Uid};

/// A transport protocol that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// Both.
    pub const ALL: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

/// Ports by user and protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortsByUid(BTreeMap<(Uid, Protocol), PortSet>);

/// What holds for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UidPorts {
    /// The user, as the namespace's user namespace counts it.
    pub uid: Uid,
    /// Of which protocols.
    pub protocols: Vec<Protocol>,
    /// Which ports.
    pub ports: PortSet,
}

impl PortsByUid {
    /// All of them, users in order; protocols with the same ports together.
    pub fn entries(&self) -> impl Iterator<Item = UidPorts> {
        self.0.iter().filter_map(|((uid, protocol), ports)| {
            let of = |protocol| self.0.get(&(*uid, protocol));
            let is_shared = of(Protocol::Tcp) == of(Protocol::Udp);
            let protocols = match (is_shared, protocol) {
                (false, protocol) => vec![*protocol],
                (true, Protocol::Tcp) => Protocol::ALL.to_vec(),
                (true, Protocol::Udp) => return None,
            };
            Some(UidPorts { uid: *uid, protocols, ports: ports.clone() })
        })
    }
}

impl FromIterator<(Uid, Protocol, PortRange)> for PortsByUid {
    fn from_iter<I: IntoIterator<Item = (Uid, Protocol, PortRange)>>(items: I) -> PortsByUid {
        let mut ranges: BTreeMap<(Uid, Protocol), Vec<PortRange>> = BTreeMap::new();
        for (uid, protocol, range) in items {
            ranges.entry((uid, protocol)).or_default().push(range);
        }
        let sets = ranges.into_iter().map(|(key, ranges)| (key, ranges.into_iter().collect()));
        PortsByUid(sets.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_with_the_same_ports_are_one_entry() {
        let item = |uid, protocol, ports: &str| {
            (Uid::new(uid).unwrap(), protocol, ports.parse::<PortRange>().unwrap())
        };
        let ports: PortsByUid = [
            item(9, Protocol::Udp, "53"),
            item(9, Protocol::Tcp, "53"),
            item(7, Protocol::Tcp, "80-81"),
            item(7, Protocol::Tcp, "82"),
            item(7, Protocol::Udp, "82"),
        ]
        .into_iter()
        .collect();
        let text =
            |entry: UidPorts| format!("{} {} {}", entry.uid, entry.protocols.len(), entry.ports);
        let all: Vec<String> = ports.entries().map(text).collect();
        assert_eq!(all, ["7 1 80-82", "7 1 82", "9 2 53"]);
    }
}
