//! What shall be done to a node, step by step; after each of them it starts pods.

use super::folder::{File, Folder, Found, Node, OurBinary};

/// One step. Each happens wholly or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Our binary comes into the folder of the binaries, in the place of what has its name.
    PutBinary,
    /// A file, or a link, comes into the folder of the configuration.
    Put {
        /// Its name.
        name: String,
        /// What it is.
        file: File,
    },
    /// A file leaves that folder.
    Remove {
        /// Its name.
        name: String,
    },
    /// What a killed run of ours left among the binaries goes.
    RemoveLeftover {
        /// Its name.
        name: String,
    },
    /// Our binary goes.
    RemoveBinary,
}

/// What shall be done, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// What they come to, one sentence each.
    pub told: Vec<String>,
    /// What a user should know besides.
    pub notes: Vec<String>,
    /// The whole configuration of our own network, where meta-plugins are to call it.
    pub network: Option<String>,
}

impl Step {
    /// The name of the file in the folder of the configuration that this is about.
    #[must_use]
    pub fn conf_name(&self) -> Option<&str> {
        match self {
            Step::Put { name, .. } | Step::Remove { name } => Some(name),
            Step::PutBinary | Step::RemoveLeftover { .. } | Step::RemoveBinary => None,
        }
    }
}

impl Plan {
    /// Puts the file, unless it is there already.
    pub(super) fn put(&mut self, folder: &Folder, name: &str, file: File) {
        if folder.get(name) != Some(&Found::File(file.clone())) {
            self.steps.push(Step::Put { name: name.to_owned(), file });
        }
    }

    /// Removes the file, if it is there.
    pub(super) fn remove(&mut self, folder: &Folder, name: &str) {
        if folder.contains_key(name) {
            self.steps.push(Step::Remove { name: name.to_owned() });
        }
    }

    /// Whether the configuration changes.
    #[must_use]
    pub fn changes_conf(&self) -> bool {
        self.steps.iter().any(|step| step.conf_name().is_some())
    }
}

impl Node {
    /// The node after these steps.
    #[must_use]
    pub fn after<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Node {
        let mut node = self.clone();
        steps.into_iter().for_each(|step| node.take(step));
        node
    }

    /// Takes one step.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::PutBinary => self.bin.ours = OurBinary::Current,
            Step::RemoveBinary => self.bin.ours = OurBinary::Absent,
            Step::Put { name, file } => {
                self.conf.insert(name.clone(), Found::File(file.clone()));
            }
            Step::Remove { name } => {
                self.conf.remove(name);
            }
            Step::RemoveLeftover { name } => {
                self.bin.temps.remove(name);
            }
        }
    }
}
