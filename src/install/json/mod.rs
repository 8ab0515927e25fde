//! JSON as text: where each value stands, so that a file is changed in one place and nowhere else.

mod scan;

use std::ops::Range;

pub(in crate::install) use scan::scan;

/// A value and where its text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::install) struct Node {
    /// The bytes of its text, without white space around it.
    pub(in crate::install) span: Range<usize>,
    /// What it is.
    pub(in crate::install) value: Value,
}

/// What a text stands for; strings, numbers and words stay text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::install) enum Value {
    /// An object, with its members in the order of the text; a key may be there twice.
    Object(Vec<Member>),
    /// An array.
    Array(Vec<Node>),
    /// A string, decoded. What is not UTF-8, or half of a surrogate pair, is U+FFFD, as for Go.
    Text(String),
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Word,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::install) struct Member {
    /// The key, decoded.
    pub(in crate::install) key: String,
    /// The value.
    pub(in crate::install) node: Node,
}

impl Node {
    /// The value's text.
    pub(in crate::install) fn text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.span.clone()).unwrap_or_default()
    }

    /// The member with this key; of a key that is there twice the last one, which is what
    /// runtimes read.
    pub(in crate::install) fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().rev().find(|member| member.key == key).map(|member| &member.node)
    }

    /// The string with this key.
    pub(in crate::install) fn get_text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::as_text)
    }

    /// The string that this is.
    pub(in crate::install) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Object(_) | Value::Array(_) | Value::Number | Value::Word => None,
        }
    }

    /// The members, if this is an object.
    pub(in crate::install) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            Value::Array(_) | Value::Text(_) | Value::Number | Value::Word => &[],
        }
    }

    /// The elements, if this is an array.
    pub(in crate::install) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::Array(nodes) => nodes,
            Value::Object(_) | Value::Text(_) | Value::Number | Value::Word => &[],
        }
    }

    /// Whether this is an object.
    pub(in crate::install) const fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Whether `holds` is true of this value, or of one at any depth inside it.
    pub(in crate::install) fn any(&self, holds: &impl Fn(&Node) -> bool) -> bool {
        holds(self)
            || self.elements().iter().any(|node| node.any(holds))
            || self.members().iter().any(|member| member.node.any(holds))
    }
}
