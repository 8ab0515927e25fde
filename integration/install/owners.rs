//! Whose files are, and who may not write them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use nftdivert_integration::ran::{Ran, finish};

use crate::bed::{Bed, LIST, SINGLE};

/// Whose a file is, and its mode.
fn owner(bed: &Bed, name: &str) -> (u32, u32, u32) {
    let found = fs::metadata(bed.conf(name)).unwrap();
    (found.uid(), found.gid(), found.mode() & 0o7777)
}

/// Runs the command as root without any capability.
fn powerless(bed: &Bed, words: &[&str]) -> Ran {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all", "--"]).args(bed.words(words));
    finish(&mut command, "")
}

fn of_a_user(name: &str, text: &str) -> Bed {
    let bed = Bed::new(name, text);
    chown(bed.conf(name), Some(1000), Some(1001)).unwrap();
    fs::set_permissions(bed.conf(name), fs::Permissions::from_mode(0o640)).unwrap();
    bed
}

#[test]
fn a_file_stays_its_owners() {
    let wanted = (1000, 1001, 0o640);
    for (before, text, after) in [
        ("10-calico.conflist", LIST, "10-calico.conflist"),
        ("10-net.conf", SINGLE, "10-net.conflist"),
    ] {
        let bed = of_a_user(before, text);
        bed.run(&["install"]).said();
        assert_eq!(owner(&bed, after), wanted);
        bed.run(&["uninstall"]).said();
        assert_eq!(owner(&bed, before), wanted);
    }
}

#[test]
fn who_may_not_give_files_away_says_so() {
    let bed = of_a_user("10-calico.conflist", LIST);
    fs::set_permissions(bed.conf("10-calico.conflist"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = powerless(&bed, &["install"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "10-calico.conflist belongs to 0:0 now, and to 1000:1001 before";
    assert!(ran.err.contains(told) && ran.err.contains("CAP_CHOWN"), "{ran:?}");
    assert_eq!(powerless(&bed, &["install"]).said(), "all is as it should be");
    bed.run(&["uninstall"]).said();
    assert_eq!(owner(&bed, "10-calico.conflist"), (1000, 1001, 0o644));
}

#[test]
fn who_may_not_write_is_told_whose_the_folder_is() {
    let bed = Bed::new("10-calico.conflist", LIST);
    chown(bed.conf(""), Some(1000), Some(1001)).unwrap();
    let folder = bed.conf("").to_str().unwrap().trim_end_matches('/').to_owned();
    let whose = format!("{folder} belongs to uid 1000 and gid 1001 with mode 0755");
    let ran = powerless(&bed, &["install"]);
    ran.refused(1, &["Permission denied", &whose, "this process has uid 0", "CAP_DAC_OVERRIDE"]);
    assert!(!ran.err.contains("are root's"), "{ran:?}");
    chown(bed.conf(""), Some(0), Some(0)).unwrap();
    chown(bed.conf("10-calico.conflist"), Some(1000), Some(1001)).unwrap();
    fs::set_permissions(bed.conf("10-calico.conflist"), fs::Permissions::from_mode(0o600)).unwrap();
    let ran = powerless(&bed, &["install"]);
    ran.refused(1, &["can't be read", "belongs to uid 1000", "CAP_DAC_OVERRIDE"]);
}
