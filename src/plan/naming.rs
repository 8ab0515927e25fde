//! Names of interval sets: other elements, another name.

use sha2::{Digest, Sha256};

use crate::ruleset::{Name, Set};

/// The set's name with a digest of its elements.
///
/// A set that comes before the rules which look it up can't have the name of the one that the rules
/// of now look up.
pub(super) fn by_elements(set: &Set) -> Name {
    let mut digest = Sha256::new();
    for element in &set.elements {
        digest.update(element.first.bytes(20));
        digest.update(element.last.bytes(20));
    }
    let digest = digest.finalize();
    let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{digits}", set.name).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::{Interval, KeyType, SetFlags};

    fn set(elements: &[(u128, u128)]) -> Set {
        let elements = elements.iter().map(|(a, b)| Interval::between(*a, *b)).collect();
        let (key, flags) = (KeyType::InetService, SetFlags::INTERVAL);
        Set { name: "ports".into(), key, flags, elements }
    }

    #[test]
    fn other_elements_have_another_name() {
        let names = [&[(1, 2), (4, 4)][..], &[(1, 2), (4, 5)], &[(1, 4)], &[(1, 2)]]
            .map(|elements| by_elements(&set(elements)));
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_eq!(by_elements(&set(&[(1, 2)])), names[3]);
        assert!(names.iter().all(|name| name.starts_with("ports_") && name.len() == 14));
    }
}
