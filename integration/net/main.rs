//! What is done to a namespace besides its tables: routing for TPROXY, and the ends of connections.
//! Needs root, nft and iproute2.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod obstacles;
mod routing;
mod sockets;
mod tproxy;
