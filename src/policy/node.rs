//! A policy's text as a tree in which every scalar is still the text that was written.

/// A value and where it stood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// The line on which it began, from 1.
    pub(super) line: usize,
    /// What was written.
    pub(super) value: Value,
}

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing, `~` or `null`, without quotes.
    Null,
    /// Any other scalar.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Map(Vec<Entry>),
    /// Something that was refused already and shall not be judged again.
    Refused,
}

impl Value {
    /// The value of a scalar; `plain` where it stood without quotes.
    pub(super) fn scalar(text: String, plain: bool) -> Value {
        let null = matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        if plain && null { Value::Null } else { Value::Scalar(text) }
    }

    /// What the value is called in a sentence.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Refused => "a refused value",
        }
    }
}

/// One key of a mapping with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key as it was written.
    pub(super) key: String,
    /// The line of the key, from 1.
    pub(super) line: usize,
    /// What the key stands for.
    pub(super) node: Node,
}
