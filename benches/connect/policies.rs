//! The policies that are compared.

use std::fmt::Write;

use nftdivert::policy::CapturePolicy;

use crate::leg::Family;

pub(crate) fn read(text: &str) -> CapturePolicy {
    CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
}

/// So many services, the world's among them.
pub(crate) fn services(count: u32, family: Family) -> CapturePolicy {
    let (world, stem) = match family {
        Family::V4 => ("192.0.2.10", "10.96."),
        Family::V6 => ("2001:db8::10", "fd00:96::"),
    };
    let mut text = format!("outbound:\n  services:\n  - {{address: \"{world}\", port: 80}}\n");
    for number in 1..count {
        let address = tail(stem, family, number, number % 100);
        let port = 80 + number % 3;
        writeln!(text, "  - {{address: \"{address}\", port: {port}}}").unwrap();
    }
    read(&text)
}

/// So many excluded ranges, one of them that of the excluded world.
pub(crate) fn excluded(count: u32, family: Family) -> CapturePolicy {
    let world = match family {
        Family::V4 => "198.51.100.0/24",
        Family::V6 => "2001:db8:1::/48",
    };
    read(&format!("outbound:\n  excludeRanges:\n{}", ranges(world, count, family)))
}

/// So many excluded sources, none of them the client.
pub(crate) fn sources(count: u32, family: Family) -> CapturePolicy {
    let other = match family {
        Family::V4 => "203.0.113.0/24",
        Family::V6 => "2001:db8:3::/48",
    };
    read(&format!("inbound:\n  excludeSources:\n{}", ranges(other, count, family)))
}

/// As many owner groups as a policy takes; the app's is one.
pub(crate) fn groups() -> CapturePolicy {
    let ids: Vec<String> = (1000..1064).map(|id: u32| id.to_string()).collect();
    read(&format!("outbound: {{ownerGroups: {{include: [{}]}}}}", ids.join(", ")))
}

/// With a gap after each, so that nothing can be merged.
fn ranges(first: &str, count: u32, family: Family) -> String {
    let mut text = format!("  - \"{first}\"\n");
    for number in 1..count {
        let range = match family {
            Family::V4 => format!("{}/32", tail("11.0.", family, number, 2 * (number % 100))),
            Family::V6 => format!("{}/128", tail("fd00:11::", family, number, 2 * (number % 100))),
        };
        writeln!(text, "  - \"{range}\"").unwrap();
    }
    text
}

/// The address of a number: its hundreds, then this last part.
fn tail(stem: &str, family: Family, number: u32, last: u32) -> String {
    match family {
        Family::V4 => format!("{stem}{}.{last}", number / 100),
        Family::V6 => format!("{stem}{:x}:{last:x}", number / 100 + 1),
    }
}
