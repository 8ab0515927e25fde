//! What becomes of packets, each way and in both families.

use nftdivert::demo::{ProxyOptions, User};
use nftdivert_integration::asserts::PASSTHROUGH;
use nftdivert_integration::datagram::{any, udp};
use nftdivert_integration::fixture::{APP_PORT, Fixture, Scene, WORLD_PORT};

use crate::harness::{is, pod, start, world};

#[test]
fn captured_on_the_way_out_and_the_proxys_own_is_direct() {
    let fixture = Fixture::new("");
    for to in world(WORLD_PORT) {
        let trace = start(&fixture.bed.pod, "--output json --proto tcp --port 80");
        fixture.captured_outbound(User::APP, to);
        let ended = trace.end();
        let packets = ended.to(to);
        let first = &packets[0];
        is(first, "captured", "output", "meta l4proto tcp redirect to :15001");
        assert_eq!((&first["port"], &first["by"]), (&15001.into(), &"redirect".into()));
        assert_eq!(first["oif"], "eth0");
        assert!(first["notes"].as_array().unwrap().is_empty(), "{first:#}");
        let is_of = |port| move |packet: &&_| -> bool { source_port(packet) == port };
        let (app, proxy): (Vec<_>, Vec<_>) =
            packets.iter().partition(|packet| is_of(source_port(first))(packet));
        // The connection's other packets: conntrack rewrites them, and no rule is asked.
        assert!(app.len() > 1, "{ended:?}");
        for later in &app[1..] {
            assert_eq!((&later["verdict"], &later["port"]), (&"captured".into(), &15001.into()));
            assert!(later["by"].is_null() && later["steps"].as_array().unwrap().is_empty());
            assert!(later["notes"][0].as_str().unwrap().starts_with("not asked: output."));
        }
        is(proxy[0], "direct", "output", "meta skuid 1337 accept");
        let said = proxy[0]["said"].as_str().unwrap();
        assert!(said.starts_with("direct: not captured, by output, rule "), "{said}");
        assert_eq!(proxy[1]["verdict"], "notSeen", "{:#}", proxy[1]);
    }
}

fn source_port(packet: &serde_json::Value) -> u64 {
    packet["sourcePort"].as_u64().unwrap()
}

#[test]
fn what_is_excluded_is_direct_by_its_rule() {
    let fixture = Fixture::new("outbound: {excludePorts: [80]}");
    for to in world(WORLD_PORT) {
        let trace = start(&fixture.bed.pod, "--output json --port 80");
        fixture.direct(User::APP, to, "world");
        is(&trace.end().first(to), "direct", "output", "th dport 80 accept");
    }
}

#[test]
fn captured_on_the_way_in_and_passed_to_the_app_by_lo() {
    let fixture = Fixture::new("");
    for (to, passthrough) in pod(APP_PORT).into_iter().zip(PASSTHROUGH) {
        let trace = start(&fixture.bed.pod, "--output json --port 8080");
        fixture.captured_inbound(to);
        let ended = trace.end();
        let first = ended.first(to);
        is(&first, "captured", "prerouting", "meta l4proto tcp redirect to :15006");
        assert_eq!((&first["iif"], &first["port"]), (&"eth0".into(), &15006.into()));
        let packets = ended.packets();
        let by_lo = |packet: &&serde_json::Value| packet["source"] == passthrough.to_string();
        let passed = packets.iter().find(by_lo).unwrap_or_else(|| panic!("{packets:#?}"));
        let header = if to.is_ipv6() { "ip6" } else { "ip" };
        is(passed, "direct", "loopback", &format!("{header} saddr {passthrough} accept"));
        is(passed, "direct", "output", "oif \"lo\" goto loopback");
    }
}

#[test]
fn datagrams_are_direct_and_name_queries_captured() {
    let fixture = Fixture::new("dns: {capture: all}");
    for (query, other) in world(53).into_iter().zip(world(5353)) {
        let trace = start(&fixture.bed.pod, "--output json --proto udp");
        for to in [query, other] {
            let socket = udp(&fixture.bed.pod, User::APP, any(to));
            // Nobody listens: what comes back is an error of ICMP.
            socket.send_to(b"who", to).unwrap();
        }
        let ended = trace.end();
        let captured = ended.first(query);
        is(&captured, "captured", "dns", "meta l4proto udp redirect to :15053");
        assert_eq!(captured["port"], 15053);
        let zone = captured["steps"].as_array().unwrap().iter().find(|s| s["chain"] == "dns_zone");
        assert!(zone.is_some(), "{captured:#}");
        is(&ended.first(other), "direct", "output", "policy accept");
    }
}

#[test]
fn what_tproxy_hands_over_is_captured_packet_by_packet() {
    let proxy = ProxyOptions { transparent: true, ..ProxyOptions::default() };
    let policy = "inbound: {mode: tproxy}";
    let fixture = Fixture::start(&Scene { policy, proxy, ..Scene::default() });
    for to in pod(APP_PORT) {
        let trace =
            start(&fixture.bed.pod, "--output json --proto tcp --port 8080 --from 10.88.0.1");
        let other = to.is_ipv6();
        fixture.captured_inbound(to);
        let ended = trace.end();
        if other {
            assert!(ended.packets().is_empty(), "of another family than --from: {ended:?}");
            continue;
        }
        let packets = ended.to(to);
        assert!(packets.len() > 1, "{ended:?}");
        for packet in packets {
            assert_eq!((&packet["verdict"], &packet["by"]), (&"captured".into(), &"tproxy".into()));
            let steps = packet["steps"].as_array().unwrap();
            let did = |step: &serde_json::Value| step["did"][0] == "hands over to port 15006";
            assert!(steps.iter().any(did), "{packet:#}");
        }
    }
}

#[test]
fn the_text_is_the_packet_its_rules_and_the_verdict() {
    let fixture = Fixture::new("");
    let to = world(WORLD_PORT)[0];
    let trace = start(&fixture.bed.pod, "--uid 1000 --count 1");
    fixture.captured_outbound(User::APP, to);
    let ended = trace.wait();
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines: Vec<&str> = ended.out.lines().collect();
    let [packet, head, rule, verdict, ""] = lines.as_slice() else { panic!("{ended:?}") };
    assert!(packet.starts_with("tcp 10.88.0.2:"), "{packet}");
    assert!(packet.ends_with(" -> 192.0.2.10:80, leaves by eth0, syn"), "{packet}");
    let (chain, number) = head.strip_suffix(": redirects to port 15001").unwrap().split_at(13);
    assert_eq!((chain, *rule), ("output, rule ", "  meta l4proto tcp redirect to :15001"));
    assert_eq!(*verdict, format!("captured: port 15001, by output, rule {number}"));
    assert!(ended.err.ends_with("trace: packets: 1, events lost: 0\n"), "{ended:?}");
}
