//! `nftdivert exec --cgroup`: where the command runs, as what, and what is said when it can't.

use crate::harness::{Group, among_own_mounts, binary, exec, program};

fn of_v2(said: &str) -> &str {
    said.lines().find_map(|line| line.strip_prefix("0::")).expect("a line for cgroup2")
}

#[test]
fn the_command_runs_in_the_group_each_time() {
    let group = Group::new();
    let path = group.below("envoy");
    assert!(!group.has("envoy"));
    for _ in 0..2 {
        let ran = exec(&["--cgroup", &path, "--", "cat", "/proc/self/cgroup"]);
        assert_eq!(of_v2(ran.said()), path);
        assert!(group.has("envoy"));
    }
    let ran = exec(&["--cgroup", &group.path, "--", "cat", "/proc/self/cgroup"]);
    assert_eq!(of_v2(ran.said()), group.path);
}

#[test]
fn the_command_keeps_number_streams_environment_and_arguments() {
    let group = Group::new();
    let ran = exec(&["--cgroup", &group.path, "--", "sh", "-c", "echo $$"]);
    assert_eq!(ran.said(), ran.pid.to_string());
    let words = [&binary(), "exec", "--cgroup", &group.path, "--"];
    assert_eq!(program(&[&words[..], &["cat"]].concat(), "in and out").said(), "in and out");
    let ran = exec(&["--cgroup", &group.path, "--", "printf", "%s|", "--user", "", "a b"]);
    assert_eq!(ran.said(), "--user||a b|");
    let with = [&["env", "MESH=yes"], &words[..], &["sh", "-c", "echo $MESH; exit 7"]].concat();
    let ran = program(&with, "");
    assert_eq!((ran.code, ran.out.as_str()), (7, "yes\n"));
}

/// Rust ignores SIGPIPE, and what is ignored stays so.
#[test]
fn the_command_ignores_no_other_signal_than_before() {
    let group = Group::new();
    let words = ["grep", "-E", "SigIgn|SigBlk", "/proc/self/status"];
    let ran = exec(&[&["--cgroup", &group.path, "--"], &words[..]].concat());
    assert_eq!(ran.said(), program(&words, "").said());
}

#[test]
fn a_command_that_cant_be_run_is_told_as_env_tells_it() {
    let group = Group::new();
    let run = |command: &str| exec(&["--cgroup", &group.path, "--", command]);
    run("surely-no-such-command").refused(127, &["run surely-no-such-command", "ENOENT"]);
    run("/nowhere/envoy").refused(127, &["run /nowhere/envoy"]);
    run("").refused(127, &["ENOENT"]);
    run("/etc").refused(126, &["run /etc", "EACCES"]);
    run("/etc/passwd").refused(126, &["run /etc/passwd", "EACCES"]);
}

#[test]
fn only_the_last_component_is_made() {
    let group = Group::new();
    let path = group.below("pod/envoy");
    let missing = group.directory.join("pod");
    exec(&["--cgroup", &path, "--", "true"])
        .refused(1, &[&path, &format!("{} does not exist", missing.display()), "make the others"]);
    assert!(!group.has("pod"));
}

#[test]
fn an_ordinary_user_is_told_what_it_takes() {
    let group = Group::new();
    let folder = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    let copy = folder.path().join("nftdivert");
    std::fs::copy(binary(), &copy).unwrap();
    let (copy, owner) = (copy.to_str().unwrap(), "65534:65534");
    program(&["chmod", "755", folder.path().to_str().unwrap()], "").said();
    let path = group.below("envoy");
    let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "exec"];
    let run = |more: &[&str]| {
        program(&[&words[..], &["--cgroup", &path], more, &["--", "id", "-u"]].concat(), "")
    };
    run(&[]).refused(1, &["mkdir", &path, "EACCES", "needs root"]);
    assert!(!group.has("envoy"));
    // Its own group, but not the way in: what was made is gone again.
    program(&["chown", "-R", owner, group.directory.to_str().unwrap()], "").said();
    run(&[])
        .refused(1, &["envoy/cgroup.procs", "EACCES", "needs root, or a group that is delegated"]);
    assert!(!group.has("envoy"));
    // In the group already, it may go on below; but not become another.
    let enter = r#"echo $$ >"$1/cgroup.procs"; shift; exec "$@""#;
    let start = ["sh", "-c", enter, "-", group.directory.to_str().unwrap()];
    let all = |more: &[&str]| {
        let command = [&start[..], &words[..], &["--cgroup", &path], more, &["--", "id", "-u"]];
        program(&command.concat(), "")
    };
    assert_eq!(all(&[]).said(), "65534");
    all(&["--user", "1337"]).refused(1, &["become uid 1337", "EPERM", "CAP_SETUID"]);
}

#[test]
fn without_cgroup2_it_says_how_to_get_it() {
    let group = Group::new();
    let script = r#"
        for point in $(awk '/ - cgroup2 /{print $5}' /proc/self/mountinfo); do umount -l $point; done
        exec "$@""#;
    let words = [&binary(), "exec", "--cgroup", &group.below("envoy"), "--", "true"];
    among_own_mounts(script, &words).refused(1, &["mounted nowhere", "mount -t cgroup2"]);
}

#[test]
fn wrong_usage_is_two() {
    let cases: [(&[&str], &str); 8] = [
        (&["--", "true"], "--net-cls <ID>|--cgroup <PATH>"),
        (&["--net-cls", "1", "--cgroup", "/a", "--", "true"], "cannot be used with"),
        (&["--cgroup", "/a"], "CMD"),
        (&["--cgroup", "/a", "true"], "unexpected argument"),
        (&["--cgroup", "/", "--", "true"], "the root holds every process"),
        (&["--cgroup", "/a/../b", "--", "true"], ". or .."),
        (&["--net-cls", "0", "--", "true"], "must be a class id"),
        (&["--net-cls", "1", "--user", "--", "true"], "--user"),
    ];
    for (words, says) in cases {
        exec(words).refused(2, &[says]);
    }
}
