//! One rule and one packet: expression by expression, as `nft_do_chain` evaluates them.

use super::flow::{Flow, Tracking};
use super::load::{self, NotLoaded};
use super::packet::Protocol;
use super::registers::Registers;
use super::step::{Effect, Matched};
use crate::ruleset::{CmpOp, CtKey, Expr, Key, MetaKey, Reg, Rule, Ruleset, Set, Verdict};

/// Evaluates a rule: whether it matched, and what it did.
pub(super) fn evaluate(
    ruleset: &Ruleset,
    rule: &Rule,
    flow: &mut Flow<'_>,
    registers: &mut Registers,
) -> (Matched, Vec<Effect>) {
    let mut evaluation = Evaluation { ruleset, flow, registers, effects: Vec::new() };
    for expr in &rule.exprs {
        match evaluation.step(expr) {
            Ok(()) => {}
            Err(End::Decided) => break,
            Err(End::Differs) => return (Matched::No, evaluation.effects),
            Err(End::NotLoaded(NotLoaded::Lacks(what))) => {
                return (Matched::Lacks(what), evaluation.effects);
            }
            Err(End::NotLoaded(NotLoaded::Unknown(what))) => {
                evaluation.effects.push(Effect::Unknown(what));
                break;
            }
        }
    }
    (Matched::Yes, evaluation.effects)
}

/// Why a rule goes no further.
enum End {
    /// It has a verdict.
    Decided,
    /// A match does not hold.
    Differs,
    /// Something could not be loaded.
    NotLoaded(NotLoaded),
}

fn unknown<T>(what: impl Into<String>) -> Result<T, End> {
    Err(End::NotLoaded(NotLoaded::Unknown(what.into())))
}

fn holds(condition: bool) -> Result<(), End> {
    if condition { Ok(()) } else { Err(End::Differs) }
}

struct Evaluation<'r, 'f, 'p> {
    ruleset: &'r Ruleset,
    flow: &'f mut Flow<'p>,
    registers: &'f mut Registers,
    effects: Vec<Effect>,
}

