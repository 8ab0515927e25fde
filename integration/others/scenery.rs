//! Namespaces with rules of others in them.

use nftdivert::apply::others::{Others, deletions, find, take_over_legacy};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert_integration::shell::program;

/// The text of a file in `integration/fixtures/`.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!("../fixtures/", $path))
    };
}

pub(crate) const ISTIO_V4: &str = fixture!("istio/istio-init.legacy.v4.rules");
pub(crate) const ISTIO_V6: &str = fixture!("istio/istio-init.v6.rules");
pub(crate) const ISTIO_TPROXY: &str = fixture!("istio/istio-init-tproxy.v4.rules");
pub(crate) const ISTIO_DNS: &str = fixture!("istio/istio-init-dns.v4.rules");
pub(crate) const ISTIO_NATIVE: &str = fixture!("istio/istio-native.nft");
pub(crate) const ISTIO_NATIVE_TPROXY: &str = fixture!("istio/istio-native-tproxy.nft");
pub(crate) const LINKERD: &str = fixture!("linkerd/linkerd-init.rules");
pub(crate) const KUMA: &str = fixture!("kuma/kuma-init.rules");
pub(crate) const CONSUL: &str = fixture!("consul/consul-cni.rules");
pub(crate) const CONSUL_NATIVE: &str = fixture!("consul/consul-native.nft");
pub(crate) const DOCKER: &str = fixture!("docker/embedded-dns.rules");

/// One of the four programs called iptables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tables {
    /// `iptables-legacy`, say.
    pub(crate) name: &'static str,
    /// What nftdivert calls it.
    pub(crate) called: &'static str,
    /// An address of the family.
    address: &'static str,
}

pub(crate) const LEGACY4: Tables =
    Tables { name: "iptables-legacy", called: "iptables-legacy, table ip", address: "10.9.9.9/32" };
pub(crate) const LEGACY6: Tables = Tables {
    name: "ip6tables-legacy",
    called: "iptables-legacy, table ip6",
    address: "fd09::9/128",
};
pub(crate) const NFT4: Tables =
    Tables { name: "iptables-nft", called: "iptables-nft, table ip", address: "10.9.9.9/32" };
pub(crate) const NFT6: Tables =
    Tables { name: "ip6tables-nft", called: "iptables-nft, table ip6", address: "fd09::9/128" };

impl Tables {
    /// Adds rules to those that are there; counters are as the text says.
    #[track_caller]
    pub(crate) fn restore(self, place: &Netns, rules: &str) {
        program(place, &[&format!("{}-restore", self.name), "-c", "--noflush"], rules);
    }

    /// What is in a table, with counters.
    #[track_caller]
    pub(crate) fn save(self, place: &Netns, table: &str) -> Vec<String> {
        let text = program(place, &[&format!("{}-save", self.name), "-c", "-t", table], "");
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    /// Rules of a stranger, before those of a mesh are there.
    pub(crate) fn before(self) -> String {
        let address = self.address;
        format!(
            "*nat\n:STRANGER - [0:0]\n:EMPTY - [0:0]\n\
             [5:300] -A PREROUTING -p tcp -m tcp --dport 8088 -j REDIRECT --to-ports 8089\n\
             [6:360] -A OUTPUT -d {address} -j STRANGER\n\
             [7:420] -A STRANGER -p tcp -m tcp --dport 99 -j RETURN\n\
             [8:480] -A STRANGER -p udp -g EMPTY\n\
             COMMIT\n"
        )
    }

    /// More of them, after those of a mesh.
    pub(crate) fn after(self) -> String {
        let address = self.address;
        format!(
            "*nat\n:PREROUTING ACCEPT [11:660]\n:INPUT ACCEPT [12:720]\n\
             :OUTPUT ACCEPT [13:780]\n:POSTROUTING ACCEPT [14:840]\n\
             [9:540] -A OUTPUT -d {address} -p tcp\n\
             [10:600] -A OUTPUT -d {address} -p udp -j ACCEPT\n\
             [3:180] -A POSTROUTING -s {address} -j MASQUERADE\n\
             [4:240] -A STRANGER -j ACCEPT\n\
             COMMIT\n"
        )
    }
}

/// What is found in `place`.
#[track_caller]
pub(crate) fn found(place: &Netns) -> Others {
    let look = || find(&mut Connection::open(Family::Netfilter).unwrap()).unwrap();
    place.run(look).unwrap()
}

/// What a plain apply would say.
#[track_caller]
pub(crate) fn refusal(place: &Netns) -> String {
    found(place).refuse().unwrap_err().to_string()
}

/// Takes all meshes away, and gives the notes.
#[track_caller]
pub(crate) fn take_over(place: &Netns) -> Vec<String> {
    let work = || {
        let mut nft = Connection::open(Family::Netfilter).unwrap();
        let others = find(&mut nft).unwrap();
        if others.generation.is_some() {
            let mut batch = Batch::new(others.generation);
            deletions(&mut batch, &others);
            commit(&mut nft, &batch.seal()).unwrap();
        }
        let mut notes = others.take_over_notes();
        notes.extend(take_over_legacy(&others).unwrap());
        notes
    };
    place.run(work).unwrap()
}

/// Nothing of a mesh is found any more.
#[track_caller]
pub(crate) fn assert_no_mesh(place: &Netns) {
    let others = found(place);
    assert_eq!(others.of_meshes().count(), 0, "{:#?}", others.findings);
    others.refuse().unwrap();
}
