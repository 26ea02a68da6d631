//! What of a cluster counts, whether it is asked or a file tells of it.

use super::config::{KubernetesPart as Part, NamespacesConfig};
use super::workloads::Selection;
use crate::collect::patterns::globs;

/// What of a cluster counts.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Scope {
    pub(super) parts: Vec<Part>,
    pub(super) selection: Selection,
}

impl Scope {
    pub(in crate::collect) fn new(parts: &[Part], namespaces: &NamespacesConfig) -> Self {
        let selection = Selection::new(globs(&namespaces.include), globs(&namespaces.exclude));
        Self { parts: parts.to_vec(), selection }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self { parts: Part::all(), selection: Selection::default() }
    }
}
