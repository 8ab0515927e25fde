//! Settings that are one of a few words.

use super::Match;

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

/// How a captured connection comes to the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboundMode {
    /// Its destination is rewritten (NAT).
    #[default]
    Redirect,
    /// It is handed to the proxy as it is, which may dial the app with the client's address.
    Tproxy,
    /// The same without connection tracking.
    TproxyFast,
}

impl InboundMode {
    /// Every way, in the order of the documentation.
    pub const ALL: [InboundMode; 3] =
        [InboundMode::Redirect, InboundMode::Tproxy, InboundMode::TproxyFast];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            InboundMode::Redirect => "redirect",
            InboundMode::Tproxy => "tproxy",
            InboundMode::TproxyFast => "tproxyFast",
        }
    }
}

/// What becomes of TCP connections that lived before capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Existing {
    /// They go on as they are.
    #[default]
    Keep,
    /// They are reset, so that they are made again and captured.
    Reset,
}

impl Existing {
    /// Both ways.
    pub const ALL: [Existing; 2] = [Existing::Keep, Existing::Reset];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Existing::Keep => "keep",
            Existing::Reset => "reset",
        }
    }
}

/// Which name queries are captured, while the servers are still to be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DnsCapture {
    #[default]
    Off,
    All,
    Listed,
}

/// Reads the word for a way to treat IPv6.
///
/// # Errors
/// The reason in words.
pub(super) fn ipv6(text: &str) -> Result<Ipv6, String> {
    one_of(text, &Ipv6::ALL, |mode| mode.as_str())
}

/// Reads the word for whether to count.
///
/// # Errors
/// The reason in words.
pub(super) fn counters(text: &str) -> Result<Counters, String> {
    one_of(text, &Counters::ALL, |mode| mode.as_str())
}

/// Reads the word for how many marks the proxy must have.
///
/// # Errors
/// The reason in words.
pub(super) fn matching(text: &str) -> Result<Match, String> {
    one_of(text, &Match::ALL, |mode| mode.as_str())
}

/// Reads the word for how connections come to the proxy.
///
/// # Errors
/// The reason in words.
pub(super) fn inbound(text: &str) -> Result<InboundMode, String> {
    one_of(text, &InboundMode::ALL, |mode| mode.as_str())
}

/// Reads the word for what becomes of connections that lived before.
///
/// # Errors
/// The reason in words.
pub(super) fn existing(text: &str) -> Result<Existing, String> {
    one_of(text, &Existing::ALL, |mode| mode.as_str())
}

/// Reads the word for which name queries are captured.
///
/// # Errors
/// The reason in words.
pub(super) fn dns(text: &str) -> Result<DnsCapture, String> {
    let all = [DnsCapture::Off, DnsCapture::All, DnsCapture::Listed];
    one_of(text, &all, |mode| match mode {
        DnsCapture::Off => "off",
        DnsCapture::All => "all",
        DnsCapture::Listed => "listed",
    })
}

/// Reads `true` or `false`.
///
/// # Errors
/// The reason in words.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    one_of(text, &[true, false], |yes| if yes { "true" } else { "false" })
}

fn one_of<T: Copy>(text: &str, all: &[T], word: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|mode| word(*mode) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|mode| word(*mode)).collect();
        let (last, first) = words.split_last().unwrap_or((&"", &[]));
        format!("must be {} or {last}", first.join(", "))
    })
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
        assert_eq!(inbound("tproxyFast"), Ok(InboundMode::TproxyFast));
        assert_eq!(inbound("TPROXY"), Err("must be redirect, tproxy or tproxyFast".into()));
        assert_eq!(yes_or_no("yes"), Err("must be true or false".into()));
    }
}
