//! What is answered, in the form of the specification.

use serde_json::{Value, json};

use super::error::CniError;
use super::request::{Object, SUPPORTED, SpecVersion, compact};

/// An answer to a request that was fulfilled.
#[derive(Debug)]
pub enum Reply {
    /// The result of an ADD: that of the plugin before, or an empty one.
    Result(Option<Object>),
    /// Nothing on standard output.
    Nothing,
    /// The versions that are supported.
    Versions,
}

impl Reply {
    /// The text for standard output, in this version.
    ///
    /// # Errors
    /// It can't be written as JSON.
    pub fn text(&self, version: SpecVersion) -> Result<String, serde_json::Error> {
        match self {
            Self::Nothing => Ok(String::new()),
            Self::Versions => line(&json!({
                "cniVersion": version.as_str(),
                "supportedVersions": SUPPORTED,
            })),
            // What is not understood stays; the version is that of the request.
            Self::Result(Some(result)) => {
                line(&result.with("cniVersion", version.as_str())).map(|text| compact(&text) + "\n")
            }
            // What libcni's own plugins print, in every version: empty lists are left out.
            Self::Result(None) => line(&json!({ "cniVersion": version.as_str(), "dns": {} })),
        }
    }
}

/// The error object, in this version.
#[must_use]
pub fn error_object(version: SpecVersion, error: &CniError) -> Value {
    json!({
        "cniVersion": version.as_str(),
        "code": error.code() as u8,
        "msg": error.to_string(),
        "details": error.details(),
    })
}

fn line(value: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|text| format!("{text}\n"))
}
