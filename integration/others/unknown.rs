//! Redirects of nobody known: told, and left alone.

use nftdivert::apply::others::{Backend, Effect, Severity, What, Who};
use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{nft, nft_list_handles};

use crate::scenery::{LEGACY4, NFT4, Tables, found, take_over};

const RULES: &str = "*nat\n:MINE - [0:0]\n-A OUTPUT -p tcp -j MINE\n\
     -A MINE -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\n\
     -A PREROUTING -p tcp -m tcp --dport 81 -j DNAT --to-destination 10.0.0.1:82\nCOMMIT\n\
     *mangle\n-A PREROUTING -p tcp -m tcp --dport 83 -j TPROXY --on-port 84\nCOMMIT\n\
     *raw\n-A OUTPUT -p tcp -m tcp --dport 85 -j CT --notrack\n\
     -A PREROUTING -p udp -j CT --zone 7\nCOMMIT\n";

#[test]
fn redirects_of_iptables_are_notes_and_stay() {
    for tables in [LEGACY4, NFT4] {
        let place = Netns::anonymous().unwrap();
        tables.restore(&place, RULES);
        are_notes(&place, tables);
    }
}

#[track_caller]
fn are_notes(place: &Netns, tables: Tables) {
    let others = found(place);
    others.refuse().unwrap();
    let of = |table: &str| {
        let finding = others.findings.iter().find(|f| f.place.table.name == table).unwrap();
        assert_eq!((finding.who, finding.severity()), (Who::Unknown, Severity::Note));
        let What::Touches(effects) = &finding.what else { panic!("{finding:?}") };
        (effects.iter().copied().collect::<Vec<_>>(), finding.chains.clone())
    };
    assert_eq!(of("nat").0, [Effect::Redirect, Effect::Dnat]);
    assert_eq!(of("nat").1.len(), 2);
    assert_eq!(of("mangle"), (vec![Effect::Tproxy], vec!["PREROUTING".to_owned()]));
    assert_eq!(of("raw"), (vec![Effect::Notrack], vec!["OUTPUT".to_owned()]));
    let notes = others.notes();
    assert_eq!(notes.len(), 3, "{notes:#?}");
    for (table, text) in [("nat", "redirect, dnat"), ("mangle", "tproxy"), ("raw", "notrack")] {
        let command = format!("`{} -t {table} -S` shows them", tables.name);
        let told = notes.iter().any(|note| note.contains(text) && note.contains(&command));
        assert!(told, "{text}: {notes:#?}");
    }
    let before = ["nat", "mangle", "raw"].map(|table| tables.save(place, table));
    assert_eq!(take_over(place).len(), 0);
    assert_eq!(["nat", "mangle", "raw"].map(|table| tables.save(place, table)), before);
}

#[test]
fn redirects_of_nft_are_notes_and_stay() {
    let place = Netns::anonymous().unwrap();
    nft(
        &place,
        "table inet mine {
             chain out { type nat hook output priority -90; tcp dport 80 goto away; }
             chain away { meta l4proto tcp redirect to :8080; }
             chain in { type filter hook prerouting priority mangle; tcp dport 1 tproxy to :2 accept; }
             chain raw { type filter hook prerouting priority raw; tcp dport 3 notrack; }
         }
         table ip6 other {
             chain out { type nat hook output priority -100; dnat to ::1; }
         }",
    );
    let others = found(&place);
    others.refuse().unwrap();
    let [mine, other] = others.findings.as_slice() else { panic!("{others:#?}") };
    let all = [Effect::Redirect, Effect::Tproxy, Effect::Notrack].into_iter().collect();
    assert_eq!((mine.place.backend, &mine.what), (Backend::Nft, &What::Touches(all)));
    assert_eq!(mine.chains, ["away", "in", "raw"]);
    assert_eq!(other.what, What::Touches([Effect::Dnat].into_iter().collect()));
    assert!(others.notes()[1].contains("`nft list table ip6 other`"), "{:?}", others.notes());
    let before = nft_list_handles(&place, "ruleset");
    take_over(&place);
    assert_eq!(nft_list_handles(&place, "ruleset"), before);
}
