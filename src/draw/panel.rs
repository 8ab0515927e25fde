//! Places a way's chains: base chains one below the other, those that are called below them or
//! beside them.

use std::collections::BTreeSet;

use super::drawing::{Block, Outcome, Stop, Way};
use super::form::{Form, HEAD, RowKind};
use super::links::{self, Call};
use super::measure::Font;
use super::place::{Capsule, CapsuleKind, Panel, Piece, Placed, Rect};

/// Where called chains stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// Below the base chains.
    Below,
    /// In a lane of their own at the right.
    Beside,
}

const PAD: usize = 22;
const TITLE: usize = 54;
const CAPSULE: usize = 26;
/// From one stop to the next.
const STEP: usize = 26;
/// From the end of a leg to the next one, or to the chains below.
const APART: usize = 38;

/// Places a way at this left edge and height.
pub(super) fn panel<'a>(way: &'a Way, kind: Arrangement, (x, y): (usize, usize)) -> Panel<'a> {
    let mut column = Column::new(way, y + TITLE);
    column.add_legs(way);
    column.add_called(way, kind);
    column.finish(way, (x, y))
}

struct Column<'a> {
    near: BTreeSet<usize>,
    lanes: [Vec<Placed<'a>>; 2],
    capsules: Vec<Capsule>,
    pieces: Vec<Piece>,
    y: usize,
}

impl<'a> Column<'a> {
    fn new(way: &'a Way, y: usize) -> Self {
        let near = way.called.iter().map(|block| block.id).collect();
        Self { near, lanes: [vec![], vec![]], capsules: vec![], pieces: vec![], y }
    }

    fn form(&self, block: &'a Block) -> Form<'a> {
        Form::new(block, &|id| self.near.contains(&id))
    }

    fn add_legs(&mut self, way: &'a Way) {
        for leg in &way.legs {
            self.capsule(leg.start, CapsuleKind::End);
            for stop in &leg.stops {
                self.step();
                match stop {
                    Stop::Kernel(text) => self.capsule(text, CapsuleKind::Kernel),
                    Stop::Chain(block) => {
                        let form = self.form(block);
                        self.y += self.put(0, form, self.y);
                    }
                }
            }
            self.step();
            self.capsule(leg.end, CapsuleKind::End);
            self.y += APART;
        }
    }

    fn add_called(&mut self, way: &'a Way, kind: Arrangement) {
        let mut free = 0;
        for block in &way.called {
            let form = self.form(block);
            match kind {
                Arrangement::Below => self.y += self.put(0, form, self.y) + STEP,
                Arrangement::Beside => {
                    let wanted = self.first_call(block.id).unwrap_or(self.y);
                    let y = free.max(wanted.saturating_sub(HEAD / 2));
                    free = y + self.put(1, form, y) + STEP;
                }
            }
        }
    }

    /// The height of the first row that calls a chain.
    fn first_call(&self, id: usize) -> Option<usize> {
        self.calls().find(|call| call.to == id).map(|call| call.y)
    }

    /// The calls among the chains that have a place.
    fn calls(&self) -> impl Iterator<Item = Call> + '_ {
        let lanes = self.lanes.iter().enumerate();
        let boxes = lanes.flat_map(|(lane, boxes)| boxes.iter().map(move |placed| (lane, placed)));
        boxes.flat_map(move |(lane, placed)| {
            placed.rows().filter_map(move |(top, row)| {
                let RowKind::Rule { outcome: Outcome::Leads(lead), .. } = row.kind else {
                    return None;
                };
                let to = lead.to.filter(|to| self.near.contains(to))?;
                Some(Call { lane, y: top + row.height / 2, to, call: lead.call })
            })
        })
    }

    /// Puts a box into a lane and gives its height; where the lane is, is not known yet.
    fn put(&mut self, lane: usize, form: Form<'a>, y: usize) -> usize {
        let (width, height) = (form.width, form.height);
        let rect = Rect { x: 0, y, width, height };
        if let Some(boxes) = self.lanes.get_mut(lane) {
            boxes.push(Placed { form, rect });
        }
        height
    }

    fn capsule(&mut self, text: &'static str, kind: CapsuleKind) {
        let width = Font::Pill.width(text) + 32;
        let rect = Rect { x: 0, y: self.y, width, height: CAPSULE };
        self.capsules.push(Capsule { rect, text, kind });
        self.y += CAPSULE;
    }

    fn step(&mut self) {
        self.pieces.push(Piece { x: 0, from: self.y, to: self.y + STEP });
        self.y += STEP;
    }

    /// Gives everything its place from left to right, now that all heights are known.
    fn finish(mut self, way: &Way, (x, y): (usize, usize)) -> Panel<'a> {
        let widest = |boxes: &Vec<Placed<'_>>| {
            boxes.iter().map(|placed| placed.rect.width).max().unwrap_or_default()
        };
        let capsules = self.capsules.iter().map(|capsule| capsule.rect.width).max();
        let title = Font::Title.width(way.title);
        let first = widest(&self.lanes[0]).max(capsules.unwrap_or_default()).max(title);
        let second = widest(&self.lanes[1]);
        let calls: Vec<Call> = self.calls().collect();
        let heads =
            self.lanes.iter().enumerate().flat_map(|(lane, boxes)| {
                boxes.iter().map(move |placed| links::head(lane, placed))
            });
        let tracks = links::Tracks::new(&calls, &heads.collect::<Vec<_>>());
        let lanes = links::Lanes::new(x + PAD, (first, second), &tracks);
        self.spread(&lanes);
        let boxes: Vec<Placed<'a>> = self.lanes.into_iter().flatten().collect();
        let bottom = boxes.iter().map(|placed| placed.rect.bottom());
        let height = bottom.fold(self.y - APART, usize::max) + PAD - y;
        let rect = Rect { x, y, width: lanes.end + PAD - x, height };
        let links = tracks.links(&lanes);
        let (capsules, pieces) = (self.capsules, self.pieces);
        Panel { title: way.title, rect, boxes, capsules, pieces, links }
    }

    fn spread(&mut self, lanes: &links::Lanes) {
        for (boxes, lane) in self.lanes.iter_mut().zip(lanes.lanes) {
            for placed in boxes {
                (placed.rect.x, placed.rect.width) = lane;
            }
        }
        let (left, width) = lanes.lanes[0];
        for capsule in &mut self.capsules {
            capsule.rect.x = left + (width - capsule.rect.width) / 2;
        }
        for piece in &mut self.pieces {
            piece.x = left + width / 2;
        }
    }
}
