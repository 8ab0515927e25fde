//! How much room text takes. Nobody knows the reader's fonts: characters are taken to be as wide
//! as in the widest of the usual ones, and whatever is not ASCII as two of them.

/// Tenths of a pixel that a column takes, by the kind of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    /// Rules: monospace, 12 px.
    Rule,
    /// Names of chains and sets: monospace, bold, 13 px.
    Name,
    /// Places and notes: sans-serif, 11 px.
    Note,
    /// Pills: sans-serif, bold, 11 px.
    Pill,
    /// Titles of ways: sans-serif, bold, 15 px.
    Title,
}

impl Font {
    fn tenths(self) -> usize {
        match self {
            Self::Rule => 74,
            Self::Name => 80,
            Self::Note => 61,
            Self::Pill => 68,
            Self::Title => 94,
        }
    }

    /// The width of a text in pixels.
    pub(super) fn width(self, text: &str) -> usize {
        (columns(text) * self.tenths()).div_ceil(10)
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(char: char) -> usize {
    if char.is_ascii() { 1 } else { 2 }
}

/// The text in lines of at most so many columns, broken at blanks, and in a word only if it is
/// longer than a line.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > most {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for char in word.chars() {
            if columns(&line) + column(char) > most {
                lines.push(std::mem::take(&mut line));
            }
            line.push(char);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_asked_and_lose_nothing() {
        let text = "meta skuid 1337 iifname \"éééééé\" a-word-that-is-longer-than-a-line accept";
        for most in 4..80 {
            let lines = wrapped(text, most);
            assert!(lines.iter().all(|line| columns(line) <= most), "{most}: {lines:?}");
            let kept = |text: &str| text.replace(' ', "");
            assert_eq!(kept(&lines.concat()), kept(text));
        }
        assert_eq!(wrapped("a b", 40), ["a b"]);
        assert_eq!(wrapped("", 40), [""]);
    }
}
