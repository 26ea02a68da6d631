//! What many pods have in common, kept once. Pure.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::setup::WorkloadLabels;

/// What a container runs, as its pod and its node tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SeenImage {
    pub(super) reference: String,
    /// As the node says what it runs.
    pub(super) image_id: String,
    pub(super) runtime: String,
}

impl SeenImage {
    pub(super) fn bytes(&self) -> usize {
        self.reference.len() + self.image_id.len() + self.runtime.len()
    }
}

/// Texts that were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    images: HashSet<Arc<SeenImage>>,
    names: HashSet<Arc<str>>,
    labels: HashSet<Arc<WorkloadLabels>>,
}

impl Shared {
    pub(super) fn image(&mut self, image: SeenImage) -> Arc<SeenImage> {
        once(&mut self.images, image)
    }

    pub(super) fn labels(&mut self, labels: WorkloadLabels) -> Arc<WorkloadLabels> {
        once(&mut self.labels, labels)
    }

    pub(super) fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name = Arc::<str>::from(name);
        self.names.insert(name.clone());
        name
    }
}

fn once<T: Eq + Hash>(known: &mut HashSet<Arc<T>>, value: T) -> Arc<T> {
    if let Some(known) = known.get(&value) {
        return known.clone();
    }
    let value = Arc::new(value);
    known.insert(value.clone());
    value
}
