//! Batches of which the kernel refuses single messages: each is named, and nothing is left.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, NftError, commit};
use nftdivert::ruleset::build::{Counted, RuleBuilder};
use nftdivert::ruleset::{BaseChain, Chain, Expr, Rule, Ruleset};
use nftdivert_integration::shell::nft_list;

/// Messages before the first rule: the beginning, the table, one chain.
const BEFORE_RULES: usize = 3;

fn good(port: usize) -> Rule {
    RuleBuilder::new("good", Counted::No).l4proto(6).redirect(u16::try_from(port).unwrap())
}

/// Of a kind that no kernel has.
fn bad(number: usize) -> Rule {
    let expr = Expr::Other { name: format!("nosuch{number}"), attributes: Vec::new() };
    Rule { exprs: vec![expr], setting: "bad" }
}

/// Sixty rules, of which these messages of the batch, from 1, are bad.
fn ruleset(bad_messages: &[usize]) -> Ruleset {
    let rule = |index: usize| {
        let message = index + BEFORE_RULES + 1;
        if bad_messages.contains(&message) { bad(message) } else { good(1000 + message) }
    };
    let chain = Chain {
        name: "output".into(),
        base: Some(BaseChain::nat_output()),
        comment: None,
        rules: (0..60).map(rule).collect(),
    };
    let (table, chains) = ("many".into(), vec![chain]);
    Ruleset { table, comment: None, flags: 0, sets: Vec::new(), chains }.validated().unwrap()
}

/// What the kernel refused of it, in a namespace of its own, where nothing is left.
fn refused(bad_messages: &[usize]) -> Vec<String> {
    let (place, ruleset) = (Netns::anonymous().unwrap(), ruleset(bad_messages));
    let mut batch = Batch::new(None);
    batch.create(&ruleset);
    let batch = batch.seal();
    let send = || commit(&mut Connection::open(Family::Netfilter).unwrap(), &batch);
    let result = place.run(send).unwrap();
    let listed = nft_list(&place, "ruleset");
    match result {
        Err(NftError::Refused { failures }) => {
            assert_eq!(listed, "");
            failures.into_iter().map(|failure| failure.object).collect()
        }
        other => panic!("{bad_messages:?}: {other:?}"),
    }
}

fn names(objects: &[String], bad_messages: &[usize]) {
    assert_eq!(objects.len(), bad_messages.len(), "{objects:#?}");
    for (object, message) in objects.iter().zip(bad_messages) {
        let place = format!("rule {} of chain output: ", message - BEFORE_RULES);
        assert!(object.starts_with(&place), "{object}");
        assert!(object.contains(&format!("nosuch{message}")), "{object}");
    }
}

#[test]
fn one_at_every_place() {
    for message in BEFORE_RULES + 1..=BEFORE_RULES + 60 {
        names(&refused(&[message]), &[message]);
    }
}

#[test]
fn several() {
    for bad_messages in [&[40, 41][..], &[4, 40, 63], &[10, 20, 30, 40, 50, 60]] {
        names(&refused(bad_messages), bad_messages);
    }
}

#[test]
fn all() {
    let bad_messages: Vec<usize> = (BEFORE_RULES + 1..=BEFORE_RULES + 60).collect();
    names(&refused(&bad_messages), &bad_messages);
}

/// A chain's name is longer than the kernel takes (`NFT_CHAIN_MAXNAMELEN`, 256 with its zero).
#[test]
fn a_name_that_is_too_long() {
    let place = Netns::anonymous().unwrap();
    let name = "n".repeat(256);
    let mut ruleset = ruleset(&[]);
    let (name, rules) = (name.into(), Vec::new());
    ruleset.chains.push(Chain { name, base: None, comment: None, rules });
    let ruleset = ruleset.validated().unwrap();
    let mut batch = Batch::new(None);
    batch.create(&ruleset);
    let batch = batch.seal();
    let send = || commit(&mut Connection::open(Family::Netfilter).unwrap(), &batch);
    let error = place.run(send).unwrap().unwrap_err().to_string();
    assert!(error.contains("nnnnnnnn") && !error.contains("rule "), "{error}");
    assert_eq!(nft_list(&place, "ruleset"), "");
}
