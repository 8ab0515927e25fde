//! Staying on a node: whatever changes in its folders is looked at, and put right at once.

mod eyes;
mod pace;

use std::time::{Duration, Instant};

use super::decide::{Decision, Work};
use super::error::InstallError;
use super::run::Installer;
use eyes::{Eyes, Seen, Sight};
use pace::{Burst, Pace};

/// How often is looked without an event: what a link leads to outside of the folder has none.
const AT_LEAST: Duration = Duration::from_secs(30);
/// How often is looked where the kernel tells of no changes.
const BLIND: Duration = Duration::from_secs(3);
/// How often folders are looked for that are not there, and failures are tried again.
const SOON: Duration = Duration::from_secs(1);

/// What happened on the node.
#[derive(Debug)]
pub enum Event<'e> {
    /// All is as it should be; told once.
    Current(&'e Decision),
    /// Something was put right.
    Repaired(&'e Decision),
    /// It can't be, for now; each reason is told once in a row.
    Waiting(&'e InstallError),
    /// Somebody puts things wrong again each time; we wait this long in between.
    Fight(Duration),
}

/// Does the work, and again whenever the folders change; returns on SIGTERM and SIGINT, which
/// are held back for the rest of the process.
///
/// # Errors
/// Signals can't be held back, or nothing can be waited for.
pub fn watch(
    installer: &Installer<'_>,
    work: &Work,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), InstallError> {
    let started = Instant::now();
    let mut eyes = Eyes::open()?;
    let mut pace = Pace::default();
    let mut last = String::new();
    let mut last_sight = Sight::Full;
    loop {
        // Before reading: what changes from here on is seen.
        let sight = eyes.look_at(&installer.places);
        let result = installer.run(work);
        let rest = rest(&sight, result.is_ok());
        if sight != last_sight {
            if let Sight::Blind(why) = &sight {
                (installer.tell)(&blind(why));
            }
            last_sight = sight;
        }
        report(&result, &mut last, tell);
        if result.is_ok_and(|decision| !decision.plan.steps.is_empty()) {
            pace.repaired(started.elapsed());
            if pace.is_first_delay() {
                tell(Event::Fight(pace.delay()));
            }
        }
        if eyes.wait(rest)? == Seen::Stop || settle(&mut eyes, &pace, started)? == Seen::Stop {
            return Ok(());
        }
    }
}

/// How long to wait before the next look if nothing is seen.
fn rest(sight: &Sight, is_done: bool) -> Duration {
    match sight {
        Sight::Full if is_done => AT_LEAST,
        Sight::Blind(_) if is_done => BLIND,
        Sight::Full | Sight::Absent | Sight::Blind(_) => SOON,
    }
}

fn blind(why: &str) -> String {
    let every = BLIND.as_secs();
    format!("the folders can't be watched, and are looked at every {every} s instead: {why}")
}

/// Waits until a burst of events is over, and as long as the pace asks.
fn settle(eyes: &mut Eyes, pace: &Pace, started: Instant) -> Result<Seen, InstallError> {
    let mut burst = Burst::new(started.elapsed(), pace.delay());
    loop {
        let now = started.elapsed();
        let Some(rest) = burst.rest(now) else { return Ok(Seen::Nothing) };
        match eyes.wait(rest)? {
            Seen::Stop => return Ok(Seen::Stop),
            Seen::Change => burst.goes_on(started.elapsed()),
            Seen::Nothing => {}
        }
    }
}

fn report(
    result: &Result<Decision, InstallError>,
    last: &mut String,
    tell: &mut dyn FnMut(Event<'_>),
) {
    let (text, event) = match result {
        Ok(decision) if decision.plan.steps.is_empty() => {
            ("current".to_owned(), Event::Current(decision))
        }
        Ok(decision) => {
            // The next look finds all as it should be, which needs no word.
            *last = "current".to_owned();
            return tell(Event::Repaired(decision));
        }
        Err(error) => (error.to_string(), Event::Waiting(error)),
    };
    if *last != text {
        *last = text;
        tell(event);
    }
}
