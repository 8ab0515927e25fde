//! While policies are replaced in a loop, not one new connection slips past the proxy.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use nftdivert::demo::{Proxy, ProxyOptions};
use nftdivert_integration::knock::{Tally, knock};

use crate::support::{Pod, policy, ways};

const POLICIES: [&str; 5] = [
    "",
    "counters: on\noutbound: {excludePorts: [22, 25, 110, 143, 993, 995]}",
    "outbound: {excludeRanges: [198.51.100.0/24, '2001:db8:1::/48']}",
    "proxy: {ports: {outbound: 15011, inbound: 15016}}",
    "inbound: {ports: [80, 443, 8000-8999]}\noutbound: {ranges: [192.0.2.0/24, '2001:db8::/32']}",
];

#[test]
fn not_one_connection_slips_past_or_fails() {
    let pod = Pod::new();
    let ports = ProxyOptions { outbound_port: 15011, inbound_port: 15016, ..Default::default() };
    let other = Proxy::start(&pod.bed.pod, ports).unwrap();
    pod.apply(&policy("")).unwrap();
    let (stop, tally) = (AtomicBool::new(false), Tally::default());
    let made = || tally.counts().0;
    let mut replacements = 0;
    scope(|threads| {
        for way in ways() {
            let (bed, stop, tally) = (&pod.bed, &stop, &tally);
            let go = move || (!stop.load(Ordering::Relaxed)).then_some(());
            threads.spawn(move || knock(bed, way, tally, go));
        }
        let limit = Instant::now() + Duration::from_secs(30);
        for text in POLICIES.into_iter().cycle().skip(1) {
            if (replacements >= 30 && made() >= 400) || Instant::now() > limit {
                break;
            }
            if let Err(error) = pod.apply(&policy(text)) {
                stop.store(true, Ordering::Relaxed);
                panic!("{error}");
            }
            replacements += 1;
            sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let seen = pod.proxy.seen().len() + other.seen().len();
    println!("{} connections through {replacements} replacements", made());
    let (made, slipped, _) = tally.counts();
    assert_eq!((slipped, tally.failed.into_inner().unwrap()), (0, Vec::new()));
    assert_eq!(seen, made);
    assert!(replacements >= 30 && seen >= 400, "{replacements} replacements, {seen} connections");
}
