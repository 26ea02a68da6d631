//! Go, No-Go or incomplete.
//!
//! `no-go` if an active finding in a gate (or shared-instance) is at or above `fail-on`; else
//! `incomplete` if anything that the verdict needs was not read; else `go`. Severities never
//! touch `incomplete`; only `required: false` does, and then the verdict says what it left out.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Policy, by_name, readable, staleness};
use crate::model::{
    ComponentName, Coverage, Disposition, Failure, Gate, Instance, JudgedFinding, Judgement,
    Outcome, PartName, ReadingSource, Reason, ReasonKind, Since, Snapshot, Verdict,
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

/// Judges findings and coverage. With `known`, only what is new or worse since then blocks, and the
/// judgement says what it did not count.
pub fn judge(
    policy: &Policy,
    findings: &[JudgedFinding],
    known: Option<&Since>,
    gates: &[Gate],
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> Judgement {
    let serious = findings.iter().filter(|f| blocks(policy, f));
    let (counted, old): (Vec<_>, Vec<_>) =
        serious.partition(|f| known.is_none_or(|since| since.is_news(&f.id)));
    let mut reasons: Vec<Reason> = counted.into_iter().map(blocking).collect();
    let mut not_judged = Vec::new();
    if subjects.is_empty() {
        reasons.push(incomplete("nothing was collected: there is no environment".to_owned()));
    }
    for subject in subjects {
        for (required, text) in gaps(subject, now) {
            if required { reasons.push(incomplete(text)) } else { not_judged.push(text) }
        }
    }
    for gate in gates {
        if let Some((required, text)) = nothing_compared(gate, subjects) {
            if required { reasons.push(incomplete(text)) } else { not_judged.push(text) }
        }
    }
    for (required, text) in readable::unreadable(gates, subjects) {
        if required { reasons.push(incomplete(text)) } else { not_judged.push(text) }
    }
    let has = |kind| reasons.iter().any(|reason| reason.kind == kind);
    let verdict = if has(ReasonKind::Blocks) {
        Verdict::NoGo
    } else if has(ReasonKind::Incomplete) {
        Verdict::Incomplete
    } else {
        Verdict::Go
    };
    Judgement {
        verdict,
        reasons,
        not_judged,
        known: old.into_iter().map(|judged| judged.id.clone()).collect(),
    }
}

fn blocks(policy: &Policy, judged: &JudgedFinding) -> bool {
    judged.disposition == Disposition::Active
        && judged.severity >= policy.fail_on()
        && (judged.in_gate || judged.finding.rule == BLOCKS_ANYWHERE)
}

fn blocking(judged: &JudgedFinding) -> Reason {
    let finding = &judged.finding;
    let text =
        format!("{} {} {}: {}", judged.severity, finding.rule, finding.component, finding.summary);
    Reason {
        kind: ReasonKind::Blocks,
        finding: Some(judged.id.clone()),
        severity: Some(judged.severity),
        text,
    }
}

fn incomplete(text: String) -> Reason {
    Reason { kind: ReasonKind::Incomplete, finding: None, severity: None, text }
}

/// A gate whose two sides were read, and have nothing in common, has compared nothing.
fn nothing_compared(gate: &Gate, subjects: &[Subject<'_>]) -> Option<(bool, String)> {
    let (from, to) = (by_name(subjects, &gate.from)?, by_name(subjects, &gate.to)?);
    let running = |subject: &Subject<'_>| -> BTreeSet<ComponentName> {
        let components = subject
            .snapshot
            .components
            .iter()
            .filter(|(_, component)| !component.instances.is_empty());
        components.map(|(name, _)| name.clone()).collect()
    };
    let (here, there) = (running(from), running(to));
    let is_seen = !here.is_empty() && !there.is_empty();
    let text =
        || format!("the gate {gate} compares nothing: no component was seen on both of its sides");
    (is_seen && here.is_disjoint(&there)).then(|| (from.required && to.required, text()))
}

/// What is not known of an environment, and whether the verdict needs it.
fn gaps(subject: &Subject<'_>, now: Timestamp) -> Vec<(bool, String)> {
    let Subject { snapshot, required, expect, max_age } = subject;
    let environment = &snapshot.environment;
    let mut gaps = Vec::new();
    let is_seen = snapshot.components.values().any(|component| !component.instances.is_empty());
    let is_read = snapshot.coverage.iter().any(Coverage::is_read_at_all);
    if snapshot.coverage.is_empty() {
        gaps.push((*required, format!("{environment} has no target")));
    } else if is_read && !is_seen {
        gaps.push((
            *required,
            format!("{environment} was read, and no component was seen in it: nothing is compared"),
        ));
    } else if snapshot
        .coverage
        .iter()
        .all(|target| target.parts.values().all(|outcome| *outcome == Outcome::LeftOut))
    {
        gaps.push((*required, format!("{environment} has no part that is not left out")));
    }
    for target in &snapshot.coverage {
        let needed = *required && target.required;
        gaps.extend(
            unread(target)
                .into_iter()
                .map(|what| (needed, format!("{environment} {} {what}", target.target))),
        );
        if let Some(stale) = staleness(target, *max_age, now) {
            gaps.push((needed, format!("{environment} {}: {stale}", target.target)));
        }
    }
    gaps.extend(
        expect.iter().filter_map(|name| unproven(snapshot, name)).map(|text| (*required, text)),
    );
    gaps
}

fn unread(target: &Coverage) -> Vec<String> {
    let told = |(part, failure): (Option<&PartName>, &Failure)| match part {
        Some(part) => format!("part {part} not read: {failure}"),
        None => format!("not read: {failure}"),
    };
    target.failures().into_iter().map(told).collect()
}

fn unproven(snapshot: &Snapshot, name: &ComponentName) -> Option<String> {
    let environment = &snapshot.environment;
    let Some(component) =
        snapshot.components.get(name).filter(|component| !component.instances.is_empty())
    else {
        return Some(format!("{environment} {name} is expected and was not seen"));
    };
    let proves = |instance: &&Instance| {
        let whole = match instance.source {
            ReadingSource::Tag => instance.reading.is_full_precision(&component.levels),
            ReadingSource::WorkloadLabel => false,
            ReadingSource::Program | ReadingSource::Label | ReadingSource::Declared => true,
        };
        instance.reading.is_proven() && whole && instance.contradicted_by.is_none()
    };
    let unproven = component.instances.iter().find(|instance| !proves(instance))?;
    Some(format!(
        "{environment} {name} is expected, and {:?} proves no version",
        unproven.reading.text()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::config::COLLECTORS;
    use crate::model::{
        Class, Component, Defaults, FailureKind, Finding, Locator, Severity, Site, Source,
    };
    use crate::version::{Levels, Scheme, read};
    use std::collections::BTreeMap;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "outcomes are written where they are used up"
    )]
    fn snapshot(environment: &str, outcome: Outcome, required: bool) -> Snapshot {
        let coverage = Coverage {
            target: "redis/cache".into(),
            kind: COLLECTORS.of(&"redis/cache".into()),
            component: "redis/cache".into(),
            endpoint: String::new(),
            required,
            source: Source::Live,
            taken: NOW,
            expires: None,
            notes: Vec::new(),
            parts: BTreeMap::from([("info".into(), outcome.clone())]),
        };
        let seen = outcome == Outcome::Complete;
        Snapshot {
            environment: environment.into(),
            taken: NOW,
            components: seen.then(|| ("image/redis".into(), component("7"))).into_iter().collect(),
            coverage: vec![coverage],
            identities: BTreeSet::new(),
            indicators: BTreeMap::new(),
            ignore: Vec::new(),
            left_out: 0,
        }
    }

    fn component(tag: &str) -> Component {
        let instance = Instance {
            target: "redis/cache".into(),
            locator: Locator::default(),
            site: Site::default(),
            product: None,
            reading: read(Scheme::ImageTag, tag),
            source: ReadingSource::Tag,
            contradicted_by: None,
            image: None,
        };
        Component {
            class: Class::Platform,
            levels: Levels::DEFAULT,
            instances: vec![instance],
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: Vec::new(),
            named_product: None,
            overruled: Vec::new(),
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
            values: std::collections::BTreeSet::new(),
            defaults: Defaults::everywhere(Severity::High),
        });
        let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
        let findings = policy.apply(findings.into_iter().collect(), &gates, &[]);
        let expect: Vec<ComponentName> = expect.iter().map(|e| (*e).into()).collect();
        let subject = |snapshot| Subject {
            snapshot,
            required,
            expect: &expect,
            max_age: Duration::from_secs(60),
        };
        let subjects: Vec<_> = snapshots.iter().map(subject).collect();
        judge(&policy, &findings, None, &gates, &subjects, NOW)
    }

    #[test]
    fn go_needs_everything_read_and_nothing_blocking() {
        let read = [snapshot("prod", Outcome::Complete, true)];
        assert_eq!(verdict(None, &read, true, &[]).verdict, Verdict::Go);
        assert_eq!(
            verdict(Some(("version-skew", &["prod", "qualif"])), &read, true, &[]).verdict,
            Verdict::NoGo
        );
        assert_eq!(
            verdict(Some(("version-skew", &["dev", "prod"])), &read, true, &[]).verdict,
            Verdict::Go
        );
        assert_eq!(
            verdict(Some(("shared-instance", &["dev", "prod"])), &read, true, &[]).verdict,
            Verdict::NoGo
        );
    }

    #[test]
    fn what_was_not_read_is_never_go() {
        let unread = [snapshot("prod", failed(), true)];
        assert_eq!(verdict(None, &unread, true, &[]).verdict, Verdict::Incomplete);
        let both = verdict(Some(("version-skew", &["prod", "qualif"])), &unread, true, &[]);
        assert!(both.verdict == Verdict::NoGo && both.is_incomplete());
        assert_eq!(verdict(None, &[], true, &[]).verdict, Verdict::Incomplete);
        let expected =
            verdict(None, &[snapshot("prod", Outcome::Complete, true)], true, &["redis/cache"]);
        assert_eq!(expected.reasons[0].text, "prod redis/cache is expected and was not seen");
        // A tag that says less than a whole version proves none.
        let short =
            verdict(None, &[snapshot("prod", Outcome::Complete, true)], true, &["image/redis"]);
        assert_eq!(
            short.reasons[0].text,
            "prod image/redis is expected, and \"7\" proves no version"
        );
    }

    #[test]
    fn nothing_seen_is_never_go() {
        let empty =
            Snapshot { components: BTreeMap::new(), ..snapshot("prod", Outcome::Complete, true) };
        assert_eq!(verdict(None, &[empty], true, &[]).verdict, Verdict::Incomplete);
        assert_eq!(
            verdict(None, &[snapshot("prod", Outcome::LeftOut, true)], true, &[]).verdict,
            Verdict::Incomplete
        );
    }

    #[test]
    fn only_required_false_leaves_a_gap_out_and_says_so() {
        let judged = verdict(None, &[snapshot("dev", failed(), false)], true, &[]);
        assert_eq!(judged.verdict, Verdict::Go);
        assert_eq!(judged.not_judged, ["dev redis/cache not read: no whole answer within 5s"]);
        assert_eq!(
            verdict(None, &[snapshot("dev", failed(), true)], false, &[]).verdict,
            Verdict::Go
        );
    }
}
