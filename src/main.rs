//! The program `nftdivert`: a command, and a CNI plugin where a runtime starts it as one.

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    if std::env::var_os("CNI_COMMAND").is_some() {
        return nftdivert::cni::run();
    }
    nftdivert::cli::run()
}
