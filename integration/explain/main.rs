//! What `explain` says of any packet under any policy is what the kernel does with it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod fate;
mod narrow;
mod packets;
#[path = "../../tests/support/policies.rs"]
mod policies;
mod send;
mod world;

use std::time::Duration;

use nftdivert::explain::explain;
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert_integration::seed::{draw, number};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use fate::Fate;
use packets::{Drawn, Draws};
use world::World;

/// Packets of one run unless `NFTDIVERT_PACKETS` says otherwise.
const PACKETS: usize = 3000;
/// Packets under one policy.
const UNDER_ONE: usize = 100;
/// Each try to make a failing case smaller costs as much as a case.
const SHRINK_TRIES: u32 = 300;

#[test]
fn what_explain_says_is_what_the_kernel_does() {
    let seed = number("NFTDIVERT_SEED").unwrap_or_else(draw);
    let packets: usize = number("NFTDIVERT_PACKETS").unwrap_or(PACKETS);
    println!("NFTDIVERT_SEED={seed} NFTDIVERT_PACKETS={packets}");
    let config = Config {
        cases: u32::try_from(packets.div_ceil(UNDER_ONE)).unwrap(),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: SHRINK_TRIES,
        ..Config::default()
    };
    let world = World::new();
    let cases = (narrow::policy(), packets::draws(UNDER_ONE));
    let result = TestRunner::new(config).run(&cases, |(policy, draws)| {
        let wrong = differences(&world, &policy, &draws)?;
        if wrong.is_empty() { Ok(()) } else { Err(TestCaseError::fail(wrong.join("\n"))) }
    });
    if let Err(error) = result {
        panic!("NFTDIVERT_SEED={seed} NFTDIVERT_PACKETS={packets} draws this again:\n{error}");
    }
    let (sent, ends) = world.tally();
    println!("{sent} packets, mismatches 0; {ends:?}");
    assert!(sent >= packets);
    // Packets that all have one fate would prove nothing.
    let rare = ends.iter().filter(|(_, count)| **count * 100 < sent).count();
    assert!(ends.len() >= 5 && rare <= 1, "{ends:?}");
}

/// Sends the packets under the policy, and tells where explain and kernel differ.
fn differences(
    world: &World,
    policy: &CapturePolicy,
    draws: &[Draws],
) -> Result<Vec<String>, TestCaseError> {
    let Ok(plan) = plan(policy, &HostFacts::default()) else {
        return Err(TestCaseError::reject("a policy that can't be planned"));
    };
    let packets: Vec<Drawn> = world.resolve(policy, draws);
    let found = world.put(&plan.ruleset, policy);
    world.send(&packets);
    let mut wrong = Vec::new();
    for wait in [2, 100] {
        std::thread::sleep(Duration::from_millis(wait));
        let seen = world.seen();
        wrong.clear();
        for drawn in &packets {
            let packet = drawn.packet();
            let said = explain(&plan.ruleset, &packet);
            assert_eq!(explain(&found, &packet).verdict, said.verdict, "as read from the kernel");
            let (said_fate, fate) = (Fate::said(&said, drawn, policy), seen.fate(drawn, policy));
            if said_fate != fate {
                let steps = said.steps.iter().filter(|step| !step.effects.is_empty());
                let steps: Vec<_> = steps.map(|step| (&step.chain, &step.text)).collect();
                wrong.push(format!(
                    "{drawn:?}\nexplain says {said_fate:?}\nthe kernel does {fate:?}\n{steps:#?}"
                ));
            }
        }
        if wrong.is_empty() {
            packets.iter().for_each(|drawn| world.count(&seen.fate(drawn, policy)));
            break;
        }
    }
    Ok(wrong)
}
