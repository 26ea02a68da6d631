//! The load of one target over time, from the history and from what its profile names, as a report.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::load::{
    LiveTarget, LoadAsked, OutsideAsked, OutsideLoad, TargetLoad, prometheus_of, put_together,
    read_all_outside,
};
use crate::collect::Clock;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, Store};
use crate::model::{
    BucketFlags, BucketLength, BucketedLoad, EnvironmentName, Facts, LoadSpan, SpanMark, TargetId,
    meant_and_known,
};
use crate::policy;
use crate::profile::{Environment, Profiles};
use crate::trend::{
    CommandLists, LoadCriteria, LoadIndicator, TrendFigure, TrendPoint, Window, WindowKind,
    known_commands, trend_points,
};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::trend::{TrendDot, TrendGap, TrendMark, TrendReport, TrendSeries, TrendServer};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct TrendAsked {
    /// `redis/cache`.
    pub target: TargetId,
    /// Where; all environments that have it, if empty.
    pub environments: Vec<EnvironmentName>,
    /// An indicator or a command; the four indicators, if nothing.
    pub figure: Option<String>,
    /// When.
    pub span: LoadSpan,
    /// Another deadline than that of the source.
    pub deadline: Option<Duration>,
    /// The grid.
    pub length: BucketLength,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum TrendError {
    /// The history was not read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is no such thing; exit 2.
    #[error("unknown {what} {name:?}; {known}")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// As given.
        name: String,
        /// What is probably meant, and all that there are.
        known: String,
    },
    /// Nothing is known of the span; exit 3.
    #[error("nothing is known of {target} from {from} to {to}: {held}")]
    Nothing {
        /// The target.
        target: TargetId,
        /// Where the span begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
        /// What is held instead.
        held: String,
    },
}

/// What was read outside of the history, by environment.
pub type TrendOutside = BTreeMap<EnvironmentName, OutsideLoad>;

/// The environments of the profiles that may have the target; `kept` are targets of the history.
///
/// # Errors
/// If the environment or the target is unknown.
pub fn trend_environments(
    profiles: &Profiles,
    asked: &TrendAsked,
    kept: &[(EnvironmentName, TargetId)],
) -> Result<Vec<EnvironmentName>, TrendError> {
    let names: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
    for name in &asked.environments {
        if !names.contains(&name.as_str()) {
            let known = meant_and_known(name.as_str(), &names);
            return Err(TrendError::Unknown { what: "environment", name: name.to_string(), known });
        }
    }
    let mut targets: Vec<(EnvironmentName, TargetId)> = kept.to_vec();
    for environment in &profiles.environments {
        let own = environment.targets.all().filter(|target| target.file().is_none());
        let ids = own.map(|target| TargetId::new(target.kind().name, target.name()));
        targets.extend(ids.map(|id| (environment.name.clone(), id)));
    }
    let is_asked =
        |name: &EnvironmentName| asked.environments.is_empty() || asked.environments.contains(name);
    let has = |name: &EnvironmentName| {
        targets.iter().any(|(environment, target)| environment == name && *target == asked.target)
    };
    let asked_for = || profiles.environments.iter().filter(|one| is_asked(&one.name));
    let mut found: Vec<&Environment> = asked_for().filter(|one| has(&one.name)).collect();
    if found.is_empty() {
        // A recording that may be it, and of which the history has nothing yet.
        found.extend(asked_for().filter(|one| may_be_recorded(one, &asked.target)));
    }
    if found.is_empty() {
        let of_asked = targets.iter().filter(|(environment, _)| is_asked(environment));
        let mut known: Vec<&str> = of_asked.map(|(_, target)| target.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let known = meant_and_known(asked.target.as_str(), &known);
        return Err(TrendError::Unknown { what: "target", name: asked.target.to_string(), known });
    }
    Ok(found.into_iter().map(|one| one.name.clone()).collect())
}

/// Whether a file of that name is read there, which may hold INFO.
fn may_be_recorded(environment: &Environment, wanted: &TargetId) -> bool {
    let mut files = environment.targets.all().filter(|target| target.file().is_some());
    let is_counted = COLLECTORS.kind_of(wanted).facts == Facts::Info;
    is_counted && files.any(|target| target.name().as_str() == wanted.name())
}

/// Reads what is kept outside of the history.
pub async fn trend_outside(
    profiles: &Profiles,
    asked: &TrendAsked,
    environments: &[EnvironmentName],
    clock: Clock,
) -> TrendOutside {
    let parts = TrendParts::new(profiles, asked);
    let (mut names, mut wanted) = (Vec::new(), Vec::new());
    for name in environments {
        let load = parts.load_asked(name);
        if let Some(source) = load.prometheus {
            names.push(name.clone());
            wanted.push(OutsideAsked::equal(load, source));
        }
    }
    names.into_iter().zip(read_all_outside(&wanted, &clock).await).collect()
}

/// The report.
///
/// # Errors
/// If the figure is unknown, or nothing is known of the span.
pub fn trend_report(
    profiles: &Profiles,
    asked: &TrendAsked,
    environments: &[EnvironmentName],
    mut history: Option<Result<&mut Store, &HistoryError>>,
    mut outside: TrendOutside,
) -> Result<TrendReport, TrendError> {
    let parts = TrendParts::new(profiles, asked);
    let mut loads = Vec::new();
    for name in environments {
        let store = history.as_mut().map(|history| match history {
            Ok(store) => Ok(&mut **store),
            Err(error) => Err(*error),
        });
        loads.push(put_together(&parts.load_asked(name), store, outside.remove(name)));
    }
    let figures = select_figures(asked.figure.as_deref(), &loads)?;
    let lists = CommandLists::builtin_lists();
    let mut series = Vec::new();
    for load in &loads {
        for figure in &figures {
            series.push(parts.trend_series(load, figure, &lists));
        }
    }
    let (from, to) = (timestamp_at(asked.span.from), timestamp_at(asked.span.to));
    let is_known = |one: &TrendSeries| one.servers.iter().any(|server| !server.points.is_empty());
    if !series.iter().any(is_known) {
        let (target, held) = (asked.target.clone(), held_words(&loads, history.is_some()));
        return Err(TrendError::Nothing { target, from, to, held });
    }
    Ok(TrendReport {
        api_version: FormatVersion::V1,
        kind: FileKind::Trend,
        target: asked.target.to_string(),
        from,
        to,
        bucket_seconds: asked.length.seconds(),
        timezone: profiles.timezone.iana_name().unwrap_or("UTC").to_owned(),
        figures: series,
    })
}

/// What reading and telling share.
struct TrendParts<'a> {
    profiles: &'a Profiles,
    asked: &'a TrendAsked,
    windows: [Window; 1],
    live: LiveTarget,
    criteria: LoadCriteria,
}

