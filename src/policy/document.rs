//! A tree of text into a draft: known keys, right shapes.

use super::draft::Draft;
use super::fault::{Faults, Place, shown};
use super::given::{Filled, Given, Item, Raw, Row};
use super::hint::{nearest, right_form, text_or_kind};
use super::node::{Entry, Node, Value};
use super::settings::{Cell, CellCount, Setting, Shape, keys_below};

const API_VERSION: &str = "nftdivert/v1";
const KIND: &str = "CapturePolicy";
/// The keys at the top that are no settings.
const HEADER: [&str; 2] = ["apiVersion", "kind"];

/// Puts the values of a document into `draft`; what is wrong with them goes to `faults`.
pub(super) fn apply(root: &Node, draft: &mut Draft, faults: &mut Faults) {
    let mut walk = Walk { draft, faults };
    match &root.value {
        Value::Null => walk.header(&[]),
        Value::Map(entries) => {
            walk.header(entries);
            walk.mapping("", entries);
        }
        Value::Scalar(_) | Value::List(_) => {
            let reason = format!("must be a mapping that begins with apiVersion: {API_VERSION}");
            walk.fault("the document", Some(root.line), root.value.kind(), reason);
        }
        Value::Refused => {}
    }
}

struct Walk<'a> {
    draft: &'a mut Draft,
    faults: &'a mut Faults,
}

