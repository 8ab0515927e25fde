//! Settings that are lists of mappings.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::draft::word;
use super::given::{At, Flaw, Raw, Row};
use super::settings::{Cell, CellCount};
use super::{PortsByUid, Protocol};
use crate::words::{self, Port, PortRange, Service, Uid};

/// The keys of a service.
pub(super) const SERVICE: &[Cell] =
    &[Cell { key: "address", count: CellCount::One }, Cell { key: "port", count: CellCount::One }];

/// The keys of ports of users.
pub(super) const UID_PORTS: &[Cell] = &[
    Cell { key: "uids", count: CellCount::Many },
    Cell { key: "ports", count: CellCount::Many },
    Cell { key: "protocols", count: CellCount::Optional },
];

/// Fills the slot of the services.
pub(super) fn services(raw: &Raw<'_>, slot: &mut Option<BTreeSet<Service>>) -> Vec<Flaw> {
    let mut all = BTreeSet::new();
    let flaws = each(raw, |reader| {
        let addresses = reader
            .values("address", |text| words::address(text).map_err(|error| error.to_string()));
        let ports: Vec<Port> = reader.values("port", word);
        let pair = |address: &IpAddr| Service::new(*address, *ports.first()?);
        all.extend(addresses.first().and_then(pair));
    });
    *slot = Some(all);
    flaws
}

/// Fills the slot of the ports of users.
pub(super) fn ports_by_uid(raw: &Raw<'_>, slot: &mut Option<PortsByUid>) -> Vec<Flaw> {
    let mut all = Vec::new();
    let flaws = each(raw, |reader| {
        let uids: Vec<Uid> = reader.values("uids", word);
        let ports: Vec<PortRange> = reader.values("ports", word);
        let protocols = match reader.has("protocols") {
            true => reader.values("protocols", protocol),
            false => Protocol::ALL.to_vec(),
        };
        for uid in &uids {
            for protocol in &protocols {
                all.extend(ports.iter().map(|range| (*uid, *protocol, *range)));
            }
        }
    });
    *slot = Some(all.into_iter().collect());
    flaws
}

fn protocol(text: &str) -> Result<Protocol, String> {
    let found = Protocol::ALL.into_iter().find(|protocol| protocol.as_str() == text);
    found.ok_or_else(|| String::from("must be tcp or udp"))
}

fn each(raw: &Raw<'_>, mut job: impl FnMut(&mut Reader<'_>)) -> Vec<Flaw> {
    let Raw::Rows(rows) = raw else {
        return vec![Flaw { at: At::Whole, reason: String::from("must be a list of mappings") }];
    };
    let mut flaws = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        job(&mut Reader { row, number, flaws: &mut flaws });
    }
    flaws
}

/// Reads the values of one row, and notes what is wrong with them.
struct Reader<'a> {
    row: &'a Row<'a>,
    number: usize,
    flaws: &'a mut Vec<Flaw>,
}

impl Reader<'_> {
    fn has(&self, key: &str) -> bool {
        self.row.cells.iter().any(|cell| cell.key == key)
    }

    fn values<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let found = self.row.cells.iter().enumerate().find(|(_, cell)| cell.key == key);
        if found.is_some_and(|(_, cell)| cell.refused && cell.items.is_empty()) {
            return Vec::new();
        }
        let Some((number, cell)) = found.filter(|(_, cell)| !cell.items.is_empty()) else {
            let what = if found.is_some() { "is empty" } else { "is missing" };
            self.flaws.push(Flaw { at: At::Item(self.number), reason: format!("{key} {what}") });
            return Vec::new();
        };
        let mut values = Vec::with_capacity(cell.items.len());
        for (item, text) in cell.items.iter().map(|item| item.text).enumerate() {
            match parse(text) {
                Ok(value) => values.push(value),
                Err(reason) => {
                    let at = At::Cell { row: self.number, cell: number, item };
                    self.flaws.push(Flaw { at, reason });
                }
            }
        }
        values
    }
}
