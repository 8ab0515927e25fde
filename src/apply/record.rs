//! What we write down in our table about ourselves: who applied what when, and what to undo.
//!
//! It is the comment of a chain without rules. The table's own comment can't be changed once the
//! table is there; a chain can be made anew in the transaction that changes the rules.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::plan::Effect;
use crate::ruleset::Chain;

/// The name of the chain whose comment is the record.
pub const RECORD_CHAIN: &str = "applied";

/// The longest source that is written down, so that the whole fits a comment.
const SOURCE_MAX: usize = 60;

/// A version of nftdivert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32, u32);

impl Version {
    /// The version of this crate.
    #[must_use]
    pub fn own() -> Self {
        env!("CARGO_PKG_VERSION").parse().unwrap_or(Self(0, 0, 0))
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.split('.').map(|number| number.parse().map_err(|_| ()));
        let mut next = || numbers.next().ok_or(())?;
        let version = Self(next()?, next()?, next()?);
        if numbers.next().is_some() { Err(()) } else { Ok(version) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// How an effect is taken back.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// Take the address from `lo`, where it was not before.
    LoopbackAddress(Ipv6Addr),
    /// Give `nf_conntrack_tcp_loose` the value it had.
    TcpLoose(u32),
}

impl Undo {
    /// Whether this takes back that effect.
    #[must_use]
    pub fn is_of(self, effect: Effect) -> bool {
        match (self, effect) {
            (Self::LoopbackAddress(ours), Effect::LoopbackAddress(wanted)) => ours == wanted,
            (Self::TcpLoose(_), Effect::TcpLooseOff) => true,
            (Self::LoopbackAddress(_), Effect::TcpLooseOff)
            | (Self::TcpLoose(_), Effect::LoopbackAddress(_)) => false,
        }
    }
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoopbackAddress(address) => write!(f, "address {address}"),
            Self::TcpLoose(value) => write!(f, "tcp_loose {value}"),
        }
    }
}

impl FromStr for Undo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ') {
            Some(("address", address)) => {
                address.parse().map(Self::LoopbackAddress).map_err(|_| ())
            }
            Some(("tcp_loose", value)) => value.parse().map(Self::TcpLoose).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

/// The record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version that wrote it.
    pub version: Version,
    /// When it wrote, to the second.
    pub since: SystemTime,
    /// The digest of the policy (`CapturePolicy::digest`).
    pub policy: String,
    /// Where the policy came from: a file's name, or `defaults`.
    pub source: String,
    /// What to undo when capture is removed, in the order of doing.
    pub undo: Vec<Undo>,
}

impl Record {
    /// A record of now.
    #[must_use]
    pub fn now(policy: String, source: &str, undo: Vec<Undo>) -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            version: Version::own(),
            since: UNIX_EPOCH + Duration::from_secs(seconds),
            policy,
            source: printable(source),
            undo,
        }
    }

    /// The chain that carries it.
    #[must_use]
    pub fn chain(&self) -> Chain {
        Chain {
            name: RECORD_CHAIN.into(),
            base: None,
            comment: Some(self.to_string()),
            rules: Vec::new(),
        }
    }
}

/// The end of the text, without what could end a field or a comment.
fn printable(text: &str) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() || "._/-:@+ ".contains(c) { c } else { '_' }
    };
    let text: String = text.trim().chars().map(clean).collect();
    text.get(text.len().saturating_sub(SOURCE_MAX)..).unwrap_or_default().to_owned()
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = humantime::format_rfc3339_seconds(self.since);
        write!(f, "nftdivert {}; since {since}", self.version)?;
        write!(f, "; policy {}; from {}", self.policy, self.source)?;
        if !self.undo.is_empty() {
            let undo: Vec<String> = self.undo.iter().map(ToString::to_string).collect();
            write!(f, "; undo {}", undo.join(", "))?;
        }
        Ok(())
    }
}

impl FromStr for Record {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut fields = text.split("; ");
        let mut next = |name: &str| fields.next().and_then(|field| value(field, name)).ok_or(());
        let version = next("nftdivert")?.parse()?;
        let since = humantime::parse_rfc3339(next("since")?).map_err(|_| ())?;
        let (policy, source) = (next("policy")?.to_owned(), next("from")?.to_owned());
        let undo = match fields.next() {
            None => Vec::new(),
            Some(field) => {
                let list = value(field, "undo").ok_or(())?;
                list.split(", ").map(str::parse).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { version, since, policy, source, undo })
    }
}

fn value<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    field.strip_prefix(name)?.strip_prefix(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for undo in [
            vec![],
            vec![Undo::TcpLoose(1)],
            vec![Undo::LoopbackAddress("::6".parse().unwrap()), Undo::TcpLoose(1)],
        ] {
            let record = Record::now("0123456789abcdef".into(), "/etc/my policy.yaml", undo);
            let text = record.to_string();
            assert!(text.len() < 250, "{text}");
            assert_eq!(text.parse(), Ok(record), "{text}");
        }
    }

    #[test]
    fn what_a_user_names_a_file_can_not_forge_a_field() {
        let name = format!("{}\"; undo tcp_loose 7", "x".repeat(200));
        let record = Record::now("0".into(), &name, vec![]);
        let read: Record = record.to_string().parse().unwrap();
        assert_eq!(read.undo, vec![]);
        assert!(record.to_string().len() < 250);
    }

    #[test]
    fn a_record_that_was_tampered_with_is_none() {
        for text in ["", "hello", "nftdivert 1.2; since x", "nftdivert 0.1.0; policy 1; since 2"] {
            assert!(text.parse::<Record>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("0.10.0") > version("0.9.9"));
        assert!("1.2".parse::<Version>().is_err());
        assert!("1.2.3.4".parse::<Version>().is_err());
    }
}
