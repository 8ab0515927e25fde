//! The way back: our entries out, originals back, and the binary last.

use std::collections::BTreeSet;

use super::choose::{STANDALONE, Target, all, is_standalone};
use super::conf::{Form, Kind, type_of};
use super::credentials::{conf_of, named};
use super::edit::{around, stripped};
use super::folder::{File, Folder, Node, OurBinary, TEMP, file};
use super::kept::{self, Kept, Why, around_digest, kept_name};
use super::step::{Plan, Step};

/// What becomes of our binary when the configuration is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryFate {
    /// It goes.
    Remove,
    /// It stays, for runtimes that call it for pods from before.
    Stay,
}

/// The steps that take everything of ours from the node; none if there is nothing.
#[must_use]
pub fn uninstall(node: &Node, binary: BinaryFate) -> Plan {
    let mut plan = Plan::default();
    unchain(node, &mut plan);
    if all(&node.conf).any(|it| is_standalone(&it)) {
        plan.remove(&node.conf, STANDALONE);
        plan.told.push(format!("{STANDALONE} goes"));
    }
    for broken in kept::all(&node.conf, Why::Broken) {
        plan.remove(&node.conf, &kept_name(&broken.name, Why::Broken));
    }
    for name in node.conf.keys().filter(|name| name.starts_with(TEMP)) {
        plan.remove(&node.conf, name);
    }
    let temps = node.bin.temps.iter();
    plan.steps.extend(temps.map(|name| Step::RemoveLeftover { name: name.clone() }));
    remove_binary(node, binary, &mut plan);
    plan
}

fn remove_binary(node: &Node, fate: BinaryFate, plan: &mut Plan) {
    if node.bin.ours == OurBinary::Absent {
        return;
    }
    let rest = node.after(&plan.steps);
    let named: Vec<&str> =
        all(&rest.conf).filter(|it| it.conf.names_ours()).map(|it| it.name).collect();
    match (fate, named.as_slice()) {
        (BinaryFate::Remove, []) => {
            plan.steps.push(Step::RemoveBinary);
            plan.told.push("the plugin's binary goes".to_owned());
        }
        (BinaryFate::Remove, named) => plan.notes.push(format!(
            "the plugin's binary stays, for {} still names it, which is not ours to change; \
             uninstall again when its owner has written it anew",
            named.join(", ")
        )),
        (BinaryFate::Stay, _) => plan.notes.push("the plugin's binary stays".to_owned()),
    }
}

/// The steps that take our entries out of chains and put the originals back.
pub(super) fn unchain(node: &Node, plan: &mut Plan) {
    let kept = kept::all(&node.conf, Why::Original);
    for kept in &kept {
        if let Some(target) = with_ours(&node.conf, &kept.wrote) {
            put_back(node, &target, kept, plan);
        }
        plan.remove(&node.conf, &kept_name(&kept.name, Why::Original));
    }
    strip_lists(node, |name| kept.iter().any(|kept| kept.wrote == name), plan);
}

/// The same for all chains but the one in `place`: a runtime uses that, and the others are not the
/// node's, or not any more.
pub(super) fn leave_others(node: &Node, place: &str, plan: &mut Plan) {
    let mut kept = kept::all(&node.conf, Why::Original);
    kept.retain(|kept| kept.wrote != place);
    for kept in &kept {
        let target = with_ours(&node.conf, &kept.wrote);
        if let Some(target) = &target {
            put_back(node, target, kept, plan);
        }
        // One whose file can't be read now, or is away, may be wanted yet.
        if target.is_some() || file(&node.conf, &kept.name) == Some(&kept.file) {
            plan.remove(&node.conf, &kept_name(&kept.name, Why::Original));
        }
    }
    strip_lists(node, |name| name == place || kept.iter().any(|kept| kept.wrote == name), plan);
}

/// Takes our entries out of lists, but of those that `is_done` knows.
fn strip_lists(node: &Node, is_done: impl Fn(&str) -> bool, plan: &mut Plan) {
    for target in all(&node.conf).filter(|it| it.conf.form == Form::List && !is_done(it.name)) {
        if target.conf.find(Kind::Ours).is_some() {
            strip(&node.conf, &target, plan);
        }
    }
}

fn with_ours<'f>(folder: &'f Folder, name: &str) -> Option<Target<'f>> {
    all(folder).find(|it| it.name == name && it.conf.find(Kind::Ours).is_some())
}

fn put_back(node: &Node, target: &Target<'_>, kept: &Kept, plan: &mut Plan) {
    let found = around(&target.file.bytes, &target.conf);
    let is_ours = found.is_some_and(|found| around_digest(&found) == kept.around);
    let is_wrapped = kept.wrote != kept.name;
    if !is_ours {
        plan.notes.push(format!(
            "somebody changed {} since: only our entry leaves, the rest stays as they wrote it",
            target.name
        ));
        return strip(&node.conf, target, plan);
    }
    if let Some(why) = lost(node, target, &kept.file) {
        plan.notes
            .push(format!("the original of {} is not put back, for it needs {why}", kept.name));
        return strip(&node.conf, target, plan);
    }
    if !is_wrapped {
        plan.put(&node.conf, &kept.name, kept.file.clone());
        plan.told.push(format!("{} is as it was before", kept.name));
        return;
    }
    if node.conf.contains_key(&kept.name) {
        plan.told.push(format!("{} goes, for its owner has written {}", kept.wrote, kept.name));
    } else {
        plan.put(&node.conf, &kept.name, kept.file.clone());
        plan.told.push(format!("{} becomes {} again, as it was", kept.wrote, kept.name));
    }
    plan.remove(&node.conf, &kept.wrote);
}

/// What the original needs, besides what is used now, and what is gone.
fn lost(node: &Node, target: &Target<'_>, original: &File) -> Option<String> {
    let conf = conf_of(original)?;
    let used: BTreeSet<&str> = target.conf.plugins().iter().filter_map(type_of).collect();
    let mut needed = conf.plugins().iter().filter_map(type_of);
    let lost = needed.find(|it| !used.contains(it) && !node.bin.plugins.contains(*it));
    if let Some(plugin) = lost {
        return Some(format!("the plugin {plugin}, whose binary is gone"));
    }
    let (plugin, path) = named(original).into_iter().find(|(_, path)| node.gone.contains(path))?;
    Some(format!("{}, which {plugin} names and which is gone", path.display()))
}

fn strip(folder: &Folder, target: &Target<'_>, plan: &mut Plan) {
    match stripped(&target.file.bytes, &target.conf) {
        Some(text) => {
            plan.put(folder, target.name, target.file.with(text));
            plan.told.push(format!("our entry leaves {}", target.name));
        }
        None => {
            plan.remove(folder, target.name);
            plan.told.push(format!("{} goes, for it has no other plugin", target.name));
        }
    }
}
