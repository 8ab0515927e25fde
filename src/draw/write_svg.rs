//! Writes a page as SVG.

use super::drawing::{BlockKind, Drawing, Outcome, Stop, Way};
use super::form::{GAP, HEAD, LINE, PAD, PILL, RowForm, RowKind, indent, pill_width};
use super::layout::{MARGIN, Page, page};
use super::place::{Capsule, CapsuleKind, Key, Panel, Placed, PlacedSet, Rect, Sample};
use super::style::{self, CSS, Tone};
use super::text::grouped;
use super::write_arrows::{arrow, link, piece};
use super::xml::Xml;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

pub(super) fn svg(drawing: &Drawing) -> String {
    let page = page(drawing);
    let mut xml = Xml::default();
    let view = format!("0 0 {} {}", page.width, page.height);
    xml.open(
        "svg",
        &[
            ("xmlns", &NAMESPACE),
            ("viewBox", &view),
            ("width", &page.width),
            ("height", &page.height),
            ("role", &"img"),
            ("aria-labelledby", &"title desc"),
        ],
    );
    head(&mut xml, drawing, &page);
    page.panels.iter().for_each(|way| panel(&mut xml, way));
    page.sets.iter().for_each(|placed| set(&mut xml, placed));
    if let Some((x, y)) = page.left_out {
        let text = format!("... and {} more sets", grouped(drawing.sets_left_out));
        xml.text("text", &[("class", &"more"), ("x", &x), ("y", &y)], &text);
    }
    page.keys.iter().for_each(|entry| key(&mut xml, entry));
    xml.finish()
}

fn head(xml: &mut Xml, drawing: &Drawing, page: &Page<'_>) {
    let title = format!("The way of a packet through table inet {}", drawing.table);
    xml.text("title", &[("id", &"title")], &title);
    xml.text("desc", &[("id", &"desc")], &description(drawing));
    xml.text("style", &[], CSS);
    let (width, height) = (page.width, page.height);
    xml.empty("rect", &[("class", &"page"), ("width", &width), ("height", &height), ("rx", &12)]);
    let table = format!("table inet {}", drawing.table);
    xml.text("text", &[("class", &"table"), ("x", &MARGIN), ("y", &46)], &table);
    let count = format!(
        "{} rules in {} chains, made by nftdivert plan --output svg",
        grouped(drawing.rules),
        grouped(drawing.chains)
    );
    xml.text("text", &[("x", &MARGIN), ("y", &66)], &count);
}

