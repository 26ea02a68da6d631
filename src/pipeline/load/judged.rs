//! The windows of a target, judged by the policy's criteria, and what a report shows of that. Pure.

use jiff::Timestamp;

use super::course;
use super::told::TargetLoad;
use crate::model::{
    BucketFlags, JudgedLoad, JudgedWindow, LoadCell, LoadChange, LoadIdentity, LoadOutcome,
    LoadRow, LoadWorst, WindowServer,
};
use crate::trend::{
    ClockState, CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria, LoadIndicator,
    LoadPeak, Unknown, Window, WindowKind, WindowRead, clock_state, judge_windows,
};

/// The load of one target, judged.
#[derive(Clone, Debug)]
pub struct TargetJudged {
    /// How each criterion came out in each window.
    pub criteria: Vec<CriterionJudged>,
    /// For the report.
    pub told: JudgedLoad,
}

/// Judges the windows of a target. `asked` are those that were asked for.
pub fn judge_load(load: &TargetLoad, asked: &[Window], criteria: &LoadCriteria) -> TargetJudged {
    let judged = judge_windows(&load.windows, criteria);
    let rows = LoadIndicator::ALL.map(|indicator| row(load, asked, criteria, indicator, &judged));
    let failed = load.sources.iter().filter_map(|source| {
        let failure = source.told.as_ref().err()?;
        Some((source.label.clone(), failure.clone()))
    });
    let told = JudgedLoad {
        environment: load.environment.clone(),
        target: load.target.clone(),
        windows: asked.iter().map(|window| judged_window(load, *window)).collect(),
        rows: rows.into(),
        failed: failed.collect(),
        notes: notes(load),
        courses: course::courses(load, asked),
    };
    TargetJudged { criteria: judged, told }
}

/// The servers of a window, with their names.
fn reads(load: &TargetLoad, kind: WindowKind) -> impl Iterator<Item = (&String, &WindowRead)> {
    let places = load.windows.places.iter();
    places.flat_map(move |(name, all)| {
        all.iter().filter(move |read| read.window.kind == kind).map(move |read| (name, read))
    })
}

fn judged_window(load: &TargetLoad, window: Window) -> JudgedWindow {
    let source = load.source(window.kind);
    let server = |(place, read): (&String, &WindowRead)| {
        let coverage = &read.coverage;
        WindowServer {
            place: place.clone(),
            samples: coverage.samples,
            covered: coverage.share(),
            restarts: coverage.restarts,
            resets: coverage.resets,
            failovers: coverage.failovers.clone(),
            gaps: coverage.gaps.clone(),
            excluded: coverage.excluded.clone(),
        }
    };
    let servers: Vec<WindowServer> = reads(load, window.kind).map(server).collect();
    let facts = source.and_then(|source| source.told.as_ref().ok()).map(|told| &told.facts);
    let identities = reads(load, window.kind).map(|(_, read)| identity_word(&read.identity));
    let (_, identity) = identities.max().unwrap_or((0, "unknown"));
    JudgedWindow {
        window: window.kind.as_str(),
        span: window.span,
        source: source.map(|source| source.label.clone()).unwrap_or_default(),
        identity,
        held_since: facts.and_then(|facts| facts.held_since),
        covered: servers.iter().map(|server| server.covered).reduce(f64::min).unwrap_or(0.0),
        servers,
    }
}

/// The worst of several counts.
fn identity_word(identity: &LoadIdentity) -> (u8, &'static str) {
    match identity {
        LoadIdentity::Proven => (0, "proven"),
        LoadIdentity::ByLabels => (1, "by-labels"),
        LoadIdentity::Unknown => (2, "unknown"),
        LoadIdentity::AnotherServer { .. } => (3, "another-server"),
    }
}

fn row(
    load: &TargetLoad,
    asked: &[Window],
    criteria: &LoadCriteria,
    indicator: LoadIndicator,
    judged: &[CriterionJudged],
) -> LoadRow {
    let criterion = criteria.criteria.get(&indicator);
    let find = |test, kind| {
        judged
            .iter()
            .find(|one| one.indicator == indicator && one.test == test && one.window == kind)
    };
    let cell = |window: &Window| match find(CriterionTest::Max, window.kind) {
        Some(found) => judged_cell(load, indicator, found),
        None => {
            printed_cell(load, indicator, window.kind, criterion.is_some_and(|c| c.max.is_some()))
        }
    };
    let risen = find(CriterionTest::Change, WindowKind::Day).map(|found| LoadChange {
        base: found.base.map(|base| (base.value, base.window.as_str())),
        limit: found.limit,
        outcome: outcome(&found.outcome),
        unknown: reasons(&found.outcome),
    });
    LoadRow {
        indicator: indicator.as_str(),
        is_share: indicator.is_share(),
        max: criterion.and_then(|criterion| criterion.max),
        change: criterion.and_then(|criterion| criterion.change),
        cells: asked.iter().map(cell).collect(),
        risen,
    }
}

