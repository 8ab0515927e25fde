//! The table of settings, in the order of the YAML form.

mod inbound;
mod outbound;
mod proxy;
mod rest;

use super::settings::Setting;
use crate::words::joined;
use inbound::INBOUND;
use outbound::OUTBOUND;
use proxy::PROXY;
use rest::REST;

const COUNT: usize = PROXY.len() + INBOUND.len() + OUTBOUND.len() + REST.len();

/// Every setting of a policy: YAML, flags, help and documentation are made from this.
pub static SETTINGS: &[Setting] = &joined::<_, 4, COUNT>([PROXY, INBOUND, OUTBOUND, REST]);
