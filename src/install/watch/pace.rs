//! How fast is put right: at once, but not in a race with somebody who puts it wrong each time.

use std::time::Duration;

/// So many repairs in a row are made at once.
const AT_ONCE: u32 = 5;
/// A repair that comes this long after the one before, and our own wait, begins a new row.
const CALM: Duration = Duration::from_secs(30);
/// The longest wait: pods that are made meanwhile are not captured.
const LONGEST: Duration = Duration::from_secs(5);
/// A burst of events is over when none came for so long.
const QUIET: Duration = Duration::from_millis(50);
/// A burst is not waited for longer.
const BURST: Duration = Duration::from_millis(500);

/// Repairs in a row, by times since any moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    row: u32,
    last: Option<Duration>,
}

impl Pace {
    /// Something was put right.
    pub(super) fn repaired(&mut self, now: Duration) {
        let is_row = self.last.is_some_and(|last| now.saturating_sub(last) < CALM + self.delay());
        self.row = if is_row { self.row.saturating_add(1) } else { 1 };
        self.last = Some(now);
    }

    /// How long to wait before the next repair.
    pub(super) fn delay(&self) -> Duration {
        match self.row.checked_sub(AT_ONCE) {
            None | Some(0) => Duration::ZERO,
            Some(over) => Duration::from_secs(1 << over.min(3)).min(LONGEST),
        }
    }

    /// Whether the waiting begins with the last repair.
    pub(super) fn is_first_delay(&self) -> bool {
        self.row == AT_ONCE + 1
    }
}

/// Events that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Burst {
    not_before: Duration,
    first: Duration,
    last: Duration,
}

impl Burst {
    /// The first event is seen; what follows waits for `delay` at least.
    pub(super) fn new(now: Duration, delay: Duration) -> Burst {
        Burst { not_before: now + delay, first: now, last: now }
    }

    /// Another one.
    pub(super) fn goes_on(&mut self, now: Duration) {
        self.last = now;
    }

    /// How long to wait still; `None` when it is over.
    pub(super) fn rest(&self, now: Duration) -> Option<Duration> {
        let end = (self.last + QUIET).min(self.first + BURST).max(self.not_before);
        end.checked_sub(now).filter(|rest| *rest > Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_fight_slows_down_and_ends() {
        let mut pace = Pace::default();
        let mut now = seconds(100);
        let mut delays = Vec::new();
        for _ in 0..14 {
            now += pace.delay() + seconds(1);
            pace.repaired(now);
            delays.push(pace.delay().as_secs());
        }
        assert_eq!(delays, [0, 0, 0, 0, 0, 2, 4, 5, 5, 5, 5, 5, 5, 5]);
        now += pace.delay() + CALM;
        pace.repaired(now);
        assert_eq!(pace.delay(), Duration::ZERO, "it was calm");
    }

    #[test]
    fn rare_repairs_are_made_at_once() {
        let mut pace = Pace::default();
        for at in 0..100 {
            pace.repaired(seconds(at * 31));
            assert_eq!(pace.delay(), Duration::ZERO);
        }
    }

    #[test]
    fn a_burst_is_waited_for_but_not_for_ever() {
        let ms = Duration::from_millis;
        let mut burst = Burst::new(seconds(1), Duration::ZERO);
        assert_eq!(burst.rest(seconds(1)), Some(ms(50)));
        burst.goes_on(ms(1040));
        assert_eq!(burst.rest(ms(1060)), Some(ms(30)));
        assert_eq!(burst.rest(ms(1090)), None);
        burst.goes_on(ms(1490));
        assert_eq!(burst.rest(ms(1500)), None, "long enough");
        let slow = Burst::new(seconds(1), seconds(4));
        assert_eq!(slow.rest(seconds(2)), Some(seconds(3)));
    }
}
