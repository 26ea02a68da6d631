//! Where a release goes, and why one cannot be judged.

use super::scope::ScopeError;
use crate::model::{EnvironmentName, Gate, Release};
use crate::profile::Profiles;

/// Why a release cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum ChecklistError {
    /// Nothing says where the release goes.
    #[error("{0} does not say from where to where it goes: write gate: [FROM, TO] into its file")]
    NoGate(String),
    /// The release goes where no gate of the profiles is.
    #[error("{0} goes from {from} to {to}, which is no gate: add it to gates: in audit.yaml",
        from = .1.from, to = .1.to)]
    NotAGate(String, Gate),
    /// An environment of the gate was not audited.
    #[error("{0} of the gate is not among the audited environments")]
    NotAudited(EnvironmentName),
    /// The options or the evidence name what there is not.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The past cannot be read.
    #[error("{0}")]
    Past(String),
}

/// The gate of a release: what its file says, else the only one of the profiles.
///
/// # Errors
/// If neither says which.
pub fn gate_of(profiles: &Profiles, release: &Release) -> Result<Gate, ChecklistError> {
    let only = || match profiles.gates(&profiles.baseline).as_slice() {
        [gate] => Some(gate.clone()),
        _ => None,
    };
    let Some(gate) = release.gate.clone().or_else(only) else {
        return Err(ChecklistError::NoGate(release.name.clone()));
    };
    if profiles.gates(&profiles.baseline).contains(&gate) {
        Ok(gate)
    } else {
        Err(ChecklistError::NotAGate(release.name.clone(), gate))
    }
}
