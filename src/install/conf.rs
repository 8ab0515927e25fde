//! A file of network configuration, read as runtimes read it.

use super::folder::BINARY;
use super::json::{Node, Value, scan};

/// The types of the plugins of other meshes, which capture too.
const MESHES: [&str; 4] = ["istio-cni", "linkerd-cni", "kuma-cni", "consul-cni"];

/// The types of plugins that call others for each of a pod's networks.
const METAS: [&str; 6] = ["multus", "multus-shim", "galaxy", "galaxy-sdn", "genie", "danm"];

/// The newest version that runtimes know.
const NEWEST: [u32; 3] = [1, 1, 0];

/// A file that a runtime takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conf {
    /// A chain of plugins, or one.
    pub(super) form: Form,
    /// The file's value.
    pub(super) root: Node,
}

/// The two forms of network configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `.conflist`: an object with `plugins`.
    List,
    /// `.conf`, `.json`: the plugin itself.
    Single,
}

/// What a plugin is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ours.
    Ours,
    /// It captures for another mesh.
    Mesh,
    /// It calls other plugins.
    Meta,
    /// Any other.
    Other,
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// No runtime can use it.
    Unusable(String),
    /// A runtime may use it.
    Unknown(String),
}

impl Unread {
    /// Why, in words.
    pub(super) fn why(self) -> String {
        match self {
            Unread::Unusable(why) | Unread::Unknown(why) => why,
        }
    }
}

/// Reads a file; the name's ending says in which form.
///
/// # Errors
/// No runtime can use the file, or we can't read what one may use.
pub(super) fn read(name: &str, text: &[u8]) -> Result<Conf, Unread> {
    let unusable = |why: &str| Err(Unread::Unusable(why.to_owned()));
    let unknown = |why: &str| Err(Unread::Unknown(why.to_owned()));
    if text.is_empty() {
        return unusable("is empty");
    }
    let root = match scan(text) {
        Ok(root) => root,
        Err(error) if error.is_too_deep() => return unknown(&format!("is {error}")),
        Err(error) => return unusable(&format!("is not valid JSON: {error}")),
    };
    if !root.is_object() {
        return unusable("holds no JSON object");
    }
    let form = if name.ends_with(".conflist") { Form::List } else { Form::Single };
    let conf = Conf { form, root };
    match form {
        Form::List if conf.name().is_empty() => unusable("has no name"),
        Form::List if conf.is_of_a_folder(text) => unknown(&format!(
            "has no plugins of its own (libcni takes them from the files of the folder {} since 1.3)",
            conf.name()
        )),
        Form::List if conf.plugins().is_empty() => unusable("lists no plugins"),
        Form::Single if conf.root.get("plugins").is_some() => match type_of(&conf.root) {
            Some(_) => {
                unknown("holds a list of plugins and a type too (runtimes take it for one plugin)")
            }
            None => {
                unusable("holds a list of plugins, which runtimes take in .conflist files only")
            }
        },
        Form::List | Form::Single => match conf.plugins().iter().find(|it| kind_of(it).is_none()) {
            Some(_) => unusable("has a plugin without a type"),
            None => Ok(conf),
        },
    }
}

impl Conf {
    /// The plugins in the order in which they are called.
    pub(super) fn plugins(&self) -> &[Node] {
        match self.form {
            Form::List => self.root.get("plugins").map(Node::elements).unwrap_or_default(),
            Form::Single => std::slice::from_ref(&self.root),
        }
    }

    /// The network's name; empty where there is none.
    pub(super) fn name(&self) -> &str {
        self.root.get_text("name").unwrap_or_default()
    }

    /// The version in which runtime and plugins speak; without one that is 0.1.0. Of a list that says
    /// several it is the highest that runtimes know; a plugin's own file can't say several.
    pub(super) fn version(&self) -> &str {
        let one = self.root.get_text("cniVersion").filter(|version| !version.is_empty());
        let several = match self.form {
            Form::List => self.root.get("cniVersions").map(Node::elements).unwrap_or_default(),
            Form::Single => &[],
        };
        let all = several.iter().filter_map(Node::as_text).chain(one);
        let known = all.filter(|version| numbers(version) <= NEWEST);
        let highest = known.max_by_key(|version| numbers(version));
        // Without a list of versions the one counts, whatever it is.
        highest.or(one).unwrap_or("0.1.0")
    }

    /// Whether plugins can hand results on: from 0.3.0.
    pub(super) fn can_chain(&self) -> bool {
        numbers(self.version()) >= [0, 3, 0]
    }

    /// The first plugin of this kind.
    pub(super) fn find(&self, kind: Kind) -> Option<&Node> {
        self.plugins().iter().find(|plugin| kind_of(plugin) == Some(kind))
    }

    /// Whether it is a list whose plugins stand in files of their own.
    fn is_of_a_folder(&self, text: &[u8]) -> bool {
        let only_inline = self.root.get("loadOnlyInlinedPlugins").map(|node| node.text(text));
        let only_inline = only_inline.is_some_and(|word| {
            [&b"true"[..], b"\"true\""].iter().any(|it| word.eq_ignore_ascii_case(it))
        });
        self.root.get("plugins").is_none() && !only_inline
    }

