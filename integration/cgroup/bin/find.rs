//! Prints number and level of the cgroups that are named, as the library finds them.
#![allow(clippy::print_stdout, reason = "a test reads it")]

use nftdivert::process::cgroup::find;

fn main() -> Result<(), String> {
    for path in std::env::args().skip(1) {
        let path = path.parse().map_err(|error| format!("{path} {error}"))?;
        let found = find(&path).map_err(|error| error.to_string())?;
        println!("{} {}", found.id, found.level);
    }
    Ok(())
}
