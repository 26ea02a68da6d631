//! The audit as the public report, version 1.

use std::collections::BTreeMap;

use super::view::ReportView;
use super::view::coverage::Proportion;
use super::{Audit, AuditedEnvironment};
use crate::model::matrix::{Cell, CellReading, MatrixRow};
use crate::model::staleness;
use crate::model::{
    Coverage, Failure, Fate, FindingTrend, GateCompared, GoneFinding, JudgedFinding, JudgedWaiver,
    Outcome, PartName, PlacesCompared, Severity, Since, Source,
};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::report as v1;

/// The public report, which YAML and JSON spell.
pub fn report(report: &Audit) -> v1::DriftReport {
    v1::DriftReport {
        api_version: FormatVersion::V1,
        kind: FileKind::DriftReport,
        purpose: report.purpose.as_str().to_owned(),
        verdict: verdict(report),
        baseline: report.baseline.to_string(),
        gates: report
            .gates
            .iter()
            .map(|gate| [gate.from.to_string(), gate.to.to_string()])
            .collect(),
        left_out: report.left_out.iter().map(ToString::to_string).collect(),
        environments: report.environments.iter().map(|e| environment(e, report)).collect(),
        summary: summary(report),
        since: report.since.as_ref().map(since),
        findings: report
            .findings
            .iter()
            .filter(|f| f.is_active())
            .map(|f| finding(f, report))
            .collect(),
        waived: report
            .findings
            .iter()
            .filter(|f| f.waiver().is_some())
            .map(|f| finding(f, report))
            .collect(),
        matrix: report.matrix.iter().map(|r| row(r, report)).collect(),
        waivers: report.waivers.iter().map(waiver).collect(),
        run: run(report),
    }
}

fn verdict(report: &Audit) -> v1::Verdict {
    let reason = |r: &crate::model::Reason| v1::Reason {
        kind: r.kind.as_str().to_owned(),
        finding: r.finding.as_ref().map(ToString::to_string),
        text: r.text.clone(),
    };
    v1::Verdict {
        is: report.judgement.verdict.as_str().to_owned(),
        reasons: report.judgement.reasons.iter().map(reason).collect(),
        not_judged: report.judgement.not_judged.clone(),
        compared: report.compared.iter().map(compared).collect(),
        known: report.judgement.known.iter().map(ToString::to_string).collect(),
        fail_on: report.fail_on.as_str().to_owned(),
        new_only: report.new_only,
    }
}

/// Names of components without a counterpart at most; all are counted.
const MOST: usize = 100;

fn compared(one: &GateCompared) -> v1::GateCompared {
    v1::GateCompared {
        gate: [one.gate.from.to_string(), one.gate.to.to_string()],
        with_counterpart: one.with_counterpart,
        of: one.of,
        without: one.without.iter().take(MOST).map(ToString::to_string).collect(),
    }
}

fn environment(environment: &AuditedEnvironment, report: &Audit) -> v1::Environment {
    let AuditedEnvironment { snapshot, required, .. } = environment;
    let complete =
        snapshot.coverage.iter().filter(|target| environment.counts(target, report.run.at)).count();
    v1::Environment {
        name: snapshot.environment.to_string(),
        required: *required,
        components: snapshot.components.values().filter(|c| !c.instances.is_empty()).count(),
        left_out: snapshot.left_out,
        complete: of(complete, snapshot.coverage.len()),
        targets: snapshot
            .coverage
            .iter()
            .map(|coverage| target(coverage, environment, report))
            .collect(),
    }
}

fn of(n: usize, m: usize) -> String {
    format!("{n} of {m}")
}

