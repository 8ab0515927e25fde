//! What `--standalone` prints: an object with the whole configuration, and a template that an
//! injector renders. Needs Go (package golang-go).

use std::path::Path;
use std::process::Command;

use nftdivert_integration::ran::program;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bed::{Bed, LIST};

fn printed(bed: &Bed) -> String {
    let value = bed.run(&["install", "--standalone", "--output", "json"]).json();
    value["template"].as_str().unwrap().to_owned()
}

/// Multus looks into files of another folder where an object has no configuration of its own.
#[test]
fn the_object_has_the_whole_configuration() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let template = printed(&bed);
    let (_, config) = template.split_once("spec:\n  config: |\n").unwrap();
    let lines = config.lines().map_while(|line| line.strip_prefix("    "));
    let config: Value = serde_json::from_str(&lines.collect::<String>()).unwrap();
    let file = std::fs::read(bed.conf("zz-nftdivert.conf")).unwrap();
    assert_eq!(config, serde_json::from_slice::<Value>(&file).unwrap());
    assert_eq!(config["type"], "nftdivert");
    assert_eq!(printed(&bed), template, "where nothing changes, too");
    let dry = bed.run(&["install", "--standalone", "--dry-run"]);
    assert!(dry.said().contains("spec:"), "{dry:?}");
}

#[test]
fn what_the_annotation_says_already_stays() {
    let folder = TempDir::new().unwrap();
    let render = folder.path().join("render");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("install/template.go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&render).arg(source);
    let built = build.env("GOCACHE", folder.path().join("cache")).status();
    assert!(built.expect("go (package golang-go)").success());
    let template = printed(&Bed::new("10-calico.conflist", LIST));
    let (_, template) = template.split_once("---\n").unwrap();
    let own = json!({"name": "nftdivert", "namespace": "default"});
    for (given, wanted) in [
        (None, json!("default/nftdivert")),
        (Some(""), json!("default/nftdivert")),
        (Some(" [] "), json!("default/nftdivert")),
        (Some("[ ]"), json!("default/nftdivert")),
        (Some("[\n]"), json!("default/nftdivert")),
        (Some("a, b/c@eth1"), json!("a, b/c@eth1,default/nftdivert")),
        (Some("[{\"name\": \"a\"}]"), json!([{"name": "a"}, own])),
        (Some("[ {\"name\": \"a\"} ] "), json!([{"name": "a"}, own])),
    ] {
        let words: Vec<&str> = render.to_str().into_iter().chain(given).collect();
        let ran = program(&words, template);
        let line = ran.said().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
        let (_, value) = line.split_once(": ").unwrap();
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
        let value = serde_json::from_str(&value).unwrap_or_else(|_| json!(value));
        assert_eq!(value, wanted, "{given:?}: {line}");
    }
}
