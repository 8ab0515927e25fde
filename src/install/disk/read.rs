//! A node's folders, read as they are.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

use rustix::fs::{FileType, OFlags, Stat, fstat};

use super::super::credentials::gone;
use super::super::error::{InstallError, denied};
use super::super::folder::{
    BINARY, Bin, File, Folder, Found, LONGEST, Node, OurBinary, Owner, TEMP, is_read,
};
use super::super::kept::PREFIX;
use super::{Dir, Places};

/// How often the folder is read while names come and go.
const TRIES: usize = 5;

/// The node. A folder that is not there is empty.
pub(in crate::install) fn read_node(places: &Places, binary: &[u8]) -> Result<Node, InstallError> {
    let conf = Dir::open(places, &places.conf)?;
    let bin = Dir::open(places, &places.bin)?;
    let conf = conf.map(|it| read_conf(&it)).transpose()?.unwrap_or_default();
    let gone = gone(&places.conf, &conf);
    let bin = bin.map(|it| read_bin(&it, binary)).transpose()?.unwrap_or_default();
    Ok(Node { conf, bin, gone })
}

fn read_conf(dir: &Dir) -> Result<Folder, InstallError> {
    let mut folder = BTreeMap::new();
    for _ in 0..TRIES {
        let names = names(dir)?;
        folder =
            names.iter().filter_map(|name| Some((name.clone(), read_file(dir, name)?))).collect();
        // A file that gets another name meanwhile may be seen under neither.
        if folder.keys().eq(&names) && self::names(dir)? == names {
            break;
        }
    }
    Ok(folder)
}

/// The names that matter, sorted.
fn names(dir: &Dir) -> Result<Vec<String>, InstallError> {
    let mut names = dir.names()?;
    names.retain(|name| is_read(name) || name.starts_with(PREFIX) || name.starts_with(TEMP));
    names.sort();
    Ok(names)
}

/// What a name stands for; `None` where it is gone.
pub(super) fn read_file(dir: &Dir, name: &str) -> Option<Found> {
    let own = match dir.stat(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(unreadable(dir, name, &error)),
        Ok(own) => own,
    };
    if kind(&own) == FileType::Directory {
        return Some(Found::Folder);
    }
    match kind(&own) == FileType::Symlink {
        true => read_link(dir, name),
        false => contents(dir, name, &own, None),
    }
}

fn read_link(dir: &Dir, name: &str) -> Option<Found> {
    let link = dir.link(name).ok()?;
    let shown = link.display();
    match dir.follow(name, OFlags::PATH).and_then(|it| Ok(fstat(&it)?)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && dir.lacks_target(&link) => {
            Some(Found::Passed(format!("is a link to {shown}, where nothing is")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Found::Unknown(format!(
            "is a link to {shown}, where nothing is seen from here; the host may have a file there \
             (mount that folder too, or give --root where the whole host is; if there is none, \
             remove the link)"
        ))),
        Err(error) => {
            Some(Found::Unknown(format!("is a link to {shown}, which can't be followed: {error}")))
        }
        Ok(stat) if kind(&stat) == FileType::Directory => {
            Some(Found::Passed(format!("is a link to {shown}, which is a folder")))
        }
        Ok(stat) => contents(dir, name, &stat, Some(link.clone())),
    }
}

fn contents(dir: &Dir, name: &str, seen: &Stat, link: Option<PathBuf>) -> Option<Found> {
    let is_file = |stat: &Stat| kind(stat) == FileType::RegularFile;
    let irregular = || Some(Found::Unknown("is no regular file".to_owned()));
    if !is_file(seen) {
        return irregular();
    }
    let read = || {
        let (file, stat) = dir.file(name)?;
        let mut bytes = Vec::new();
        if is_file(&stat) {
            file.take(LONGEST + 1).read_to_end(&mut bytes)?;
        }
        io::Result::Ok((bytes, stat))
    };
    match read() {
        Ok((_, stat)) if !is_file(&stat) => irregular(),
        Ok((bytes, _)) if bytes.len() as u64 > LONGEST => {
            Some(Found::Unknown("is larger than 1 MiB".to_owned()))
        }
        Ok((bytes, stat)) => {
            let owner = Some(Owner { uid: stat.st_uid, gid: stat.st_gid });
            Some(Found::File(File { bytes, mode: stat.st_mode & 0o7777, link, owner }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(unreadable(dir, name, &error)),
    }
}

fn unreadable(dir: &Dir, name: &str, error: &io::Error) -> Found {
    let why = denied(&dir.path(name), error).map(|why| format!(" ({why})"));
    Found::Unknown(format!("can't be read: {error}{}", why.unwrap_or_default()))
}

fn read_bin(dir: &Dir, binary: &[u8]) -> Result<Bin, InstallError> {
    let names = dir.names()?;
    let temps = names.iter().filter(|name| name.starts_with(TEMP)).cloned().collect();
    let plugins = names.iter().filter(|name| runs(dir, name)).cloned().collect();
    Ok(Bin { plugins, ours: read_ours(dir, binary), temps })
}

/// Whether it can be executed. What a link leads to may be there and not be mounted here.
fn runs(dir: &Dir, name: &str) -> bool {
    match dir.follow(name, OFlags::PATH).and_then(|it| Ok(fstat(&it)?)) {
        Ok(stat) => is_executable(&stat),
        Err(_) => dir.link(name).is_ok_and(|link| !dir.lacks_target(&link)),
    }
}

fn read_ours(dir: &Dir, binary: &[u8]) -> OurBinary {
    let Ok(own) = dir.stat(BINARY) else { return OurBinary::Absent };
    let is_alike = is_executable(&own) && u64::try_from(own.st_size) == Ok(binary.len() as u64);
    let is_same = || {
        let mut found = Vec::new();
        let read = dir.file(BINARY).and_then(|(mut file, _)| file.read_to_end(&mut found));
        read.is_ok() && found == binary
    };
    if is_alike && is_same() { OurBinary::Current } else { OurBinary::Other }
}

fn is_executable(stat: &Stat) -> bool {
    kind(stat) == FileType::RegularFile && stat.st_mode & 0o111 != 0
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}
