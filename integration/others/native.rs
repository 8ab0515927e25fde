//! Tables that a mesh has in nf_tables for itself alone.

use nftdivert::apply::others::{deletions, find};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert_integration::shell::{nft, nft_list, nft_list_handles};

use crate::scenery::{
    CONSUL_NATIVE, ISTIO_NATIVE, ISTIO_NATIVE_TPROXY, ISTIO_V4, NFT4, assert_no_mesh, found,
    refusal, take_over,
};

const STRANGER: &str = "table inet mine { chain prerouting { type filter hook prerouting priority 0; \
     tcp dport 8088 counter packets 5 bytes 300; }; }";

#[test]
fn the_tables_go_and_a_strangers_stay() {
    let place = Netns::anonymous().unwrap();
    nft(&place, STRANGER);
    let before = nft_list_handles(&place, "ruleset");
    for rules in [ISTIO_NATIVE, ISTIO_NATIVE_TPROXY, CONSUL_NATIVE] {
        nft(&place, rules);
    }
    let text = refusal(&place);
    for words in [
        "capture rules of Consul, Istio are here",
        "nft, table inet istio-proxy-nat: chains prerouting, output, istio-inbound",
        "nft, table inet istio-proxy-mangle: ",
        "nft, table inet istio-proxy-raw: ",
        "nft, table inet consul_tproxy: ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(take_over(&place).len(), 4);
    assert_eq!(nft_list_handles(&place, "ruleset"), before);
    assert_no_mesh(&place);
}

#[test]
fn theirs_ends_in_the_batch_in_which_ours_begins() {
    let place = Netns::anonymous().unwrap();
    nft(&place, ISTIO_NATIVE);
    NFT4.restore(&place, ISTIO_V4);
    let plan = plan(&CapturePolicy::default(), &HostFacts::default()).unwrap();
    place
        .run(|| {
            let mut nft = Connection::open(Family::Netfilter).unwrap();
            let others = find(&mut nft).unwrap();
            let generation = nftdivert::nft::generation(&mut nft).unwrap();
            let mut batch = Batch::new(others.generation);
            batch.create(&plan.ruleset);
            deletions(&mut batch, &others);
            commit(&mut nft, &batch.seal()).unwrap();
            assert_eq!(nftdivert::nft::generation(&mut nft).unwrap(), generation + 1);
        })
        .unwrap();
    assert_no_mesh(&place);
    assert!(nft_list(&place, "table inet nftdivert").contains("redirect to :15001"));
}

#[test]
fn what_changed_since_it_was_found_is_not_deleted() {
    let place = Netns::anonymous().unwrap();
    nft(&place, ISTIO_NATIVE);
    let others = found(&place);
    nft(&place, STRANGER);
    let before = nft_list_handles(&place, "ruleset");
    let error = place
        .run(|| {
            let mut nft = Connection::open(Family::Netfilter).unwrap();
            let mut batch = Batch::new(others.generation);
            deletions(&mut batch, &others);
            commit(&mut nft, &batch.seal()).unwrap_err().to_string()
        })
        .unwrap();
    assert!(error.contains("kept changing nf_tables"), "{error}");
    assert_eq!(nft_list_handles(&place, "ruleset"), before);
}

#[test]
fn a_table_of_a_meshs_name_without_base_chains_is_left_over() {
    let place = Netns::anonymous().unwrap();
    nft(&place, "table inet istio-proxy-nat { chain istio-output { counter; }; }");
    found(&place).refuse().unwrap();
    assert!(found(&place).notes()[0].contains("left over"));
    take_over(&place);
    assert_eq!(nft_list(&place, "ruleset"), "");
}
