//! A namespace to apply in, and what can be seen of it from outside.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use nftdivert::apply::RECORD_CHAIN;
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Found, generation, read_table};
use nftdivert::plan::TABLE;
use nftdivert::ruleset::Ruleset;
use nftdivert_integration::shell::{ip, nft_list, nft_list_handles, sysctl};

/// A namespace whose `lo` is up, without a table.
pub fn place() -> Netns {
    let place = Netns::anonymous().unwrap();
    ip(&place, "link set lo up");
    place
}

/// A connection over `lo` that nobody followed from its start.
pub fn old_connection(place: &Netns) -> (TcpStream, TcpStream) {
    let connect = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    };
    place.run(connect).unwrap()
}

/// The generation of nf_tables, which each commit raises.
pub fn generation_of(place: &Netns) -> u32 {
    place.run(|| generation(&mut Connection::open(Family::Netfilter).unwrap())).unwrap().unwrap()
}

/// Our table without the record of who applied what.
pub fn table_of(place: &Netns) -> Ruleset {
    let read = || read_table(&mut Connection::open(Family::Netfilter).unwrap(), TABLE);
    let Found { mut ruleset, .. } = place.run(read).unwrap().unwrap().unwrap();
    ruleset.chains.retain(|chain| chain.name != RECORD_CHAIN);
    ruleset
}

/// All that an apply may touch, as programs of the system see it.
#[derive(Debug, PartialEq, Eq)]
pub struct View {
    ruleset: String,
    lo: String,
    loose: String,
}

/// What is to be seen of `place`; tables with the handles of what is in them.
pub fn view(place: &Netns) -> View {
    View {
        ruleset: nft_list_handles(place, "ruleset"),
        lo: ip(place, "address show dev lo"),
        loose: sysctl(place, "netfilter/nf_conntrack_tcp_loose"),
    }
}

/// Another's tables, with handles.
pub fn foreign(place: &Netns, tables: &[&str]) -> Vec<String> {
    tables.iter().map(|table| nft_list_handles(place, &format!("table {table}"))).collect()
}

/// Everything that nft lists, without handles.
pub fn ruleset_of(place: &Netns) -> String {
    nft_list(place, "ruleset")
}
