//! What a connection costs under one policy or another, and what its packets do.
//!
//! `cargo bench --bench connect -- [--quick] [--rounds N] [--json FILE] [--assert]`; needs root. Both
//! ends of a connection are held by one thread, so that no switch between threads is measured.
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails here")]

mod cases;
mod judge;
mod leg;
mod policies;
mod report;
mod site;
#[path = "../apply/stats.rs"]
mod stats;
mod work;

use std::process::ExitCode;

use cases::cases;
use report::Report;
use site::Site;
use stats::Dice;

/// Rounds whose samples are thrown away.
const WARM_UP: usize = 3;

fn main() -> ExitCode {
    let options = Options::from_arguments(std::env::args().skip(1));
    let cases = cases();
    let sites: Vec<Site> = cases.iter().map(Site::new).collect();
    let mut dice = Dice::new(1);
    let mut samples = vec![Vec::with_capacity(options.rounds); sites.len()];
    for round in 0..options.rounds + WARM_UP {
        let mut order: Vec<usize> = (0..sites.len()).collect();
        dice.shuffle(&mut order);
        for index in order {
            let micros = sites[index].sample();
            if round >= WARM_UP {
                samples[index].push(micros);
            }
        }
    }
    for (site, case) in sites.iter().zip(&cases) {
        site.check(&case.name, options.rounds + WARM_UP);
    }
    let report = Report::new(&cases, &samples, &mut dice);
    println!("{report}");
    if let Some(file) = &options.json {
        std::fs::write(file, report.json()).unwrap();
    }
    if !options.is_asserted {
        return ExitCode::SUCCESS;
    }
    let verdict = judge::judge(&report);
    println!("{verdict}");
    if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Options {
    rounds: usize,
    json: Option<String>,
    is_asserted: bool,
}

impl Options {
    /// What is not known is passed over: cargo adds a word of its own.
    fn from_arguments(mut words: impl Iterator<Item = String>) -> Self {
        let mut options = Self { rounds: 300, json: None, is_asserted: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.rounds = 20,
                "--rounds" => options.rounds = words.next().unwrap().parse().unwrap(),
                "--json" => options.json = words.next(),
                "--assert" => options.is_asserted = true,
                _ => {}
            }
        }
        options
    }
}
