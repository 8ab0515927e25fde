//! Draws the ways of the demo's connections, one line each, at most a hundred columns wide.

use crate::demo::story::{Hop, Step, Way};

use super::output::{BAD, Characters, DIM, GOOD};

/// Marks, names and arrows end before this column; the original destination follows.
const COLUMN: usize = 82;
const WIDTH: usize = 100;
const ORIGINAL: &str = "original destination";

/// The line above the connections of a family.
pub(super) fn heading(family: &str) -> String {
    let room = WIDTH - family.len();
    format!("{family}{DIM}{ORIGINAL:>room$}{DIM:#}")
}

/// A connection: one line if it is as expected, else what was expected and what was seen.
pub(super) fn lines(step: &Step, characters: Characters) -> Vec<String> {
    if step.is_as_expected() {
        let way = drawn(&step.hops, characters);
        let because = step.because.map(|text| format!(" ({text})")).unwrap_or_default();
        let room = COLUMN.saturating_sub(5 + way.chars().count() + because.len());
        let last = match (step.original, step.expected) {
            (Some(original), _) => original.to_string(),
            // What was asked of another server is known by its port alone.
            (None, Way::Dns) => format!("port {}", step.to.port()),
            (None, Way::Direct | Way::Outbound | Way::Inbound) => "direct".to_owned(),
        };
        return vec![format!("{GOOD}ok{GOOD:#}   {way}{DIM}{because}{:room$}{last}{DIM:#}", "")];
    }
    vec![
        format!("{BAD}FAIL{BAD:#} {}", step.title),
        format!("       expected  {}", drawn(&step.expected_hops, characters)),
        format!("       seen      {}", seen(step, characters)),
    ]
}

fn seen(step: &Step, characters: Characters) -> String {
    if let Some(failure) = &step.failure {
        let way = match (step.original, step.expected) {
            (None, Way::Direct | Way::Dns) => "",
            (None, Way::Outbound | Way::Inbound) => "; the proxy did not see it",
            (Some(_), Way::Direct) => "; the proxy saw it",
            (Some(_), Way::Outbound | Way::Inbound | Way::Dns) => "",
        };
        return format!("{failure}{way}");
    }
    let way = drawn(&step.hops, characters);
    match step.original.filter(|original| *original != step.to) {
        Some(original) => format!("{way}, {ORIGINAL} {original}"),
        None => way,
    }
}

fn drawn(hops: &[Hop], characters: Characters) -> String {
    let (line, head) = match characters {
        Characters::Unicode => ("──", "▶"),
        Characters::Ascii => ("--", ">"),
    };
    let mut text = String::new();
    for hop in hops {
        if !text.is_empty() {
            text.push_str(&match hop.from {
                Some(from) => format!(" {line}({from}){line}{head} "),
                None => format!(" {line}{head} "),
            });
        }
        text.push_str(&hop.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use crate::demo::story::{Caller, Family};

    use super::*;

    fn hop(name: &str) -> Hop {
        Hop { name: name.to_owned(), from: None }
    }

    /// The widest that the demo has.
    fn inbound() -> Step {
        let from = Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6)));
        let last = Hop { name: "app :8080".to_owned(), from };
        let hops = vec![hop("client 10.88.0.1"), hop("prerouting"), hop("proxy :15006"), last];
        let to = "10.88.0.2:8080".parse().unwrap();
        Step {
            title: "a client calls in",
            family: Family::Ipv4,
            caller: Caller::Client,
            to,
            server: "app",
            expected: Way::Inbound,
            took: Some(Way::Inbound),
            original: Some(to),
            answered: Some("app".to_owned()),
            client_seen: from,
            failure: None,
            because: None,
            hops: hops.clone(),
            expected_hops: hops,
        }
    }

    fn plain(step: &Step, characters: Characters) -> Vec<String> {
        let strip = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines(step, characters).iter().map(strip).collect()
    }

    #[test]
    fn the_widest_way_fits() {
        let unicode = "ok   client 10.88.0.1 ──▶ prerouting ──▶ proxy :15006 ──(127.0.0.6)──▶ \
                       app :8080  10.88.0.2:8080";
        assert_eq!(plain(&inbound(), Characters::Unicode), [unicode]);
        let ascii = unicode.replace("──", "--").replace('▶', ">");
        assert_eq!(plain(&inbound(), Characters::Ascii), [ascii]);
        let longest = COLUMN + "[2001:db8::10]:80".len();
        assert!(unicode.chars().count() <= WIDTH && longest <= WIDTH);
        let heading = anstream::adapter::strip_str(&heading("IPv4")).to_string();
        assert_eq!(heading.len(), WIDTH);
    }

    #[test]
    fn what_is_not_as_expected_says_both() {
        let past = vec![hop("client"), hop("app 10.88.0.2:8080")];
        let slipped = Step { took: Some(Way::Direct), original: None, hops: past, ..inbound() };
        let all = plain(&slipped, Characters::Ascii);
        assert_eq!(all[0], "FAIL a client calls in");
        assert!(all[1].contains("expected  client 10.88.0.1 --> prerouting --> proxy :15006"));
        assert_eq!(all[2].trim_start(), "seen      client --> app 10.88.0.2:8080");
        let failure = Some("connect to 10.88.0.2:8080: nothing after 150ms".to_owned());
        let silent = Step { took: None, original: None, failure, hops: Vec::new(), ..inbound() };
        assert!(plain(&silent, Characters::Ascii)[2].ends_with("150ms; the proxy did not see it"));
        let elsewhere = Some("10.88.0.2:81".parse().unwrap());
        let wrong = Step { original: elsewhere, ..inbound() };
        assert!(plain(&wrong, Characters::Ascii)[2].ends_with("original destination 10.88.0.2:81"));
    }
}