fn judged_cell(load: &TargetLoad, indicator: LoadIndicator, found: &CriterionJudged) -> LoadCell {
    let statistic = reads(load, found.window)
        .find(|(place, _)| **place == found.place)
        .and_then(|(_, read)| read.statistics.get(&indicator));
    LoadCell {
        worst: found.peak.map(|peak| worst(peak, &found.place)),
        p95: statistic.and_then(|of| of.p95),
        outcome: outcome(&found.outcome),
        unknown: reasons(&found.outcome),
    }
}

/// What is not judged is shown, of the server where it is highest.
fn printed_cell(
    load: &TargetLoad,
    indicator: LoadIndicator,
    kind: WindowKind,
    is_judged: bool,
) -> LoadCell {
    let mut cell = LoadCell {
        worst: None,
        p95: None,
        outcome: if is_judged { LoadOutcome::Unknown } else { LoadOutcome::Printed },
        unknown: Vec::new(),
    };
    for (place, read) in reads(load, kind) {
        let Some(statistic) = read.statistics.get(&indicator) else { continue };
        let Some(peak) = statistic.worst else { continue };
        if cell.worst.as_ref().is_none_or(|worst| peak.value > worst.value) {
            cell.worst = Some(worst(peak, place));
            cell.p95 = statistic.p95;
        }
        cell.unknown.extend(read.unknown.iter().map(ToString::to_string));
    }
    if cell.worst.is_none() && cell.unknown.is_empty() {
        cell.unknown.push(Unknown::NoSamples.to_string());
    }
    cell.unknown = without_repetition(cell.unknown);
    cell
}

fn worst(peak: LoadPeak, place: &str) -> LoadWorst {
    let marks =
        [BucketFlags::RESTART, BucketFlags::RESET, BucketFlags::SPREAD, BucketFlags::FAILOVER];
    let marks = marks.into_iter().filter(|mark| peak.flags.contains(*mark));
    LoadWorst {
        value: peak.value,
        at: peak.at,
        is_at_least: peak.flags.contains(BucketFlags::AT_LEAST),
        place: place.to_owned(),
        marks: marks.flat_map(BucketFlags::names).collect(),
    }
}

fn outcome(outcome: &CriterionOutcome) -> LoadOutcome {
    match outcome {
        CriterionOutcome::Met => LoadOutcome::Met,
        CriterionOutcome::Breached => LoadOutcome::Breached,
        CriterionOutcome::Unknown(_) => LoadOutcome::Unknown,
    }
}

fn reasons(outcome: &CriterionOutcome) -> Vec<String> {
    let CriterionOutcome::Unknown(reasons) = outcome else { return Vec::new() };
    without_repetition(reasons.iter().map(ToString::to_string).collect())
}

fn without_repetition(texts: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

/// What is worth telling of the sources that windows are by.
fn notes(load: &TargetLoad) -> Vec<String> {
    let mut notes = Vec::new();
    for (label, facts) in load.sources.iter().filter_map(|source| {
        let told = source.told.as_ref().ok()?;
        load.by_source
            .values()
            .any(|index| load.sources[*index].label == source.label)
            .then_some((&source.label, &told.facts))
    }) {
        if let ClockState::Told(ahead) | ClockState::TooFar(ahead) = clock_state(facts.clock_ahead)
        {
            let word = if ahead < 0.0 { "behind" } else { "ahead of" };
            notes.push(format!("{label}: its clock is {:.0} s {word} ours", ahead.abs()));
        }
        let warned = facts.warnings.iter().map(|warning| format!("{label} warned: {warning}"));
        notes.extend(warned);
    }
    let statistics = load
        .windows
        .places
        .values()
        .flatten()
        .flat_map(|read| read.statistics.values().filter_map(|statistic| statistic.other_list));
    if let Some(at) = statistics.max() {
        let at = Timestamp::from_second(at)
            .map_or_else(|_| at.to_string(), |at| at.strftime("%F").to_string());
        notes.push(format!("walk share until {at} is by the list of walking commands of that day"));
    }
    notes
}
