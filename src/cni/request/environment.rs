//! The variables by which a runtime says what it wants.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cni::CniError;
use crate::policy::Fault;
use crate::words::CniId;

use super::OwnNamespace;

/// The variables that are read.
pub const VARIABLES: [&str; 8] = [
    "CNI_COMMAND",
    "CNI_CONTAINERID",
    "CNI_NETNS",
    "CNI_IFNAME",
    "CNI_ARGS",
    "CNI_PATH",
    "CNI_NETNS_OVERRIDE",
    "TRACEPARENT",
];

/// The longest interface name in bytes: the kernel's `IFNAMSIZ` less its closing zero.
const LONGEST_INTERFACE: usize = 15;

/// The variables as they were found.
#[derive(Debug, Default)]
pub struct Environment(BTreeMap<&'static str, OsString>);

/// Where to work, for ADD and CHECK.
pub(super) struct Place {
    pub(super) container: CniId,
    pub(super) netns: PathBuf,
    pub(super) interface: String,
    pub(super) own: OwnNamespace,
}

/// Where to work, for DEL.
pub(super) struct Leaving {
    pub(super) container: CniId,
    pub(super) netns: Option<PathBuf>,
    pub(super) interface: String,
    pub(super) own: OwnNamespace,
}

impl Environment {
    /// The variables that `get` knows.
    pub fn of(get: impl Fn(&str) -> Option<OsString>) -> Self {
        Self(VARIABLES.into_iter().filter_map(|name| Some((name, get(name)?))).collect())
    }

    /// A variable's text, for logs; empty where it is not there or no text.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|value| value.to_str()).unwrap_or_default()
    }

    /// The command.
    ///
    /// # Errors
    /// There is none.
    pub fn command(&self) -> Result<&str, CniError> {
        let mut faults = Vec::new();
        let command = self.needed("CNI_COMMAND", &mut faults);
        command.ok_or(CniError::Environment { faults })
    }

    /// What ADD and CHECK need.
    pub(super) fn place(&self) -> Result<Place, CniError> {
        let mut faults = Vec::new();
        let container = self.container(&mut faults);
        let netns = self.needed("CNI_NETNS", &mut faults).map(PathBuf::from);
        let interface = self.interface(&mut faults);
        match (container, netns, interface) {
            (Some(container), Some(netns), Some(interface)) => {
                Ok(Place { container, netns, interface, own: self.own() })
            }
            _ => Err(CniError::Environment { faults }),
        }
    }

    /// What DEL needs.
    pub(super) fn leaving(&self) -> Result<Leaving, CniError> {
        let mut faults = Vec::new();
        let (container, interface) = (self.container(&mut faults), self.interface(&mut faults));
        let netns = self.0.get("CNI_NETNS").filter(|path| !path.is_empty()).map(PathBuf::from);
        match (container, interface) {
            (Some(container), Some(interface)) => {
                Ok(Leaving { container, netns, interface, own: self.own() })
            }
            _ => Err(CniError::Environment { faults }),
        }
    }

    /// What GC needs, although it starts no other plugin.
    pub(super) fn path(&self) -> Result<(), CniError> {
        let mut faults = Vec::new();
        let path = self.needed("CNI_PATH", &mut faults).map(|_| ());
        path.ok_or(CniError::Environment { faults })
    }

    fn container(&self, faults: &mut Vec<Fault>) -> Option<CniId> {
        let text = self.needed("CNI_CONTAINERID", faults)?;
        let id = text.parse::<CniId>();
        id.map_err(|error| {
            faults.push(Fault::new("CNI_CONTAINERID", Some(text), error.to_string()))
        })
        .ok()
    }

    fn interface(&self, faults: &mut Vec<Fault>) -> Option<String> {
        let text = self.needed("CNI_IFNAME", faults)?;
        match interface_flaw(text) {
            None => Some(text.to_owned()),
            Some(flaw) => {
                let reason = format!("is not an interface name: {flaw}");
                faults.push(Fault::new("CNI_IFNAME", Some(text), reason));
                None
            }
        }
    }

    fn own(&self) -> OwnNamespace {
        let text = self.text("CNI_NETNS_OVERRIDE");
        let is_meant = text == "1" || text.eq_ignore_ascii_case("true");
        if is_meant { OwnNamespace::Allow } else { OwnNamespace::Refuse }
    }

    /// A variable that may be missing or empty.
    pub(super) fn optional(&self, name: &'static str, faults: &mut Vec<Fault>) -> Option<&str> {
        self.0.get(name).filter(|value| !value.is_empty())?;
        self.needed(name, faults)
    }

    fn needed(&self, name: &'static str, faults: &mut Vec<Fault>) -> Option<&str> {
        let reason = match self.0.get(name).map(|value| value.to_str()) {
            None => "is missing",
            Some(None) => "is not UTF-8",
            Some(Some("")) => "is empty",
            Some(Some(text)) if text.contains('\0') => "holds a zero byte",
            Some(Some(text)) => return Some(text),
        };
        faults.push(Fault::new(name, None, reason));
        None
    }
}

/// What to say of a command that is not known.
pub(super) fn unknown_command(command: &str) -> CniError {
    let reason = "is no command; they are ADD, DEL, CHECK, GC, STATUS and VERSION";
    CniError::Environment { faults: vec![Fault::new("CNI_COMMAND", Some(command), reason)] }
}

/// What is wrong with an interface's name (CNI 1.1.0, "Parameters").
fn interface_flaw(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST_INTERFACE {
        return Some("it has more than 15 characters");
    }
    if text == "." || text == ".." {
        return Some("it is a folder's name");
    }
    let is_bad = |c: char| c == '/' || c == ':' || c.is_whitespace();
    text.contains(is_bad).then_some("it holds a slash, a colon or white space")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_interfaces() {
        for name in ["eth0", "net1.100", "a@b", "123456789012345", "...", "eth*"] {
            assert_eq!(interface_flaw(name), None, "{name}");
        }
        for name in ["1234567890123456", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\u{a0}"] {
            assert!(interface_flaw(name).is_some(), "{name}");
        }
    }
}
