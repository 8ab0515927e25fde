//! The text of a plan and its apply make the same table.

use nftdivert::plan::{HostFacts, plan};
use nftdivert::ruleset::{Change, differences, ruleset_text};
use nftdivert_integration::fixture::{policy, put, take_away};
use nftdivert_integration::listing::{listed, planned};
use nftdivert_integration::shell::{nft, program};

use crate::cases::{hold, yaml};
use crate::policies;
use crate::scene::{place, ruleset_of, table_of};

#[test]
fn nft_makes_of_the_text_what_apply_makes() {
    let (by_text, by_apply) = (place(), place());
    hold(&policies::policy(), |drawn| {
        nft(&by_text, "flush ruleset");
        take_away(&by_apply).unwrap();
        let settings = yaml(&drawn);
        assert_eq!(policy(&settings), drawn);
        let plan = plan(&drawn, &HostFacts::default()).unwrap();
        let text = ruleset_text(&plan.ruleset);
        program(&by_text, &["nft", "-c", "-f", "-"], &text);
        assert_eq!(ruleset_of(&by_text), "", "nft -c writes nothing");
        nft(&by_text, &text);
        put(&by_apply, &settings).unwrap();

        let (loaded, applied) = (table_of(&by_text), table_of(&by_apply));
        assert_eq!(differences(&plan.ruleset, &applied), vec![], "applied");
        assert_eq!(differences(&plan.ruleset, &loaded), vec![], "loaded");
        assert_eq!(loaded, applied);
        assert_eq!(Change::between(&loaded, &applied), Change::Nothing);
        assert_eq!(listed(&by_text), listed(&by_apply));
        assert_eq!(listed(&by_apply), planned(&plan));
    });
}
