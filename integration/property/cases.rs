//! How many cases are drawn, and from which seed.

use nftdivert::policy::CapturePolicy;
use nftdivert_integration::seed::{draw, number};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Cases of each property unless `NFTDIVERT_CASES` says otherwise.
const CASES: u32 = 100;
/// Each try to make a failing case smaller costs as much as a case.
const SHRINK_TRIES: u32 = 200;

/// Checks the property for every case; on failure tells the smallest case and how to draw it again.
#[track_caller]
pub fn hold<S: Strategy>(of: &S, property: impl Fn(S::Value)) {
    let seed = number("NFTDIVERT_SEED").unwrap_or_else(draw);
    let cases = number("NFTDIVERT_CASES").unwrap_or(CASES);
    println!("NFTDIVERT_SEED={seed} NFTDIVERT_CASES={cases}");
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: SHRINK_TRIES,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(of, |value| {
        property(value);
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = result {
        panic!("NFTDIVERT_SEED={seed} NFTDIVERT_CASES={cases} draws this again:\n{error}");
    }
}

/// A policy as the suites' helpers take it: YAML without the line of the version.
pub fn yaml(policy: &CapturePolicy) -> String {
    let text = policy.to_yaml();
    let (version, settings) = text.split_once('\n').unwrap();
    assert_eq!(version, "apiVersion: nftdivert/v1");
    settings.to_owned()
}
