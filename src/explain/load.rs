//! What expressions load of a packet.

use super::flow::{Flow, index};
use super::packet::{Addresses, Socket};
use super::{flow, header};
use crate::ruleset::build::{NFPROTO_IPV4, NFPROTO_IPV6, padded_name};
use crate::ruleset::{CtKey, MetaKey, PayloadBase};

/// Why nothing was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotLoaded {
    /// The packet does not have it: the rule ends (`NFT_BREAK`).
    Lacks(&'static str),
    /// It is not known here.
    Unknown(String),
}

type Loaded = Result<Vec<u8>, NotLoaded>;

const NO_SOCKET: NotLoaded = NotLoaded::Lacks("a socket");
const NO_CONNECTION: NotLoaded = NotLoaded::Lacks("a tracked connection");

/// As `nft_meta_get_eval`.
pub(super) fn meta(flow: &Flow<'_>, key: MetaKey) -> Loaded {
    let number = |number: u32| Ok(number.to_ne_bytes().to_vec());
    let name = |name: Option<&str>| Ok(padded_name(name.unwrap_or_default()).to_vec());
    let of_socket = |value: fn(&Socket) -> u32| {
        flow.socket.map(|socket| value(socket).to_ne_bytes().to_vec()).ok_or(NO_SOCKET)
    };
    match key {
        MetaKey::Iif => number(index(flow.iif)),
        MetaKey::Oif => number(index(flow.oif)),
        MetaKey::IifName => name(flow.iif),
        MetaKey::OifName => name(flow.oif),
        MetaKey::SkUid => of_socket(|socket| socket.uid.get()),
        MetaKey::SkGid => of_socket(|socket| socket.gid.get()),
        MetaKey::Cgroup => of_socket(|socket| socket.class.map_or(0, |class| class.get())),
        MetaKey::NfProto => Ok(vec![match flow.addresses {
            Addresses::V4 { .. } => NFPROTO_IPV4,
            Addresses::V6 { .. } => NFPROTO_IPV6,
        }]),
        MetaKey::L4Proto => Ok(vec![header::protocol_number(&flow.addresses, flow.protocol)]),
        MetaKey::Mark => number(flow.mark),
        MetaKey::NfTrace => Err(NotLoaded::Unknown("meta nftrace".to_owned())),
        MetaKey::Other(key) => Err(NotLoaded::Unknown(format!("meta key {key}"))),
    }
}

/// As `nft_payload_eval`. Behind the headers anything may stand.
pub(super) fn payload(flow: &Flow<'_>, base: PayloadBase, offset: u32, len: u32) -> Loaded {
    let header = match base {
        PayloadBase::Network => &flow.network,
        PayloadBase::Transport if flow.transport.is_empty() => {
            return Err(NotLoaded::Lacks("a transport header that is known"));
        }
        PayloadBase::Transport => &flow.transport,
        PayloadBase::Other(base) => {
            return Err(NotLoaded::Unknown(format!("payload base {base}")));
        }
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    header.get(start..end).map(<[u8]>::to_vec).ok_or_else(|| {
        NotLoaded::Unknown(format!("{len} bytes at {offset}, behind the header's end"))
    })
}

/// As `nft_ct_get_eval`.
pub(super) fn ct(flow: &mut Flow<'_>, key: CtKey) -> Loaded {
    let mark = |connection: &mut flow::Connection| connection.mark.to_ne_bytes().to_vec();
    let zone = |connection: &mut flow::Connection| connection.zone.to_ne_bytes().to_vec();
    match key {
        CtKey::State => Ok(flow.state_bits().to_ne_bytes().to_vec()),
        // A packet that is explained goes the way of the first one of its connection.
        CtKey::Direction => flow.connection().map(|_| vec![0]).ok_or(NO_CONNECTION),
        CtKey::Status => {
            flow.status_bits().map(|bits| bits.to_ne_bytes().to_vec()).ok_or(NO_CONNECTION)
        }
        CtKey::Mark => flow.connection().map(mark).ok_or(NO_CONNECTION),
        CtKey::Zone => flow.connection().map(zone).ok_or(NO_CONNECTION),
        CtKey::Other(key) => Err(NotLoaded::Unknown(format!("ct key {key}"))),
    }
}

/// As `nft_socket_eval` for `NFT_SOCKET_TRANSPARENT`. Which sockets there are is not known.
pub(super) fn transparent() -> Loaded {
    Err(NotLoaded::Unknown("whether it is for a socket that is transparent".to_owned()))
}

/// As `nft_socket_eval` for `NFT_SOCKET_CGROUPV2`: a socket that lies less deep has no such group.
pub(super) fn cgroup(flow: &Flow<'_>, level: u32) -> Loaded {
    let socket = flow.socket.ok_or(NO_SOCKET)?;
    let found = socket.cgroups.iter().find(|cgroup| cgroup.level == level);
    let found = found.ok_or(NotLoaded::Lacks("a cgroup of that level that is known"))?;
    Ok(found.id.to_ne_bytes().to_vec())
}
