//! Numbers that the environment may set, so that a failed run can be had again.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The number in the variable `name`, if it is set.
#[track_caller]
pub fn number<N: FromStr>(name: &str) -> Option<N> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// A seed that is another one every time.
pub fn draw() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    now.as_secs().wrapping_mul(1_000_000_000) + u64::from(now.subsec_nanos())
}