    /// Whether our plugin is named here, at any depth: meta-plugins keep copies of other files.
    pub(super) fn names_ours(&self) -> bool {
        self.root.any(&|node| kind_of(node) == Some(Kind::Ours))
    }
}

/// What a plugin is to us; `None` where the value is no plugin.
pub(super) fn kind_of(plugin: &Node) -> Option<Kind> {
    let name = type_of(plugin)?;
    Some(match name {
        BINARY => Kind::Ours,
        _ if MESHES.contains(&name) => Kind::Mesh,
        _ if METAS.contains(&name) => Kind::Meta,
        _ => Kind::Other,
    })
}

/// A plugin's type. Go reads it into a struct, where the key's case does not matter.
pub(super) fn type_of(plugin: &Node) -> Option<&str> {
    let mut members = plugin.members().iter().rev();
    let found = members.find(|member| member.key.eq_ignore_ascii_case("type"))?;
    match &found.node.value {
        Value::Text(name) if !name.is_empty() => Some(name),
        Value::Text(_) | Value::Object(_) | Value::Array(_) | Value::Number | Value::Word => None,
    }
}

/// The numbers of a version; what is no number counts as 0.
pub(super) fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_no_runtime_takes() {
        for (name, text, why) in [
            ("a.conf", "", "is empty"),
            ("a.conf", "{", "is not valid JSON: a key is missing at line 1, column 2"),
            ("a.conf", "[]", "holds no JSON object"),
            ("a.conf", r#"{"name": "x"}"#, "has a plugin without a type"),
            ("a.json", r#"{"name": "x", "plugins": [{"type": "y"}]}"#, "holds a list of plugins"),
            ("a.conflist", r#"{"plugins": [{"type": "y"}]}"#, "has no name"),
            ("a.conflist", r#"{"name": "x", "plugins": []}"#, "lists no plugins"),
            (
                "a.conflist",
                r#"{"name": "x", "loadOnlyInlinedPlugins": "True"}"#,
                "lists no plugins",
            ),
            ("a.conflist", r#"{"name": "x", "plugins": [{"type": 1}]}"#, "without a type"),
        ] {
            let Unread::Unusable(said) = read(name, text.as_bytes()).unwrap_err() else {
                panic!("{text}");
            };
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn files_that_some_runtime_may_take() {
        let deep = format!(r#"{{"type": "x", "a": {}{}}}"#, "[".repeat(300), "]".repeat(300));
        for (name, text, why) in [
            ("a.conflist", r#"{"name": "x"}"#, "the folder x"),
            ("a.conflist", r#"{"name": "x", "loadOnlyInlinedPlugins": false}"#, "the folder x"),
            ("a.conf", r#"{"type": "x", "plugins": [{"type": "y"}]}"#, "holds a list"),
            ("a.conf", r#"{"Type": "x", "plugins": []}"#, "holds a list"),
            ("a.conf", &deep, "nested deeper than 256"),
        ] {
            let Unread::Unknown(said) = read(name, text.as_bytes()).unwrap_err() else {
                panic!("{text}");
            };
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn versions_that_chain() {
        let version = |text: &str| {
            let text = format!(r#"{{"type": "x"{text}}}"#);
            let conf = read("a.conf", text.as_bytes()).unwrap();
            (conf.version().to_owned(), conf.can_chain())
        };
        assert_eq!(version(""), ("0.1.0".into(), false));
        assert_eq!(version(r#", "cniVersion": "0.2.0""#), ("0.2.0".into(), false));
        assert_eq!(version(r#", "cniVersion": "0.10.0""#), ("0.10.0".into(), true));
        assert_eq!(version(r#", "cniVersion": "1.0.0""#), ("1.0.0".into(), true));
        let several = r#", "cniVersions": ["0.4.0", "1.0.0"]"#;
        assert_eq!(version(several), ("0.1.0".into(), false), "no list: libcni passes it over");
    }

    #[test]
    fn of_several_versions_the_highest_known_counts() {
        let version = |text: &str| {
            let text = format!(r#"{{"name": "x", "plugins": [{{"type": "x"}}], {text}}}"#);
            read("a.conflist", text.as_bytes()).unwrap().version().to_owned()
        };
        assert_eq!(version(r#""cniVersions": ["0.4.0", "1.1.0", "1.0.0"]"#), "1.1.0");
        assert_eq!(version(r#""cniVersions": ["0.4.0", "1.0.0"], "cniVersion": "0.2.0""#), "1.0.0");
        assert_eq!(version(r#""cniVersions": ["0.3.1"], "cniVersion": "0.4.0""#), "0.4.0");
        assert_eq!(version(r#""cniVersions": ["0.4.0", "2.0.0"]"#), "0.4.0");
        assert_eq!(version(r#""cniVersion": "2.0.0""#), "2.0.0");
    }

    #[test]
    fn ours_is_found_at_any_depth() {
        let names = |text: &str| read("a.conf", text.as_bytes()).unwrap().names_ours();
        assert!(names(
            r#"{"type": "multus", "delegates": [{"plugins": [{"type": "nftdivert"}]}]}"#
        ));
        assert!(!names(r#"{"type": "multus", "name": "nftdivert"}"#));
    }
}
