//! What users meet: messages, exit codes, JSON, and that a dry run touches nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::bed::{Bed, LIST, SINGLE, command};

#[test]
fn install_and_uninstall_are_told() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    let ran = bed.run(&["install"]);
    assert_eq!(
        ran.said(),
        "the plugin's binary comes\nour entry comes to the end of 10-calico.conflist"
    );
    assert_eq!(bed.called(), ["calico", "portmap", "nftdivert"]);
    assert_eq!(fs::read(bed.bin("nftdivert")).unwrap(), fs::read(command()).unwrap());
    assert_eq!(bed.run(&["install"]).said(), "all is as it should be");
    let ran = bed.run(&["uninstall"]);
    assert_eq!(ran.said(), "10-calico.conflist is as it was before\nthe plugin's binary goes");
    assert_eq!(bed.tree(), before);
    assert!(!bed.bin("nftdivert").exists());
    assert_eq!(bed.run(&["uninstall"]).said(), "nothing of nftdivert is installed here");
}

#[test]
fn a_dry_run_touches_nothing() {
    let bed = Bed::new("10-net.conf", SINGLE);
    let times =
        || ["", "10-net.conf"].map(|name| fs::metadata(bed.conf(name)).unwrap().ctime_nsec());
    let before = (bed.tree(), times());
    let ran = bed.run(&["install", "--dry-run"]);
    for line in ["--- 10-net.conf", "+++ /dev/null", "+\t\t\t\"type\": \"nftdivert\"", "binary"] {
        assert!(ran.said().contains(line), "{line}: {ran:?}");
    }
    let value = bed.run(&["install", "--dry-run", "--output", "json"]).json();
    assert_eq!((&value["changed"], &value["dryRun"]), (&true.into(), &true.into()));
    assert_eq!(value["steps"][0]["step"], "putBinary");
    assert!(value["diff"].as_str().unwrap().contains("+++ 10-net.conflist"));
    assert_eq!((bed.tree(), times()), before);
    assert!(!bed.bin("nftdivert").exists());
    bed.run(&["install"]).said();
    let ran = bed.run(&["uninstall", "--dry-run"]);
    assert!(ran.said().contains("10-net.conflist becomes 10-net.conf again"), "{ran:?}");
    assert_eq!(bed.called(), ["calico", "nftdivert"]);
}

#[test]
fn modes_and_names_come_back() {
    for mode in [0o600, 0o644, 0o640] {
        let bed = Bed::new("10-net.conf", SINGLE);
        fs::set_permissions(bed.conf("10-net.conf"), fs::Permissions::from_mode(mode)).unwrap();
        let mode_of = |name: &str| fs::metadata(bed.conf(name)).unwrap().mode() & 0o7777;
        bed.run(&["install"]).said();
        assert_eq!(mode_of("10-net.conflist"), mode);
        assert_eq!(mode_of("nftdivert.10-net.conf.kept") & 0o077, 0);
        bed.run(&["uninstall"]).said();
        assert_eq!(mode_of("10-net.conf"), mode);
    }
}

#[test]
fn a_bad_policy_is_told_before_anything_is_touched() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    let policy = bed.root.path().join("policy.yaml");
    fs::write(&policy, "apiVersion: nftdivert/v1\nipv6: maybe\ninbuond: {}\n").unwrap();
    let words = ["install", "--policy", policy.to_str().unwrap()];
    bed.run(&words).refused(2, &["has 2 faults", "ipv6", "inbuond"]);
    bed.run(&["install", "--policy", "/nowhere"]).refused(2, &["can't read the policy file"]);
    bed.run(&["install", "--watch", "--policy", "/nowhere"]).refused(2, &["can't read"]);
    bed.run(&["install", "--chained", "--standalone"]).refused(2, &["cannot be used with"]);
    assert_eq!(bed.tree(), before);
    fs::write(&policy, "apiVersion: nftdivert/v1\nipv6: bypass\n").unwrap();
    bed.run(&words).said();
    let value: serde_json::Value =
        serde_json::from_slice(&fs::read(bed.conf("10-calico.conflist")).unwrap()).unwrap();
    assert_eq!(value["plugins"][2]["policy"]["ipv6"], "bypass");
    let ran = bed.run(&["install"]);
    assert_eq!(ran.said(), "our entry in 10-calico.conflist becomes what it should be");
}

