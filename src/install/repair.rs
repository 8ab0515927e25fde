//! Mending what another installer broke: a list whose version its only plugin does not speak.

use super::choose::first;
use super::conf::{Form, Kind, kind_of, numbers, type_of};
use super::folder::{Node, file, stem};
use super::kept::{Kept, Why, all, kept_name};
use super::refusal::Refusal;
use super::step::Plan;
use super::versions::{listed, refusing};
use super::wanted::Answers;
use super::wrap::unwrapped;

/// The steps that make the list a file of its one plugin again, in the highest version that the
/// plugin speaks; none if the first file is not broken in this way.
///
/// # Errors
/// The list chains several plugins, or the name of the new file is taken.
pub fn repair(node: &Node, answers: &Answers) -> Result<Plan, Refusal> {
    let mut plan = finished(node);
    let Ok(choice) = first(&node.conf) else { return Ok(plan) };
    let target = choice.target;
    let (Form::List, Some((plugin, speaks))) = (target.conf.form, refusing(&target, answers))
    else {
        return Ok(plan);
    };
    let [name, version] = [target.name, target.conf.version()].map(str::to_owned);
    // What captures comes behind the plugin; without the list it has no place.
    let mut others = target.conf.plugins().iter().filter(|it| kind_of(it) != Some(Kind::Ours));
    let known = speaks.iter().filter(|it| numbers(it) <= [1, 1, 0]);
    let highest = known.max_by_key(|version| numbers(version));
    let (Some(only), None, Some(highest)) = (others.next(), others.next(), highest) else {
        let speaks = listed(&speaks);
        return Err(Refusal::BeyondRepair { name, plugin, version, speaks });
    };
    let new_name = format!("{}.conf", stem(&name));
    if node.conf.contains_key(&new_name) {
        return Err(Refusal::NotOurs { name: new_name });
    }
    let new = unwrapped(&target.file.bytes, &target.conf, only, highest);
    let broken = Kept {
        name: name.clone(),
        wrote: new_name.clone(),
        around: String::new(),
        file: target.file.clone(),
    };
    let kept = kept_name(&name, Why::Broken);
    plan.put(&node.conf, &kept, broken.to_file());
    plan.put(&node.conf, &new_name, target.file.with(new));
    plan.remove(&node.conf, &name);
    plan.remove(&node.conf, &kept_name(&name, Why::Original));
    plan.told.push(format!(
        "{name} becomes {new_name} with cniVersion {highest}: its plugin {} does not speak \
         {version}; the broken file is kept as {kept}",
        type_of(only).unwrap_or_default()
    ));
    Ok(plan)
}

/// What is left of a repair that ended early: the broken file, behind the one that stands for it.
fn finished(node: &Node) -> Plan {
    let mut plan = Plan::default();
    for broken in all(&node.conf, Why::Broken) {
        let is_same = file(&node.conf, &broken.name) == Some(&broken.file);
        if is_same && file(&node.conf, &broken.wrote).is_some() {
            plan.remove(&node.conf, &broken.name);
            plan.told.push(format!("{} goes: {} stands for it", broken.name, broken.wrote));
        }
    }
    plan
}
