//! The windows of a target, judged by the policy's criteria, and what a report shows of that. Pure.

use jiff::Timestamp;

use super::course;
use super::sources::judge_sources;
use super::told::{SourceLoad, TargetLoad};
use crate::model::{
    BucketFlags, JudgedLoad, JudgedWindow, LoadCell, LoadChange, LoadIdentity, LoadOutcome,
    LoadRow, LoadWorst, WindowServer,
};
use crate::trend::{
    ClockState, CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria, LoadIndicator,
    LoadPeak, Unknown, Window, WindowKind, WindowRead, WindowStatistic, clock_state,
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
    let judged = judge_sources(load, criteria);
    let rows =
        LoadIndicator::ALL.map(|indicator| load_row(load, asked, criteria, indicator, &judged));
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
        notes: source_notes(load, &judged),
        courses: course::load_courses(load, asked),
    };
    TargetJudged { criteria: judged, told }
}

/// The servers of a window, with their names.
fn window_reads(
    load: &TargetLoad,
    kind: WindowKind,
) -> impl Iterator<Item = (&String, &WindowRead)> {
    let places = load.windows.places.iter();
    places.flat_map(move |(name, all)| {
        all.iter().filter(move |read| read.window.kind == kind).map(move |read| (name, read))
    })
}

