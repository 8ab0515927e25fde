//! Istio's command `istio-iptables`: its flags, its variables, and what they ask for.

mod accounts;
mod flag;
mod identity;
mod orders;
mod read;
mod reader;
mod settings;
mod table;
mod words;

pub use accounts::Accounts;
pub use flag::{Becomes, Flag};
pub use orders::{Invocation, Others, Validation, Work};
pub use reader::Variables;
pub use table::FLAGS;
pub use words::Words;
