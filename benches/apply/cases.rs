//! What is measured, each case in a namespace of its own.

use std::time::{Duration, Instant};

use nftdivert::apply::{
    ApplyOptions, Captured, LiveConnections, OtherMeshes, Outcome, RemoveOptions, apply, remove,
};
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::floor;
use crate::place::Place;

/// One measurement.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Until the result is there.
    pub(crate) work: Duration,
    /// Closing the socket that the result holds.
    pub(crate) close: Duration,
}

/// What all samples share.
pub(crate) struct Inputs {
    minimal: Vec<u8>,
    own: Vec<u8>,
    policy: CapturePolicy,
    bypass: CapturePolicy,
    changed: CapturePolicy,
    options: ApplyOptions,
}

impl Inputs {
    pub(crate) fn new() -> Self {
        let policy = |text: &str| {
            CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
        };
        Self {
            minimal: floor::minimal(),
            own: floor::own(),
            policy: policy(""),
            bypass: policy("ipv6: bypass"),
            changed: policy("outbound: {excludePorts: [22, 443]}"),
            options: ApplyOptions {
                source: "bench".into(),
                live: LiveConnections::Keep,
                others: OtherMeshes::Refuse,
            },
        }
    }

    fn apply(&self, place: &Place, policy: &CapturePolicy, wanted: Outcome) -> Sample {
        timed(|| {
            let applied = apply(&place.target, policy, &self.options).unwrap();
            assert_eq!(applied.outcome, wanted);
            applied
        })
    }
}

/// A case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) prepare: fn(&Inputs) -> Place,
    pub(crate) run: fn(&Place, &Inputs) -> Sample,
}

pub(crate) const FLOOR_A: usize = 0;
pub(crate) const FLOOR_B: usize = 1;

pub(crate) const CASES: [Case; 11] = [
    Case {
        name: "floor A: 7 rules, encoded before",
        prepare: |_| Place::without_ipv6(),
        run: |place, inputs| timed(|| floor::replay(&place.netns, &inputs.minimal)),
    },
    Case {
        name: "floor B: our rules, encoded before",
        prepare: |_| Place::without_ipv6(),
        run: |place, inputs| timed(|| floor::replay(&place.netns, &inputs.own)),
    },
    Case {
        name: "first apply, namespace without IPv6",
        prepare: |_| Place::without_ipv6(),
        run: |place, inputs| inputs.apply(place, &inputs.policy, Outcome::Created),
    },
    Case {
        name: "first apply, ipv6: bypass",
        prepare: |_| Place::with_ipv6(),
        run: |place, inputs| inputs.apply(place, &inputs.bypass, Outcome::Created),
    },
    Case {
        name: "first apply, adds ::6",
        prepare: |_| Place::with_ipv6(),
        run: |place, inputs| inputs.apply(place, &inputs.policy, Outcome::Created),
    },
    Case {
        name: "apply, nothing to change",
        prepare: applied_without_ipv6,
        run: |place, inputs| inputs.apply(place, &inputs.policy, Outcome::Unchanged),
    },
    Case {
        name: "apply, nothing to change, ::6 is there",
        prepare: applied_with_ipv6,
        run: |place, inputs| inputs.apply(place, &inputs.policy, Outcome::Unchanged),
    },
    Case {
        name: "apply, two ports more",
        prepare: applied_without_ipv6,
        run: |place, inputs| inputs.apply(place, &inputs.changed, Outcome::Replaced),
    },
    Case {
        name: "verify",
        prepare: applied_without_ipv6,
        run: |place, inputs| {
            timed(|| assert!(verify(&place.target, &inputs.policy).unwrap().differences.is_empty()))
        },
    },
    Case { name: "remove", prepare: applied_without_ipv6, run: |place, _| timed(|| taken(place)) },
    Case {
        name: "remove, takes ::6 away",
        prepare: applied_with_ipv6,
        run: |place, _| timed(|| taken(place)),
    },
];

fn applied_without_ipv6(inputs: &Inputs) -> Place {
    let place = Place::without_ipv6();
    inputs.apply(&place, &inputs.policy, Outcome::Created);
    place
}

fn applied_with_ipv6(inputs: &Inputs) -> Place {
    let place = Place::with_ipv6();
    inputs.apply(&place, &inputs.policy, Outcome::Created);
    place
}

fn taken(place: &Place) -> nftdivert::apply::Removed {
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| () };
    let removed = remove(&place.target, &options).unwrap();
    assert!(removed.was_there);
    removed
}

fn timed<T>(job: impl FnOnce() -> T) -> Sample {
    let start = Instant::now();
    let result = job();
    let work = start.elapsed();
    drop(result);
    Sample { work, close: start.elapsed() - work }
}
