//! Others who write at the same time: the owner of the file, and more runs of ours.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::bed::{Bed, LIST};

/// Writes as installers do that know what they do: beside, then renamed.
fn replace(bed: &Bed, text: &str) {
    fs::write(bed.conf("owner.tmp"), text).unwrap();
    fs::rename(bed.conf("owner.tmp"), bed.conf("10-calico.conflist")).unwrap();
}

#[test]
fn the_owners_last_word_stays() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..300 {
                replace(&bed, &LIST.replace("1e3", &round.to_string()));
            }
            is_over.store(true, Ordering::SeqCst);
        });
        while !is_over.load(Ordering::SeqCst) {
            let ran = bed.run(&["install"]);
            assert!(ran.code == 0 || ran.err.contains("changed while it was read"), "{ran:?}");
            assert_eq!(bed.called()[0], "calico");
        }
    });
    bed.run(&["install"]);
    assert_eq!(bed.called(), ["calico", "portmap", "nftdivert"]);
    bed.run(&["uninstall"]);
    let text = fs::read_to_string(bed.conf("10-calico.conflist")).unwrap();
    assert!(!text.contains("nftdivert"), "{text}");
    assert_eq!(bed.tree().len(), 1, "{:?}", bed.tree());
}

#[test]
fn runs_of_ours_take_turns() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    thread::scope(|scope| {
        for word in ["install", "uninstall", "install", "uninstall"] {
            let bed = &bed;
            scope.spawn(move || {
                for _ in 0..10 {
                    let ran = bed.run(&[word]);
                    assert_eq!(ran.code, 0, "{ran:?}");
                }
            });
        }
    });
    bed.run(&["install"]);
    assert_eq!(bed.called(), ["calico", "portmap", "nftdivert"]);
    bed.run(&["uninstall"]);
    assert_eq!(bed.tree(), before);
}
