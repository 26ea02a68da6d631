//! Whether the release was observed for a day after it was whole or rehearsed, at work, without a
//! breach of the limits of load.

use jiff::{SignedDuration, Timestamp};

use super::loads::ComponentLoad;
use super::novelty::{RedisPair, redis_pairs};
use super::unit_cost::{is_of_release, rehearse_command, spans_under_release, works};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    BucketLength, ChecklistItem, ItemLine, ItemOutcome, ItemSection, RehearsalOutcome, ReleaseType,
    Settle, length, rounded,
};
use crate::trend::{
    CommandLists, CriterionJudged, CriterionOutcome, CriterionTest, Window, WindowKind,
    judge_windows, read_windows,
};

pub(super) struct ObservationWindow;

static META: ItemMeta = ItemMeta {
    id: "observation-window",
    section: ItemSection::Redis,
    summary: "a day at work without a breach of the limits of load, since the last rehearsal",
    why: "what builds up slowly is not there yet when a rehearsal ends",
    judges_rollbacks: false,
};

impl Item for ObservationWindow {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        let wanted = wanted_length(trial);
        let must = format!("{} at work", length(wanted.unsigned_abs()));
        let Some(start) = observed_from(trial) else {
            let seen = format!("when it came to {} is not known (came:)", trial.gate.from);
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen).must(must));
            item.settle = Some(Settle::by(trial.capture_again(), "a minute"));
            return item;
        };
        for pair in &pairs {
            let found = judge_redis(trial, pair, start, wanted);
            item.lines.extend(found.into_iter().map(|line| line.must(must.clone())));
        }
        let units = units_since(trial, start);
        let outcome = if units > 0.0 { ItemOutcome::Go } else { ItemOutcome::Incomplete };
        let seen = match units {
            1.0 => "1 unit of work in it".to_owned(),
            units => format!("{} units of work in it", rounded(units)),
        };
        item.lines.push(ItemLine::new(outcome, seen).must(">= 1"));
        item.settle = settle_observation(item.outcome(), trial, earliest(start, wanted));
        item
    }
}

fn settle_observation(
    outcome: ItemOutcome,
    trial: &Trial<'_>,
    earliest: Timestamp,
) -> Option<Settle> {
    let from = &trial.gate.from;
    let work = works(trial).into_iter().next().unwrap_or_else(|| "WORK".to_owned());
    let redis = redis_pairs(trial).into_iter().next().map(|pair| pair.component.to_string());
    let redis = redis.unwrap_or_default();
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by(
            format!(
                "find what loads {from}: envparity trend {redis} walk-share --env {from}; exclude \
                 what was a trial: envparity mark span {from} FROM..TO --label TEXT --exclude; then \
                 {}",
                rehearse_command(trial, None)
            ),
            format!(
                "as long as CMD, and {} behind it",
                length(wanted_length(trial).unsigned_abs())
            ),
        )),
        ItemOutcome::Incomplete => {
            let earliest = earliest.max(trial.now);
            let zone = trial.audit.run.timezone.clone();
            let earliest = earliest.to_zoned(zone).strftime("%a %-d %b %H:%M").to_string();
            Some(Settle::by(
                format!(
                    "keep envparity sample --env {from} --every 60s running, and do some of the \
                     work: envparity mark work {from} {work} --start before it, envparity mark work \
                     {from} {work} --count N behind it"
                ),
                format!("{}, earliest {earliest}", length(wanted_length(trial).unsigned_abs())),
            ))
        }
        _ => None,
    }
}

/// The window begins on a line of the grid, and its last bucket is told a minute after its end.
fn earliest(start: Timestamp, wanted: SignedDuration) -> Timestamp {
    let begin = BucketLength::DEFAULT.ceil(start.as_second());
    let begin = Timestamp::from_second(begin).unwrap_or(start);
    begin + wanted + SignedDuration::from_mins(1)
}

/// How long it must be.
fn wanted_length(trial: &Trial<'_>) -> SignedDuration {
    let wanted = trial.rules.observation(trial.kind);
    SignedDuration::try_from(wanted).unwrap_or(SignedDuration::MAX)
}

/// When it begins: the release is whole there, and the last rehearsal is over.
fn observed_from(trial: &Trial<'_>) -> Option<Timestamp> {
    let valid = trial.rehearsals.iter().filter(|one| {
        is_of_release(one, trial) && one.outcome == RehearsalOutcome::Valid && one.to <= trial.now
    });
    let rehearsed = valid.map(|one| one.to).max();
    Some(trial.came_complete()?.max(rehearsed.unwrap_or(Timestamp::MIN)))
}

/// Units that were marked since then.
fn units_since(trial: &Trial<'_>, start: Timestamp) -> f64 {
    let spans = spans_under_release(trial).into_iter();
    let done = spans.filter(|span| span.to > start && span.is_plausible());
    let counts = done.map(|span| span.count);
    counts.fold(0.0, |sum, count| sum + count)
}

