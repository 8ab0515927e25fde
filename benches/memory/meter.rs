//! What the kernel says about its memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cgroup::Cgroup;

/// All counts at one moment, in bytes.
pub(crate) struct Reading {
    /// By slab cache: objects in use, and the bytes of one.
    pub(crate) caches: BTreeMap<String, (i64, i64)>,
    /// Slabs that can't be reclaimed, with large allocations; memory of each CPU; page tables of
    /// vmalloc.
    pub(crate) system: i64,
    /// Charged to this program's cgroup.
    pub(crate) charged: Option<i64>,
}

impl Reading {
    pub(crate) fn now(cgroup: Option<&Cgroup>) -> Self {
        // First: reading allocates.
        let charged = cgroup.map(Cgroup::bytes);
        let slabs = fs::read_to_string("/proc/slabinfo").unwrap();
        let info = fs::read_to_string("/proc/meminfo").unwrap();
        let system = ["SUnreclaim:", "Percpu:", "VmallocUsed:"].map(|name| kilobytes(&info, name));
        Self {
            caches: slabs.lines().skip(2).map(cache).collect(),
            system: system.iter().sum::<i64>() * 1024,
            charged,
        }
    }
}

/// Name, `<active_objs>` and `<objsize>` of a line of slabinfo.
fn cache(line: &str) -> (String, (i64, i64)) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |place: usize| words[place].parse().unwrap();
    (words[0].to_owned(), (number(1), number(3)))
}

fn kilobytes(info: &str, name: &str) -> i64 {
    let line = info.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Whether the kernel can take the objects of this cache away when memory is short, such as
/// directory entries of /proc that were looked up.
pub(crate) fn is_reclaimable(cache: &str) -> bool {
    let file = Path::new("/sys/kernel/slab").join(cache).join("reclaim_account");
    fs::read_to_string(file).is_ok_and(|text| text.trim() == "1")
}
