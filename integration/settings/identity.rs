//! A process that joins a cgroup later than it makes its socket.

use std::net::SocketAddr;
use std::path::Path;

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::program;

const SCRIPT: &str = "import os, socket, sys
made = socket.socket(int(sys.argv[1]), socket.SOCK_STREAM)
made.settimeout(2)
open(sys.argv[2], 'w').write(str(os.getpid()))
made.connect((sys.argv[3], int(sys.argv[4])))
print(made.recv(200).decode())";

/// Makes a socket, joins the cgroup in this directory, and connects; the world answers.
///
/// A process of its own, since net_cls looks at sockets only when the first thread joins (6.18).
#[track_caller]
pub(crate) fn joins_after_its_socket(place: &Netns, group: &Path, to: SocketAddr) {
    // AF_INET and AF_INET6.
    let family = if to.is_ipv4() { "2" } else { "10" };
    let processes = group.join("cgroup.procs");
    let (ip, port) = (to.ip().to_string(), to.port().to_string());
    let words = ["/usr/bin/python3", "-c", SCRIPT, family, processes.to_str().unwrap(), &ip, &port];
    let said = program(place, &words, "");
    assert!(said.starts_with("world "), "{to}: {said}");
}
