//! Tables of others stay as they are, and a table that is not ours is not taken for ours.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::{
    Applied, ApplyError, ApplyOptions, HostRule, LiveConnections, OtherMeshes, Outcome, Target,
    apply,
};
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;
use nftdivert_integration::fixture::{assert_clean, check, put, take_away};
use nftdivert_integration::shell::{lo_ipv6, nft, nft_list_handles};

const FOREIGN: &str = r#"
table inet nftdivert2 {
    comment "somebody else's"
    set proxy_uids { type uid; elements = { 1, 2 } }
    set ranges { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.1 } }
    map ports { type inet_service : verdict; elements = { 80 : accept, 81 : drop } }
    counter seen { packets 7 bytes 700 }
    chain output {
        type nat hook output priority -90; policy accept;
        tcp dport 9999 counter redirect to :9998 comment "theirs"
    }
    chain applied {
        comment "not a record"
        tcp dport vmap @ports
    }
}
table ip nat {
    chain OUTPUT { type nat hook output priority -101; tcp dport 9997 counter accept; }
    chain PREROUTING { type nat hook prerouting priority dstnat; counter name known; }
    counter known { }
}
table ip6 nftdivert {
    chain x { type filter hook input priority 5; ip6 saddr ::1 counter packets 3 bytes 4; }
}
table ip nftdivert {
    chain output { type filter hook output priority 5; counter; }
}
table netdev odd {
    chain y {
    }
}
"#;
const TABLES: [&str; 5] =
    ["inet nftdivert2", "ip nat", "ip6 nftdivert", "ip nftdivert", "netdev odd"];

fn ruleset(place: &Netns) -> String {
    nft_list_handles(place, "ruleset")
}

fn foreign(place: &Netns) -> Vec<String> {
    TABLES.map(|table| nft_list_handles(place, &format!("table {table}"))).to_vec()
}

#[test]
fn tables_of_others_are_untouched() {
    let place = Netns::anonymous().unwrap();
    nft(&place, FOREIGN);
    let (before, whole) = (foreign(&place), ruleset(&place));
    assert!(before[0].contains("handle") && before[0].contains("packets 7 bytes 700"));
    for (text, outcome) in [
        ("", Outcome::Created),
        ("ipv6: reject\noutbound: {ranges: [10.0.0.0/8]}\ncounters: on", Outcome::Replaced),
        ("interfaces: {exclude: [a, b, c, d, e]}", Outcome::Replaced),
        ("interfaces: {exclude: [a, b, c, d, e]}", Outcome::Unchanged),
    ] {
        assert_eq!(put(&place, text).unwrap().outcome, outcome);
        assert_clean(&place, text);
        assert_eq!(foreign(&place), before, "{text}");
    }
    take_away(&place).unwrap();
    assert_eq!(ruleset(&place), whole);
}

/// Apply, verify and remove all fail as `is` says, and change nothing.
#[track_caller]
fn all_refuse(place: &Netns, is: impl Fn(&ApplyError) -> bool, words: &[&str]) {
    let (before, addresses) = (ruleset(place), lo_ipv6(place));
    let errors =
        [put(place, "").unwrap_err(), check(place, "").unwrap_err(), take_away(place).unwrap_err()];
    for error in errors {
        assert!(is(&error), "{error:?}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    assert_eq!((ruleset(place), lo_ipv6(place)), (before, addresses));
}

#[test]
fn a_table_of_our_name_without_our_comment_is_refused() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    for comment in ["", "comment \"managed by somebody\";", "comment \"managed by nftdivert!\";"] {
        let chain = "chain output { type nat hook output priority -100; counter; }";
        nft(&bed.pod, &format!("table inet nftdivert {{ {comment}\n{chain}\n}}"));
        let is = |error: &ApplyError| matches!(error, ApplyError::NotOurs);
        all_refuse(&bed.pod, is, &["inet nftdivert", "nft list table inet nftdivert"]);
        nft(&bed.pod, "delete table inet nftdivert");
    }
}

#[test]
fn a_table_of_our_name_in_another_family_is_no_obstacle() {
    let place = Netns::anonymous().unwrap();
    let table = "{ comment \"managed by nftdivert\"\nchain output { counter; }\n}";
    nft(&place, &format!("table ip nftdivert {table}\ntable ip6 nftdivert {table}"));
    let before = ruleset(&place);
    assert_eq!(put(&place, "").unwrap().outcome, Outcome::Created);
    assert_clean(&place, "");
    assert!(take_away(&place).unwrap().was_there);
    assert!(!take_away(&place).unwrap().was_there);
    assert_eq!(ruleset(&place), before);
}

#[test]
fn a_table_of_a_newer_version_is_refused() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    for (record, version) in [
        ("nftdivert 99.0.0; since 2040-01-01T00:00:00Z", "99.0.0"),
        ("nftdivert 0.99.7; of a form that nobody knows", "0.99.7"),
    ] {
        let record = format!("chain applied {{ comment \"{record}\"; }}");
        let chain = "chain output { type nat hook output priority -100; }";
        nft(
            &bed.pod,
            &format!(
                "table inet nftdivert {{ comment \"managed by nftdivert\"\n{record}\n{chain}\n}}"
            ),
        );
        let is = |error: &ApplyError| matches!(error, ApplyError::Newer { .. });
        all_refuse(&bed.pod, is, &[version, "or newer"]);
        nft(&bed.pod, "delete table inet nftdivert");
    }
}

#[test]
fn a_table_of_an_older_version_is_taken_over() {
    let place = Netns::anonymous().unwrap();
    let record = "nftdivert 0.0.9; since 2020-01-01T00:00:00Z; policy 0; from old";
    let chains = format!("chain applied {{ comment \"{record}\"; }}\nchain gone {{ counter; }}\n");
    nft(&place, &format!("table inet nftdivert {{ comment \"managed by nftdivert\"\n{chains}}}"));
    assert_eq!(put(&place, "").unwrap().outcome, Outcome::Replaced);
    assert_clean(&place, "");
}

#[test]
fn the_machines_own_namespace_is_refused_before_anything_is_read() {
    let current = || Target::current(HostRule::Refuse);
    let options = ApplyOptions {
        source: "suite".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let policy = CapturePolicy::default();
    let applied: Result<Applied, ApplyError> = apply(&current(), &policy, &options);
    for error in [applied.unwrap_err(), verify(&current(), &policy).unwrap_err()] {
        assert!(matches!(error, ApplyError::HostNamespace), "{error:?}");
        assert!(error.to_string().contains("--host"), "{error}");
    }
}

#[test]
fn a_pods_namespace_is_refused_where_the_machines_own_is_meant() {
    let place = Netns::anonymous().unwrap();
    let target = Target::other(place.try_clone().unwrap(), HostRule::Require);
    let options = ApplyOptions {
        source: "suite".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let error = apply(&target, &CapturePolicy::default(), &options).unwrap_err();
    assert!(matches!(error, ApplyError::NotHostNamespace), "{error:?}");
    assert_eq!(ruleset(&place), "");
}
