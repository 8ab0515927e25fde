//! Chains, the hooks they hang on, and rules.

use super::{CtKey, Expr, Name};

/// What a base chain may do (`NFTA_CHAIN_TYPE`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainType {
    /// Sees every packet and decides.
    Filter,
    /// Sees the first packet of a connection and may rewrite it.
    Nat,
    /// Filters and routes anew.
    Route,
    /// A type that our rules do not use.
    Other(String),
}

/// Where a base chain hangs (`enum nf_inet_hooks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Before routing, what comes in.
    Prerouting,
    /// What is for this host.
    Input,
    /// What passes through.
    Forward,
    /// What this host sends.
    Output,
    /// After routing, what goes out.
    Postrouting,
    /// A hook that our rules do not use.
    Other(u32),
}

/// What becomes of a packet that no rule of the base chain decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It goes on.
    Accept,
    /// It ends.
    Drop,
}

/// The hook of a base chain; only what the kernel accepts can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseChain {
    kind: ChainType,
    hook: Hook,
    priority: i32,
    policy: Policy,
}

/// A combination of type, hook and priority that the kernel refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {kind:?} chain can't hang on {hook:?} at priority {priority}")]
pub struct IllegalBaseChain {
    kind: ChainType,
    hook: Hook,
    priority: i32,
}

/// `NF_IP_PRI_CONNTRACK`: nat chains must come later, or there is no connection to rewrite.
const CONNTRACK_PRIORITY: i32 = -200;

/// `NF_IP_PRI_RAW`, before connection tracking.
const RAW_PRIORITY: i32 = -300;

/// `NF_IP_PRI_MANGLE`, before destination NAT.
const MANGLE_PRIORITY: i32 = -150;

/// `NF_IP_PRI_NAT_DST`, where destination NAT belongs.
const NAT_DST_PRIORITY: i32 = -100;

impl BaseChain {
    /// Checks type, hook and priority as the kernel does
    /// (`nft_chain_nat.c`, `nft_chain_route.c`, `nf_tables_addchain`).
    ///
    /// # Errors
    /// A combination that the kernel would refuse.
    pub fn new(
        kind: ChainType,
        hook: Hook,
        priority: i32,
        policy: Policy,
    ) -> Result<Self, IllegalBaseChain> {
        let legal = match kind {
            ChainType::Filter | ChainType::Other(_) => true,
            ChainType::Nat => hook != Hook::Forward && priority > CONNTRACK_PRIORITY,
            ChainType::Route => hook == Hook::Output,
        };
        if legal {
            Ok(Self { kind, hook, priority, policy })
        } else {
            Err(IllegalBaseChain { kind, hook, priority })
        }
    }

    /// Destination NAT of what comes in.
    #[must_use]
    pub fn nat_prerouting() -> Self {
        Self::accepting(ChainType::Nat, Hook::Prerouting, NAT_DST_PRIORITY)
    }

    /// Destination NAT of what this host sends.
    #[must_use]
    pub fn nat_output() -> Self {
        Self::accepting(ChainType::Nat, Hook::Output, NAT_DST_PRIORITY)
    }

    /// What comes in, before connection tracking sees it.
    #[must_use]
    pub fn raw_prerouting() -> Self {
        Self::accepting(ChainType::Filter, Hook::Prerouting, RAW_PRIORITY)
    }

    /// What this host sends, before connection tracking sees it.
    #[must_use]
    pub fn raw_output() -> Self {
        Self::accepting(ChainType::Filter, Hook::Output, RAW_PRIORITY)
    }

    /// What comes in, before it is routed.
    #[must_use]
    pub fn mangle_prerouting() -> Self {
        Self::accepting(ChainType::Filter, Hook::Prerouting, MANGLE_PRIORITY)
    }

    /// What is for this host, before filters.
    #[must_use]
    pub fn mangle_input() -> Self {
        Self::accepting(ChainType::Filter, Hook::Input, MANGLE_PRIORITY)
    }

