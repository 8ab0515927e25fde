//! Texts that may hold anything, made safe for a picture.

/// What stands for a character that can't be shown.
const REPLACED: char = '\u{fffd}';

/// The text without what XML forbids, and without what changes the direction of writing.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|char| if is_shown(char) { char } else { REPLACED }).collect()
}

fn is_shown(char: char) -> bool {
    let directs = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' | '\u{61c}');
    !(char.is_control() || directs || matches!(char, '\u{fffe}' | '\u{ffff}'))
}

/// The text as XML takes it, between tags and in quotes.
pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, char| {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

/// A number with commas between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_safe() {
        assert_eq!(clean("a\u{0}\u{202e}\u{fffe}é"), "a\u{fffd}\u{fffd}\u{fffd}é");
        assert_eq!(escaped(r#"<a & "b'>"#), "&lt;a &amp; &quot;b&#39;&gt;");
        assert_eq!([1, 999, 1000, 1234567].map(grouped), ["1", "999", "1,000", "1,234,567"]);
    }
}
