//! The path of a cgroup v2.

use std::fmt;
use std::str::FromStr;

use super::WordError;

/// The longest path in bytes: the kernel's `PATH_MAX`.
const LONGEST: usize = 4096;
/// The longest component in bytes: the kernel's `NAME_MAX`.
const LONGEST_COMPONENT: usize = 255;
/// The deepest group that a rule can name: the kernel's `nft_socket` refuses levels above 255.
const DEEPEST: usize = 255;

/// The path of a cgroup v2 from the root of the hierarchy, such as `/kubepods/pod1/envoy`; what
/// `/proc/PID/cgroup` shows behind `0::`. Never the root itself, which every process is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CgroupPath(Box<str>);

impl CgroupPath {
    /// The path, with its leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names on the way from the root, at least one.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// How many components it has, 1-255.
    pub fn depth(&self) -> u8 {
        u8::try_from(self.components().count()).unwrap_or(u8::MAX)
    }
}

impl FromStr for CgroupPath {
    type Err = WordError;

    /// Reads the path as the kernel writes it.
    fn from_str(text: &str) -> Result<CgroupPath, WordError> {
        match flaw(text) {
            Some(reason) => Err(WordError::CgroupPath(reason)),
            None => Ok(CgroupPath(text.into())),
        }
    }
}

impl fmt::Display for CgroupPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn flaw(text: &str) -> Option<&'static str> {
    let Some(below) = text.strip_prefix('/') else {
        return Some("it must begin with /, the root of the hierarchy");
    };
    if below.is_empty() {
        return Some("the root holds every process");
    }
    if text.len() > LONGEST {
        return Some("it has more than 4096 bytes");
    }
    if text.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    // nft writes the path between quotes, and has no way to escape one.
    if text.contains('"') {
        return Some("it holds a quote");
    }
    if below.split('/').count() > DEEPEST {
        return Some("it has more than 255 components");
    }
    below.split('/').find_map(component_flaw)
}

fn component_flaw(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it has an empty component; write single slashes, and none at the end"),
        "." | ".." => Some("it holds . or .., which no group is called"),
        _ if name.len() > LONGEST_COMPONENT => {
            Some("one of its components has more than 255 bytes")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_paths() {
        let paths = [
            ("/mesh", 1),
            ("/kubepods/pod1/envoy", 3),
            ("/system.slice/envoy@1.service", 2),
            ("/a/system-my\\x2dmesh.slice", 2),
            ("/user.slice/with blank/...", 3),
        ];
        for (text, depth) in paths {
            let path: CgroupPath = text.parse().unwrap();
            assert_eq!((path.depth(), path.to_string().as_str()), (depth, text));
        }
        let path: CgroupPath = "/kubepods/pod1/envoy".parse().unwrap();
        assert_eq!(path.components().collect::<Vec<_>>(), ["kubepods", "pod1", "envoy"]);
    }

    #[test]
    fn the_limits_are_in() {
        let deepest: CgroupPath = "/a".repeat(255).parse().unwrap();
        assert_eq!(deepest.depth(), 255);
        let name = "n".repeat(255);
        assert!(format!("/{name}").parse::<CgroupPath>().is_ok());
        let longest = format!("/{name}").repeat(16);
        assert_eq!(longest.len(), LONGEST);
        assert!(longest.parse::<CgroupPath>().is_ok());
    }

    #[test]
    fn refused_paths() {
        let (name, long) = ("n".repeat(256), format!("/{}", "n".repeat(255)).repeat(16));
        let paths = [
            ("", "begin with /"),
            ("mesh", "begin with /"),
            ("/", "the root"),
            ("//", "empty component"),
            ("/a//b", "empty component"),
            ("/a/", "empty component"),
            ("/a/../b", ". or .."),
            ("/./b", ". or .."),
            ("/a\0b", "control character"),
            ("/a\nb", "control character"),
            ("/a\"b", "quote"),
            (&"/a".repeat(256), "more than 255 components"),
            (&format!("/{name}"), "more than 255 bytes"),
            (&format!("{long}/n"), "more than 4096 bytes"),
        ];
        for (text, says) in paths {
            let error = text.parse::<CgroupPath>().unwrap_err().to_string();
            assert!(error.starts_with("is not the path of a cgroup; "), "{text:?}: {error}");
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
