//! Arrows from rules to the chains that they call: each called chain has a track of its own in
//! the gutter beside the boxes, so that arrows meet only those that lead to the same chain.

use super::drawing;
use super::form::HEAD;
use super::place::{Link, Placed};

/// From a box to the first track, and from the last track to what comes next.
const EDGE: usize = 16;
/// From track to track.
const TRACK: usize = 11;
/// Between lanes that no arrow joins.
const EMPTY: usize = 24;

/// A call: from which lane and height to which chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) lane: usize,
    pub(super) y: usize,
    pub(super) to: usize,
    pub(super) call: drawing::Call,
}

/// A chain's heading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    id: usize,
    lane: usize,
    y: usize,
}

/// The heading of a box in a lane.
pub(super) fn head(lane: usize, placed: &Placed<'_>) -> Head {
    Head { id: placed.form.block.id, lane, y: placed.rect.y + HEAD / 2 }
}

/// All calls from one lane to one chain.
struct Track {
    lane: usize,
    head: Head,
    calls: Vec<Call>,
    place: usize,
}

impl Track {
    fn span(&self) -> (usize, usize) {
        let ys = || self.calls.iter().map(|call| call.y).chain([self.head.y]);
        (ys().min().unwrap_or_default(), ys().max().unwrap_or_default())
    }
}

/// The tracks of a way.
pub(super) struct Tracks {
    tracks: Vec<Track>,
}

impl Tracks {
    pub(super) fn new(calls: &[Call], heads: &[Head]) -> Self {
        let mut tracks: Vec<Track> = Vec::new();
        for call in calls {
            let Some(head) = heads.iter().find(|head| head.id == call.to) else { continue };
            match tracks.iter_mut().find(|t| t.lane == call.lane && t.head.id == call.to) {
                Some(track) => track.calls.push(*call),
                None => {
                    let (lane, calls) = (call.lane, vec![*call]);
                    tracks.push(Track { lane, head: *head, calls, place: 0 });
                }
            }
        }
        // Short ones are nearest to the boxes: they cross fewest others.
        tracks.sort_by_key(|track| (track.span().1 - track.span().0, track.span().0));
        for next in 0..tracks.len() {
            let (before, rest) = tracks.split_at_mut(next);
            let Some(track) = rest.first_mut() else { continue };
            let (top, bottom) = track.span();
            let meets = |other: &&Track| {
                let (first, last) = other.span();
                other.lane == track.lane && first <= bottom + TRACK && top <= last + TRACK
            };
            let taken: Vec<usize> = before.iter().filter(meets).map(|other| other.place).collect();
            track.place = (0..).find(|place| !taken.contains(place)).unwrap_or_default();
        }
        Self { tracks }
    }

    fn gutter(&self, lane: usize) -> usize {
        let places = self.tracks.iter().filter(|track| track.lane == lane);
        places.map(|track| 2 * EDGE + TRACK * track.place).max().unwrap_or_default()
    }

    /// The arrows.
    pub(super) fn links(&self, lanes: &Lanes) -> Vec<Link> {
        let mut links = Vec::new();
        for track in &self.tracks {
            let right = |lane: usize| lanes.lanes.get(lane).map_or(0, |(x, width)| x + width);
            let from = right(track.lane);
            let to = match track.head.lane {
                lane if lane == track.lane => right(lane),
                lane => lanes.lanes.get(lane).map_or(0, |(x, _)| *x),
            };
            let x = from + EDGE + TRACK * track.place;
            links.extend(track.calls.iter().map(|call| Link {
                from: (from, call.y),
                track: x,
                to: (to, track.head.y),
                call: call.call,
            }));
        }
        links
    }
}

/// Where lanes begin, and how wide they are.
pub(super) struct Lanes {
    pub(super) lanes: [(usize, usize); 2],
    /// Where the last gutter ends.
    pub(super) end: usize,
}

impl Lanes {
    /// Two lanes of these widths from this left edge; the second may be empty.
    pub(super) fn new(x: usize, (first, second): (usize, usize), tracks: &Tracks) -> Self {
        let beside = x + first + tracks.gutter(0);
        if second == 0 {
            return Self { lanes: [(x, first), (beside, 0)], end: beside };
        }
        let beside = beside.max(x + first + EMPTY);
        let end = beside + second + tracks.gutter(1);
        Self { lanes: [(x, first), (beside, second)], end }
    }
}
