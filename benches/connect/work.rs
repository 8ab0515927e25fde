//! What is done in one sample.

/// As much work as takes one to a few milliseconds; the cost of one unit is what is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// So many connections, one after the other.
    Connections(usize),
    /// So many times 64 bytes there and 64 bytes back, on one connection.
    RoundTrips(usize),
    /// So many MiB in one direction, in pieces of 32 KiB, on one connection.
    Bulk(usize),
}

impl Work {
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Connections(_) => "connection",
            Self::RoundTrips(_) => "round trip",
            Self::Bulk(_) => "MiB",
        }
    }
}
