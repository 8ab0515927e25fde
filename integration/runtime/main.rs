//! Containers of real runtimes whose network goes through bridge, host-local and our CNI plugin. Needs
//! root, cnitool (`cnitool.sh` builds it), podman, runc, containerd, containernetworking-plugins, busybox-static, iproute2, nftables,
//! util-linux, python3, python3-grpcio, python3-protobuf and protobuf-compiler.
//!
//! It runs the debug build: `cargo build` first, as `integration/run runtime` does. The runtimes run on
//! nodes: namespaces of the tests' own. The machine's network, `/etc/cni` and `/opt/cni` stay as they are.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod by_cnitool;
mod by_ctr;
mod by_kubelet;
mod by_meta;
mod by_podman;
mod containerd;
mod cri;
mod killed;
mod leases;
mod many;
mod network;
mod node;
mod podman;
mod traffic;
mod witness;
