//! How a runtime called the plugins, as the last one of the chain was called.

use std::fs;

use serde_json::Value;

use crate::node::Node;

/// One call of a plugin.
#[derive(Debug)]
pub(crate) struct Call(Value);

impl Call {
    /// The namespace it was given: empty if there was none any more.
    pub(crate) fn netns(&self) -> &str {
        self.0["CNI_NETNS"].as_str().unwrap_or_default()
    }

    /// The arguments that say which pod it is.
    pub(crate) fn args(&self) -> &str {
        self.0["CNI_ARGS"].as_str().unwrap_or_default()
    }

    /// What it was given on its standard input.
    pub(crate) fn given(&self) -> &Value {
        &self.0["given"]
    }
}

impl Node {
    /// The calls with this command, in their order.
    pub(crate) fn calls(&self, command: &str) -> Vec<Call> {
        let log = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let calls = log.lines().map(|line| Call(serde_json::from_str(line).unwrap()));
        calls.filter(|call| call.0["CNI_COMMAND"] == command).collect()
    }
}
