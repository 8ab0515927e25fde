//! The chained way: our entry in the file that a runtime uses.

use super::choose::{STANDALONE, Target, all, first, is_standalone, to_chain};
use super::conf::{Conf, Form, Kind, Unread, kind_of, read, type_of};
use super::edit::{added, around, exchanged, stripped};
use super::folder::{File, Folder, Node, OurBinary, file, stem};
use super::kept::{Kept, Why, around_digest, kept_name};
use super::refusal::{Refusal, mesh_advice};
use super::step::{Plan, Step};
use super::uninstall::leave_others;
use super::versions;
use super::wanted::{Answers, Meshes, Wanted};
use super::wrap::wrapped;

/// The steps that put our binary and our entry onto the node; none if all is as it should be.
///
/// # Errors
/// Where a change would make the node worse, or ours would not be used.
pub fn chain(node: &Node, wanted: &Wanted, answers: &Answers) -> Result<Plan, Refusal> {
    let choice = to_chain(&node.conf)?;
    let mut plan = Plan { notes: choice.notes, ..Plan::default() };
    let target = source(&node.conf, choice.target);
    put_binary(node, &mut plan);
    let place = match target.conf.form {
        Form::List => in_list(&node.conf, &target, wanted, answers, &mut plan)?,
        Form::Single => in_new_list(&node.conf, &target, wanted, answers, &mut plan)?,
    };
    leave_others(node, &place, &mut plan);
    if all(&node.conf).any(|it| is_standalone(&it)) {
        plan.remove(&node.conf, STANDALONE);
        plan.told.push(format!("{STANDALONE} goes: the plugin is chained now"));
    }
    is_used(&node.after(&plan.steps), &place)?;
    Ok(plan)
}

/// Of a list that we made, the file that it was made of, if that is there: its owner has written it
/// anew, or a run of ours has ended before it was removed.
fn source<'f>(folder: &'f Folder, target: Target<'f>) -> Target<'f> {
    let kept = super::kept::all(folder, Why::Original);
    let made = kept.iter().find(|kept| kept.wrote == target.name && kept.name != target.name);
    made.and_then(|kept| all(folder).find(|it| it.name == kept.name)).unwrap_or(target)
}

/// The steps for our binary, and for what a killed run left beside it.
pub(super) fn put_binary(node: &Node, plan: &mut Plan) {
    let temps = node.bin.temps.iter();
    plan.steps.extend(temps.map(|name| Step::RemoveLeftover { name: name.clone() }));
    for name in node.conf.keys().filter(|name| name.starts_with(super::folder::TEMP)) {
        plan.remove(&node.conf, name);
    }
    match node.bin.ours {
        OurBinary::Current => return,
        OurBinary::Absent => plan.told.push("the plugin's binary comes".to_owned()),
        OurBinary::Other => plan.told.push("the plugin's binary is replaced".to_owned()),
    }
    plan.steps.push(Step::PutBinary);
}

/// Puts our entry into a list; gives the list's name.
fn in_list(
    folder: &Folder,
    target: &Target<'_>,
    wanted: &Wanted,
    answers: &Answers,
    plan: &mut Plan,
) -> Result<String, Refusal> {
    let name = target.name;
    let ours = target.conf.plugins().iter().filter(|it| kind_of(it) == Some(Kind::Ours));
    let (text, is_edited) = match (ours.count(), target.conf.find(Kind::Mesh)) {
        (1, None) => (target.file.bytes.clone(), true),
        (0, _) => (target.file.bytes.clone(), false),
        (_, _) => (stripped(&target.file.bytes, &target.conf).unwrap_or_default(), false),
    };
    let (new, told) = with_ours(name, &text, wanted)?;
    let Some(told) = told else { return Ok(name.to_owned()) };
    versions::check(target, answers, &mut plan.notes)?;
    if !target.conf.can_chain() {
        return Err(too_old(target));
    }
    if !is_edited {
        keep(folder, target, name, &text, &new, plan)?;
    }
    plan.put(folder, name, target.file.with(new));
    plan.told.push(told);
    Ok(name.to_owned())
}

