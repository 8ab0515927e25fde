//! Tables of others in nf_tables, of the families that TCP meets: what they hold, as far as it
//! tells who redirects.

mod decode;
mod delete;
mod read;

use std::fmt;

pub use decode::{decode_chain, decode_rule, decode_table};
pub(super) use delete::{chain as encode_delete_chain, flush as encode_flush};
pub(super) use delete::{rule as encode_delete_rule, table as encode_delete_table};
pub use read::{Foreign, read_foreign};

/// The family of a table. Those that no TCP connection is redirected by (`arp`, `bridge`,
/// `netdev`) are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableFamily {
    /// IPv4 and IPv6 (`NFPROTO_INET`).
    Inet,
    /// IPv4 (`NFPROTO_IPV4`).
    Ip,
    /// IPv6 (`NFPROTO_IPV6`).
    Ip6,
}

impl TableFamily {
    /// The number in `struct nfgenmsg`.
    fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Ip => 2,
            Self::Ip6 => 10,
        }
    }

    fn of_number(number: u8) -> Option<Self> {
        [Self::Inet, Self::Ip, Self::Ip6].into_iter().find(|family| family.number() == number)
    }
}

impl fmt::Display for TableFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "inet",
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
        })
    }
}

/// What a table is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// Its family.
    pub family: TableFamily,
    /// Its name in this family.
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family, self.name)
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignTable {
    /// What it is called.
    pub name: TableName,
    /// Its chains, in the kernel's order.
    pub chains: Vec<ForeignChain>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignChain {
    /// Its name.
    pub name: String,
    /// Where it hangs, if it is a base chain.
    pub base: Option<ForeignBase>,
    /// Its rules, in their order.
    pub rules: Vec<ForeignRule>,
}

/// Where a base chain hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignBase {
    /// `nat`, `filter` or `route`.
    pub kind: String,
    /// The hook's number (`enum nf_inet_hooks`).
    pub hook: u32,
    /// Its priority there.
    pub priority: i32,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignRule {
    /// The number by which it can be deleted.
    pub handle: u64,
    /// What it does; what it matches is left out.
    pub acts: Vec<Act>,
}

/// What a rule does, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Jumps or goes to another chain of its table.
    Jump(String),
    /// `redirect`.
    Redirect,
    /// `dnat`.
    Dnat,
    /// `tproxy`.
    Tproxy,
    /// `notrack`.
    Notrack,
    /// A target of iptables that nf_tables carries (`nft_compat`).
    Compat {
        /// Its name, `REDIRECT`.
        name: String,
        /// Its binary form, of the kernel's header of that name.
        info: Vec<u8>,
    },
}