impl<'a> TrendParts<'a> {
    fn new(profiles: &'a Profiles, asked: &'a TrendAsked) -> Self {
        Self {
            profiles,
            asked,
            windows: [Window { kind: WindowKind::Observation, span: asked.span }],
            live: LiveTarget::default(),
            criteria: policy::load::load_criteria(profiles.policy.as_ref()),
        }
    }

    fn load_asked<'b>(&'b self, environment: &'b EnvironmentName) -> LoadAsked<'b> {
        let profile = self.profiles.environments.iter().find(|e| e.name == *environment);
        LoadAsked {
            environment,
            target: &self.asked.target,
            prometheus: profile.and_then(|profile| prometheus_of(profile, &self.asked.target)),
            folder: &self.profiles.folder,
            deadline: self.asked.deadline,
            windows: &self.windows,
            length: self.asked.length,
            live: &self.live,
            all_commands: true,
            criteria: &self.criteria,
        }
    }

    fn trend_series(
        &self,
        load: &TargetLoad,
        figure: &TrendFigure,
        lists: &CommandLists,
    ) -> TrendSeries {
        let span = self.asked.span;
        let told: Vec<&BucketedLoad> = told_loads(load);
        let points = trend_points(&told, figure, span, lists);
        let marks: Vec<&SpanMark> =
            load.marks.iter().filter(|mark| mark.span.overlaps(span)).collect();
        let (name, command, unit) = figure_words(figure);
        let limit = match figure {
            TrendFigure::Load(indicator) => {
                self.criteria.criteria.get(indicator).and_then(|criterion| criterion.max)
            }
            _ => None,
        };
        let failures = load.sources.iter().filter_map(|source| {
            let failure = source.told.as_ref().err()?;
            Some(format!("{}: {failure}", source.label))
        });
        let length = self.asked.length;
        TrendSeries {
            environment: load.environment.to_string(),
            figure: name.to_owned(),
            command: command.map(str::to_owned),
            unit: unit.to_owned(),
            limit,
            sources: load.sources.iter().map(|source| source.label.clone()).collect(),
            failures: failures.collect(),
            servers: points
                .into_iter()
                .map(|(place, points)| trend_server(place, &points, span, length, &marks))
                .collect(),
            marks: marks.into_iter().map(trend_mark).collect(),
        }
    }
}

