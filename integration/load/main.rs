//! Many replacements under load, many ranges and ports, many namespaces. Needs root, nft and
//! util-linux.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod namespaces;
mod recreate;
mod replace;
mod scene;
mod sizes;