impl Walk<'_> {
    fn header(&mut self, entries: &[Entry]) {
        let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|e| &e.node);
        match find("apiVersion") {
            None | Some(Node { value: Value::Null, .. }) => {
                let reason = format!("is missing; write apiVersion: {API_VERSION}");
                self.fault("apiVersion", None, "", reason);
            }
            Some(node) => self.constant("apiVersion", node, API_VERSION),
        }
        match find("kind") {
            None | Some(Node { value: Value::Null, .. }) => {}
            Some(node) => self.constant("kind", node, KIND),
        }
    }

    fn constant(&mut self, key: &str, node: &Node, wanted: &str) {
        let text = match &node.value {
            Value::Scalar(text) if text == wanted => return,
            Value::Refused => return,
            Value::Scalar(text) => shown(text),
            Value::Null | Value::List(_) | Value::Map(_) => node.value.kind().to_owned(),
        };
        self.fault(key, Some(node.line), &text, format!("must be {wanted}"));
    }

    fn mapping(&mut self, path: &str, entries: &[Entry]) {
        for entry in entries {
            if path.is_empty() && HEADER.contains(&entry.key.as_str()) {
                continue;
            }
            let below = join(path, &entry.key);
            if let Some(setting) = Setting::by_path(&below) {
                self.setting(setting, &entry.node);
            } else if keys_below(&below).is_empty() {
                self.unknown(path, entry);
            } else {
                self.section(&below, &entry.node);
            }
        }
    }

    fn section(&mut self, path: &str, node: &Node) {
        match &node.value {
            Value::Map(entries) => self.mapping(path, entries),
            Value::Null => {}
            Value::Refused => self.draft.refuse_below(path),
            Value::Scalar(_) | Value::List(_) => {
                self.draft.refuse_below(path);
                let keys = keys_below(path).join(", ");
                let reason = format!("must be a mapping with the keys {keys}");
                self.fault(path, Some(node.line), &text_or_kind(&node.value), reason);
            }
        }
    }

    fn unknown(&mut self, path: &str, entry: &Entry) {
        let mut keys = keys_below(path);
        if path.is_empty() {
            keys.splice(0..0, HEADER);
        }
        let reason = not_a_key(&entry.key, &keys);
        self.fault(&join(path, &shown(&entry.key)), Some(entry.line), "", reason);
    }

    fn setting(&mut self, setting: &'static Setting, node: &Node) {
        let raw = match (&node.value, setting.shape) {
            (Value::Null, _) => return,
            (Value::Refused, _) => return self.draft.refuse(setting.path),
            (Value::Scalar(text), Shape::Scalar) => Raw::Text(text),
            (Value::Scalar(text), Shape::ListOr(word)) if text == word => Raw::Text(text),
            (Value::List(nodes), Shape::List | Shape::ListOr(_)) => {
                Raw::Items(self.items(setting, setting.path, nodes))
            }
            (Value::List(nodes), Shape::Rows(cells)) => Raw::Rows(self.rows(setting, cells, nodes)),
            (Value::Scalar(_) | Value::List(_) | Value::Map(_), shape) => {
                self.draft.refuse(setting.path);
                let reason = right_form(shape, &node.value);
                let value = text_or_kind(&node.value);
                return self.fault(setting.path, Some(node.line), &value, reason);
            }
        };
        let place = Place { field: setting.path.to_owned(), line: Some(node.line) };
        Given { place, indexed: true, raw }.settle(setting, self.draft, self.faults);
    }

    fn rows<'n>(
        &mut self,
        setting: &'static Setting,
        cells: &'static [Cell],
        nodes: &'n [Node],
    ) -> Vec<Row<'n>> {
        let mut rows = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let path = format!("{}[{index}]", setting.path);
            match &node.value {
                Value::Map(entries) => {
                    let cells = self.cells(setting, &path, cells, entries);
                    rows.push(Row { text: "", index, line: Some(node.line), cells });
                }
                Value::Refused => self.draft.refuse(setting.path),
                Value::Null | Value::Scalar(_) | Value::List(_) => {
                    self.draft.refuse(setting.path);
                    let keys: Vec<&str> = cells.iter().map(|cell| cell.key).collect();
                    let reason = format!("must be a mapping with the keys {}", keys.join(", "));
                    self.fault(&path, Some(node.line), &text_or_kind(&node.value), reason);
                }
            }
        }
        rows
    }

    fn cells<'n>(
        &mut self,
        setting: &'static Setting,
        path: &str,
        cells: &'static [Cell],
        entries: &'n [Entry],
    ) -> Vec<Filled<'n>> {
        let mut filled = Vec::with_capacity(entries.len());
        for entry in entries {
            let field = format!("{path}.{}", shown(&entry.key));
            let Some(cell) = cells.iter().find(|cell| cell.key == entry.key) else {
                self.draft.refuse(setting.path);
                let keys: Vec<&str> = cells.iter().map(|cell| cell.key).collect();
                self.fault(&field, Some(entry.line), "", not_a_key(&entry.key, &keys));
                continue;
            };
            let line = Some(entry.node.line);
            let (items, indexed) = match (&entry.node.value, cell.count) {
                (Value::Null, _) => continue,
                (Value::Refused, _) => {
                    self.draft.refuse(setting.path);
                    (Vec::new(), false)
                }
                (Value::Scalar(text), CellCount::One) => {
                    (vec![Item { text, index: 0, line }], false)
                }
                (Value::List(nodes), CellCount::Many | CellCount::Optional) => {
                    (self.items(setting, &field, nodes), true)
                }
                (Value::Scalar(_) | Value::List(_) | Value::Map(_), count) => {
                    self.draft.refuse(setting.path);
                    let shape = if count == CellCount::One { Shape::Scalar } else { Shape::List };
                    let reason = right_form(shape, &entry.node.value);
                    self.fault(&field, line, &text_or_kind(&entry.node.value), reason);
                    (Vec::new(), false)
                }
            };
            let refused = items.len() < written(&entry.node.value);
            filled.push(Filled { key: cell.key, indexed, items, refused });
        }
        filled
    }

    fn items<'n>(
        &mut self,
        setting: &'static Setting,
        path: &str,
        nodes: &'n [Node],
    ) -> Vec<Item<'n>> {
        let mut items = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            match &node.value {
                Value::Scalar(text) => items.push(Item { text, index, line: Some(node.line) }),
                Value::Refused => self.draft.refuse(setting.path),
                Value::Null | Value::List(_) | Value::Map(_) => {
                    self.draft.refuse(setting.path);
                    let field = format!("{path}[{index}]");
                    let reason = "must be a single value";
                    self.fault(&field, Some(node.line), node.value.kind(), reason.into());
                }
            }
        }
        items
    }

    fn fault(&mut self, field: &str, line: Option<usize>, value: &str, reason: String) {
        self.faults.add(Place { field: field.to_owned(), line }, value.to_owned(), reason);
    }
}

/// How many values a cell was given; those that have a wrong form are not among its items.
fn written(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::List(nodes) => nodes.len(),
        Value::Scalar(_) | Value::Map(_) | Value::Refused => 1,
    }
}

fn not_a_key(key: &str, keys: &[&str]) -> String {
    let meant = match nearest(key, keys) {
        Some(key) => format!("did you mean `{key}`? "),
        None => String::new(),
    };
    format!("is not a key; {meant}the keys here are {}", keys.join(", "))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
