//! The names of users and groups that a root file system has.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use crate::dialect::istio::command::Accounts;

use super::UserError;

/// More than any list that is read; what is beyond it is not there.
const MOST: u64 = 8 * 1024 * 1024;

/// Reads `etc/passwd` and `etc/group` below `root`; a file that is not there names nobody.
///
/// # Errors
/// A file is there and can't be read.
pub fn accounts(root: &Path) -> Result<Accounts, UserError> {
    Ok(Accounts::parse(&text(&root.join("etc/passwd"))?, &text(&root.join("etc/group"))?))
}

fn text(path: &Path) -> Result<String, UserError> {
    match read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(UserError::List { path: path.to_owned(), source }),
    }
}

/// Reads a regular file; anything else might never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlag::O_NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};

    #[test]
    fn lists_that_are_there_and_lists_that_are_not() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(accounts(root.path()).unwrap(), Accounts::default());
        create_dir(root.path().join("etc")).unwrap();
        write(root.path().join("etc/passwd"), b"envoy:x:101:101::/:\nb\xff:x:1:1").unwrap();
        let found = accounts(root.path()).unwrap();
        assert_eq!(found.user("envoy").map(|uid| uid.get()), Some(101));
        create_dir(root.path().join("etc/group")).unwrap();
        let error = accounts(root.path()).unwrap_err().to_string();
        assert!(error.starts_with("can't read ") && error.contains("etc/group"), "{error}");
        std::fs::remove_dir(root.path().join("etc/group")).unwrap();
        nix::unistd::mkfifo(&root.path().join("etc/group"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = accounts(root.path()).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
    }
}
