//! A written report as the audit that it might be of, for the tests of formats.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::collect::config::COLLECTORS;
use crate::model::matrix::{Cell, CellReading, MatrixRow, State};
use crate::model::{
    Audit, AuditedEnvironment, Class, Coverage, Defaults, Disposition, EarlierFinding, Failure,
    FailureKind, Fate, Finding, FindingId, FindingTrend, Gate, GoneFinding, JudgedFinding,
    JudgedWaiver, Judgement, Note, Outcome, Places, PlacesCompared, Purpose, Reason, ReasonKind,
    Run, Severity, Since, Snapshot, Source, TimeSource, Verdict, Waiver, WaiverState,
};
use crate::version::{Direction, Incomparable, Level, Scheme, read};
use crate::wire::report as v1;
use crate::wire::yaml;

/// The report with hostile text wherever text comes from outside.
pub(in crate::report) fn hostile() -> v1::DriftReport {
    let text = include_str!("../../../tests/fixtures/reports/hostile.yaml");
    yaml::read(text, yaml::Origin::Program).unwrap()
}

/// The audit that a report would be of.
pub(in crate::report) fn audit_of(report: &v1::DriftReport) -> Audit {
    let verdict = [Verdict::Go, Verdict::NoGo, Verdict::Incomplete];
    Audit {
        load: Vec::new(),
        purpose: named([Purpose::Audit, Purpose::Diff], Purpose::as_str, &report.purpose),
        judgement: Judgement {
            verdict: named(verdict, Verdict::as_str, &report.verdict.is),
            reasons: report.verdict.reasons.iter().map(|one| reason(one, report)).collect(),
            not_judged: report.verdict.not_judged.clone(),
            known: report.verdict.known.iter().map(|id| id_of(id)).collect(),
        },
        baseline: report.baseline.as_str().into(),
        gates: report.gates.iter().map(gate).collect(),
        left_out: report.left_out.iter().map(|name| name.as_str().into()).collect(),
        is_of_pair: false,
        compared: Vec::new(),
        reports_only: false,
        environments: report.environments.iter().map(|one| environment(one, report)).collect(),
        comparisons: Vec::new(),
        findings: report.findings.iter().chain(&report.waived).map(judged).collect(),
        waivers: report.waivers.iter().map(waiver).collect(),
        since: report.since.as_ref().map(|told| since(told, report)),
        new_only: report.verdict.new_only,
        standing: None,
        matrix: report.matrix.iter().map(row).collect(),
        fail_on: severity(&report.verdict.fail_on),
        places: Places::default(),
        run: Run {
            history: None,
            at: report.run.at,
            duration: None,
            host: report.run.host.clone(),
            profiles: report.run.profiles.clone(),
            policy: report.run.policy.clone(),
            notes: report.run.notes.clone(),
            commit: report.run.commit.clone(),
            timezone: TimeZone::UTC,
        },
    }
}

fn named<T: Copy>(all: impl IntoIterator<Item = T>, name: fn(T) -> &'static str, word: &str) -> T {
    all.into_iter().find(|one| name(*one) == word).unwrap_or_else(|| panic!("no word {word}"))
}

fn severity(word: &str) -> Severity {
    word.parse().unwrap()
}

fn id_of(text: &str) -> FindingId {
    FindingId::parse(text).unwrap()
}

fn gate([from, to]: &[String; 2]) -> Gate {
    Gate { from: from.as_str().into(), to: to.as_str().into() }
}

fn level(word: &str) -> Level {
    let no_order = Level::Incomparable(Incomparable::Opaque);
    let levels = [
        Level::Equal,
        Level::WithinPrecision,
        Level::Build,
        Level::Prerelease,
        Level::Patch,
        Level::Minor,
        Level::Major,
        no_order,
    ];
    named(levels, Level::as_str, word)
}

fn direction(word: &str) -> Direction {
    named([Direction::Ahead, Direction::Behind, Direction::Mixed], Direction::as_str, word)
}

fn reason(reason: &v1::Reason, report: &v1::DriftReport) -> Reason {
    let kinds = [ReasonKind::Blocks, ReasonKind::Incomplete, ReasonKind::Waived];
    let found = reason.finding.as_deref();
    let mut findings = report.findings.iter().chain(&report.waived);
    Reason {
        kind: named(kinds, ReasonKind::as_str, &reason.kind),
        finding: found.map(id_of),
        severity: findings
            .find(|one| Some(one.id.as_str()) == found)
            .map(|f| severity(&f.severity)),
        is_of_target: false,
        text: reason.text.clone(),
    }
}

fn environment(told: &v1::Environment, report: &v1::DriftReport) -> AuditedEnvironment {
    let hides = told.targets.iter().flat_map(|target| {
        let of = |part: &v1::Part| Some(((target.target.clone(), part.part.clone()), part.hides?));
        target.parts.iter().filter_map(of)
    });
    AuditedEnvironment {
        snapshot: Snapshot {
            environment: told.name.as_str().into(),
            taken: report.run.at,
            components: BTreeMap::new(),
            coverage: told.targets.iter().map(|target| coverage(target, report)).collect(),
            identities: std::collections::BTreeSet::new(),
            indicators: BTreeMap::new(),
            ignore: crate::model::Globs::default(),
            left_out: told.left_out,
        },
        required: told.required,
        max_age: Duration::MAX,
        hides: hides.collect(),
    }
}

fn failure(failure: &v1::Failure) -> Failure {
    let kind = FailureKind::ALL.iter().find(|kind| kind.as_str() == failure.kind).unwrap();
    Failure::new(*kind, failure.message.as_str()).with_advice(failure.advice.as_str())
}

