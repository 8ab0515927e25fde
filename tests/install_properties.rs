//! Any configuration: what install adds, uninstall takes away, byte for byte; and the scanner reads
//! what serde_json reads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::install::{
    Answers, BinaryFate, Broken, Entry, File, Folder, Found, Meshes, Node, Wanted, Way, Work,
    decide,
};
use nftdivert::policy::CapturePolicy;
use proptest::prelude::*;
use serde_json::Value;

/// White space, as people and programs leave it.
fn space() -> impl Strategy<Value = String> {
    "[ \t]{0,3}(\r?\n[ \t]{0,4})?"
}

/// A string with escapes in it, in quotes.
fn text() -> impl Strategy<Value = String> {
    r#""([a-z \[\]{},:/é😀]|\\["\\/bfnrt]|\\u00[0-7][0-9a-fA-F]){0,8}""#
}

fn number() -> impl Strategy<Value = String> {
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?"
}

/// Any JSON value as text.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![text(), number(), "true|false|null"];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = (space(), text(), space(), space(), inner.clone(), space())
            .prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"));
        let item = (space(), inner, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        prop_oneof![
            prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
            prop::collection::vec(item, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
        ]
    })
}

/// Members around those that a configuration needs; keys may be there twice, but none that counts.
fn members() -> impl Strategy<Value = Vec<String>> {
    let member = (space(), "[a-z]{1,3}", space(), space(), value(), space())
        .prop_map(|(a, key, b, c, value, d)| format!("{a}\"x{key}\"{b}:{c}{value}{d}"));
    prop::collection::vec(member, 0..4)
}

fn object(needed: String) -> impl Strategy<Value = String> {
    (members(), members(), space(), space()).prop_map(move |(before, after, a, b)| {
        let needed = std::iter::once(format!("{a}{needed}{b}"));
        let all: Vec<String> = before.into_iter().chain(needed).chain(after).collect();
        format!("{{{}}}", all.join(","))
    })
}

fn plugin() -> impl Strategy<Value = String> {
    "[a-z]{4,9}|\\\\u0062ridge".prop_flat_map(|name| object(format!("\"type\":\"{name}\"")))
}

fn list() -> impl Strategy<Value = String> {
    let item = (space(), plugin(), space()).prop_map(|(a, plugin, b)| format!("{a}{plugin}{b}"));
    let plugins = prop::collection::vec(item, 1..4);
    let whole = (plugins, space(), space(), space()).prop_flat_map(|(plugins, a, b, c)| {
        object(format!(
            "\"name\":\"n\",{a}\"cniVersion\":\"1.0.0\",{b}\"plugins\":{c}[{}]",
            plugins.join(",")
        ))
    });
    (space(), whole, space()).prop_map(|(a, list, b)| format!("{a}{list}{b}"))
}

fn single() -> impl Strategy<Value = String> {
    object("\"name\":\"n\", \"cniVersion\":\"0.4.0\", \"type\":\"bridge\"".to_owned())
}

fn node(name: &str, text: &str) -> Node {
    let file = Found::File(File::new(text, 0o640));
    Node { conf: Folder::from([(name.to_owned(), file)]), ..Node::default() }
}

fn wanted(policy: Option<&str>) -> Work {
    let policy = policy.map(|text| {
        CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
    });
    let entry = Entry::new(policy.as_ref());
    Work::Install(Wanted { way: Way::Chained, entry, meshes: Meshes::Refuse }, Broken::Tell)
}

/// The node after this work.
fn done(node: &Node, work: &Work) -> Node {
    node.after(&decide(node, work, &Answers::new()).unwrap().plan.steps)
}

fn there_and_back(before: &Node, installed: &str) -> Result<(), TestCaseError> {
    let once = done(before, &wanted(None));
    let Some(Found::File(file)) = once.conf.get(installed) else {
        return Err(TestCaseError::fail(format!("{:?}", once.conf.keys())));
    };
    let found: Value = serde_json::from_slice(&file.bytes).unwrap();
    let plugins = found["plugins"].as_array().unwrap();
    prop_assert_eq!(&plugins.last().unwrap()["type"], "nftdivert");
    let others = plugins.iter().filter(|plugin| plugin["type"] == "nftdivert").count();
    prop_assert_eq!(others, 1);
    prop_assert_eq!(&done(&once, &wanted(None)), &once, "a second install");
    let changed = done(&once, &wanted(Some("ipv6: bypass")));
    prop_assert_ne!(&changed, &once);
    for node in [once, changed] {
        let after = done(&node, &Work::Uninstall(BinaryFate::Remove));
        prop_assert_eq!(&after, before);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn uninstall_undoes_install_of_any_list(text in list()) {
        there_and_back(&node("10-x.conflist", &text), "10-x.conflist")?;
    }

    #[test]
    fn uninstall_undoes_install_of_any_plugin(text in single(), json in any::<bool>()) {
        let name = if json { "10-x.json" } else { "10-x.conf" };
        there_and_back(&node(name, &text), "10-x.conflist")?;
    }

    /// Without the kept original too: the text alone leads back.
    #[test]
    fn our_entry_leaves_without_a_trace(text in list()) {
        let before = node("10-x.conflist", &text);
        let mut once = done(&before, &wanted(None));
        once.conf.retain(|name, _| !name.ends_with(".kept"));
        prop_assert_eq!(done(&once, &Work::Uninstall(BinaryFate::Remove)), before);
    }

    /// The rest of the list is the same to a reader that knows nothing of spans.
    #[test]
    fn all_else_stays(text in list()) {
        let once = done(&node("10-x.conflist", &text), &wanted(None));
        let Some(Found::File(file)) = once.conf.get("10-x.conflist") else { panic!() };
        let mut found: Value = serde_json::from_slice(&file.bytes).unwrap();
        found["plugins"].as_array_mut().unwrap().pop();
        prop_assert_eq!(found, serde_json::from_str::<Value>(&text).unwrap());
    }

    /// What is no JSON is passed over, and what is, is not: as serde_json says it.
    #[test]
    fn the_scanner_takes_what_serde_takes(
        text in single(), at in any::<prop::sample::Index>(), byte in "[\\x00-\\x7f]",
    ) {
        let mut broken = text.clone().into_bytes();
        let at = at.index(broken.len());
        broken[at] = byte.as_bytes()[0];
        let Ok(broken) = String::from_utf8(broken) else { return Ok(()) };
        // Serde keeps numbers as numbers, which may be out of range.
        let serde = match serde_json::from_str::<Value>(&broken) {
            Err(error) if error.to_string().contains("out of range") => return Ok(()),
            result => result.ok(),
        };
        let found = decide(&node("10-x.conf", &broken), &wanted(None), &Answers::new());
        let is_passed = matches!(
            &found,
            Err(nftdivert::install::Refusal::NoConfiguration { passed })
                if passed.iter().any(|why| why.contains("not valid JSON"))
        );
        prop_assert_eq!(is_passed, serde.is_none(), "{}: {:?}", broken, found);
    }
}
