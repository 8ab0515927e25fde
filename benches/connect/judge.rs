//! Whether what is promised holds.
//!
//! Two sites with the same policy differ too: their objects lie elsewhere in memory, and the machine
//! does other things. How far, the cases that are measured twice tell. A promise is broken when a
//! ratio is above it with 97.5 %, even if that much is taken off. Where the noise alone is as large
//! as what is promised, nothing can be said, which is not a pass.

use std::fmt;

use crate::cases::Aim;
use crate::report::{Report, Row};
use crate::stats::Estimate;

/// The most that 10,000 services or excluded ranges may make a connection dearer.
const PROMISED: f64 = 1.03;

/// What came out.
pub(crate) struct Verdict {
    noise: f64,
    broken: Vec<String>,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.broken.is_empty() && !self.is_too_noisy()
    }

    fn is_too_noisy(&self) -> bool {
        self.noise > PROMISED
    }
}

pub(crate) fn judge(report: &Report) -> Verdict {
    let ratios = |aim: Aim| {
        let of_aim = move |row: &&Row| row.aim == aim;
        report.rows.iter().filter(of_aim).filter_map(|row| row.ratio.map(|ratio| (row, ratio)))
    };
    let off = |(_, ratio): (&Row, Estimate)| ratio.median.max(1.0 / ratio.median);
    let noise = ratios(Aim::Again).map(off).fold(1.0, f64::max);
    let is_broken = |(_, ratio): &(&Row, Estimate)| ratio.low > PROMISED * noise;
    let told = |(row, ratio): (&Row, Estimate)| {
        format!("{}: at least {:.3} times its base", row.name, ratio.low)
    };
    Verdict { noise, broken: ratios(Aim::Promised).filter(is_broken).map(told).collect() }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the same policy twice differs by up to {:.3}", self.noise)?;
        for broken in &self.broken {
            writeln!(f, "broken: {broken}; promised is {PROMISED}")?;
        }
        if self.is_too_noisy() {
            writeln!(f, "too noisy to judge {PROMISED}: measure again on a quiet machine")?;
        }
        write!(f, "{}", if self.holds() { "holds" } else { "does not hold" })
    }
}
