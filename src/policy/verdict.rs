//! Go, No-Go or incomplete.
//!
//! `no-go` if an active finding in a gate, or of a rule that blocks anywhere, is at or above
//! `fail-on`; else `incomplete` if anything that the verdict needs was not read; else `go`.
//! Severities never touch `incomplete`; only `required: false` does, and then the verdict says what
//! it left out.

use jiff::Timestamp;

use super::metas::blocks_anywhere;
use super::subject::Subject;
use super::{GatesAsked, Policy, gates, readable};
use crate::model::{
    Component, ComponentName, Coverage, Disposition, Facts, Failure, Glob, Instance, JudgedFinding,
    Judgement, Outcome, PartName, ReadingSource, Reason, ReasonKind, Since, Snapshot, Source,
    Verdict, check_staleness, nearest_name,
};

/// Judges findings and coverage. With `known`, only what is new or worse since then blocks, and the
/// judgement says what it did not count.
pub fn judge(
    policy: &Policy,
    findings: &[JudgedFinding],
    known: Option<&Since>,
    asked: GatesAsked<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> Judgement {
    let serious = findings.iter().filter(|f| f.is_active() && is_serious(policy, f));
    let (counted, old): (Vec<_>, Vec<_>) =
        serious.partition(|f| known.is_none_or(|since| since.is_news(&f.id)));
    let mut reasons: Vec<Reason> = counted.into_iter().map(blocking_reason).collect();
    let mut not_judged = Vec::new();
    if subjects.is_empty() {
        reasons.push(incomplete_reason("nothing was collected: no environments".to_owned()));
    }
    for subject in subjects {
        for KnowledgeGap { required, is_of_target, text } in knowledge_gaps(subject, now) {
            if required {
                reasons.push(Reason { is_of_target, ..incomplete_reason(text) });
            } else {
                not_judged.push(text);
            }
        }
    }
    let is_told = reasons.iter().any(|reason| reason.kind == ReasonKind::Incomplete);
    let of_gates = gates::gate_gaps(asked, subjects, is_told).into_iter();
    for (required, text) in of_gates.chain(readable::unreadable_versions(asked.list(), subjects)) {
        if required { reasons.push(incomplete_reason(text)) } else { not_judged.push(text) }
    }
    let waived = findings.iter().filter(|f| is_serious(policy, f));
    reasons.extend(waived.filter_map(waived_reason));
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

/// Whether it blocks unless it is waived.
fn is_serious(policy: &Policy, judged: &JudgedFinding) -> bool {
    judged.disposition != Disposition::Off
        && judged.severity >= policy.fail_on()
        && (judged.in_gate || blocks_anywhere(judged.finding.rule))
}

fn blocking_reason(judged: &JudgedFinding) -> Reason {
    let finding = &judged.finding;
    let text =
        format!("{} {} {}: {}", judged.severity, finding.rule, finding.component, finding.summary);
    Reason {
        kind: ReasonKind::Blocks,
        finding: Some(judged.id.clone()),
        severity: Some(judged.severity),
        is_of_target: false,
        text,
    }
}

/// What would block, and by which waiver it does not: a verdict never hides that.
fn waived_reason(judged: &JudgedFinding) -> Option<Reason> {
    let waiver = judged.waiver()?;
    let reason = blocking_reason(judged);
    let text = format!("{}; waived by {waiver}", reason.text);
    Some(Reason { kind: ReasonKind::Waived, text, ..reason })
}

fn incomplete_reason(text: String) -> Reason {
    Reason {
        kind: ReasonKind::Incomplete,
        finding: None,
        severity: None,
        is_of_target: false,
        text,
    }
}

/// What is not known of an environment.
struct KnowledgeGap {
    /// Whether the verdict needs it.
    required: bool,
    /// Whether coverage tells it of a target.
    is_of_target: bool,
    text: String,
}

impl KnowledgeGap {
    fn of_environment(required: bool, text: String) -> Self {
        Self { required, is_of_target: false, text }
    }

    fn of_target(required: bool, text: String) -> Self {
        Self { required, is_of_target: true, text }
    }
}

fn knowledge_gaps(subject: &Subject<'_>, now: Timestamp) -> Vec<KnowledgeGap> {
    let Subject { snapshot, required, expect, max_age } = subject;
    let environment = &snapshot.environment;
    let mut gaps = Vec::new();
    let is_seen = snapshot.components.values().any(|component| !component.instances.is_empty());
    let is_read = snapshot.coverage.iter().any(Coverage::is_read_at_all);
    if snapshot.coverage.is_empty() {
        gaps.push(KnowledgeGap::of_environment(*required, format!("{environment} has no target")));
    } else if is_read && !is_seen {
        gaps.push(KnowledgeGap::of_environment(
            *required,
            format!("{environment} was read, but has no components: nothing is compared"),
        ));
    } else if snapshot
        .coverage
        .iter()
        .all(|target| target.parts.values().all(|outcome| *outcome == Outcome::LeftOut))
    {
        gaps.push(KnowledgeGap::of_environment(
            *required,
            format!("all parts of {environment} are left out"),
        ));
    }
    for target in &snapshot.coverage {
        let needed = target.required;
        gaps.extend(
            unread_parts(target)
                .into_iter()
                .map(|what| format!("{environment} {} {what}", target.target))
                .map(|text| KnowledgeGap::of_target(needed, text)),
        );
        let unheld = parts_not_held(target).map(|what| format!("{environment} {what}"));
        gaps.extend(unheld.map(|text| KnowledgeGap::of_target(false, text)));
        if let Some(stale) = check_staleness(target, *max_age, now) {
            let text = format!("{environment} {}: {stale}", target.target);
            gaps.push(KnowledgeGap::of_target(needed, text));
        }
    }
    let mut hints = HINTS;
    for name in *expect {
        let texts = unproven_expected(snapshot, name, &mut hints).into_iter();
        gaps.extend(texts.map(|text| KnowledgeGap::of_environment(*required, text)));
    }
    gaps
}

/// What a file does not hold.
fn parts_not_held(target: &Coverage) -> Option<String> {
    let is_file = matches!(target.source, Source::Recorded { .. });
    let left_out = target.parts.iter().filter(|(_, outcome)| **outcome == Outcome::LeftOut);
    let names: Vec<&str> = left_out.map(|(part, _)| part.as_str()).collect();
    if !is_file || names.is_empty() {
        return None;
    }
    let said = target.left_out().filter(|_| target.kind.facts == Facts::Info);
    let said = said.unwrap_or_else(|| format!("{} not recorded", names.join(", ")));
    Some(format!("{}: {said}", target.target))
}

fn unread_parts(target: &Coverage) -> Vec<String> {
    let told = |(part, failure): (Option<&PartName>, &Failure)| match part {
        Some(part) => format!("part {part} not read: {failure}"),
        None => format!("not read: {failure}"),
    };
    target.failures().into_iter().map(told).collect()
}

/// Missing names that are compared with all that were seen, for a "did you mean". Where more are
/// missing, a mistyped name is not the reason.
const MAX_HINTS: usize = 50;

/// Pairs of names that are compared for that: fewer names get a hint where very many were seen.
const HINTS: usize = MAX_HINTS * 4_000;

/// What is expected and was not seen, or proves no version. A pattern asks for any component of
/// such a name, and all that were seen have to prove theirs.
fn unproven_expected(
    snapshot: &Snapshot,
    expected: &ComponentName,
    hints: &mut usize,
) -> Vec<String> {
    let environment = &snapshot.environment;
    // Most are names: only patterns are held against every component.
    let is_name = !expected.as_str().contains(['*', '?', '[', ']', '{', '}', '\\', '!']);
    let pattern = Glob::new(expected.as_str()).ok().filter(|_| !is_name);
    let by_name = snapshot.components.get_key_value(expected).filter(|_| pattern.is_none());
    let by_pattern = pattern.iter().flat_map(|pattern| {
        let fits = |name: &ComponentName| name == expected || pattern.is_match(name.as_str());
        snapshot.components.iter().filter(move |(name, _)| fits(name))
    });
    let seen = by_name.into_iter().chain(by_pattern);
    let mut seen = seen.filter(|(_, component)| !component.instances.is_empty()).peekable();
    if seen.peek().is_none() {
        let running = snapshot.components.iter().filter(|(_, seen)| !seen.instances.is_empty());
        let names = running.map(|(name, _)| name.as_str()).filter(|_| *hints > 0);
        let near = nearest_name(expected.as_str(), names);
        *hints = hints.saturating_sub(snapshot.components.len().max(HINTS / MAX_HINTS));
        let meant = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return vec![format!("{environment} {expected} is expected and was not seen{meant}")];
    }
    let told = seen.filter_map(|(name, component)| {
        let instance = component.instances.iter().find(|i| !proves_version(i, component))?;
        let text = instance.reading.text();
        Some(format!("{environment} {name} is expected, and {text:?} proves no version"))
    });
    told.collect()
}

fn proves_version(instance: &Instance, component: &Component) -> bool {
    let whole = match instance.source {
        ReadingSource::Tag => instance.reading.is_full_precision(&component.levels),
        ReadingSource::WorkloadLabel => false,
        ReadingSource::Program | ReadingSource::Label | ReadingSource::Declared => true,
    };
    instance.reading.is_proven() && whole && instance.contradicted_by.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::config::COLLECTORS;
    use crate::model::{
        Class, Component, Defaults, FailureKind, Finding, Gate, Locator, Severity, Source,
    };
    use crate::policy::rule_metas;
    use crate::version::{Levels, Scheme, read};
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "outcomes are written where they are used up"
    )]
    fn snapshot(environment: &str, outcome: Outcome, required: bool) -> Snapshot {
        let coverage = Coverage {
            target: "redis/cache".into(),
            kind: COLLECTORS.kind_of(&"redis/cache".into()),
            component: "redis/cache".into(),
            mapped: Arc::default(),
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
            ignore: crate::model::Globs::default(),
            left_out: 0,
        }
    }

    fn component(tag: &str) -> Component {
        let instance = Instance {
            target: "redis/cache".into(),
            locator: Locator::default(),
            site: Arc::default(),
            product: None,
            reading: read(Scheme::ImageTag, tag).into(),
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
            places: std::collections::BTreeMap::new(),
            at_least: None,
            defaults: Defaults::same_everywhere(Severity::High),
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
        judge(&policy, &findings, None, GatesAsked::Judged(&gates), &subjects, NOW)
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
        for meta in rule_metas().filter(|meta| meta.blocks_anywhere) {
            let judged = verdict(Some((meta.id, &["dev", "prod"])), &read, true, &[]);
            assert_eq!(judged.verdict, Verdict::NoGo, "{}", meta.id);
        }
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
    fn a_pattern_expects_any_component_of_such_a_name() {
        let reasons = |pattern: &str, tag: &str| {
            let mut seen = snapshot("prod", Outcome::Complete, true);
            seen.components = BTreeMap::from([("image/redis".into(), component(tag))]);
            let judged = verdict(None, &[seen], true, &[pattern]);
            judged.reasons.into_iter().map(|reason| reason.text).collect::<Vec<_>>()
        };
        assert!(reasons("image/*", "7.2.4").is_empty());
        assert_eq!(reasons("redis/*", "7.2.4"), ["prod redis/* is expected and was not seen"]);
        assert_eq!(
            reasons("image/r?dis", "7"),
            ["prod image/redis is expected, and \"7\" proves no version"]
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
        // What the profile says of the target itself counts more than what it says of dev.
        let own = verdict(None, &[snapshot("dev", failed(), true)], false, &[]);
        assert_eq!(own.verdict, Verdict::Incomplete);
    }
}