fn judged_window(load: &TargetLoad, window: Window) -> JudgedWindow {
    let source = load.source_of_window(window.kind);
    let server = |(place, read): (&String, &WindowRead)| {
        let coverage = &read.coverage;
        WindowServer {
            place: place.clone(),
            samples: coverage.samples,
            covered: coverage.covered_share(),
            restarts: coverage.restarts,
            resets: coverage.resets,
            failovers: coverage.failovers.clone(),
            gaps: coverage.gaps.clone(),
            excluded: coverage.excluded.clone(),
        }
    };
    let servers: Vec<WindowServer> = window_reads(load, window.kind).map(server).collect();
    let facts = source.and_then(|source| source.told.as_ref().ok()).map(|told| &told.facts);
    let identities = window_reads(load, window.kind).map(|(_, read)| identity_word(read));
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
fn identity_word(read: &WindowRead) -> (u8, &'static str) {
    let end = read.window.span.to;
    let is_other = |why: &Unknown| matches!(why, Unknown::OtherServerUntil(at) if *at >= end);
    if read.unknown.iter().any(is_other) {
        return (3, "another-server");
    }
    match &read.identity {
        LoadIdentity::Proven => (0, "proven"),
        LoadIdentity::ByLabels => (1, "by-labels"),
        LoadIdentity::Unknown => (2, "unknown"),
        LoadIdentity::AnotherServer { .. } => (3, "another-server"),
    }
}

fn load_row(
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
        outcome: load_outcome(&found.outcome),
        unknown: outcome_reasons(found),
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
    let source = load.sources.iter().find(|source| found.by.as_ref() == Some(&source.label));
    let windows = source.and_then(|source| source.windows.as_ref()).unwrap_or(&load.windows);
    let own = windows.places.get(&found.place).into_iter().flatten();
    let statistic = own
        .filter(|read| read.window.kind == found.window)
        .find_map(|read| read.statistics.get(&indicator));
    LoadCell {
        worst: found.peak.map(|peak| worst_of(peak, &found.place, statistic)),
        p95: statistic.and_then(|of| of.p95),
        outcome: load_outcome(&found.outcome),
        unknown: outcome_reasons(found),
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
    for (place, read) in window_reads(load, kind) {
        let Some(statistic) = read.statistics.get(&indicator) else { continue };
        let Some(peak) = statistic.worst else { continue };
        if cell.worst.as_ref().is_none_or(|worst| peak.value > worst.value) {
            cell.worst = Some(worst_of(peak, place, Some(statistic)));
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

fn worst_of(peak: LoadPeak, place: &str, of: Option<&WindowStatistic>) -> LoadWorst {
    let marks =
        [BucketFlags::RESTART, BucketFlags::RESET, BucketFlags::SPREAD, BucketFlags::FAILOVER];
    let marks = marks.into_iter().filter(|mark| peak.flags.contains(*mark));
    // Buckets begin on lines of the grid, and may hold half a burst each.
    let is_aligned = of.is_some_and(|of| of.sliding.is_none());
    LoadWorst {
        value: peak.value,
        at: peak.at,
        is_at_least: peak.flags.contains(BucketFlags::AT_LEAST),
        place: place.to_owned(),
        marks: marks.flat_map(BucketFlags::names).chain(is_aligned.then_some("aligned")).collect(),
    }
}

fn load_outcome(outcome: &CriterionOutcome) -> LoadOutcome {
    match outcome {
        CriterionOutcome::Met => LoadOutcome::Met,
        CriterionOutcome::Breached => LoadOutcome::Breached,
        CriterionOutcome::Unknown(_) => LoadOutcome::Unknown,
    }
}

fn outcome_reasons(judged: &CriterionJudged) -> Vec<String> {
    let CriterionOutcome::Unknown(reasons) = &judged.outcome else { return Vec::new() };
    let of = |why: &Unknown| match judged.servers {
        0 | 1 => why.to_string(),
        _ => format!("{}: {why}", judged.place),
    };
    without_repetition(reasons.iter().map(of).collect())
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

/// What is worth telling of the sources, whether windows are by them or not.
fn source_notes(load: &TargetLoad, judged: &[CriterionJudged]) -> Vec<String> {
    let mut notes: Vec<String> =
        judged.iter().filter_map(|one| told_by_another(load, one)).collect();
    for source in &load.sources {
        let (Ok(told), label) = (&source.told, &source.label) else { continue };
        if let ClockState::Told(ahead) | ClockState::TooFar(ahead) =
            clock_state(told.facts.clock_ahead)
        {
            let word = if ahead < 0.0 { "behind" } else { "ahead of" };
            notes.push(format!("{label}: its clock is {:.0} s {word} ours", ahead.abs()));
        }
        let warned = told.facts.warnings.iter();
        notes.extend(warned.map(|warning| format!("{label} warned: {warning}")));
        notes.extend(passed_over(load, source));
        let gone = told.places.iter().filter_map(|(place, of)| Some((place, of.left_at?)));
        let judged = gone.filter(|(place, _)| {
            load.windows.places.get(*place).is_some_and(|reads| !reads.is_empty())
        });
        notes.extend(judged.map(|(place, left)| {
            format!(
                "{place} is no member any more, and is judged until {}",
                end_time(left, "%F %H:%MZ")
            )
        }));
    }
    let statistics = load
        .windows
        .places
        .values()
        .flatten()
        .flat_map(|read| read.statistics.values().filter_map(|statistic| statistic.other_list));
    if let Some(at) = statistics.max() {
        let at = end_time(at, "%F");
        notes.push(format!("walk share until {at} is by the list of walking commands of that day"));
    }
    notes
}

/// A breach that the source of the window does not tell.
fn told_by_another(load: &TargetLoad, judged: &CriterionJudged) -> Option<String> {
    let (by, peak) = (judged.by.as_ref()?, judged.peak?);
    let own =
        load.source_of_window(judged.window).map_or("nothing", |source| source.label.as_str());
    let (window, indicator) = (judged.window.as_str(), judged.indicator);
    let shown = indicator.format_value(peak.value);
    Some(format!("{} of {window} is {shown} by {by}, and less by {own}", indicator.noun()))
}

/// Why a source is not believed in the windows that another one tells.
fn passed_over(load: &TargetLoad, source: &SourceLoad) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (kind, index) in &load.by_source {
        if load.sources[*index].label == source.label {
            continue;
        }
        for why in source.doubts_in(*kind) {
            let text = why.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == text) {
                Some((_, windows)) if windows.contains(&kind.as_str()) => {}
                Some((_, windows)) => windows.push(kind.as_str()),
                None => reasons.push((text, vec![kind.as_str()])),
            }
        }
    }
    let label = &source.label;
    let said = reasons.iter();
    said.map(|(why, windows)| format!("{label} is not taken for {}: {why}", windows.join(", ")))
        .collect()
}

fn end_time(at: i64, format: &str) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.strftime(format).to_string())
}
