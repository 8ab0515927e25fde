//! Programs of the system, run in a namespace of a test.

use std::io::Write;
use std::process::{Command, Stdio};

use nftdivert::net::netns::Netns;

/// What `words` print in `place`; the last of them are given `input`. The program must succeed.
#[track_caller]
pub fn program(place: &Netns, words: &[&str], input: &str) -> String {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = place.run(|| command.spawn()).expect("enter").expect("start");
    let written = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("wait");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {complaint}\n{input}");
    written.expect("write");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs `ip` with these words, separated by blanks.
#[track_caller]
pub fn ip(place: &Netns, words: &str) -> String {
    let words: Vec<&str> = ["ip"].into_iter().chain(words.split(' ')).collect();
    program(place, &words, "")
}

/// Runs `nft -f` with this script.
#[track_caller]
pub fn nft(place: &Netns, script: &str) {
    program(place, &["nft", "-f", "-"], script);
}

/// What `nft list` says to these words, separated by blanks.
#[track_caller]
pub fn nft_list(place: &Netns, words: &str) -> String {
    let words: Vec<&str> = ["nft", "list"].into_iter().chain(words.split(' ')).collect();
    program(place, &words, "")
}

/// The name of the only set of our table whose name begins so: interval sets end in a digest.
#[track_caller]
pub fn set_name(place: &Netns, beginning: &str) -> String {
    let listing = nft_list(place, "sets table inet nftdivert");
    let names =
        listing.lines().filter_map(|line| line.trim().strip_prefix("set ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| name.starts_with(beginning)).collect();
    let [name] = names.as_slice() else { panic!("{beginning}: {names:?}\n{listing}") };
    (*name).to_owned()
}

/// The same with the handles of all objects.
#[track_caller]
pub fn nft_list_handles(place: &Netns, words: &str) -> String {
    let words: Vec<&str> = ["nft", "-a", "list"].into_iter().chain(words.split(' ')).collect();
    program(place, &words, "")
}

/// The addresses of `lo`, as the kernel lists them: IPv6 in 32 hexadecimal digits.
pub fn lo_ipv6(place: &Netns) -> Vec<String> {
    // /proc/net is that of the process's first thread.
    let read = || std::fs::read_to_string("/proc/thread-self/net/if_inet6");
    let list = place.run(read).expect("enter").expect("IPv6");
    let of_lo = list.lines().filter(|line| line.ends_with(" lo"));
    of_lo.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The value of a setting under `/proc/sys/net`.
pub fn sysctl(place: &Netns, name: &str) -> String {
    let read = || std::fs::read_to_string(format!("/proc/sys/net/{name}"));
    place.run(read).expect("enter").expect(name).trim().to_owned()
}