    /// What this host sends; routed anew if its mark changes.
    #[must_use]
    pub fn route_output() -> Self {
        Self::accepting(ChainType::Route, Hook::Output, MANGLE_PRIORITY)
    }

    /// A filter of what is for this host.
    #[must_use]
    pub fn filter_input() -> Self {
        Self::accepting(ChainType::Filter, Hook::Input, 0)
    }

    /// A filter of what this host sends.
    #[must_use]
    pub fn filter_output() -> Self {
        Self::accepting(ChainType::Filter, Hook::Output, 0)
    }

    /// A filter of what passes through.
    #[must_use]
    pub fn filter_forward() -> Self {
        Self::accepting(ChainType::Filter, Hook::Forward, 0)
    }

    fn accepting(kind: ChainType, hook: Hook, priority: i32) -> Self {
        Self { kind, hook, priority, policy: Policy::Accept }
    }

    /// The chain's type.
    #[must_use]
    pub fn kind(&self) -> &ChainType {
        &self.kind
    }

    /// The chain's hook.
    #[must_use]
    pub fn hook(&self) -> Hook {
        self.hook
    }

    /// The chain's priority: lower ones see the packet earlier.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// The chain's policy.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether `redirect` works here (`nft_redir_validate`).
    #[must_use]
    pub fn allows_redirect(&self) -> bool {
        self.kind == ChainType::Nat && matches!(self.hook, Hook::Prerouting | Hook::Output)
    }

    /// Whether `tproxy` works here (`nft_tproxy_validate`).
    #[must_use]
    pub fn allows_tproxy(&self) -> bool {
        self.hook == Hook::Prerouting
    }

    /// Whether `notrack` and `ct zone set` have an effect here: they must come before connection
    /// tracking does.
    #[must_use]
    pub fn precedes_tracking(&self) -> bool {
        matches!(self.hook, Hook::Prerouting | Hook::Output) && self.priority < CONNTRACK_PRIORITY
    }

    /// Whether `reject` works here (`nft_reject_validate`).
    #[must_use]
    pub fn allows_reject(&self) -> bool {
        matches!(self.hook, Hook::Input | Hook::Forward | Hook::Output | Hook::Prerouting)
    }
}

/// A chain with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: Name,
    /// Its hook; none for a chain that is only jumped to.
    pub base: Option<BaseChain>,
    /// Its comment (`NFTNL_UDATA_CHAIN_COMMENT`, Linux 5.10).
    pub comment: Option<String>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// A rule: all its matches must hold for its last expression to act.
#[derive(Debug, Clone, Eq)]
pub struct Rule {
    /// The expressions, in order.
    pub exprs: Vec<Expr>,
    /// The policy setting it comes from; empty for a rule that was read from the kernel.
    pub setting: &'static str,
}

impl Rule {
    /// Whether it rewrites the destination to a port of this host.
    #[must_use]
    pub fn redirects(&self) -> bool {
        matches!(self.exprs.last(), Some(Expr::Redirect { .. }))
    }

    /// Whether it hands packets to a local socket as they are.
    #[must_use]
    pub fn steers(&self) -> bool {
        self.exprs.iter().any(|expr| matches!(expr, Expr::Tproxy { .. }))
    }

    /// The connection mark that it gives packets back, in host byte order, if it does.
    #[must_use]
    pub fn restored_mark(&self) -> Option<u32> {
        let mut exprs = self.exprs.iter();
        exprs.find(|expr| matches!(expr, Expr::Ct { key: CtKey::Mark, .. }))?;
        let Some(Expr::Cmp { data, .. }) = exprs.next() else { return None };
        data.as_slice().try_into().ok().map(u32::from_ne_bytes)
    }
}

impl PartialEq for Rule {
    /// Where a rule comes from is not part of what it does.
    fn eq(&self, other: &Self) -> bool {
        self.exprs == other.exprs
    }
}
