//! The bed of an ordinary user, in a user namespace of its own. Needs root, which it gives up.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs::{Permissions, copy, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

/// Runs the program as nobody, without any capability, in what these words make.
fn as_nobody(within: &[&str]) -> Output {
    let folder = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("own_userns");
    copy(env!("CARGO_BIN_EXE_bed_own_userns"), &program).unwrap();
    let drop = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
    let words = [within, &["setpriv"], &drop].concat();
    Command::new(words[0]).args(&words[1..]).arg(program).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_ordinary_user_has_a_bed_and_a_proxy_with_a_mark() {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let ran = as_nobody(&nobody);
    assert!(ran.status.success(), "{ran:?}");
    let lines: Vec<_> = text(&ran.stdout).lines().collect();
    let (last, before) = lines.split_last().unwrap();
    let expected = ["privileged false", "privileged true", "seen 1", "seen 1", "seen 2", "seen 2"];
    assert_eq!(before, expected);
    assert!(last.starts_with("act as uid 1000, gid 1000: refused"), "{last}");
}

#[test]
fn where_user_namespaces_are_forbidden_the_setting_is_named() {
    // Each user namespace has a limit of its own.
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let ran = as_nobody(&["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]);
    assert!(!ran.status.success(), "{ran:?}");
    let said = text(&ran.stderr);
    let start = "make a user namespace: unshare: No space left on device (os error 28); \
                 user.max_user_namespaces is 0: run this as root, or let users make them";
    assert!(said.starts_with(start), "{said}");
}
