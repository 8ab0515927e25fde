//! What joins the two namespaces of a bed: links, addresses, routes and IPv6 settings.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use rtnetlink::packet_route::address::AddressHeaderFlags;
use rtnetlink::packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, State};
use rtnetlink::packet_route::route::{RouteMessage, RouteType};
use rtnetlink::{Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder};

use super::DemoError;
use super::bed::{
    EXCLUDED_V4, EXCLUDED_V6, Ipv6Support, LINK, PEER_V4, PEER_V6, POD_V4, POD_V6, WORLD_V4,
    WORLD_V6,
};
use super::worker::runtime;
use crate::net::netns::Netns;

const LIMIT: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS: Duration = Duration::from_micros(500);
const LOOPBACK_INDEX: u32 = 1;

/// What one namespace gets: addresses by interface index, and default gateways.
pub(super) struct Side {
    link: Vec<(IpAddr, u8)>,
    loopback: Vec<(IpAddr, u8)>,
    gateways: Vec<IpAddr>,
}

impl Side {
    pub(super) fn pod(ipv6: Ipv6Support) -> Self {
        let (link, loopback) = (vec![(POD_V4.into(), 24), (POD_V6.into(), 64)], Vec::new());
        Self { link, loopback, gateways: vec![PEER_V4.into(), PEER_V6.into()] }.limited(ipv6)
    }

    pub(super) fn peer(ipv6: Ipv6Support) -> Self {
        let (v4, v6) = ([WORLD_V4, EXCLUDED_V4], [WORLD_V6, EXCLUDED_V6]);
        let worlds_v4 = v4.map(|address| (IpAddr::V4(address), 32));
        let worlds_v6 = v6.map(|address| (IpAddr::V6(address), 128));
        let loopback = worlds_v4.into_iter().chain(worlds_v6).collect();
        let link = vec![(PEER_V4.into(), 24), (PEER_V6.into(), 64)];
        Self { link, loopback, gateways: Vec::new() }.limited(ipv6)
    }

    fn limited(mut self, ipv6: Ipv6Support) -> Self {
        if ipv6 == Ipv6Support::Off {
            self.link.retain(|(address, _)| address.is_ipv4());
            self.loopback.retain(|(address, _)| address.is_ipv4());
            self.gateways.retain(IpAddr::is_ipv4);
        }
        self
    }

    /// Sets the links up and gives them their addresses, then the routes.
    pub(super) async fn equip(&self, routing: Handle) -> Result<(), DemoError> {
        let link = nix::net::if_::if_nametoindex(LINK)
            .map_err(DemoError::errno("find the index of", LINK))?;
        for (index, addresses) in [(LOOPBACK_INDEX, &self.loopback), (link, &self.link)] {
            let up = LinkUnspec::new_with_index(index).up().build();
            let set = routing.link().set(up).execute().await;
            set.map_err(DemoError::route("set up the link with index", index))?;
            for &(address, length) in addresses {
                let mut request = routing.address().add(index, address, length);
                request.message_mut().header.flags |= AddressHeaderFlags::Nodad;
                let added = request.execute().await;
                added.map_err(DemoError::route("add the address", address))?;
            }
        }
        for &gateway in &self.gateways {
            let added = routing.route().add(default_route(gateway)).execute().await;
            added.map_err(DemoError::route("add the default route via", gateway))?;
        }
        Ok(())
    }
}

fn default_route(gateway: IpAddr) -> RouteMessage {
    match gateway {
        IpAddr::V4(via) => RouteMessageBuilder::<Ipv4Addr>::new().gateway(via).build(),
        IpAddr::V6(via) => RouteMessageBuilder::<Ipv6Addr>::new().gateway(via).build(),
    }
}

