//! Requests of runtimes: each with what becomes of it beside it.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::cni::request::{Environment, Request, Verb};
use nftdivert::cni::{CniError, Code, Decision, Reply, decide, error_object};
use nftdivert::policy::CapturePolicy;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Case {
    env: BTreeMap<String, String>,
    /// As it stands there; where it is a text, what the text says.
    stdin: Box<RawValue>,
}

impl Case {
    fn read(path: &Path) -> Case {
        let text = fs::read_to_string(path).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn stdin(&self) -> String {
        serde_json::from_str(self.stdin.get()).unwrap_or_else(|_| self.stdin.get().to_owned())
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cni");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    assert!(paths.len() > 60, "only {} cases in {}", paths.len(), folder.display());
    paths
}

/// The whole outcome as text; what touches nothing is answered as the plugin would.
fn outcome(path: &Path) -> String {
    let case = Case::read(path);
    let environment = Environment::of(|name| case.env.get(name).map(OsString::from));
    let request = match Request::read(&environment, case.stdin().as_bytes()) {
        Ok(request) => request,
        Err(refused) => return pretty(&error_object(refused.version, &refused.error)),
    };
    let version = request.version;
    let said = |result: Result<String, CniError>| match result {
        Ok(text) => text,
        Err(error) => pretty(&error_object(version, &error)),
    };
    let reply = |reply: Reply| reply.text(version).unwrap();
    match request.verb {
        Verb::Add(add) => {
            let answer = reply(Reply::Result(add.prev_result.clone()));
            said(decide(&add).map(|decision| format!("{}answer: {answer}", told(decision))))
        }
        Verb::Check(check) => said(decide(&check).map(told)),
        Verb::Del(del) => format!(
            "DEL of {} {} in {} at {:?}\n",
            del.container, del.interface, del.network, del.netns
        ),
        Verb::Gc(alive) => format!("GC, alive: {alive:?}\n"),
        Verb::Status(config) => format!("STATUS\n{}", differing(&config.policy)),
        Verb::Version => reply(Reply::Versions),
    }
}

fn told(decision: Decision) -> String {
    match decision {
        Decision::LeaveAlone { reason } => format!("left alone: {reason}\n"),
        Decision::Capture { policy, notes } => {
            let notes: String = notes.iter().map(|note| format!("note: {note}\n")).collect();
            format!("captured\n{notes}{}", differing(&policy))
        }
    }
}

/// The lines of a policy that are not those of the default.
fn differing(policy: &CapturePolicy) -> String {
    let usual = CapturePolicy::default().to_yaml();
    let lines = policy.to_yaml();
    let differing = lines.lines().zip(usual.lines()).filter(|(line, usual)| line != usual);
    differing.map(|(line, _)| format!("{}\n", line.trim_start())).collect()
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

#[test]
fn requests_become_what_stands_beside_them() {
    for path in cases() {
        let text = outcome(&path);
        let wanted = path.with_extension("txt");
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            fs::write(&wanted, &text).unwrap();
        }
        let wanted = fs::read_to_string(&wanted).unwrap();
        assert_eq!(text, wanted, "{}", path.display());
    }
}

/// Every code of the contract that a request alone can bring about.
#[test]
fn point_1_each_code_has_its_case() {
    let mut codes: Vec<u64> = cases()
        .iter()
        .filter_map(|path| serde_json::from_str::<serde_json::Value>(&outcome(path)).ok())
        .filter_map(|object| {
            for key in ["cniVersion", "msg", "details"] {
                assert!(object.get("code").is_none() || object[key].is_string(), "{object}");
            }
            object["code"].as_u64()
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, [1, 2, 4, 6, 7, 102]);
}

fn documented() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cni.md")).unwrap()
}

#[test]
fn the_documented_configuration_is_taken() {
    let text = documented();
    let block = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let list: serde_json::Value = serde_json::from_str(block).unwrap();
    let mut conf = list["plugins"].as_array().unwrap().last().unwrap().clone();
    conf["name"] = list["name"].clone();
    conf["cniVersion"] = list["cniVersion"].clone();
    conf["runtimeConfig"] = serde_json::json!({ "dns": { "servers": ["10.96.0.10"] } });
    let variables = BTreeMap::from([
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "a"),
        ("CNI_NETNS", "/run/netns/a"),
        ("CNI_IFNAME", "eth0"),
    ]);
    let environment = Environment::of(|name| variables.get(name).map(OsString::from));
    let request = Request::read(&environment, conf.to_string().as_bytes()).unwrap();
    let Verb::Add(add) = request.verb else { panic!("no ADD") };
    assert!(add.config.permit.allows("inbound.excludePorts") && add.config.excluded.len() == 2);
    assert!(told(decide(&add).unwrap()).contains("servers: [10.96.0.10]"));
}

#[test]
fn every_code_is_documented() {
    use Code::{
        Config, Defect, Differs, Environment, Failed, Io, Json, Netns, NotAvailable, NotPermitted,
        OtherMesh, TryAgain, UnsupportedField, Version,
    };
    let codes = [
        Version,
        UnsupportedField,
        Environment,
        Io,
        Json,
        Config,
        Netns,
        TryAgain,
        NotAvailable,
        Failed,
        Differs,
        NotPermitted,
        OtherMesh,
        Defect,
    ];
    let text = documented();
    for code in codes {
        assert!(text.contains(&format!("\n| {} |", code as u8)), "{code:?}");
    }
}
