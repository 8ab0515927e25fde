//! What every network configuration has: version, name, and the result of the plugin before.

use crate::cni::CniError;
use crate::policy::{Fault, PolicyError, shown};
use crate::words::CniId;

use super::{Object, SpecVersion};

/// The longest configuration that is taken, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// A network configuration, as far as it is every plugin's.
#[derive(Debug)]
pub struct Network {
    /// Its version.
    pub version: SpecVersion,
    /// All of it.
    pub object: Object,
}

impl Network {
    /// Reads a configuration.
    ///
    /// # Errors
    /// It is no JSON object, or of a version that is not supported.
    pub fn read(stdin: &[u8]) -> Result<Self, CniError> {
        if stdin.len() > LONGEST {
            let reason = "it is longer than 8 MiB".to_owned();
            return Err(CniError::Json { reason });
        }
        let object = Object::read(stdin).map_err(|reason| CniError::Json { reason })?;
        let version: Option<String> = object
            .value("cniVersion")
            .map_err(|reason| CniError::Json { reason: format!("cniVersion: {reason}") })?;
        let version = SpecVersion::read(version.as_deref().unwrap_or_default())?;
        Ok(Self { version, object })
    }

    /// The same, if it is new enough for `command`.
    ///
    /// # Errors
    /// It is older.
    pub fn since(self, command: &'static str, since: SpecVersion) -> Result<Self, CniError> {
        let found = self.version;
        if found < since { Err(CniError::TooOld { command, since, found }) } else { Ok(self) }
    }

    /// The network's name.
    ///
    /// # Errors
    /// There is none, or it could be a path.
    pub fn named(&self) -> Result<CniId, CniError> {
        let fault = |text: Option<&str>, reason: String| {
            let faults = vec![Fault::new("name", text, reason)];
            CniError::Config(PolicyError { origin: String::new(), faults })
        };
        match self.object.value::<String>("name") {
            Err(reason) => Err(fault(self.object.get("name"), reason)),
            Ok(None) => Err(fault(None, "is missing: a network has a name".to_owned())),
            Ok(Some(name)) => name
                .parse()
                .map_err(|error: crate::words::WordError| fault(Some(&name), error.to_string())),
        }
    }

    /// Refuses a result to chain to where the version knows no chains.
    ///
    /// # Errors
    /// There is one.
    pub fn chainable(&self) -> Result<(), CniError> {
        match self.object.get("prevResult") {
            Some(value) if self.version < SpecVersion::V0_3_0 => {
                Err(CniError::PrevResult { found: self.version, value: shown(value) })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The result of the plugin before, if there is one.
    ///
    /// # Errors
    /// It is no object.
    pub fn prev_result(&self) -> Result<Option<Object>, CniError> {
        self.object.value("prevResult").map_err(|reason| {
            let faults = vec![Fault::new("prevResult", self.object.get("prevResult"), reason)];
            CniError::Config(PolicyError { origin: String::new(), faults })
        })
    }
}