impl Evaluation<'_, '_, '_> {
    fn step(&mut self, expr: &Expr) -> Result<(), End> {
        match expr {
            Expr::Meta { key, dreg } => self.put(*dreg, load::meta(self.flow, *key)),
            Expr::Payload { base, offset, len, dreg } => {
                self.put(*dreg, load::payload(self.flow, *base, *offset, *len))
            }
            Expr::Ct { key, dreg } => {
                let loaded = load::ct(self.flow, *key);
                self.put(*dreg, loaded)
            }
            Expr::SocketTransparent { dreg } => self.put(*dreg, load::transparent()),
            Expr::SocketCgroup { level, dreg } => self.put(*dreg, load::cgroup(self.flow, *level)),
            Expr::Immediate { dreg, data } => self.put(*dreg, Ok(data.clone())),
            Expr::Bitwise { sreg, dreg, mask, xor } => self.bitwise(*sreg, *dreg, mask, xor),
            Expr::Cmp { sreg, op, data } => {
                holds(compares(self.read(*sreg, data.len())?, *op, data))
            }
            Expr::Lookup { sreg, set, inverted } => self.look_up(*sreg, set, *inverted),
            Expr::Counter(_) => Ok(()),
            Expr::MetaSet { key, sreg } => self.set_meta(*key, *sreg),
            Expr::CtSet { key, sreg } => self.set_ct(*key, *sreg),
            Expr::Notrack => {
                self.notrack();
                Ok(())
            }
            Expr::Tproxy { port, .. } => self.tproxy(*port),
            Expr::Redirect { port_min, port_max, .. } => self.redirect(*port_min, *port_max),
            Expr::Reject { .. } => self.end(Effect::Reject),
            Expr::Verdict(verdict) => self.verdict(verdict),
            Expr::Other { name, .. } => unknown(format!("what {name} does")),
        }
    }

    fn end(&mut self, effect: Effect) -> Result<(), End> {
        self.effects.push(effect);
        Err(End::Decided)
    }

    fn verdict(&mut self, verdict: &Verdict) -> Result<(), End> {
        match verdict {
            Verdict::Accept => self.end(Effect::Accept),
            Verdict::Drop => self.end(Effect::Drop),
            Verdict::Return => self.end(Effect::Return),
            Verdict::Jump(chain) => self.end(Effect::Jump(chain.clone())),
            Verdict::Goto(chain) => self.end(Effect::Goto(chain.clone())),
            Verdict::Other(code) => unknown(format!("verdict {code:#x}")),
        }
    }

    // === Registers ===

    fn put(&mut self, dreg: Reg, loaded: Result<Vec<u8>, NotLoaded>) -> Result<(), End> {
        let data = loaded.map_err(End::NotLoaded)?;
        match self.registers.write(dreg, &data) {
            Some(()) => Ok(()),
            None => unknown(format!("register {}", dreg.0)),
        }
    }

    fn read(&self, sreg: Reg, len: usize) -> Result<&[u8], End> {
        match self.registers.read(sreg, len) {
            Some(data) => Ok(data),
            None => unknown(format!("register {}", sreg.0)),
        }
    }

    fn number(&self, sreg: Reg) -> Result<u32, End> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.read(sreg, 4)?);
        Ok(u32::from_ne_bytes(bytes))
    }

    fn short(&self, sreg: Reg) -> Result<[u8; 2], End> {
        let mut bytes = [0; 2];
        bytes.copy_from_slice(self.read(sreg, 2)?);
        Ok(bytes)
    }

    fn bitwise(&mut self, sreg: Reg, dreg: Reg, mask: &[u8], xor: &[u8]) -> Result<(), End> {
        let data = self.read(sreg, mask.len())?;
        let data = data.iter().zip(mask).zip(xor).map(|((byte, mask), xor)| (byte & mask) ^ xor);
        let data = data.collect();
        self.put(dreg, Ok(data))
    }

    fn look_up(&self, sreg: Reg, name: &str, inverted: bool) -> Result<(), End> {
        let Some(set) = self.ruleset.set(name) else {
            return unknown(format!("set {name}, which is not there"));
        };
        let len = usize::try_from(set.key.bytes()).unwrap_or(usize::MAX);
        holds(contains(set, self.read(sreg, len)?) != inverted)
    }

    // === What rules change ===

    fn set_meta(&mut self, key: MetaKey, sreg: Reg) -> Result<(), End> {
        // It changes what is told, and nothing of the packet's way.
        if key == MetaKey::NfTrace {
            return Ok(());
        }
        if key != MetaKey::Mark {
            return unknown(format!("what setting meta {key:?} does"));
        }
        self.flow.mark = self.number(sreg)?;
        self.effects.push(Effect::Mark(self.flow.mark));
        Ok(())
    }

    /// As `nft_ct_set_eval` and `nft_ct_set_zone_eval`: without a connection there is nothing to
    /// give a mark to, and one that is tracked already keeps its zone.
    fn set_ct(&mut self, key: CtKey, sreg: Reg) -> Result<(), End> {
        match key {
            CtKey::Mark => {
                let mark = self.number(sreg)?;
                if let Some(connection) = self.flow.connection() {
                    connection.mark = mark;
                    self.effects.push(Effect::ConnectionMark(mark));
                }
                Ok(())
            }
            CtKey::Zone => {
                let zone = u16::from_ne_bytes(self.short(sreg)?);
                if matches!(self.flow.tracking, Tracking::Ahead | Tracking::Untracked) {
                    self.flow.tracking = Tracking::Zoned(zone);
                    self.effects.push(Effect::Zone(zone));
                }
                Ok(())
            }
            CtKey::State | CtKey::Direction | CtKey::Status | CtKey::Other(_) => {
                unknown(format!("what setting ct {key:?} does"))
            }
        }
    }

    /// As `nft_notrack_eval`: what has a connection keeps it.
    fn notrack(&mut self) {
        if matches!(self.flow.tracking, Tracking::Ahead | Tracking::Invalid) {
            self.flow.tracking = Tracking::Untracked;
            self.effects.push(Effect::Untracked);
        }
    }

    /// As `nft_tproxy_eval`, with a socket that listens and takes what is handed over.
    fn tproxy(&mut self, port: Option<Reg>) -> Result<(), End> {
        let Some(ports) = self.flow.protocol.ports() else {
            return Err(End::NotLoaded(NotLoaded::Lacks("ports")));
        };
        let port = match port {
            Some(reg) => u16::from_be_bytes(self.short(reg)?),
            None => ports.destination,
        };
        self.effects.push(Effect::Tproxy(port));
        Ok(())
    }

    fn redirect(&mut self, min: Option<Reg>, max: Option<Reg>) -> Result<(), End> {
        let port = |reg: Option<Reg>| reg.map(|reg| self.short(reg).map(u16::from_be_bytes));
        let (min, max) = (port(min).transpose()?, port(max).transpose()?);
        let own = match self.flow.protocol {
            Protocol::Tcp { ports, .. } | Protocol::Udp { ports } => ports.destination,
            Protocol::Icmp { .. } | Protocol::Other(_) => 0,
        };
        match (min, max) {
            (Some(min), Some(max)) if min != max => {
                unknown(format!("which port from {min} to {max} it is redirected to"))
            }
            (port, _) => {
                let port = port.unwrap_or(own);
                self.flow.redirect(port);
                self.end(Effect::Redirect(port))
            }
        }
    }
}

/// Bytes are compared from the first on (`nft_cmp_eval`), whatever number they are.
fn compares(found: &[u8], op: CmpOp, data: &[u8]) -> bool {
    match op {
        CmpOp::Eq => found == data,
        CmpOp::Neq => found != data,
        CmpOp::Lt => found < data,
        CmpOp::Lte => found <= data,
        CmpOp::Gt => found > data,
        CmpOp::Gte => found >= data,
    }
}

fn contains(set: &Set, data: &[u8]) -> bool {
    let key = if set.key.is_host_order() && cfg!(target_endian = "little") {
        Key::from_bytes(data.iter().rev().copied())
    } else {
        Key::from_bytes(data.iter().copied())
    };
    set.elements.iter().any(|interval| interval.first <= key && key <= interval.last)
}