fn told_loads(load: &TargetLoad) -> Vec<&BucketedLoad> {
    load.sources.iter().filter_map(|source| source.told.as_ref().ok()).collect()
}

fn timestamp_at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

/// The figures of that name: of a command, its calls and the time of a call.
fn select_figures(
    name: Option<&str>,
    loads: &[TargetLoad],
) -> Result<Vec<TrendFigure>, TrendError> {
    let Some(name) = name else {
        return Ok(LoadIndicator::ALL.into_iter().map(TrendFigure::Load).collect());
    };
    let word = name.to_lowercase();
    if let Some(own) = LoadIndicator::ALL.into_iter().find(|one| one.as_str() == word) {
        return Ok(vec![TrendFigure::Load(own)]);
    }
    let all: Vec<&BucketedLoad> = loads.iter().flat_map(told_loads).collect();
    let commands = known_commands(&all);
    let lists = CommandLists::builtin_lists();
    // That these were never called is an answer too.
    if commands.contains(&word) || lists.is_walking(&word) || lists.is_login(&word) {
        return Ok(vec![TrendFigure::Calls(word.clone()), TrendFigure::TimePerCall(word)]);
    }
    let indicators = LoadIndicator::ALL.map(LoadIndicator::as_str);
    let known: Vec<&str> =
        indicators.into_iter().chain(commands.iter().map(String::as_str)).collect();
    let (what, known) = ("indicator or command", meant_and_known(&word, &known));
    Err(TrendError::Unknown { what, name: name.to_owned(), known })
}

/// Name, command and unit.
fn figure_words(figure: &TrendFigure) -> (&'static str, Option<&str>, &'static str) {
    match figure {
        TrendFigure::Load(one) if one.is_share() => (one.as_str(), None, "share"),
        TrendFigure::Load(one) => (one.as_str(), None, "per-second"),
        TrendFigure::Calls(command) => ("calls", Some(command), "calls"),
        TrendFigure::TimePerCall(command) => ("time-per-call", Some(command), "seconds"),
    }
}

fn trend_server(
    place: String,
    points: &[TrendPoint],
    span: LoadSpan,
    length: BucketLength,
    marks: &[&SpanMark],
) -> TrendServer {
    let mut gaps = Vec::new();
    let mut end = span.from;
    let edges = points.iter().map(|point| (point.at - point.seconds, point.at));
    for (from, to) in edges.chain([(span.to, span.to)]) {
        if from > end {
            gaps.push(TrendGap { from: timestamp_at(end), to: timestamp_at(from) });
        }
        end = end.max(to);
    }
    let dot = |point: &TrendPoint| {
        let own = LoadSpan { from: point.at - point.seconds, to: point.at };
        TrendDot {
            at: timestamp_at(point.at),
            seconds: (point.seconds != length.seconds()).then_some(point.seconds),
            value: point.value,
            at_least: point.is_at_least,
            excluded: marks.iter().any(|mark| mark.is_excluded && mark.span.overlaps(own)),
            events: event_words(point.flags),
        }
    };
    TrendServer { place, points: points.iter().map(dot).collect(), gaps }
}

fn event_words(flags: BucketFlags) -> Vec<String> {
    let known = [
        (BucketFlags::RESTART, "restart"),
        (BucketFlags::RESET, "reset"),
        (BucketFlags::FAILOVER, "failover"),
    ];
    let told = known.into_iter().filter(|(flag, _)| flags.contains(*flag));
    told.map(|(_, word)| word.to_owned()).collect()
}

fn trend_mark(mark: &SpanMark) -> TrendMark {
    TrendMark {
        from: timestamp_at(mark.span.from),
        to: timestamp_at(mark.span.to),
        label: mark.label.clone(),
        by: mark.by.clone(),
        excluded: mark.is_excluded,
    }
}

/// What is held of the target, whatever the span.
fn held_words(loads: &[TargetLoad], has_history: bool) -> String {
    let mut held = Vec::new();
    for load in loads {
        for source in &load.sources {
            let environment = &load.environment;
            held.push(match &source.told {
                Err(failure) => format!("{environment}: {}: {failure}", source.label),
                Ok(told) => match told.facts.held_since {
                    Some(since) => {
                        format!(
                            "{environment}: {} holds it since {}",
                            source.label,
                            timestamp_at(since)
                        )
                    }
                    None => format!(
                        "{environment}: {} holds no full five minutes of it yet",
                        source.label
                    ),
                },
            });
        }
    }
    if held.is_empty() && !has_history {
        return "there is no history, and the profiles name no Prometheus (load:)".to_owned();
    }
    held.join("; ")
}
