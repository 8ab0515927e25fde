//! A policy to its JSON form, for files that are JSON: it reads as the same policy.

use serde_json::{Map, Number, Value as Json};

use super::CapturePolicy;
use super::fault::Faults;
use super::node::{Node, Value};
use super::yaml;

impl CapturePolicy {
    /// The policy as a JSON object with the keys of the YAML form; what is as by default is left
    /// out. Its text is YAML too, and `CapturePolicy::from_yaml` makes an equal policy of it.
    pub fn to_json(&self) -> Json {
        let text = self.to_short_yaml();
        yaml::read(&text, &mut Faults::default()).map_or(Json::Null, |root| json(&root))
    }
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null | Value::Refused => Json::Null,
        Value::Scalar(text) => scalar(text),
        Value::List(nodes) => Json::Array(nodes.iter().map(json).collect()),
        Value::Map(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.clone(), json(&entry.node)));
            Json::Object(pairs.collect::<Map<String, Json>>())
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
}
