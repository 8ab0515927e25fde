//! Things that have a place on the page; all lengths are pixels.

use super::drawing::{Call, Outcome, SetBlock};
use super::form::{Form, RowForm};

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Rect {
    pub(super) fn right(self) -> usize {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> usize {
        self.y + self.height
    }

    pub(super) fn middle(self) -> usize {
        self.x + self.width / 2
    }
}

/// A chain's box.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) form: Form<'a>,
    pub(super) rect: Rect,
}

impl<'a> Placed<'a> {
    /// The rows with the places of their upper edges.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &RowForm<'a>)> {
        self.form.rows.iter().scan(self.rect.y + super::form::HEAD, |y, row| {
            let top = *y;
            *y += row.height;
            Some((top, row))
        })
    }
}

/// A capsule on a packet's way.
#[derive(Debug)]
pub(super) struct Capsule {
    pub(super) rect: Rect,
    pub(super) text: &'static str,
    pub(super) kind: CapsuleKind,
}

/// What a capsule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CapsuleKind {
    /// Where a way begins or ends.
    End,
    /// A part of the kernel.
    Kernel,
}

/// A piece of a packet's way: straight down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) x: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// An arrow from a rule to the chain that it calls: out of a box, along a track, into a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: (usize, usize),
    pub(super) track: usize,
    pub(super) to: (usize, usize),
    pub(super) call: Call,
}

/// A packet's way: a panel with everything on it.
#[derive(Debug)]
pub(super) struct Panel<'a> {
    pub(super) title: &'static str,
    pub(super) rect: Rect,
    pub(super) boxes: Vec<Placed<'a>>,
    pub(super) capsules: Vec<Capsule>,
    pub(super) pieces: Vec<Piece>,
    pub(super) links: Vec<Link>,
}

/// A set's box.
#[derive(Debug)]
pub(super) struct PlacedSet<'a> {
    pub(super) set: &'a SetBlock,
    pub(super) lines: Vec<String>,
    pub(super) rect: Rect,
}

/// An entry of the legend.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) rect: Rect,
    pub(super) sample: Sample,
    pub(super) text: &'static str,
}

/// What a legend's entry explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sample {
    Pill(Outcome, String),
    Arrow(Call),
}
