//! Capture rules of others: found, told, refused and taken away, in namespaces that really hold
//! them. Needs root, nft, iptables-legacy and iptables-nft.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod harmless;
mod legacy;
mod meshes;
mod native;
mod nft_compat;
mod scenery;
mod traffic;
mod unknown;
