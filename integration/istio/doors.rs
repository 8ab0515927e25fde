//! One policy for all doors: the same policy by file, by flags and by the library gives the same
//! rules, byte for byte.

use std::collections::BTreeSet;

use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::{
    CapturePolicy, Dns, Identity, InboundMode, InboundPorts, Marks, Match, NameServers, Override,
};
use nftdivert::ruleset::ruleset_text;
use nftdivert::words::{Gid, Uid};
use nftdivert_integration::ran::built;
use nftdivert_integration::shell::{nft_list, program};

const FILE: &str = "
apiVersion: nftdivert/v1
proxy:
  uids: [1337, 2102]
  gids: [1337]
inbound:
  mode: tproxy
  excludePorts: [15020, 9090-9099]
outbound:
  excludeRanges: [198.51.100.0/24, '2001:db8:1::/48']
  excludePorts: [3306]
dns: {capture: listed, servers: [192.0.2.53, '2001:db8::53']}
";

const FLAGS: [(&str, &str); 8] = [
    ("proxy-uid", "1337,2102"),
    ("proxy-gid", "1337"),
    ("inbound-mode", "tproxy"),
    ("inbound-exclude-ports", "15020,9090-9099"),
    ("outbound-exclude-ranges", "198.51.100.0/24,2001:db8:1::/48"),
    ("outbound-exclude-ports", "3306"),
    ("dns-capture", "listed"),
    ("dns-servers", "192.0.2.53,2001:db8::53"),
];

fn typed() -> CapturePolicy {
    let mut policy = CapturePolicy::default();
    let marks = Marks {
        uids: [1337, 2102].into_iter().filter_map(Uid::new).collect(),
        gids: [1337].into_iter().filter_map(Gid::new).collect(),
        ..Marks::default()
    };
    policy.proxy.identity = Identity::new(marks, Match::Any).unwrap();
    policy.inbound.mode = InboundMode::Tproxy;
    let ports = ["15020", "9090-9099"].map(|range| range.parse().unwrap());
    policy.inbound.ports = InboundPorts::AllExcept(ports.into_iter().collect());
    let ranges = ["198.51.100.0/24", "2001:db8:1::/48"].map(|range| range.parse().unwrap());
    policy.outbound.exclude_ranges = ranges.into_iter().collect();
    policy.outbound.exclude_ports = ["3306".parse().unwrap()].into_iter().collect();
    let servers: BTreeSet<_> =
        ["192.0.2.53", "2001:db8::53"].map(|ip| ip.parse().unwrap()).into_iter().collect();
    policy.dns = Dns::Listed(NameServers::Only(servers));
    policy
}

fn by_flags() -> CapturePolicy {
    let given =
        |(flag, value): (&'static str, &str)| Override { flag, values: vec![value.to_owned()] };
    let flags = FLAGS.map(given);
    CapturePolicy::load(None, "flags", &flags).unwrap()
}

#[test]
fn the_library_understands_file_flags_and_types_alike() {
    let file = CapturePolicy::from_yaml(FILE).unwrap();
    let text = |policy: &CapturePolicy| {
        let facts = HostFacts::default();
        (policy.digest(), ruleset_text(&plan(policy, &facts).unwrap().ruleset))
    };
    assert_eq!(file, typed());
    assert_eq!(file, by_flags());
    assert_eq!(text(&file), text(&typed()));
    assert_eq!(text(&file), text(&by_flags()));
    assert_ne!(text(&file), text(&CapturePolicy::default()));
    // What it writes, it reads as the same.
    let again = CapturePolicy::from_yaml(&file.to_yaml()).unwrap();
    assert_eq!(text(&file), text(&again));
}

/// Runs a command of ours in `place`.
fn run(place: &Netns, words: &[String], input: &str) -> String {
    let command = built();
    let mut all = vec![command.to_str().unwrap()];
    all.extend(words.iter().map(String::as_str));
    program(place, &all, input)
}

fn words(command: &str, flags: &[(&str, &str)]) -> Vec<String> {
    let flags = flags.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]);
    [command.to_owned()].into_iter().chain(flags).collect()
}

#[test]
fn the_command_understands_file_and_flags_alike() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), FILE).unwrap();
    let path = file.path().to_str().unwrap();
    let doors: [(&[(&str, &str)], &str); 3] =
        [(&[("policy", path)], ""), (&[("policy", "-")], FILE), (&FLAGS, "")];
    let wanted = typed();
    let digest = format!("policy {} from", wanted.digest());
    let table = ruleset_text(&plan(&wanted, &HostFacts::default()).unwrap().ruleset);
    let mut kernels = BTreeSet::new();
    for (flags, input) in doors {
        let planned = run(&bed.pod, &words("plan", flags), input);
        assert!(planned.contains(&digest), "{planned}");
        assert!(planned.ends_with(&table), "{planned}\nnot\n{table}");
        run(&bed.pod, &words("apply", flags), input);
        kernels.insert(rules(&nft_list(&bed.pod, "table inet nftdivert")));
        run(&bed.pod, &words("remove", &[]), "");
    }
    assert_eq!(kernels.len(), 1, "{kernels:#?}");
    assert!(kernels.first().unwrap().contains("tproxy to :15006"));
}

/// Without the record, which says by which door the policy came.
fn rules(listed: &str) -> String {
    let start = listed.find("chain applied").expect("the record");
    let end = start + listed[start..].find('}').unwrap();
    format!("{}{}", &listed[..start], &listed[end..])
}
