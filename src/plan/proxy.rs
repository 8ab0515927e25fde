//! The proxy's sockets, by whatever they are known.

use crate::policy::Match;
use crate::ruleset::build::RuleBuilder;
use crate::ruleset::{MetaKey, Rule};
use crate::words::{Gid, IdMap, Uid};

use super::{Build, CgroupMatch, PlanError};

impl Build<'_> {
    /// Rules that do `end` with packets of the proxy's sockets.
    pub(super) fn proxy_rules(&mut self, end: impl Fn(RuleBuilder) -> Rule) -> Vec<Rule> {
        match self.policy.proxy.identity.matching() {
            Match::Any => self.any_mark(&end),
            Match::All => vec![self.all_marks(end)],
        }
    }

    fn any_mark(&mut self, end: &impl Fn(RuleBuilder) -> Rule) -> Vec<Rule> {
        let marks = self.policy.proxy.identity.marks();
        let (uids, gids, found) = (self.uids(), self.gids(), self.cgroup());
        let mut rules = self.id_rules(("proxy.uids", "proxy_uids"), MetaKey::SkUid, &uids, end);
        rules.extend(self.id_rules(("proxy.gids", "proxy_gids"), MetaKey::SkGid, &gids, end));
        rules.extend(
            marks
                .mark
                .map(|mark| end(self.rule("proxy.mark").mark_bits(mark.value(), mark.mask()))),
        );
        let classid = |classid: crate::words::Classid| {
            end(self.rule("proxy.netClsClassid").classid(classid.get()))
        };
        rules.extend(marks.classid.map(classid));
        let cgroup =
            |cgroup: CgroupMatch| end(self.rule("proxy.cgroup").cgroup(cgroup.level, cgroup.id));
        rules.extend(found.map(cgroup));
        rules
    }

    /// One rule: a socket must have every kind of mark that the policy names.
    fn all_marks(&mut self, end: impl Fn(RuleBuilder) -> Rule) -> Rule {
        let marks = self.policy.proxy.identity.marks();
        let (uids, gids, cgroup) = (self.uids(), self.gids(), self.cgroup());
        let mut rule = self.rule("proxy.match");
        rule = self.one_of(rule, "proxy_uids", MetaKey::SkUid, &uids);
        rule = self.one_of(rule, "proxy_gids", MetaKey::SkGid, &gids);
        if let Some(mark) = marks.mark {
            rule = rule.mark_bits(mark.value(), mark.mask());
        }
        if let Some(classid) = marks.classid {
            rule = rule.classid(classid.get());
        }
        if let Some(cgroup) = cgroup {
            rule = rule.cgroup(cgroup.level, cgroup.id);
        }
        end(rule)
    }

    fn one_of(
        &mut self,
        rule: RuleBuilder,
        name: &'static str,
        key: MetaKey,
        ids: &[u32],
    ) -> RuleBuilder {
        match ids {
            [] => rule,
            [id] => rule.id(key, *id),
            ids => {
                let set = self.id_set(name, key, ids);
                rule.meta_in(key, &set)
            }
        }
    }

    fn uids(&mut self) -> Vec<u32> {
        let ids = self.policy.proxy.identity.marks().uids.iter().copied().map(Uid::get);
        self.translated("proxy.uids", ids, &self.facts.ids.uids)
    }

    fn gids(&mut self) -> Vec<u32> {
        let ids = self.policy.proxy.identity.marks().gids.iter().copied().map(Gid::get);
        self.translated("proxy.gids", ids, &self.facts.ids.gids)
    }

    /// The pod's ids as rules count them; the first that has none is noted as the plan's error.
    pub(super) fn translated(
        &mut self,
        setting: &'static str,
        ids: impl Iterator<Item = u32>,
        map: &IdMap,
    ) -> Vec<u32> {
        let mut translated = Vec::new();
        for id in ids {
            match map.outside(id) {
                Some(outside) => translated.push(outside),
                None => {
                    let map = map.to_string();
                    self.error.get_or_insert(PlanError::UnmappedId { setting, id, map });
                }
            }
        }
        translated
    }

    fn cgroup(&mut self) -> Option<CgroupMatch> {
        let path = self.policy.proxy.identity.marks().cgroup.as_ref()?;
        if self.facts.cgroup.is_none() {
            self.error.get_or_insert(PlanError::CgroupUnknown(path.clone()));
        }
        self.facts.cgroup
    }
}
