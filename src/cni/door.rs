//! The way in and out: standard input, the verb, standard output, the exit code.

use std::any::Any;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::time::Duration;

use super::error::CniError;
use super::reply::{Reply, error_object};
use super::request::{Environment, Logging, Refused, Request, SUPPORTED, SpecVersion, Verb};
use super::{add, check, del, gc, log, status, stdin};

/// How long a runtime may take to send the configuration.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for what VERSION does not need.
const BRIEFLY: Duration = Duration::from_secs(1);

/// More than any configuration that is taken; the rest of a longer one is not read.
const READ_AT_MOST: usize = 8 * 1024 * 1024 + 1;

/// Fulfils the request in this process's environment and on its standard input.
#[must_use]
pub fn run() -> ExitCode {
    let environment = Environment::of(|name| std::env::var_os(name));
    guarded(|| Ok(handle(&environment))).unwrap_or_else(|error| fail(SpecVersion::NEWEST, &error))
}

/// Says what this program is, as plugins do that are started by hand.
#[must_use]
pub fn about() -> ExitCode {
    let [oldest, .., newest] = SUPPORTED;
    let line = format!(
        "nftdivert {}: puts a pod's traffic through its proxy; a command (see nftdivert --help) and a \
         CNI plugin of versions {oldest} to {newest}\n",
        env!("CARGO_PKG_VERSION")
    );
    let _ = io::stderr().lock().write_all(line.as_bytes());
    ExitCode::SUCCESS
}

fn handle(environment: &Environment) -> ExitCode {
    let request = read_stdin(environment.text("CNI_COMMAND"))
        .map_err(|source| {
            let (version, logging) = (SpecVersion::NEWEST, Logging::default());
            Box::new(Refused { version, logging, error: CniError::Input { source } })
        })
        .and_then(|stdin| Request::read(environment, &stdin));
    let logging = match &request {
        Ok(request) => &request.logging,
        Err(refused) => &refused.logging,
    };
    log::start(environment, logging);
    // A panic's words belong into the log and the error object, not among the log's lines.
    set_hook(Box::new(|panic| tracing::error!(%panic, "panic")));
    match request {
        Err(refused) => fail(refused.version, &refused.error),
        Ok(request) => match guarded(|| perform(&request.verb)) {
            Ok(reply) => succeed(&request, &reply),
            Err(error) => fail(request.version, &error),
        },
    }
}

fn perform(verb: &Verb) -> Result<Reply, CniError> {
    match verb {
        Verb::Add(attachment) => add::run(attachment),
        Verb::Check(attachment) => check::run(attachment),
        Verb::Del(detachment) => Ok(del::run(detachment)),
        Verb::Gc(alive) => Ok(gc::run(alive.as_deref())),
        Verb::Status(config) => status::run(config),
        Verb::Version => Ok(Reply::Versions),
    }
}

/// Makes an error of a panic.
fn guarded<T>(job: impl FnOnce() -> Result<T, CniError>) -> Result<T, CniError> {
    catch_unwind(AssertUnwindSafe(job))
        .unwrap_or_else(|panic| Err(CniError::Panic(words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

fn succeed(request: &Request, reply: &Reply) -> ExitCode {
    let text = reply.text(request.version).map_err(io::Error::other);
    match text.and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(source) => {
            if let Verb::Add(attachment) = &request.verb {
                add::take_back(attachment);
            }
            fail(request.version, &CniError::Output { source })
        }
    }
}

fn fail(version: SpecVersion, error: &CniError) -> ExitCode {
    let (code, details) = (error.code() as u8, error.details());
    tracing::error!(code, details, "{error}");
    if let Err(error) = print(&format!("{}\n", error_object(version, error))) {
        tracing::error!(%error, "can't write the error object to standard output");
    }
    ExitCode::FAILURE
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Reads standard input; a runtime that never closes it must not hold us. What VERSION is sent may be
/// missing.
fn read_stdin(command: &str) -> io::Result<Vec<u8>> {
    let is_optional = command == "VERSION";
    match stdin::read(if is_optional { BRIEFLY } else { PATIENCE }, READ_AT_MOST) {
        Err(_) if is_optional => Ok(Vec::new()),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_12_a_panic_becomes_an_error_object() {
        let error = guarded::<()>(|| panic!("at {}", "last")).unwrap_err();
        let object = error_object(SpecVersion::V0_4_0, &error);
        assert_eq!((&object["code"], &object["details"]), (&104.into(), &"at last".into()));
        assert_eq!(object["cniVersion"], "0.4.0");
        assert!(guarded(|| Ok(7)).is_ok_and(|seven| seven == 7));
    }
}
