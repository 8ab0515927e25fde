//! Why the rules of others could not be found or removed, or stand in the way.

use crate::net::xtables::XtablesError;
use crate::nft::NftError;

/// A failure.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum OthersError {
    /// A mesh captures already.
    #[error(
        "capture rules of {meshes} are here already ({places}): connections would be redirected \
         twice. Remove them with the tool that made them, or let nftdivert take over with \
         --take-over (of istio-iptables: --reconcile)"
    )]
    Present {
        /// Whose, `Istio, Linkerd`.
        meshes: String,
        /// Where: backends, tables and chains.
        places: String,
    },
    /// nf_tables could not be read.
    #[error(transparent)]
    Nft(#[from] NftError),
    /// Tables of iptables-legacy could not be read or changed.
    #[error(transparent)]
    Xtables(#[from] XtablesError),
}
