//! What another mesh's plugin needs besides its binary: the kubeconfig that its entry names.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::conf::{Conf, Kind, kind_of, read, type_of};
use super::folder::{File, Folder};
use super::json::Node;
use super::kept::{Why, all};

/// The kubeconfigs that kept originals name and that are not there. Only those of the folder of the
/// configuration, at `path`, can be looked for: in a container the node has no others.
pub(super) fn gone(path: &Path, folder: &Folder) -> BTreeSet<PathBuf> {
    let originals = all(folder, Why::Original);
    let named = originals.iter().flat_map(|kept| named(&kept.file)).map(|(_, file)| file);
    named.filter(|file| is_gone(path, file)).collect()
}

/// The plugins of other meshes in an original, each with the kubeconfig that its entry names.
pub(super) fn named(original: &File) -> Vec<(String, PathBuf)> {
    let Some(conf) = conf_of(original) else { return Vec::new() };
    let meshes = conf.plugins().iter().filter(|plugin| kind_of(plugin) == Some(Kind::Mesh));
    let named = |plugin: &Node| Some((type_of(plugin)?.to_owned(), kubeconfig(plugin)?));
    meshes.filter_map(named).collect()
}

/// An original, in whichever form it is.
pub(super) fn conf_of(original: &File) -> Option<Conf> {
    let form = |name: &str| read(name, &original.bytes).ok();
    form("x.conflist").or_else(|| form("x.conf"))
}

/// Consul names a file of a folder, the others a path.
fn kubeconfig(plugin: &Node) -> Option<PathBuf> {
    let path = plugin.get("kubernetes").and_then(|kubernetes| kubernetes.get_text("kubeconfig"));
    let of_a_folder = || {
        let folder = plugin.get_text("cni_net_dir")?;
        Some(Path::new(folder).join(plugin.get_text("kubeconfig")?))
    };
    path.map(PathBuf::from).or_else(of_a_folder)
}

/// Whether the file is one of the folder at `path` and is not there.
fn is_gone(path: &Path, file: &Path) -> bool {
    let folder = file.parent().map(|folder| folder.strip_prefix("/").unwrap_or(folder));
    let is_here =
        folder.is_some_and(|folder| !folder.as_os_str().is_empty() && path.ends_with(folder));
    let Some(name) = file.file_name().filter(|_| is_here) else { return false };
    let found = path.join(name).symlink_metadata();
    found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_entries_name() {
        let named = |entry: &str| {
            let text = format!(r#"{{"name": "x", "plugins": [{{"type": "a"}}, {entry}]}}"#);
            named(&File::new(text, 0o644)).into_iter().map(|(_, path)| path).collect::<Vec<_>>()
        };
        let istio = r#"{"type": "istio-cni", "kubernetes": {"kubeconfig": "/etc/cni/net.d/z"}}"#;
        assert_eq!(named(istio), [Path::new("/etc/cni/net.d/z")]);
        let consul = r#"{"type": "consul-cni", "cni_net_dir": "/x", "kubeconfig": "z"}"#;
        assert_eq!(named(consul), [Path::new("/x/z")]);
        let calico = r#"{"type": "calico", "kubernetes": {"kubeconfig": "/etc/cni/net.d/z"}}"#;
        assert!(named(calico).is_empty());
    }

    #[test]
    fn only_files_of_the_folder_can_be_gone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/cni/net.d");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("there"), "").unwrap();
        for (file, wanted) in [
            ("/etc/cni/net.d/there", false),
            ("/etc/cni/net.d/gone", true),
            ("/var/run/istio-cni/gone", false),
            ("/gone", false),
            ("gone", false),
        ] {
            assert_eq!(is_gone(&folder, Path::new(file)), wanted, "{file}");
        }
    }
}
