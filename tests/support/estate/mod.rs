//! An estate of many workloads in three environments, as recorded evidence: made from what real
//! servers answered (`tests/fixtures`), the same each time, with ten things wrong that matter among
//! much that does not.
//!
//! dev and qualif are what `kubectl get … -o json` prints; production is evidence that was
//! collected inside, by a user who may not list nodes. Like all support it knows nothing of
//! envparity.

mod files;
mod workloads;

use std::path::Path;

/// When the audit is: a quarter of an hour after the servers answered.
pub(crate) const AT: &str = "2026-11-22T21:00:00Z";

/// Where a workload runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Dev,
    Qualif,
    Production,
}

impl Environment {
    const ALL: [Self; 3] = [Self::Dev, Self::Qualif, Self::Production];

    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Qualif => "qualif",
            Self::Production => "ovh-production",
        }
    }
}

/// How the workloads of dev and qualif are recorded; production is evidence always.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// As `kubectl get pods,deployments,… -A -o json` prints them, every pod of them.
    Kubectl,
    /// As `envparity collect` writes them.
    Evidence,
}

/// Writes profiles and evidence of so many workloads in each environment into a folder.
pub(crate) fn write(folder: &Path, workloads: usize, recorded: Recorded) {
    files::profiles(folder);
    for environment in Environment::ALL {
        let workloads = workloads::of(environment, workloads);
        files::environment(folder, environment, &workloads, recorded);
    }
}
