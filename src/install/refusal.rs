//! Why nothing is changed: what a node has that a change would make worse.

/// A change that is refused. The node is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no network configuration that a runtime could use.
    #[error(
        "there is no network configuration yet{}; install the node's network plugin first, or \
         give --watch, which waits for it", listed(.passed)
    )]
    NoConfiguration {
        /// The files that can't be used, and why.
        passed: Vec<String>,
    },
    /// A runtime may use this file, and we can't read it.
    #[error(
        "{name} {why}, and it comes first or before what could be used: a runtime may take it, and \
         our entry would be in another one"
    )]
    Unknown {
        /// The file.
        name: String,
        /// What is in the way.
        why: String,
    },
    /// Its version knows no chains.
    #[error(
        "{name} has cniVersion {version}, and plugins are chained from 0.3.0 on; another version \
         would be forced on a plugin that may not speak it, and no pod would start. Use \
         --standalone, and name the network nftdivert in the pods' annotation"
    )]
    TooOld {
        /// The file.
        name: String,
        /// The version.
        version: String,
    },
    /// A meta-plugin comes first.
    #[error(
        "{name} is of the meta-plugin {plugin}, which calls others for each network and may write \
         its file anew: our entry has no place there. Use --standalone, and name the network nftdivert in the pods' annotation"
    )]
    Meta {
        /// The file.
        name: String,
        /// The plugin's type.
        plugin: String,
    },
    /// A meta-plugin names a file of one plugin.
    #[error(
        "{name} is of the meta-plugin {plugin}, whose default network (clusterNetwork) is \
         {delegate}, a file of one plugin: with ours behind it, it would become a list under \
         another name, which {plugin} does not find. Write it as a .conflist and name that, or use \
         --standalone"
    )]
    MetaOfOne {
        /// The file.
        name: String,
        /// The plugin's type.
        plugin: String,
        /// The file that it names.
        delegate: String,
    },
    /// Another mesh captures.
    #[error(
        "{name} has an entry of {plugin}: both would capture the same pods. Give --take-over to \
         put ours in its place; {}", mesh_advice(.plugin)
    )]
    Mesh {
        /// The file.
        name: String,
        /// The plugin's type.
        plugin: String,
    },
    /// A plugin does not speak the file's version.
    #[error(
        "{name} has cniVersion {version}, but its plugin {plugin} speaks {speaks} only{}", 
        forced(.name)
    )]
    VersionRefused {
        /// The file.
        name: String,
        /// The plugin's type.
        plugin: String,
        /// The file's version.
        version: String,
        /// What the plugin speaks.
        speaks: String,
    },
    /// A plugin that is to be wrapped needs the name of its network.
    #[error("{name} has no name, and a list of plugins needs one; add a \"name\" to the file")]
    NoName {
        /// The file.
        name: String,
    },
    /// Ours would not be used.
    #[error("a runtime would use {first} and not {name}; remove or rename one of them")]
    NotFirst {
        /// The file with our entry.
        name: String,
        /// The file that a runtime takes.
        first: String,
    },
    /// Our own file would be the node's default network.
    #[error(
        "a runtime would use {name} as the node's network, for no other file comes before it; \
         rename {others} so that its name sorts before it"
    )]
    StandaloneFirst {
        /// Our file.
        name: String,
        /// The others.
        others: String,
    },
    /// A file with a name that we need belongs to somebody else.
    #[error("{name} is there and is not ours; move it away")]
    NotOurs {
        /// The file.
        name: String,
    },
    /// It is broken in a way that can't be mended here.
    #[error(
        "{name} has cniVersion {version}, which {plugin} does not speak (it speaks {speaks}), and \
         it chains several plugins, so that it can't become the file of one again; write a \
         version that all of them speak"
    )]
    BeyondRepair {
        /// The file.
        name: String,
        /// The plugin's type.
        plugin: String,
        /// The file's version.
        version: String,
        /// What the plugin speaks.
        speaks: String,
    },
}

/// What to do with the DaemonSet that brought an entry of another mesh.
#[must_use]
pub(super) fn mesh_advice(plugin: &str) -> &'static str {
    match plugin {
        "istio-cni" => {
            "Istio's DaemonSet puts its entry back as long as it runs: switch its CNI component \
             off, or delete the DaemonSet istio-cni-node"
        }
        "linkerd-cni" => {
            "Linkerd's DaemonSet puts its entry back as long as it runs: uninstall the linkerd-cni \
             chart, or delete the DaemonSet linkerd-cni"
        }
        "kuma-cni" => {
            "Kuma's DaemonSet puts its entry back as long as it runs: install Kuma without \
             cni.enabled, or delete that DaemonSet"
        }
        "consul-cni" => {
            "Consul's DaemonSet puts its entry back as long as it runs: set connectInject.cni.enabled \
             to false, or delete that DaemonSet"
        }
        _ => "its installer puts it back as long as it runs: remove that first",
    }
}

/// Only lists are mended: that is what other installers make of a plugin's file.
fn forced(name: &str) -> &'static str {
    if name.ends_with(".conflist") {
        ": no pod can start with this file. If another installer forced the version, --repair \
         takes it back"
    } else {
        ": write a version into the file that it speaks"
    }
}

fn listed(passed: &[String]) -> String {
    if passed.is_empty() { String::new() } else { format!(" ({})", passed.join("; ")) }
}
