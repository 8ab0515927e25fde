//! The standalone way: a file of our own, which a meta-plugin finds by the name of its network.

use serde_json::json;

use super::chain::put_binary;
use super::choose::{STANDALONE, Target, all, first, is_standalone};
use super::entry::{Entry, Layout, written};
use super::folder::{BINARY, File, Node};
use super::refusal::Refusal;
use super::step::Plan;
use super::uninstall::unchain;
use super::wanted::Wanted;

/// The versions that the plugin speaks with a meta-plugin, and the one for all other cases.
const VERSIONS: [&str; 6] = ["0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
const USUAL: &str = "0.3.1";

/// The steps that put our binary and our own file onto the node, and our entries out of chains.
///
/// # Errors
/// Where a runtime would take our file as the node's network.
pub fn standalone(node: &Node, wanted: &Wanted) -> Result<Plan, Refusal> {
    let is_there = all(&node.conf).any(|it| is_standalone(&it));
    let choice = match first(&node.conf) {
        Ok(choice) => choice,
        // Alone in the folder it would be the node's network.
        Err(Refusal::NoConfiguration { .. }) if is_there => {
            let mut plan = Plan::default();
            plan.remove(&node.conf, STANDALONE);
            plan.told.push(format!("{STANDALONE} goes until the node has a network again"));
            return Ok(plan);
        }
        Err(refusal) => return Err(refusal),
    };
    if choice.target.name > STANDALONE {
        return Err(Refusal::StandaloneFirst {
            name: STANDALONE.to_owned(),
            others: choice.target.name.to_owned(),
        });
    }
    let mut plan = Plan { notes: choice.notes, ..Plan::default() };
    if node.conf.contains_key(STANDALONE) && !is_there {
        return Err(Refusal::NotOurs { name: STANDALONE.to_owned() });
    }
    put_binary(node, &mut plan);
    let before = plan.steps.len();
    let text = text(&choice.target, &wanted.entry);
    plan.network = Some(String::from_utf8_lossy(&text).into_owned());
    plan.put(&node.conf, STANDALONE, File::new(text, 0o644));
    if plan.steps.len() > before {
        plan.told.push(format!("{STANDALONE} comes: the network {BINARY} for meta-plugins"));
    }
    unchain(node, &mut plan);
    Ok(plan)
}

/// Our own file. It speaks what the node's first plugin speaks, for that is who calls us.
fn text(target: &Target<'_>, entry: &Entry) -> Vec<u8> {
    let theirs = target.conf.version();
    let version = VERSIONS.iter().find(|version| **version == theirs).unwrap_or(&USUAL);
    // A file without a version is of a plugin that may know 0.2.0 at most.
    let version = if theirs == "0.1.0" { "0.2.0" } else { version };
    let mut value = json!({ "cniVersion": version, "name": BINARY });
    if let (Some(members), Ok(entry)) = (value.as_object_mut(), serde_json::to_value(entry)) {
        members.extend(entry.as_object().cloned().unwrap_or_default());
    }
    let layout = Layout::Lines { end: "\n", base: String::new(), unit: "  ".to_owned() };
    let mut text = written(&value, &layout);
    text.push(b'\n');
    text
}

/// What makes a pod use the network: an object for the cluster, with this configuration in it, and
/// lines of an injector's template that append to what the pod's annotation says already.
#[must_use]
pub fn template(network: &str) -> String {
    let indented = network.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("{OBJECT}{indented}{ANNOTATION}")
}

const OBJECT: &str = "\
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: nftdivert, namespace: default}
spec:
  config: |
";

const ANNOTATION: &str = r#"---
# annotations of the injector's template (Go template with sprig); whatever is there already stays
{{- $given := trim (default "" (index .ObjectMeta.Annotations "k8s.v1.cni.cncf.io/networks")) }}
{{- $listed := trim (trimSuffix "]" (trimPrefix "[" $given)) }}
{{- if eq $listed "" }}
k8s.v1.cni.cncf.io/networks: default/nftdivert
{{- else if hasPrefix "[" $given }}
k8s.v1.cni.cncf.io/networks: {{ printf "[%s,{\"name\":\"nftdivert\",\"namespace\":\"default\"}]" $listed | quote }}
{{- else }}
k8s.v1.cni.cncf.io/networks: {{ printf "%s,default/nftdivert" $given | quote }}
{{- end }}
"#;
