//! `install --watch`: what others change is put right, and it ends when it is told to.

use std::fs;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::bed::{Bed, LIST, SINGLE, until};

const ALL: [&str; 3] = ["calico", "portmap", "nftdivert"];

/// A run that watches; it is ended with the test.
struct Watch {
    child: Child,
    said: TempDir,
}

impl Watch {
    fn start(bed: &Bed, words: &[&str]) -> Watch {
        Watch::under(&[], bed, &[&["install", "--watch"], words].concat())
    }

    /// The same of other words that stay.
    fn run(bed: &Bed, words: &[&str]) -> Watch {
        Watch::under(&[], bed, words)
    }

    /// The same, run by the words of another program in front.
    fn under(before: &[&str], bed: &Bed, words: &[&str]) -> Watch {
        let words = bed.words(words);
        let words = [before, &words].concat();
        let said = tempfile::tempdir().unwrap();
        let stream = |name: &str| Stdio::from(fs::File::create(said.path().join(name)).unwrap());
        let child = Command::new(words[0])
            .args(&words[1..])
            .stdout(stream("out"))
            .stderr(stream("err"))
            .spawn()
            .unwrap();
        Watch { child, said }
    }

    /// What it has said so far.
    fn said(&self, stream: &str) -> String {
        fs::read_to_string(self.said.path().join(stream)).unwrap()
    }

    /// Ends it by this signal; what it said on both streams.
    fn end(mut self, signal: Signal) -> (Option<i32>, String, String) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.said("out"), self.said("err"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn calls(bed: &Bed, wanted: &[&str]) -> bool {
    bed.try_called().is_ok_and(|called| called == wanted)
}

#[test]
fn whatever_is_changed_is_put_right() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let watch = Watch::start(&bed, &[]);
    until("installed", || calls(&bed, &ALL));
    fs::write(bed.conf("10-calico.conflist"), LIST.replace("1e3", "1400")).unwrap();
    until("our entry is back", || calls(&bed, &ALL));
    let with = fs::read_to_string(bed.conf("10-calico.conflist")).unwrap();
    assert!(with.contains("1400"), "the owner's change stays: {with}");
    let changed =
        with.replace("\"type\": \"nftdivert\"", "\"type\": \"nftdivert\", \"policy\": {}");
    fs::write(bed.conf("10-calico.conflist"), changed).unwrap();
    until("our entry says what it should", || {
        fs::read_to_string(bed.conf("10-calico.conflist")).is_ok_and(|text| text == with)
    });
    fs::remove_file(bed.bin("nftdivert")).unwrap();
    until("the binary is back", || bed.bin("nftdivert").is_file());
    fs::write(bed.conf("05-new.conf"), SINGLE).unwrap();
    until("the new first file has ours", || calls(&bed, &["calico", "nftdivert"]));
    let (code, out, err) = watch.end(Signal::SIGTERM);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("05-new.conf becomes 05-new.conflist"), "{out}");
    assert!(calls(&bed, &["calico", "nftdivert"]), "all stays installed");
}

#[test]
fn it_waits_for_a_configuration_and_for_folders() {
    let bed = Bed::new("10-net.conf", SINGLE);
    fs::remove_dir_all(bed.root.path().join("etc")).unwrap();
    let watch = Watch::start(&bed, &["--output", "json"]);
    let empty = Bed::new("x", "");
    let second = Watch::start(&empty, &[]);
    until("the first waits", || watch.said("out").contains("\"waiting\""));
    until("the second waits", || !second.said("err").is_empty());
    fs::create_dir_all(bed.conf("")).unwrap();
    fs::write(bed.conf("10-calico.conflist"), "").unwrap();
    fs::write(bed.conf("10-calico.conflist"), LIST).unwrap();
    until("installed", || calls(&bed, &ALL));
    fs::remove_dir_all(bed.root.path().join("etc")).unwrap();
    fs::create_dir_all(bed.conf("")).unwrap();
    fs::write(bed.conf("10-net.conf"), SINGLE).unwrap();
    until("installed into a folder made anew", || calls(&bed, &["calico", "nftdivert"]));
    let (code, out, _) = watch.end(Signal::SIGINT);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("\"waiting\"") && out.contains("\"changed\": true"), "{out}");
    let (code, _, err) = second.end(Signal::SIGTERM);
    assert_eq!(code, Some(0));
    assert_eq!(err.matches("no network configuration yet").count(), 1, "told once: {err}");
}

