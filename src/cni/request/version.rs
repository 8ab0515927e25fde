//! Versions of the CNI specification.

use std::fmt;

use crate::cni::CniError;

/// The versions that are supported, the oldest first.
pub const SUPPORTED: [&str; 7] = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// A version of the specification, older ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpecVersion {
    /// The first.
    V0_1_0,
    /// With VERSION.
    V0_2_0,
    /// With chains.
    V0_3_0,
    /// The same.
    V0_3_1,
    /// With CHECK.
    V0_4_0,
    /// Without single-plugin configurations.
    V1_0_0,
    /// With GC and STATUS.
    V1_1_0,
}

impl SpecVersion {
    /// The newest that is supported.
    pub const NEWEST: SpecVersion = SpecVersion::V1_1_0;

    const ALL: [SpecVersion; 7] = [
        SpecVersion::V0_1_0,
        SpecVersion::V0_2_0,
        SpecVersion::V0_3_0,
        SpecVersion::V0_3_1,
        SpecVersion::V0_4_0,
        SpecVersion::V1_0_0,
        SpecVersion::V1_1_0,
    ];

    /// As a configuration writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        SUPPORTED[self as usize]
    }

    /// The version of this text; empty means the first, as in libcni.
    ///
    /// # Errors
    /// It is another version, or none at all.
    pub fn read(text: &str) -> Result<SpecVersion, CniError> {
        if text.is_empty() {
            return Ok(SpecVersion::V0_1_0);
        }
        if let Some(version) = SpecVersion::ALL.into_iter().find(|version| version.as_str() == text)
        {
            return Ok(version);
        }
        let is_number = |part: &str| {
            !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let found = crate::policy::shown(text);
        match text.split('.').all(is_number) {
            true => Err(CniError::Version { found }),
            false => Err(CniError::Json {
                reason: format!("cniVersion: {found}: must be a version, such as 1.0.0"),
            }),
        }
    }
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_versions() {
        for text in SUPPORTED {
            assert_eq!(SpecVersion::read(text).unwrap().as_str(), text);
        }
        assert_eq!(SpecVersion::read("").unwrap(), SpecVersion::V0_1_0);
        let code = |text| SpecVersion::read(text).unwrap_err().code() as u8;
        assert_eq!(["1.2.0", "2.0.0", "1.1", "0.3.2"].map(code), [1, 1, 1, 1]);
        assert_eq!(["v1.0.0", "1.0.0-rc1", "1..0", " ", "1.0.0\n"].map(code), [6, 6, 6, 6, 6]);
        assert!(SpecVersion::V0_4_0 > SpecVersion::V0_3_1);
    }
}
