//! Writes a picture in the language of Graphviz: chains are tables with a port for each rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::drawing::{Block, Call, Drawing, Lead, Outcome, Row, SetBlock, Stop, Way};
use super::style::Tone;
use super::text::{escaped, grouped};

const HEAD: &str = "  graph [rankdir=LR, fontname=\"sans-serif\", nodesep=0.3, ranksep=0.9];
  node [shape=plain, fontname=\"sans-serif\", fontsize=11];
  edge [color=\"#57606a\", arrowsize=0.7];
";

pub(super) fn dot(drawing: &Drawing) -> String {
    let mut out = format!("digraph {} {{\n{HEAD}", quoted(&drawing.table));
    for (number, way) in drawing.ways.iter().enumerate() {
        cluster(&mut out, number, way);
    }
    for (number, set) in drawing.sets.iter().enumerate() {
        set_node(&mut out, number, set);
    }
    if drawing.sets_left_out > 0 {
        let text = quoted(&format!("... and {} more sets", grouped(drawing.sets_left_out)));
        let _ = writeln!(out, "  sets_left_out [shape=plaintext, label={text}];");
    }
    let blocks: Vec<&Block> = drawing.ways.iter().flat_map(blocks).collect();
    let known: BTreeSet<usize> = blocks.iter().map(|block| block.id).collect();
    for block in &blocks {
        edges(&mut out, block, &known);
    }
    out.push_str("}\n");
    out
}

fn blocks(way: &Way) -> impl Iterator<Item = &Block> {
    let stops = way.legs.iter().flat_map(|leg| &leg.stops);
    let bases = stops.filter_map(|stop| match stop {
        Stop::Chain(block) => Some(block),
        Stop::Kernel(_) => None,
    });
    bases.chain(&way.called)
}

fn cluster(out: &mut String, number: usize, way: &Way) {
    let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label={};", quoted(way.title));
    out.push_str("    style=rounded; color=\"#d8dee4\"; fontsize=14;\n");
    for block in blocks(way) {
        node(out, block);
    }
    for (leg, path) in way.legs.iter().enumerate() {
        let name = |place: usize| format!("way_{number}_{leg}_{place}");
        let mut before = name(0);
        capsule(out, &before, path.start, "box");
        for (place, stop) in path.stops.iter().enumerate() {
            let next = match stop {
                Stop::Kernel(text) => {
                    capsule(out, &name(place + 1), text, "ellipse");
                    name(place + 1)
                }
                Stop::Chain(block) => format!("chain_{}:head:w", block.id),
            };
            let _ = writeln!(out, "    {before} -> {next} [penwidth=2, weight=10];");
            before = next.replace(":head:w", ":place:e");
        }
        let end = name(path.stops.len() + 1);
        capsule(out, &end, path.end, "box");
        let _ = writeln!(out, "    {before} -> {end} [penwidth=2, weight=10];");
    }
    out.push_str("  }\n");
}

fn capsule(out: &mut String, name: &str, text: &str, shape: &str) {
    let _ = writeln!(out, "    {name} [shape={shape}, style=rounded, label={}];", quoted(text));
}

fn node(out: &mut String, block: &Block) {
    let _ = writeln!(
        out,
        "    chain_{} [label=<\n      <table border=\"1\" cellborder=\"0\" cellspacing=\"0\" \
         cellpadding=\"4\" color=\"#afb8c1\">",
        block.id
    );
    let _ = writeln!(
        out,
        "        <tr><td port=\"head\" align=\"left\" bgcolor=\"#eaeef2\"><b>{}</b></td>\
         <td port=\"place\" align=\"right\" bgcolor=\"#eaeef2\">{}</td></tr>",
        escaped(&block.name),
        escaped(&block.place)
    );
    for (number, row) in block.rows.iter().enumerate() {
        let (text, pill) = match row {
            Row::Rule { text, outcome, .. } => (cell(text), pill(number, outcome)),
            Row::LeftOut(count) => {
                (format!("... and {} more rules ...", grouped(*count)), "<td></td>".to_owned())
            }
        };
        let _ = writeln!(out, "        <tr><td align=\"left\">{text}</td>{pill}</tr>");
    }
    let ends: Vec<String> = block.otherwise.iter().map(Outcome::label).collect();
    let _ = writeln!(
        out,
        "        <tr><td align=\"left\"><i>otherwise</i></td><td align=\"right\">{}</td></tr>",
        escaped(&ends.join(", "))
    );
    out.push_str("      </table>>];\n");
}

/// A rule's text; Graphviz takes no empty font element.
fn cell(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("<font face=\"monospace\">{}</font>", escaped(text)),
    }
}

fn pill(number: usize, outcome: &Outcome) -> String {
    let label = outcome.label();
    if label.is_empty() {
        return "<td></td>".to_owned();
    }
    let (back, front) = Tone::of(outcome).colours();
    format!(
        "<td port=\"rule_{number}\" align=\"right\" bgcolor=\"{back}\"><font color=\"{front}\">{}</font></td>",
        escaped(&label)
    )
}

fn edges(out: &mut String, block: &Block, known: &BTreeSet<usize>) {
    for (number, row) in block.rows.iter().enumerate() {
        let Row::Rule { outcome: Outcome::Leads(Lead { to: Some(to), call, .. }), .. } = row else {
            continue;
        };
        if !known.contains(to) {
            continue;
        }
        let style = match call {
            Call::Jump => "dashed",
            Call::Goto => "solid",
        };
        let _ = writeln!(
            out,
            "  chain_{}:rule_{number}:e -> chain_{to}:head:w [style={style}];",
            block.id
        );
    }
}

fn set_node(out: &mut String, number: usize, set: &SetBlock) {
    let mut lines = vec![format!("set {}", set.name), set.kind.clone()];
    lines.extend(set.elements.iter().cloned());
    if set.left_out > 0 {
        lines.push(format!("... and {} more", grouped(set.left_out)));
    }
    let _ = writeln!(out, "  set_{number} [shape=box, label={}];", quoted(&lines.join("\n")));
}

/// A text in quotes, as Graphviz takes it.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\l");
    format!("\"{text}\"")
}
