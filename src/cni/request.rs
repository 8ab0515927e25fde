//! What is asked: environment and standard input as a request, or what is wrong with them.

mod args;
mod attachments;
mod base64;
mod config;
mod environment;
mod json;
mod keys;
mod network;
mod permit;
mod runtime;
mod version;

use std::path::PathBuf;

use crate::words::CniId;

use super::error::CniError;

pub use args::CniArgs;
pub use attachments::Attached;
pub use config::{Config, Logging, Source};
pub use environment::{Environment, VARIABLES};
pub use json::Object;
pub(super) use json::compact;
pub use network::Network;
pub use permit::Permit;
pub use version::{SUPPORTED, SpecVersion};

/// What a runtime asks for.
#[derive(Debug)]
pub struct Request {
    /// The version that both speak.
    pub version: SpecVersion,
    /// How to log.
    pub logging: Logging,
    /// What to do.
    pub verb: Verb,
}

/// What to do.
#[derive(Debug)]
pub enum Verb {
    /// Capture a pod.
    Add(Box<Attachment>),
    /// Look whether its capture holds.
    Check(Box<Attachment>),
    /// Take its capture away.
    Del(Detachment),
    /// Forget the containers that are not listed; `None` where no list was given.
    Gc(Option<Vec<Attached>>),
    /// Tell whether pods can be captured.
    Status(Box<Config>),
    /// Tell the versions.
    Version,
}

/// A pod that is to be captured.
#[derive(Debug)]
pub struct Attachment {
    /// The network of the configuration.
    pub network: CniId,
    /// The pod's sandbox.
    pub container: CniId,
    /// Where its network namespace can be opened.
    pub netns: PathBuf,
    /// The interface that this call is about.
    pub interface: String,
    /// Whether the plugin's own namespace is meant.
    pub own: OwnNamespace,
    /// What the runtime says of the pod.
    pub args: CniArgs,
    /// What the administrator says.
    pub config: Config,
    /// What the plugin before said.
    pub prev_result: Option<Object>,
}

/// A pod whose capture is to be taken away.
#[derive(Debug)]
pub struct Detachment {
    /// The network of the configuration.
    pub network: CniId,
    /// The pod's sandbox.
    pub container: CniId,
    /// Where its network namespace was; nowhere if it is gone.
    pub netns: Option<PathBuf>,
    /// The interface that this call is about.
    pub interface: String,
    /// Whether the plugin's own namespace is meant.
    pub own: OwnNamespace,
}

/// Whether a `CNI_NETNS` that is the plugin's own namespace is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnNamespace {
    /// It is a mistake.
    Refuse,
    /// It is meant (`CNI_NETNS_OVERRIDE`).
    Allow,
}

/// A request that can't be fulfilled, and the version in which to say so.
#[derive(Debug)]
pub struct Refused {
    /// The version of the configuration, or ours where that is not known.
    pub version: SpecVersion,
    /// How to log, as far as that can be read.
    pub logging: Logging,
    /// Why.
    pub error: CniError,
}

impl Request {
    /// Reads a request. It touches nothing.
    ///
    /// # Errors
    /// What is wrong: of the environment first, then of the configuration; all faults of each at once.
    pub fn read(environment: &Environment, stdin: &[u8]) -> Result<Self, Box<Refused>> {
        let network = Network::read(stdin);
        // The version is that of the answer, whatever else is wrong; and so are the logs.
        let found = network.as_ref().ok();
        let version = found.map_or(SpecVersion::NEWEST, |network| network.version);
        let logging = found.map(|network| Logging::lenient(&network.object)).unwrap_or_default();
        let verb = environment.command().and_then(|command| verb(command, environment, network));
        match verb {
            Ok(verb) => Ok(Self { version, logging, verb }),
            Err(error) => Err(Box::new(Refused { version, logging, error })),
        }
    }
}

fn verb(
    command: &str,
    environment: &Environment,
    network: Result<Network, CniError>,
) -> Result<Verb, CniError> {
    match command {
        // What it is sent may be missing, or be of a newer runtime.
        "VERSION" => Ok(Verb::Version),
        "ADD" => attachment(environment, network).map(|add| Verb::Add(Box::new(add))),
        "CHECK" => {
            let place = environment.place()?;
            let network = network?.since("CHECK", SpecVersion::V0_4_0)?;
            attach(place, environment, network).map(|check| Verb::Check(Box::new(check)))
        }
        "DEL" => detachment(environment, network),
        "GC" => {
            environment.path()?;
            let network = network?.since("GC", SpecVersion::V1_1_0)?;
            network.named()?;
            attachments::read(&network.object).map(Verb::Gc)
        }
        "STATUS" => {
            let network = network?.since("STATUS", SpecVersion::V1_1_0)?;
            network.named()?;
            Config::read(&network.object).map(|config| Verb::Status(Box::new(config)))
        }
        other => Err(environment::unknown_command(other)),
    }
}

fn attachment(
    environment: &Environment,
    network: Result<Network, CniError>,
) -> Result<Attachment, CniError> {
    let place = environment.place()?;
    let network = network?;
    network.chainable()?;
    attach(place, environment, network)
}

fn attach(
    place: environment::Place,
    environment: &Environment,
    network: Network,
) -> Result<Attachment, CniError> {
    let name = network.named()?;
    let config = Config::read(&network.object)?;
    let args = CniArgs::read(environment)?;
    let prev_result = network.prev_result()?;
    let environment::Place { container, netns, interface, own } = place;
    Ok(Attachment { network: name, container, netns, interface, own, args, config, prev_result })
}

/// What is wrong with the rest of the configuration is nothing to a removal: the pod must go.
fn detachment(
    environment: &Environment,
    network: Result<Network, CniError>,
) -> Result<Verb, CniError> {
    let environment::Leaving { container, netns, interface, own } = environment.leaving()?;
    let network = network?.named()?;
    Ok(Verb::Del(Detachment { network, container, netns, interface, own }))
}
