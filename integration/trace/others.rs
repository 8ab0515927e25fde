//! Rules of others on the way, rules that change meanwhile, and no rules of ours at all.

use nftdivert::demo::{Dial, User};
use nftdivert_integration::caller::pod as empty;
use nftdivert_integration::fixture::{Fixture, WORLD_PORT};
use nftdivert_integration::shell::nft;

use crate::harness::{is, run, start, world};

const DROPS: &str = "
table inet other {
    chain sub { meta mark set 0x7 return
    }
    chain out { type filter hook output priority 0; jump sub
        tcp dport 81 drop
        tcp dport 82 reject with tcp reset
    }
}";

#[test]
fn who_drops_is_told_though_the_rule_is_another_programs() {
    let fixture = Fixture::new("outbound: {excludePorts: [81, 82]}");
    let place = &fixture.bed.pod;
    nft(place, DROPS);
    for (port, verdict, rule) in [
        (81, "dropped", "tcp dport 81 drop"),
        (82, "rejected", "tcp dport 82 reject with tcp reset"),
    ] {
        for to in world(port) {
            let trace = start(place, &format!("--output json --port {port} --count 1"));
            let limit = std::time::Duration::from_millis(300);
            assert!(Dial::new(User::APP, to).within(limit).open(place).is_err(), "{to}");
            let packet = trace.wait().first(to);
            is(&packet, verdict, "out", rule);
            is(&packet, verdict, "output", "th dport 81-82 accept");
            let steps = packet["steps"].as_array().unwrap();
            assert_eq!(steps.len(), 2, "ours, and what decided: {packet:#}");
            assert_eq!(steps[1]["table"], "inet other");
        }
    }
}

#[test]
fn all_tables_show_what_others_do() {
    let fixture = Fixture::new("");
    let (place, to) = (&fixture.bed.pod, world(WORLD_PORT)[1]);
    nft(place, DROPS);
    let trace = start(place, "--output json --proto tcp --all-tables");
    fixture.captured_outbound(User::APP, to);
    let packet = trace.end().first(to);
    is(&packet, "captured", "output", "meta l4proto tcp redirect to :15001");
    is(&packet, "captured", "out", "jump sub");
    is(&packet, "captured", "sub", "meta mark set 0x00000007 return");
    is(&packet, "captured", "out", "policy accept");
}

#[test]
fn rules_that_are_replaced_meanwhile_are_known() {
    let fixture = Fixture::new("");
    let to = world(WORLD_PORT)[0];
    let trace = start(&fixture.bed.pod, "--output json --port 80");
    fixture.captured_outbound(User::APP, to);
    fixture.replace("outbound: {excludePorts: [80]}");
    fixture.direct(User::APP, to, "world");
    let ended = trace.end();
    let direct = ended.packets().into_iter().find(|packet| {
        let steps = packet["steps"].as_array().unwrap();
        steps.iter().any(|step| step["nft"] == "th dport 80 accept")
    });
    is(&direct.unwrap_or_else(|| panic!("{ended:?}")), "direct", "output", "th dport 80 accept");
}

#[test]
fn without_rules_of_ours_it_says_so() {
    let place = empty();
    run(&place, "").refused(1, &["nothing is applied here", "--all-tables"]);
    let trace = start(&place, "--output json --all-tables --proto icmp --count 1");
    let to = std::net::Ipv4Addr::LOCALHOST.into();
    nftdivert_integration::datagram::ping(&place, to).unwrap();
    let ended = trace.wait();
    assert!(ended.err.contains("note: nothing of ours is applied here"), "{ended:?}");
    assert_eq!(ended.packets()[0]["verdict"], "notSeen", "{ended:?}");
}
