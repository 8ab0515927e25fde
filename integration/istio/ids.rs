//! Several users and groups: each of them is the proxy.

use nftdivert::demo::User;
use nftdivert_integration::fate::Case;

use crate::mesh::{REDIRECT, SEVERAL_IDS, apply, fails, install, pod, stage, world};

const SECOND_USER: User = User::new(2102, 5);
const SECOND_GROUP: User = User::new(5, 2102);
const FIRST_GROUP: User = User::new(5, 1337);

fn cases(name: &str, user: User) -> Vec<Case> {
    let mut cases = Vec::new();
    for (world, own) in world().into_iter().zip(pod(8080)) {
        cases.push(Case::out(name, user, world, "direct to world"));
        cases.push(Case::out(name, user, own, "inbound to app"));
    }
    cases
}

#[test]
fn every_user_and_group_is_the_whole_proxy() {
    let all = [
        ("first user", User::new(1337, 5)),
        ("second user", SECOND_USER),
        ("first group", FIRST_GROUP),
        ("second group", SECOND_GROUP),
    ];
    let cases: Vec<Case> = all.into_iter().flat_map(|(name, user)| cases(name, user)).collect();

    let theirs = stage();
    install(&theirs.bed.pod, SEVERAL_IDS);
    let shadowed = ["second user", "first group", "second group"];
    let told: Vec<String> = shadowed
        .iter()
        .flat_map(|name| {
            ["10.88.0.2", "[fd88::2]"].map(|ip| format!("{name} -> {ip}:8080: direct"))
        })
        .collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    fails(&theirs.wrong(&cases), &told);

    let ours = stage();
    apply(&ours, "proxy: {uids: [1337, 2102], gids: [1337, 2102]}");
    ours.all_right(&cases);
}

/// Not even one user and one group are two ways to be the proxy.
#[test]
fn a_group_is_the_proxy_whoever_the_user_is() {
    let cases = cases("group", FIRST_GROUP);
    let theirs = stage();
    install(&theirs.bed.pod, REDIRECT);
    let told = ["group -> 10.88.0.2:8080: direct", "group -> [fd88::2]:8080: direct"];
    fails(&theirs.wrong(&cases), &told);
    let ours = stage();
    apply(&ours, "");
    ours.all_right(&cases);
}
