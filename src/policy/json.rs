//! A policy to its JSON form, for files that are JSON: it reads as the same policy. And other texts
//! in the policy's YAML, which may hold a policy.

use serde_json::{Map, Number, Value as Json};

use super::fault::{Fault, Faults, PolicyError};
use super::{CapturePolicy, node, yaml};

/// What scalars below a key become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// Numbers or strings, as in a policy.
    Policy,
    /// `true` and `false`, or strings.
    Switches,
    /// Strings.
    Strings,
}

/// A text in the policy's YAML as a JSON object. Keys with nothing behind them are left out;
/// `scalars` says of each key of the text what stands below it.
///
/// # Errors
/// Everything that is wrong with the text, at once.
pub fn object_from_yaml(
    text: &str,
    scalars: impl Fn(&str) -> Scalars,
) -> Result<Map<String, Json>, PolicyError> {
    let mut faults = Faults::default();
    let root = yaml::read(text, &mut faults).map(|root| root.value);
    let mut faults = faults.into_vec();
    let mut object = Map::new();
    match root {
        Some(Value::Map(entries)) => {
            for node::Entry { key, node, .. } in entries {
                let value = json_of(&node, scalars(&key));
                object.extend((!value.is_null()).then_some((key, value)));
            }
        }
        Some(other @ (Value::Scalar(_) | Value::List(_))) => {
            let reason = format!("must be a mapping of keys, not {}", other.kind());
            faults.push(Fault::new("the text", None, reason));
        }
        Some(Value::Null | Value::Refused) | None => {}
    }
    PolicyError::of("", faults).map_or(Ok(object), Err)
}
use super::node::{Node, Value};

impl CapturePolicy {
    /// The policy as a JSON object with the keys of the YAML form; what is as by default is left
    /// out. Its text is YAML too, and `CapturePolicy::from_yaml` makes an equal policy of it.
    pub fn to_json(&self) -> Json {
        let text = self.to_short_yaml();
        let root = yaml::read(&text, &mut Faults::default());
        root.map_or(Json::Null, |root| json_of(&root, Scalars::Policy))
    }
}

fn json_of(node: &Node, scalars: Scalars) -> Json {
    match &node.value {
        Value::Null | Value::Refused => Json::Null,
        Value::Scalar(text) => match (scalars, text.as_str()) {
            (Scalars::Policy, text) => scalar(text),
            (Scalars::Switches, "true") => Json::Bool(true),
            (Scalars::Switches, "false") => Json::Bool(false),
            (Scalars::Switches | Scalars::Strings, text) => Json::String(text.to_owned()),
        },
        Value::List(nodes) => {
            Json::Array(nodes.iter().map(|node| json_of(node, scalars)).collect())
        }
        Value::Map(entries) => {
            let pair = |entry: &node::Entry| (entry.key.clone(), json_of(&entry.node, scalars));
            Json::Object(entries.iter().map(pair).collect::<Map<String, Json>>())
        }
    }
}

/// A number only where its text is the number's own, so that nothing is lost.
fn scalar(text: &str) -> Json {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => Json::Number(Number::from(number)),
        Ok(_) | Err(_) => Json::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> CapturePolicy {
        CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
    }

    #[test]
    fn only_what_differs_is_written() {
        let header = json!({"apiVersion": "nftdivert/v1", "kind": "CapturePolicy"});
        assert_eq!(CapturePolicy::default().to_json(), header);
        let policy = read("outbound: {includePorts: [80, 8000-8999]}\nipv6: bypass");
        let wanted = json!({
            "apiVersion": "nftdivert/v1", "kind": "CapturePolicy", "ipv6": "bypass",
            "outbound": {"includePorts": [80, "8000-8999"]},
        });
        assert_eq!(policy.to_json(), wanted);
    }

    #[test]
    fn json_reads_as_the_same_policy() {
        for text in [
            "",
            "proxy: {uids: [999], gids: [1337]}",
            "proxy: {match: all, uids: [7], gids: [], mark: 0x10000/0x10000}",
            "outbound: {services: [{address: 10.96.0.10, port: 443}], ranges: []}",
            "outbound: {excludePortsByUid: [{uids: [999], ports: [53], protocols: [tcp]}]}",
            "dns: {capture: listed, servers: [10.96.0.10, \"2001:db8::53\"]}",
        ] {
            let policy = read(text);
            for json in [
                policy.to_json().to_string(),
                serde_json::to_string_pretty(&policy.to_json()).unwrap(),
            ] {
                assert_eq!(CapturePolicy::from_yaml(&json), Ok(policy.clone()), "{json}");
            }
        }
    }

    #[test]
    fn other_texts_keep_their_scalars() {
        let scalars = |key: &str| match key {
            "policy" => Scalars::Policy,
            "capabilities" => Scalars::Switches,
            _ => Scalars::Strings,
        };
        let text = "policy: {proxy: {uids: [7]}}\ncapabilities: {dns: true}\n\
            names: [true, \"7\", off]\nnothing:";
        let wanted = json!({
            "policy": {"proxy": {"uids": [7]}}, "capabilities": {"dns": true},
            "names": ["true", "7", "off"],
        });
        assert_eq!(object_from_yaml(text, scalars).map(Json::Object), Ok(wanted));
        assert_eq!(object_from_yaml("", scalars), Ok(Map::new()));
        for (text, why) in [("- a", "a mapping of keys"), ("a: 1\na: 2", "given twice")] {
            let said = object_from_yaml(text, scalars).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
