//! The kept original of a file that we changed: beside it, under a name that no runtime reads.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder::{File, Folder, Owner, file};

/// How the names of files that we keep begin.
pub(in crate::install) const PREFIX: &str = "nftdivert.";
/// What the first line of a kept file says that it is.
const WHAT: &str = "the original of a network configuration; nftdivert uninstall puts it back";

/// A kept original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The name that it had.
    pub(super) name: String,
    /// The name of the file with our entry that stands for it now.
    pub(super) wrote: String,
    /// The digest of what stands around our entry there.
    pub(super) around: String,
    /// The original.
    pub(super) file: File,
}

/// Why it is kept; the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// To be put back.
    Original,
    /// It was mended, and is kept to be looked at.
    Broken,
}

/// The first line of the kept file. The original follows, byte for byte.
#[derive(Serialize, Deserialize)]
struct Header {
    nftdivert: String,
    version: u32,
    name: String,
    wrote: String,
    around: String,
    mode: u32,
    link: Option<PathBuf>,
    /// User and group; not written where both are root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<[u32; 2]>,
    sha256: String,
}

impl Why {
    fn ending(self) -> &'static str {
        match self {
            Why::Original => ".kept",
            Why::Broken => ".broken",
        }
    }
}

/// The name under which the original of the file `name` is kept.
pub(super) fn kept_name(name: &str, why: Why) -> String {
    format!("{PREFIX}{name}{}", why.ending())
}

/// The digest of a text.
pub(super) fn digest(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of what stands around our entry.
pub(super) fn around_digest([before, behind]: &[Vec<u8>; 2]) -> String {
    digest(format!("{} {}", digest(before), digest(behind)).as_bytes())
}

/// All files of the folder that are kept for this reason. What has such a name and is not ours is
/// not among them.
pub(super) fn all(folder: &Folder, why: Why) -> Vec<Kept> {
    let ours = folder.keys().filter(|name| name.starts_with(PREFIX));
    ours.filter_map(|name| {
        let kept = Kept::read(&file(folder, name)?.bytes)?;
        (kept_name(&kept.name, why) == *name).then_some(kept)
    })
    .collect()
}

impl Kept {
    /// The file in which it is kept.
    pub(super) fn to_file(&self) -> File {
        let header = Header {
            nftdivert: WHAT.to_owned(),
            version: 1,
            name: self.name.clone(),
            wrote: self.wrote.clone(),
            around: self.around.clone(),
            mode: self.file.mode,
            link: self.file.link.clone(),
            owner: self.file.owner.map(|it| [it.uid, it.gid]).filter(|it| *it != [0, 0]),
            sha256: digest(&self.file.bytes),
        };
        let mut bytes = serde_json::to_vec(&header).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.file.bytes);
        // No more than the original may be read by anybody.
        File::new(bytes, self.file.mode & 0o600)
    }

    /// `None` where this is not what we write.
    fn read(bytes: &[u8]) -> Option<Kept> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
        let original = &bytes[end + 1..];
        let is_ours = header.nftdivert == WHAT
            && header.version == 1
            && header.sha256 == digest(original)
            // Names of this folder only, whoever wrote the header.
            && [&header.name, &header.wrote].iter().all(|name| !name.contains('/'));
        let [uid, gid] = header.owner.unwrap_or_default();
        is_ours.then(|| Kept {
            name: header.name,
            wrote: header.wrote,
            around: header.around,
            file: File {
                bytes: original.to_vec(),
                mode: header.mode & 0o7777,
                link: header.link,
                owner: Some(Owner { uid, gid }),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::{Found, is_read};
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let kept = Kept {
            name: "10-a.conf".into(),
            wrote: "10-a.conflist".into(),
            around: digest(b"x"),
            file: File {
                bytes: b"\xff\n\nno JSON".to_vec(),
                mode: 0o640,
                link: Some("..data/10-a.conf".into()),
                owner: Some(Owner { uid: 1000, gid: 7 }),
            },
        };
        let name = kept_name(&kept.name, Why::Original);
        assert!(!is_read(&name) && !is_read(&kept_name("a.conf", Why::Broken)));
        let stored = kept.to_file();
        assert_eq!(stored.mode, 0o600);
        let mut folder = Folder::from([(name, Found::File(stored.clone()))]);
        let found = all(&folder, Why::Original);
        assert_eq!(found[0].file.owner, kept.file.owner);
        assert_eq!(found, [kept]);
        assert_eq!(all(&folder, Why::Broken), []);
        folder.insert(kept_name("other", Why::Original), Found::File(stored.clone()));
        assert_eq!(all(&folder, Why::Original).len(), 1, "a copy under another name is not ours");
        let mut cut = stored.bytes.clone();
        cut.pop();
        assert_eq!(Kept::read(&cut), None, "something is missing");
        assert_eq!(Kept::read(b"{}\n"), None);
    }
}
