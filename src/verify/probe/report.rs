//! What a probe found.

use std::net::SocketAddr;

use serde::Serialize;

use super::aspect::Aspect;
use super::check::Check;
use super::place::Role;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who the probing process is to the rules.
    pub role: Role,
    /// Each check with its outcome.
    pub findings: Vec<Finding>,
}

/// One check and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was to be found out.
    pub check: Check,
    /// Where it was sent, if anything was.
    pub to: Option<SocketAddr>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen, or why nothing could be.
    pub seen: String,
    /// What the user can do.
    pub advice: Option<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The rules did what the policy says; without them it would have ended otherwise.
    Proven,
    /// It was refused and did not reach the app, as TPROXY does while no transparent socket listens.
    /// To which port it leads can't be seen without `CAP_NET_ADMIN`.
    Kept,
    /// It went directly, as the policy says. It would without rules too: alone it proves nothing.
    Direct,
    /// It could not be tried.
    Unproven,
    /// It did not end as the policy says.
    Failed,
}

impl Report {
    /// Whether something was proven, or kept from the app, and nothing failed.
    #[must_use]
    pub fn holds(&self) -> bool {
        let shown = self.count(Outcome::Proven) + self.count(Outcome::Kept);
        shown > 0 && self.count(Outcome::Failed) == 0
    }

    /// Those of `wanted` that were not proven in each way that was looked at.
    #[must_use]
    pub fn missing(&self, wanted: &[Aspect]) -> Vec<Aspect> {
        let is_missing = |aspect: &&Aspect| {
            let mut of_it = self.findings.iter().filter(|found| aspect.covers(found.check));
            let first = of_it.next();
            first.is_none_or(|first| first.outcome != Outcome::Proven)
                || of_it.any(|found| found.outcome != Outcome::Proven)
        };
        wanted.iter().filter(is_missing).copied().collect()
    }

    /// How many checks ended so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }
}

impl Finding {
    pub(super) fn unproven(check: Check, why: impl Into<String>, advice: Option<&str>) -> Self {
        let advice = advice.map(str::to_owned);
        Self { check, to: None, outcome: Outcome::Unproven, seen: why.into(), advice }
    }
}
