//! Two pieces of evidence, side by side: two environments, or one at two times.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Facts, environment};
use crate::collect::config::COLLECTORS;
use crate::compare::{compare, matrix};
use crate::model::{Cycles, EnvironmentName, Evidence, Places, Severity, Snapshot};
use crate::normalize::Normalizer;
use crate::normalize::config::CatalogueConfig;
use crate::policy::{self, Policy, Subject};
use crate::report::{Purpose, Report, Run};
use crate::rules;

/// Compares two pieces of evidence, seen through a catalogue, and judges their coverage, whatever
/// their age.
pub fn diff(
    catalogue: Option<&CatalogueConfig>,
    mut baseline: Evidence,
    mut current: Evidence,
    facts: Facts,
) -> Report {
    let normalizer = Normalizer::new(catalogue, COLLECTORS);
    // One environment at two times needs two names.
    if baseline.environment == current.environment {
        let dated = |evidence: &Evidence| format!("{}@{}", evidence.environment, evidence.taken);
        let (b, c) = (dated(&baseline), dated(&current));
        current.environment = if b == c { format!("{c} (again)") } else { c }.into();
        baseline.environment = EnvironmentName::from(b);
    }
    let snapshots =
        [normalizer.snapshot(&baseline, Vec::new()), normalizer.snapshot(&current, Vec::new())];
    let comparisons = vec![compare(&snapshots[0], &snapshots[1])];
    let subject =
        |snapshot| Subject { snapshot, required: true, expect: &[], max_age: Duration::MAX };
    let at = baseline.taken.max(current.taken);
    let subjects: Vec<Subject<'_>> = snapshots.iter().map(subject).collect();
    let judgement = policy::judge(&Policy::new(None), &[], None, &[], &subjects, at);
    // Only what two sides show of each other: nothing here is a gate, and nothing is judged.
    let order = [baseline.environment.clone(), current.environment.clone()];
    let context = rules::Context {
        order: &order,
        baseline: &baseline.environment,
        gates: &[],
        shared: &[],
        ranges: &[],
        now: at,
        end_of_life: &Cycles::default(),
        lookahead: Duration::ZERO,
        min_share: rules::DEFAULT_MIN_SHARE,
    };
    let findings = Policy::new(None).apply(rules::check(&context, &[], &comparisons), &[], &[]);
    let environments = |s: &Snapshot| environment(s, &snapshots, true, Duration::MAX);
    Report {
        purpose: Purpose::Diff,
        judgement,
        environments: snapshots.iter().map(environments).collect(),
        matrix: matrix(&snapshots, &baseline.environment, &comparisons),
        comparisons,
        findings,
        waivers: Vec::new(),
        since: None,
        new_only: false,
        fail_on: Severity::High,
        baseline: baseline.environment,
        gates: Vec::new(),
        left_out: Vec::new(),
        places: Places::default(),
        run: Run {
            at,
            duration: None,
            host: facts.host,
            profiles: String::new(),
            policy: String::new(),
            notes: Vec::new(),
            commit: facts.commit,
            timezone: TimeZone::UTC,
        },
    }
}
