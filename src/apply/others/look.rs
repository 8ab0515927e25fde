//! Looks for rules of others in the namespace of the calling thread.

use crate::net::xtables::{self, IpVersion, XtablesError};
use crate::netlink::Connection;
use crate::nft::read_foreign;
use crate::plan::TABLE;

use super::error::OthersError;
use super::finding::{Finding, Severity};
use super::judge::judge;
use super::mesh::Mesh;
use super::table::Table;

/// The tables of iptables-legacy that can redirect, or keep NAT off.
const LEGACY: [&str; 3] = ["nat", "mangle", "raw"];

/// What others have in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    /// What was found; of one table there may be several.
    pub findings: Vec<Finding>,
    /// The generation of nf_tables that it was read from; none if there are no tables of others.
    pub generation: Option<u32>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// Looks at nf_tables and at the tables of iptables-legacy. Where nothing of either is there, it
/// takes one netlink request and the names of two lists. It loads no module and makes no table.
///
/// # Errors
/// The kernel refused, or others changed what was read at every try.
pub fn find(nft: &mut Connection) -> Result<Others, OthersError> {
    let mut others = Others::default();
    let mut tables = Vec::new();
    if let Some(foreign) = read_foreign(nft, TABLE)? {
        others.generation = Some(foreign.generation);
        tables.extend(foreign.tables.iter().map(Table::of_nft));
    }
    for version in [IpVersion::V4, IpVersion::V6] {
        match xtables::table_names(version) {
            Ok(names) => {
                for name in names.iter().filter(|name| LEGACY.contains(&name.as_str())) {
                    let table = xtables::read(version, name)?;
                    let chains = xtables::chains(&table)?;
                    tables.push(Table::of_legacy(&table, chains));
                }
            }
            // The list is root's alone: capabilities do not open it.
            Err(error @ XtablesError::Names { .. }) => others.unseen.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    others.findings = judge(&tables);
    Ok(others)
}

impl Others {
    /// Findings of known meshes: what a take-over removes.
    pub fn of_meshes(&self) -> impl Iterator<Item = (Mesh, &Finding)> {
        self.findings.iter().filter_map(|finding| Some((finding.mesh()?, finding)))
    }

    /// # Errors
    /// [`OthersError::Present`] if a known mesh captures already.
    pub fn refuse(&self) -> Result<(), OthersError> {
        let captures: Vec<(Mesh, &Finding)> =
            self.of_meshes().filter(|(_, f)| f.severity() == Severity::Refuse).collect();
        if captures.is_empty() {
            return Ok(());
        }
        let mut meshes: Vec<String> = captures.iter().map(|(mesh, _)| mesh.to_string()).collect();
        meshes.sort_unstable();
        meshes.dedup();
        let places: Vec<String> =
            captures.iter().map(|(_, finding)| finding.place_and_chains()).collect();
        Err(OthersError::Present { meshes: meshes.join(", "), places: places.join("; ") })
    }

    /// What the user should know where nothing is in the way.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let told = self.findings.iter().filter(|f| f.severity() == Severity::Note);
        // The two families are closed to the same users.
        let unseen = self.unseen.first().map(|error| {
            format!(
                "this user can't see whether another mesh captures by iptables-legacy here, which \
                 would redirect twice: {error}"
            )
        });
        told.map(ToString::to_string).chain(unseen).collect()
    }
}
