//! A cgroup for single threads, made for as long as it is needed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::DemoError;

/// How long the kernel may take to see the last thread off: one that was joined leaves its cgroup
/// a moment later (6.18).
const LAST_THREAD: Duration = Duration::from_secs(1);
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// A threaded cgroup of version 2 below that of this process; dropping it sends the threads that
/// joined it back up, and removes it.
#[derive(Debug)]
pub struct Cgroup {
    directory: PathBuf,
    path: String,
}

impl Cgroup {
    /// Makes it. A thread can only go to a cgroup below the one that its process is in.
    ///
    /// # Errors
    /// No cgroup2 is mounted, it can't be written to, or the cgroup of this process can have no
    /// threaded ones below it, because it passes controllers on.
    pub fn below_own(name: &str) -> Result<Self, DemoError> {
        let (directory, path) = own()?;
        let (directory, path) = (directory.join(name), format!("{path}/{name}"));
        let at = directory.display().to_string();
        fs::create_dir(&directory).map_err(failed("make the cgroup", &at))?;
        let made = Self { directory, path };
        let threaded = fs::write(made.directory.join("cgroup.type"), "threaded");
        threaded.map_err(failed("make threaded the cgroup", &at))?;
        Ok(made)
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its path from the root of the hierarchy, with a slash in front.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let limit = Instant::now() + LAST_THREAD;
        while let Err(error) = fs::remove_dir(&self.directory) {
            if error.kind() != io::ErrorKind::ResourceBusy || Instant::now() > limit {
                return tracing::warn!(%error, directory = ?self.directory, "cgroup stays");
            }
            self.send_back();
            sleep(BETWEEN_TRIES);
        }
    }
}

impl Cgroup {
    /// Moves all threads up to the cgroup of their process. Those that end meanwhile are no loss.
    fn send_back(&self) {
        let Some(above) = self.directory.parent() else { return };
        let threads = fs::read_to_string(self.directory.join("cgroup.threads"));
        for thread in threads.unwrap_or_default().lines() {
            let moved = fs::write(above.join("cgroup.threads"), thread);
            tracing::debug!(thread, ?moved, "thread left the demo's cgroup");
        }
    }
}

fn failed<'a>(
    operation: &'static str,
    directory: &'a str,
) -> impl FnOnce(io::Error) -> DemoError + 'a {
    move |source| DemoError::Cgroup { operation, directory: directory.to_owned(), source }
}

/// The directory of this process's cgroup and its path in the hierarchy, without a slash at the
/// end.
fn own() -> Result<(PathBuf, String), DemoError> {
    let read = |path: &str| fs::read_to_string(path).map_err(DemoError::io("read", path));
    let (groups, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
    find(&groups, &mounts).ok_or(DemoError::NoCgroup)
}

/// The same by `/proc/self/cgroup` and `/proc/self/mountinfo`, see proc(5).
fn find(groups: &str, mounts: &str) -> Option<(PathBuf, String)> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let below = Path::new(own).strip_prefix(root).ok()?;
        let is_it = kind.starts_with("cgroup2 ");
        is_it.then(|| (Path::new(point).join(below), own.trim_end_matches('/').to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
        30 23 0:26 / /sys/fs/cgroup rw shared:4 - tmpfs tmpfs rw\n\
        31 30 0:27 / /sys/fs/cgroup/memory rw shared:5 - cgroup cgroup rw,memory\n\
        40 30 0:36 / /sys/fs/cgroup/unified rw shared:14 - cgroup2 cgroup2 rw\n";

    fn found(groups: &str, mounts: &str) -> Option<(String, String)> {
        let (directory, path) = find(groups, mounts)?;
        Some((directory.to_str()?.to_owned(), path))
    }

    #[test]
    fn the_own_cgroup_is_found_wherever_it_is_mounted() {
        let at = |directory: &str, path: &str| Some((directory.to_owned(), path.to_owned()));
        let groups = "4:memory:/a\n0::/\n";
        assert_eq!(found(groups, HYBRID), at("/sys/fs/cgroup/unified/", ""));
        assert_eq!(found("0::/a/b\n", HYBRID), at("/sys/fs/cgroup/unified/a/b", "/a/b"));
        let part = "40 30 0:36 /a /mnt rw - cgroup2 none rw";
        assert_eq!(found("0::/a/b\n", part), at("/mnt/b", "/a/b"));
        assert_eq!(found("0::/c\n", part), None);
        assert_eq!(found("4:memory:/a\n", HYBRID), None);
    }
}