#[test]
fn who_fights_us_is_told_and_waited_for() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let watch = Watch::start(&bed, &[]);
    for _ in 0..6 {
        until("ours is there", || calls(&bed, &ALL));
        fs::write(bed.conf("10-calico.conflist"), LIST).unwrap();
    }
    // Now a wait comes before the repair, and the repair still comes.
    until("ours is there again", || calls(&bed, &ALL));
    let (code, _, err) = watch.end(Signal::SIGTERM);
    assert_eq!(code, Some(0));
    assert_eq!(err.matches("somebody else takes our entry out").count(), 1, "{err}");
}

#[test]
fn a_refusal_does_not_end_it() {
    let bed = Bed::new("10-net.conf", &SINGLE.replace("0.4.0", "0.2.0"));
    bed.plugin("calico", r#"["0.2.0", "0.4.0"]"#);
    let watch = Watch::start(&bed, &[]);
    until("it is refused", || watch.said("err").contains("--standalone"));
    fs::write(bed.conf("x"), "").unwrap();
    fs::write(bed.conf("05-new.conf"), SINGLE).unwrap();
    until("the usable file has ours", || calls(&bed, &["calico", "nftdivert"]));
    assert_eq!(watch.end(Signal::SIGTERM).0, Some(0));
}

/// Without events from the kernel the first run comes as ever, and changes are seen all the same.
#[test]
fn where_the_kernel_tells_nothing_it_looks_by_itself() {
    let hidden = ["inotify_init1:error=EMFILE", "inotify_add_watch:error=ENOSPC"];
    for inject in hidden {
        let bed = Bed::new("10-calico.conflist", LIST);
        let call = inject.split(':').next().unwrap();
        let [trace, inject] = [format!("trace={call}"), format!("--inject={inject}")];
        // With -D the process started is the program itself, which is told to end.
        let strace = ["strace", "-D", "-f", "-o", "/dev/null", "-e", &trace, &inject];
        let watch = Watch::under(&strace, &bed, &["install", "--watch"]);
        until("installed", || calls(&bed, &ALL));
        until("it is told", || watch.said("err").contains("looked at every 3 s instead"));
        assert!(watch.said("err").contains("max_user_"), "{}", watch.said("err"));
        fs::write(bed.conf("10-calico.conflist"), LIST).unwrap();
        until("ours is back", || calls(&bed, &ALL));
        let (code, out, err) = watch.end(Signal::SIGTERM);
        assert_eq!(err.matches("can't be watched").count(), 1, "told once: {code:?} {out} {err}");
    }
}

#[test]
fn uninstall_stays_when_it_is_done() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let bed = Bed::new("10-calico.conflist", LIST);
        let before = bed.tree();
        bed.run(&["install"]).said();
        let waiting = Watch::run(&bed, &["uninstall", "--wait"]);
        until("it is told", || waiting.said("out").contains("the plugin's binary goes"));
        assert_eq!(bed.tree(), before);
        let sleeps_in = format!("/proc/{}/wchan", waiting.child.id());
        until("it waits for a signal", || {
            fs::read_to_string(&sleeps_in).is_ok_and(|name| name.contains("sigtimedwait"))
        });
        let (code, _, err) = waiting.end(signal);
        assert_eq!((code, err.as_str()), (Some(0), ""));
    }
}
