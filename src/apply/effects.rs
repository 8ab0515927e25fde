//! Effects and their inverse: an address on `lo`, sysctls, a rule and a route.

use crate::net::sysctl::{
    FWMARK_ACCEPT, FWMARK_REFLECT_V4, FWMARK_REFLECT_V6, Sysctl, SysctlError, TCP_LOOSE,
};
use crate::net::{address, routing, sockets};
use crate::netlink::{Connection, NetlinkError};
use crate::plan::{Effect, KeepMarks};

use super::error::{ApplyError, EffectError};
use super::undo::Undo;

/// Makes effects in the namespace of the thread; opens a socket for addresses and routes when it needs
/// one.
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
            Effect::TcpLooseOff => Ok(differing(TCP_LOOSE, 0)?.map(Undo::TcpLoose)),
            Effect::KeepMarks(marks) => {
                let before = differing(sysctl(marks), 1)?;
                Ok(before.map(|value| Undo::KeepMarks(marks, value)))
            }
            Effect::MarkRoute(route) => {
                let is_there = routing::is_in_place(self.route()?, route)?;
                Ok((!is_there).then_some(Undo::MarkRoute(route)))
            }
        }
    }

    pub(super) fn make(&mut self, effect: Effect) -> Result<(), ApplyError> {
        let result = match effect {
            Effect::TcpLooseOff => {
                let write = TCP_LOOSE.write(0);
                return write.map_err(|source| ApplyError::LiveConnections { source });
            }
            Effect::LoopbackAddress(ip) => self
                .route()
                .and_then(|route| address::add_to_lo(route, ip))
                .map_err(EffectError::from),
            Effect::KeepMarks(marks) => sysctl(marks).write(1).map_err(EffectError::from),
            Effect::MarkRoute(wanted) => {
                let connected = self.route().map_err(EffectError::from);
                connected.and_then(|route| routing::add(route, wanted).map_err(EffectError::from))
            }
        };
        result.map_err(|source| ApplyError::Effect { effect, source })
    }

    pub(super) fn undo(&mut self, undo: Undo) -> Result<(), ApplyError> {
        let result = match undo {
            Undo::LoopbackAddress(ip) => self
                .route()
                .and_then(|route| address::remove_from_lo(route, ip))
                .map_err(EffectError::from),
            Undo::TcpLoose(value) => give_back(TCP_LOOSE, value).map_err(EffectError::from),
            Undo::KeepMarks(marks, value) => {
                give_back(sysctl(marks), value).map_err(EffectError::from)
            }
            Undo::MarkRoute(unwanted) => {
                let connected = self.route().map_err(EffectError::from);
                connected
                    .and_then(|route| routing::remove(route, unwanted).map_err(EffectError::from))
            }
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
            Effect::TcpLooseOff | Effect::KeepMarks(_) | Effect::MarkRoute(_) => Ok(true),
        }
    }

    /// How many connections would break if this were taken back now.
    pub(super) fn count_users(&self, undo: Undo) -> Result<usize, ApplyError> {
        match undo {
            Undo::LoopbackAddress(ip) => Ok(sockets::count_users(ip)?),
            Undo::MarkRoute(route) => Ok(sockets::count_marked(route.family, route.mark)?),
            Undo::TcpLoose(_) | Undo::KeepMarks(..) => Ok(0),
        }
    }

    fn route(&mut self) -> Result<&mut Connection, NetlinkError> {
        match &mut self.route {
            Some(open) => Ok(open),
            none => Ok(none.insert(address::connect()?)),
        }
    }
}

/// Whether the effect is there, in the namespace of the calling thread.
///
/// # Errors
/// The kernel does not say.
pub fn is_in_place(effect: Effect) -> Result<bool, ApplyError> {
    Ok(Hands::default().inverse(effect)?.is_none())
}

fn sysctl(marks: KeepMarks) -> Sysctl {
    match marks {
        KeepMarks::Accepted => FWMARK_ACCEPT,
        KeepMarks::ReflectedV4 => FWMARK_REFLECT_V4,
        KeepMarks::ReflectedV6 => FWMARK_REFLECT_V6,
    }
}

/// The value of a setting where it is not the wanted one.
fn differing(setting: Sysctl, wanted: u32) -> Result<Option<u32>, EffectError> {
    match setting.read()? {
        None => Err(EffectError::Absent { name: setting.to_string() }),
        Some(value) => Ok((value != wanted).then_some(value)),
    }
}

/// Writes nothing where the value is there already: it may be there because it can't be written.
fn give_back(setting: Sysctl, value: u32) -> Result<(), SysctlError> {
    if setting.read()? == Some(value) { Ok(()) } else { setting.write(value) }
}
