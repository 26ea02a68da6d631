//! The audit as the public report, version 1.

mod failure;
mod load;

use std::collections::BTreeMap;

use failure::failure_dto;

use super::Audit;
use super::view::ReportView;
use super::view::coverage::{EnvironmentView, Proportion, TargetView};
use super::view::figures::FiguresView;
use super::view::finding::FindingView;
use super::view::matrix::{CellView, RowView};
use super::view::verdict::verdict_sentence;
use crate::model::matrix::CellReading;
use crate::model::{
    Fate, FindingTrend, GateCompared, GoneFinding, JudgedFinding, JudgedWaiver, Outcome, PartName,
    PlacesCompared, Severity, Since, Source,
};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::report as v1;

/// The public report, which YAML and JSON spell.
pub fn drift_report(report: &Audit) -> v1::DriftReport {
    let view = ReportView::new(report);
    v1::DriftReport {
        api_version: FormatVersion::V1,
        kind: FileKind::DriftReport,
        purpose: report.purpose.as_str().to_owned(),
        verdict: verdict_dto(report),
        baseline: report.baseline.to_string(),
        gates: report
            .gates
            .iter()
            .map(|gate| [gate.from.to_string(), gate.to.to_string()])
            .collect(),
        left_out: report.left_out.iter().map(ToString::to_string).collect(),
        environments: view.environments.iter().map(environment_dto).collect(),
        summary: summary_dto(&view),
        since: report.since.as_ref().map(since_dto),
        findings: view.findings.iter().map(finding_dto).collect(),
        waived: view.waived.iter().map(finding_dto).collect(),
        matrix: view.rows.iter().map(row_dto).collect(),
        waivers: report.waivers.iter().map(waiver_dto).collect(),
        run: run_dto(report, &view),
    }
}

fn verdict_dto(report: &Audit) -> v1::Verdict {
    let reason = |r: &crate::model::Reason| v1::Reason {
        kind: r.kind.as_str().to_owned(),
        finding: r.finding.as_ref().map(ToString::to_string),
        text: r.text.clone(),
    };
    v1::Verdict {
        sentence: verdict_sentence(report, str::to_owned),
        is: report.judgement.verdict.as_str().to_owned(),
        reasons: report.judgement.reasons.iter().map(reason).collect(),
        not_judged: report.judgement.not_judged.clone(),
        compared: report.compared.iter().map(gate_dto).collect(),
        known: report.judgement.known.iter().map(ToString::to_string).collect(),
        fail_on: report.fail_on.as_str().to_owned(),
        new_only: report.new_only,
    }
}

/// Names of components without a counterpart at most; all are counted.
const MOST: usize = 100;

fn gate_dto(one: &GateCompared) -> v1::GateCompared {
    v1::GateCompared {
        gate: [one.gate.from.to_string(), one.gate.to.to_string()],
        with_counterpart: one.with_counterpart,
        of: one.of,
        without: one.without.iter().take(MOST).map(ToString::to_string).collect(),
    }
}

fn environment_dto(view: &EnvironmentView<'_>) -> v1::Environment {
    v1::Environment {
        name: view.name().to_owned(),
        required: view.audited.required,
        components: view.components,
        left_out: view.audited.snapshot.left_out,
        complete: view.complete_targets().to_string(),
        targets: view.targets.iter().map(target_dto).collect(),
    }
}

fn target_dto(view: &TargetView<'_>) -> v1::Target {
    let coverage = view.coverage;
    let time_from = match &coverage.source {
        Source::Live | Source::Declared => None,
        Source::Recorded { time, .. } => Some(time.as_str().to_owned()),
    };
    v1::Target {
        target: view.name(),
        endpoint: coverage.endpoint.clone(),
        required: coverage.required,
        source: view.source_word().to_owned(),
        path: view.recorded_path().map(str::to_owned),
        time_from,
        instead_of: view.instead_of().map(failure_dto),
        parts: coverage.parts.iter().map(|(name, outcome)| part_dto(view, name, outcome)).collect(),
        notes: coverage.notes.iter().map(|note| note.text.clone()).collect(),
        stale: view.stale.as_ref().map(failure_dto),
    }
}

fn part_dto(view: &TargetView<'_>, name: &PartName, outcome: &Outcome) -> v1::Part {
    v1::Part {
        part: name.to_string(),
        outcome: match outcome {
            Outcome::Complete => "complete",
            Outcome::LeftOut => "left-out",
            Outcome::Failed(_) => "failed",
        }
        .to_owned(),
        failure: outcome.failure().map(failure_dto),
        hides: Some(view.hidden_by(name)).filter(|n| *n > 0),
    }
}

fn summary_dto(view: &ReportView<'_>) -> v1::Summary {
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

fn finding_dto(view: &FindingView<'_>) -> v1::Finding {
    let judged = view.judged;
    let JudgedFinding { id, finding, severity, in_gate, owner, controls, .. } = judged;
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
        since: view.trend.map(|trend| trend.as_str().to_owned()),
        first_seen: view.standing.map(|known| known.since),
        waiver: judged.waiver().map(str::to_owned),
    }
}

fn since_dto(since: &Since) -> v1::Since {
    let trends = FindingTrend::ALL
        .into_iter()
        .map(|trend| (trend.as_str().to_owned(), since.count_trend(trend)));
    let fates =
        Fate::ALL.into_iter().map(|fate| (fate.as_str().to_owned(), since.count_gone(fate)));
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

fn waiver_dto(judged: &JudgedWaiver) -> v1::Waiver {
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

fn row_dto(view: &RowView<'_>) -> v1::Row {
    v1::Row {
        component: view.component().to_owned(),
        class: view.row.class.as_str().to_owned(),
        cells: view.cells.iter().map(cell_dto).collect(),
    }
}

fn cell_dto(view: &CellView<'_>) -> v1::Cell {
    let cell = view.cell;
    v1::Cell {
        environment: cell.environment.to_string(),
        state: cell.state.as_str().to_owned(),
        readings: cell.readings.iter().map(reading_dto).collect(),
        level: cell.level.map(|level| level.as_str().to_owned()),
        direction: cell.direction.map(|direction| direction.as_str().to_owned()),
        other_product: cell.other_product,
        other_variant: cell.other_variant,
        same_content: cell.same_content,
        stale: view.is_stale,
        places: places_dto(&cell.places),
        not_running: cell.not_running.clone(),
        first_seen: view.standing.map(|known| known.since),
    }
}

/// Places that are named at most; all are counted.
const PLACES: usize = 10;

fn places_dto(places: &PlacesCompared) -> Option<v1::Places> {
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

fn reading_dto(reading: &CellReading) -> v1::Reading {
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

fn figures_dto(of: &FiguresView<'_>, view: &ReportView<'_>) -> v1::TargetFigures {
    let environments = view.environments.iter().enumerate().filter_map(|(index, environment)| {
        let told = of.told_in(index).into_iter();
        let told: BTreeMap<_, _> =
            told.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        (!told.is_empty()).then(|| (environment.name().to_owned(), told))
    });
    v1::TargetFigures { target: of.target.to_string(), environments: environments.collect() }
}

fn run_dto(report: &Audit, view: &ReportView<'_>) -> v1::Run {
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
        load: report.load.iter().map(load::load_dto).collect(),
        figures: view.figures.iter().map(|of| figures_dto(of, view)).collect(),
        history: report
            .run
            .history
            .as_ref()
            .map(|stored| v1::StoredRun { run: stored.run, digest: stored.digest.clone() }),
    }
}
