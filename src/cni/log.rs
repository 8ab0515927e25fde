//! Logs: JSON lines that all say which pod they are about, on standard error, in a file, at the daemon.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use nix::libc;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::daemon::Listener;
use super::request::{CniArgs, Environment, Logging};

/// Starts logging for this process. A file that can't be opened is no reason to stop a pod.
pub(super) fn start(environment: &Environment, logging: &Logging) {
    let opened = logging.file.as_deref().map(open).transpose();
    let failure = opened.as_ref().err().map(ToString::to_string);
    let mut writer = BoxMakeWriter::new(io::stderr);
    if let Ok(Some(file)) = opened {
        writer = BoxMakeWriter::new(writer.and(file));
    }
    if let Some(listener) = logging.daemon.as_deref().and_then(Listener::reach) {
        writer = BoxMakeWriter::new(writer.and(Mutex::new(listener)));
    }
    let started = tracing_subscriber::fmt()
        .with_max_level(logging.level)
        .with_writer(writer)
        .event_format(Lines(about(environment)))
        .try_init();
    if let (Ok(()), Some(error), Some(file)) = (started, failure, &logging.file) {
        tracing::warn!(error, logFile = %file.display(), "can't write the log file");
    }
}

/// Appends; a link is not followed, and what is no regular file is not written to.
fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file")),
    }
}

/// What every line says.
fn about(environment: &Environment) -> Map<String, Value> {
    let CniArgs { namespace, pod, .. } = CniArgs::lenient(environment);
    let pod = if namespace.is_empty() { pod } else { format!("{namespace}/{pod}") };
    let known = [
        ("command", environment.text("CNI_COMMAND")),
        ("pod", &pod),
        ("containerId", environment.text("CNI_CONTAINERID")),
        ("netns", environment.text("CNI_NETNS")),
        ("traceparent", environment.text("TRACEPARENT")),
    ];
    let said = known.into_iter().filter(|(name, text)| *name != "traceparent" || !text.is_empty());
    said.map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
}

struct Lines(Map<String, Value>);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let mut line = Map::new();
        line.insert("time".to_owned(), Value::from(now));
        line.insert("level".to_owned(), Value::from(event.metadata().level().as_str()));
        event.record(&mut Fields(&mut line));
        line.extend(self.0.clone());
        writeln!(writer, "{}", Value::Object(line))
    }
}

struct Fields<'m>(&'m mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }
}
