//! Which pods are left alone, and why.

use std::collections::BTreeSet;

use thiserror::Error;

use super::annotations::MODE;
use super::value::{Container, Network, Pod, Role};
use super::{SaidBy, injected, proxy};
use crate::dialect::Told;
use crate::policy::shown;

/// The annotation that an injector leaves behind.
const STATUS: &str = "sidecar.istio.io/status";

/// The variable of a pod whose agent runs without a proxy.
const DISABLE_ENVOY: &str = "DISABLE_ENVOY";

/// Why a pod is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LeftAlone {
    /// It has no network namespace of its own.
    #[error("it lives in the machine's network namespace (hostNetwork)")]
    HostNetwork,
    /// The administrator excludes its Kubernetes namespace.
    #[error("its namespace {} is excluded", shown(.0))]
    Namespace(String),
    /// A container of it captures.
    #[error("its container istio-init captures already")]
    IstioInit,
    /// Nobody would take what is captured.
    #[error("it has no container istio-proxy that runs as long as the pod does")]
    NoProxy,
    /// The agent runs without Envoy.
    #[error("its istio-proxy runs without a proxy (DISABLE_ENVOY)")]
    ProxyDisabled,
    /// The proxy is no sidecar, but a gateway or the like.
    #[error("its istio-proxy is a {}, not a sidecar", shown(.0))]
    ProxyType(String),
    /// The pod does not want to be captured.
    #[error("it says sidecar.istio.io/inject: {} (by {from})", shown(.text))]
    NotWanted {
        /// What it says.
        text: String,
        /// Where.
        from: SaidBy,
    },
    /// No injector has seen it.
    #[error("it has no annotation sidecar.istio.io/status: no injector has made its sidecar")]
    NotInjected,
    /// Its traffic comes to the proxy in another way.
    #[error("it says sidecar.istio.io/interceptionMode: NONE")]
    ModeNone,
}

/// The container of the pod's proxy, or why the pod is left alone. A variable of the proxy that can't
/// be read is told as a fault.
///
/// # Errors
/// The first reason in the order of Istio's plugin.
pub(super) fn left_alone<'p>(
    pod: &'p Pod,
    excluded: &BTreeSet<String>,
    told: &mut Told,
) -> Result<&'p Container, LeftAlone> {
    if pod.network == Network::Host {
        return Err(LeftAlone::HostNetwork);
    }
    if excluded.contains(&pod.namespace) {
        return Err(LeftAlone::Namespace(pod.namespace.clone()));
    }
    if pod.containers.iter().any(|container| container.name == "istio-init") {
        return Err(LeftAlone::IstioInit);
    }
    let container = proxy_of(pod).ok_or(LeftAlone::NoProxy)?;
    if proxy::is_set(container, DISABLE_ENVOY, told) {
        return Err(LeftAlone::ProxyDisabled);
    }
    if let [command, kind, ..] = container.args.as_slice()
        && command == "proxy"
        && !kind.is_empty()
        && kind != "sidecar"
    {
        return Err(LeftAlone::ProxyType(kind.clone()));
    }
    match by_annotations(pod) {
        Some(reason) => Err(reason),
        None => Ok(container),
    }
}

/// Why a pod is left alone, as far as its annotations and labels say.
pub(super) fn by_annotations(pod: &Pod) -> Option<LeftAlone> {
    if let Some((text, from)) = injected::refusal(pod) {
        return Some(LeftAlone::NotWanted { text: text.to_owned(), from });
    }
    if !pod.annotations.contains_key(STATUS) {
        return Some(LeftAlone::NotInjected);
    }
    let has_none = pod.annotations.get(MODE).is_some_and(|mode| mode == "NONE");
    has_none.then_some(LeftAlone::ModeNone)
}

fn proxy_of(pod: &Pod) -> Option<&Container> {
    let lives_on = |role| match role {
        Role::Sidecar | Role::Main => true,
        Role::Init => false,
    };
    let named = pod.containers.iter().filter(|container| container.name == "istio-proxy");
    named.into_iter().find(|container| lives_on(container.role))
}
