//! Points 2, 3 and 4: the variables, what they may hold, and the command.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use serde_json::json;

use nftdivert_integration::caller::{Call, binary, pod, state};

#[test]
fn point_2_each_verb_names_the_variables_that_it_lacks() {
    let place = pod();
    let pod_variables = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"];
    for (verb, needed) in [
        ("ADD", &pod_variables[..]),
        ("CHECK", &pod_variables),
        ("DEL", &["CNI_CONTAINERID", "CNI_IFNAME"]),
        ("GC", &["CNI_PATH"]),
        ("STATUS", &[]),
        ("VERSION", &[]),
    ] {
        let all = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"];
        let whole = Call::new(verb, &place, json!({}));
        for name in all {
            let answer = whole.clone().without(name).run();
            match needed.contains(&name) {
                true => drop(answer.failed(4, &[name])),
                false => assert_eq!(answer.code, 0, "{verb} without {name}: {answer:?}"),
            }
        }
        let bare = all.into_iter().fold(whole, Call::without).run();
        if !needed.is_empty() {
            bare.failed(4, needed);
        } else {
            assert_eq!(bare.code, 0, "{verb}: {bare:?}");
        }
    }
}

#[test]
fn point_3_ids_names_and_interfaces_are_checked() {
    let place = pod();
    let before = state(&place);
    let add = Call::new("ADD", &place, json!({}));
    for id in ["../x", "-a", "_a", ".a", "a/b", "a b", "é"] {
        add.clone().with("CNI_CONTAINERID", id).run().failed(4, &["CNI_CONTAINERID", id]);
        Call::new("ADD", &place, json!({ "name": id })).run().failed(7, &["name", id]);
    }
    for name in ["1234567890123456", ".", "..", "a/b", "a:b", "a b", "a\tb"] {
        add.clone().with("CNI_IFNAME", name).run().failed(4, &["CNI_IFNAME"]);
    }
    assert_eq!(state(&place), before);
    for name in ["net1.100", "123456789012345", "eth*", "a\"b"] {
        add.clone().with("CNI_IFNAME", name).with("CNI_CONTAINERID", "A_b.c-9").run().done();
    }
}

#[test]
fn point_3_bytes_that_are_no_text_are_named() {
    let place = pod();
    for name in ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_ARGS", "CNI_COMMAND"] {
        let call = Call::new("ADD", &place, json!({}));
        let mut command = call.command();
        command.env(name, OsStr::from_bytes(b"a\xff"));
        call.run_as(command).failed(4, &[name, "UTF-8"]);
    }
}

#[test]
fn point_4_commands_that_are_none() {
    let place = pod();
    for command in ["", "add", "FLY", "ADD ", "UPDATE"] {
        let call = Call::new(command, &place, json!({}));
        call.run().failed(4, &["CNI_COMMAND"]);
        call.raw("").run().failed(4, &["CNI_COMMAND"]);
    }
}

#[test]
fn point_4_without_command_and_words_it_says_what_it_is() {
    let done = Command::new(binary()).env_clear().output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), done.stdout.len()), (Some(0), 0), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in ["nftdivert", "CNI", "0.1.0", "1.1.0", "--help"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn point_7_unknown_arguments_are_refused_unless_ignored() {
    let place = pod();
    let add = Call::new("ADD", &place, json!({}));
    add.clone().with("CNI_ARGS", "FOO=BAR").run().failed(4, &["CNI_ARGS", "FOO", "IgnoreUnknown"]);
    for args in ["IgnoreUnknown=1;FOO=BAR", "FOO=BAR;IgnoreUnknown=true", "K8S_POD_NAME=x", ""] {
        add.clone().with("CNI_ARGS", args).run().done();
    }
}
