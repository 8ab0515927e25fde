//! Filters: what passes them is told, and nothing else.

use nftdivert::demo::User;
use nftdivert_integration::datagram::ping;
use nftdivert_integration::fixture::{Fixture, WORLD_PORT, WORLD_PORT as PORT};
use serde_json::Value;

use crate::harness::{run, start, world};

#[test]
fn by_the_user_of_the_socket() {
    let fixture = Fixture::new("");
    let to = world(PORT)[0];
    let trace = start(&fixture.bed.pod, "--output json --uid 1337 --proto tcp");
    fixture.captured_outbound(User::APP, to);
    let packets = trace.end().packets();
    assert!(packets.iter().any(|packet| packet["verdict"] == "direct"), "{packets:#?}");
    // What the app sends is captured; what comes in has no user.
    let strays = |packet: &&Value| packet["verdict"] == "captured" || packet["oif"].is_null();
    assert_eq!(packets.iter().find(strays), None);
}

#[test]
fn by_ranges_and_ports_of_both_ends() {
    let fixture = Fixture::new("");
    let [v4, v6] = world(WORLD_PORT);
    for (to, range) in [(v4, "192.0.2.8/29"), (v6, "2001:db8::/33")] {
        let trace = start(&fixture.bed.pod, &format!("--output json --to {range}"));
        fixture.captured_outbound(User::APP, v4);
        fixture.captured_outbound(User::APP, v6);
        let ended = trace.end();
        assert!(!ended.to(to).is_empty(), "{ended:?}");
        assert_eq!(ended.to(to).len(), ended.packets().len(), "{ended:?}");

        let trace = start(&fixture.bed.pod, &format!("--output json --from {range} --sport 80"));
        fixture.captured_outbound(User::APP, to);
        let packets = trace.end().packets();
        assert!(!packets.is_empty());
        for packet in packets {
            assert_eq!(
                (&packet["sourcePort"], &packet["source"]),
                (&80.into(), &to.ip().to_string().into())
            );
            let answers = "an answer: it goes back the way of its connection";
            assert!(packet["notes"].as_array().unwrap().contains(&answers.into()), "{packet:#}");
        }
    }
}

#[test]
fn by_icmp_of_both_families() {
    let fixture = Fixture::new("");
    let trace = start(&fixture.bed.pod, "--output json --proto icmp");
    for to in world(PORT) {
        ping(&fixture.bed.pod, to.ip()).unwrap();
    }
    fixture.captured_outbound(User::APP, world(PORT)[0]);
    let packets = trace.end().packets();
    for (to, kind) in world(PORT).into_iter().zip(["icmp type 8 ", "icmp type 128 "]) {
        let asked = |packet: &&Value| {
            packet["destination"] == to.ip().to_string()
                && packet["packet"].as_str().unwrap().starts_with(kind)
        };
        let packet = packets.iter().find(asked).unwrap_or_else(|| panic!("{to}: {packets:#?}"));
        assert_eq!(packet["verdict"], "direct", "{packet:#}");
    }
    assert!(packets.iter().all(|packet| packet["sourcePort"].is_null()), "{packets:#?}");
}

#[test]
fn filters_that_say_nothing_are_refused() {
    let fixture = Fixture::new("");
    let place = &fixture.bed.pod;
    run(place, "--proto icmp --port 80").refused(2, &["icmp has no ports"]);
    run(place, "--from 10.0.0.1 --to fd88::/64").refused(2, &["two families"]);
    run(place, "--for 11m").refused(2, &["at most 10m"]);
    run(place, "--for soon").refused(2, &["write for example 30s"]);
    run(place, "--count 0").refused(2, &["--count"]);
    run(place, "--to 10.0.0.1/8").refused(2, &["10.0.0.0/8"]);
    run(place, "--host").refused(2, &["--netns"]);
}