fn coverage(told: &v1::Target, report: &v1::DriftReport) -> Coverage {
    let source = match told.source.as_str() {
        "recorded" => Source::Recorded {
            path: told.path.clone().unwrap_or_default(),
            time: TimeSource::Server,
            instead_of: told.instead_of.as_ref().map(failure),
        },
        "declared" => Source::Declared,
        _ => Source::Live,
    };
    let outcome = |part: &v1::Part| match &part.failure {
        Some(told) => Outcome::Failed(failure(told)),
        None if part.outcome == "left-out" => Outcome::LeftOut,
        None => Outcome::Complete,
    };
    let target = told.target.as_str().into();
    Coverage {
        kind: COLLECTORS.kind_of(&target),
        target,
        component: told.target.as_str().into(),
        mapped: Arc::default(),
        endpoint: told.endpoint.clone(),
        required: told.required,
        source,
        taken: report.run.at,
        expires: None,
        parts: told.parts.iter().map(|part| (part.part.as_str().into(), outcome(part))).collect(),
        notes: told.notes.iter().map(|text| Note { text: text.clone(), is_odd: false }).collect(),
    }
}

fn judged(told: &v1::Finding) -> JudgedFinding {
    let severity = severity(&told.severity);
    JudgedFinding {
        id: id_of(&told.id),
        finding: Finding {
            at_least: None,
            rule: told.rule.clone().leak(),
            component: told.component.as_str().into(),
            environments: told.environments.iter().map(|name| name.as_str().into()).collect(),
            subject: told.subject.clone(),
            summary: told.summary.clone(),
            level: told.level.as_deref().map(level),
            direction: told.direction.as_deref().map(direction),
            values: told.values.clone(),
            places: told.places.clone(),
            defaults: Defaults::same_everywhere(severity),
        },
        severity,
        in_gate: told.in_gate,
        disposition: told.waiver.clone().map_or(Disposition::Active, Disposition::Waived),
        owner: told.owner.clone(),
        controls: told.controls.clone(),
        versions: BTreeMap::new(),
    }
}

fn waiver(told: &v1::Waiver) -> JudgedWaiver {
    let versions = told.versions.iter();
    JudgedWaiver {
        waiver: Waiver {
            id: told.id.clone(),
            rule: told.rule.clone(),
            component: told.component.as_str().into(),
            environments: told.environments.iter().map(|name| name.as_str().into()).collect(),
            subject: told.subject.clone(),
            versions: versions.map(|(e, v)| (e.as_str().into(), v.parse().unwrap())).collect(),
            reason: told.reason.clone(),
            owner: told.owner.clone(),
            expires: told.expires.parse().unwrap(),
        },
        state: named(WaiverState::ALL, WaiverState::as_str, &told.state),
        covers: told.findings.iter().map(|id| id_of(id)).collect(),
    }
}

fn since(told: &v1::Since, report: &v1::DriftReport) -> Since {
    let trend = |word: &str| named(FindingTrend::ALL, FindingTrend::as_str, word);
    let trends = report.findings.iter();
    let gone = told.gone.iter().map(|gone| GoneFinding {
        finding: EarlierFinding {
            id: id_of(&gone.id),
            rule: gone.rule.clone(),
            severity: severity(&gone.severity),
            component: gone.component.as_str().into(),
            environments: gone.environments.iter().map(|name| name.as_str().into()).collect(),
            in_gate: true,
            level: None,
            direction: None,
            versions: BTreeMap::new(),
            subject: String::new(),
            values: std::collections::BTreeSet::new(),
            places: BTreeMap::new(),
            summary: gone.summary.clone(),
        },
        fate: named(Fate::ALL, Fate::as_str, &gone.fate),
    });
    Since {
        at: told.at,
        changed: told.changed.clone(),
        trends: trends.filter_map(|f| Some((id_of(&f.id), trend(f.since.as_deref()?)))).collect(),
        gone: gone.collect(),
    }
}

fn row(told: &v1::Row) -> MatrixRow {
    MatrixRow {
        component: told.component.as_str().into(),
        class: named([Class::Platform, Class::Service], Class::as_str, &told.class),
        cells: told.cells.iter().map(cell).collect(),
    }
}

fn cell(told: &v1::Cell) -> Cell {
    let states = [
        State::Present,
        State::Missing,
        State::NotRunning,
        State::Unobserved,
        State::NotApplicable,
    ];
    Cell {
        environment: told.environment.as_str().into(),
        state: named(states, State::as_str, &told.state),
        readings: told.readings.iter().map(reading).collect(),
        level: told.level.as_deref().map(level),
        direction: told.direction.as_deref().map(direction),
        other_product: told.other_product,
        other_variant: told.other_variant,
        same_content: told.same_content,
        places: PlacesCompared::default(),
        not_running: told.not_running.clone(),
        builds: 0,
    }
}

fn reading(told: &v1::Reading) -> CellReading {
    use crate::model::ReadingSource::{Declared, Label, Program, Tag, WorkloadLabel};
    let sources = [Program, Label, Tag, WorkloadLabel, Declared];
    let text = |text: &str| std::sync::Arc::new(read(Scheme::Generic, text));
    CellReading {
        product: told.product.as_deref().map(Into::into),
        reading: text(&told.version),
        source: named(sources, crate::model::ReadingSource::as_str, &told.source),
        contradicted_by: told.contradicted_by.as_deref().map(text),
        instances: told.instances,
        digests: told.digests.clone(),
    }
}
