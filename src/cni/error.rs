//! Why a request could not be fulfilled, with the code by which runtimes know it.

use std::io;
use std::path::PathBuf;

use crate::apply::ApplyError;
use crate::apply::others::OthersError;
use crate::net::netns::NetnsError;
use crate::policy::{Fault, PolicyError};
use crate::ruleset::Difference;

use super::request::{SUPPORTED, SpecVersion};

/// How many differences an error object tells.
const TOLD_AT_MOST: usize = 20;

/// The codes of error objects: CNI's own below 100, ours from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// The version of the configuration is not known, or too old for what is asked.
    Version = 1,
    /// A field that the version does not have.
    UnsupportedField = 2,
    /// Variables are missing or wrong.
    Environment = 4,
    /// Standard input or output failed.
    Io = 5,
    /// What was sent is not JSON, or not of the form that it must have.
    Json = 6,
    /// The configuration is wrong.
    Config = 7,
    /// The network namespace is wrong.
    Netns = 8,
    /// It may work later.
    TryAgain = 11,
    /// New pods can't be captured now.
    NotAvailable = 50,
    /// Capture could not be put into force; the namespace is as before unless the text says otherwise.
    Failed = 100,
    /// The rules are not as they should be.
    Differs = 101,
    /// The pod asks for what the administrator does not permit.
    NotPermitted = 102,
    /// Another mesh captures there already.
    OtherMesh = 103,
    /// A defect of this program.
    Defect = 104,
    /// Another network of the pod has captured it already, by another policy.
    OtherNetwork = 105,
}

/// A failure.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum CniError {
    /// Variables are missing or wrong: all of them, each with its fault.
    #[error("the environment is wrong: {}", names(faults))]
    Environment {
        /// What is wrong.
        faults: Vec<Fault>,
    },
    /// Standard input could not be read.
    #[error("can't read the network configuration from standard input: {source}")]
    Input {
        /// Why.
        source: io::Error,
    },
    /// Standard input is not the JSON that it should be.
    #[error("the network configuration on standard input can't be decoded")]
    Json {
        /// What is wrong.
        reason: String,
    },
    /// A version that is not known.
    #[error("cniVersion {found} is not supported")]
    Version {
        /// What was asked for.
        found: String,
    },
    /// A command that the version does not have.
    #[error("{command} takes cniVersion {since} or newer; this configuration has {found}")]
    TooOld {
        /// The command.
        command: &'static str,
        /// Since when it is there.
        since: SpecVersion,
        /// The version of the configuration.
        found: SpecVersion,
    },
    /// A result to chain to, in a version without chaining.
    #[error("prevResult is no field of cniVersion {found}: chaining takes 0.3.0 or newer")]
    PrevResult {
        /// The version of the configuration.
        found: SpecVersion,
        /// The value, shortened.
        value: String,
    },
    /// The configuration is wrong: all faults at once.
    #[error("the network configuration is wrong: {}", names(&.0.faults))]
    Config(PolicyError),
    /// The pod's name servers are not known here.
    #[error("dns.servers is resolvConf, and the pod's name servers are not known to a CNI plugin")]
    NoNameServers,
    /// What the pod says of its capture is wrong.
    #[error("what the pod asks for is wrong: {}", names(&.0.faults))]
    Pod(PolicyError),
    /// The pod asks for more than it may.
    #[error("the pod asks for what is not permitted: {}", names(faults))]
    NotPermitted {
        /// Which settings.
        faults: Vec<Fault>,
    },
    /// The path is no network namespace that can be opened.
    #[error("CNI_NETNS: {source}")]
    Netns {
        /// Why.
        source: NetnsError,
    },
    /// The namespace is the plugin's own.
    #[error("CNI_NETNS: {} is the plugin's own network namespace", path.display())]
    OwnNamespace {
        /// The path.
        path: PathBuf,
    },
    /// The node's daemon does not answer.
    #[error("the daemon does not answer at {}: {source}", path.display())]
    Daemon {
        /// Its socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Pods could not be captured.
    #[error("pods can't be captured on this node now")]
    Unavailable {
        /// Why.
        source: Box<CniError>,
    },
    /// Capture could not be put into force, or looked at.
    #[error("the pod's traffic can't be put through its proxy")]
    Apply {
        /// Why.
        source: ApplyError,
    },
    /// Another network's ADD has captured the pod.
    #[error("another network of the pod has captured it already, by another policy")]
    OtherNetwork {
        /// Who.
        recorded: String,
    },
    /// The rules are not as they should be.
    #[error("capture is not as the policy says: {} found", count(.0.len(), "difference"))]
    Differs(Vec<Difference>),
    /// The result could not be written; what was set up was taken back.
    #[error("can't write the result to standard output: {source}")]
    Output {
        /// Why.
        source: io::Error,
    },
    /// A defect.
    #[error("nftdivert met a defect of its own: please report it")]
    Panic(String),
}