fn target(coverage: &Coverage, environment: &AuditedEnvironment, report: &Audit) -> v1::Target {
    let (source, path, time_from, instead_of) = match &coverage.source {
        Source::Live => ("live", None, None, None),
        Source::Declared => ("declared", None, None, None),
        Source::Recorded { path, time, instead_of } => (
            "recorded",
            Some(path.clone()),
            Some(time.as_str().to_owned()),
            instead_of.as_ref().map(failure),
        ),
    };
    v1::Target {
        target: coverage.target.to_string(),
        endpoint: coverage.endpoint.clone(),
        required: coverage.required,
        source: source.to_owned(),
        path,
        time_from,
        instead_of,
        parts: coverage
            .parts
            .iter()
            .map(|(name, outcome)| part(coverage, name, outcome, environment))
            .collect(),
        notes: coverage.notes.iter().map(|note| note.text.clone()).collect(),
        stale: staleness(coverage, environment.max_age, report.run.at).as_ref().map(failure),
    }
}

fn part(
    coverage: &Coverage,
    name: &PartName,
    outcome: &Outcome,
    environment: &AuditedEnvironment,
) -> v1::Part {
    v1::Part {
        part: name.to_string(),
        outcome: match outcome {
            Outcome::Complete => "complete",
            Outcome::LeftOut => "left-out",
            Outcome::Failed(_) => "failed",
        }
        .to_owned(),
        failure: outcome.failure().map(failure),
        hides: environment
            .hides
            .get(&(coverage.target.to_string(), name.to_string()))
            .copied()
            .filter(|n| *n > 0),
    }
}

fn failure(failure: &Failure) -> v1::Failure {
    v1::Failure {
        kind: failure.kind.as_str().to_owned(),
        message: failure.message.clone(),
        advice: failure.advice.clone(),
    }
}

fn summary(report: &Audit) -> v1::Summary {
    let view = ReportView::new(report);
    let share = |of: Proportion| v1::Share { count: of.count, of: of.of };
    let (targets, equal) = (view.targets_read(), view.components_equal());
    let shown = Severity::ALL.into_iter().filter(|severity| *severity != Severity::Off);
    let count =
        |wanted: Severity| view.findings.iter().filter(|one| one.severity() == wanted).count();
    v1::Summary {
        targets: targets.to_string(),
        equal: equal.to_string(),
        findings: shown.map(|severity| (severity.as_str().to_owned(), count(severity))).collect(),
        waived: view.waived.len(),
        off: view.switched_off(),
        counts: v1::Counts { targets: share(targets), equal: share(equal) },
    }
}

fn finding(judged: &JudgedFinding, report: &Audit) -> v1::Finding {
    let JudgedFinding { id, finding, severity, in_gate, owner, controls, .. } = judged;
    let trend = report.since.as_ref().and_then(|since| since.trends.get(id));
    v1::Finding {
        id: id.to_string(),
        rule: finding.rule.to_owned(),
        severity: severity.as_str().to_owned(),
        component: finding.component.to_string(),
        environments: finding.environments.iter().map(ToString::to_string).collect(),
        subject: finding.subject.clone(),
        in_gate: *in_gate,
        owner: owner.clone(),
        versions: judged.versions.iter().map(|(e, bound)| (e.to_string(), bound.clone())).collect(),
        level: finding.level.map(|level| level.as_str().to_owned()),
        direction: finding.direction.map(|direction| direction.as_str().to_owned()),
        values: finding.values.clone(),
        places: finding.places.clone(),
        summary: finding.summary.clone(),
        controls: controls.clone(),
        since: trend.map(|trend| trend.as_str().to_owned()),
        waiver: judged.waiver().map(str::to_owned),
    }
}

fn since(since: &Since) -> v1::Since {
    let trends =
        FindingTrend::ALL.into_iter().map(|trend| (trend.as_str().to_owned(), since.count(trend)));
    let fates = Fate::ALL.into_iter().map(|fate| (fate.as_str().to_owned(), since.gone(fate)));
    let gone = since.gone.iter().map(|GoneFinding { finding, fate }| v1::GoneFinding {
        id: finding.id.to_string(),
        rule: finding.rule.clone(),
        severity: finding.severity.as_str().to_owned(),
        component: finding.component.to_string(),
        environments: finding.environments.iter().map(ToString::to_string).collect(),
        summary: finding.summary.clone(),
        fate: fate.as_str().to_owned(),
    });
    v1::Since {
        at: since.at,
        changed: since.changed.clone(),
        summary: trends.chain(fates).collect(),
        gone: gone.collect(),
    }
}

