//! The floors hold: who may know whom, what stays out of the pure floors, and where effects live.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with its floor, as in docs/architecture.md.
const FLOORS: [(&str, u8); 19] = [
    ("words", 0),
    ("policy", 1),
    ("dialect", 1),
    ("ruleset", 1),
    ("plan", 1),
    ("explain", 1),
    ("draw", 1),
    ("follow", 1),
    ("netlink", 2),
    ("nft", 2),
    ("net", 2),
    ("process", 2),
    ("apply", 3),
    ("verify", 3),
    ("trace", 3),
    ("demo", 4),
    ("cni", 4),
    ("install", 4),
    ("cli", 5),
];

/// Rooms of one floor that know each other.
const ARROWS: [(&str, &str); 12] = [
    ("dialect", "policy"),
    ("plan", "policy"),
    ("plan", "ruleset"),
    ("explain", "ruleset"),
    ("draw", "ruleset"),
    ("follow", "explain"),
    ("follow", "ruleset"),
    ("nft", "netlink"),
    ("net", "netlink"),
    ("process", "net"),
    ("verify", "apply"),
    ("trace", "apply"),
];

/// What floors 0 and 1 must not touch: they are values only.
const IMPURE: [&str; 9] = [
    "std::fs",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant",
    "nix::",
    "tokio",
    "async ",
];

/// Words that belong to one place.
const AT_HOME: [(&str, &[&str]); 8] = [
    ("setns(", &["net/netns.rs"]),
    ("unshare(", &["net/netns.rs", "net/userns.rs"]),
    (
        "unsafe {",
        &[
            "net/netns/nsfs.rs",
            "net/xtables/socket.rs",
            "process/capabilities.rs",
            "process/command.rs",
        ],
    ),
    ("execvp(", &["process/command.rs"]),
    ("Command::new", &["install/ask.rs"]),
    ("println!", &[]),
    ("print!(", &[]),
    ("process::exit", &[]),
];

/// The longest file; the aim is 200 lines.
const LONGEST: usize = 330;

struct Source {
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> Option<&str> {
        self.path.split_once('/').map(|(room, _)| room)
    }

    /// The code, without comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    assert!(found.len() > 60, "only {} files found: is this the right folder?", found.len());
    found
}

fn rooms_named_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn no_room_knows_a_higher_floor_or_a_neighbour_without_an_arrow() {
    let floors: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    let mut faults = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let floor = floors.get(room).unwrap_or_else(|| panic!("{room} is on no floor"));
        for line in source.code() {
            for other in rooms_named_in(line).filter(|other| *other != room) {
                let allowed = floors.get(other).is_none_or(|below| below < floor)
                    || ARROWS.contains(&(room, other));
                if !allowed {
                    faults.push(format!("{}: {}", source.path, line.trim()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_pure_floors_are_values_only() {
    let floors: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    let mut faults = Vec::new();
    for source in sources() {
        if source.room().is_none_or(|room| floors[room] > 1) {
            continue;
        }
        for line in source.code() {
            if IMPURE.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn effects_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for source in sources() {
        for (word, homes) in AT_HOME {
            let is_there = source.code().any(|line| line.contains(word));
            if is_there && !homes.contains(&source.path.as_str()) {
                faults.push(format!("{}: {word}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_file_opens_with_its_sentence_and_stays_small() {
    let mut faults = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//! ") {
            faults.push(format!("{}: no //! sentence", source.path));
        }
        let lines = source.text.lines().count();
        if lines > LONGEST {
            faults.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_documented_floors_are_these() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let text = fs::read_to_string(path).unwrap();
    for (room, floor) in FLOORS {
        let row = format!("| {floor} | `{room}/` |");
        assert!(text.contains(&row), "docs/architecture.md has no row `{row}`");
    }
    for (from, to) in ARROWS {
        assert!(text.contains(&format!("`{from} -> {to}`")), "no arrow {from} -> {to}");
    }
}
