//! Takes the rules of known meshes away, and leaves the rest of their tables.

use crate::net::xtables::{self, Gone, Target, XtablesError};
use crate::nft::Batch;

use super::error::OthersError;
use super::finding::{Finding, Removal};
use super::look::Others;
use super::mesh::Mesh;
use super::place::Backend;
use super::table::redirect_port;

/// Adds the deletion of all that known meshes have in nf_tables: their own tables, their chains in
/// tables of others, and the rules that lead to them. In the batch that begins our capture, theirs
/// ends in the same moment. The batch should carry the generation of [`Others`].
pub fn deletions<'a>(batch: &mut Batch<'a>, others: &'a Others) {
    for (_, finding) in others.of_meshes() {
        if finding.place.backend == Backend::Legacy {
            continue;
        }
        let table = &finding.place.table;
        match &finding.removal {
            Removal::Never => {}
            Removal::Table => batch.delete_foreign_table(table),
            Removal::Chains { leading, .. } => {
                for rule in leading {
                    batch.delete_foreign_rule(table, &rule.chain, rule.handle);
                }
                // All are emptied before the first goes: they lead to each other.
                for chain in &finding.chains {
                    batch.flush_foreign(table, chain);
                }
                for chain in &finding.chains {
                    batch.delete_foreign_chain(table, chain);
                }
            }
        }
    }
}

/// Removes all that known meshes have in tables of iptables-legacy, each table in one step. To be
/// called when our own capture is there. Gives what the user should know.
///
/// # Errors
/// The kernel refused; tables that come before stay without the mesh's rules.
pub fn take_over_legacy(others: &Others) -> Result<Vec<String>, OthersError> {
    let mut notes = Vec::new();
    for (mesh, finding) in others.of_meshes() {
        let Some(version) = finding.place.legacy_version() else { continue };
        let table = &finding.place.table;
        let is_its = |name: &str| Mesh::of_chain(name) == Some(mesh);
        let is_dns = |target: &Target| match target {
            Target::Extension { name, info } => redirect_port(table.family, name, info)
                .is_some_and(|port| mesh.dns_port() == Some(port)),
            Target::Verdict | Target::Jump(_) => false,
        };
        match xtables::remove(version, &table.name, Gone { chains: &is_its, rules: &is_dns }) {
            Ok(_) => {}
            Err(error @ XtablesError::Counters { .. }) => notes.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(notes)
}

impl Others {
    /// What a take-over did, or is about to do: a sentence for each table, and one for what can't
    /// be told from rules of somebody else.
    #[must_use]
    pub fn take_over_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (mesh, finding) in self.of_meshes() {
            notes.push(format!("took over from {mesh} ({})", finding.place_and_chains()));
            notes.extend(stray(mesh, finding));
        }
        notes
    }
}

/// Meshes have rules without a chain of their own too, which nothing tells from a stranger's.
fn stray(mesh: Mesh, finding: &Finding) -> Option<String> {
    let Removal::Chains { beside: 1.., .. } = finding.removal else { return None };
    let (place, command) = (&finding.place, finding.place.command());
    Some(format!(
        "{place}: rules beside {mesh}'s chains stay, and some may be {mesh}'s: `{command}` shows \
         them"
    ))
}
