//! The owner writes the file in the middle of a run, and the run may be killed there too.

use std::fs;
use std::process::{Child, Command, Stdio};

use crate::bed::{Bed, LIST, until};

const NAME: &str = "10-calico.conflist";
const ALL: [&str; 3] = ["calico", "portmap", "nftdivert"];

/// A run under strace, which injects this.
fn start(bed: &Bed, words: &[&str], inject: &str) -> Child {
    let call = inject.split(':').next().unwrap();
    Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .arg(format!("--inject={inject}"))
        .args(bed.words(words))
        .stdout(Stdio::null())
        .spawn()
        .expect("strace (package strace)")
}

/// Whether a name in the folder of the configuration begins so.
fn is_there(bed: &Bed, start: &str) -> bool {
    bed.names().iter().any(|name| name.starts_with(start))
}

/// Writes a newer version as installers do that know what they do: beside, then renamed.
fn owner_writes(bed: &Bed, text: &str) {
    fs::write(bed.conf("owner.tmp"), text).unwrap();
    fs::rename(bed.conf("owner.tmp"), bed.conf(NAME)).unwrap();
}

fn text(bed: &Bed) -> String {
    fs::read_to_string(bed.conf(NAME)).unwrap()
}

/// The place of the exchange of this command among its calls of renameat2.
fn exchange(bed: &Bed, words: &[&str]) -> usize {
    let output = Command::new("strace")
        .args(["-f", "-e", "trace=renameat2"])
        .args(bed.words(words))
        .output()
        .expect("strace (package strace)");
    let log = String::from_utf8(output.stderr).unwrap();
    let calls = log.lines().filter(|line| line.contains("renameat2("));
    calls.take_while(|line| !line.contains("RENAME_EXCHANGE")).count() + 1
}

#[test]
fn what_the_owner_writes_during_a_flush_stays() {
    let bed = Bed::new(NAME, LIST);
    // The binary is there, so that the first flush is of the configuration.
    bed.run(&["install"]).said();
    fs::write(bed.conf(NAME), LIST).unwrap();
    let mut run = start(&bed, &["install"], "fsync:delay_enter=300000");
    // What replaces the owner's file is written and is not flushed yet.
    until("ours is written", || {
        bed.tree_of(".nftdivert-tmp.").is_some_and(|text| text.starts_with(b"{\n  \"name\""))
    });
    owner_writes(&bed, &LIST.replace("1e3", "1410"));
    assert!(run.wait().unwrap().success());
    assert!(text(&bed).contains("1410"), "{}", text(&bed));
    assert_eq!(bed.called(), ALL);
    bed.run(&["uninstall"]).said();
    assert_eq!(text(&bed), LIST.replace("1e3", "1410"));
    assert_eq!(bed.names(), [NAME]);
}

/// Kills a run right after the exchange, before which the owner wrote this; gives what is left.
fn killed_at_the_exchange(newer: Option<&str>) -> Bed {
    let nth = exchange(&Bed::new(NAME, LIST), &["install"]);
    let bed = Bed::new(NAME, LIST);
    let exchanged = format!("--inject=renameat2:delay_exit=5000000:when={nth}");
    // With -D the process started is the program itself. The owner writes after the last comparison,
    // by when the file has got the name under which it will be exchanged.
    let mut run = Command::new("strace")
        .args(["-D", "-f", "-o", "/dev/null", "-e", "trace=renameat,renameat2"])
        .args(["--inject=renameat:delay_exit=1500000", &exchanged])
        .args(bed.words(&["install"]))
        .stdout(Stdio::null())
        .spawn()
        .expect("strace (package strace)");
    until("the exchange is about to begin", || is_there(&bed, ".nftdivert-aside."));
    if let Some(newer) = newer {
        owner_writes(&bed, newer);
    }
    until("they are exchanged", || bed.try_called().is_ok_and(|called| called == ALL));
    run.kill().unwrap();
    assert!(!run.wait().unwrap().success());
    assert!(is_there(&bed, ".nftdivert-aside."), "{:?}", bed.names());
    bed
}

#[test]
fn a_newer_file_survives_a_kill_at_the_exchange() {
    let newer = LIST.replace("1e3", "1420");
    for next in ["install", "uninstall"] {
        let bed = killed_at_the_exchange(Some(&newer));
        let ran = bed.run(&[next]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.err.contains("is again what somebody wrote"), "{ran:?}");
        assert!(text(&bed).contains("1420"), "{next}: {}", text(&bed));
        assert!(!is_there(&bed, ".nftdivert-"), "{:?}", bed.names());
        bed.run(&["uninstall"]);
        assert_eq!((text(&bed), bed.names()), (newer.clone(), vec![NAME.to_owned()]), "{next}");
    }
}

#[test]
fn an_exchange_that_was_right_is_finished() {
    let bed = killed_at_the_exchange(None);
    assert_eq!(bed.run(&["install"]).said(), "all is as it should be");
    assert!(!is_there(&bed, ".nftdivert-"), "{:?}", bed.names());
    bed.run(&["uninstall"]).said();
    assert_eq!((text(&bed), bed.names()), (LIST.to_owned(), vec![NAME.to_owned()]));
}

#[test]
fn of_two_versions_written_meanwhile_none_is_lost() {
    let [first, second] = ["1420", "1430"].map(|mtu| LIST.replace("1e3", mtu));
    let bed = killed_at_the_exchange(Some(&first));
    owner_writes(&bed, &second);
    let ran = bed.run(&["install"]);
    assert!(ran.code == 0 && ran.err.contains("one version is kept as"), "{ran:?}");
    assert!(text(&bed).contains("1430"));
    let kept = bed.names().into_iter().find(|name| name.ends_with(".found")).unwrap();
    assert_eq!(fs::read_to_string(bed.conf(&kept)).unwrap(), first);
    let ran = bed.run(&["install"]);
    assert_eq!(ran.said(), "all is as it should be", "told once");
    bed.run(&["uninstall"]).said();
    assert_eq!(bed.names(), [NAME.to_owned(), kept], "it is not ours to remove");
}

#[test]
fn it_works_where_the_file_system_knows_no_exchange() {
    let bed = Bed::new(NAME, LIST);
    for (word, called) in [("install", ALL.as_slice()), ("uninstall", &ALL[..2])] {
        let mut run = start(&bed, &[word], "renameat2:error=EINVAL");
        assert!(run.wait().unwrap().success(), "{word}");
        assert_eq!(bed.called(), called);
    }
    assert_eq!((text(&bed), bed.names()), (LIST.to_owned(), vec![NAME.to_owned()]));
}
