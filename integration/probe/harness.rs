//! Runs the probe in a pod as a user without any capability.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::put;
use nftdivert_integration::shell::{nft, nft_list};
use serde_json::Value;

/// The user that is the proxy unless a policy says otherwise.
pub(crate) const PROXY: u32 = 1337;
/// One that is not.
pub(crate) const APP: u32 = 1000;

/// A pod under this policy, without its proxy.
#[track_caller]
pub(crate) fn pod(policy: &str) -> Bed {
    let bed = Bed::new(BedOptions::default()).expect("a bed");
    put(&bed.pod, policy).expect("apply");
    bed
}

/// What a probe said and how it ended.
#[derive(Debug)]
pub(crate) struct Probed {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Probed {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The outcome of this check, which is that of all its samples, and what was seen of the first.
    #[track_caller]
    pub(crate) fn of(&self, check: &str) -> (String, String) {
        let report = self.json();
        let findings = report["findings"].as_array().expect("findings");
        let found: Vec<&Value> = findings.iter().filter(|each| each["check"] == check).collect();
        let [finding, others @ ..] = found.as_slice() else { panic!("{check}: {self:?}") };
        let is_same = |other: &&Value| other["outcome"] == finding["outcome"];
        assert!(others.iter().all(is_same), "{check}: {self:?}");
        let text = |field: &str| finding[field].as_str().expect(field).to_owned();
        (text("outcome"), text("seen"))
    }

    /// Asserts the exit code, and the outcome of each of these checks.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, outcome: &str, checks: &[&str]) {
        for check in checks {
            assert_eq!(self.of(check).0, outcome, "{check}: {self:?}");
        }
        assert_eq!(self.code, code, "{self:?}");
    }
}

/// Runs the probe as this user, with this policy, without its line of the version.
#[track_caller]
pub(crate) fn probe(place: &Netns, id: u32, policy: &str) -> Probed {
    probe_with(place, id, policy, &["--output", "json"])
}

/// The same with these words.
#[track_caller]
pub(crate) fn probe_with(place: &Netns, id: u32, policy: &str, words: &[&str]) -> Probed {
    // A read-only file system of its own, as pods have it.
    let script = "mount --make-rprivate / && mount --bind / / && mount -o remount,bind,ro / && \
                  exec 9<\"$0\" && exec \"$@\"";
    let (id, binary) = (id.to_string(), binary());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(binary);
    command.args(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"]);
    command.args(["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]);
    // The program may lie where only root may go.
    command.args(["--no-new-privs", "/proc/self/fd/9", "probe", "--policy", "-"]).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = place.run(|| command.spawn()).expect("enter").expect("start");
    let text = format!("apiVersion: nftdivert/v1\n{policy}");
    // Where usage is wrong, nothing is read.
    let _ = child.stdin.take().expect("stdin").write_all(text.as_bytes());
    let output = child.wait_with_output().expect("wait");
    Probed {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Counts what comes from the pod to the peer by TCP and UDP.
pub(crate) struct Watch<'a>(&'a Bed);

impl<'a> Watch<'a> {
    pub(crate) fn start(bed: &'a Bed) -> Self {
        let rules: String = [("ip", "10.88.0.2", "ttl"), ("ip6", "fd88::2", "hoplimit")]
            .iter()
            .flat_map(|(family, pod, hops)| {
                ["1", "!= 1"].map(|number| {
                    format!(
                        "{family} saddr {pod} meta l4proto {{ tcp, udp }} {family} {hops} {number} \
                         counter; "
                    )
                })
            })
            .collect();
        let chain = "type filter hook prerouting priority -400;";
        nft(&bed.peer, &format!("table inet watch {{ chain seen {{ {chain} {rules} }}; }}"));
        Self(bed)
    }

    /// Packets of both families that come no further, and those that would.
    pub(crate) fn near_and_far(&self) -> [u64; 2] {
        let list = nft_list(&self.0.peer, "chain inet watch seen");
        let count = |is_far: bool| -> u64 {
            let rules = list.lines().filter(|line| line.contains("!=") == is_far);
            rules.filter_map(|line| line.split("counter packets ").nth(1)).map(number).sum()
        };
        [count(false), count(true)]
    }
}

/// The number that a text begins with.
fn number(text: &str) -> u64 {
    text.split(' ').next().and_then(|number| number.parse().ok()).expect(text)
}

fn binary() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/nftdivert");
    assert!(path.exists(), "{} is missing: run `cargo build`", path.display());
    path.canonicalize().expect("a path")
}
