//! A container image with the command and two programs that look around, and containers of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use nftdivert_integration::ran::{Ran, built, program};

/// The user that an injector gives the proxy, and the one of init containers that are not root.
pub(crate) const PROXY: &str = "1337:1337";
pub(crate) const NOBODY: &str = "65534:65534";
/// A user that is neither.
pub(crate) const APP: &str = "1000:1000";

/// What a container may do, besides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    None,
    NetAdmin,
}

/// The image's root file system.
pub(crate) struct Image {
    folder: tempfile::TempDir,
}

/// The one of this process.
pub(crate) static IMAGE: LazyLock<Image> = LazyLock::new(Image::make);

impl Image {
    fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("nftdivert-image").tempdir().unwrap();
        let root = folder.path().join("root");
        for part in ["bin", "etc", "proc", "sys", "dev", "run", "tmp"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0::/:\nistio-proxy:x:1337:1337::/:\n")
            .unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\nistio-proxy:x:1337:\n").unwrap();
        let command = root.join("bin/nftdivert");
        fs::copy(built(), &command).unwrap();
        for program in [command.as_path(), Path::new("/bin/cat"), Path::new("/bin/touch")] {
            libraries(program).iter().for_each(|library| copy_below(&root, library));
        }
        fs::copy("/bin/cat", root.join("bin/cat")).unwrap();
        fs::copy("/bin/touch", root.join("bin/touch")).unwrap();
        // In force in no process that does not ask for it, and no hindrance where it was dropped.
        program(&["setcap", "cap_net_admin+p", command.to_str().unwrap()], "").said();
        Self { folder }
    }

    /// Runs the command in a container whose network namespace is that at `netns`.
    pub(crate) fn run(&self, netns: &str, user: &str, rights: Rights, words: &[&str]) -> Ran {
        let path = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let (storage, state, root) = (path("storage"), path("state"), path("root"));
        let network = format!("ns:{netns}");
        let runtime = concat!("--runtime=", env!("CARGO_MANIFEST_DIR"), "/container/runtime");
        let mut all = vec!["podman", "--root", &storage, "--runroot", &state];
        all.extend(["--cgroup-manager=cgroupfs", runtime, "--events-backend=none"]);
        all.extend(["run", "--rm", "--network", &network, "--user", user, "--read-only"]);
        all.extend(["--read-only-tmpfs=false", "--security-opt=no-new-privileges"]);
        // The machine's limits may be lower than those that podman gives unasked.
        all.extend(["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--cap-drop=all"]);
        match rights {
            Rights::None => {}
            Rights::NetAdmin => all.push("--cap-add=net_admin"),
        }
        all.extend(["--rootfs", &root]);
        all.extend(words);
        program(&all, "")
    }
}

/// The files that the dynamic loader takes.
fn libraries(command: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(command).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}

fn copy_below(root: &Path, file: &Path) {
    let target = root.join(file.strip_prefix("/").unwrap());
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::copy(file, target).unwrap();
}
