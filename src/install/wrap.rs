//! From one plugin to a list with ours behind it, and from a broken list back to its one plugin.

use super::conf::Conf;
use super::edit::{layout, replaced};
use super::entry::{Entry, Layout, indented};
use super::json::{Node, Value};

/// A list of this plugin and ours, with the plugin's own name and version: their texts are
/// copied, as is the plugin's.
pub(super) fn wrapped(text: &[u8], single: &Conf, entry: &Entry) -> Vec<u8> {
    let root = &single.root;
    let copied = |key| root.get(key).map(|node| node.text(text)).unwrap_or_default();
    let (end, unit) = match layout(text, root) {
        Layout::Line => ("\n", "  ".to_owned()),
        Layout::Lines { end, unit, .. } => (end, unit),
    };
    let lines =
        Layout::Lines { end, base: [unit.as_str(), unit.as_str()].concat(), unit: unit.clone() };
    // Lines that end in \r\n keep their \r where the line feed is replaced.
    let plugin = indented(root.text(text), &format!("\n{unit}{unit}"));
    let ours = entry.text(&if plugin.contains(&b'\n') { lines } else { Layout::Line });
    let (version, name) = (copied("cniVersion"), copied("name"));
    let [u, e] = [unit.as_bytes(), end.as_bytes()];
    [
        &[b"{", e, u, b"\"cniVersion\": ", version, b",", e, u, b"\"name\": ", name, b",", e][..],
        &[u, b"\"plugins\": [", e, u, u, &plugin, b",", e, u, u, &ours, e, u, b"]", e, b"}", e],
    ]
    .concat()
    .concat()
}

/// The one plugin of a list as a file of its own, with the list's name and this version.
pub(super) fn unwrapped(text: &[u8], list: &Conf, plugin: &Node, version: &str) -> Vec<u8> {
    let own = plugin.text(text).to_vec();
    let name = list.root.get("name").map(|node| node.text(text)).unwrap_or_default();
    let version = serde_json::to_vec(version).unwrap_or_default();
    let with_name = with_member(&own, "name", name);
    let mut result = with_member(&with_name, "cniVersion", &version);
    result.push(b'\n');
    result
}

/// The object with this member: its value replaced where it is there, else put in front.
fn with_member(object: &[u8], key: &str, value: &[u8]) -> Vec<u8> {
    let Ok(root) = super::json::scan(object) else { return object.to_vec() };
    if let Some(node) = root.get(key) {
        return replaced(object, node.span.clone(), value);
    }
    let Value::Object(members) = &root.value else { return object.to_vec() };
    let comma: &[u8] = if members.is_empty() { b"" } else { b"," };
    let gap_end = object.iter().skip(1).position(|byte| !byte.is_ascii_whitespace());
    let gap = &object[1..1 + gap_end.unwrap_or(0)];
    let member = [gap, b"\"", key.as_bytes(), b"\": ", value, comma].concat();
    replaced(object, 1..1, &member)
}

#[cfg(test)]
mod tests {
    use super::super::conf::read;
    use super::*;

    #[test]
    fn a_plugin_is_wrapped_with_its_own_name_and_version() {
        let text = "{\n    \"cniVersion\": \"0.3\\u002e1\",\n    \"name\": \"net\",\n    \"type\": \"a\",\n    \"mtu\": 1e3\n}\n";
        let conf = read("a.conf", text.as_bytes()).unwrap();
        let wanted = "{\n    \"cniVersion\": \"0.3\\u002e1\",\n    \"name\": \"net\",\n    \"plugins\": [\n        \
            {\n            \"cniVersion\": \"0.3\\u002e1\",\n            \"name\": \"net\",\n            \
            \"type\": \"a\",\n            \"mtu\": 1e3\n        },\n        {\n            \"type\": \
            \"nftdivert\"\n        }\n    ]\n}\n";
        let found = wrapped(text.as_bytes(), &conf, &Entry::new(None));
        assert_eq!(String::from_utf8(found.clone()).unwrap(), wanted);
        assert_eq!(read("a.conflist", &found).unwrap().version(), "0.3.1");
    }

    #[test]
    fn what_stands_on_one_line_stays_there() {
        let text = r#"{"type":"a","name":"net","cniVersion":"1.0.0"}"#;
        let conf = read("a.conf", text.as_bytes()).unwrap();
        let found = String::from_utf8(wrapped(text.as_bytes(), &conf, &Entry::new(None))).unwrap();
        assert!(found.contains(&format!("[\n    {text},\n    {{\"type\":\"nftdivert\"}}\n  ]")));
    }

    #[test]
    fn a_list_becomes_its_plugin() {
        let unwrap = |plugin: &str| {
            let text = format!(
                r#"{{"name": "net", "cniVersion": "0.3.1", "plugins": [{plugin}, {{"type": "b"}}]}}"#
            );
            let conf = read("a.conflist", text.as_bytes()).unwrap();
            let found = unwrapped(text.as_bytes(), &conf, &conf.plugins()[0], "0.2.0");
            String::from_utf8(found).unwrap()
        };
        assert_eq!(
            unwrap(r#"{"type": "a"}"#),
            "{\"cniVersion\": \"0.2.0\",\"name\": \"net\",\"type\": \"a\"}\n"
        );
        assert_eq!(
            unwrap("{\n  \"type\": \"a\",\n  \"cniVersion\": \"0.3.1\"\n}"),
            "{\n  \"name\": \"net\",\n  \"type\": \"a\",\n  \"cniVersion\": \"0.2.0\"\n}\n"
        );
    }
}
