//! Tables of iptables-legacy: what a mesh has there goes, what a stranger has there stays.

use nftdivert::net::netns::Netns;

use crate::scenery::{
    ISTIO_DNS, ISTIO_TPROXY, ISTIO_V4, ISTIO_V6, LEGACY4, LEGACY6, LINKERD, Tables, assert_no_mesh,
    found, refusal, take_over,
};

const BOTH: [(Tables, &str); 2] = [(LEGACY4, ISTIO_V4), (LEGACY6, ISTIO_V6)];

#[test]
fn istio_is_refused_by_table_and_chains() {
    for (tables, rules) in BOTH {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, rules);
        let before = tables.save(&place, "nat");
        let expected = format!(
            "capture rules of Istio are here already ({} nat: chains ISTIO_INBOUND, \
             ISTIO_IN_REDIRECT, ISTIO_OUTPUT, ISTIO_REDIRECT): connections would be redirected \
             twice. Remove them with the tool that made them, or let nftdivert take over with \
             --take-over (of istio-iptables: --reconcile)",
            tables.called
        );
        assert_eq!(refusal(&place), expected);
        assert_eq!(tables.save(&place, "nat"), before);
    }
}

#[test]
fn a_strangers_rules_and_counters_stay() {
    for (tables, rules) in BOTH {
        let (place, plain) = (Netns::anonymous().unwrap(), Netns::anonymous().unwrap());
        tables.restore(&plain, &tables.before());
        tables.restore(&plain, &tables.after());
        tables.restore(&place, &tables.before());
        tables.restore(&place, rules);
        // A jump of the stranger's own into a chain that will be gone.
        let jump = "*nat\n[2:120] -I STRANGER 1 -p tcp -j ISTIO_REDIRECT\nCOMMIT\n";
        tables.restore(&place, jump);
        tables.restore(&place, &tables.after());
        assert!(tables.save(&place, "nat").len() > 30);
        let notes = take_over(&place);
        assert_eq!(tables.save(&place, "nat"), tables.save(&plain, "nat"));
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].starts_with("took over from Istio (iptables-legacy, table ip"));
        assert!(notes[1].contains(&format!("`{} -t nat -S` shows them", tables.name)));
        assert_no_mesh(&place);
        // The kernel takes further changes: the table is whole.
        tables.restore(&place, rules);
        assert!(refusal(&place).contains("Istio"));
    }
}

#[test]
fn a_mesh_alone_leaves_built_in_chains_only() {
    for (rules, table) in [(ISTIO_V4, "nat"), (LINKERD, "nat"), (ISTIO_DNS, "raw")] {
        let (place, plain) = (Netns::anonymous().unwrap(), Netns::anonymous().unwrap());
        LEGACY4.restore(&place, rules);
        take_over(&place);
        assert_eq!(LEGACY4.save(&place, table), LEGACY4.save(&plain, table));
        assert_no_mesh(&place);
    }
}

#[test]
fn two_meshes_in_one_table_both_go() {
    let (place, plain) = (Netns::anonymous().unwrap(), Netns::anonymous().unwrap());
    LEGACY4.restore(&place, ISTIO_V4);
    LEGACY4.restore(&place, LINKERD);
    assert!(refusal(&place).starts_with("capture rules of Istio, Linkerd are here already"));
    take_over(&place);
    assert_eq!(LEGACY4.save(&place, "nat"), LEGACY4.save(&plain, "nat"));
}

#[test]
fn looking_makes_no_table() {
    let place = Netns::anonymous().unwrap();
    LEGACY4.restore(&place, ISTIO_TPROXY);
    let names = || std::fs::read_to_string("/proc/thread-self/net/ip_tables_names").unwrap();
    let before = place.run(names).unwrap();
    assert_eq!(found(&place).findings.len(), 1);
    assert_eq!(place.run(names).unwrap(), before);
}
