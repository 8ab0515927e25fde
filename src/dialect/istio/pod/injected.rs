//! Whether a pod wants a sidecar.

use std::fmt;

use super::value::Pod;
use crate::dialect::istio::truth::truth;

/// The label and the annotation.
pub(super) const INJECT: &str = "sidecar.istio.io/inject";

/// Where a pod says whether it wants a sidecar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// By a label, which comes first.
    Label,
    /// By an annotation.
    Annotation,
}

impl fmt::Display for SaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SaidBy::Label => "label",
            SaidBy::Annotation => "annotation",
        })
    }
}

/// What the pod says, if it says that it wants none.
pub(super) fn refusal(pod: &Pod) -> Option<(&str, SaidBy)> {
    said(pod).filter(|(text, _)| truth(text) == Ok(false))
}

/// What the pod says, if it is no truth value, which Istio passes over.
pub(super) fn unreadable(pod: &Pod) -> Option<(&str, SaidBy)> {
    said(pod).filter(|(text, _)| !text.is_empty() && truth(text).is_err())
}

fn said(pod: &Pod) -> Option<(&str, SaidBy)> {
    let label = pod.labels.get(INJECT).map(|text| (text.as_str(), SaidBy::Label));
    label.or_else(|| pod.annotations.get(INJECT).map(|text| (text.as_str(), SaidBy::Annotation)))
}
