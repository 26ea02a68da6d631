//! What of a cluster counts, whether it is asked or a file tells of it.

use super::config::{KubernetesPart as Part, NamespacesConfig};
use super::workloads::NamespaceSelection;
use crate::collect::patterns::globs;

/// What of a cluster counts.
#[derive(Clone, Debug)]
pub(in crate::collect) struct ClusterScope {
    pub(super) parts: Vec<Part>,
    pub(super) selection: NamespaceSelection,
}

impl ClusterScope {
    pub(in crate::collect) fn new(parts: &[Part], namespaces: &NamespacesConfig) -> Self {
        let selection =
            NamespaceSelection::new(globs(&namespaces.include), globs(&namespaces.exclude));
        Self { parts: parts.to_vec(), selection }
    }
}

impl Default for ClusterScope {
    fn default() -> Self {
        Self { parts: Part::all(), selection: NamespaceSelection::default() }
    }
}
