//! What the command does not do: execute, wait, touch, colour, fail at a closed pipe.

use crate::harness::{Place, binary, program};

fn strace(place: &Place, words: &[&str], trace: &str) -> Vec<String> {
    let (binary, path) = (binary(), place.path());
    let file = tempfile::NamedTempFile::new().unwrap();
    let log = file.path().to_str().unwrap();
    let mut all =
        vec!["-f", "-v", "-s", "100000", "-o", log, "-e", trace, binary.to_str().unwrap()];
    all.extend(words);
    if words[0] != "plan" {
        all.extend(["--netns", &path]);
    }
    let ran = program("strace", &all, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn nothing_is_executed() {
    let place = Place::new();
    for words in [&["apply"][..], &["verify"], &["apply", "--counters", "on"], &["remove"]] {
        let calls = strace(&place, words, "trace=execve,execveat,vfork,fork");
        let count = calls.iter().filter(|line| line.contains("exec")).count();
        assert_eq!(count, 1, "only the command itself: {calls:#?}");
        assert!(!calls.iter().any(|line| line.contains("fork(")), "{calls:#?}");
    }
}

/// The kernel makes a socket's close wait for a grace period when its namespace has something to
/// destroy: a first apply gives it nothing. The bench `apply` measures the close.
#[test]
fn a_first_apply_only_adds() {
    let place = Place::new();
    let sent = |words: &[&str]| strace(&place, words, "trace=sendto").join("\n");
    // The numbers are those of nf_tables messages: a rule added, and what deletes.
    let deletes = ["=0xa02 ", "=0xa05 ", "=0xa08 ", "=0xa0b ", "=0xa0e ", "NFT_MSG_DEL"];
    let first = sent(&["apply"]);
    assert!(first.contains("=0xa06 ") || first.contains("NFT_MSG_NEWRULE"), "{first}");
    assert!(!deletes.iter().any(|number| first.contains(number)), "{first}");
    let removal = sent(&["remove"]);
    assert!(deletes.iter().any(|number| removal.contains(number)), "{removal}");
}

#[test]
fn a_plan_opens_no_socket_and_enters_no_namespace() {
    let place = Place::new();
    let calls = strace(&place, &["plan"], "trace=%network,setns,unshare");
    assert!(!calls.iter().any(|line| line.contains("socket(") || line.contains("setns(")));
}

#[test]
fn colours_are_for_terminals() {
    let place = Place::new();
    place.run(&["apply"]);
    for words in [&["status"][..], &["verify", "--counters", "on"]] {
        let ran = place.run(words);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{ran:?}");
    }
    let line = format!("{} demo", binary().display());
    let on_terminal = program("script", &["-qec", &line, "/dev/null"], "");
    assert!(on_terminal.out.contains("\x1b[32mok"), "{on_terminal:?}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let line = format!("set -o pipefail; {} plan | head -n 1", binary().display());
    let ran = program("bash", &["-c", &line], "");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 1), "{ran:?}");
    assert_eq!(ran.err, "");
}
