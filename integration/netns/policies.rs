//! Policies that name every setting, alone and in pairs.

use std::collections::BTreeMap;

/// Every setting with values that make rules of every shape: compared one by one, and looked up.
pub const SETTINGS: [(&str, &str); 26] = [
    ("proxy.uids", "[2102, 5678]"),
    ("proxy.uids", "[1, 2, 3, 4, 70000]"),
    ("proxy.gids", "[]"),
    ("proxy.gids", "[9, 11, 13, 15, 17, 65536]"),
    ("proxy.ports.outbound", "4140"),
    ("proxy.ports.inbound", "15001"),
    ("proxy.ports.tunnel", "8099"),
    ("proxy.passthroughSource.ipv4", "127.6.6.6"),
    ("proxy.passthroughSource.ipv6", "'fd00::6'"),
    ("inbound.ports", "[]"),
    ("inbound.ports", "[8080, 8082-8099]"),
    ("inbound.ports", "[1-9, 20, 30, 40, 50-59, 65535]"),
    ("inbound.excludePorts", "[]"),
    ("inbound.excludePorts", "[22, 7000-7010, 7100, 7200, 7300]"),
    ("outbound.ranges", "[]"),
    ("outbound.ranges", "[10.0.0.0/8, 11.0.0.0/9, 127.0.0.0/8, 192.0.2.10, 'fd00::/8']"),
    ("outbound.ranges", "[0.0.0.0/0, '::/0']"),
    ("outbound.excludeRanges", "[198.18.0.0/25, 198.18.0.128/26, 'fd99::/121', 'fd99::80/122']"),
    ("outbound.includePorts", "[80, 443]"),
    ("outbound.includePorts", "[80, 443, 5000-5999, 6000, 6379, 9000]"),
    ("outbound.excludePorts", "[25, 53, 100-200, 300, 65535]"),
    ("outbound.loopback", "127.0.0.0/9"),
    ("interfaces.exclude", "[net1]"),
    ("interfaces.exclude", "[net1, net2, net3, 'br-a.b', abcdefghijklmno]"),
    ("ipv6", "bypass"),
    ("ipv6", "reject"),
];

/// Counters go with everything.
pub const COUNTERS: (&str, &str) = ("counters", "on");

/// A policy with the one setting, for each of them, and the policy that says nothing.
pub fn singles() -> Vec<String> {
    let nothing = [String::new(), yaml(&[COUNTERS])];
    nothing.into_iter().chain(SETTINGS.iter().map(|one| yaml(&[*one]))).collect()
}

/// A policy with the two settings, for each pair of different ones; every other one counts.
pub fn pairs() -> Vec<String> {
    let mut all = Vec::new();
    for (place, one) in SETTINGS.iter().enumerate() {
        for other in SETTINGS[place + 1..].iter().filter(|other| other.0 != one.0) {
            let counted = all.len() % 2 == 0;
            let settings = if counted { vec![*one, *other, COUNTERS] } else { vec![*one, *other] };
            all.push(yaml(&settings));
        }
    }
    all
}

/// Settings by their dotted keys as YAML.
fn yaml(settings: &[(&str, &str)]) -> String {
    let mut tree = Tree::default();
    for (path, value) in settings {
        let keys = path.split('.');
        keys.fold(&mut tree, |tree, key| tree.0.entry(key.to_owned()).or_default()).1 = value;
    }
    tree.text(0)
}

/// Keys with what is below them, or a value.
#[derive(Default)]
struct Tree<'a>(BTreeMap<String, Tree<'a>>, &'a str);

impl Tree<'_> {
    fn text(&self, depth: usize) -> String {
        let line = |(key, below): (&String, &Tree<'_>)| {
            let (indent, value) = (" ".repeat(depth), below.1);
            format!("{indent}{key}: {value}\n{}", below.text(depth + 2))
        };
        self.0.iter().map(line).collect()
    }
}
