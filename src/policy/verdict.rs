//! Go, No-Go or incomplete.
//!
//! `no-go` if an active finding in a gate (or shared-instance) is at or above `fail-on`; else
//! `incomplete` if anything that the verdict needs was not read; else `go`. Severities never
//! touch `incomplete`; only `required: false` does, and then the verdict says what it left out.

use std::time::Duration;

use jiff::Timestamp;

use super::{Policy, staleness};
use crate::model::{
    ComponentName, Coverage, Disposition, JudgedFinding, Judgement, Reason, ReasonKind, Snapshot, Verdict,
};

/// One environment, as far as the verdict is concerned.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Components that must be seen with a proven version.
    pub expect: &'a [ComponentName],
    /// Older evidence does not count.
    pub max_age: Duration,
}

/// Blocks wherever it is found: an audit that compares an instance with itself proves nothing.
const BLOCKS_ANYWHERE: &str = "shared-instance";

/// Judges findings and coverage.
pub fn judge(policy: &Policy, findings: &[JudgedFinding], subjects: &[Subject<'_>], now: Timestamp) -> Judgement {
    let mut reasons: Vec<Reason> = findings.iter().filter(|f| blocks(policy, f)).map(blocking).collect();
    let mut not_judged = Vec::new();
    if subjects.iter().all(|subject| subject.snapshot.coverage.is_empty()) {
        reasons.push(incomplete("nothing was collected: no environment has a target".to_owned()));
    }
    for subject in subjects {
        for (required, text) in gaps(subject, now) {
            if required { reasons.push(incomplete(text)) } else { not_judged.push(text) }
        }
    }
    let has = |kind| reasons.iter().any(|reason| reason.kind == kind);
    let verdict = if has(ReasonKind::Blocks) {
        Verdict::NoGo
    } else if has(ReasonKind::Incomplete) {
        Verdict::Incomplete
    } else {
        Verdict::Go
    };
    Judgement { verdict, reasons, not_judged }
}

fn blocks(policy: &Policy, judged: &JudgedFinding) -> bool {
    judged.disposition == Disposition::Active
        && judged.severity >= policy.fail_on()
        && (judged.in_gate || judged.finding.rule == BLOCKS_ANYWHERE)
}

fn blocking(judged: &JudgedFinding) -> Reason {
    let finding = &judged.finding;
    let text = format!("{} {} {}: {}", judged.severity, finding.rule, finding.component, finding.summary);
    Reason { kind: ReasonKind::Blocks, text }
}

fn incomplete(text: String) -> Reason {
    Reason { kind: ReasonKind::Incomplete, text }
}

/// What is not known of an environment, and whether the verdict needs it.
fn gaps(subject: &Subject<'_>, now: Timestamp) -> Vec<(bool, String)> {
    let Subject { snapshot, required, expect, max_age } = subject;
    let environment = &snapshot.environment;
    let mut gaps = Vec::new();
    if snapshot.coverage.is_empty() {
        gaps.push((*required, format!("{environment} has no target")));
    }
    for target in &snapshot.coverage {
        let needed = *required && target.required;
        gaps.extend(unread(target).into_iter().map(|what| (needed, format!("{environment} {} {what}", target.target))));
        if let Some(stale) = staleness(target, *max_age, now) {
            gaps.push((needed, format!("{environment} {}: {stale}", target.target)));
        }
    }
    gaps.extend(expect.iter().filter_map(|name| unproven(snapshot, name)).map(|text| (*required, text)));
    gaps
}

/// Parts that were not read; if that is all of them for one reason, the target as a whole.
fn unread(target: &Coverage) -> Vec<String> {
    let failures: Vec<_> =
        target.parts.iter().filter_map(|(part, outcome)| outcome.failure().map(|f| (part, f))).collect();
    let one_reason = failures.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match failures.as_slice() {
        [] => Vec::new(),
        [(_, failure), ..] if one_reason && failures.len() == target.parts.len() => {
            vec![format!("not read: {failure}")]
        }
        _ => failures.iter().map(|(part, failure)| format!("part {part} not read: {failure}")).collect(),
    }
}

fn unproven(snapshot: &Snapshot, name: &ComponentName) -> Option<String> {
    let environment = &snapshot.environment;
    let instances = snapshot.components.get(name).map(|component| component.instances.as_slice()).unwrap_or_default();
    if instances.is_empty() {
        return Some(format!("{environment} {name} is expected and was not seen"));
    }
    let unproven = instances.iter().find(|instance| !instance.reading.is_proven())?;
    Some(format!("{environment} {name} is expected, and {:?} proves no version", unproven.reading.text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Defaults, Failure, FailureKind, Finding, Gate, Outcome, Severity, Source};
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn snapshot(environment: &str, outcome: Outcome, required: bool) -> Snapshot {
        let coverage = Coverage {
            target: "redis/cache".into(),
            endpoint: String::new(),
            required,
            source: Source::Live,
            taken: NOW,
            expires: None,
            parts: BTreeMap::from([("info".into(), outcome)]),
        };
        Snapshot {
            environment: environment.into(),
            taken: NOW,
            components: BTreeMap::new(),
            coverage: vec![coverage],
            identities: BTreeSet::new(),
            indicators: BTreeMap::new(),
            ignore: Vec::new(),
            left_out: 0,
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failure::new(FailureKind::Timeout, "no whole answer within 5s"))
    }

    fn verdict(
        finding: Option<(&'static str, &[&str])>,
        snapshots: &[Snapshot],
        required: bool,
        expect: &[&str],
    ) -> Judgement {
        let policy = Policy::new(None);
        let findings = finding.map(|(rule, environments)| Finding {
            rule,
            component: "redis/cache".into(),
            environments: environments.iter().map(|e| (*e).into()).collect(),
            subject: String::new(),
            summary: "x".into(),
            level: None,
            direction: None,
            defaults: Defaults::everywhere(Severity::High),
        });
        let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
        let findings = policy.apply(findings.into_iter().collect(), &gates);
        let expect: Vec<ComponentName> = expect.iter().map(|e| (*e).into()).collect();
        let subject = |snapshot| Subject { snapshot, required, expect: &expect, max_age: Duration::from_secs(60) };
        let subjects: Vec<_> = snapshots.iter().map(subject).collect();
        judge(&policy, &findings, &subjects, NOW)
    }

    #[test]
    fn go_needs_everything_read_and_nothing_blocking() {
        let read = [snapshot("prod", Outcome::Complete, true)];
        assert_eq!(verdict(None, &read, true, &[]).verdict, Verdict::Go);
        assert_eq!(verdict(Some(("version-skew", &["prod", "qualif"])), &read, true, &[]).verdict, Verdict::NoGo);
        assert_eq!(verdict(Some(("version-skew", &["dev", "prod"])), &read, true, &[]).verdict, Verdict::Go);
        assert_eq!(verdict(Some(("shared-instance", &["dev", "prod"])), &read, true, &[]).verdict, Verdict::NoGo);
    }

    #[test]
    fn what_was_not_read_is_never_go() {
        let unread = [snapshot("prod", failed(), true)];
        assert_eq!(verdict(None, &unread, true, &[]).verdict, Verdict::Incomplete);
        let both = verdict(Some(("version-skew", &["prod", "qualif"])), &unread, true, &[]);
        assert!(both.verdict == Verdict::NoGo && both.is_incomplete());
        assert_eq!(verdict(None, &[], true, &[]).verdict, Verdict::Incomplete);
        let expected = verdict(None, &[snapshot("prod", Outcome::Complete, true)], true, &["redis/cache"]);
        assert_eq!(expected.reasons[0].text, "prod redis/cache is expected and was not seen");
    }

    #[test]
    fn only_required_false_leaves_a_gap_out_and_says_so() {
        let judged = verdict(None, &[snapshot("dev", failed(), false)], true, &[]);
        assert_eq!(judged.verdict, Verdict::Go);
        assert_eq!(judged.not_judged, ["dev redis/cache not read: no whole answer within 5s"]);
        assert_eq!(verdict(None, &[snapshot("dev", failed(), true)], false, &[]).verdict, Verdict::Go);
        assert_eq!(verdict(None, &[snapshot("dev", Outcome::LeftOut, true)], true, &[]).verdict, Verdict::Go);
    }
}
