//! Who is who.

use nftdivert::apply::others::{Mesh, Severity, What};
use nftdivert::net::netns::Netns;

use crate::scenery::{
    CONSUL, ISTIO_DNS, ISTIO_TPROXY, ISTIO_V4, KUMA, LEGACY4, LEGACY6, LINKERD, NFT4, NFT6, Tables,
    found, take_over,
};

const WHO: [(&str, Mesh, &str); 6] = [
    (ISTIO_V4, Mesh::Istio, "nat"),
    (ISTIO_TPROXY, Mesh::Istio, "mangle"),
    (ISTIO_DNS, Mesh::Istio, "raw"),
    (LINKERD, Mesh::Linkerd, "nat"),
    (KUMA, Mesh::Kuma, "nat"),
    (CONSUL, Mesh::Consul, "nat"),
];

#[test]
fn each_mesh_is_known_in_each_kind_of_table() {
    for tables in [LEGACY4, NFT4] {
        for (rules, mesh, table) in WHO {
            is_known(tables, rules, mesh, table);
        }
    }
}

#[track_caller]
fn is_known(tables: Tables, rules: &str, mesh: Mesh, table: &str) {
    let place = Netns::anonymous().unwrap();
    tables.restore(&place, rules);
    let others = found(&place);
    let meshes: Vec<_> = others.of_meshes().collect();
    let [(found_mesh, finding)] = meshes.as_slice() else { panic!("{mesh}: {others:#?}") };
    assert_eq!((*found_mesh, &finding.what), (mesh, &What::Captures));
    assert_eq!(finding.severity(), Severity::Refuse);
    assert_eq!(finding.place.to_string(), format!("{} {table}", tables.called));
    let own = rules.lines().filter(|line| line.starts_with(':') && line.contains(" - "));
    assert_eq!(finding.chains.len(), own.count(), "{mesh}: {:?}", finding.chains);
    let jumps = rules.lines().filter(|line| line.starts_with("-A ")).count();
    take_over(&place);
    let left = tables.save(&place, table).iter().filter(|line| line.contains("-A ")).count();
    assert!(left < jumps, "{mesh}");
    assert_eq!(found(&place).of_meshes().count(), 0, "{mesh}");
}

#[test]
fn chains_that_nothing_leads_to_are_left_over() {
    for tables in [LEGACY4, NFT4] {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, "*nat\n:ISTIO_OUTPUT - [0:0]\n-A ISTIO_OUTPUT -p tcp\nCOMMIT\n");
        let others = found(&place);
        others.refuse().unwrap();
        assert_eq!(others.notes().len(), 1);
        assert!(others.notes()[0].contains("rules of Istio are left over"), "{:?}", others.notes());
        take_over(&place);
        assert_eq!(found(&place).findings, []);
    }
}

#[test]
fn kumas_redirect_of_dns_goes_too() {
    let v6 = KUMA.replace("127.0.0.6/32", "::6/128").replace("127.0.0.1/32", "::1/128");
    for (tables, rules) in [(LEGACY4, KUMA), (NFT4, KUMA), (LEGACY6, &v6), (NFT6, &v6)] {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, rules);
        tables.restore(&place, "*nat\n-A OUTPUT -p udp -j REDIRECT --to-ports 15054\nCOMMIT\n");
        let notes = take_over(&place);
        assert!(notes.iter().any(|note| note.contains("some may be Kuma's")), "{notes:#?}");
        let left = tables.save(&place, "nat");
        let left: Vec<_> = left.iter().filter(|line| line.contains(" -A ")).collect();
        let [returns, strangers] = left.as_slice() else { panic!("{left:#?}") };
        assert!(returns.contains("--uid-owner 5678 -j RETURN"), "{returns}");
        assert!(strangers.contains("--to-ports 15054"), "{strangers}");
    }
}
