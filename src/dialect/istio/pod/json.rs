//! A pod in the form in which Kubernetes tells it, read as far as it is needed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::value::{Container, EnvValue, Network, Pod, Role, RunAs};

impl<'de> Deserialize<'de> for Pod {
    /// Reads a Kubernetes Pod (`v1`); fields that capture does not depend on are passed over.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pod, D::Error> {
        let written = WrittenPod::deserialize(deserializer)?;
        match written.kind.as_deref() {
            None | Some("Pod") => Ok(written.into()),
            Some(kind) => Err(D::Error::custom(format_args!("kind is {kind:?}, not Pod"))),
        }
    }
}

#[derive(Deserialize)]
struct WrittenPod {
    kind: Option<String>,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    host_network: Option<bool>,
    security_context: Option<SecurityContext>,
    init_containers: Option<Vec<WrittenContainer>>,
    containers: Option<Vec<WrittenContainer>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext {
    run_as_user: Option<i64>,
    run_as_group: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenContainer {
    name: String,
    restart_policy: Option<String>,
    security_context: Option<SecurityContext>,
    args: Option<Vec<String>>,
    env: Option<Vec<Variable>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    name: String,
    value: Option<String>,
    value_from: Option<serde::de::IgnoredAny>,
}

impl From<WrittenPod> for Pod {
    fn from(WrittenPod { metadata, spec, .. }: WrittenPod) -> Pod {
        let init = spec.init_containers.unwrap_or_default().into_iter().map(|container| {
            let is_sidecar = container.restart_policy.as_deref() == Some("Always");
            container.with_role(if is_sidecar { Role::Sidecar } else { Role::Init })
        });
        let main = spec.containers.unwrap_or_default().into_iter();
        Pod {
            namespace: metadata.namespace,
            name: metadata.name,
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            network: match spec.host_network {
                Some(true) => Network::Host,
                Some(false) | None => Network::Own,
            },
            run_as: spec.security_context.into(),
            containers: init.chain(main.map(|container| container.with_role(Role::Main))).collect(),
        }
    }
}

impl WrittenContainer {
    fn with_role(self, role: Role) -> Container {
        let env = self.env.unwrap_or_default().into_iter().map(|variable| {
            let value = match (variable.value, variable.value_from) {
                (None, Some(_)) => EnvValue::Elsewhere,
                (value, _) => EnvValue::Text(value.unwrap_or_default()),
            };
            (variable.name, value)
        });
        Container {
            name: self.name,
            role,
            run_as: self.security_context.into(),
            args: self.args.unwrap_or_default(),
            // Of a variable that is there twice the last one counts, as for the kubelet.
            env: env.collect(),
        }
    }
}

impl From<Option<SecurityContext>> for RunAs {
    fn from(context: Option<SecurityContext>) -> RunAs {
        let context = context.unwrap_or_default();
        RunAs { user: context.run_as_user, group: context.run_as_group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#""metadata": {"namespace": "shop", "name": "web", "labels": null}"#;

    fn read(rest: &str) -> Result<Pod, String> {
        let text = format!("{{{HEAD}, {rest}}}");
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_written_is_not_there() {
        let wanted = Pod { namespace: "shop".into(), name: "web".into(), ..Pod::default() };
        assert_eq!(read(r#""spec": {}"#), Ok(wanted.clone()));
        let nulls = r#""kind": "Pod", "status": 1, "spec": {"hostNetwork": false,
            "securityContext": null, "containers": null, "initContainers": null, "volumes": []}"#;
        assert_eq!(read(nulls), Ok(wanted));
    }

    #[test]
    fn containers_have_their_roles() {
        let pod = read(
            r#""spec": {"initContainers": [{"name": "a"}, {"name": "b", "restartPolicy": "Always"}],
                "containers": [{"name": "c", "args": ["proxy"], "securityContext": {"runAsUser": 7},
                    "env": [{"name": "X", "value": "1"}, {"name": "X"},
                            {"name": "Y", "valueFrom": {"fieldRef": {}}}]}]}"#,
        )
        .unwrap();
        let roles: Vec<Role> = pod.containers.iter().map(|container| container.role).collect();
        assert_eq!(roles, [Role::Init, Role::Sidecar, Role::Main]);
        let last = &pod.containers[2];
        assert_eq!(last.run_as, RunAs { user: Some(7), group: None });
        assert_eq!(last.args, ["proxy"]);
        assert_eq!(last.env["X"], EnvValue::Text(String::new()));
        assert_eq!(last.env["Y"], EnvValue::Elsewhere);
    }

    #[test]
    fn what_is_no_pod_is_refused() {
        let said = read(r#""kind": "Deployment", "spec": {}"#).unwrap_err();
        assert!(said.contains("kind is \"Deployment\", not Pod"), "{said}");
        let said = read(r#""kind": "Pod""#).unwrap_err();
        assert!(said.contains("missing field `spec`"), "{said}");
    }
}
