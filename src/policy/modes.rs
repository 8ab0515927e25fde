//! Settings that are one of a few words.

/// What happens to IPv6; said, never guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ipv6 {
    /// Captured as IPv4 is.
    #[default]
    Capture,
    /// Left alone.
    Bypass,
    /// Refused, in both directions.
    Reject,
}

impl Ipv6 {
    /// Every way, in the order of the documentation.
    pub const ALL: [Ipv6; 3] = [Ipv6::Capture, Ipv6::Bypass, Ipv6::Reject];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ipv6::Capture => "capture",
            Ipv6::Bypass => "bypass",
            Ipv6::Reject => "reject",
        }
    }
}

/// Whether the rules count packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counters {
    /// They do not: a little less work for each new connection.
    #[default]
    Off,
    /// They do.
    On,
}

impl Counters {
    /// Every way, in the order of the documentation.
    pub const ALL: [Counters; 2] = [Counters::Off, Counters::On];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Counters::Off => "off",
            Counters::On => "on",
        }
    }
}

/// Reads the word for a way to treat IPv6.
///
/// # Errors
/// The reason in words.
pub(super) fn ipv6(text: &str) -> Result<Ipv6, String> {
    let found = Ipv6::ALL.into_iter().find(|mode| mode.as_str() == text);
    found.ok_or_else(|| String::from("must be capture, bypass or reject"))
}

/// Reads the word for whether to count.
///
/// # Errors
/// The reason in words.
pub(super) fn counters(text: &str) -> Result<Counters, String> {
    let found = Counters::ALL.into_iter().find(|mode| mode.as_str() == text);
    found.ok_or_else(|| String::from("must be off or on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_nothing_else() {
        assert_eq!(ipv6("bypass"), Ok(Ipv6::Bypass));
        assert_eq!(ipv6("Bypass"), Err("must be capture, bypass or reject".into()));
        assert_eq!(counters("on"), Ok(Counters::On));
        assert_eq!(counters("true"), Err("must be off or on".into()));
    }
}
