//! `nftdivert exec --user`: the command is that user, and can be nobody else again.

use crate::harness::{Group, Ran, among_own_mounts, binary, exec, program};

const WHO: &str = "id -u; id -g; id -G; grep -E '^(Uid|Gid):' /proc/self/status; \
                   grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | uniq";

/// What [`WHO`] says of a user with these groups and no capability.
fn nothing_but(uid: u32, gid: u32, groups: &str) -> String {
    let four = |id: u32| format!("{id}\t{id}\t{id}\t{id}");
    format!("{uid}\n{gid}\n{groups}\nUid:\t{}\nGid:\t{}\n{:016}", four(uid), four(gid), 0)
}

/// Run by a root that has a supplementary group.
fn as_user(group: &Group, user: &str) -> Ran {
    let binary = binary();
    let command = [&binary, "exec", "--cgroup", &group.path, "--user", user, "--", "sh", "-c", WHO];
    program(&[&["setpriv", "--groups", "4711"], &command[..]].concat(), "")
}

#[test]
fn a_number_has_no_supplementary_groups_and_no_capabilities() {
    let group = Group::new();
    assert_eq!(as_user(&group, "1337:1338").said(), nothing_but(1337, 1338, "1338"));
    assert_eq!(as_user(&group, "0x539:0x53a").said(), nothing_but(1337, 1338, "1338"));
    assert_eq!(as_user(&group, "2999999").said(), nothing_but(2_999_999, 2_999_999, "2999999"));
    assert_eq!(as_user(&group, "2999999:root").said(), nothing_but(2_999_999, 0, "0"));
}

#[test]
fn a_name_is_that_of_the_system_with_all_its_groups() {
    let group = Group::new();
    let files = tempfile::tempdir().unwrap();
    let (users, groups) = (files.path().join("passwd"), files.path().join("group"));
    std::fs::write(&users, "root:x:0:0::/:/bin/sh\nmesh:x:2102:2103::/:/bin/sh\n").unwrap();
    std::fs::write(&groups, "mesh:x:2103:\nlogs:x:44:mesh\ntls:x:45:root,mesh\n").unwrap();
    let as_user = |user: &str| {
        let mount = r#"mount --bind "$1" /etc/passwd; mount --bind "$2" /etc/group; shift 2
                       exec "$@""#;
        let files = [users.to_str().unwrap(), groups.to_str().unwrap()];
        let binary = binary();
        let command =
            [&binary, "exec", "--cgroup", &group.path, "--user", user, "--", "sh", "-c", WHO];
        among_own_mounts(mount, &[&files[..], &command[..]].concat())
    };
    assert_eq!(as_user("mesh").said(), nothing_but(2102, 2103, "2103 44 45"));
    assert_eq!(as_user("mesh:logs").said(), nothing_but(2102, 44, "44 45"));
    assert_eq!(as_user("2102").said(), nothing_but(2102, 2103, "2103"));
    as_user("envoy").refused(1, &["no user \"envoy\" in /etc/passwd"]);
    as_user("mesh:envoy").refused(1, &["no group \"envoy\" in /etc/group"]);
}

#[test]
fn a_user_that_is_not_there_leaves_no_trace() {
    let group = Group::new();
    let words = ["--cgroup", &group.below("envoy"), "--user", "surely-nobody", "--", "true"];
    exec(&words).refused(1, &["surely-nobody"]);
    assert!(!group.has("envoy"));
}

#[test]
fn without_user_it_stays_what_it_was() {
    let group = Group::new();
    let whole = program(&["sh", "-c", WHO], "");
    let ran = exec(&["--cgroup", &group.path, "--", "sh", "-c", WHO]);
    assert_eq!(ran.said(), whole.said());
    assert_eq!(as_user(&group, "0:0").said().lines().next(), Some("0"));
}

/// With this bit the kernel drops no capability when root becomes somebody else.
#[test]
fn securebits_keep_no_capability_alive() {
    let group = Group::new();
    let binary = binary();
    let command = [&binary, "exec", "--cgroup", &group.path, "--user", "1337:1337", "--", "sh"];
    let bits = ["setpriv", "--securebits", "+no_setuid_fixup"];
    let ran = program(&[&bits[..], &command[..], &["-c", WHO]].concat(), "");
    assert_eq!(ran.said(), nothing_but(1337, 1337, "1337"));
}

/// Between two users that are not root, the kernel drops nothing, and ambient ones pass exec.
#[test]
fn ambient_capabilities_of_another_user_end() {
    let group = Group::new();
    let folder = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    let copy = folder.path().join("nftdivert");
    std::fs::copy(binary(), &copy).unwrap();
    program(&["chmod", "755", folder.path().to_str().unwrap()], "").said();
    let copy = copy.to_str().unwrap();
    let start = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"];
    let capabilities = "-all,+setuid,+setgid,+dac_override";
    let capabilities = ["--inh-caps", "--ambient-caps"].map(|set| format!("{set}={capabilities}"));
    let capabilities = [capabilities[0].as_str(), capabilities[1].as_str()];
    let command = [copy, "exec", "--cgroup", &group.path, "--user", "1337:1337", "--", "sh"];
    let ran = program(&[&start[..], &capabilities[..], &command[..], &["-c", WHO]].concat(), "");
    assert_eq!(ran.said(), nothing_but(1337, 1337, "1337"));
}
