//! Which namespace is meant, and the proof that it may be touched.

use crate::net::netns::{Netns, here_is_initial};

use super::ApplyError;

/// Whether the machine's own network namespace is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRule {
    /// A pod's is meant: the machine's own is refused.
    Refuse,
    /// The machine's own is meant: any other is refused.
    Require,
}

/// A network namespace to work in.
#[derive(Debug)]
pub struct Target {
    netns: Option<Netns>,
    host: HostRule,
}

/// Says that the calling thread is in the target, and that the target may be touched.
#[derive(Debug)]
pub struct Inside(());

impl Target {
    /// The namespace of the calling thread. It is not entered, which would take `CAP_SYS_ADMIN`.
    #[must_use]
    pub fn current(host: HostRule) -> Self {
        Self { netns: None, host }
    }

    /// Another namespace.
    #[must_use]
    pub fn other(netns: Netns, host: HostRule) -> Self {
        Self { netns: Some(netns), host }
    }

    /// Runs `job` inside, after the check that this is not the machine's own namespace by mistake.
    ///
    /// # Errors
    /// The namespace can't be entered or must not be touched, or the job failed.
    pub fn run<T: Send>(
        &self,
        job: impl FnOnce(&Inside) -> Result<T, ApplyError> + Send,
    ) -> Result<T, ApplyError> {
        let checked = || {
            self.check()?;
            job(&Inside(()))
        };
        match &self.netns {
            None => checked(),
            Some(netns) => netns.run(checked)?,
        }
    }

    fn check(&self) -> Result<(), ApplyError> {
        match (here_is_initial()?, self.host) {
            (true, HostRule::Refuse) => Err(ApplyError::HostNamespace),
            (false, HostRule::Require) => Err(ApplyError::NotHostNamespace),
            (true, HostRule::Require) | (false, HostRule::Refuse) => Ok(()),
        }
    }
}