#[test]
fn refusals_say_what_to_do() {
    let bed = Bed::new("10-net.conf", &SINGLE.replace("0.4.0", "0.2.0"));
    let before = bed.tree();
    bed.plugin("calico", r#"["0.2.0"]"#);
    bed.run(&["install"]).refused(1, &["has cniVersion 0.2.0", "Use --standalone"]);
    fs::write(bed.conf("10-net.conf"), SINGLE).unwrap();
    bed.plugin("calico", r#"["0.1.0"]"#);
    bed.run(&["install"]).refused(1, &["speaks 0.1.0 only"]);
    fs::remove_file(bed.conf("10-net.conf")).unwrap();
    bed.run(&["install"]).refused(1, &["no network configuration yet", "--watch"]);
    fs::write(bed.conf("10-net.conf"), &before[0].1).unwrap();
    let ran = bed.run(&["install", "--output", "json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.json()["error"].as_str().unwrap().contains("10-net.conf"), "{ran:?}");
    assert_eq!(bed.tree(), before);
    assert!(!bed.bin("nftdivert").exists());
}

#[test]
fn the_standalone_way_prints_its_template() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    bed.run(&["install"]).said();
    let ran = bed.run(&["install", "--standalone"]);
    assert!(ran.said().contains("NetworkAttachmentDefinition"), "{ran:?}");
    assert!(ran.said().contains("k8s.v1.cni.cncf.io/networks"), "{ran:?}");
    assert_eq!(bed.called(), ["calico", "portmap"], "the chain is as before");
    let own: serde_json::Value =
        serde_json::from_slice(&fs::read(bed.conf("zz-nftdivert.conf")).unwrap()).unwrap();
    assert_eq!(own["name"], "nftdivert");
    assert_eq!(own["cniVersion"], "0.3.1");
    bed.run(&["install", "--chained"]).said();
    assert!(!bed.conf("zz-nftdivert.conf").exists());
    assert_eq!(bed.called(), ["calico", "portmap", "nftdivert"]);
    bed.run(&["uninstall", "--keep-binary"]);
    assert_eq!(bed.tree(), before);
    assert!(bed.bin("nftdivert").exists());
}

#[test]
fn a_binary_of_another_version_is_replaced_and_the_chain_stays() {
    let bed = Bed::new("10-calico.conflist", LIST);
    bed.run(&["install"]).said();
    let tree = bed.tree();
    fs::write(bed.bin("nftdivert"), "an older one").unwrap();
    assert_eq!(bed.run(&["install"]).said(), "the plugin's binary is replaced");
    assert_eq!(bed.tree(), tree);
    assert_eq!(fs::metadata(bed.bin("nftdivert")).unwrap().mode() & 0o7777, 0o755);
}

/// The keys of docs/cni.md come into the entry, and what the plugin would refuse does not.
#[test]
fn the_entry_has_the_keys_of_its_file() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let before = bed.tree();
    let file = bed.root.path().join("entry.yaml");
    let path = file.to_str().unwrap();
    fs::write(&file, "sourec: istio\nlogLevel: loud\ntypes: 1\n").unwrap();
    let words = ["install", "--entry", path];
    bed.run(&words).refused(2, &["has 3 faults", "is source meant?", "logLevel: loud"]);
    fs::write(&file, "policy: {apiVersion: nftdivert/v1, dns: {capture: listed}}").unwrap();
    bed.run(&words).refused(2, &["policy.dns", "capabilities: {dns: true}"]);
    fs::write(&file, "apiVersion: nftdivert/v1\nproxy: {cgroup: /mesh/proxy}\n").unwrap();
    bed.run(&["install", "--policy", path]).refused(2, &["policy.proxy.cgroup", "netClsClassid"]);
    bed.run(&["install", "--entry", "/nowhere"]).refused(2, &["can't read the entry file"]);
    assert_eq!(bed.tree(), before);
    fs::write(
        &file,
        "policy: {apiVersion: nftdivert/v1, dns: {capture: listed}}\n\
         capabilities: {dns: true}\nexcludeNamespaces: [kube-system, mesh]\nlogLevel: warn\n",
    )
    .unwrap();
    let policy = bed.root.path().join("policy.yaml");
    fs::write(&policy, "apiVersion: nftdivert/v1\n").unwrap();
    let twice = ["install", "--entry", path, "--policy", policy.to_str().unwrap()];
    bed.run(&twice).refused(2, &["policy: is said twice"]);
    bed.run(&words).said();
    let text = fs::read(bed.conf("10-calico.conflist")).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let entry = &value["plugins"][2];
    assert_eq!(entry["capabilities"]["dns"], true);
    assert_eq!(entry["excludeNamespaces"][1], "mesh");
    assert_eq!(entry["policy"]["dns"]["capture"], "listed");
    // The same as JSON, with tabs.
    let mut keys = entry.clone();
    keys.as_object_mut().unwrap().remove("type").unwrap();
    fs::write(&file, keys.to_string().replacen('{', "{\n\t", 1)).unwrap();
    assert_eq!(bed.run(&words).said(), "all is as it should be");
    bed.run(&["uninstall"]).said();
    assert_eq!(bed.tree(), before);
}

/// A probe that asks whether all is as it should be has an answer in the exit code.
#[test]
fn the_exit_code_says_whether_something_would_change() {
    let bed = Bed::new("10-calico.conflist", LIST);
    let code = |words: &[&str]| bed.run(&[words, &["--dry-run", "--exit-code"]].concat()).code;
    assert_eq!((code(&["install"]), code(&["uninstall"])), (3, 0));
    assert_eq!(bed.run(&["install", "--dry-run"]).code, 0, "only where it is asked for");
    bed.run(&["install", "--exit-code"]).refused(2, &["--dry-run"]);
    bed.run(&["install"]).said();
    assert_eq!((code(&["install"]), code(&["uninstall"])), (0, 3));
    assert_eq!(code(&["install", "--standalone"]), 3);
    fs::write(bed.bin("nftdivert"), "another one").unwrap();
    assert_eq!(code(&["install"]), 3);
    fs::remove_file(bed.conf("10-calico.conflist")).unwrap();
    assert_eq!(code(&["install"]), 1);
}

/// Of what was taken over, that comes back which can work.
#[test]
fn an_entry_without_its_kubeconfig_does_not_come_back() {
    let istio = r#"{
      "type": "istio-cni",
      "kubernetes": {"kubeconfig": "/etc/cni/net.d/ZZZ-istio-cni-kubeconfig"}
    },
    {
      "type": "portmap","#;
    let text = LIST.replace("{\n      \"type\": \"portmap\",", istio);
    assert_ne!(text, LIST);
    let bed = Bed::new("10-calico.conflist", &text);
    bed.plugin("istio-cni", r#"["0.3.1"]"#);
    let kubeconfig = bed.conf("ZZZ-istio-cni-kubeconfig");
    fs::write(&kubeconfig, "kind: Config\n").unwrap();
    let before = bed.tree();
    let installed = ["calico", "nftdivert", "portmap"];
    bed.run(&["install", "--take-over"]).said();
    assert_eq!(bed.called(), installed);
    bed.run(&["uninstall"]).said();
    assert_eq!(bed.tree(), before);
    bed.run(&["install", "--take-over"]).said();
    fs::remove_file(&kubeconfig).unwrap();
    let ran = bed.run(&["uninstall"]);
    assert!(ran.err.contains("ZZZ-istio-cni-kubeconfig, which istio-cni names"), "{ran:?}");
    assert_eq!((ran.code, bed.called()), (0, vec!["calico".to_owned(), "portmap".to_owned()]));
    assert_eq!(bed.run(&["uninstall"]).said(), "nothing of nftdivert is installed here");
}
