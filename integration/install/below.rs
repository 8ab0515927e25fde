//! `--root`: no link leads out of it, and what a link hides is not passed over.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::bed::{Bed, LIST, SINGLE, command};

#[test]
fn a_link_is_followed_below_the_root() {
    let bed = Bed::new("10-net.conf", SINGLE);
    let hidden = bed.root.path().join("var/lib/x");
    fs::create_dir_all(&hidden).unwrap();
    fs::write(hidden.join("05.conflist"), LIST).unwrap();
    symlink("/var/lib/x/05.conflist", bed.conf("05-c.conflist")).unwrap();
    let ran = bed.run(&["install"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(bed.called(), ["calico", "portmap", "nftdivert"]);
    assert_eq!(fs::read_to_string(hidden.join("05.conflist")).unwrap(), LIST);
    bed.run(&["uninstall"]).said();
    let link = fs::read_link(bed.conf("05-c.conflist")).unwrap();
    assert_eq!(link.to_str(), Some("/var/lib/x/05.conflist"));
}

/// In a container that mounts both folders only, what it leads to may be there on the host.
#[test]
fn a_link_to_what_is_not_seen_is_refused() {
    for link in ["/var/lib/x/05.conflist", "../x/05.conflist"] {
        let bed = Bed::new("10-net.conf", SINGLE);
        symlink(link, bed.conf("05-c.conflist")).unwrap();
        bed.run(&["install"])
            .refused(1, &["05-c.conflist is a link to", "nothing is seen", "mount"]);
        assert_eq!(fs::read_to_string(bed.conf("10-net.conf")).unwrap(), SINGLE);
        assert!(!bed.bin("nftdivert").exists());
    }
}

#[test]
fn a_linked_folder_does_not_leave_the_root() {
    let elsewhere = tempfile::tempdir().unwrap();
    for folder in ["opt/cni/bin", "etc/cni/net.d"] {
        let bed = Bed::new("10-calico.conflist", LIST);
        let path = bed.root.path().join(folder);
        let moved = bed.root.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        symlink(elsewhere.path(), &path).unwrap();
        bed.run(&["install"]).refused(1, &["is a link to", "nothing is there below"]);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "{folder}");
        fs::remove_file(&path).unwrap();
        symlink("/moved", &path).unwrap();
        assert_eq!(bed.run(&["install"]).code, 0);
        let wanted =
            if folder.contains("bin") { "nftdivert" } else { "nftdivert.10-calico.conflist.kept" };
        assert!(moved.join(wanted).exists(), "{folder}");
    }
}

/// A plugin whose versions matter is asked, wherever the command was started.
#[test]
fn a_relative_root_is_the_same() {
    let bed = Bed::new("10-net.conf", SINGLE);
    bed.plugin("calico", r#"["0.1.0"]"#);
    let (above, name) = (bed.root.path().parent().unwrap(), bed.root.path().file_name().unwrap());
    let mut run = Command::new(command());
    let output = run.args(["install", "--root"]).arg(name).current_dir(above).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("speaks 0.1.0 only"), "{said}");
}

#[test]
fn a_linked_plugin_is_asked_below_the_root() {
    let bed = Bed::new("10-net.conf", SINGLE);
    let all = bed.root.path().join("usr/lib/cni");
    fs::create_dir_all(&all).unwrap();
    bed.plugin("calico", r#"["0.1.0"]"#);
    fs::rename(bed.bin("calico"), all.join("calico")).unwrap();
    symlink("/usr/lib/cni/calico", bed.bin("calico")).unwrap();
    bed.run(&["install"]).refused(1, &["speaks 0.1.0 only"]);
}
