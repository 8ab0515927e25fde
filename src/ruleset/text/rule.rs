//! One rule in the words of nft: loads and comparisons become matches, and what nft leaves
//! unsaid because the next match implies it is left unsaid here too.

use std::collections::BTreeMap;

use super::super::{CmpOp, Expr, ICMPX_ADMIN_PROHIBITED, MetaKey, Reg, RejectType, Rule, Verdict};
use super::value::{FieldKind, Loaded, big_endian, hex};

/// The rule on one line.
#[must_use]
pub fn rule_text(rule: &Rule) -> String {
    let mut writer = Writer::default();
    let mut rest = rule.exprs.as_slice();
    while let Some((expr, after)) = rest.split_first() {
        rest = writer.write(expr, after);
    }
    writer.flush();
    writer.words.join(" ")
}

#[derive(Default)]
struct Writer {
    words: Vec<String>,
    registers: BTreeMap<Reg, (Loaded, Option<Vec<u8>>)>,
    /// A family or protocol match that the next header match may make superfluous.
    family: Option<String>,
    protocol: Option<String>,
    protocol_number: Option<u8>,
    /// Registers filled since the last comparison: a lookup may take several of them.
    loads: Vec<Reg>,
}

impl Writer {
    /// Writes one expression and returns those that are left.
    fn write<'a>(&mut self, expr: &Expr, after: &'a [Expr]) -> &'a [Expr] {
        match expr {
            Expr::Meta { dreg, .. }
            | Expr::Payload { dreg, .. }
            | Expr::Ct { dreg, .. }
            | Expr::SocketTransparent { dreg }
            | Expr::SocketCgroup { dreg, .. }
            | Expr::Immediate { dreg, .. } => {
                let loaded = Loaded::from_expr(expr, self.protocol_number);
                self.registers.insert(*dreg, (loaded, None));
                self.loads.push(*dreg);
            }
            Expr::Bitwise { sreg, dreg, mask, .. } => self.mask(*sreg, *dreg, mask),
            Expr::Cmp { sreg, op, data } => return self.compare(*sreg, *op, data, after),
            Expr::Lookup { sreg, set, inverted } => {
                let not = if *inverted { "!= " } else { "" };
                self.say_lookup(*sreg, &format!("{not}@{set}"));
            }
            Expr::Verdict(verdict) => self.say(verdict_text(verdict)),
            Expr::Counter(count) => {
                self.say(format!("counter packets {} bytes {}", count.packets, count.bytes));
            }
            Expr::MetaSet { key, sreg } => self.set(&Loaded::Meta(*key), *sreg),
            Expr::CtSet { key, sreg } => self.set(&Loaded::Ct(*key), *sreg),
            Expr::Redirect { port_min, .. } => self.port_action("redirect", *port_min),
            Expr::Tproxy { port, .. } => self.port_action("tproxy", *port),
            Expr::Notrack => self.say("notrack".to_owned()),
            Expr::Reject { kind, code } => self.reject(*kind, *code),
            Expr::Other { name, attributes } => {
                self.say(format!("[{name} {}]", hex(attributes)));
            }
        }
        after
    }

    fn mask(&mut self, sreg: Reg, dreg: Reg, mask: &[u8]) {
        if let Some((loaded, _)) = self.registers.get(&sreg).cloned() {
            self.registers.insert(dreg, (loaded, Some(mask.to_vec())));
        }
    }

    fn compare<'a>(&mut self, sreg: Reg, op: CmpOp, data: &[u8], after: &'a [Expr]) -> &'a [Expr] {
        let Some((loaded, mask)) = self.registers.get(&sreg).cloned() else {
            self.say(format!("[cmp of empty register {}]", sreg.0));
            return after;
        };
        self.loads.clear();
        if let (CmpOp::Gte, Some((Expr::Cmp { op: CmpOp::Lte, data: last, .. }, rest))) =
            (op, after.split_first())
        {
            self.say_match(sreg, &loaded.range(data, last));
            return rest;
        }
        if op == CmpOp::Eq && self.is_dependency(&loaded, data) {
            return after;
        }
        let text = match mask {
            Some(mask) => masked_text(&loaded, &mask, op, data),
            None => format!("{}{}", op_text(op), loaded.value(data)),
        };
        self.say_match(sreg, &text);
        after
    }

    /// Whether this is a match of family or protocol that is said later, or by another match.
    fn is_dependency(&mut self, loaded: &Loaded, data: &[u8]) -> bool {
        let text = || format!("{} {}", loaded.words(), loaded.value(data));
        if matches!(loaded, Loaded::Meta(MetaKey::NfProto)) {
            self.family = Some(text());
            return true;
        }
        if matches!(loaded, Loaded::Meta(MetaKey::L4Proto)) {
            self.protocol = Some(text());
            self.protocol_number = data.first().copied();
            return true;
        }
        false
    }

    fn say_match(&mut self, sreg: Reg, right: &str) {
        let left = match self.registers.get(&sreg) {
            Some((loaded, _)) => loaded.words(),
            None => format!("[register {}]", sreg.0),
        };
        if left.starts_with("ip") || left.starts_with("icmpv6") {
            self.family = None;
        }
        if ["tcp", "udp", "sctp", "icmpv6"].iter().any(|header| left.starts_with(header)) {
            self.protocol = None;
        }
        self.say(format!("{left} {right}"));
    }

    /// A lookup of several fields one after the other is one of their concatenation.
    fn say_lookup(&mut self, sreg: Reg, right: &str) {
        let parts: Vec<String> = self
            .loads
            .iter()
            .skip_while(|reg| **reg != sreg)
            .filter_map(|reg| self.registers.get(reg))
            .map(|(loaded, _)| loaded.words())
            .collect();
        if let [_, _, ..] = parts.as_slice() {
            (self.family, self.protocol) = (None, None);
            return self.say(format!("{} {right}", parts.join(" . ")));
        }
        self.say_match(sreg, right);
    }

    fn constant(&self, reg: Reg) -> Option<&[u8]> {
        match self.registers.get(&reg) {
            Some((Loaded::Constant(data), _)) => Some(data),
            _ => None,
        }
    }

    fn set(&mut self, target: &Loaded, sreg: Reg) {
        let value = match self.registers.get(&sreg) {
            Some((Loaded::Constant(data), _)) => target.value(data),
            Some((loaded, _)) => loaded.words(),
            None => format!("[register {}]", sreg.0),
        };
        self.say(format!("{} set {value}", target.words()));
    }

    fn port_action(&mut self, action: &str, port: Option<Reg>) {
        let number = port.and_then(|reg| self.constant(reg)).map(big_endian);
        self.say(match number {
            Some(number) => format!("{action} to :{number}"),
            None => action.to_owned(),
        });
    }

    fn reject(&mut self, kind: RejectType, code: u8) {
        self.say(match (kind, code) {
            (RejectType::TcpReset, _) => "reject with tcp reset".to_owned(),
            (RejectType::Icmpx, ICMPX_ADMIN_PROHIBITED) => {
                "reject with icmpx admin-prohibited".to_owned()
            }
            (RejectType::Icmpx, _) => format!("reject with icmpx {code}"),
            (RejectType::Icmp, _) => format!("reject with icmp {code}"),
            (RejectType::Other(number), _) => format!("[reject type {number} code {code}]"),
        });
    }

    fn say(&mut self, text: String) {
        self.flush();
        self.loads.clear();
        self.words.push(text);
    }

    fn flush(&mut self) {
        self.words.extend(self.family.take());
        self.words.extend(self.protocol.take());
    }
}

