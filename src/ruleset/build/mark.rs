//! Marks of packets and connections, groups of sockets, and zones.

use super::super::{CmpOp, CtKey, Expr, MetaKey, Reg, Rule};
use super::RuleBuilder;

impl RuleBuilder {
    /// The packet has this mark.
    #[must_use]
    pub fn mark(self, mark: u32) -> Self {
        self.meta(MetaKey::Mark, CmpOp::Eq, mark.to_ne_bytes().to_vec())
    }

    /// The packet does not have this mark.
    #[must_use]
    pub fn mark_not(self, mark: u32) -> Self {
        self.meta(MetaKey::Mark, CmpOp::Neq, mark.to_ne_bytes().to_vec())
    }

    /// Those bits of the packet's mark that the mask has are these.
    #[must_use]
    pub fn mark_bits(self, value: u32, mask: u32) -> Self {
        if mask == u32::MAX {
            return self.mark(value);
        }
        self.push(Expr::Meta { key: MetaKey::Mark, dreg: Reg::ONE })
            .masked(mask.to_ne_bytes().to_vec())
            .cmp(CmpOp::Eq, value.to_ne_bytes().to_vec())
    }

    /// The socket is of this net_cls class (cgroup v1).
    #[must_use]
    pub fn classid(self, classid: u32) -> Self {
        self.meta(MetaKey::Cgroup, CmpOp::Eq, classid.to_ne_bytes().to_vec())
    }

    /// The socket was made in the cgroup v2 of this id, or below it.
    #[must_use]
    pub fn cgroup(self, level: u32, id: u64) -> Self {
        self.push(Expr::SocketCgroup { level, dreg: Reg::ONE })
            .cmp(CmpOp::Eq, id.to_ne_bytes().to_vec())
    }

    /// The packet is for a socket that takes its own addresses alone.
    #[must_use]
    pub fn not_transparent(self) -> Self {
        self.push(Expr::SocketTransparent { dreg: Reg::ONE }).cmp(CmpOp::Eq, vec![0])
    }

    /// The connection has this mark.
    #[must_use]
    pub fn ct_mark(self, mark: u32) -> Self {
        self.push(Expr::Ct { key: CtKey::Mark, dreg: Reg::ONE })
            .cmp(CmpOp::Eq, mark.to_ne_bytes().to_vec())
    }

    /// Gives the packet a mark.
    #[must_use]
    pub fn set_mark(self, mark: u32) -> Self {
        self.push(Expr::Immediate { dreg: Reg::ONE, data: mark.to_ne_bytes().to_vec() })
            .push(Expr::MetaSet { key: MetaKey::Mark, sreg: Reg::ONE })
    }

    /// Gives the connection the packet's mark.
    #[must_use]
    pub fn save_mark(self) -> Self {
        self.push(Expr::Meta { key: MetaKey::Mark, dreg: Reg::ONE })
            .push(Expr::CtSet { key: CtKey::Mark, sreg: Reg::ONE })
    }

    /// Gives the packet the connection's mark, and ends so.
    #[must_use]
    pub fn restore_mark(self) -> Rule {
        self.count()
            .push(Expr::Ct { key: CtKey::Mark, dreg: Reg::ONE })
            .push(Expr::MetaSet { key: MetaKey::Mark, sreg: Reg::ONE })
            .finish()
    }

    /// Has the kernel tell which rules the packet meets from here on, and ends so.
    #[must_use]
    pub fn trace(self) -> Rule {
        self.count()
            .push(Expr::Immediate { dreg: Reg::ONE, data: vec![1] })
            .push(Expr::MetaSet { key: MetaKey::NfTrace, sreg: Reg::ONE })
            .finish()
    }

    /// Has the packet's connection tracked in a zone of its own, and ends so.
    #[must_use]
    pub fn set_zone(self, zone: u16) -> Rule {
        self.count()
            .push(Expr::Immediate { dreg: Reg::ONE, data: zone.to_ne_bytes().to_vec() })
            .push(Expr::CtSet { key: CtKey::Zone, sreg: Reg::ONE })
            .finish()
    }
}
