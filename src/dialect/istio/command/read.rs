//! Reads single values of Istio's into the form that our flags take.

use std::time::Duration;

use crate::dialect::Flaw;
use crate::dialect::istio::lists;
use crate::dialect::istio::truth::truth;

/// Units of a Go duration, in nanoseconds; those that begin alike stand with the longer one first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// The longest time that is waited.
const LONGEST: Duration = Duration::from_secs(3600);

/// A text that the setting itself reads.
pub(super) fn as_written(text: &str) -> Result<String, Vec<Flaw>> {
    Ok(text.to_owned())
}

/// One port.
pub(super) fn port(text: &str) -> Result<String, Vec<Flaw>> {
    lists::port(text).map(|port| port.to_string()).map_err(|reason| vec![Flaw::new(text, reason)])
}

/// REDIRECT or TPROXY; nothing is REDIRECT.
pub(super) fn mode(text: &str) -> Result<String, Vec<Flaw>> {
    match text {
        "" | "REDIRECT" => Ok(String::from("redirect")),
        "TPROXY" => Ok(String::from("tproxy")),
        text => Err(vec![Flaw::new(text, "must be REDIRECT or TPROXY, in capitals")]),
    }
}

/// True or false.
pub(super) fn truth_text(text: &str) -> Result<String, Vec<Flaw>> {
    truth(text).map(|is| is.to_string()).map_err(|flaw| vec![flaw])
}

/// A time as Go writes it, such as `5s`, `1m30s` or `1.5s`.
pub(super) fn duration(text: &str) -> Result<Duration, Flaw> {
    let flaw = || Flaw::new(text, "must be a time such as 5s, 1m30s or 500ms, above 0, at most 1h");
    let mut nanoseconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest.find(|c| !is_digit(c)).ok_or_else(flaw)?;
        let (number, tail) = rest.split_at(end);
        let number: f64 = number.parse().map_err(|_| flaw())?;
        let unit = UNITS.iter().find_map(|(unit, factor)| Some((tail.strip_prefix(unit)?, factor)));
        let (tail, factor) = unit.ok_or_else(flaw)?;
        nanoseconds += number * factor;
        rest = tail;
    }
    let time = Duration::try_from_secs_f64(nanoseconds / 1e9).map_err(|_| flaw())?;
    if time.is_zero() || time > LONGEST { Err(flaw()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        assert_eq!(mode(""), Ok("redirect".into()));
        assert_eq!(mode("REDIRECT"), Ok("redirect".into()));
        assert_eq!(mode("TPROXY"), Ok("tproxy".into()));
        for text in ["NONE", "tproxy", "Redirect", " TPROXY"] {
            assert_eq!(mode(text).unwrap_err()[0].text, text);
        }
    }

    #[test]
    fn times_as_go_writes_them() {
        let milliseconds = |text| duration(text).map(|time| time.as_millis());
        assert_eq!(milliseconds("5s"), Ok(5000));
        assert_eq!(milliseconds("1m30.5s"), Ok(90_500));
        assert_eq!(milliseconds("500ms"), Ok(500));
        assert_eq!(milliseconds("1h"), Ok(3_600_000));
        assert_eq!(milliseconds("2000us"), Ok(2));
        for text in ["", "5", "s", "5 s", "0s", "-5s", "5x", "1h1s", "1.1.1s", "99999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
