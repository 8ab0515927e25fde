//! Who made the rules of a table, and what they do. Pure: tables in, findings out.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Leading, Removal, What, Who};
use super::mesh::Mesh;
use super::place::Backend;
use super::table::{Chain, Effect, Rule, Table};

/// `NF_INET_PRE_ROUTING` and `NF_INET_LOCAL_OUT`: where connections are redirected.
const REDIRECTING: [u32; 2] = [0, 3];
/// Docker's redirects to its own name server lead nowhere else: nobody has to know.
const DOCKER: &str = "DOCKER_OUTPUT";

/// What there is to say of these tables.
pub(super) fn judge(tables: &[Table]) -> Vec<Finding> {
    tables.iter().flat_map(judge_table).collect()
}

fn judge_table(table: &Table) -> Vec<Finding> {
    let is_native = table.place.backend == Backend::Nft;
    let owner = Mesh::of_table(&table.place.table.name).filter(|_| is_native);
    if let Some(mesh) = owner {
        return vec![whole_table(table, mesh)];
    }
    let meshes: BTreeSet<Mesh> =
        table.chains.iter().filter_map(|chain| Mesh::of_chain(&chain.name)).collect();
    let mut findings: Vec<Finding> = meshes.iter().map(|mesh| chains_of(table, *mesh)).collect();
    findings.extend(rest(table, &meshes));
    findings
}

fn whole_table(table: &Table, mesh: Mesh) -> Finding {
    let is_hooked = table.chains.iter().any(|chain| chain.hook.is_some());
    Finding {
        who: Who::Mesh(mesh),
        place: table.place.clone(),
        chains: table.chains.iter().map(|chain| chain.name.clone()).collect(),
        what: if is_hooked { What::Captures } else { What::LeftOver },
        removal: Removal::Table,
    }
}

/// The chains of a mesh in a table that others use too.
fn chains_of(table: &Table, mesh: Mesh) -> Finding {
    let is_its = |name: &str| Mesh::of_chain(name) == Some(mesh);
    let is_reached = reached(table, |_| true, |chain| chain.hook.is_some())
        .iter()
        .any(|chain| is_its(&chain.name));
    let own = table.chains.iter().filter(|chain| is_its(&chain.name));
    Finding {
        who: Who::Mesh(mesh),
        place: table.place.clone(),
        chains: own.map(|chain| chain.name.clone()).collect(),
        what: if is_reached { What::Captures } else { What::LeftOver },
        removal: way_out(table, mesh),
    }
}

/// How a mesh's chains go: which rules elsewhere lead there, and how many rules stand beside them.
fn way_out(table: &Table, mesh: Mesh) -> Removal {
    let is_its = |name: &str| Mesh::of_chain(name) == Some(mesh);
    let leads_there = |chain: &Chain, rule: &Rule| {
        let is_dns = chain.hook.is_some() && rule.port.is_some() && rule.port == mesh.dns_port();
        is_dns || rule.jumps.iter().any(|to| is_its(to))
    };
    let is_anybodys =
        |rule: &Rule| !rule.is_policy && rule.jumps.iter().all(|to| Mesh::of_chain(to).is_none());
    let (mut leading, mut beside) = (Vec::new(), 0);
    for chain in table.chains.iter().filter(|chain| !is_its(&chain.name)) {
        for rule in &chain.rules {
            if leads_there(chain, rule) {
                leading.push(Leading { chain: chain.name.clone(), handle: rule.handle });
            } else if chain.hook.is_some() && is_anybodys(rule) {
                beside += 1;
            }
        }
    }
    Removal::Chains { leading, beside }
}

/// What nobody known does to connections, beside the chains of meshes.
fn rest(table: &Table, meshes: &BTreeSet<Mesh>) -> Option<Finding> {
    let ports: Vec<u16> = meshes.iter().filter_map(|mesh| mesh.dns_port()).collect();
    let is_meshs = |rule: &Rule| rule.port.is_some_and(|port| ports.contains(&port));
    let is_anybodys = |name: &str| Mesh::of_chain(name).is_none() && name != DOCKER;
    let starts = |chain: &Chain| chain.hook.is_some_and(|hook| REDIRECTING.contains(&hook));
    let mut effects: BTreeSet<Effect> = BTreeSet::new();
    let mut chains = Vec::new();
    for chain in reached(table, is_anybodys, starts) {
        let rules = chain.rules.iter().filter(|rule| chain.hook.is_none() || !is_meshs(rule));
        let own = rules.flat_map(|rule| &rule.effects);
        if own.clone().next().is_some() {
            chains.push(chain.name.clone());
        }
        effects.extend(own);
    }
    (!effects.is_empty()).then(|| Finding {
        who: Who::Unknown,
        place: table.place.clone(),
        chains,
        what: What::Touches(effects),
        removal: Removal::Never,
    })
}

/// The chains that a packet may come to from those that `starts` says, in the table's order.
fn reached(
    table: &Table,
    enters: impl Fn(&str) -> bool,
    starts: impl Fn(&Chain) -> bool,
) -> Vec<&Chain> {
    let (enters, by_name) = (&enters, by_name(table));
    let mut open: Vec<&Chain> =
        table.chains.iter().filter(|chain| starts(chain) && enters(&chain.name)).collect();
    let mut names: BTreeSet<&str> = open.iter().map(|chain| chain.name.as_str()).collect();
    while let Some(chain) = open.pop() {
        let next = chain.rules.iter().flat_map(|rule| &rule.jumps);
        for name in next.filter(|name| enters(name)) {
            if let Some(chain) = by_name.get(name.as_str())
                && names.insert(&chain.name)
            {
                open.push(chain);
            }
        }
    }
    table.chains.iter().filter(|chain| names.contains(chain.name.as_str())).collect()
}

