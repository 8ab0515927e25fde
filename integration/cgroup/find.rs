//! Where a group is found, and what is said where it is not.

use std::os::unix::fs::MetadataExt;

use nftdivert::process::cgroup::{CgroupId, find};

use crate::harness::{Group, Ran, among_own_mounts, binary, mount_point, program};

const FINDER: &str = env!("CARGO_BIN_EXE_cgroup_find");

fn found(path: &str) -> Result<CgroupId, String> {
    find(&path.parse().unwrap()).map_err(|error| error.to_string())
}

#[test]
fn a_group_has_its_inode_and_its_depth() {
    let group = Group::new().with("pod/envoy");
    for (path, level) in [("", 1), ("/pod", 2), ("/pod/envoy", 3)] {
        let id = found(&format!("{}{path}", group.path)).unwrap();
        let directory = group.directory.join(path.trim_start_matches('/'));
        assert_eq!(id, CgroupId { id: directory.metadata().unwrap().ino(), level });
    }
}

#[test]
fn a_group_made_anew_is_another() {
    let group = Group::new().with("envoy");
    let path = group.below("envoy");
    let first = found(&path).unwrap();
    std::fs::remove_dir(group.directory.join("envoy")).unwrap();
    std::fs::create_dir(group.directory.join("envoy")).unwrap();
    let second = found(&path).unwrap();
    assert!(first.id != second.id && first.level == second.level, "{first:?} {second:?}");
}

#[test]
fn a_group_that_is_not_there_is_refused_with_the_place_on_disk() {
    let group = Group::new();
    let error = found(&group.below("pod/envoy")).unwrap_err();
    let missing = format!("{} does not exist", group.directory.join("pod").display());
    for words in [group.below("pod/envoy").as_str(), &missing, "never match"] {
        assert!(error.contains(words), "{error}");
    }
    // A file of a group is no group.
    let error = found(&group.below("cgroup.procs")).unwrap_err();
    assert!(error.contains("cgroup.procs") && error.contains("ENOTDIR"), "{error}");
}

#[test]
fn mounts_that_are_hidden_or_show_a_part_are_seen_through() {
    let group = Group::new().with("pod/envoy");
    let (envoy, part) = (found(&group.below("pod/envoy")).unwrap(), group.directory.join("pod"));
    let elsewhere = tempfile::tempdir().unwrap();
    let look = |script: &str, path: &str| -> Ran {
        let whole = mount_point();
        let places = [&whole, &part, &elsewhere.path().to_owned()];
        let [whole, part, elsewhere] = places.map(|path| path.to_str().unwrap());
        let script = format!(r#"whole=$1 part=$2 elsewhere=$3; {script}; exec "$4" "$5""#);
        among_own_mounts(&script, &[whole, part, elsewhere, FINDER, path])
    };
    let said = format!("{} {}", envoy.id, envoy.level);
    let hide = r#"mount --bind "$part" "$elsewhere"; mount -t tmpfs none "$whole""#;
    assert_eq!(look(hide, &group.below("pod/envoy")).said(), said);
    let at = format!("{} at {}", group.below("pod"), elsewhere.path().display());
    look(hide, &group.below("other")).refused(1, &["not in what is mounted here", &at]);
    // The same mount point twice: the part lies over the whole.
    let stack = r#"mount --bind "$part" "$whole""#;
    assert_eq!(look(stack, &group.below("pod/envoy")).said(), said);
    look(stack, &group.below("other")).refused(1, &["not in what is mounted here"]);
    let cover = r#"mount -t tmpfs none "$part""#;
    look(cover, &group.below("pod/envoy")).refused(1, &["mounted over", part.to_str().unwrap()]);
    let nothing = r#"mount -t tmpfs none "$whole""#;
    look(nothing, &group.below("pod/envoy")).refused(1, &["mounted nowhere"]);
}

/// Runs the script in a cgroup, network and mount namespace whose root is the group `pod`; `$1` is
/// the finder and `$2` the command.
fn in_namespace(group: &Group, script: &str) -> Ran {
    let enter = r#"echo $$ >"$1/cgroup.procs"; shift; exec "$@""#;
    let directory = group.directory.join("pod");
    let unshare = ["unshare", "--cgroup", "--mount", "--net", "--propagation", "private"];
    let start = ["sh", "-c", enter, "-", directory.to_str().unwrap()];
    let rest = ["bash", "-euc", script, "-", FINDER, &binary()];
    program(&[&start[..], &unshare[..], &rest[..]].concat(), "")
}

#[test]
fn in_a_cgroup_namespace_paths_and_levels_count_from_its_root() {
    let group = Group::new().with("pod/envoy");
    let envoy = found(&group.below("pod/envoy")).unwrap();
    let ran = in_namespace(
        &group,
        r#"mount -t cgroup2 none /sys/fs/cgroup; ip link set lo up
           "$1" /envoy; "$2" exec --cgroup /envoy -- grep ^0: /proc/self/cgroup
           nft 'table inet t { chain o { type filter hook output priority 0
                socket cgroupv2 level 1 "envoy" udp dport 9 counter; }; }'
           echo out >/dev/udp/127.0.0.1/9
           "$2" exec --cgroup /envoy -- bash -c 'echo in >/dev/udp/127.0.0.1/9'
           nft list table inet t | grep -o 'packets 1 '"#,
    );
    assert_eq!(ran.said(), format!("{} 1\n0::/envoy\npackets 1", envoy.id));
}

#[test]
fn the_hosts_mount_in_a_cgroup_namespace_is_refused() {
    let group = Group::new().with("pod/envoy");
    let ran = in_namespace(&group, r#""$1" /envoy"#);
    ran.refused(1, &["not in what is mounted here", "/../.. at", "nsenter --cgroup"]);
}