fn description(drawing: &Drawing) -> String {
    let words = |way: &Way| {
        let mut names: Vec<&str> = Vec::new();
        for stop in way.legs.iter().flat_map(|leg| &leg.stops) {
            names.push(match stop {
                Stop::Kernel(text) => text,
                Stop::Chain(block) => &block.name,
            });
        }
        format!("{}: {}", way.title, names.join(", "))
    };
    drawing.ways.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn panel(xml: &mut Xml, panel: &Panel<'_>) {
    xml.open("g", &[("class", &"panel-of-way")]);
    rect(xml, "panel", panel.rect, 10);
    let (x, y) = (panel.rect.x + 22, panel.rect.y + 34);
    xml.text("text", &[("class", &"way"), ("x", &x), ("y", &y)], panel.title);
    panel.pieces.iter().for_each(|way| piece(xml, *way));
    panel.capsules.iter().for_each(|one| capsule(xml, one));
    panel.boxes.iter().for_each(|placed| chain(xml, placed));
    panel.links.iter().for_each(|arrow| link(xml, *arrow));
    xml.close();
}

fn rect(xml: &mut Xml, class: &str, rect: Rect, radius: usize) {
    let Rect { x, y, width, height } = rect;
    let shape: [(&str, &dyn std::fmt::Display); 4] =
        [("x", &x), ("y", &y), ("width", &width), ("height", &height)];
    xml.empty("rect", &[&[("class", &class as _)], &shape[..], &[("rx", &radius as _)]].concat());
}

fn chain(xml: &mut Xml, placed: &Placed<'_>) {
    let Rect { x, y, width, .. } = placed.rect;
    let block = placed.form.block;
    xml.open("g", &[("class", &"chain")]);
    rect(xml, "box", placed.rect, 7);
    // The heading's corners are those of the box; its foot is straight.
    let (w, h) = (width - 1, HEAD);
    let path =
        format!("M{}.5,{} v-{} q0,-6 6,-6 h{} q6,0 6,6 v{} z", x, y + h, h - 7, w - 12, h - 7);
    xml.empty("path", &[("class", &style::head(block.kind)), ("d", &path)]);
    let base = y + 21;
    xml.text("text", &[("class", &"name"), ("x", &(x + PAD)), ("y", &base)], &block.name);
    let right = x + width - PAD;
    let end: (&str, &dyn std::fmt::Display) = ("text-anchor", &"end");
    xml.text("text", &[("class", &"place"), ("x", &right), ("y", &base), end], &block.place);
    if block.kind == BlockKind::Called {
        let y = y + HEAD;
        let line = format!("M{x},{y} h{width}");
        xml.empty("path", &[("class", &"line"), ("d", &line)]);
    }
    for (number, (top, form)) in placed.rows().enumerate() {
        row(xml, placed.rect, (number, top), form);
    }
    xml.close();
}

fn row(xml: &mut Xml, outer: Rect, (number, top): (usize, usize), row: &RowForm<'_>) {
    let class = match row.kind {
        RowKind::Rule { .. } => "rule",
        RowKind::LeftOut => "rule more",
        RowKind::Otherwise => "rule otherwise",
    };
    xml.open("g", &[("class", &"row")]);
    if let RowKind::Rule { text, setting, .. } = row.kind {
        let from = if setting.is_empty() { String::new() } else { format!("\nfrom {setting}") };
        xml.text("title", &[], &format!("{text}{from}"));
    }
    if number > 0 {
        let line = format!("M{},{top} h{}", outer.x + 1, outer.width - 2);
        xml.empty("path", &[("class", &"line"), ("d", &line)]);
    }
    for (place, line) in row.lines.iter().enumerate() {
        let (x, y) = (outer.x + PAD + indent(place), top + LINE * (place + 1));
        xml.text("text", &[("class", &class), ("x", &x), ("y", &y)], line);
    }
    let mut right = outer.right() - PAD;
    for outcome in row.pills.iter().rev() {
        let width = pill_width(&outcome.label());
        let y = top + row.height - PILL - 3;
        pill(xml, outcome, &outcome.label(), Rect { x: right - width, y, width, height: PILL });
        right -= width + GAP;
    }
    xml.close();
}

fn pill(xml: &mut Xml, outcome: &Outcome, label: &str, place: Rect) {
    let class = Tone::of(outcome).class();
    rect(xml, class, place, PILL / 2);
    let class = format!("pill-text {class}-text");
    let (x, y) = (place.middle(), place.y + 13);
    xml.text("text", &[("class", &class), ("x", &x), ("y", &y)], label);
}

fn capsule(xml: &mut Xml, capsule: &Capsule) {
    let class = match capsule.kind {
        CapsuleKind::End => "end",
        CapsuleKind::Kernel => "kernel",
    };
    rect(xml, class, capsule.rect, capsule.rect.height / 2);
    let class = format!("{class}-text");
    let (x, y) = (capsule.rect.middle(), capsule.rect.y + 17);
    xml.text("text", &[("class", &class), ("x", &x), ("y", &y)], capsule.text);
}

fn set(xml: &mut Xml, placed: &PlacedSet<'_>) {
    let Rect { x, y, .. } = placed.rect;
    xml.open("g", &[("class", &"set")]);
    rect(xml, "box", placed.rect, 7);
    let x = x + PAD;
    xml.text("text", &[("class", &"name"), ("x", &x), ("y", &(y + 20))], &placed.set.name);
    xml.text("text", &[("class", &"place"), ("x", &x), ("y", &(y + 36))], &placed.set.kind);
    for (number, line) in placed.lines.iter().enumerate() {
        let y = y + 44 + LINE * (number + 1) - 4;
        xml.text("text", &[("class", &"rule"), ("x", &x), ("y", &y)], line);
    }
    xml.close();
}

fn key(xml: &mut Xml, key: &Key) {
    let Rect { x, y, width, .. } = key.rect;
    match &key.sample {
        Sample::Pill(outcome, label) => pill(xml, outcome, label, key.rect),
        Sample::Arrow(call) => arrow(xml, *call, (x, y + 9), width),
    }
    let (x, y) = (x + width + 8, y + 13);
    xml.text("text", &[("class", &"key"), ("x", &x), ("y", &y)], key.text);
}
