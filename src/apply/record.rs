//! What we write down in our table about ourselves: who applied what when, and what to undo.
//!
//! It is the comment of a chain without rules. The table's own comment can't be changed once the
//! table is there; a chain can be made anew in the transaction that changes the rules.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::ruleset::Chain;

use super::undo::{self, Undo};

/// The name of the chain whose comment is the record.
pub const RECORD_CHAIN: &str = "applied";

/// The longest source that is written down.
const SOURCE_MAX: usize = 60;

/// The longest record: the kernel takes 256 bytes of user data, less type, length and NUL.
const RECORD_MAX: usize = 253;

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
        let mut record = Self::from_source(policy, String::new(), undo);
        let room = RECORD_MAX.saturating_sub(record.to_string().len());
        record.source = printable(source, room.min(SOURCE_MAX));
        record
    }

    fn from_source(policy: String, source: String, undo: Vec<Undo>) -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            version: Version::own(),
            since: UNIX_EPOCH + Duration::from_secs(seconds),
            policy,
            source,
            undo,
        }
    }

    /// Whether it can be written down whole.
    pub(super) fn fits(&self) -> bool {
        self.to_string().len() <= RECORD_MAX
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
fn printable(text: &str, most: usize) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() || "._/-:@+ ".contains(c) { c } else { '_' }
    };
    let text: String = text.trim().chars().map(clean).collect();
    text.get(text.len().saturating_sub(most)..).unwrap_or_default().to_owned()
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = humantime::format_rfc3339_seconds(self.since);
        write!(f, "nftdivert {}; since {since}", self.version)?;
        write!(f, "; policy {}; from {}", self.policy, self.source)?;
        if !self.undo.is_empty() {
            write!(f, "; undo {}", undo::text(&self.undo))?;
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
                undo::list(list)?
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
    use crate::plan::KeepMarks;
    use crate::words::{IpFamily, MarkRoute};

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for undo in [
            vec![],
            vec![Undo::TcpLoose(1)],
            vec![Undo::LoopbackAddress("::6".parse().unwrap()), Undo::TcpLoose(1)],
            tproxy(&[(1337, 133)]),
            tproxy(&[(1337, 133), (0xffff_ffff, 256), (u32::MAX, u32::MAX)]),
            vec![Undo::MarkRoute(MarkRoute { family: IpFamily::V6, mark: 1, table: 2 })],
        ] {
            let record = Record::now("0123456789abcdef".into(), "/etc/my policy.yaml", undo);
            let text = record.to_string();
            assert!(record.fits(), "{text}");
            assert_eq!(text.parse(), Ok(record), "{text}");
        }
    }

    fn tproxy(routes: &[(u32, u32)]) -> Vec<Undo> {
        let mut undo = vec![Undo::LoopbackAddress("::6".parse().unwrap())];
        let marks = [KeepMarks::Accepted, KeepMarks::ReflectedV4, KeepMarks::ReflectedV6];
        undo.extend(marks.map(|marks| Undo::KeepMarks(marks, 0)));
        for (mark, table) in routes {
            let route = |family| MarkRoute { family, mark: *mark, table: *table };
            undo.extend([IpFamily::V4, IpFamily::V6].map(|family| Undo::MarkRoute(route(family))));
        }
        undo
    }

    #[test]
    fn what_is_too_much_is_known_before() {
        let undo = tproxy(&[
            (u32::MAX, 1),
            (u32::MAX, 2),
            (u32::MAX, 3),
            (u32::MAX, 4),
            (u32::MAX, 5),
            (u32::MAX, 6),
            (u32::MAX, 7),
        ]);
        assert!(!Record::now("0123456789abcdef".into(), "x", undo).fits());
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