fn by_name(table: &Table) -> BTreeMap<&str, &Chain> {
    table.chains.iter().map(|chain| (chain.name.as_str(), chain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::others::place::Place;
    use crate::apply::others::table::Rule;
    use crate::nft::{TableFamily, TableName};

    const OUTPUT: Option<u32> = Some(3);

    fn table(backend: Backend, name: &str, chains: Vec<Chain>) -> Table {
        let table = TableName { family: TableFamily::Ip, name: name.to_owned() };
        Table { place: Place { backend, table }, chains }
    }

    fn chain(name: &str, hook: Option<u32>, rules: Vec<Rule>) -> Chain {
        Chain { name: name.to_owned(), hook, rules }
    }

    fn jump(handle: u64, to: &str) -> Rule {
        Rule { handle, jumps: vec![to.to_owned()], ..Rule::default() }
    }

    fn redirect(handle: u64, port: u16) -> Rule {
        let effects = [Effect::Redirect].into_iter().collect();
        Rule { handle, effects, port: Some(port), ..Rule::default() }
    }

    /// Findings as who, what, chains.
    fn judged(table: Table) -> Vec<(Who, What, Vec<String>)> {
        let of = |finding: Finding| (finding.who, finding.what, finding.chains);
        judge(&[table]).into_iter().map(of).collect()
    }

    fn touches(chains: &[&str]) -> (Who, What, Vec<String>) {
        let effects = [Effect::Redirect].into_iter().collect();
        let chains = chains.iter().map(|chain| (*chain).to_owned()).collect();
        (Who::Unknown, What::Touches(effects), chains)
    }

    #[test]
    fn a_meshs_chains_go_with_the_rules_that_lead_there() {
        let chains = vec![
            chain("OUTPUT", OUTPUT, vec![jump(1, "MINE"), jump(2, "ISTIO_OUTPUT")]),
            chain("MINE", None, vec![jump(3, "ISTIO_REDIRECT")]),
            chain("ISTIO_OUTPUT", None, vec![jump(4, "ISTIO_REDIRECT")]),
            chain("ISTIO_REDIRECT", None, vec![redirect(5, 15001)]),
        ];
        let findings = judge(&[table(Backend::IptablesNft, "nat", chains)]);
        let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
        assert_eq!((finding.mesh(), &finding.what), (Some(Mesh::Istio), &What::Captures));
        let Removal::Chains { leading, beside } = &finding.removal else { panic!() };
        let leading: Vec<_> = leading.iter().map(|l| (l.chain.as_str(), l.handle)).collect();
        assert_eq!((leading, *beside), (vec![("OUTPUT", 2), ("MINE", 3)], 1));
    }

    #[test]
    fn a_redirect_to_a_meshs_dns_port_is_its_own_only_beside_its_chains() {
        let output = || chain("OUTPUT", OUTPUT, vec![redirect(1, 15053), redirect(2, 99)]);
        let alone = judged(table(Backend::Legacy, "nat", vec![output()]));
        assert_eq!(alone, [touches(&["OUTPUT"])]);
        let kuma = chain("KUMA_MESH_OUTBOUND", None, vec![]);
        let beside = judge(&[table(Backend::Legacy, "nat", vec![output(), kuma])]);
        let Removal::Chains { leading, beside: left } = &beside[0].removal else { panic!() };
        assert_eq!((leading.len(), leading[0].handle, *left), (1, 1, 1));
        assert_eq!(beside[1].what, What::Touches([Effect::Redirect].into_iter().collect()));
    }

    #[test]
    fn only_what_a_packet_comes_to_is_told() {
        let unused = || chain("unused", None, vec![redirect(1, 1)]);
        let in_circle = chain("used", None, vec![jump(2, "used"), jump(7, "deep")]);
        let deep = chain("deep", None, vec![jump(8, "used"), redirect(3, 1)]);
        let input = chain("input", Some(1), vec![redirect(4, 1)]);
        let output = chain("output", OUTPUT, vec![jump(5, "used"), jump(6, "gone")]);
        assert_eq!(judged(table(Backend::Nft, "x", vec![unused(), input])), []);
        let found = judged(table(Backend::Nft, "x", vec![unused(), output, in_circle, deep]));
        assert_eq!(found, [touches(&["deep"])]);
    }

    #[test]
    fn dockers_redirects_are_passed_over_but_not_what_stands_beside_them() {
        let docker = || chain("DOCKER_OUTPUT", None, vec![redirect(1, 1)]);
        let output = |rules| chain("OUTPUT", OUTPUT, rules);
        let plain = vec![output(vec![jump(2, "DOCKER_OUTPUT")]), docker()];
        assert_eq!(judged(table(Backend::Legacy, "nat", plain)), []);
        let more = vec![output(vec![jump(2, "DOCKER_OUTPUT"), redirect(3, 7)]), docker()];
        assert_eq!(judged(table(Backend::Legacy, "nat", more)), [touches(&["OUTPUT"])]);
    }

    #[test]
    fn a_meshs_own_table_is_so_in_nf_tables_only() {
        let chains = || vec![chain("output", OUTPUT, vec![redirect(1, 15001)])];
        let own = judge(&[table(Backend::Nft, "istio-proxy-nat", chains())]);
        assert_eq!((own[0].mesh(), &own[0].removal), (Some(Mesh::Istio), &Removal::Table));
        let legacy = judge(&[table(Backend::Legacy, "istio-proxy-nat", chains())]);
        assert_eq!(legacy[0].mesh(), None);
    }
}
