//! Policies that name every setting, alone and in pairs.

use std::collections::BTreeMap;

/// Every setting with values that make rules of every shape: compared one by one, and looked up.
pub const SETTINGS: [(&str, &str); 54] = [
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
    ("proxy.match", "all"),
    ("proxy.mark", "0x10"),
    ("proxy.mark", "0x10/0xf0"),
    ("proxy.netClsClassid", "0x00100001"),
    ("proxy.ports.dns", "5353"),
    ("inbound.mode", "tproxy"),
    ("inbound.mode", "tproxyFast"),
    ("inbound.tproxy.mark", "0x700"),
    ("inbound.tproxy.table", "700"),
    ("inbound.tproxy.outboundMark", "0x800"),
    ("inbound.excludeSources", "[192.0.2.0/24, 'fd98::/64']"),
    ("inbound.dropInvalid", "true"),
    ("outbound.services", "[{address: 192.0.2.10, port: 80}]"),
    ("outbound.services", "[{address: 192.0.2.10, port: 443}, {address: 'fd99::1', port: 80}]"),
    ("outbound.ownerGroups.include", "[1000]"),
    ("outbound.ownerGroups.include", "[1000, 1001, 70000]"),
    ("outbound.ownerGroups.include", "[]"),
    ("outbound.ownerGroups.exclude", "[7]"),
    ("outbound.ownerGroups.exclude", "[1, 2, 3, 4, 5]"),
    ("outbound.excludePortsByUid", "[{uids: [999, 998], ports: [53]}]"),
    ("outbound.excludePortsByUid", "[{uids: [9], ports: [1, 3, 5, 7, 9], protocols: [udp]}]"),
    ("interfaces.virtual", "[vm1]"),
    ("interfaces.virtual", "[vm1, vm2, vm3, vm4, vm5]"),
    ("dns.capture", "all"),
    ("dns.capture", "listed"),
    ("dns.servers", "resolvConf"),
    ("loNotrack", "true"),
    ("existing", "reset"),
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
        let others = SETTINGS[place + 1..].iter();
        for other in others.filter(|other| other.0 != one.0 && !contradict(one, other)) {
            let counted = all.len() % 2 == 0;
            let settings = if counted { vec![*one, *other, COUNTERS] } else { vec![*one, *other] };
            all.push(yaml(&settings));
        }
    }
    all
}

/// Settings that are refused together.
fn contradict(one: &(&str, &str), other: &(&str, &str)) -> bool {
    let both = [one, other];
    let pairs = [
        [("inbound.mode", "tproxyFast"), ("inbound.dropInvalid", "true")],
        [("inbound.mode", "tproxyFast"), ("interfaces.virtual", "[")],
    ];
    pairs.iter().any(|pair| {
        pair.iter().all(|(path, value)| {
            both.iter().any(|given| given.0 == *path && given.1.starts_with(value))
        })
    })
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
