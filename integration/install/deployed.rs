//! The DaemonSets of deploy/: the command takes their words, and the plugin their entry.

use std::fs;
use std::path::Path;

use crate::bed::{Bed, LIST};

fn deployed(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The words of the list behind `key: [`, without the program and what stays.
fn words<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let start = text.find(&format!(" {key}: [")).unwrap_or_else(|| panic!("no {key}"));
    let list = text[start..].split_once('[').unwrap().1.split_once(']').unwrap().0;
    let left_out = ["--watch", "--wait", "/bin/nftdivert", "--root", "/host"];
    list.split(", ").filter(|word| !left_out.contains(word)).collect()
}

/// What stands below `key: |`, without what it is indented by.
fn block(text: &str, key: &str) -> String {
    let lines = text.split_once(&format!("  {key}: |\n")).unwrap().1.lines();
    lines.map_while(|line| line.strip_prefix("    ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_daemonsets_words_are_taken() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    let install = deployed("cni-daemonset.yaml");
    let entry = bed.root.path().join("entry.yaml");
    fs::write(&entry, block(&install, "entry.yaml")).unwrap();
    let named = |word| match word {
        "/etc/nftdivert/entry.yaml" => entry.to_str().unwrap(),
        word => word,
    };
    let [run, probe] = ["args", "command"].map(|key| {
        let words: Vec<&str> = words(&install, key).into_iter().map(named).collect();
        words
    });
    assert_eq!(bed.run(&probe).code, 3);
    bed.run(&run).said();
    assert_eq!(bed.run(&probe).said(), "all is as it should be");
    let text = String::from_utf8(fs::read(bed.conf("10-calico.conflist")).unwrap()).unwrap();
    for word in ["\"policy\"", "\"kube-system\"", "\"nftdivert\""] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let uninstall = deployed("cni-uninstall.yaml");
    let probe = words(&uninstall, "command");
    assert_eq!(bed.run(&probe).code, 3);
    bed.run(&words(&uninstall, "args")).said();
    assert_eq!(bed.run(&probe).code, 0);
    assert_eq!(bed.tree(), before);
}
