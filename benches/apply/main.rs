//! What it costs to program one network namespace, next to a batch that was encoded before.
//!
//! `cargo bench --bench apply -- [--quick] [--rounds N] [--json FILE]`; needs root. All work is
//! done in namespaces made for it.
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails here")]

mod cases;
mod floor;
mod place;
mod reading;
mod report;
mod stages;
mod stats;

use std::time::Duration;

use cases::{CASES, Inputs};
use place::Place;
use report::Report;
use stats::Dice;

/// Time for the kernel to take away the namespaces of the round before.
const SETTLE: Duration = Duration::from_millis(10);
/// Rounds whose samples are thrown away.
const WARM_UP: usize = 5;

fn main() {
    let options = Options::from_arguments(std::env::args().skip(1));
    let inputs = Inputs::new();
    let mut dice = Dice::new(1);
    let mut samples = vec![Vec::with_capacity(options.rounds); CASES.len()];
    for round in 0..options.rounds + WARM_UP {
        for (case, sample) in one_round(&inputs, &mut dice) {
            if round >= WARM_UP {
                samples[case].push(sample);
            }
        }
    }
    let mut readings = reading::measure(options.rounds.div_ceil(20));
    readings.extend(stages::measure(options.rounds));
    let report = Report::new(&samples, readings, &mut dice);
    println!("{report}");
    if let Some(file) = options.json {
        std::fs::write(file, report.json()).unwrap();
    }
}

/// One sample of each case, in random order, each in a namespace of its own. The same is done
/// just before in another fresh one and thrown away: what is measured is warm.
fn one_round(inputs: &Inputs, dice: &mut Dice) -> Vec<(usize, cases::Sample)> {
    let pair = |case: &cases::Case| [(case.prepare)(inputs), (case.prepare)(inputs)];
    let places: Vec<[Place; 2]> = CASES.iter().map(pair).collect();
    let mut order: Vec<usize> = (0..CASES.len()).collect();
    dice.shuffle(&mut order);
    std::thread::sleep(SETTLE);
    let sample = |index: usize| {
        let [first, second] = &places[index];
        (CASES[index].run)(first, inputs);
        (index, (CASES[index].run)(second, inputs))
    };
    order.into_iter().map(sample).collect()
}

struct Options {
    rounds: usize,
    json: Option<String>,
}

impl Options {
    /// What is not known is passed over: cargo adds a word of its own.
    fn from_arguments(mut words: impl Iterator<Item = String>) -> Self {
        let mut options = Self { rounds: 400, json: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.rounds = 60,
                "--rounds" => options.rounds = words.next().unwrap().parse().unwrap(),
                "--json" => options.json = words.next(),
                _ => {}
            }
        }
        options
    }
}
