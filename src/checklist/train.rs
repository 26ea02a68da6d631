//! The builds of own services that run in an environment.

use sha2::{Digest as _, Sha256};

use crate::model::{Build, Class, Component, Digest, Instance, Snapshot, Train};

/// The builds of own services that a snapshot shows, by component.
pub fn train_of(snapshot: &Snapshot) -> Train {
    let own = snapshot.components.iter().filter(|(_, component)| component.class == Class::Service);
    let builds = own.map(|(name, component)| (name.clone(), builds_of(component)));
    builds.filter(|(_, builds)| !builds.is_empty()).collect()
}

/// The distinct builds of a component.
pub(super) fn builds_of(component: &Component) -> Vec<Build> {
    let mut found: Vec<Build> = Vec::new();
    for build in component.instances.iter().filter_map(build_of) {
        let is_same = |known: &Build| match known.same_content(&build) {
            Some(same) => same,
            None => {
                known.digests.is_empty() == build.digests.is_empty()
                    && known.version == build.version
            }
        };
        match found.iter_mut().find(|known| is_same(known)) {
            Some(known) => known.digests.extend(
                build
                    .digests
                    .into_iter()
                    .filter(|one| !known.digests.contains(one))
                    .collect::<Vec<_>>(),
            ),
            None => found.push(build),
        }
    }
    found.iter_mut().for_each(|build| build.digests.sort());
    found.sort();
    found
}

fn build_of(instance: &Instance) -> Option<Build> {
    let image = instance.image.as_ref()?;
    let tag = image.tag.as_ref().unwrap_or(&instance.reading);
    Some(Build { version: tag.text().to_owned(), digests: image.digests.clone() })
}

/// SHA-256 over components and digests, or versions where no digest is known.
pub fn digest_of(train: &Train) -> String {
    let mut hash = Sha256::new();
    for (name, builds) in train {
        for build in builds {
            let told: Vec<&str> = match build.digests.as_slice() {
                [] => vec![build.version.as_str()],
                digests => digests.iter().map(Digest::as_str).collect(),
            };
            hash.update(format!("{name}\0{}\0", told.join(" ")));
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
