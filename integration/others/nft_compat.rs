//! Tables of iptables-nft: what a mesh has there goes in one batch, a stranger's rules stay.

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{nft, nft_list_handles};

use crate::scenery::{
    ISTIO_DNS, ISTIO_TPROXY, ISTIO_V4, ISTIO_V6, LINKERD, NFT4, NFT6, Tables, assert_no_mesh,
    found, refusal, take_over,
};

const BOTH: [(Tables, &str); 2] = [(NFT4, ISTIO_V4), (NFT6, ISTIO_V6)];

#[test]
fn istio_is_refused_by_table_and_chains() {
    for (tables, rules) in BOTH {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, rules);
        let text = refusal(&place);
        let chains = "ISTIO_INBOUND, ISTIO_IN_REDIRECT, ISTIO_OUTPUT, ISTIO_REDIRECT";
        assert!(text.contains(&format!("{} nat: chains {chains})", tables.called)), "{text}");
    }
}

/// The lines with handles that name none of the mesh's chains.
fn strangers_lines(place: &Netns) -> Vec<String> {
    let listed = nft_list_handles(place, "ruleset");
    listed
        .lines()
        .filter(|line| line.contains("10.9.9.9") || line.contains("fd09::9"))
        .chain(listed.lines().filter(|line| line.contains("dport 8088")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_strangers_rules_and_counters_stay() {
    for (tables, rules) in BOTH {
        let (place, plain) = (Netns::anonymous().unwrap(), Netns::anonymous().unwrap());
        tables.restore(&plain, &tables.before());
        tables.restore(&plain, &tables.after());
        tables.restore(&place, &tables.before());
        tables.restore(&place, rules);
        let jump = "*nat\n[2:120] -I STRANGER 1 -p tcp -j ISTIO_REDIRECT\nCOMMIT\n";
        tables.restore(&place, jump);
        tables.restore(&place, &tables.after());
        nft(
            &place,
            "table inet other { chain c { type filter hook input priority 0; counter; }; }",
        );
        let (before, other) =
            (strangers_lines(&place), nft_list_handles(&place, "table inet other"));
        assert_eq!(before.len(), 5, "{before:#?}");
        let notes = take_over(&place);
        assert_eq!(tables.save(&place, "nat"), tables.save(&plain, "nat"));
        assert_eq!(strangers_lines(&place), before);
        assert_eq!(nft_list_handles(&place, "table inet other"), other);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].contains(&format!("`{} -t nat -S` shows them", tables.name)));
        assert_no_mesh(&place);
    }
}

#[test]
fn every_table_of_istio_and_linkerd_goes() {
    let place = Netns::anonymous().unwrap();
    for rules in [ISTIO_V4, ISTIO_TPROXY, ISTIO_DNS, LINKERD] {
        NFT4.restore(&place, rules);
    }
    NFT6.restore(&place, ISTIO_V6);
    assert_eq!(found(&place).of_meshes().count(), 5);
    let notes = take_over(&place);
    let tells = |note: &&String| note.contains("`iptables-nft -t mangle -S` shows them");
    assert_eq!(notes.iter().filter(tells).count(), 1, "{notes:#?}");
    assert_eq!(notes.len(), 6, "{notes:#?}");
    assert_no_mesh(&place);
    let left = nft_list_handles(&place, "ruleset");
    for word in ["ISTIO", "PROXY_INIT"] {
        assert!(!left.contains(word), "{left}");
    }
}
