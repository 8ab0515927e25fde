//! What a plan prints is what nft lists after an apply, and what nft loads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::BTreeSet;

use nftdivert::apply::look_up;
use nftdivert::net::netns::Netns;
use nftdivert::plan::plan;
use nftdivert::policy::SETTINGS;
use nftdivert::ruleset::ruleset_text;
use nftdivert_integration::fixture::{check, pod_root, policy, put};
use nftdivert_integration::listing::{listed, planned};
use nftdivert_integration::shell::{ip, nft, program};

use crate::policies::{self, pairs, singles};

/// Applies each in turn, one over the other.
fn is_listed_as_planned(texts: &[String]) {
    let place = Netns::anonymous().unwrap();
    // An IPv6 route to lo needs it.
    ip(&place, "link set lo up");
    for text in texts {
        let applied = put(&place, text).unwrap();
        assert_eq!(listed(&place), planned(&applied.plan), "{text}");
    }
}

/// Loads the text of each plan with nft into a namespace without a table.
fn is_loaded_as_planned(texts: &[String]) {
    let place = Netns::anonymous().unwrap();
    for text in texts {
        let policy = policy(text);
        let facts = look_up(&policy, Some(&pod_root())).unwrap();
        let plan = plan(&policy, &facts).unwrap();
        nft(&place, &ruleset_text(&plan.ruleset));
        assert_eq!(listed(&place), planned(&plan), "{text}");
        let mut wanted = vec!["chain applied".to_owned()];
        wanted.extend(plan.effects.iter().map(ToString::to_string));
        let found = check(&place, text).unwrap().differences;
        let objects: Vec<&str> = found.iter().map(|found| found.object.as_str()).collect();
        assert_eq!(objects, wanted, "{text}: {found:#?}");
        program(&place, &["nft", "delete", "table", "inet", "nftdivert"], "");
    }
}

#[test]
fn every_setting_is_among_the_policies() {
    let known: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.path).collect();
    let mut named: BTreeSet<&str> = policies::SETTINGS.iter().map(|setting| setting.0).collect();
    named.insert(policies::COUNTERS.0);
    // nft prints a cgroup by its path where it finds one: the suite `cgroup` has policies with it.
    named.insert("proxy.cgroup");
    assert_eq!(named, known);
}

#[test]
fn nft_lists_what_each_setting_plans() {
    is_listed_as_planned(&singles());
}

#[test]
fn nft_lists_what_each_pair_of_settings_plans() {
    is_listed_as_planned(&pairs());
}

#[test]
fn nft_loads_what_each_setting_plans() {
    is_loaded_as_planned(&singles());
}

#[test]
fn nft_loads_what_each_pair_of_settings_plans() {
    is_loaded_as_planned(&pairs());
}