impl CniError {
    /// The code by which a runtime knows it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Environment { .. } => Code::Environment,
            Self::Input { .. } | Self::Output { .. } => Code::Io,
            Self::Json { .. } => Code::Json,
            Self::Version { .. } | Self::TooOld { .. } => Code::Version,
            Self::PrevResult { .. } => Code::UnsupportedField,
            Self::Config(_) | Self::Pod(_) | Self::NoNameServers => Code::Config,
            Self::NotPermitted { .. } => Code::NotPermitted,
            Self::Netns { .. }
            | Self::OwnNamespace { .. }
            | Self::Apply { source: ApplyError::HostNamespace | ApplyError::Netns(_) } => {
                Code::Netns
            }
            Self::Daemon { .. } => Code::TryAgain,
            Self::Unavailable { .. } => Code::NotAvailable,
            Self::Apply { source: ApplyError::Others(OthersError::Present { .. }) } => {
                Code::OtherMesh
            }
            Self::Apply { .. } => Code::Failed,
            Self::Differs(_) => Code::Differs,
            Self::Panic(_) => Code::Defect,
            Self::OtherNetwork { .. } => Code::OtherNetwork,
        }
    }

    /// What belongs to the sentence: every fault, what the kernel said, and what helps.
    #[must_use]
    pub fn details(&self) -> String {
        match self {
            Self::Environment { faults } => lines(faults),
            Self::NotPermitted { faults } => format!(
                "{}\nAn administrator permits settings by the list `permit` of the network \
                 configuration",
                lines(faults)
            ),
            Self::Config(error) | Self::Pod(error) => lines(&error.faults),
            Self::Json { reason } | Self::Panic(reason) => reason.clone(),
            Self::Version { .. } => format!("supported are {}", SUPPORTED.join(", ")),
            Self::TooOld { .. } => "raise cniVersion in the network configuration".to_owned(),
            Self::PrevResult { value, .. } => format!("prevResult: {value}"),
            Self::NoNameServers => "list dns.servers in the policy, or set dns.capture to all, or \
                declare \"capabilities\": {\"dns\": true} and let the runtime say them"
                .to_owned(),
            Self::Netns { .. } => "is the container gone, or is its namespace not mounted \
                where this plugin runs?"
                .to_owned(),
            Self::OwnNamespace { .. } => "pods on the host's network are not captured; \
                CNI_NETNS_OVERRIDE=1 says that it is meant"
                .to_owned(),
            Self::Daemon { .. } => "pods start when it does; look at the daemon of this node, or \
                take daemonSocket out of the network configuration"
                .to_owned(),
            Self::Unavailable { source } => source.whole(),
            Self::Apply { source } => source.to_string(),
            Self::Differs(differences) => told(differences),
            Self::OtherNetwork { recorded } => format!(
                "in force since the ADD of \"{recorded}\" (cni NETWORK INTERFACE); a pod has one capture: \
                 give nftdivert to one of its networks, or the same policy to both"
            ),
            Self::Input { .. } | Self::Output { .. } => String::new(),
        }
    }

    fn whole(&self) -> String {
        match self.details() {
            details if details.is_empty() => self.to_string(),
            details => format!("{self}: {details}"),
        }
    }
}

fn names(faults: &[Fault]) -> String {
    let mut names: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    names.dedup();
    let more = names.len().saturating_sub(TOLD_AT_MOST);
    names.truncate(TOLD_AT_MOST);
    let list = names.join(", ");
    if more == 0 { list } else { format!("{list} and {more} more") }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn told(differences: &[Difference]) -> String {
    let line = |difference: &Difference| {
        let wanted = difference.wanted.as_deref().unwrap_or("nothing");
        let found = difference.found.as_deref().unwrap_or("nothing");
        format!("{}: wanted {wanted}, found {found}", difference.object)
    };
    let mut lines: Vec<String> = differences.iter().take(TOLD_AT_MOST).map(line).collect();
    if differences.len() > TOLD_AT_MOST {
        lines.push(format!("and {} more", differences.len() - TOLD_AT_MOST));
    }
    lines.join("\n")
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
