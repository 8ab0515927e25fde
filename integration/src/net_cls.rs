//! A class of net_cls (cgroup v1) to tell a test's sockets apart by.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// A group of net_cls in a mount of its own; both are taken away at the end.
#[derive(Debug)]
pub struct NetCls {
    folder: tempfile::TempDir,
    group: PathBuf,
}

impl NetCls {
    /// Mounts net_cls and makes a group of this class; one at a time in a process.
    #[track_caller]
    pub fn new(class: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let group = folder.path().join(format!("nftdivert-class-{}", std::process::id()));
        let mut mount = Command::new("mount");
        mount.args(["-t", "cgroup", "-o", "net_cls", "none"]).arg(folder.path());
        assert!(mount.status().expect("mount").success());
        let made = Self { folder, group };
        fs::create_dir(&made.group).expect("a group");
        fs::write(made.group.join("net_cls.classid"), class).expect("a class");
        made
    }

    /// Its directory, for members.
    pub fn group(&self) -> &Path {
        &self.group
    }
}

impl Drop for NetCls {
    fn drop(&mut self) {
        // A thread that was joined leaves its cgroup a moment later.
        for _ in 0..1000 {
            if fs::remove_dir(&self.group).is_ok() {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        let gone = Command::new("umount").arg(self.folder.path()).status();
        if !gone.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.folder.path().display());
        }
    }
}
