//! Istio's words: the annotations of its pods, the flags and environment of its command.

pub mod command;
pub mod lists;
pub mod pod;
pub mod truth;
