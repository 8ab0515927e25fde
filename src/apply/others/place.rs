//! Where rules of others are.

use std::fmt;

use crate::net::xtables::{self, IpVersion};
use crate::nft::{ForeignTable, TableFamily, TableName};

/// The tables that iptables knows, of either kind.
const IPTABLES: [&str; 5] = ["nat", "mangle", "raw", "filter", "security"];

/// By what rules were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// `iptables-legacy`.
    Legacy,
    /// `iptables-nft`, or whatever writes tables of its form.
    IptablesNft,
    /// `nft`, or a program that talks to nf_tables.
    Nft,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "iptables-legacy",
            Self::IptablesNft => "iptables-nft",
            Self::Nft => "nft",
        })
    }
}

/// A table and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// By what it was made.
    pub backend: Backend,
    /// The table.
    pub table: TableName,
}

impl Place {
    pub(super) fn of_legacy(table: &xtables::Table) -> Self {
        let family = match table.version {
            IpVersion::V4 => TableFamily::Ip,
            IpVersion::V6 => TableFamily::Ip6,
        };
        let table = TableName { family, name: table.name.clone() };
        Self { backend: Backend::Legacy, table }
    }

    /// `iptables-nft` writes into tables of its own names, and calls base chains by upper case.
    pub(super) fn of_nft(table: &ForeignTable) -> Self {
        let has_its_name = IPTABLES.contains(&table.name.name.as_str());
        let has_its_chain = table.chains.iter().any(|chain| {
            chain.base.is_some()
                && ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
                    .contains(&chain.name.as_str())
        });
        let is_its = table.name.family != TableFamily::Inet && has_its_name && has_its_chain;
        let backend = if is_its { Backend::IptablesNft } else { Backend::Nft };
        Self { backend, table: table.name.clone() }
    }

    /// The command that shows what is there.
    #[must_use]
    pub fn command(&self) -> String {
        let (family, table) = (self.table.family, &self.table.name);
        let program = if family == TableFamily::Ip6 { "ip6tables" } else { "iptables" };
        match self.backend {
            Backend::Legacy => format!("{program}-legacy -t {table} -S"),
            Backend::IptablesNft => format!("{program}-nft -t {table} -S"),
            Backend::Nft => format!("nft list table {family} {table}"),
        }
    }

    /// Which tables of `iptables-legacy` it is in; none if it is in nf_tables.
    pub(super) fn legacy_version(&self) -> Option<IpVersion> {
        (self.backend == Backend::Legacy).then_some(match self.table.family {
            TableFamily::Ip6 => IpVersion::V6,
            TableFamily::Ip | TableFamily::Inet => IpVersion::V4,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, table {}", self.backend, self.table)
    }
}
