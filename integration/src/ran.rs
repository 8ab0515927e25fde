//! Programs that run as they are, and how they ended.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its process id, while it lived.
    pub pid: u32,
    /// Its exit code; -1 after a signal.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    /// What it printed; it must have succeeded without a complaint.
    #[track_caller]
    pub fn said(&self) -> &str {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out.trim_end()
    }

    /// It must have failed with this code, printed nothing, and complained in these words.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word}: {self:?}");
        }
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs a program with this on its standard input.
#[track_caller]
pub fn program(words: &[&str], input: &str) -> Ran {
    finish(Command::new(words[0]).args(&words[1..]), input)
}

/// The same for a command with an environment of its own.
#[track_caller]
pub fn finish(command: &mut Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = child.id();
    // A program that needs no input may be gone already.
    let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    let done = child.wait_with_output().expect("wait");
    Ran {
        pid,
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).expect("text"),
        err: String::from_utf8(done.stderr).expect("text"),
    }
}

/// The command as it is released, but for the time that linking takes.
#[track_caller]
pub fn built() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/quick/nftdivert");
    assert!(path.exists(), "{} is missing: run `cargo build --profile quick`", path.display());
    path.canonicalize().expect("a path")
}