/// Makes the pair, one end here and one in the namespace `far_end`.
pub(super) async fn join(routing: Handle, far_end: &Netns) -> Result<(), DemoError> {
    let descriptor = far_end.as_fd().as_raw_fd();
    let far = LinkMessageBuilder::<LinkUnspec>::new().name(LINK).setns_by_fd(descriptor).build();
    let pair = LinkMessageBuilder::<LinkVeth>::new_with_info_kind(InfoKind::Veth)
        .name(LINK)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(far)))
        .build();
    routing.link().add(pair).execute().await.map_err(DemoError::route("make the veth pair", LINK))
}

/// Waits until packets get through the link.
///
/// An end that comes up before the other one has no queue until the kernel's link watch has given
/// it one, some time after its carrier (6.18): till then it loses packets in silence.
pub(super) async fn wait_until_running(routing: Handle) -> Result<(), DemoError> {
    let running = LinkAttribute::OperState(State::Up);
    loop {
        let mut found = pin!(routing.link().get().match_name(LINK.to_owned()).execute());
        let link = found.try_next().await.map_err(DemoError::route("read the state of", LINK))?;
        if link.is_some_and(|link| link.attributes.contains(&running)) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

impl Side {
    /// Waits until what is sent to each of the IPv6 addresses arrives here.
    ///
    /// A work queue adds their local routes some time after the addresses (6.18): till then they
    /// are looked for behind the link.
    pub(super) async fn wait_until_local(&self, routing: Handle) -> Result<(), DemoError> {
        for (address, _) in self.link.iter().chain(&self.loopback) {
            let IpAddr::V6(address) = *address else { continue };
            let asked = RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(address, 128);
            while !is_local(&routing, asked.clone().build()).await {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        }
        Ok(())
    }
}

async fn is_local(routing: &Handle, asked: RouteMessage) -> bool {
    let mut found = pin!(routing.route().get(asked).execute());
    let route = found.try_next().await;
    matches!(route, Ok(Some(route)) if route.header.kind == RouteType::Local)
}

/// Whether the calling thread's namespace has IPv6, on interfaces to come.
pub(super) fn ipv6_here() -> Result<Ipv6Support, DemoError> {
    let path = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    match fs::read_to_string(path) {
        Ok(text) if text.trim() == "0" => Ok(Ipv6Support::On),
        Ok(_) => Ok(Ipv6Support::Off),
        Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(Ipv6Support::Off),
        Err(error) => Err(DemoError::io("read", path)(error)),
    }
}

/// Prepares the calling thread's namespace, which must be `place`, before it has links.
pub(super) fn set_ipv6(place: &Netns, ipv6: Ipv6Support) -> Result<(), DemoError> {
    // What is written here elsewhere would take the machine's own IPv6 addresses away.
    if Netns::current()?.id() != place.id() {
        return Err(DemoError::Elsewhere);
    }
    // No duplicate address detection: an address that is still tentative can't be connected to.
    let (knob, value) = match ipv6 {
        Ipv6Support::On => ("accept_dad", "0"),
        Ipv6Support::Off => ("disable_ipv6", "1"),
    };
    for scope in ["all", "default"] {
        let path = format!("/proc/sys/net/ipv6/conf/{scope}/{knob}");
        match fs::write(&path, value) {
            Err(missing) if missing.kind() == ErrorKind::NotFound && ipv6 == Ipv6Support::Off => {}
            written => written.map_err(DemoError::io("write", path))?,
        }
    }
    Ok(())
}

/// Runs `job` with a routing socket of the calling thread's namespace, for a limited time.
pub(super) fn with_routing(
    job: impl AsyncFnOnce(Handle) -> Result<(), DemoError>,
) -> Result<(), DemoError> {
    runtime()?.block_on(async {
        let (connection, handle, _) =
            rtnetlink::new_connection().map_err(DemoError::io("open", "a routing socket"))?;
        let driver = tokio::spawn(connection);
        let result = tokio::time::timeout(LIMIT, job(handle)).await;
        driver.abort();
        result.unwrap_or(Err(DemoError::TimedOut {
            operation: "set up",
            object: "links, addresses and routes".to_owned(),
            limit: LIMIT,
        }))
    })
}
