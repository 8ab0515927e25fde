//! Any environment and any bytes are a request or a refusal with a code and words.
//!
//! The first empty line ends the environment: `NAME=VALUE` in each line before it. What follows is
//! standard input.
#![allow(clippy::unwrap_used, reason = "a check that does not hold ends here")]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use nftdivert::cni::request::{Environment, Request, Verb};
use nftdivert::cni::{Decision, Reply, decide, error_object};
use nftdivert::policy::CapturePolicy;
use serde_json::Value;

/// Checks a request.
pub(crate) fn check(bytes: &[u8]) {
    let split = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, stdin) = split.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 2..]));
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    let environment = Environment::of(|name| {
        let value = lines.iter().find_map(|line| {
            line.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        });
        value.map(|value| OsString::from_vec(value.to_vec()))
    });
    check_request(&environment, stdin);
}

/// Checks what holds for every request.
pub(crate) fn check_request(environment: &Environment, stdin: &[u8]) {
    let request = match Request::read(environment, stdin) {
        Ok(request) => request,
        Err(refused) => {
            let object = error_object(refused.version, &refused.error);
            assert!([1, 2, 4, 6, 7].contains(&object["code"].as_u64().unwrap()), "{object}");
            assert!(!object["details"].as_str().unwrap().is_empty(), "{object}");
            return;
        }
    };
    let version = request.version;
    let reply = |reply: Reply| reply.text(version).unwrap();
    match request.verb {
        Verb::Add(add) | Verb::Check(add) => {
            let answer: Value =
                match serde_json::from_str(&reply(Reply::Result(add.prev_result.clone()))) {
                    Ok(answer) => answer,
                    // Numbers that no float holds stay as they were, and deep nesting does.
                    Err(_) => return,
                };
            assert_eq!(answer["cniVersion"], version.as_str());
            match decide(&add) {
                Ok(Decision::Capture { policy, .. }) => {
                    check_administrators(&policy, &add.config.policy)
                }
                Ok(Decision::LeaveAlone { reason }) => assert!(!reason.is_empty()),
                Err(error) => assert!([7, 102].contains(&(error.code() as u8)), "{error}"),
            }
        }
        Verb::Version => assert!(reply(Reply::Versions).contains(version.as_str())),
        Verb::Del(_) | Verb::Gc(_) | Verb::Status(_) => {}
    }
}

/// No pod says who the proxy is.
fn check_administrators(policy: &CapturePolicy, administrators: &CapturePolicy) {
    assert_eq!(policy.proxy, administrators.proxy);
    assert_eq!(policy.inbound.tproxy, administrators.inbound.tproxy);
    assert_eq!(policy.existing, administrators.existing);
    assert!(policy.proxy.identity.marks().cgroup.is_none());
}
