//! Starts the plugin as libcni does: variables, the configuration on standard input, the answer on
//! standard output.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{ip, nft_list_handles};
use nftdivert::net::netns::Netns;
use serde_json::{Value, json};

/// The result of a plugin before ours, with keys that nobody knows.
pub fn prev_result() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "interfaces": [{ "name": "eth0", "sandbox": "/run/netns/p", "mtu": 1450, "pciID": "0000" }],
        "ips": [{ "address": "10.88.0.2/16", "interface": 0 }],
        "dns": {},
        "vendor/key": { "z": [1.5, null], "a": 12_345_678_901_u64 },
    })
}

/// A call that is being prepared; what a verb needs is there from the start.
#[derive(Clone)]
pub struct Call<'a> {
    variables: Vec<(String, String)>,
    stdin: String,
    inside: Option<&'a Netns>,
}

/// What the plugin said and how it ended.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl<'a> Call<'a> {
    /// A verb about the pod in `place`, with these keys in the configuration besides the usual.
    pub fn new(verb: &str, place: &Netns, keys: Value) -> Self {
        let call = Self { variables: Vec::new(), stdin: String::new(), inside: None };
        call.with("CNI_COMMAND", verb)
            .with("CNI_CONTAINERID", "cnitool-1")
            .with("CNI_NETNS", &path_of(place))
            .with("CNI_IFNAME", "eth0")
            .with("CNI_PATH", "/opt/cni/bin")
            .conf(keys)
    }

    /// Sets a variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Replaces the configuration by the usual keys and these; `null` takes one away.
    pub fn conf(self, keys: Value) -> Self {
        let mut conf = json!({ "cniVersion": "1.1.0", "name": "mesh", "type": "nftdivert" });
        for (key, value) in keys.as_object().unwrap() {
            conf[key] = value.clone();
        }
        conf.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.raw(&conf.to_string())
    }

    /// Replaces standard input.
    pub fn raw(self, stdin: &str) -> Self {
        Self { stdin: stdin.to_owned(), ..self }
    }

    /// Starts the plugin in this namespace, and not in the machine's own.
    pub fn inside(self, place: &'a Netns) -> Self {
        Self { inside: Some(place), ..self }
    }

    /// The program with all its variables.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        self.prepare(&mut command);
        command
    }

    /// Gives another program the plugin's variables.
    pub fn prepare(&self, command: &mut Command) {
        command.env_clear().envs(self.variables.iter().cloned());
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(&self) -> Answer {
        self.run_as(self.command())
    }

    /// Runs this program to its end, with the configuration on its standard input.
    #[track_caller]
    pub fn run_as(&self, mut command: Command) -> Answer {
        let mut child = match self.inside {
            Some(place) => place.run(|| command.spawn()).unwrap().unwrap(),
            None => command.spawn().unwrap(),
        };
        // Where the environment is wrong nothing need be read.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        let done = child.wait_with_output().unwrap();
        Answer {
            code: done.status.code().unwrap_or(-1),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// The object on standard output of a call that worked.
    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that it worked and answered nothing.
    #[track_caller]
    pub fn silent(&self) {
        assert_eq!((self.code, self.out.as_str()), (0, ""), "{self:?}");
    }

    /// Asserts that it failed with this code, and an object that says these words.
    #[track_caller]
    pub fn failed(&self, code: u8, words: &[&str]) -> Value {
        assert_eq!(self.code, 1, "{self:?}");
        let object: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(object["code"], code, "{self:?}");
        for key in ["cniVersion", "msg", "details"] {
            assert!(object[key].is_string(), "{key}: {self:?}");
        }
        let text = format!("{}\n{}", object["msg"], object["details"]);
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        object
    }
}

/// Where other processes find a namespace that this one holds.
pub fn path_of(place: &Netns) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), place.as_fd().as_raw_fd())
}

/// A namespace as a runtime makes it, with `lo` up.
pub fn pod() -> Netns {
    let place = Netns::anonymous().unwrap();
    ip(&place, "link set lo up");
    place
}

/// All that an ADD could change in a namespace.
#[track_caller]
pub fn state(place: &Netns) -> String {
    ["addr", "rule", "route show table all", "-6 rule", "-6 route show table all"]
        .map(|words| ip(place, words))
        .into_iter()
        .chain([nft_list_handles(place, "ruleset")])
        .collect::<Vec<_>>()
        .join("\n--\n")
}

/// An inline policy with these keys.
pub fn policy(keys: Value) -> Value {
    let mut policy = json!({ "apiVersion": "nftdivert/v1" });
    for (key, value) in keys.as_object().unwrap() {
        policy[key] = value.clone();
    }
    policy
}

/// The debug build.
pub fn binary() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/nftdivert");
    assert!(path.exists(), "{} is missing: run `cargo build`", path.display());
    path.canonicalize().unwrap()
}

/// A pipe's end that nobody reads from.
pub fn closed_pipe() -> File {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    File::from(std::os::fd::OwnedFd::from(writer))
}
