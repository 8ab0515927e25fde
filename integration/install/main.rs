//! `nftdivert install` and `uninstall` as processes: what users meet, kills before system calls that
//! touch the node's folders, others who write at the same time, and `--watch`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod bed;
mod below;
mod deployed;
mod killed;
mod overtaken;
mod owners;
mod said;
mod template;
mod watched;
mod writers;
