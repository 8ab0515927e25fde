//! Who is where.

use std::net::SocketAddr;

use nftdivert_integration::asserts::at;

/// The world, in both families.
pub fn world() -> [SocketAddr; 2] {
    world_on(80)
}

/// The world on another port.
pub fn world_on(port: u16) -> [SocketAddr; 2] {
    at(["192.0.2.10", "2001:db8::10"], port)
}

/// The app at the pod's own addresses.
pub fn pod() -> [SocketAddr; 2] {
    pod_on(8080)
}

/// The pod's own addresses on another port.
pub fn pod_on(port: u16) -> [SocketAddr; 2] {
    at(["10.88.0.2", "fd88::2"], port)
}

/// The app at the loopback addresses.
pub fn localhost() -> [SocketAddr; 2] {
    at(["127.0.0.1", "::1"], 8080)
}