/// A breach that any source proves is one; else the first source that can tell.
fn judge_redis(
    trial: &Trial<'_>,
    pair: &RedisPair<'_>,
    start: Timestamp,
    wanted: SignedDuration,
) -> Vec<ItemLine> {
    let component = &pair.component;
    let loads = trial.from_loads.get(component).map(Vec::as_slice).unwrap_or_default();
    let mut open: Option<ItemLine> = None;
    let mut met: Option<ItemLine> = None;
    for load in loads {
        match judge_load(trial, load, start, wanted) {
            Observed::Breached(why) => {
                let seen = format!("{component}: {why} ({})", load.source);
                return vec![ItemLine::new(ItemOutcome::NoGo, seen)];
            }
            Observed::Met(seen) if met.is_none() => {
                let seen = format!("{component}: {seen} ({})", load.source);
                met = Some(ItemLine::new(ItemOutcome::Go, seen));
            }
            Observed::Open(why) if open.is_none() => {
                let seen = format!("{component}: {why} ({})", load.source);
                open = Some(ItemLine::new(ItemOutcome::Incomplete, seen));
            }
            Observed::Met(_) | Observed::Open(_) => {}
        }
    }
    let none = || {
        let seen = format!("{component}: no load of it is kept");
        ItemLine::new(ItemOutcome::Incomplete, seen)
    };
    vec![met.or(open).unwrap_or_else(none)]
}

enum Observed {
    Breached(String),
    Met(String),
    Open(String),
}

fn judge_load(
    trial: &Trial<'_>,
    load: &ComponentLoad,
    start: Timestamp,
    wanted: SignedDuration,
) -> Observed {
    if let Some(why) = load.distrust() {
        return Observed::Open(why);
    }
    let (end, facts) = (load.end, &load.load.facts);
    let since_start = Window::of_observation(start.as_second(), end, facts.length);
    // All since then must be without a breach; of the last day all must be known.
    let last = Window::of_observation(end - wanted.as_secs(), end, facts.length);
    let lists = CommandLists::builtin_lists();
    let judged = |windows: &[Window]| {
        let read = read_windows(load.load.clone(), windows, &load.marks, &lists);
        judge_windows(&read, trial.criteria)
    };
    let Some(since_start) = since_start else {
        return Observed::Open("it began just now".to_owned());
    };
    let whole = judged(&[since_start]);
    if let Some(breach) = whole.iter().find(|one| one.outcome == CriterionOutcome::Breached) {
        return Observed::Breached(in_words(breach));
    }
    if trial.kind != ReleaseType::Hotfix
        && let Some(risen) = rise_over_week(trial, load, start)
    {
        return Observed::Breached(risen);
    }
    let seconds = since_start.span.seconds();
    if seconds < wanted.as_secs() {
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        return Observed::Open(format!("{hours} h {minutes:02} min without a breach"));
    }
    let Some(last) = last else { return Observed::Open("it began just now".to_owned()) };
    for one in judged(&[last]) {
        if let CriterionOutcome::Unknown(reasons) = &one.outcome {
            let why = reasons.first().map(ToString::to_string).unwrap_or_default();
            return Observed::Open(format!("{} is not known: {why}", one.indicator.noun()));
        }
    }
    let told = match wanted.as_secs() {
        seconds if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        seconds => format!("{} min", seconds / 60),
    };
    Observed::Met(format!("{told} without a breach"))
}

/// The last 24 hours against the days before, if they are proven to be higher.
fn rise_over_week(trial: &Trial<'_>, load: &ComponentLoad, start: Timestamp) -> Option<String> {
    let (end, length) = (load.end, load.load.facts.length);
    if start.as_second() > end - 86_400 {
        return None;
    }
    let windows: Vec<Window> = [WindowKind::Day, WindowKind::Week]
        .into_iter()
        .filter_map(|kind| Window::of_kind(kind, end, None, length))
        .collect();
    let read =
        read_windows(load.load.clone(), &windows, &load.marks, &CommandLists::builtin_lists());
    let judged = judge_windows(&read, trial.criteria);
    let breach = judged
        .iter()
        .find(|one| one.test == CriterionTest::Change && one.outcome == CriterionOutcome::Breached);
    breach.map(in_words)
}

fn in_words(judged: &CriterionJudged) -> String {
    let indicator = judged.indicator;
    let peak = judged.peak.map_or_else(String::new, |peak| indicator.format_value(peak.value));
    let limit = judged.limit.map(|limit| format!(", limit {}", indicator.format_value(limit)));
    let of = match judged.place.as_str() {
        "" => String::new(),
        place => format!(" of {place}"),
    };
    format!("{}{of} {peak} in the worst 5 minutes{}", indicator.noun(), limit.unwrap_or_default())
}
