//! CHECK: looks whether a pod's capture holds.

use crate::verify::verify;

use super::decide::{Decision, decide};
use super::error::CniError;
use super::place;
use super::reply::Reply;
use super::request::Attachment;

pub(super) fn run(check: &Attachment) -> Result<Reply, CniError> {
    let target = place::enter(&check.netns, check.own)?;
    let policy = match decide(check)? {
        Decision::LeaveAlone { reason } => {
            tracing::debug!(reason, "pod left alone");
            return Ok(Reply::Nothing);
        }
        Decision::Capture { policy, .. } => policy,
    };
    let verified = verify(&target, &policy).map_err(|source| CniError::Apply { source })?;
    if verified.differences.is_empty() {
        tracing::debug!("capture holds");
        return Ok(Reply::Nothing);
    }
    Err(CniError::Differs(verified.differences))
}
