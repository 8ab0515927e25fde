//! What must hold for any bytes: each file is one target of `fuzz/`, and `tests/corpus.rs` runs it
//! on the corpus.

pub(crate) mod answer;
pub(crate) mod assemble;
pub(crate) mod cni;
pub(crate) mod flags;
pub(crate) mod policy;
pub(crate) mod readback;
