//! Point 12: logs and traces. A panic as an error object is a unit test of the door.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use serde_json::{Value, json};

use nftdivert_integration::caller::{Answer, Call, path_of, pod};

const ARGS: &str = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[track_caller]
fn lines(text: &str) -> Vec<Value> {
    assert!(!text.is_empty());
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(line).collect()
}

#[track_caller]
fn all_say_whom(answer: &Answer, netns: &str) {
    for line in lines(&answer.err) {
        assert_eq!(line["pod"], "shop/web", "{line}");
        assert_eq!(line["containerId"], "cnitool-1", "{line}");
        assert_eq!(line["netns"], netns, "{line}");
        assert_eq!(line["traceparent"], TRACE, "{line}");
        for key in ["time", "level", "message", "command"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
    }
}

#[test]
fn point_12_every_line_says_which_pod() {
    let place = pod();
    for (verb, keys) in [
        ("ADD", json!({ "logLevel": "trace" })),
        ("ADD", json!({ "polcy": 1 })),
        ("CHECK", json!({ "logLevel": "trace" })),
        ("DEL", json!({ "logLevel": "trace" })),
    ] {
        let call = Call::new(verb, &place, keys).with("CNI_ARGS", ARGS);
        all_say_whom(&call.with("TRACEPARENT", TRACE).run(), &path_of(&place));
    }
    let quiet = json!({ "logLevel": "off" });
    let add = Call::new("ADD", &place, quiet).with("TRACESTATE", "a=b").run();
    add.done();
    assert_eq!(add.err, "");
}

#[test]
fn point_12_a_file_gets_the_same_lines() {
    let place = pod();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nftdivert.log");
    let keys = json!({ "logFile": file });
    let said: String = ["ADD", "ADD", "DEL"]
        .map(|verb| Call::new(verb, &place, keys.clone()).with("CNI_ARGS", ARGS).run().err)
        .concat();
    assert_eq!(fs::read_to_string(&file).unwrap(), said);
    let wrong = Call::new("ADD", &place, json!({ "logFile": file, "polcy": 1 })).run();
    let whole = fs::read_to_string(&file).unwrap();
    assert!(whole.ends_with(&wrong.err) && wrong.err.contains("polcy"), "{whole}");
    assert!(lines(&said).len() >= 3, "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn point_12_the_daemon_gets_the_same_lines() {
    let place = pod();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let daemon = UnixListener::bind(&path).unwrap();
    let keys = json!({ "daemonSocket": path });
    let add = Call::new("ADD", &place, keys).with("CNI_ARGS", ARGS).run();
    add.done();
    let mut heard = Vec::new();
    daemon.accept().unwrap().0.read_to_end(&mut heard).unwrap();
    let mut rest = heard.as_slice();
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        let (body, after) = after.split_at(length);
        frames.push(serde_json::from_slice::<Value>(body).unwrap()["log"].clone());
        rest = after;
    }
    assert_eq!(frames, lines(&add.err));
}

#[test]
fn point_12_a_file_that_cannot_be_written_stops_no_pod() {
    let place = pod();
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "").unwrap();
    symlink(&target, &link).unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
    for path in [link, fifo, folder.path().to_owned(), folder.path().join("no/such")] {
        let answer = Call::new("ADD", &place, json!({ "logFile": path })).run();
        answer.done();
        assert!(answer.err.contains("can't write the log file"), "{answer:?}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "");
}
