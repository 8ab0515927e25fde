//! The meshes whose rules are known by their names.

use std::fmt;

/// A mesh whose capture rules are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mesh {
    /// Istio: `istio-init`, `istio-cni`, sidecar and ambient.
    Istio,
    /// Linkerd: `linkerd-init`, `linkerd-cni`.
    Linkerd,
    /// Kuma and Kong Mesh: `kumactl install transparent-proxy`, `kuma-cni`.
    Kuma,
    /// Consul: `consul connect redirect-traffic`, `consul-cni`.
    Consul,
}

/// The beginnings of the names of their chains; no two are alike.
const CHAINS: [(&str, Mesh); 6] = [
    ("ISTIO_", Mesh::Istio),
    ("PROXY_INIT_", Mesh::Linkerd),
    ("KUMA_MESH_", Mesh::Kuma),
    ("CONSUL_PROXY_", Mesh::Consul),
    ("CONSUL_DNS_REDIRECT", Mesh::Consul),
    ("CONSUL_NAT_", Mesh::Consul),
];

/// The names of the tables that they make in nf_tables for themselves alone.
const TABLES: [(&str, Mesh); 7] = [
    ("istio-proxy-nat", Mesh::Istio),
    ("istio-proxy-mangle", Mesh::Istio),
    ("istio-proxy-raw", Mesh::Istio),
    ("istio-ambient-nat", Mesh::Istio),
    ("istio-ambient-mangle", Mesh::Istio),
    ("istio-ambient-raw", Mesh::Istio),
    ("consul_tproxy", Mesh::Consul),
];

impl Mesh {
    /// Whose a chain of this name is.
    pub(super) fn of_chain(name: &str) -> Option<Self> {
        CHAINS.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, mesh)| mesh)
    }

    /// The port that it redirects DNS to by rules in the built-in chains: the proxy's own.
    pub(super) fn dns_port(self) -> Option<u16> {
        match self {
            Self::Istio | Self::Kuma => Some(15053),
            Self::Linkerd | Self::Consul => None,
        }
    }

    /// Whose a table of nf_tables of this name is, whole.
    pub(super) fn of_table(name: &str) -> Option<Self> {
        TABLES.into_iter().find(|(whole, _)| *whole == name).map(|(_, mesh)| mesh)
    }
}

impl fmt::Display for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Istio => "Istio",
            Self::Linkerd => "Linkerd",
            Self::Kuma => "Kuma",
            Self::Consul => "Consul",
        })
    }
}
