//! YAML text to a tree: one document, no anchors, aliases, tags or merge keys, nothing twice.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::fault::{Faults, Place};
use super::node::{Entry, Node, Value};
use super::path::Path;

/// The longest text that is read, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;
/// How many mappings and lists may stand inside each other.
const DEEPEST: usize = 8;
/// How many keys and values a text may hold: a tree needs many times the memory of its text.
const MOST: usize = 1_000_000;

/// The tree of `text`; `None` where it could not be read to its end, which is among `faults` then.
pub(super) fn read(text: &str, faults: &mut Faults) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parser = Parser::new_from_str(text);
    let mut reader = Reader { parser, faults, path: Path::default(), values: 0 };
    if text.len() > LONGEST {
        reader.fault(None, "is longer than 8 MiB");
        return None;
    }
    reader.document().ok()
}

/// Reading cannot go on; why is among the faults.
struct Stop;

struct Reader<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    faults: &'f mut Faults,
    path: Path,
    values: usize,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root: Option<Node> = None;
        loop {
            let (event, line) = self.next()?;
            match event {
                Event::StreamEnd => {
                    return Ok(root.unwrap_or(Node { line: 1, value: Value::Null }));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => {
                    if root.is_some() {
                        return Err(self.stop(line, "holds more than one document"));
                    }
                    root = Some(self.node(event, line)?);
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, line: usize) -> Result<Node, Stop> {
        self.count(line)?;
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), line);
                Value::scalar(text.into_owned(), style == ScalarStyle::Plain)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), line);
                Value::List(self.list(line)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), line);
                Value::Map(self.map(line)?)
            }
            Event::Alias(_) => {
                self.fault(Some(line), "is an alias; write the value itself");
                Value::Refused
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Value::Refused,
        };
        Ok(Node { line, value })
    }

    fn list(&mut self, line: usize) -> Result<Vec<Node>, Stop> {
        self.descend(line)?;
        let mut items = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(items);
            }
            self.path.push_item(items.len());
            items.push(self.node(event, line)?);
            self.path.pop();
        }
    }

    fn map(&mut self, line: usize) -> Result<Vec<Entry>, Stop> {
        self.descend(line)?;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut entries = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.key(event, line)?;
            self.path.push_key(key.as_deref().unwrap_or("?"));
            let (event, at) = self.next()?;
            let node = self.node(event, at)?;
            if let Some(first) = key.as_ref().and_then(|key| seen.get(key)) {
                self.fault(Some(line), &format!("is given twice; the first is on line {first}"));
            } else if let Some(key) = key {
                seen.insert(key.clone(), line);
                entries.push(Entry { key, line, node });
            }
            self.path.pop();
        }
    }

    /// A key's text; `None` where it was refused.
    fn key(&mut self, event: Event<'t>, line: usize) -> Result<Option<String>, Stop> {
        self.count(line)?;
        if let Event::Scalar(text, style, anchor, tag) = event {
            self.refuse_extras(anchor, tag.is_some(), line);
            if text == "<<" && style == ScalarStyle::Plain {
                self.fault(Some(line), "holds a merge key (<<); write the keys themselves");
                return Ok(None);
            }
            return Ok(Some(text.into_owned()));
        }
        self.fault(Some(line), "holds a key that is not plain text");
        self.path.push_key("?");
        self.node(event, line)?;
        self.path.pop();
        Ok(None)
    }

    fn next(&mut self) -> Result<(Event<'t>, usize), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => {
                let star = "; for a * that means everything, write \"all\"";
                let advice = if error.info().contains("alias") { star } else { "" };
                let reason = format!("is not valid YAML: {}{advice}", error.info());
                self.path.clear();
                Err(self.stop(error.marker().line(), &reason))
            }
            None => Err(self.stop(1, "is not valid YAML: it ends too early")),
        }
    }

    fn refuse_extras(&mut self, anchor: usize, tagged: bool, line: usize) {
        if anchor != 0 {
            self.fault(Some(line), "has an anchor (&); write the value without it");
        }
        if tagged {
            self.fault(Some(line), "has a tag (!); write the value without it");
        }
    }

    fn descend(&mut self, line: usize) -> Result<(), Stop> {
        if self.path.depth() < DEEPEST {
            return Ok(());
        }
        Err(self.stop(line, "is nested deeper than 8"))
    }

    fn count(&mut self, line: usize) -> Result<(), Stop> {
        self.values += 1;
        if self.values <= MOST {
            return Ok(());
        }
        self.path.clear();
        Err(self.stop(line, "holds more than 1000000 keys and values"))
    }

    fn stop(&mut self, line: usize, reason: &str) -> Stop {
        self.fault(Some(line), reason);
        Stop
    }

    fn fault(&mut self, line: Option<usize>, reason: &str) {
        self.faults.add(Place { field: self.path.field(), line }, String::new(), reason);
    }
}
