//! The way from the top of a document to the value that is being read.

use super::fault::shown;

/// Keys and indices, outermost first; empty for the document itself.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug)]
enum Step {
    Key(String),
    Item(usize),
}

impl Path {
    /// Goes to the value of a key.
    pub(super) fn push_key(&mut self, key: &str) {
        self.0.push(Step::Key(key.to_owned()));
    }

    /// Goes to an item of a list, counted from 0.
    pub(super) fn push_item(&mut self, index: usize) {
        self.0.push(Step::Item(index));
    }

    /// Goes back to what holds the value.
    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Goes back to the document.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// How many mappings and lists hold the value.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// The way as a fault names it, such as `inbound.ports[1]`.
    pub(super) fn field(&self) -> String {
        let mut field = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) if field.is_empty() => field = shown(key),
                Step::Key(key) => field = format!("{field}.{}", shown(key)),
                Step::Item(index) => field = format!("{field}[{index}]"),
            }
        }
        if field.is_empty() { String::from("the document") } else { field }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_as_users_name_it() {
        let mut path = Path::default();
        assert_eq!(path.field(), "the document");
        path.push_key("inbound");
        path.push_key("ports");
        path.push_item(1);
        assert_eq!((path.field().as_str(), path.depth()), ("inbound.ports[1]", 3));
        path.pop();
        assert_eq!(path.field(), "inbound.ports");
        path.clear();
        assert_eq!(path.depth(), 0);
    }
}
