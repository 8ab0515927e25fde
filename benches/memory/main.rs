//! The kernel memory that one namespace's rules take, by three counts of the kernel.
//!
//! `cargo bench --bench memory -- [--quick] [--namespaces N] [--json FILE]`; needs root. All work is
//! done in namespaces made for it, and in a memory cgroup of its own where version 1 has one.
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails here")]

mod cases;
mod cgroup;
mod meter;
#[path = "../apply/place.rs"]
mod place;
mod report;

use std::thread::sleep;
use std::time::Duration;

use cases::{Case, cases};
use cgroup::Cgroup;
use meter::Reading;
use place::Place;
use report::{Report, Row};

/// Time for what the kernel frees later: after a grace period, and by its work queues.
const SETTLE: Duration = Duration::from_millis(1000);

fn main() {
    let options = Options::from_arguments(std::env::args().skip(1));
    let cgroup = Cgroup::join();
    let mut rows = Vec::new();
    for case in cases() {
        let count = (options.namespaces / case.weight).max(4);
        // The first time is thrown away: what is shared by all namespaces is there afterwards.
        measure(&case, 4, cgroup.as_ref());
        rows.push(measure(&case, count, cgroup.as_ref()));
    }
    let report = Report { rows };
    println!("{report}");
    if let Some(file) = options.json {
        std::fs::write(file, report.json()).unwrap();
    }
}

/// What one more namespace with these rules takes.
fn measure(case: &Case, count: usize, cgroup: Option<&Cgroup>) -> Row {
    let places: Vec<Place> = (0..count)
        .map(|_| if case.ipv6 { Place::with_ipv6() } else { Place::without_ipv6() })
        .collect();
    sleep(SETTLE);
    let before = Reading::now(cgroup);
    places.iter().for_each(|place| (case.fill)(place));
    sleep(SETTLE);
    let after = Reading::now(cgroup);
    drop(places);
    sleep(SETTLE);
    Row::new(case.name.clone(), count, &before, &after)
}

struct Options {
    namespaces: usize,
    json: Option<String>,
}

impl Options {
    /// What is not known is passed over: cargo adds a word of its own.
    fn from_arguments(mut words: impl Iterator<Item = String>) -> Self {
        let mut options = Self { namespaces: 400, json: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.namespaces = 100,
                "--namespaces" => options.namespaces = words.next().unwrap().parse().unwrap(),
                "--json" => options.json = words.next(),
                _ => {}
            }
        }
        options
    }
}
