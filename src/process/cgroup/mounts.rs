//! Where a cgroup hierarchy is mounted, as `mountinfo` tells (proc_pid_mountinfo(5)).

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The calling thread's, which may have a mount namespace of its own.
pub(super) const MOUNTINFO: &str = "/proc/thread-self/mountinfo";

/// A hierarchy of cgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// Version 2.
    V2,
    /// Version 1, the one with the controller net_cls.
    NetCls,
}

/// A place where a hierarchy, or a part of it, is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// The kernel's number of the mount.
    pub(super) id: u64,
    /// The group that is mounted, seen from the root of the reader's cgroup namespace: `/..` in
    /// front where it lies above.
    pub(super) root: PathBuf,
    /// The directory where it is mounted.
    pub(super) point: PathBuf,
}

/// The mounts of the hierarchy that the calling thread sees, those that show the most first.
///
/// Some may be hidden under another mount.
pub(super) fn mounts(hierarchy: Hierarchy) -> io::Result<Vec<Mount>> {
    Ok(parse(&fs::read(MOUNTINFO)?, hierarchy))
}

fn parse(text: &[u8], hierarchy: Hierarchy) -> Vec<Mount> {
    let lines = text.split(|byte| *byte == b'\n');
    let mut found: Vec<Mount> = lines.filter_map(|line| mount(line, hierarchy)).collect();
    found.sort_by_key(|mount| mount.root.components().count());
    found
}

/// The mount of one line, if it is of the hierarchy.
fn mount(line: &[u8], hierarchy: Hierarchy) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let (root, point) = (fields.nth(2)?, fields.next()?);
    // Optional fields follow, as many as there are, then a dash.
    fields.find(|field| *field == b"-")?;
    let (kind, options) = (fields.next()?, fields.nth(1)?);
    let is_wanted = match hierarchy {
        Hierarchy::V2 => kind == b"cgroup2",
        Hierarchy::NetCls => {
            kind == b"cgroup" && options.split(|byte| *byte == b',').any(|name| name == b"net_cls")
        }
    };
    is_wanted.then(|| Mount { id, root: unescaped(root), point: unescaped(point) })
}

/// Blanks, tabs, line ends and backslashes are written as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::with_capacity(field.len()), field);
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..3).filter(|_| *first == b'\\').and_then(octal);
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &behind[3..] } else { behind };
    }
    OsString::from_vec(bytes).into()
}

fn octal(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    digits.chars().all(|c| c.is_digit(8)).then(|| u8::from_str_radix(digits, 8).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &[u8] = b"\
23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:2 master:1 - cgroup cgroup rw,cpu
40 31 0:37 / /sys/fs/cgroup/net_cls,net_prio rw - cgroup cgroup rw,net_cls,net_prio
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:3 - cgroup2 cgroup2 rw,nsdelegate
";

    fn of(text: &[u8], hierarchy: Hierarchy) -> Vec<(u64, String, String)> {
        let words = |path: PathBuf| path.to_str().unwrap().to_owned();
        let found = parse(text, hierarchy).into_iter();
        found.map(|mount| (mount.id, words(mount.root), words(mount.point))).collect()
    }

    fn one(id: u64, root: &str, point: &str) -> Vec<(u64, String, String)> {
        vec![(id, root.to_owned(), point.to_owned())]
    }

    #[test]
    fn a_host_with_both_versions() {
        assert_eq!(of(HYBRID, Hierarchy::V2), one(41, "/", "/sys/fs/cgroup/unified"));
        let net_cls = one(40, "/", "/sys/fs/cgroup/net_cls,net_prio");
        assert_eq!(of(HYBRID, Hierarchy::NetCls), net_cls);
    }

    #[test]
    fn other_controllers_and_sources_named_alike_do_not_count() {
        let text = b"\
7 1 0:3 / /a rw - cgroup net_cls rw,cpu
8 1 0:4 / /b rw - tmpfs cgroup2 rw
9 1 0:5 / /c rw - cgroup none rw,net_cls_not
";
        assert_eq!(of(text, Hierarchy::V2), []);
        assert_eq!(of(text, Hierarchy::NetCls), []);
    }

    #[test]
    fn octal_escapes() {
        let text = b"9 1 0:5 /with\\040blank /a\\011b\\012c\\134d\\0401 rw - cgroup2 none rw";
        assert_eq!(of(text, Hierarchy::V2), one(9, "/with blank", "/a\tb\nc\\d 1"));
        for (field, plain) in [("\\", "\\"), ("a\\04", "a\\04"), ("\\999", "\\999")] {
            assert_eq!(unescaped(field.as_bytes()), PathBuf::from(plain));
        }
    }

    #[test]
    fn the_mount_that_shows_the_most_comes_first() {
        let text = b"\
5 1 0:3 /kubepods/pod1 /pod rw - cgroup2 none rw
6 1 0:3 /kubepods /kubepods rw - cgroup2 none rw
7 1 0:3 / /all rw - cgroup2 none rw
";
        let ids: Vec<u64> = parse(text, Hierarchy::V2).iter().map(|mount| mount.id).collect();
        assert_eq!(ids, [7, 6, 5]);
    }

    #[test]
    fn lines_that_are_cut_are_none() {
        let line = "41 31 0:38 / /sys/fs/cgroup rw shared:3 - cgroup2 cgroup2 rw";
        for end in 0..line.len() - 2 {
            assert_eq!(parse(&line.as_bytes()[..end], Hierarchy::V2), [], "{}", &line[..end]);
        }
    }
}
