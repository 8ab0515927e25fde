//! `explain`: the verdict, the rules that decided, and what is wrong with a packet.

use crate::harness::{Place, nftdivert};

/// What `nftdivert explain LINE` prints, without the policy's digest.
#[track_caller]
fn explained(line: &str) -> String {
    let words: Vec<&str> = ["explain"].into_iter().chain(line.split(' ')).collect();
    let ran = nftdivert(&words);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (packet, rest) = ran.out.split_once("; rules of policy ").unwrap();
    format!("{packet}\n{}", rest.split_once('\n').unwrap().1)
}

const APP: &str = "\
captured: outbound port 15001
tcp 10.88.0.2:40000 -> 10.0.0.1:443, leaves by eth0, uid 1000, gid 1000
output, rule 6 (outbound.ranges): redirects to port 15001
  meta l4proto tcp redirect to :15001
";
const PROXY: &str = "\
direct: not captured
tcp 10.88.0.2:40000 -> 10.0.0.1:443, leaves by eth0, uid 1337, gid 1337
output, rule 4 (proxy.uids): passes this hook's chain
  meta skuid 1337 accept
";
const SELF_CALL: &str = "\
captured: inbound port 15006
tcp [fd88::2]:40000 -> [fd88::2]:8080, leaves by lo, uid 7, gid 1337
output, rule 3 (proxy): goes to loopback
  oif \"lo\" goto loopback
loopback, rule 4 (proxy.gids): goes to self_call
  meta skgid 1337 goto self_call
self_call, rule 1 (proxy.ports.inbound): redirects to port 15006
  tcp dport != 15008 redirect to :15006
";
const QUERY: &str = "\
captured: DNS port 15053
udp [fd88::2]:40000 -> [2001:db8::53]:53, leaves by eth0, uid 1000, gid 1000
dns_zone, rule 5 (dns.capture): jumps to dns_direct
  jump dns_direct
dns_zone, rule 6 (dns.capture): tracks in zone 53
  ct zone set 53
output, rule 1 (dns.capture): jumps to dns
  th dport 53 jump dns
dns, rule 1 (dns.capture): jumps to dns_direct
  jump dns_direct
dns, rule 2 (dns.capture): redirects to port 15053
  meta l4proto udp redirect to :15053
";
const TPROXY: &str = "\
captured: inbound port 15006 by TPROXY
tcp 192.0.2.7:5000 -> 10.88.0.2:80, comes by eth0
tproxy_prerouting, rule 11 (inbound.ports): hands over to port 15006, sets the mark 0x539, passes this hook's chain
  meta l4proto tcp tproxy to :15006 meta mark set 0x00000539 accept
tproxy_input, rule 1 (inbound.tproxy.mark): sets the mark 0x0, passes this hook's chain
  iif != \"lo\" meta mark 0x00000539 meta mark set 0x00000000 accept
";
const REFUSED: &str = "\
rejected: the sender is told
icmp type 128 fd88::1 -> fd88::2, comes by eth0
prerouting, rule 1 (ipv6): passes this hook's chain
  meta nfproto ipv6 accept
reject_input, rule 8 (ipv6): rejects
  reject with icmpx admin-prohibited
";
const INVALID: &str = "\
dropped: nobody is told
tcp 10.88.0.1:40000 -> 10.88.0.2:80, comes by eth0
drop_invalid, rule 1 (inbound.dropInvalid): drops
  ct state invalid drop
";

#[test]
fn the_verdict_comes_first_and_then_the_rules_that_decided() {
    for (line, text) in [
        ("out tcp --to 10.0.0.1:443", APP),
        ("out tcp --to 10.0.0.1:443 --uid 1337", PROXY),
        ("out tcp --to [fd88::2]:8080 --uid 7 --gid 1337", SELF_CALL),
        ("out udp --to [2001:db8::53]:53 --dns-capture all", QUERY),
        ("in tcp --to 10.88.0.2:80 --from 192.0.2.7:5000 --inbound-mode tproxy", TPROXY),
        ("in icmp --to fd88::2 --ipv6 reject", REFUSED),
        ("in tcp --to 10.88.0.2:80 --state invalid --drop-invalid true", INVALID),
    ] {
        assert_eq!(explained(line), text, "{line}");
    }
}

#[test]
fn all_shows_what_did_not_match_too_and_why() {
    let text = explained("out tcp --to 10.0.0.1:443 --no-socket --all");
    assert!(text.contains("output, rule 3 (proxy): does not match\n  oif \"lo\" goto"), "{text}");
    let lacks = "(proxy.uids): does not match, for the packet lacks a socket\n";
    assert!(text.contains(lacks), "{text}");
    assert!(text.ends_with("redirect to :15001\n"), "{text}");
}

