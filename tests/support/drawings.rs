//! What holds for every drawing of a ruleset, looked at from outside: by an XML parser, and by
//! the widths that text takes in the widest of the usual fonts.
#![allow(clippy::unwrap_used, reason = "a check that does not hold ends here")]

use nftdivert::draw::{dot, drawing, svg};
use nftdivert::ruleset::{Ruleset, rule_text};
use roxmltree::{Document, Node};

/// Chains that are longer are shown in part.
const WHOLE: usize = 40;

/// Checks both forms of a ruleset's drawing.
pub(crate) fn check(ruleset: &Ruleset) {
    let drawing = drawing(ruleset);
    let text = svg(&drawing);
    assert_eq!(text, svg(&drawing));
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    every_rule_is_there_once(ruleset, &document);
    texts_stay_inside(&document);
    boxes_are_apart(&document);
    arrows_keep_clear(&document);
    check_dot(ruleset, &dot(&drawing));
}

fn class<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("class").unwrap_or_default()
}

fn of_class<'a, 'b>(node: Node<'a, 'b>, name: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    node.descendants().filter(move |node| class(*node).split(' ').any(|one| one == name))
}

/// As the drawing replaces what can't be shown.
fn clean(text: &str) -> String {
    let hidden = |c: char| {
        let directs = "\u{200e}\u{200f}\u{61c}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        c.is_control() || directs.contains(c) || ('\u{fffe}'..='\u{ffff}').contains(&c)
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

fn every_rule_is_there_once(ruleset: &Ruleset, document: &Document<'_>) {
    let mut wanted = Vec::new();
    for chain in ruleset.chains.iter().filter(|chain| chain.rules.len() <= WHOLE) {
        let rules = chain.rules.iter().map(rule_text);
        let rules = rules.map(|text| clean(&text.replace("counter packets 0 bytes 0", "counter")));
        wanted.push((clean(&chain.name), rules.collect::<Vec<_>>()));
    }
    let mut found = Vec::new();
    for chain in of_class(document.root(), "chain") {
        let name = of_class(chain, "name").next().unwrap().text().unwrap_or_default().to_owned();
        let rows =
            of_class(chain, "row").filter(|row| row.children().any(|c| c.has_tag_name("title")));
        let rules = rows.map(|row| {
            let title = row.children().find(|child| child.has_tag_name("title")).unwrap();
            let said = title.text().unwrap_or_default().split('\n').next().unwrap().to_owned();
            let lines = of_class(row, "rule").filter_map(|line| line.text());
            let shown = lines.collect::<Vec<_>>().concat().replace(' ', "");
            assert_eq!(shown, said.replace(' ', ""));
            said
        });
        found.push((name, rules.collect::<Vec<_>>()));
    }
    found.retain(|(name, _)| wanted.iter().any(|(other, _)| other == name));
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap_or("0").parse().unwrap()
}

/// Left and right edge of a text.
fn extent(text: Node<'_, '_>) -> (f64, f64) {
    let classes = class(text);
    let is = |name: &str| classes.split(' ').any(|one| one == name);
    let advance = match () {
        () if is("rule") => 7.3,
        () if is("name") => 7.9,
        () if is("pill-text") => 6.7,
        () => 6.0,
    };
    let columns = |c: char| if c.is_ascii() { 1.0 } else { 2.0 };
    let width = advance * text.text().unwrap_or_default().chars().map(columns).sum::<f64>();
    let x = number(text, "x");
    match text.attribute("text-anchor") {
        Some("end") => (x - width, x),
        None if is("pill-text") => (x - width / 2.0, x + width / 2.0),
        _ => (x, x + width),
    }
}

/// Left, top, right and bottom edge.
fn edges(rect: Node<'_, '_>) -> [f64; 4] {
    let (x, y) = (number(rect, "x"), number(rect, "y"));
    [x, y, x + number(rect, "width"), y + number(rect, "height")]
}

fn texts_stay_inside(document: &Document<'_>) {
    for name in ["chain", "set"] {
        for group in of_class(document.root(), name) {
            let [left, top, right, bottom] = edges(of_class(group, "box").next().unwrap());
            let texts: Vec<_> = group.descendants().filter(|n| n.has_tag_name("text")).collect();
            for text in &texts {
                let (from, to) = extent(*text);
                let y = number(*text, "y");
                assert!(from >= left && to <= right, "{:?} is wider than its box", text.text());
                assert!(y > top && y < bottom, "{:?} is not in its box", text.text());
            }
            for (place, one) in texts.iter().enumerate() {
                for other in &texts[place + 1..] {
                    let is_beside = (number(*one, "y") - number(*other, "y")).abs() > 8.0;
                    let ((a, b), (c, d)) = (extent(*one), extent(*other));
                    assert!(is_beside || b <= c || d <= a, "{:?} {:?}", one.text(), other.text());
                }
            }
        }
    }
}

fn boxes_are_apart(document: &Document<'_>) {
    let boxes: Vec<[f64; 4]> = of_class(document.root(), "box").map(edges).collect();
    let page = edges(of_class(document.root(), "page").next().unwrap());
    for (place, one) in boxes.iter().enumerate() {
        assert!(one[0] >= page[0] && one[1] >= page[1] && one[2] <= page[2] && one[3] <= page[3]);
        for other in &boxes[place + 1..] {
            let apart =
                one[2] < other[0] || other[2] < one[0] || one[3] < other[1] || other[3] < one[1];
            assert!(apart, "{one:?} {other:?}");
        }
    }
}

/// Tracks of arrows run beside the boxes, inside the panel.
fn arrows_keep_clear(document: &Document<'_>) {
    for panel in of_class(document.root(), "panel-of-way") {
        let whole = edges(of_class(panel, "panel").next().unwrap());
        let boxes: Vec<[f64; 4]> = of_class(panel, "box").map(edges).collect();
        let tracks = of_class(panel, "link").filter_map(|link| {
            let (corner, _) = link.attribute("d")?.split_once(" Q")?.1.split_once(',')?;
            corner.parse::<f64>().ok()
        });
        for track in tracks {
            assert!(track > whole[0] && track < whole[2], "{track} {whole:?}");
            let meets = |one: &&[f64; 4]| one[0] < track && track < one[2];
            assert_eq!(boxes.iter().find(meets), None, "{track}");
        }
    }
}

/// Braces and quotes close, labels are well-formed, and edges lead to what is there.
fn check_dot(ruleset: &Ruleset, text: &str) {
    let mut rest = text.to_owned();
    let mut ports = Vec::new();
    while let Some((before, after)) = rest.split_once("[label=<") {
        let (label, after) = after.split_once(">];\n").unwrap();
        let table = Document::parse(label.trim()).unwrap_or_else(|e| panic!("{e}: {label}"));
        let name = before.rsplit(' ').find(|word| !word.is_empty()).unwrap().to_owned();
        let found = table.descendants().filter_map(|node| node.attribute("port"));
        ports.extend(found.map(|port| format!("{name}:{port}")));
        rest = format!("{before};\n{after}");
    }
    assert_eq!(ports.iter().filter(|port| port.ends_with(":head")).count(), ruleset.chains.len());
    let bare = without_quoted(&rest);
    assert_eq!(bare.matches('{').count(), bare.matches('}').count(), "{bare}");
    for end in bare.split_whitespace().filter(|word| word.starts_with("chain_")) {
        let place: Vec<&str> = end.split(':').take(2).collect();
        if let [_, _] = place[..] {
            assert!(ports.contains(&place.join(":")), "{end} is not there");
        }
    }
}

fn without_quoted(text: &str) -> String {
    let (mut out, mut chars, mut quoted) = (String::new(), text.chars(), false);
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            other if !quoted => out.push(other),
            _ => {}
        }
    }
    assert!(!quoted, "a quote stays open: {text}");
    out
}
