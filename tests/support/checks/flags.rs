//! A text and flags that override it are a policy that reads back, or have faults.
//!
//! The first line that is `--` ends the text; each line behind it is a flag and, after a blank, its
//! value.
#![allow(clippy::unwrap_used, reason = "a check that does not hold ends here")]

use nftdivert::policy::{CapturePolicy, Override, SETTINGS};

/// Checks a text and its flags; what is not UTF-8 is replaced.
pub(crate) fn check(bytes: &[u8]) {
    let whole = String::from_utf8_lossy(bytes);
    let (text, flags) = match whole.split_once("--\n") {
        Some((text, flags)) => (Some(text).filter(|text| !text.is_empty()), flags),
        None => (Some(whole.as_ref()), ""),
    };
    let overrides: Vec<Override> = flags.lines().map(given).collect();
    match CapturePolicy::load(text, "corpus", &overrides) {
        Ok(policy) => {
            let text = policy.to_yaml();
            assert_eq!(CapturePolicy::from_yaml(&text), Ok(policy), "{text}");
        }
        Err(error) => assert!(!error.faults.is_empty() && !error.to_string().is_empty()),
    }
}

fn given(line: &str) -> Override {
    let (name, values) = line.split_once(' ').unwrap_or((line, ""));
    let known = SETTINGS.iter().find(|setting| setting.flag == name);
    let flag = known.map_or("no-such-flag", |setting| setting.flag);
    Override { flag, values: values.split(';').map(str::to_owned).collect() }
}
