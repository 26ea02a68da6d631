//! What environments share on purpose.

use std::collections::BTreeSet;

use super::{EnvironmentName, Glob, TargetId};

/// Targets that environments share on purpose.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// The targets, by the name that each environment gives them.
    pub targets: Glob,
    /// The environments that may share them; empty for any.
    pub between: Vec<EnvironmentName>,
}

impl Sharing {
    /// Whether exactly these environments, by these targets, may share.
    pub fn allows_sharing<'a>(
        &self,
        environments: &BTreeSet<&EnvironmentName>,
        mut targets: impl Iterator<Item = &'a TargetId>,
    ) -> bool {
        let is_in = |name: &&EnvironmentName| self.between.contains(name);
        (self.between.is_empty() || environments.iter().all(is_in))
            && targets.all(|target| self.targets.is_match(target.as_str()))
    }
}
