//! DEL: takes away what an ADD of the same network did; it never fails, for the pod must go.

use crate::apply::{Captured, RemoveOptions, Target, remove, status};
use crate::words::CniId;

use super::place;
use super::reply::Reply;
use super::request::Detachment;

/// What a record holds of a source at most is 60 characters: an interface's name has 15.
const NAME_MAX: usize = 36;

/// What the source of every ADD begins with.
pub(super) const MARK: &str = "cni ";

pub(super) fn run(del: &Detachment) -> Reply {
    let source = source(&del.network, &del.interface);
    let Some(netns) = &del.netns else {
        tracing::debug!("no namespace is named: its rules went with it");
        return Reply::Nothing;
    };
    match place::enter(netns, del.own) {
        Ok(target) => take_away(&target, &source),
        Err(error) => tracing::debug!(%error, "nothing to take away"),
    }
    Reply::Nothing
}

/// What an ADD writes into its record, by which a DEL knows what is its own.
pub(super) fn source(network: &CniId, interface: &str) -> String {
    let name: String = network.as_str().chars().take(NAME_MAX).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let interface: String = interface.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{MARK}{name} {interface}")
}

/// Takes away what was put there from `source`. What fails is logged: the kernel takes the rules away
/// with the namespace, and a DEL that fails would only keep the pod from going.
pub(super) fn take_away(target: &Target, source: &str) {
    match status(target).map(|status| status.source) {
        Ok(Some(recorded)) if !is_of(&recorded, source) => {
            tracing::info!(recorded, "capture was applied by somebody else: it stays");
            return;
        }
        // Without a record it is an ADD that was cut off, or nothing.
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "what is applied can't be told: it stays");
            return;
        }
    }
    match remove(target, &RemoveOptions { captured: Captured::Cut, progress: &|_| {} }) {
        Ok(removed) => tracing::info!(was_there = removed.was_there, "capture taken away"),
        Err(error) => tracing::warn!(%error, "capture can't be taken away: it goes with the pod"),
    }
}

/// A record with much to undo keeps the end of its source only.
fn is_of(recorded: &str, source: &str) -> bool {
    !recorded.is_empty() && source.ends_with(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_fit_into_records_and_tell_networks_apart() {
        let long: CniId = "n".repeat(80).parse().unwrap();
        assert!(source(&long, "123456789012345").len() <= 60);
        let mine = source(&"mesh".parse().unwrap(), "eth*0");
        assert_eq!(mine, "cni mesh eth_0");
        assert!(is_of(&mine, &mine) && is_of("mesh eth_0", &mine));
        for other in ["cni mesh eth1", "cni other eth_0", "mesh.yaml", ""] {
            assert!(!is_of(other, &mine), "{other}");
        }
    }
}
