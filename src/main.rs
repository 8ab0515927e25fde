//! The command `nftdivert`.

use std::process::ExitCode;

fn main() -> ExitCode {
    nftdivert::cli::run()
}
