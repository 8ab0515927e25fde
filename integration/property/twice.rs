//! An apply of what is in force writes nothing.

use nftdivert::apply::Outcome;
use nftdivert_integration::fixture::{assert_clean, put};

use crate::cases::{hold, yaml};
use crate::policies;
use crate::scene::{generation_of, place, view};

#[test]
fn the_second_apply_writes_nothing() {
    let place = place();
    hold(&policies::policy(), |policy| {
        let text = yaml(&policy);
        put(&place, &text).unwrap();
        let (generation, seen) = (generation_of(&place), view(&place));
        assert_eq!(put(&place, &text).unwrap().outcome, Outcome::Unchanged);
        assert_clean(&place, &text);
        assert_eq!((generation_of(&place), view(&place)), (generation, seen));
    });
}
