//! The gate for rulesets that are to be written: what the kernel would refuse is refused here,
//! where the cause can be named.

use std::collections::BTreeSet;

use super::{Chain, CtKey, Expr, Name, Ruleset, Verdict};

/// Why a ruleset can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRuleset {
    /// Two objects of one kind share a name.
    #[error("two {kind}s are named {name}")]
    Duplicate {
        /// `set` or `chain`.
        kind: &'static str,
        /// The name.
        name: Name,
    },
    /// A rule refers to something that is not there.
    #[error("a rule of chain {chain} refers to the {kind} {name}, which is not there")]
    Dangling {
        /// The rule's chain.
        chain: Name,
        /// `set` or `chain`.
        kind: &'static str,
        /// The missing name.
        name: Name,
    },
    /// A base chain that can't hold the expression is among those that lead to it.
    #[error("chain {chain} leads to `{action}`, which its type or hook does not allow")]
    Misplaced {
        /// The base chain.
        chain: Name,
        /// `redirect`, `tproxy`, `notrack`, `ct zone set` or `reject`.
        action: &'static str,
    },
    /// A chain leads back to itself.
    #[error("chain {chain} leads back to itself")]
    Loop {
        /// The chain.
        chain: Name,
    },
}

impl Ruleset {
    /// The ruleset, if the kernel would take it: names are unique, references lead somewhere and
    /// never round in a circle, and what acts stands where it works.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validated(self) -> Result<Self, InvalidRuleset> {
        unique("set", self.sets.iter().map(|set| &set.name))?;
        unique("chain", self.chains.iter().map(|chain| &chain.name))?;
        for chain in &self.chains {
            self.check_references(chain)?;
        }
        for chain in self.chains.iter().filter(|chain| chain.base.is_some()) {
            self.check_actions(chain, chain, &mut Vec::new())?;
        }
        Ok(self)
    }

    fn check_references(&self, chain: &Chain) -> Result<(), InvalidRuleset> {
        let dangling = |kind, name: &Name| {
            Err(InvalidRuleset::Dangling { chain: chain.name.clone(), kind, name: name.clone() })
        };
        for expr in chain.rules.iter().flat_map(|rule| &rule.exprs) {
            if let Expr::Lookup { set, .. } = expr
                && self.set(set).is_none()
            {
                return dangling("set", set);
            }
            if let Some(target) = target(expr)
                && self.chain(target).is_none()
            {
                return dangling("chain", target);
            }
        }
        Ok(())
    }

    fn check_actions<'a>(
        &'a self,
        base: &Chain,
        chain: &'a Chain,
        path: &mut Vec<&'a Name>,
    ) -> Result<(), InvalidRuleset> {
        if path.contains(&&chain.name) {
            return Err(InvalidRuleset::Loop { chain: chain.name.clone() });
        }
        path.push(&chain.name);
        for expr in chain.rules.iter().flat_map(|rule| &rule.exprs) {
            check_action(base, expr)?;
            if let Some(next) = target(expr).and_then(|name| self.chain(name)) {
                self.check_actions(base, next, path)?;
            }
        }
        path.pop();
        Ok(())
    }
}

fn check_action(base: &Chain, expr: &Expr) -> Result<(), InvalidRuleset> {
    let Some(hook) = &base.base else { return Ok(()) };
    let misplaced = |action| Err(InvalidRuleset::Misplaced { chain: base.name.clone(), action });
    if matches!(expr, Expr::Redirect { .. }) && !hook.allows_redirect() {
        return misplaced("redirect");
    }
    if matches!(expr, Expr::Tproxy { .. }) && !hook.allows_tproxy() {
        return misplaced("tproxy");
    }
    if matches!(expr, Expr::Notrack) && !hook.precedes_tracking() {
        return misplaced("notrack");
    }
    if matches!(expr, Expr::CtSet { key: CtKey::Zone, .. }) && !hook.precedes_tracking() {
        return misplaced("ct zone set");
    }
    if matches!(expr, Expr::Reject { .. }) && !hook.allows_reject() {
        return misplaced("reject");
    }
    Ok(())
}

fn target(expr: &Expr) -> Option<&Name> {
    if let Expr::Verdict(Verdict::Jump(name) | Verdict::Goto(name)) = expr {
        return Some(name);
    }
    None
}

fn unique<'a>(
    kind: &'static str,
    names: impl Iterator<Item = &'a Name>,
) -> Result<(), InvalidRuleset> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(InvalidRuleset::Duplicate { kind, name: name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::build::{Counted, RuleBuilder};
    use super::super::{BaseChain, RejectType, Rule};
    use super::*;

    fn ruleset(chains: Vec<Chain>) -> Ruleset {
        Ruleset { table: "t".into(), comment: None, flags: 0, sets: vec![], chains }
    }

    fn chain(name: &'static str, base: Option<BaseChain>, rules: Vec<Rule>) -> Chain {
        Chain { name: name.into(), base, comment: None, rules }
    }

    fn rule() -> RuleBuilder {
        RuleBuilder::new("test", Counted::No)
    }

    #[test]
    fn a_redirect_is_refused_where_no_nat_hook_leads_to_it() {
        let go = rule().verdict(Verdict::Jump("sub".into()));
        let sub = chain("sub", None, vec![rule().redirect(1)]);
        let nat = chain("a", Some(BaseChain::nat_output()), vec![go.clone()]);
        let filter = chain("a", Some(BaseChain::filter_output()), vec![go]);
        assert!(ruleset(vec![nat, sub.clone()]).validated().is_ok());
        assert_eq!(
            ruleset(vec![filter, sub]).validated(),
            Err(InvalidRuleset::Misplaced { chain: "a".into(), action: "redirect" })
        );
    }

    #[test]
    fn dangling_references_circles_and_twins_are_refused() {
        let to_b = rule().verdict(Verdict::Goto("b".into()));
        let lone = chain("a", Some(BaseChain::nat_output()), vec![to_b]);
        assert!(matches!(
            ruleset(vec![lone.clone()]).validated(),
            Err(InvalidRuleset::Dangling { kind: "chain", .. })
        ));
        let back = chain("b", None, vec![rule().verdict(Verdict::Jump("b".into()))]);
        assert!(matches!(
            ruleset(vec![lone.clone(), back]).validated(),
            Err(InvalidRuleset::Loop { .. })
        ));
        assert!(matches!(
            ruleset(vec![lone.clone(), lone]).validated(),
            Err(InvalidRuleset::Duplicate { kind: "chain", .. })
        ));
        let lookup = chain("a", None, vec![rule().dport_in(&"ports".into()).accept()]);
        assert!(matches!(
            ruleset(vec![lookup]).validated(),
            Err(InvalidRuleset::Dangling { kind: "set", .. })
        ));
        let reset = rule().reject(RejectType::TcpReset, 0);
        let late = chain("a", Some(postrouting()), vec![reset]);
        assert!(matches!(
            ruleset(vec![late]).validated(),
            Err(InvalidRuleset::Misplaced { action: "reject", .. })
        ));
    }

    fn postrouting() -> BaseChain {
        use super::super::{ChainType, Hook, Policy};
        BaseChain::new(ChainType::Filter, Hook::Postrouting, 0, Policy::Accept).unwrap()
    }
}
