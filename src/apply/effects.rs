//! Effects and their inverse: an address on `lo`, a sysctl.

use crate::net::sysctl::{SysctlError, TCP_LOOSE};
use crate::net::{address, sockets};
use crate::netlink::{Connection, NetlinkError};
use crate::plan::Effect;

use super::error::{ApplyError, EffectError};
use super::record::Undo;

/// Makes effects in the namespace of the thread; opens a socket for addresses when it needs one.
#[derive(Default)]
pub(super) struct Hands {
    route: Option<Connection>,
}

impl Hands {
    /// How the effect would be taken back; `None` if it is there already.
    pub(super) fn inverse(&mut self, effect: Effect) -> Result<Option<Undo>, ApplyError> {
        self.try_inverse(effect).map_err(|source| ApplyError::Effect { effect, source })
    }

    fn try_inverse(&mut self, effect: Effect) -> Result<Option<Undo>, EffectError> {
        match effect {
            Effect::LoopbackAddress(ip) => {
                let is_there = address::is_on_lo(self.route()?, ip)?;
                Ok((!is_there).then_some(Undo::LoopbackAddress(ip)))
            }
            Effect::TcpLooseOff => match TCP_LOOSE.read()? {
                None => Err(EffectError::Absent { name: TCP_LOOSE.to_string() }),
                Some(0) => Ok(None),
                Some(value) => Ok(Some(Undo::TcpLoose(value))),
            },
        }
    }

    pub(super) fn make(&mut self, effect: Effect) -> Result<(), ApplyError> {
        match effect {
            Effect::LoopbackAddress(ip) => self
                .route()
                .and_then(|route| address::add_to_lo(route, ip))
                .map_err(|source| ApplyError::Effect { effect, source: source.into() }),
            Effect::TcpLooseOff => {
                TCP_LOOSE.write(0).map_err(|source| ApplyError::LiveConnections { source })
            }
        }
    }

    pub(super) fn undo(&mut self, undo: Undo) -> Result<(), ApplyError> {
        let result = match undo {
            Undo::LoopbackAddress(ip) => self
                .route()
                .and_then(|route| address::remove_from_lo(route, ip))
                .map_err(EffectError::from),
            Undo::TcpLoose(value) => give_back(value).map_err(EffectError::from),
        };
        result.map_err(|source| ApplyError::Undo { undo, source })
    }

    /// Takes all of them back, the last first, and goes on past failures.
    pub(super) fn undo_all(&mut self, undo: &[Undo]) -> Vec<ApplyError> {
        undo.iter().rev().filter_map(|undo| self.undo(*undo).err()).collect()
    }

    /// Whether what was made works; waits for it, up to a second.
    pub(super) fn is_usable(&mut self, effect: Effect) -> Result<bool, ApplyError> {
        match effect {
            Effect::LoopbackAddress(ip) => Ok(address::wait_until_routed(self.route()?, ip)?),
            Effect::TcpLooseOff => Ok(true),
        }
    }

    /// How many connections would break if this were taken back now.
    pub(super) fn count_users(&self, undo: Undo) -> Result<usize, ApplyError> {
        match undo {
            Undo::LoopbackAddress(ip) => Ok(sockets::count_users(ip)?),
            Undo::TcpLoose(_) => Ok(0),
        }
    }

    fn route(&mut self) -> Result<&mut Connection, NetlinkError> {
        match &mut self.route {
            Some(open) => Ok(open),
            none => Ok(none.insert(address::connect()?)),
        }
    }
}

/// Writes nothing where the value is there already: it may be there because it can't be written.
fn give_back(value: u32) -> Result<(), SysctlError> {
    if TCP_LOOSE.read()? == Some(value) { Ok(()) } else { TCP_LOOSE.write(value) }
}
