//! Errors that name the object, say what the kernel said, and what can be done.

use crate::netlink::{KernelError, NetlinkError, errno_text};
use crate::ruleset::Expr;

use super::Label;

/// What can go wrong with nf_tables.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// No exchange with the kernel came about.
    #[error("{source}{}", advice_suffix(request_advice(source)))]
    Netlink {
        /// What went wrong.
        #[from]
        source: NetlinkError,
    },
    /// Connections could not be listed.
    #[error(
        "can't list connections: {source}. It takes conntrack over netlink (CONFIG_NF_CT_NETLINK): \
         load it on the node with `modprobe nf_conntrack_netlink`"
    )]
    Conntrack {
        /// What went wrong.
        source: NetlinkError,
    },
    /// The kernel refused objects of a batch; nothing was changed.
    #[error("the kernel refused the transaction, nothing was changed:\n{}", lines(failures))]
    Refused {
        /// Each refused object, in the order of the batch.
        failures: Vec<Failure>,
    },
    /// Somebody else changed nf_tables between our reading and our writing; nothing was changed.
    #[error(
        "other programs kept changing nf_tables in this namespace between reading and writing; \
         nothing was changed. Find who writes (`nft monitor`), or try again"
    )]
    Stale,
    /// The answers to a batch were lost.
    #[error(
        "the answer to the transaction was lost{}; it may have been committed. \
         `nftdivert verify` tells",
        source.as_ref().map(|e| format!(" ({e})")).unwrap_or_default()
    )]
    Unknown {
        /// Why, if the kernel said.
        source: Option<NetlinkError>,
    },
}

/// One object that the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The object, in nft syntax.
    pub object: String,
    /// What the kernel said.
    pub error: KernelError,
    /// What can be done about it.
    pub advice: Option<String>,
    /// Whether this is a new table.
    pub is_table: bool,
    /// Whether this is a new table that was there already.
    pub is_table_taken: bool,
}

impl Failure {
    pub(super) fn new(label: Option<&Label<'_>>, error: KernelError) -> Self {
        let advice = label.and_then(|label| advice(label, error.errno));
        let object =
            label.map_or_else(|| "a message that was not sent".to_owned(), Label::to_string);
        let is_table = matches!(label, Some(Label::Table(_)));
        let is_table_taken = is_table && error.errno == EEXIST;
        Self { object, error, advice, is_table, is_table_taken }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "  {}\n    {}", self.object, errno_text(self.error.errno))?;
        if let Some(words) = &self.error.words {
            write!(f, ", the kernel says: {words}")?;
        }
        if let Some(offset) = self.error.offset {
            write!(f, ", at byte {offset} of the message")?;
        }
        f.write_str(&advice_suffix(self.advice.as_deref()))
    }
}

fn lines(failures: &[Failure]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn advice_suffix(advice: Option<&str>) -> String {
    advice.map(|advice| format!(". {advice}")).unwrap_or_default()
}

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ENOMEM: i32 = 12;
const EBUSY: i32 = 16;
const EEXIST: i32 = 17;
const EINVAL: i32 = 22;
const EMSGSIZE: i32 = 90;
const EPROTONOSUPPORT: i32 = 93;
const EOPNOTSUPP: i32 = 95;
const ENOBUFS: i32 = 105;

const NEEDS_NET_ADMIN: &str = "This needs CAP_NET_ADMIN in the user namespace that owns the \
     network namespace (in Kubernetes: securityContext.capabilities.add: [NET_ADMIN])";
const NEEDS_NF_TABLES: &str = "The kernel has no nf_tables (CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET): \
     load it on the node with `modprobe nf_tables`";

const NEEDS_SOCKET_CGROUP: &str = "Matching a cgroup v2 needs Linux 5.13 or newer with \
     CONFIG_SOCK_CGROUP_DATA; tell the proxy by uid, mark or net_cls class instead";

fn is_cgroup(expr: &Expr) -> bool {
    matches!(expr, Expr::SocketCgroup { .. })
}

/// What helps when a request that reads was refused.
fn request_advice(error: &NetlinkError) -> Option<&'static str> {
    match error.errno()? {
        EPERM => Some(NEEDS_NET_ADMIN),
        EPROTONOSUPPORT => {
            Some("The kernel has no netfilter netlink (CONFIG_NETFILTER_NETLINK): load nfnetlink")
        }
        EINVAL | EOPNOTSUPP => Some(NEEDS_NF_TABLES),
        EMSGSIZE => Some(
            "The transaction is larger than the send buffer may grow here: raise \
             net.core.wmem_max on the node, or run with CAP_NET_ADMIN in the initial user \
             namespace",
        ),
        ENOBUFS | ENOMEM => Some("The kernel is out of memory for this; try again"),
        _ => None,
    }
}

/// What helps when an object of a batch was refused.
fn advice(label: &Label<'_>, errno: i32) -> Option<String> {
    if label.exprs().iter().any(is_cgroup) && matches!(errno, EINVAL | EOPNOTSUPP) {
        return Some(NEEDS_SOCKET_CGROUP.to_owned());
    }
    if matches!(label, Label::Rule(..)) && matches!(errno, ENOENT | EOPNOTSUPP) {
        return missing_modules(label.exprs());
    }
    object_advice(label, errno).map(str::to_owned)
}

