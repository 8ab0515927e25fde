//! Asking plugins for their versions: the only place that runs programs, those of the node's
//! folder of plugins and no others.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rustix::fs::OFlags;
use serde::Deserialize;

use super::disk::{Dir, Places};
use super::error::InstallError;
use super::wanted::{Answer, Answers};

/// How long a plugin may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How long a plugin may be busy, and how often it is tried.
const BUSY: Duration = Duration::from_millis(500);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);
/// What a plugin may say, in bytes.
const MOST: u64 = 64 * 1024;

/// What the plugins of these types answer, each asked with the version of its file; all at once.
pub(super) fn ask(
    places: &Places,
    plugins: &BTreeSet<(String, String)>,
) -> Result<Answers, InstallError> {
    let folder = Dir::open(places, &places.bin)?;
    let folder = folder.as_ref();
    Ok(thread::scope(|scope| {
        let asked: Vec<_> = plugins
            .iter()
            .map(|(plugin, version)| (plugin, scope.spawn(move || one(folder?, plugin, version))))
            .collect();
        let lost = || Some(Answer::Silent("asking it failed".to_owned()));
        let answers = asked.into_iter().map(|(plugin, thread)| {
            let answer = thread.join().unwrap_or_else(|_| lost());
            (plugin.clone(), answer.unwrap_or(Answer::Absent))
        });
        answers.collect()
    }))
}

/// `None` where it is not there.
fn one(folder: &Dir, plugin: &str, version: &str) -> Option<Answer> {
    if plugin.contains('/') || plugin.starts_with('.') {
        return None;
    }
    let file = File::from(folder.follow(plugin, OFlags::PATH).ok()?);
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    Some(match begin(&path_of(&file, &metadata), &folder.path(plugin)) {
        Ok(child) => finish(child, version),
        Err(error) => Answer::Silent(format!("{plugin} can't be run: {error}")),
    })
}

/// A path to the open file that another process can use: its own, or, where that leads elsewhere as with
/// a root of another mount namespace, by way of this process.
fn path_of(file: &File, metadata: &Metadata) -> PathBuf {
    let fd = file.as_raw_fd();
    let own = fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let is_it = |it: Metadata| (it.dev(), it.ino()) == (metadata.dev(), metadata.ino());
    match fs::metadata(&own).is_ok_and(is_it) {
        true => own,
        false => format!("/proc/{}/fd/{fd}", std::process::id()).into(),
    }
}

/// A plugin that is being written just now is busy; so it is for a moment where another process was started
/// meanwhile and has not let go of the writer's descriptor.
fn begin(path: &Path, name: &Path) -> std::io::Result<Child> {
    let limit = Instant::now() + BUSY;
    loop {
        match start(path, name) {
            Err(error)
                if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < limit =>
            {
                thread::sleep(BETWEEN_TRIES);
            }
            started => return started,
        }
    }
}

fn start(path: &Path, name: &Path) -> std::io::Result<Child> {
    // What runtimes give too; old plugins refuse to answer without it.
    let dummies = ["CNI_NETNS", "CNI_IFNAME", "CNI_PATH", "CNI_CONTAINERID"];
    Command::new(path)
        // One binary of several plugins knows by its name which of them it is.
        .arg0(name)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("CNI_COMMAND", "VERSION")
        .envs(dummies.map(|name| (name, "dummy")))
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

fn finish(mut child: Child, version: &str) -> Answer {
    let (sender, receiver) = channel();
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let question = serde_json::json!({ "cniVersion": version }).to_string();
    // A child of the plugin may hold the pipe for ever: this thread is not waited for.
    thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(question.as_bytes());
        }
        let mut said = Vec::new();
        let read = stdout.map(|stdout| stdout.take(MOST).read_to_end(&mut said));
        let _ = sender.send(read.is_some_and(|read| read.is_ok()).then_some(said));
    });
    let said = receiver.recv_timeout(LIMIT);
    // It has answered, or it never will; whatever it started goes with it.
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
    let _ = child.wait();
    match said {
        Ok(said) => read_answer(&said.unwrap_or_default()),
        Err(RecvTimeoutError::Timeout) => {
            Answer::Silent(format!("it did not answer within {} s", LIMIT.as_secs()))
        }
        Err(RecvTimeoutError::Disconnected) => Answer::Silent("asking it failed".to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    supported_versions: BTreeSet<String>,
}

fn read_answer(said: &[u8]) -> Answer {
    match serde_json::from_slice::<Said>(said) {
        Ok(said) if !said.supported_versions.is_empty() => Answer::Speaks(said.supported_versions),
        Ok(_) | Err(_) => Answer::Silent("its answer lists no versions".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    use super::*;

    fn places(root: &Path) -> Places {
        Places::below(root, Path::new("/conf"), Path::new("/"))
    }

    fn asked(script: &str) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let plugins = BTreeSet::from([("x".to_owned(), "0.4.0".to_owned())]);
        ask(&places(folder.path()), &plugins).unwrap().remove("x").unwrap()
    }

    #[test]
    fn answers() {
        let versions = r#"[ "$CNI_COMMAND" = VERSION ] && read -r it
            [ "$it" = '{"cniVersion":"0.4.0"}' ] || [ "$it" = "" ] || exit 1
            echo '{"cniVersion": "1.0.0", "supportedVersions": ["0.2.0", "0.4.0"]}'"#;
        let wanted = ["0.2.0", "0.4.0"].map(str::to_owned);
        assert_eq!(asked(versions), Answer::Speaks(BTreeSet::from(wanted)));
        let silent = |answer| matches!(answer, Answer::Silent(_));
        assert!(silent(asked("exit 1")));
        assert!(silent(asked("echo '{\"code\": 4}'; exit 1")));
        let started = Instant::now();
        assert!(silent(asked("sleep 60 & wait")));
        assert!(started.elapsed() < Duration::from_secs(30), "the limit holds");
    }

    #[test]
    fn no_program_of_another_folder_is_run() {
        let folder = tempfile::tempdir().unwrap();
        let plugins = ["/bin/true", "../bin/true", "true", "."];
        let plugins: BTreeSet<_> =
            plugins.iter().map(|it| ((*it).to_owned(), "1.0.0".to_owned())).collect();
        for (plugin, answer) in ask(&places(folder.path()), &plugins).unwrap() {
            assert_eq!(answer, Answer::Absent, "{plugin}");
        }
    }
}
