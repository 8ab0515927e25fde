//! Pods with user namespaces: which ids rules must name in them. Needs root, nft, iproute2,
//! util-linux and python3.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod ids;
mod packets;
mod pod;
