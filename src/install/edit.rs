//! Changes of a list's text: our entry in, exchanged, or out; every other byte stays.

use std::ops::Range;

use super::conf::{Conf, Kind, kind_of};
use super::entry::{Entry, Layout};
use super::json::Node;

/// The list with our entry at the end of its plugins, laid out as the last of them is.
pub(super) fn added(text: &[u8], list: &Conf, entry: &Entry) -> Vec<u8> {
    let plugins = list.plugins();
    let Some(last) = plugins.last() else { return text.to_vec() };
    let gap = &text[gap_before(text, last.span.start)];
    let new = [b",", gap, &entry.text(&layout(text, last))].concat();
    replaced(text, last.span.end..last.span.end, &new)
}

/// The list with our entry in the place of this one of its plugins.
pub(super) fn exchanged(text: &[u8], plugin: &Node, entry: &Entry) -> Vec<u8> {
    replaced(text, plugin.span.clone(), &entry.text(&layout(text, plugin)))
}

/// The list without any entry of ours; `None` where no plugin would be left.
pub(super) fn stripped(text: &[u8], list: &Conf) -> Option<Vec<u8>> {
    let plugins = list.plugins();
    let is_ours = |plugin: &Node| kind_of(plugin) == Some(Kind::Ours);
    let first_kept = plugins.iter().position(|plugin| !is_ours(plugin))?;
    let mut result = text.to_vec();
    for at in (0..plugins.len()).rev().filter(|at| is_ours(&plugins[*at])) {
        let cut = match at {
            // Nothing in front of it stays: it goes with the comma behind it.
            at if at < first_kept => plugins[at].span.start..plugins[at + 1].span.start,
            at => plugins[at - 1].span.end..plugins[at].span.end,
        };
        result.drain(cut);
    }
    Some(result)
}

/// The text around our first entry: the same as long as nobody but us has changed the file.
pub(super) fn around(text: &[u8], list: &Conf) -> Option<[Vec<u8>; 2]> {
    let ours = list.find(Kind::Ours)?;
    Some([text[..ours.span.start].to_vec(), text[ours.span.end..].to_vec()])
}

/// How a plugin is laid out.
pub(super) fn layout(text: &[u8], plugin: &Node) -> Layout {
    let own = plugin.text(text);
    let Some(feed) = own.iter().position(|byte| *byte == b'\n') else { return Layout::Line };
    let end = if feed > 0 && own[feed - 1] == b'\r' { "\r\n" } else { "\n" };
    let line_start = text[..plugin.span.start].iter().rposition(|byte| *byte == b'\n');
    let base = blanks(&text[line_start.map_or(0, |at| at + 1)..plugin.span.start]);
    let member = plugin.members().first().map(|member| member.node.span.start);
    let inner = member.and_then(|at| text[..at].iter().rposition(|byte| *byte == b'\n'));
    let inner = inner.map_or(String::new(), |at| blanks(&text[at + 1..]));
    let unit = inner.strip_prefix(&base).filter(|unit| !unit.is_empty()).unwrap_or("  ").to_owned();
    Layout::Lines { end, base, unit }
}

fn blanks(line: &[u8]) -> String {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).map(|b| char::from(*b)).collect()
}

fn gap_before(text: &[u8], at: usize) -> Range<usize> {
    let start = text[..at].iter().rposition(|byte| !byte.is_ascii_whitespace());
    start.map_or(0, |before| before + 1)..at
}

/// The text with something else in the place of these bytes.
pub(super) fn replaced(text: &[u8], range: Range<usize>, new: &[u8]) -> Vec<u8> {
    [&text[..range.start], new, &text[range.end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::super::conf::read;
    use super::*;

    fn list(text: &str) -> Conf {
        read("a.conflist", text.as_bytes()).unwrap()
    }

    fn add(text: &str) -> String {
        String::from_utf8(added(text.as_bytes(), &list(text), &Entry::new(None))).unwrap()
    }

    /// Adds, and takes it out again.
    fn there_and_back(text: &str, wanted: &str) {
        let with = add(text);
        assert_eq!(with, wanted);
        let back = stripped(with.as_bytes(), &list(&with)).unwrap();
        assert_eq!(String::from_utf8(back).unwrap(), text);
    }

    #[test]
    fn the_entry_is_laid_out_as_its_neighbours() {
        there_and_back(
            r#"{"name":"x","plugins":[{"type":"a"}],"n":1e3}"#,
            r#"{"name":"x","plugins":[{"type":"a"},{"type":"nftdivert"}],"n":1e3}"#,
        );
        there_and_back(
            "{\"name\": \"x\", \"plugins\": [\n  { \"type\": \"a\" },\n  { \"type\": \"b\" }\n]}\n",
            "{\"name\": \"x\", \"plugins\": [\n  { \"type\": \"a\" },\n  { \"type\": \"b\" },\n  \
             {\"type\":\"nftdivert\"}\n]}\n",
        );
        there_and_back(
            "{\r\n\t\"name\": \"x\",\r\n\t\"plugins\": [\r\n\t\t{\r\n\t\t\t\"type\": \"a\"\r\n\t\t}\r\n\t]\r\n}",
            "{\r\n\t\"name\": \"x\",\r\n\t\"plugins\": [\r\n\t\t{\r\n\t\t\t\"type\": \"a\"\r\n\t\t},\r\n\
             \t\t{\r\n\t\t\t\"type\": \"nftdivert\"\r\n\t\t}\r\n\t]\r\n}",
        );
        there_and_back(
            "{\"name\": \"x\", \"plugins\": [{\n    \"type\": \"a\"\n}]}",
            "{\"name\": \"x\", \"plugins\": [{\n    \"type\": \"a\"\n},{\n    \"type\": \"nftdivert\"\n}]}",
        );
    }

    #[test]
    fn of_two_keys_plugins_the_one_that_counts_is_changed() {
        there_and_back(
            r#"{"name":"x","plugins":[{"type":"a"}],"plugins":[{"type":"b"} ] }"#,
            r#"{"name":"x","plugins":[{"type":"a"}],"plugins":[{"type":"b"},{"type":"nftdivert"} ] }"#,
        );
    }

    #[test]
    fn wherever_it_stands_it_goes_with_one_comma() {
        for (text, wanted) in [
            (
                r#"[{"type":"nftdivert"} , {"type":"nftdivert"},{"type":"a"}]"#,
                Some(r#"[{"type":"a"}]"#),
            ),
            (
                r#"[{"type":"a"}, {"type":"nftdivert"} ,{"type":"b"},{"type":"nftdivert"} ]"#,
                Some(r#"[{"type":"a"} ,{"type":"b"} ]"#),
            ),
            (r#"[{"type":"nftdivert"}]"#, None),
        ] {
            let text = format!(r#"{{"name":"x","plugins":{text}}}"#);
            let wanted = wanted.map(|wanted| format!(r#"{{"name":"x","plugins":{wanted}}}"#));
            let found = stripped(text.as_bytes(), &list(&text));
            assert_eq!(found.map(|text| String::from_utf8(text).unwrap()), wanted);
        }
    }
}
