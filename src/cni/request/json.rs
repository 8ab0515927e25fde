//! A JSON object whose values stay as they were written: order, numbers and unknown keys.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// Keys in their order, each with its value as text.
#[derive(Debug, Clone)]
pub struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads a text.
    ///
    /// # Errors
    /// It is no JSON, or no object, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The text of a value; `None` where it is not there or `null`. Of a key that is there twice the
    /// last one counts, as for libcni.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().rfind(|(name, _)| name == key);
        found.map(|(_, value)| value.get()).filter(|text| *text != "null")
    }

    /// A value as this type.
    ///
    /// # Errors
    /// It is of another, in words.
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, String> {
        let text = self.get(key);
        // Where in the value it stands says nothing to who wrote the configuration.
        let words = |error: serde_json::Error| {
            let text = error.to_string();
            text.rsplit_once(" at line ").map_or(text.clone(), |(words, _)| words.to_owned())
        };
        text.map(serde_json::from_str).transpose().map_err(words)
    }

    /// All keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// The same with this text as the value of a key, in its place, or in front where it is new.
    #[must_use]
    pub fn with(&self, key: &str, text: &str) -> Self {
        let Ok(value) = serde_json::value::to_raw_value(text) else { return self.clone() };
        let mut entries = self.0.clone();
        match entries.iter_mut().rfind(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => entries.insert(0, (key.to_owned(), value)),
        }
        Self(entries)
    }
}

/// JSON text without white space outside of strings: tabs are JSON's, and not YAML's.
pub(in crate::cni) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push(c);
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    out
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_stays_as_it_was() {
        let text =
            r#"{"z":1.0,"a":[1e400, 12345678901234567890123],"cniVersion":"0.4.0","b":null}"#;
        let object = Object::read(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
        let changed = serde_json::to_string(&object.with("cniVersion", "1.0.0")).unwrap();
        assert_eq!(changed, text.replace("0.4.0", "1.0.0"));
        let added = serde_json::to_string(&object.with("x", "y")).unwrap();
        assert_eq!(added, text.replacen('{', r#"{"x":"y","#, 1));
        assert_eq!((object.get("b"), object.get("z")), (None, Some("1.0")));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let texts: [&[u8]; 7] = [b"", b" ", b"[]", b"{", b"{}{}", b"\xff", b"{\"a\":1,}"];
        for text in texts {
            assert!(Object::read(text).is_err(), "{text:?}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let _ = Object::read(deep.as_bytes()).map(|object| object.value::<serde_json::Value>("a"));
    }

    #[test]
    fn white_space_goes_but_from_strings() {
        let text = "{\t\"a b\" :\n[ \"\\\\\", \"\\\" \", 1 ] }";
        assert_eq!(compact(text), "{\"a b\":[\"\\\\\",\"\\\" \",1]}");
    }
}
