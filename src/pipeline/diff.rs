//! Two pieces of evidence, side by side: two environments, or one at two times.

use std::time::Duration;

use super::assess::{Expectation, Standard};
use super::expected::Expected;
use super::options::RunFacts;
use crate::collect::config::COLLECTORS;
use crate::model::{Audit, EnvironmentName, Evidence, Purpose};
use crate::normalize::Normalizer;
use crate::normalize::config::CatalogueConfig;
use crate::policy::Policy;

/// Compares two pieces of evidence, seen through a catalogue, and judges their coverage, whatever
/// their age. Nothing in it is a gate.
pub fn diff(
    catalogue: Option<&CatalogueConfig>,
    mut baseline: Evidence,
    mut current: Evidence,
    facts: RunFacts,
) -> Audit {
    // One environment at two times needs two names.
    if baseline.environment == current.environment {
        let dated = |evidence: &Evidence| format!("{}@{}", evidence.environment, evidence.taken);
        let (b, c) = (dated(&baseline), dated(&current));
        current.environment = if b == c { format!("{c} (again)") } else { c }.into();
        baseline.environment = EnvironmentName::from(b);
    }
    let names = [baseline.environment.clone(), current.environment.clone()];
    let anything = || Expectation {
        required: true,
        expect: &[],
        ignore: crate::model::Globs::default(),
        max_age: Duration::MAX,
    };
    let standard = Standard {
        purpose: Purpose::Diff,
        normalizer: Normalizer::new(catalogue, COLLECTORS),
        policy: Policy::new(None),
        expected: Expected::nothing(),
        sharing: Vec::new(),
        waivers: Vec::new(),
        order: names.to_vec(),
        baseline: names[0].clone(),
        gates: Vec::new(),
        wants_no_gate: false,
        closed_gates: Vec::new(),
        pairs: vec![names.into()],
        expectations: vec![anything(), anything()],
        since: None,
        new_only: false,
        policy_digest: "",
        profiles_digest: "",
        given_cycles: &[],
    };
    let at = baseline.taken.max(current.taken);
    standard.judge(vec![baseline, current], facts, at)
}
