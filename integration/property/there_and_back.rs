//! From nothing to one policy, to another, and back to nothing, between the tables of others.

use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert_integration::fixture::{assert_clean, put, take_away};
use nftdivert_integration::listing::{listed, planned};
use nftdivert_integration::shell::nft;
use proptest::strategy::Strategy;

use crate::cases::{hold, yaml};
use crate::policies;
use crate::scene::{foreign, old_connection, place, view};

/// Tables of others that hang on our hooks and bear our names.
const FOREIGN: &str = r#"
table inet nftdivert2 {
    comment "managed by nftdivert"
    set proxy_uids { type uid; elements = { 1, 2 } }
    map ports { type inet_service : verdict; elements = { 80 : accept, 81 : drop } }
    chain applied { comment "not a record"; }
    chain output {
        type nat hook output priority -90; policy accept;
        tcp dport 9999 counter packets 7 bytes 700 redirect to :9998 comment "theirs"
        tcp dport vmap @ports
    }
}
table ip nftdivert {
    chain output { type filter hook output priority 5; counter name known; }
    counter known { packets 3 bytes 4 }
}
"#;
const TABLES: [&str; 2] = ["inet nftdivert2", "ip nftdivert"];

/// Applies both, one over the other, and removes; all that can be seen is as it was.
fn is_left_as_it_was(place: &Netns, policies: [&CapturePolicy; 2]) {
    take_away(place).unwrap();
    let (before, others) = (view(place), foreign(place, &TABLES));
    for policy in policies {
        let text = yaml(policy);
        let applied = put(place, &text).unwrap();
        assert_eq!(listed(place), planned(&applied.plan));
        drop(applied);
        assert_clean(place, &text);
        assert_eq!(foreign(place, &TABLES), others);
    }
    assert!(take_away(place).unwrap().was_there);
    assert_eq!(view(place), before);
}

#[test]
fn any_two_policies_and_back() {
    let place = place();
    nft(&place, FOREIGN);
    let both = (policies::policy(), policies::policy());
    hold(&both, |(one, other)| is_left_as_it_was(&place, [&one, &other]));
}

#[test]
fn any_two_policies_and_back_while_a_connection_lives() {
    let place = place();
    nft(&place, FOREIGN);
    let _old = old_connection(&place);
    // Where connections live, policies that would drop their packets are refused.
    let policy = || {
        policies::policy().prop_map(|mut policy| {
            policy.inbound.drop_invalid = false;
            policy
        })
    };
    let both = (policy(), policy());
    hold(&both, |(one, other)| is_left_as_it_was(&place, [&one, &other]));
}
