//! Which containers still live, as GC is told.

use serde::Deserialize;

use crate::cni::CniError;
use crate::policy::{Fault, PolicyError};

use super::Object;

/// The keys of the list: that of the specification, and that of libcni's first releases with GC.
const LISTS: [&str; 2] = ["cni.dev/valid-attachments", "cni.dev/attachments"];

/// A container that lives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attached {
    /// Its id.
    #[serde(rename = "containerID")]
    pub container: String,
    /// Its interface.
    #[serde(rename = "ifname")]
    pub interface: String,
}

/// The list; `None` where there is none.
///
/// # Errors
/// A list is there and is none that can be read; all faults at once.
pub(super) fn read(object: &Object) -> Result<Option<Vec<Attached>>, CniError> {
    let (mut faults, mut all) = (Vec::new(), None);
    for key in LISTS {
        match object.value::<Vec<Attached>>(key) {
            Ok(Some(list)) => all.get_or_insert_with(Vec::new).extend(list),
            Ok(None) => {}
            Err(reason) => faults.push(Fault::new(key, object.get(key), reason)),
        }
    }
    match PolicyError::of("", faults) {
        Some(error) => Err(CniError::Config(error)),
        None => Ok(all),
    }
}
