//! The results as a table and as JSON.

use std::fmt;

use serde_json::json;

use crate::cases::{Aim, Case};
use crate::stats::{Dice, Estimate};

/// The result of one case.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) aim: Aim,
    unit: &'static str,
    micros: Estimate,
    /// To its base; `None` for a base.
    pub(crate) ratio: Option<Estimate>,
}

/// All results of a run.
pub(crate) struct Report {
    kernel: String,
    rounds: usize,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(cases: &[Case], samples: &[Vec<f64>], dice: &mut Dice) -> Self {
        let mut row = |(index, case): (usize, &Case)| Row {
            name: case.name.clone(),
            aim: case.aim,
            unit: case.work.unit(),
            micros: Estimate::of(&samples[index]),
            ratio: (case.base != index)
                .then(|| Estimate::ratio(&samples[index], &samples[case.base], dice)),
        };
        let system = nix::sys::utsname::uname().unwrap();
        Self {
            kernel: system.release().to_string_lossy().into_owned(),
            rounds: samples[0].len(),
            rows: cases.iter().enumerate().map(&mut row).collect(),
        }
    }

    pub(crate) fn json(&self) -> String {
        let row = |row: &Row| {
            json!({
                "name": row.name,
                "unit": row.unit,
                "micros": row.micros,
                "ratioToBase": row.ratio,
            })
        };
        let all = json!({
            "unit": "microseconds, median and 95 % interval",
            "kernel": self.kernel,
            "rounds": self.rounds,
            "cases": self.rows.iter().map(row).collect::<Vec<_>>(),
        });
        format!("{all:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Linux {}, {} rounds, medians [95 %]", self.kernel, self.rounds)?;
        let mut unit = "";
        for row in &self.rows {
            if unit != row.unit {
                unit = row.unit;
                let head = format!("us of one {unit}");
                writeln!(f, "\n{:52}{head:>24}{:>22}", "", "/ its base")?;
            }
            let micros = shown(row.micros);
            match row.ratio {
                Some(ratio) => {
                    writeln!(f, "  {:50}{micros:>24}{:>22}", row.name, shown(ratio))?;
                }
                None => writeln!(f, "{:52}{micros:>24}{:>22}", row.name, "base")?,
            }
        }
        Ok(())
    }
}

fn shown(estimate: Estimate) -> String {
    let Estimate { median, low, high } = estimate;
    format!("{median:.3} [{low:.3}-{high:.3}]")
}
