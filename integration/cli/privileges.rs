//! What it takes: CAP_NET_ADMIN inside, CAP_SYS_ADMIN to enter; and what it says without them.

use crate::harness::{Place, Ran, binary, program};

/// Runs the command inside the namespace as nobody, with these capabilities alone.
fn as_nobody(place: &Place, capabilities: &str, words: &[&str]) -> Ran {
    let binary = binary();
    let folder = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    let copy = folder.path().join("nftdivert");
    std::fs::copy(binary, &copy).unwrap();
    std::process::Command::new("chmod").arg("755").arg(folder.path()).status().unwrap();
    let set = ["--inh-caps", "--ambient-caps", "--bounding-set"]
        .map(|flag| format!("{flag}=-all{capabilities}"));
    let mut all = vec!["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
    all.extend(set.iter().map(String::as_str));
    all.push(copy.to_str().unwrap());
    all.extend(words);
    place.netns.run(|| program("setpriv", &all, "")).unwrap()
}

#[test]
fn nobody_with_net_admin_alone_captures_verifies_and_removes() {
    let place = Place::new();
    for words in [&["apply"][..], &["verify"], &["apply", "--ipv6", "reject"], &["remove"]] {
        let ran = as_nobody(&place, ",+net_admin", words);
        assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
    }
    assert_eq!(place.rules(), "");
}

#[test]
fn without_net_admin_it_says_which_capability() {
    let place = Place::new();
    for command in ["apply", "verify", "status", "remove"] {
        let refused = as_nobody(&place, "", &[command]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("CAP_NET_ADMIN"), "{refused:?}");
    }
    assert_eq!(place.rules(), "");
}

#[test]
fn without_sys_admin_it_says_what_entering_takes() {
    let (place, other) = (Place::new(), Place::new());
    let link = format!("/proc/{}/fd", std::process::id());
    assert!(std::path::Path::new(&link).exists());
    let file = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    let target = file.path().to_str().unwrap();
    let mounted = program("mount", &["--bind", &other.path(), target], "");
    assert_eq!(mounted.code, 0, "{mounted:?}");
    let refused = as_nobody(&place, ",+net_admin", &["apply", "--netns", target]);
    let unmounted = program("umount", &[target], "");
    assert_eq!(unmounted.code, 0, "{unmounted:?}");
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("CAP_SYS_ADMIN"), "{refused:?}");
    assert_eq!(other.rules(), "");
}
