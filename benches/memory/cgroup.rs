//! A memory cgroup of this program's own: what the kernel allocates on its behalf is charged there.

use std::fs;
use std::path::{Path, PathBuf};

/// A cgroup (version 1) below the one that this program was started in. The program goes back when
/// this ends.
pub(crate) struct Cgroup {
    home: PathBuf,
    own: PathBuf,
}

impl Cgroup {
    /// Makes and joins it; `None` where no memory controller of version 1 is mounted.
    pub(crate) fn join() -> Option<Self> {
        let mine = fs::read_to_string("/proc/self/cgroup").unwrap();
        let of_memory = |line: &str| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            controllers.split(',').any(|one| one == "memory").then(|| path.to_owned())
        };
        let path = mine.lines().find_map(of_memory)?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mount = mounts.lines().find_map(memory_mount)?;
        let home = Path::new(&mount).join(path.trim_start_matches('/'));
        let own = home.join(format!("nftdivert-bench-{}", std::process::id()));
        fs::create_dir(&own).ok()?;
        fs::write(own.join("cgroup.procs"), "0").unwrap();
        Some(Self { home, own })
    }

    /// Bytes of kernel memory that are charged now.
    pub(crate) fn bytes(&self) -> i64 {
        let text = fs::read_to_string(self.own.join("memory.kmem.usage_in_bytes")).unwrap();
        text.trim().parse().unwrap()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        if fs::write(self.home.join("cgroup.procs"), "0").is_ok() {
            fs::remove_dir(&self.own).ok();
        }
    }
}

/// Where the memory controller of version 1 is mounted, if this line of mountinfo says so.
fn memory_mount(line: &str) -> Option<String> {
    let (mount, system) = line.split_once(" - ")?;
    let mut system = system.split(' ');
    let is_memory = system.next() == Some("cgroup")
        && system.nth(1)?.split(',').any(|option| option == "memory");
    is_memory.then(|| mount.split(' ').nth(4).map(str::to_owned)).flatten()
}
