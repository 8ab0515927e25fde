//! The wire against captured bytes: what nft 1.0.6 sent for the text of a plan, what Linux 6.18
//! listed after an apply of it, and what we send, all say the plan.
//!
//! The files under tests/wire are netlink messages one after the other, taken by strace.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::apply::RECORD_CHAIN;
use nftdivert::netlink::Answer;
use nftdivert::nft::{Batch, decode};
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::{Difference, Ruleset, differences};

const POLICIES: [&str; 4] = ["default", "everything", "reject", "steered"];

#[path = "support/checks/assemble.rs"]
mod assemble;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

fn planned(name: &str) -> Ruleset {
    let text = fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    let policy = CapturePolicy::from_yaml(&text).unwrap();
    plan(&policy, &HostFacts::default()).unwrap().ruleset
}

/// What the messages say, without the record of who applied what.
fn assembled(bytes: &[u8]) -> Ruleset {
    let mut ruleset = assemble::assemble(bytes).unwrap();
    ruleset.chains.retain(|chain| chain.name != RECORD_CHAIN);
    ruleset
}

fn compare(name: &str, bytes: &[u8]) -> Vec<Difference> {
    let (wanted, found) = (planned(name), assembled(bytes));
    assert_eq!(found.comment, wanted.comment);
    assert_eq!(found.rules().count(), wanted.rules().count());
    differences(&wanted, &found)
}

#[test]
fn what_nft_sends_for_the_plans_text_is_the_plan() {
    for name in POLICIES {
        let bytes = fs::read(folder().join(format!("{name}.nft-1.0.6.bin"))).unwrap();
        assert_eq!(compare(name, &bytes), vec![], "{name}");
    }
}

#[test]
fn what_linux_lists_after_an_apply_is_the_plan() {
    for name in POLICIES {
        let bytes = fs::read(folder().join(format!("{name}.linux-6.18.bin"))).unwrap();
        assert_eq!(compare(name, &bytes), vec![], "{name}");
    }
}

#[test]
fn what_we_send_is_the_plan() {
    for name in POLICIES {
        let ruleset = planned(name);
        let mut batch = Batch::new(None);
        batch.create(&ruleset);
        assert_eq!(compare(name, batch.seal().bytes()), vec![], "{name}");
    }
}

#[test]
fn cut_off_and_flipped_bytes_never_panic() {
    let bytes = fs::read(folder().join("everything.linux-6.18.bin")).unwrap();
    for place in (0..bytes.len()).step_by(3) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0xff;
        for message in [&bytes[..place], &flipped] {
            let mut rest = message;
            while let Ok((answer, after)) = Answer::parse(rest) {
                rest = after;
                if let Answer::Object { kind, body, .. } = answer {
                    let _ = decode::table(kind, body);
                    let _ = decode::chain(kind, body);
                    let _ = decode::set(kind, body);
                    let _ = decode::rule(kind, body);
                    let _ = decode::elements(kind, body, nftdivert::ruleset::KeyType::Ipv6Addr);
                }
            }
        }
    }
}
