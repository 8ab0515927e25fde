//! Which settings a pod may say.

use std::collections::BTreeSet;

use crate::policy::{Fault, SETTINGS};

/// What can be permitted: what is captured, and how it comes to the proxy. Who the proxy is, marks and
/// tables of the node, and everything else are the administrator's.
const CAPTURE: [&str; 5] = ["inbound", "outbound", "interfaces", "dns", "ipv6"];
const NEVER: [&str; 1] = ["inbound.tproxy"];

/// Settings that a pod may say, by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit(BTreeSet<&'static str>);

impl Permit {
    /// Reads a list of settings and of sections, which stand for all settings in them.
    pub(super) fn read(entries: &[String], faults: &mut Vec<Fault>) -> Self {
        let mut permitted = BTreeSet::new();
        for (index, entry) in entries.iter().enumerate() {
            let named: Vec<&'static str> = SETTINGS
                .iter()
                .map(|setting| setting.path)
                .filter(|path| is_in(path, entry))
                .collect();
            let reason = match named.iter().any(|path| can_be_permitted(path)) {
                true => {
                    permitted.extend(named.into_iter().filter(|path| can_be_permitted(path)));
                    continue;
                }
                false if named.is_empty() => "is no setting and no section of a policy",
                false => "is the administrator's alone: no pod may say it",
            };
            faults.push(Fault::new(&format!("permit[{index}]"), Some(entry), reason));
        }
        Self(permitted)
    }

    /// Whether a pod may say the setting at this path.
    #[must_use]
    pub fn allows(&self, path: &str) -> bool {
        self.0.contains(path)
    }
}

/// Whether this setting could be permitted at all.
fn can_be_permitted(path: &str) -> bool {
    CAPTURE.iter().any(|section| is_in(path, section))
        && !NEVER.iter().any(|section| is_in(path, section))
}

fn is_in(path: &str, section: &str) -> bool {
    path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[&str]) -> (Permit, Vec<String>) {
        let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
        let mut faults = Vec::new();
        let permit = Permit::read(&entries, &mut faults);
        (permit, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn settings_and_sections() {
        let (permit, faults) = read(&["inbound", "outbound.ranges", "ipv6"]);
        assert_eq!(faults, Vec::<String>::new());
        for path in ["inbound.ports", "inbound.mode", "outbound.ranges", "ipv6"] {
            assert!(permit.allows(path), "{path}");
        }
        for path in ["inbound.tproxy.mark", "outbound.excludePorts", "proxy.uids", "dns.capture"] {
            assert!(!permit.allows(path), "{path}");
        }
        assert!(!Permit::default().allows("inbound.ports"));
    }

    #[test]
    fn what_is_the_administrators_cannot_be_permitted() {
        let (permit, faults) =
            read(&["proxy", "proxy.uids", "existing", "inbound.tproxy", "inboun", ""]);
        assert_eq!(permit, Permit::default());
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(faults[0].starts_with("permit[0]: proxy: is the administrator's"), "{faults:?}");
        assert!(faults[4].starts_with("permit[4]: inboun: is no setting"), "{faults:?}");
    }
}
