//! Whether a file's plugins speak the version that it states.

use std::collections::BTreeSet;

use super::choose::{Target, first, to_chain};
use super::conf::{Kind, kind_of, type_of};
use super::folder::Folder;
use super::refusal::Refusal;
use super::wanted::{Answer, Answers};

/// The types of the plugins to ask before a change: those of the file that a runtime uses, and of
/// the one that our entry goes into.
#[must_use]
pub fn to_ask(folder: &Folder) -> BTreeSet<(String, String)> {
    let used = [first(folder).ok(), to_chain(folder).ok()];
    let mut types = BTreeSet::new();
    for target in used.into_iter().flatten().map(|choice| choice.target) {
        let others = target.conf.plugins().iter().filter(|it| kind_of(it) != Some(Kind::Ours));
        let version = target.conf.version();
        types.extend(others.filter_map(type_of).map(|it| (it.to_owned(), version.to_owned())));
    }
    types
}

/// A plugin that does not speak its file's version: its type, and what it speaks.
#[must_use]
pub(super) fn refusing(
    target: &Target<'_>,
    answers: &Answers,
) -> Option<(String, BTreeSet<String>)> {
    let version = target.conf.version();
    target.conf.plugins().iter().filter_map(type_of).find_map(|plugin| match answers.get(plugin) {
        Some(Answer::Speaks(versions)) if !versions.contains(version) => {
            Some((plugin.to_owned(), versions.clone()))
        }
        Some(Answer::Speaks(_) | Answer::Absent | Answer::Silent(_)) | None => None,
    })
}

/// What a set of versions is in a sentence.
#[must_use]
pub(super) fn listed(versions: &BTreeSet<String>) -> String {
    versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Refuses a file whose plugin does not speak its version. A plugin that does not answer hinders
/// nothing, for the version stays as it is; it is told.
pub(super) fn check(
    target: &Target<'_>,
    answers: &Answers,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let name = target.name.to_owned();
    let version = target.conf.version().to_owned();
    if let Some((plugin, speaks)) = refusing(target, answers) {
        return Err(Refusal::VersionRefused { name, plugin, version, speaks: listed(&speaks) });
    }
    for plugin in target.conf.plugins().iter().filter_map(type_of) {
        match answers.get(plugin) {
            Some(Answer::Absent) => notes.push(format!(
                "{name} names the plugin {plugin}, and there is no such binary: no pod starts \
                 until it comes"
            )),
            Some(Answer::Silent(why)) => notes.push(format!(
                "whether {plugin} speaks {version} is not known: {why}; {name} keeps its version"
            )),
            Some(Answer::Speaks(_)) | None => {}
        }
    }
    Ok(())
}
