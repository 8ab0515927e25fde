//! What nft prints of a table, in a form that two printers agree on.

use std::collections::BTreeMap;

use nftdivert::net::netns::Netns;
use nftdivert::plan::Plan;
use nftdivert::ruleset::ruleset_text;

use crate::shell::nft_list;

/// A table's blocks by their heads (`chain output`, `set x`); what stands outside of them is
/// under `table`. White space, the order of blocks and elements, and what counters counted are
/// evened out.
pub type Listing = BTreeMap<String, Vec<String>>;

/// Reads what nft printed of one table.
pub fn listing(text: &str) -> Listing {
    let mut all = Listing::new();
    let mut head = "table".to_owned();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        if line == "}" {
            "table".clone_into(&mut head);
        } else if let Some(start) = line.strip_suffix(" {") {
            start.clone_into(&mut head);
            all.entry(head.clone()).or_default();
        } else {
            let mut line = line.to_owned();
            // A list may take several lines; names in it may hold braces, but no blanks.
            while line.contains(" = { ") && !line.ends_with(" }") {
                line = format!("{line} {}", lines.next().expect("the end of a list"));
            }
            all.entry(head.clone()).or_default().push(even(&line));
        }
    }
    all
}

/// What a plan says, as a listing.
pub fn planned(plan: &Plan) -> Listing {
    listing(&ruleset_text(&plan.ruleset))
}

/// What nft lists of our table in `place`, without the chain of the record.
#[track_caller]
pub fn listed(place: &Netns) -> Listing {
    let mut listing = listing(&nft_list(place, "table inet nftdivert"));
    listing.remove("chain applied");
    listing
}

fn even(line: &str) -> String {
    if let Some((start, elements)) = line.split_once(" = { ") {
        let mut elements: Vec<&str> = elements.trim_end_matches(" }").split(',').collect();
        elements.iter_mut().for_each(|element| *element = element.trim());
        elements.sort_unstable();
        return format!("{start} = {{ {} }}", elements.join(", "));
    }
    let mut words: Vec<&str> = line.split_whitespace().collect();
    for place in 1..words.len() {
        if matches!(words[place - 1], "packets" | "bytes") {
            words[place] = "N";
        }
    }
    words.join(" ")
}
