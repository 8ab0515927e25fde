//! Medians, and how sure they are.

use std::ops::Range;

/// How often samples are drawn anew for the interval of a ratio.
const DRAWS: usize = 1000;

/// A median, and the interval that holds the true one with 95 %.
#[derive(Clone, Copy, serde::Serialize)]
pub(crate) struct Estimate {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Estimate {
    /// From order statistics: no assumption on how the samples are spread.
    pub(crate) fn of(samples: &[f64]) -> Self {
        let sorted = sorted(samples.to_vec());
        let count = sorted.len();
        let reach = (0.98 * f64::from(u32::try_from(count).unwrap()).sqrt()).ceil();
        let reach = (0..count).find(|n| f64::from(u32::try_from(*n).unwrap()) >= reach);
        let reach = reach.unwrap_or(count / 2);
        let at = |place: usize| sorted[place.min(count - 1)];
        Self {
            median: at(count / 2),
            low: at((count / 2).saturating_sub(reach)),
            high: at(count / 2 + reach),
        }
    }

    /// The ratio of two medians; both lists are drawn anew by rounds, together.
    pub(crate) fn ratio(samples: &[f64], floor: &[f64], dice: &mut Dice) -> Self {
        let median = |list: Vec<f64>| sorted(list)[samples.len() / 2];
        let mut draw = || {
            let rounds: Vec<usize> = samples.iter().map(|_| dice.below(0..samples.len())).collect();
            let pick = |list: &[f64]| median(rounds.iter().map(|round| list[*round]).collect());
            pick(samples) / pick(floor)
        };
        let draws = sorted((0..DRAWS).map(|_| draw()).collect());
        Self {
            median: median(samples.to_vec()) / median(floor.to_vec()),
            low: draws[DRAWS / 40],
            high: draws[DRAWS - DRAWS / 40],
        }
    }
}

fn sorted(mut list: Vec<f64>) -> Vec<f64> {
    list.sort_by(f64::total_cmp);
    list
}

/// A small generator of random numbers (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, range: Range<usize>) -> usize {
        let width = u64::try_from(range.len()).unwrap();
        range.start + usize::try_from(self.next() % width).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(0..last + 1);
            list.swap(last, other);
        }
    }
}