fn waiver(judged: &JudgedWaiver) -> v1::Waiver {
    let JudgedWaiver { waiver, state, covers } = judged;
    v1::Waiver {
        id: waiver.id.clone(),
        state: state.as_str().to_owned(),
        rule: waiver.rule.clone(),
        component: waiver.component.to_string(),
        environments: waiver.environments.iter().map(ToString::to_string).collect(),
        subject: waiver.subject.clone(),
        versions: waiver
            .versions
            .iter()
            .map(|(e, wanted)| (e.to_string(), wanted.to_string()))
            .collect(),
        reason: waiver.reason.clone(),
        owner: waiver.owner.clone(),
        expires: waiver.expires.to_string(),
        findings: covers.iter().map(ToString::to_string).collect(),
    }
}

fn row(row: &MatrixRow, report: &Audit) -> v1::Row {
    v1::Row {
        component: row.component.to_string(),
        class: row.class.as_str().to_owned(),
        cells: row
            .cells
            .iter()
            .zip(&report.environments)
            .map(|(c, e)| cell(c, e, row, report))
            .collect(),
    }
}

fn cell(
    cell: &Cell,
    environment: &AuditedEnvironment,
    row: &MatrixRow,
    report: &Audit,
) -> v1::Cell {
    v1::Cell {
        environment: cell.environment.to_string(),
        state: cell.state.as_str().to_owned(),
        readings: cell.readings.iter().map(reading).collect(),
        level: cell.level.map(|level| level.as_str().to_owned()),
        direction: cell.direction.map(|direction| direction.as_str().to_owned()),
        other_product: cell.other_product,
        other_variant: cell.other_variant,
        same_content: cell.same_content,
        stale: environment.is_stale(&row.component, report.run.at),
        places: places(&cell.places),
        not_running: cell.not_running.clone(),
    }
}

/// Places that are named at most; all are counted.
const PLACES: usize = 10;

fn places(places: &PlacesCompared) -> Option<v1::Places> {
    let PlacesCompared { of, differing } = places;
    let worst = differing.iter().take(PLACES).map(|place| v1::PlaceChange {
        place: place.place.clone(),
        level: place.level.map(|level| level.as_str().to_owned()),
        direction: place.direction.map(|direction| direction.as_str().to_owned()),
        other_product: place.other_product,
        baseline: place.baseline.clone(),
        current: place.current.clone(),
    });
    let (of, differ) = (*of, differing.len());
    (differ > 0).then(|| v1::Places { of, differ, worst: worst.collect() })
}

fn reading(reading: &CellReading) -> v1::Reading {
    let semver = reading.reading.to_semver().filter(|_| reading.reading.is_proven());
    v1::Reading {
        product: reading.product.as_deref().map(str::to_owned),
        version: reading.reading.to_string(),
        semver: semver.map(|semver| semver.version.to_string()),
        source: reading.source.as_str().to_owned(),
        contradicted_by: reading.contradicted_by.as_ref().map(ToString::to_string),
        instances: reading.instances,
        digests: reading.digests.clone(),
    }
}

fn run(report: &Audit) -> v1::Run {
    let taken = report.environments.iter().map(|environment| {
        let targets = environment.snapshot.coverage.iter().filter(|target| target.is_read_at_all());
        let targets = targets.map(|target| (target.target.to_string(), target.taken));
        (environment.snapshot.environment.to_string(), targets.collect())
    });
    v1::Run {
        at: report.run.at,
        duration_ms: report.run.duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        host: report.run.host.clone(),
        tool: super::PROGRAM.to_owned(),
        profiles: report.run.profiles.clone(),
        policy: report.run.policy.clone(),
        commit: report.run.commit.clone(),
        notes: report.run.notes.clone(),
        taken: taken.collect::<BTreeMap<_, _>>(),
        history: report
            .run
            .history
            .as_ref()
            .map(|stored| v1::StoredRun { run: stored.run, digest: stored.digest.clone() }),
    }
}
