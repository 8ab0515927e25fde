//! Whose connections are captured: owner groups, and ports of users.

use crate::policy::{IncludedGroups, Protocol};
use crate::ruleset::build::RuleBuilder;
use crate::ruleset::{MetaKey, Rule};
use crate::words::Gid;

use super::Build;
use super::few::PortsOf;

impl Build<'_> {
    /// Rules that let pass what belongs to a group that is not captured.
    pub(super) fn excluded_groups(&mut self) -> Vec<Rule> {
        let groups = &self.policy.outbound.owner_groups;
        let mut rules = match &groups.include {
            IncludedGroups::All => Vec::new(),
            IncludedGroups::Only(only) => {
                let setting = "outbound.ownerGroups.include";
                let ids = only.iter().copied().map(Gid::get);
                let ids = self.translated(setting, ids, &self.facts.ids.gids);
                vec![self.not_in_groups(setting, &ids).accept()]
            }
        };
        let setting = "outbound.ownerGroups.exclude";
        let ids = groups.exclude.iter().copied().map(Gid::get);
        let ids = self.translated(setting, ids, &self.facts.ids.gids);
        let names = (setting, "excluded_groups");
        rules.extend(self.id_rules(names, MetaKey::SkGid, &ids, RuleBuilder::accept));
        rules
    }

    fn not_in_groups(&mut self, setting: &'static str, ids: &[u32]) -> RuleBuilder {
        match ids {
            [] => self.rule(setting),
            [id] => self.rule(setting).id_not(MetaKey::SkGid, *id),
            ids => {
                let set = self.id_set("included_groups", MetaKey::SkGid, ids);
                self.rule(setting).meta_not_in(MetaKey::SkGid, &set)
            }
        }
    }

    /// Rules that let pass what some users send to some ports.
    pub(super) fn excluded_ports_by_uid(&mut self) -> Vec<Rule> {
        let setting = "outbound.excludePortsByUid";
        let mut rules = Vec::new();
        for entry in self.policy.outbound.exclude_ports_by_uid.entries() {
            let of = match entry.protocols.as_slice() {
                [Protocol::Tcp] => PortsOf::Tcp,
                [Protocol::Udp] => PortsOf::Udp,
                _ => PortsOf::Any,
            };
            let tail = match of {
                PortsOf::Any => "",
                PortsOf::Tcp => "_tcp",
                PortsOf::Udp => "_udp",
            };
            let name = format!("excluded_ports_uid_{}{tail}", entry.uid);
            let ids = [entry.uid.get()].into_iter();
            for id in self.translated(setting, ids, &self.facts.ids.uids) {
                let owned = move |rule: RuleBuilder| rule.id(MetaKey::SkUid, id);
                let names = (setting, name.clone().into());
                let end = RuleBuilder::accept;
                rules.extend(self.port_rules_after(names, &entry.ports, of, owned, end));
            }
        }
        rules
    }
}
