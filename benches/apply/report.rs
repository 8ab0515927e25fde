//! The results as a table and as JSON.

use std::fmt;

use serde_json::json;

use crate::cases::{CASES, FLOOR_A, FLOOR_B, Sample};
use crate::reading::Reading;
use crate::stats::{Dice, Estimate};

struct Row {
    name: &'static str,
    work: Estimate,
    closed: Estimate,
    to_a: Estimate,
    to_b: Estimate,
}

/// All results of a run.
pub(crate) struct Report {
    kernel: String,
    rounds: usize,
    rows: Vec<Row>,
    readings: Vec<(&'static str, Estimate)>,
}

impl Report {
    pub(crate) fn new(samples: &[Vec<Sample>], readings: Vec<Reading>, dice: &mut Dice) -> Self {
        let work: Vec<Vec<f64>> = samples.iter().map(|case| micros(case, |s| s.work)).collect();
        let closed = |case: &[Sample]| micros(case, |s| s.work + s.close);
        let mut row = |index: usize| Row {
            name: CASES[index].name,
            work: Estimate::of(&work[index]),
            closed: Estimate::of(&closed(&samples[index])),
            to_a: Estimate::ratio(&work[index], &work[FLOOR_A], dice),
            to_b: Estimate::ratio(&work[index], &work[FLOOR_B], dice),
        };
        let system = nix::sys::utsname::uname().unwrap();
        Self {
            kernel: system.release().to_string_lossy().into_owned(),
            rounds: samples[0].len(),
            rows: (0..CASES.len()).map(&mut row).collect(),
            readings: readings.iter().map(|r| (r.name, Estimate::of(&r.micros))).collect(),
        }
    }

    pub(crate) fn json(&self) -> String {
        let row = |row: &Row| {
            json!({
                "name": row.name,
                "work": row.work,
                "workAndClose": row.closed,
                "ratioToFloorA": row.to_a,
                "ratioToFloorB": row.to_b,
            })
        };
        let reading = |(name, micros): &(&str, Estimate)| json!({"name": name, "work": micros});
        let all = json!({
            "unit": "microseconds, median and 95 % interval",
            "kernel": self.kernel,
            "rounds": self.rounds,
            "cases": self.rows.iter().map(row).collect::<Vec<_>>(),
            "reading": self.readings.iter().map(reading).collect::<Vec<_>>(),
        });
        format!("{all:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Linux {}, {} rounds, medians [95 %]", self.kernel, self.rounds)?;
        let heads = ["us", "us with close", "/ floor A", "/ floor B"];
        writeln!(f, "{:38}{:>24}{:>28}{:>20}{:>20}", "", heads[0], heads[1], heads[2], heads[3])?;
        for row in &self.rows {
            let (work, closed) = (shown(row.work, 0), shown(row.closed, 0));
            let (to_a, to_b) = (shown(row.to_a, 2), shown(row.to_b, 2));
            writeln!(f, "{:38}{work:>24}{closed:>28}{to_a:>20}{to_b:>20}", row.name)?;
        }
        for (name, micros) in &self.readings {
            writeln!(f, "{name:44}{:>28}", shown(*micros, 0))?;
        }
        Ok(())
    }
}

fn shown(estimate: Estimate, digits: usize) -> String {
    let Estimate { median, low, high } = estimate;
    format!("{median:.digits$} [{low:.digits$}-{high:.digits$}]")
}

fn micros(samples: &[Sample], part: impl Fn(&Sample) -> std::time::Duration) -> Vec<f64> {
    samples.iter().map(|sample| part(sample).as_secs_f64() * 1e6).collect()
}
