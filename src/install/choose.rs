//! Which file a runtime uses: the first by name that it can.

use super::conf::{Conf, Form, Kind, Unread, kind_of, read, type_of};
use super::folder::{File, Folder, Found, is_read};
use super::refusal::Refusal;

/// Our own file of the standalone way: it sorts behind what the node's plugins are called.
pub const STANDALONE: &str = "zz-nftdivert.conf";

/// A file that a runtime uses.
#[derive(Clone, Debug)]
pub(super) struct Target<'f> {
    /// Its name.
    pub(super) name: &'f str,
    /// The file.
    pub(super) file: &'f File,
    /// What it says.
    pub(super) conf: Conf,
}

/// The file to put our entry into, and what was passed over on the way to it.
#[derive(Clone, Debug)]
pub(super) struct Choice<'f> {
    /// The file.
    pub(super) target: Target<'f>,
    /// What is told of others.
    pub(super) notes: Vec<String>,
}

/// The file that a runtime uses for the node's network, where meta-plugins count as any other.
///
/// # Errors
/// There is none, or it can't be known which.
pub(super) fn first(folder: &Folder) -> Result<Choice<'_>, Refusal> {
    let mut passed = Vec::new();
    for name in folder.keys().filter(|name| is_read(name)) {
        match usable(folder, name) {
            Ok(target) if is_standalone(&target) => {}
            Ok(target) => {
                let notes = passed.iter().map(|why| format!("{why}; {PASSED}")).collect();
                return Ok(Choice { target, notes });
            }
            Err(Unusable::Ignored) => {}
            Err(Unusable::Passed(why)) => passed.push(format!("{name} {why}")),
            Err(Unusable::Unknown(why)) => {
                return Err(Refusal::Unknown { name: name.clone(), why });
            }
        }
    }
    Err(Refusal::NoConfiguration { passed })
}

/// The file to put our entry into: of a meta-plugin, the file that it reads for the default network.
///
/// # Errors
/// As [`first`], or there is no such file.
pub(super) fn to_chain(folder: &Folder) -> Result<Choice<'_>, Refusal> {
    let mut choice = first(folder)?;
    let Some(meta) = choice.target.conf.find(Kind::Meta) else { return Ok(choice) };
    let meta_name = choice.target.name;
    let plugin = type_of(meta).unwrap_or_default().to_owned();
    let delegate = match meta.get_text("clusterNetwork") {
        Some(path) => path.rsplit('/').next().and_then(|name| usable(folder, name).ok()),
        // It keeps a copy of the file with our entry.
        None if choice.target.conf.names_ours() => next_with_ours(folder, meta_name),
        None => None,
    };
    match delegate {
        // It would not find the list that takes the file's place.
        Some(target) if target.conf.form == Form::Single && !is_of(&target, Kind::Meta) => {
            let [name, delegate] = [meta_name, target.name].map(str::to_owned);
            Err(Refusal::MetaOfOne { name, plugin, delegate })
        }
        Some(target) if !is_of(&target, Kind::Meta) => {
            choice.notes.push(format!(
                "{meta_name} is of the meta-plugin {plugin}; the default network that it calls is \
                 {}",
                target.name
            ));
            Ok(Choice { target, notes: choice.notes })
        }
        Some(_) | None => Err(Refusal::Meta { name: meta_name.to_owned(), plugin }),
    }
}

fn is_of(target: &Target<'_>, kind: Kind) -> bool {
    target.conf.find(kind).is_some()
}

/// Whether it is our own file of the standalone way.
#[must_use]
pub(super) fn is_standalone(target: &Target<'_>) -> bool {
    target.name == STANDALONE && kind_of(&target.conf.root) == Some(Kind::Ours)
}

/// All files that runtimes can use, by name.
pub(super) fn all(folder: &Folder) -> impl Iterator<Item = Target<'_>> {
    folder.keys().filter(|name| is_read(name)).filter_map(|name| usable(folder, name).ok())
}

const PASSED: &str = "passed over, as CRI-O does; containerd stops there, and no pod starts";

enum Unusable {
    Ignored,
    Passed(String),
    Unknown(String),
}

fn usable<'f>(folder: &'f Folder, name: &str) -> Result<Target<'f>, Unusable> {
    let (name, found) = folder.get_key_value(name).ok_or(Unusable::Ignored)?;
    match found {
        Found::File(file) => {
            let unread = |unread| match unread {
                Unread::Unusable(why) => Unusable::Passed(why),
                Unread::Unknown(why) => Unusable::Unknown(why),
            };
            let conf = read(name, &file.bytes).map_err(unread)?;
            Ok(Target { name, file, conf })
        }
        Found::Folder => Err(Unusable::Ignored),
        Found::Passed(why) => Err(Unusable::Passed(why.clone())),
        Found::Unknown(why) => Err(Unusable::Unknown(why.clone())),
    }
}

fn next_with_ours<'f>(folder: &'f Folder, meta: &str) -> Option<Target<'f>> {
    all(folder).find(|it| it.name != meta && it.conf.find(Kind::Ours).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder<const N: usize>(files: [(&str, &str); N]) -> Folder {
        let file = |text: &str| Found::File(File::new(text, 0o644));
        files.into_iter().map(|(name, text)| (name.to_owned(), file(text))).collect()
    }

    const ONE: &str = r#"{"name": "x", "type": "bridge"}"#;
    const LIST: &str = r#"{"name": "x", "plugins": [{"type": "bridge"}]}"#;
    const MULTUS: &str =
        r#"{"type": "multus", "clusterNetwork": "/host/etc/cni/net.d/10-a.conflist"}"#;

    #[test]
    fn the_first_that_can_be_used_is_taken() {
        let mut folder = folder([
            ("00-empty.conf", ""),
            ("01-not.conf.bak", ONE),
            ("02-bad.conflist", "{"),
            ("10-a.conf", ONE),
            ("11-b.conf", ONE),
        ]);
        let choice = first(&folder).unwrap();
        assert_eq!(choice.target.name, "10-a.conf");
        assert_eq!(choice.notes.len(), 2, "{:?}", choice.notes);
        assert!(choice.notes[0].starts_with("00-empty.conf is empty; passed over"));
        folder.insert("05-dir.conf".into(), Found::Folder);
        assert_eq!(first(&folder).unwrap().target.name, "10-a.conf");
        folder.insert("06-x.conf".into(), Found::Unknown("is larger than 1 MiB".into()));
        let refusal = first(&folder).unwrap_err();
        assert!(matches!(refusal, Refusal::Unknown { .. }), "{refusal}");
    }

    #[test]
    fn of_a_meta_plugin_the_default_networks_file_is_taken() {
        let named = folder([("00-multus.conf", MULTUS), ("10-a.conflist", LIST)]);
        assert_eq!(to_chain(&named).unwrap().target.name, "10-a.conflist");
        assert_eq!(first(&named).unwrap().target.name, "00-multus.conf");
        let of_one = MULTUS.replace("conflist", "conf");
        let of_one = folder([("00-multus.conf", &of_one), ("10-a.conf", ONE)]);
        assert!(matches!(to_chain(&of_one).unwrap_err(), Refusal::MetaOfOne { .. }));
        let absent = folder([("00-multus.conf", MULTUS)]);
        assert!(matches!(to_chain(&absent).unwrap_err(), Refusal::Meta { .. }));
        let inline = r#"{"type": "multus", "delegates": [{"type": "bridge", "name": "x"}]}"#;
        let inline = folder([("00-multus.conf", inline), ("10-a.conf", ONE)]);
        assert!(matches!(to_chain(&inline).unwrap_err(), Refusal::Meta { .. }));
    }
}
