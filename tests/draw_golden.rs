//! Drawings that are kept: those of the documentation as the command prints them, and some kinds of
//! policies as tests/draw/NAME.svg and NAME.dot.
//!
//! `NFTDIVERT_BLESS=1 cargo test --test draw_golden` writes them anew; look at them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nftdivert::draw::{dot, drawing, svg};
use nftdivert::plan::{CgroupMatch, HostFacts, plan};
use nftdivert::policy::CapturePolicy;

#[path = "support/drawings.rs"]
mod drawings;

/// Policies of tests/plan that have every kind of outcome.
const KEPT: [&str; 6] = [
    "dns_listed_many",
    "identity_all",
    "ipv6_reject",
    "sources_and_invalid",
    "tproxy_fast_ports",
    "virtual",
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn assert_is(text: &str, name: &str) {
    let golden = path(name);
    if std::env::var_os("NFTDIVERT_BLESS").is_some() {
        fs::write(&golden, text).unwrap();
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(text == wanted, "{name} is not what is drawn now; bless it and look at it");
}

fn nftdivert(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nftdivert")).args(words).output().unwrap()
}

fn drawn(words: &[&str]) -> String {
    let done = nftdivert(&[&["plan", "--output", "svg"], words].concat());
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_documentation_shows_what_the_command_draws() {
    assert_is(&drawn(&[]), "docs/packet-way.svg");
    let tproxy = drawn(&["--inbound-mode", "tproxy", "--dns-capture", "all"]);
    assert_is(&tproxy, "docs/packet-way-tproxy.svg");
}

#[test]
fn kinds_of_policies_have_their_drawings() {
    let facts = HostFacts {
        name_servers: vec!["10.96.0.10".parse().unwrap(), "fd00::a".parse().unwrap()],
        cgroup: Some(CgroupMatch { id: 4711, level: 3 }),
        ..HostFacts::default()
    };
    for name in KEPT {
        let text = fs::read_to_string(path(&format!("tests/plan/{name}.yaml"))).unwrap();
        let ruleset = plan(&CapturePolicy::from_yaml(&text).unwrap(), &facts).unwrap().ruleset;
        drawings::check(&ruleset);
        let drawing = drawing(&ruleset);
        assert_is(&svg(&drawing), &format!("tests/draw/{name}.svg"));
        assert_is(&dot(&drawing), &format!("tests/draw/{name}.dot"));
    }
}

#[test]
fn verdicts_are_told_apart() {
    let text = "apiVersion: nftdivert/v1\ninbound: {mode: tproxy, dropInvalid: true}\n\
                dns: {capture: all}\nipv6: reject\n";
    let policy = CapturePolicy::from_yaml(text).unwrap();
    let text = svg(&drawing(&plan(&policy, &HostFacts::default()).unwrap().ruleset));
    let labels = [
        "captured: outbound port 15001",
        "captured: inbound port 15006",
        "captured: DNS port 15053",
        "direct",
        "goes on",
        "dropped",
        "refused",
        "returns",
        "mark set",
        "own zone",
    ];
    for label in labels {
        assert!(text.contains(&format!(">{label}</text>")), "{label}");
    }
    // What the proxy sends to its own pod is captured inbound, on its way out.
    let default =
        svg(&drawing(&plan(&CapturePolicy::default(), &HostFacts::default()).unwrap().ruleset));
    let out = default.split(">going out</text>").nth(1).unwrap();
    assert!(out.contains("captured: inbound port 15006"));
}

#[test]
fn only_plan_draws() {
    for (words, name) in [
        (&["--output", "svg", "verify"][..], "verify prints text or json"),
        (&["verify", "--output", "dot"], "[possible values: text, json]"),
        (&["--output", "dot", "completions", "bash"], "completions prints text or json"),
        (&["plan", "--output", "png"], "[possible values: text, json, svg, dot]"),
    ] {
        let done = nftdivert(words);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(name), "{words:?}: {said}");
        assert!(done.stdout.is_empty(), "{words:?}");
    }
    for words in [&["--output", "dot", "plan"][..], &["plan", "--output", "dot"]] {
        assert!(nftdivert(words).stdout.starts_with(b"digraph "), "{words:?}");
    }
    let json = nftdivert(&["--output", "json", "plan", "--outbound-port", "0"]);
    assert_eq!(json.status.code(), Some(2));
    assert!(json.stdout.starts_with(b"{"));
}

#[test]
fn help_and_completion_tell_which_command_draws() {
    let text = |words: &[&str]| String::from_utf8(nftdivert(words).stdout).unwrap();
    assert!(text(&["plan", "--help"]).contains("svg:"));
    for command in ["apply", "explain", "verify", "status", "remove", "exec", "demo"] {
        let help = text(&[command, "--help"]);
        assert!(help.contains("json:") && !help.contains("svg:"), "{command}: {help}");
    }
    let script = text(&["completions", "fish"]);
    let draws = |command: &str| {
        let lines =
            script.lines().filter(|line| line.contains(&format!("using_subcommand {command}\"")));
        let flags = script.split("complete -c").filter(|part| {
            part.contains(&format!("using_subcommand {command}")) && part.contains("-l output ")
        });
        assert!(lines.count() > 0, "{command}");
        flags.map(|part| part.contains("svg")).collect::<Vec<bool>>()
    };
    assert_eq!(draws("plan"), [true]);
    assert_eq!(draws("apply"), [false]);
}