/// A mask is a prefix of an address, or bits of which one must be set.
fn masked_text(loaded: &Loaded, mask: &[u8], op: CmpOp, data: &[u8]) -> String {
    let is_zero = data.iter().all(|byte| *byte == 0);
    if op == CmpOp::Neq && is_zero {
        return loaded.value(mask);
    }
    let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    if let Loaded::Field(words, _) = loaded
        && words.starts_with("ip")
    {
        return format!("{}{}/{bits}", op_text(op), loaded.value(data));
    }
    if matches!(loaded, Loaded::Field(_, FieldKind::TcpFlags)) {
        return format!("{}{} / {}", op_text(op), loaded.value(data), loaded.value(mask));
    }
    if matches!(loaded, Loaded::Meta(MetaKey::Mark)) && op == CmpOp::Eq {
        return format!("& {} == {}", loaded.value(mask), loaded.value(data));
    }
    format!("& {} {}{}", hex(mask), if op == CmpOp::Eq { "== " } else { op_text(op) }, hex(data))
}

fn op_text(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "",
        CmpOp::Neq => "!= ",
        CmpOp::Lt => "< ",
        CmpOp::Lte => "<= ",
        CmpOp::Gt => "> ",
        CmpOp::Gte => ">= ",
    }
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
        Verdict::Other(code) => format!("[verdict {code:#x}]"),
    }
}
