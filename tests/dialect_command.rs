//! Istio's command: each flag and variable as it is written, and what it becomes.
//!
//! A file `tests/dialect/command/NAME.case` holds calls, one on a line, written as for a shell; the
//! file `NAME.txt` beside it what they ask for.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nftdivert::dialect::istio::command::{
    Accounts, FLAGS, Flag, Invocation, Others, Variables, Words, Work,
};
use nftdivert::policy::{CapturePolicy, PolicyError};

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nistio-proxy:x:1444:1445::/:/bin/false\n\
                      envoy:x:101:202::/:/bin/false\nlone:x:303:303::/:/bin/false\n";
const GROUP: &str = "root:x:0:\nenvoy:x:202:\njava:x:3003:a,b\n";

/// One call, taken apart.
struct Call {
    variables: Variables,
    words: Vec<String>,
}

/// Takes a line apart as a shell does: variables, the command's name, words; `''` quotes.
fn call(line: &str) -> Call {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    assert!(!is_quoted, "{line}");
    words.extend(word);
    let name = words.iter().position(|word| word == "istio-iptables");
    let behind = words.split_off(name.unwrap_or_else(|| panic!("no command: {line}")) + 1);
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{line}"));
        (name.to_owned(), value.to_owned())
    };
    words.pop();
    Call { variables: words.iter().map(pair).collect(), words: behind }
}

fn read(line: &str) -> Result<Invocation, PolicyError> {
    let Call { variables, words } = call(line);
    let accounts = Accounts::parse(PASSWD, GROUP);
    Invocation::read(&Words::parse(&words, &["output"]), &variables, &accounts)
}

/// The leaves of the canonical text, with their whole paths.
fn leaves(policy: &CapturePolicy) -> Vec<String> {
    let mut path: Vec<&str> = Vec::new();
    let text = policy.to_yaml();
    let mut found = Vec::new();
    for line in text.lines() {
        let bare = line.trim_start();
        path.truncate((line.len() - bare.len()) / 2);
        let (key, value) = bare.split_once(':').unwrap();
        path.push(key);
        if !value.is_empty() {
            found.push(format!("{}:{value}", path.join(".")));
        }
    }
    found
}

/// What a call asks for; of the policy, what differs from a call without flags.
fn outcome(line: &str) -> String {
    let invocation = match read(line) {
        Ok(invocation) => invocation,
        Err(error) => return format!("{error}\n"),
    };
    let mut text = format!("{:?}", invocation.work);
    if invocation.others == Others::TakeOver {
        text.push_str(", taking over");
    }
    if let Some(validation) = invocation.validation {
        write!(text, ", then try port {} for {:?}", validation.port, validation.timeout).unwrap();
    }
    if let Some(netns) = invocation.netns {
        write!(text, ", in {netns}").unwrap();
    }
    text.push('\n');
    for note in invocation.notes {
        writeln!(text, "  note: {note}").unwrap();
    }
    if matches!(invocation.work, Work::CleanUp | Work::ShowCleanUp) {
        // It means nothing there.
        return text;
    }
    let usual = leaves(&read("istio-iptables").unwrap().policy);
    let leaves = leaves(&invocation.policy);
    for leaf in leaves.iter().filter(|leaf| !usual.contains(leaf)) {
        writeln!(text, "  {leaf}").unwrap();
    }
    text
}

fn cases() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect/command");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "case")).collect();
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Compares with the file, or writes it if `NFTDIVERT_BLESS` is set.
#[test]
fn calls_ask_for_what_the_files_say() {
    for (path, text) in cases() {
        let told: String =
            text.lines().map(|line| format!("$ {line}\n{}\n", outcome(line))).collect();
        let wanted = path.with_extension("txt");
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            fs::write(&wanted, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&wanted).unwrap(), "{}", path.display());
    }
}

/// A call without flags, whole: Istio's defaults, not ours.
#[test]
fn without_flags_istios_defaults_hold() {
    let nothing = read("istio-iptables").unwrap();
    let yaml = "apiVersion: nftdivert/v1\nproxy: {uids: [1444], gids: [1444]}\n\
                inbound: {ports: []}\noutbound: {ranges: []}\n";
    assert_eq!(Ok(nothing.policy), CapturePolicy::from_yaml(yaml));
    let nobody = Invocation::read(&Words::default(), &Variables::new(), &Accounts::default());
    let yaml = "apiVersion: nftdivert/v1\ninbound: {ports: []}\noutbound: {ranges: []}\n";
    assert_eq!(Ok(nobody.unwrap().policy), CapturePolicy::from_yaml(yaml));
}

