//! The table of settings, in the order of the YAML form.

mod inbound;
mod outbound;
mod proxy;
mod rest;

use super::settings::Setting;
use inbound::INBOUND;
use outbound::OUTBOUND;
use proxy::PROXY;
use rest::REST;

const COUNT: usize = PROXY.len() + INBOUND.len() + OUTBOUND.len() + REST.len();

/// Every setting of a policy: YAML, flags, help and documentation are made from this.
pub static SETTINGS: &[Setting] = &joined([PROXY, INBOUND, OUTBOUND, REST]);

const fn joined(parts: [&[Setting]; 4]) -> [Setting; COUNT] {
    let mut all = [PROXY[0]; COUNT];
    let (mut part, mut filled) = (0, 0);
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            all[filled] = parts[part][place];
            place += 1;
            filled += 1;
        }
        part += 1;
    }
    all
}