#[test]
fn marks_classes_interfaces_and_protocols_count() {
    let captured = "captured: outbound port 15001";
    for (line, verdict) in [
        ("out tcp --to 10.0.0.1:1 --mark 0x30000 --proxy-mark 0x10000/0x10000", "direct"),
        ("out tcp --to 10.0.0.1:1 --mark 0x20000 --proxy-mark 0x10000/0x10000", captured),
        ("out tcp --to 10.0.0.1:1 --net-cls 10:1 --proxy-net-cls-classid 10:1", "direct"),
        ("out tcp --to 10.0.0.1:1 --net-cls 10:2 --proxy-net-cls-classid 10:1", captured),
        ("out tcp --to 10.0.0.1:1 --oif net1 --exclude-interfaces net1", "direct"),
        ("out tcp --to 10.0.0.1:1 --state established", "direct"),
        ("out 132 --to 10.0.0.1", "direct"),
        ("out 6 --to 10.0.0.1:1", captured),
        ("in tcp --to 10.88.0.2:1 --iif net1 --virtual-interfaces net1", captured),
    ] {
        assert!(explained(line).starts_with(verdict), "{line}");
    }
}

#[test]
fn json_says_the_same() {
    let ran = nftdivert(&["explain", "out", "tcp", "--to", "10.0.0.1:443", "--output", "json"]);
    let said = ran.json();
    assert_eq!((&said["verdict"], &said["port"]), (&"captured".into(), &15001.into()));
    assert_eq!((&said["by"], &said["portOf"][0]), (&"redirect".into(), &"outbound".into()));
    let step = &said["steps"][0];
    assert_eq!((&step["chain"], &step["rule"]), (&"output".into(), &6.into()));
    assert_eq!(step["setting"], "outbound.ranges");
    assert_eq!(step["did"][0], "redirects to port 15001");
}

#[test]
fn every_fault_of_a_packet_is_told_at_once() {
    let line = "explain out tcp --to 10.0.0.1 --from fd::1 --uid x --mark 1/1 --iif eth0 --type 3";
    let words: Vec<&str> = line.split(' ').chain(["--output", "json"]).collect();
    let ran = nftdivert(&words);
    assert_eq!(ran.code, 2, "{ran:?}");
    for words in [
        "the packet has 6 faults",
        "--iif: eth0: a packet that is sent has --oif",
        "--uid: x: must be a user id",
        "--mark: 1/1: must be a packet mark",
        "--from: fd::1: is of another family than --to",
        "--type: 3: is of icmp alone",
        "--to: 10.0.0.1: has no port, which TCP and UDP need",
    ] {
        assert!(ran.err.contains(words), "{words}: {ran:?}");
    }
    assert_eq!(ran.json()["faults"].as_array().unwrap().len(), 6);
    for (line, says) in [
        ("in tcp --to 10.0.0.1:1 --uid 5", "--uid: 5: is a socket's"),
        ("out tcp --to 10.0.0.1:1 --uid 5 --no-socket", "--uid: 5: is a socket's"),
        ("out tcp --to 10.0.0.1:70000", "--to: 10.0.0.1:70000: must be a port"),
        ("out icmp --to 10.0.0.1:7", "--to: 10.0.0.1:7: has a port"),
        ("out ipx --to 10.0.0.1", "PROTOCOL: ipx: must be tcp, udp, icmp or the number"),
        ("out tcp --to 10.0.0.1:1 --oif a/b", "--oif: a/b: is not an interface name"),
        ("in tcp --to 10.0.0.1:1 --oif lo", "--oif: lo: a packet that comes in has --iif"),
        ("sideways tcp --to 10.0.0.1:1", "sideways"),
        ("out tcp", "--to"),
    ] {
        let words: Vec<&str> = ["explain"].into_iter().chain(line.split(' ')).collect();
        let ran = nftdivert(&words);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(says), "{says}: {ran:?}");
    }
}

#[test]
fn with_a_namespace_it_explains_what_the_kernel_holds() {
    let place = Place::new();
    let line = ["explain", "out", "tcp", "--to", "10.0.0.1:443"];
    let absent = place.run(&line);
    assert_eq!((absent.code, absent.out.as_str()), (1, ""), "{absent:?}");
    assert!(absent.err.contains("nothing is applied in namespace "), "{absent:?}");

    place.run(&["apply"]);
    let ran = place.run(&line);
    assert!(ran.out.starts_with("captured: outbound port 15001\n"), "{ran:?}");
    assert!(ran.out.contains("output, rule 6 (outbound.ranges): redirects to"), "{ran:?}");
    place.sh("nft insert rule inet nftdivert output tcp dport 443 accept");
    let ran = place.run(&line);
    assert!(ran.out.starts_with("direct: not captured\n"), "{ran:?}");
    assert!(ran.out.contains("\noutput, rule 1: passes this hook's chain\n"), "{ran:?}");

    place.sh("nft insert rule inet nftdivert output tcp dport 443 log");
    let rules = place.rules();
    let ran = place.run(&line);
    assert!(ran.out.starts_with("not known: what log does\n"), "{ran:?}");
    let other = place.run(&["explain", "out", "tcp", "--to", "10.0.0.1:80"]);
    assert!(other.out.starts_with("captured"), "{other:?}");

    assert_eq!(place.rules(), rules, "and it touched nothing");
}
