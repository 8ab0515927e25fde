//! Colours and fonts, light and dark.

use super::drawing::{BlockKind, Call, Outcome, PortOf};

/// The style sheet. Colours stand in it alone, so that the dark half changes all of them; there are
/// no variables in it, which some viewers do not know.
pub(super) const CSS: &str = "
text { font-family: system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; font-size: 11px; fill: #57606a; }
.table { font-size: 21px; font-weight: 700; fill: #1f2328; }
.way { font-size: 15px; font-weight: 700; fill: #1f2328; }
.name { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; font-weight: 700; fill: #1f2328; }
.rule { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12px; fill: #24292f; }
.otherwise, .more { font-style: italic; fill: #6e7781; }
.page { fill: #ffffff; }
.panel { fill: #f6f8fa; stroke: #d8dee4; }
.box { fill: #ffffff; stroke: #afb8c1; }
.head { fill: #eaeef2; }
.head-nat { fill: #d6e8ff; }
.head-route { fill: #eadffc; }
.head-called { fill: #f6f8fa; }
.line { stroke: #e5e9ee; }
.end { fill: #24292f; }
.end-text { fill: #ffffff; font-weight: 700; text-anchor: middle; }
.kernel { fill: #f6f8fa; stroke: #8c959f; stroke-dasharray: 4 3; }
.kernel-text { fill: #57606a; font-weight: 700; text-anchor: middle; }
.piece { stroke: #57606a; stroke-width: 2; }
.link { fill: none; stroke: #6e7781; stroke-width: 1.5; }
.jump { stroke-dasharray: 5 3; }
.dot, .tip { fill: #57606a; }
.pill-text { font-weight: 700; text-anchor: middle; }
.outbound { fill: #0969da; } .outbound-text { fill: #ffffff; }
.inbound { fill: #8250df; } .inbound-text { fill: #ffffff; }
.dns { fill: #0f766e; } .dns-text { fill: #ffffff; }
.captured { fill: #424a53; } .captured-text { fill: #ffffff; }
.direct { fill: #d2f4dc; } .direct-text { fill: #116329; }
.passes { fill: #e3e8ee; } .passes-text { fill: #424a53; }
.changed { fill: #fff1c2; } .changed-text { fill: #6b4a00; }
.refused { fill: #ffdcc2; } .refused-text { fill: #883507; }
.dropped { fill: #ffd3d0; } .dropped-text { fill: #a40e26; }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1; }
.table, .way, .name { fill: #f0f6fc; }
.rule { fill: #d1d7e0; }
.otherwise, .more { fill: #9198a1; }
.page { fill: #0d1117; }
.panel { fill: #151b23; stroke: #3d444d; }
.box { fill: #0d1117; stroke: #656c76; }
.head { fill: #2a313c; }
.head-nat { fill: #143256; }
.head-route { fill: #3b2764; }
.head-called { fill: #1c232c; }
.line { stroke: #2a313c; }
.end { fill: #d1d7e0; }
.end-text { fill: #0d1117; }
.kernel { fill: #151b23; stroke: #656c76; }
.kernel-text { fill: #9198a1; }
.piece { stroke: #9198a1; }
.link { stroke: #9198a1; }
.dot, .tip { fill: #9198a1; }
.outbound { fill: #1f6feb; } .outbound-text { fill: #ffffff; }
.inbound { fill: #8957e5; } .inbound-text { fill: #ffffff; }
.dns { fill: #12766d; } .dns-text { fill: #ffffff; }
.captured { fill: #656c76; } .captured-text { fill: #ffffff; }
.direct { fill: #12361f; } .direct-text { fill: #7ee2a0; }
.passes { fill: #2a313c; } .passes-text { fill: #c2c9d1; }
.changed { fill: #453500; } .changed-text { fill: #f2cc60; }
.refused { fill: #4a2410; } .refused-text { fill: #ffb77c; }
.dropped { fill: #541315; } .dropped-text { fill: #ffaba8; }
}
";

/// The colour of a pill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Outbound,
    Inbound,
    Dns,
    Captured,
    Direct,
    Passes,
    Changed,
    Refused,
    Dropped,
}

impl Tone {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Captured(port) => match port.of {
                PortOf::Outbound => Self::Outbound,
                PortOf::Inbound => Self::Inbound,
                PortOf::Dns => Self::Dns,
                PortOf::Unknown => Self::Captured,
            },
            Outcome::Direct => Self::Direct,
            Outcome::Dropped => Self::Dropped,
            Outcome::Refused => Self::Refused,
            Outcome::Changed(_) => Self::Changed,
            Outcome::GoesOn | Outcome::Returns | Outcome::Leads(_) | Outcome::Nothing => {
                Self::Passes
            }
        }
    }

    /// The class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Dns => "dns",
            Self::Captured => "captured",
            Self::Direct => "direct",
            Self::Passes => "passes",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }

    /// Background and text where there is no style sheet.
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Outbound => ("#0969da", "#ffffff"),
            Self::Inbound => ("#8250df", "#ffffff"),
            Self::Dns => ("#0f766e", "#ffffff"),
            Self::Captured => ("#424a53", "#ffffff"),
            Self::Direct => ("#d2f4dc", "#116329"),
            Self::Passes => ("#e3e8ee", "#424a53"),
            Self::Changed => ("#fff1c2", "#6b4a00"),
            Self::Refused => ("#ffdcc2", "#883507"),
            Self::Dropped => ("#ffd3d0", "#a40e26"),
        }
    }
}

/// The classes of a chain's heading.
pub(super) fn head(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Filter => "head",
        BlockKind::Nat => "head head-nat",
        BlockKind::Route => "head head-route",
        BlockKind::Called => "head head-called",
    }
}

/// The classes of an arrow.
pub(super) fn link(call: Call) -> &'static str {
    match call {
        Call::Jump => "link jump",
        Call::Goto => "link",
    }
}