#[test]
fn every_name_of_every_flag_stands_in_a_case() {
    let calls: Vec<Call> =
        cases().iter().flat_map(|(_, text)| text.lines().map(call).collect::<Vec<_>>()).collect();
    let written = |start: &str| {
        let is_it = |word: &String| word == start || word.starts_with(&format!("{start}="));
        calls.iter().any(|call| call.words.iter().any(is_it))
    };
    let mut missing = Vec::new();
    for flag in FLAGS {
        let long = (!flag.long.is_empty()).then(|| format!("--{}", flag.long));
        let short = flag.short.map(|letter| format!("-{letter}"));
        missing.extend(long.into_iter().chain(short).filter(|name| !written(name)));
        let unset = |name: &&&str| !calls.iter().any(|call| call.variables.contains_key(**name));
        missing.extend(flag.variables.iter().filter(unset).map(ToString::to_string));
    }
    assert!(missing.is_empty(), "no case has {missing:?}");
}

/// Whichever way a flag is written, it says the same.
#[test]
fn every_way_of_writing_says_the_same() {
    for flag in FLAGS.iter().filter(|flag| !flag.long.is_empty()) {
        let value = example(flag);
        // It goes with a namespace alone.
        let more = if flag.long == "cni-mode" { " --network-namespace=/n" } else { "" };
        let outcome = |line: &str| outcome(&format!("{line}{more}"));
        let long = outcome(&format!("istio-iptables --{}={value}", flag.long));
        assert!(!long.contains(" fault"), "{long}");
        let mut ways = Vec::new();
        ways.extend(flag.short.map(|short| format!("istio-iptables -{short}={value}")));
        if flag.value_name.is_some() {
            ways.push(format!("istio-iptables --{} {value}", flag.long));
            ways.extend(flag.short.map(|short| format!("istio-iptables -{short} {value}")));
            ways.extend(flag.short.map(|short| format!("istio-iptables -{short}{value}")));
        } else {
            ways.push(format!("istio-iptables --{}", flag.long));
            ways.extend(flag.short.map(|short| format!("istio-iptables -{short}")));
        }
        ways.extend(flag.variables.iter().map(|name| format!("{name}={value} istio-iptables")));
        let flag_name = format!("--{}", flag.long);
        for way in ways {
            let said = outcome(&way);
            // Notes name what was written.
            let name = |text: &str| {
                let names = flag
                    .variables
                    .iter()
                    .fold(text.to_owned(), |text, name| text.replace(name, &flag_name));
                let short = flag.short.map(|short| format!("-{short} "));
                short.map_or(names.clone(), |s| names.replace(&s, &format!("{flag_name} ")))
            };
            assert_eq!(name(&said), name(&long), "{way}");
        }
        // The flag is stronger than the variable.
        for name in flag.variables {
            let both = format!("{name}=\u{1} istio-iptables --{}={value}", flag.long);
            assert_eq!(outcome(&both), long, "{both}");
        }
    }
}

/// A value that says something else than the default.
fn example(flag: &Flag) -> &'static str {
    match flag.value_name {
        None => "true",
        Some("PORT") => "16001",
        Some("PORTS") => "80,443",
        Some("RANGES") => "10.0.0.0/8,2001:db8::/32",
        Some("USERS" | "GROUPS" | "MARK" | "NUMBER") => "1500",
        Some("MODE") => "TPROXY",
        Some("NAMES") => "net1,net2",
        Some("PATH") => "/run/netns/pod",
        Some("TIME") => "7s",
        Some(_) => "anything",
    }
}

/// The table in the documentation has every name of every flag, in one row each.
#[test]
fn the_documentation_lists_every_flag() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-istio-init.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    let mut missing = Vec::new();
    for flag in FLAGS {
        let names = match (flag.short, flag.long) {
            (_, "") => "none".to_owned(),
            (Some(short), long) => format!("`-{short}`, `--{long}`"),
            (None, long) => format!("`--{long}`"),
        };
        let variables: Vec<String> =
            flag.variables.iter().map(|name| format!("`{name}`")).collect();
        let variables = if variables.is_empty() { "none".into() } else { variables.join(", ") };
        let start = format!("| {names} | {variables} | {} |", flag.becomes_text());
        if rows.iter().filter(|row| row.starts_with(&start)).count() != 1 {
            missing.push(start);
        }
    }
    assert!(missing.is_empty(), "docs/from-istio-init.md has no row\n{}", missing.join("\n"));
    let known = FLAGS.len();
    let listed = rows.iter().filter(|row| row.starts_with("| `-") || row.starts_with("| none |"));
    assert_eq!(listed.count(), known, "rows of flags that are not in the table");
}

#[test]
fn its_help_is_the_same_by_either_way() {
    let help = |words: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_nftdivert")).args(words).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let text = help(&["istio-iptables", "-u", "1337", "--help"]);
    assert_eq!(text, help(&["help", "istio-iptables"]));
    assert!(text.contains("--envoy-port") && !text.contains("svg"), "{text}");
}