/// The text with our entry, and what was done to it; nothing if all is as it should be.
fn with_ours(
    name: &str,
    text: &[u8],
    wanted: &Wanted,
) -> Result<(Vec<u8>, Option<String>), Refusal> {
    let parse = |text: &[u8]| {
        let lost = |unread: Unread| Refusal::Unknown { name: name.to_owned(), why: unread.why() };
        read(name, text).map_err(lost)
    };
    let conf = parse(text)?;
    let mesh = conf.find(Kind::Mesh);
    match (mesh, conf.find(Kind::Ours)) {
        (Some(mesh), _) => {
            let plugin = type_of(mesh).unwrap_or_default().to_owned();
            let refusal = Refusal::Mesh { name: name.to_owned(), plugin: plugin.clone() };
            let new = exchanged(text, mesh, &wanted.entry);
            let is_last = parse(&new)?.find(Kind::Mesh).is_none();
            if wanted.meshes == Meshes::Refuse || !is_last {
                return Err(refusal);
            }
            let advice = mesh_advice(&plugin);
            Ok((new, Some(format!("our entry takes the place of {plugin} in {name}; {advice}"))))
        }
        (None, Some(ours)) if wanted.entry.is_said_by(ours.text(text)) => Ok((text.to_vec(), None)),
        (None, Some(ours)) => {
            let told = format!("our entry in {name} becomes what it should be");
            Ok((exchanged(text, ours, &wanted.entry), Some(told)))
        }
        (None, None) => {
            let told = format!("our entry comes to the end of {name}");
            Ok((added(text, &conf, &wanted.entry), Some(told)))
        }
    }
}

/// Puts one plugin and ours into a new list, which takes the place of its file; gives its name.
fn in_new_list(
    folder: &Folder,
    target: &Target<'_>,
    wanted: &Wanted,
    answers: &Answers,
    plan: &mut Plan,
) -> Result<String, Refusal> {
    let name = target.name;
    if target.conf.find(Kind::Mesh).is_some() {
        let plugin = type_of(&target.conf.root).unwrap_or_default().to_owned();
        return Err(Refusal::Mesh { name: name.to_owned(), plugin });
    }
    versions::check(target, answers, &mut plan.notes)?;
    if !target.conf.can_chain() {
        return Err(too_old(target));
    }
    if target.conf.name().is_empty() {
        return Err(Refusal::NoName { name: name.to_owned() });
    }
    let list = list_name(folder, name);
    let text = &target.file.bytes;
    let new = wrapped(text, &target.conf, &wanted.entry);
    keep(folder, target, &list, text, &new, plan)?;
    plan.put(folder, &list, target.file.with(new));
    plan.remove(folder, name);
    plan.told.push(format!("{name} becomes {list}, a list of its plugin and ours"));
    Ok(list)
}

/// The name of the list that takes the place of a file: it sorts where the file does.
fn list_name(folder: &Folder, name: &str) -> String {
    let usual = format!("{}.conflist", stem(name));
    let ours = super::kept::all(folder, Why::Original);
    let is_ours = ours.iter().any(|kept| kept.name == name && kept.wrote == usual);
    if is_ours || !folder.contains_key(&usual) { usual } else { format!("{name}-{STANDS_FOR}") }
}

/// How the list is called where the usual name is taken.
const STANDS_FOR: &str = "nftdivert.conflist";

/// Keeps the original of a file. `text` is its text without our entry.
fn keep(
    folder: &Folder,
    target: &Target<'_>,
    wrote: &str,
    text: &[u8],
    new: &[u8],
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let around = read(wrote, new).ok().and_then(|conf: Conf| around(new, &conf));
    let file = File { bytes: text.to_vec(), ..target.file.clone() };
    if let Some(link) = &file.link {
        plan.notes.push(format!(
            "{} is a link to {}: a file takes its place, and what it leads to is left alone",
            target.name,
            link.display()
        ));
    }
    let kept = Kept {
        name: target.name.to_owned(),
        wrote: wrote.to_owned(),
        around: around.map(|around| around_digest(&around)).unwrap_or_default(),
        file,
    };
    let name = kept_name(target.name, Why::Original);
    let is_ours = super::kept::all(folder, Why::Original).iter().any(|it| it.name == kept.name);
    if folder.contains_key(&name) && !is_ours {
        return Err(Refusal::NotOurs { name });
    }
    plan.put(folder, &name, kept.to_file());
    Ok(())
}

fn too_old(target: &Target<'_>) -> Refusal {
    let says_several = target.conf.root.get("cniVersions").is_some();
    let passed = match (target.conf.form, says_several) {
        (Form::Single, true) => " (in a file of one plugin, runtimes pass cniVersions over)",
        (Form::Single, false) | (Form::List, _) => "",
    };
    let version = format!("{}{passed}", target.conf.version());
    Refusal::TooOld { name: target.name.to_owned(), version }
}

/// Whether a runtime will use our entry.
fn is_used(node: &Node, place: &str) -> Result<(), Refusal> {
    let used = first(&node.conf)?.target;
    // A meta-plugin may be in front, which calls the file with ours.
    let used = to_chain(&node.conf).map_or(used, |choice| choice.target);
    let has_ours = used.conf.find(Kind::Ours).is_some();
    if has_ours && file(&node.conf, used.name).is_some() {
        return Ok(());
    }
    Err(Refusal::NotFirst { name: place.to_owned(), first: used.name.to_owned() })
}
