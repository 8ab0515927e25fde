//! The init container and the validation containers of a pod, in a real container runtime with the
//! privileges that they have there. Needs root, podman, runc and libcap2-bin.
//!
//! It runs the build of the profile `quick`: `cargo build --profile quick` first, as `integration/run container` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod image;
mod init;
mod limits;
mod pod;
mod transcript;
