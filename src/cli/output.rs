//! What goes to standard output and standard error; colours only where a terminal shows them.

use std::io::{self, Write};
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
    /// A drawing that stands alone.
    Svg,
    /// A drawing in the language of Graphviz.
    Dot,
}

impl Format {
    /// The name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Svg => "svg",
            Self::Dot => "dot",
        }
    }
}

/// What went wrong.
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What is missing, or not as it should be.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What a user should know.
pub(super) const NOTE: Style = AnsiColor::Yellow.on_default();
/// What matters less.
pub(super) const DIM: Style = Style::new().dimmed();

/// What a terminal can show, as far as the locale tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Characters {
    /// All.
    Unicode,
    /// No others.
    Ascii,
}

impl Characters {
    /// Those of `LC_ALL`, else `LC_CTYPE`, else `LANG`: the first one that says something counts.
    pub(super) fn of_locale() -> Self {
        let values = ["LC_ALL", "LC_CTYPE", "LANG"].map(std::env::var);
        let locale = values.into_iter().flatten().find(|value| !value.is_empty());
        match locale.unwrap_or_default().to_ascii_lowercase() {
            name if name.contains("utf-8") || name.contains("utf8") => Self::Unicode,
            _ => Self::Ascii,
        }
    }
}

/// The way out of a command.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    failure: OnceLock<io::Error>,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self { format, failure: OnceLock::new() }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints text as it is.
    pub(super) fn text(&self, text: &str) {
        let mut out = anstream::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            let _ = self.failure.set(error);
        }
    }

    /// Why not all could be printed. A reader that went away is no failure: it had enough.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.get().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Whether nobody reads what is printed any more.
    pub(super) fn is_closed(&self) -> bool {
        self.failure.get().is_some()
    }

    /// Prints an object on one line, for programs only, where many follow each other.
    pub(super) fn json_line(&self, value: &impl Serialize) {
        if self.is_json() {
            self.text(&format!("{}\n", serde_json::to_string(value).unwrap_or_default()));
        }
    }

    /// Prints one line, for people only.
    pub(super) fn line(&self, text: &str) {
        if self.format == Format::Text {
            self.text(&format!("{text}\n"));
        }
    }

    /// Prints an object, for programs only.
    pub(super) fn json(&self, value: &impl Serialize) {
        if self.is_json() {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            self.text(&format!("{text}\n"));
        }
    }

    /// Says something on standard error.
    pub(super) fn complain(&self, style: Style, kind: &str, text: &str) {
        let line = format!("{style}{kind}{style:#}: {text}\n");
        let _ = anstream::stderr().lock().write_all(line.as_bytes());
    }

    /// Notes of a command that worked; in JSON they are in the object.
    pub(super) fn notes(&self, notes: &[String]) {
        if self.format == Format::Text {
            for note in notes {
                self.complain(NOTE, "note", note);
            }
        }
    }
}