/// What helps, where it does not depend on what a rule is made of.
fn object_advice(label: &Label<'_>, errno: i32) -> Option<&'static str> {
    match (label, errno) {
        (Label::Batch, EPERM) => Some(NEEDS_NET_ADMIN),
        (Label::Batch, EINVAL | EOPNOTSUPP) | (Label::Table(_), EOPNOTSUPP) => {
            Some(NEEDS_NF_TABLES)
        }
        (_, EPERM) => Some("The table is owned by another process (`nft list tables` shows it)"),
        (Label::Table(_), EEXIST) => Some("Somebody else has just made it; try again"),
        (Label::Chain(chain), ENOENT) if chain.base.is_some() => Some(
            "The kernel has no nat chains (CONFIG_NFT_NAT): load them on the node with \
             `modprobe nft_chain_nat`",
        ),
        (_, EBUSY) => {
            Some("A rule that is not ours refers to it: look for it with `nft list ruleset`")
        }
        (_, ENOMEM | ENOBUFS) => Some("The kernel is out of memory for this; try again"),
        _ => None,
    }
}

/// The modules that a rule takes besides nf_tables itself, each with its expression.
fn missing_modules(exprs: &[Expr]) -> Option<String> {
    let modules: Vec<&str> = exprs.iter().filter_map(module).collect();
    let calls: Vec<String> = modules.iter().map(|name| format!("`modprobe {name}`")).collect();
    match calls.as_slice() {
        [] => None,
        [one] => Some(format!("The kernel lacks what this takes: load it on the node with {one}")),
        many => Some(format!(
            "The kernel lacks one or more of what this takes: load them on the node with {}",
            many.join(", ")
        )),
    }
}

/// nft_counter is a module before Linux 5.17, nft_ct and nft_socket where the kernel was built so.
fn module(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Redirect { .. } => Some("nft_redir"),
        Expr::Reject { .. } => Some("nft_reject_inet"),
        Expr::Ct { .. } | Expr::CtSet { .. } | Expr::Notrack => Some("nft_ct"),
        Expr::Counter(_) => Some("nft_counter"),
        Expr::Tproxy { .. } => Some("nft_tproxy"),
        Expr::SocketTransparent { .. } | Expr::SocketCgroup { .. } => Some("nft_socket"),
        Expr::Meta { .. }
        | Expr::MetaSet { .. }
        | Expr::Payload { .. }
        | Expr::Bitwise { .. }
        | Expr::Cmp { .. }
        | Expr::Lookup { .. }
        | Expr::Immediate { .. }
        | Expr::Verdict(_)
        | Expr::Other { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::build::{Counted, RuleBuilder};
    use crate::ruleset::{BaseChain, Chain};

    #[test]
    fn a_refused_rule_is_named_with_errno_words_and_advice() {
        let chain = Chain {
            name: "output".into(),
            base: Some(BaseChain::nat_output()),
            comment: None,
            rules: vec![RuleBuilder::new("x", Counted::No).l4proto(6).redirect(15001)],
        };
        let error = KernelError { errno: ENOENT, words: Some("no".into()), offset: Some(52) };
        let failure = Failure::new(Some(&Label::Rule(&chain, 0)), error);
        assert_eq!(
            failure.to_string(),
            "  rule 1 of chain output: meta l4proto tcp redirect to :15001\n    \
             ENOENT (No such file or directory), the kernel says: no, at byte 52 of the message. \
             The kernel lacks what this takes: load it on the node with `modprobe nft_redir`"
        );
    }

    #[test]
    fn a_missing_capability_and_a_missing_module_are_told_apart() {
        let refused = |errno| {
            let error = KernelError { errno, words: None, offset: None };
            Failure::new(Some(&Label::Batch), error).advice
        };
        assert_eq!(refused(EPERM).as_deref(), Some(NEEDS_NET_ADMIN));
        assert_eq!(refused(EOPNOTSUPP).as_deref(), Some(NEEDS_NF_TABLES));
    }

    #[test]
    fn a_rule_that_takes_two_modules_names_both() {
        let chain = Chain {
            name: "output".into(),
            base: Some(BaseChain::nat_output()),
            comment: None,
            rules: vec![RuleBuilder::new("x", Counted::Yes).l4proto(6).redirect(15001)],
        };
        let error = KernelError { errno: ENOENT, words: None, offset: None };
        let advice = Failure::new(Some(&Label::Rule(&chain, 0)), error).advice.unwrap();
        assert!(advice.contains("nft_counter") && advice.contains("nft_redir"), "{advice}");
    }

    #[test]
    fn a_kernel_that_knows_no_cgroups_of_sockets_is_told() {
        let chain = Chain {
            name: "output".into(),
            base: Some(BaseChain::nat_output()),
            comment: None,
            rules: vec![RuleBuilder::new("x", Counted::No).cgroup(1, 2).accept()],
        };
        let error = KernelError { errno: EOPNOTSUPP, words: None, offset: None };
        let advice = Failure::new(Some(&Label::Rule(&chain, 0)), error).advice.unwrap();
        assert!(advice.contains("5.13"), "{advice}");
    }
}
