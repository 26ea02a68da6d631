//! What one Redis did since the release: how busy it is, and what it was never asked before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::checklist::lifetime::{LifetimeCalls, lifetime_calls};
use crate::model::{
    Extent, ItemFigure, Series, ServerCounters, TargetCounters, first_three, rounded,
};
use crate::trend::{CommandLists, LoadCriteria, LoadIndicator, WatchedCalls, WatchedSlice};

/// Five minutes, which every share is of.
const STRETCH_MILLIS: i64 = 300_000;

/// Seconds that must have been watched before the release, to say how busy it was.
const LEAST_BEFORE: f64 = 10.0;

/// Answers that lie further apart leave a gap.
const MOST_MILLIS: i64 = 120_000;

/// How busy a Redis was before the release. A figure that is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastLoad {
    /// The worst five minutes of the hour before.
    pub hour: BTreeMap<LoadIndicator, f64>,
    /// The largest worst five minutes of the past windows, and which window that is.
    pub usual: BTreeMap<LoadIndicator, (f64, &'static str)>,
}

/// What is seen of one Redis, round by round.
#[derive(Debug, Default)]
pub(super) struct RedisWatch {
    /// The last answer of each server.
    last: BTreeMap<String, ServerCounters>,
    /// What each server did since the release.
    slices: BTreeMap<String, Vec<WatchedSlice>>,
    /// What each did before that, since watching began.
    quiet: BTreeMap<String, Vec<WatchedSlice>>,
    /// What it had counted before the release.
    pub(super) before: Option<TargetCounters>,
    past: PastLoad,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breach {
    /// The line that tells it.
    pub(super) line: String,
    /// What stands behind ROLL BACK.
    pub(super) because: String,
    /// The new command that it names, if it does.
    pub(super) command: Option<String>,
}

/// Whether a command is new since the release.
#[derive(Clone, Debug, PartialEq, Eq)]
enum IsNew {
    Yes,
    No,
    NotKnown(String),
}

impl RedisWatch {
    pub(super) fn new(before: Option<TargetCounters>, past: PastLoad) -> Self {
        Self { before, past, ..Self::default() }
    }

    /// Takes an answer; false if some of it is missing, or is no later than the one before.
    pub(super) fn take(
        &mut self,
        now: &TargetCounters,
        is_since: bool,
        lists: &CommandLists,
    ) -> bool {
        let mut is_new = now.extent == Extent::All && !now.servers.is_empty();
        for server in &now.servers {
            if let Some(before) = self.last.get(&server.place) {
                let Some(slice) = WatchedSlice::between_answers(before, server, lists) else {
                    is_new = false;
                    continue;
                };
                let all = if is_since { &mut self.slices } else { &mut self.quiet };
                all.entry(server.place.clone()).or_default().push(slice);
            }
            self.last.insert(server.place.clone(), server.clone());
        }
        // One that has gone is no answer of it.
        is_new && self.last.keys().all(|place| now.servers.iter().any(|one| one.place == *place))
    }

    /// The release came behind this moment, in unix milliseconds: what was done since may be its
    /// doing.
    pub(super) fn came_behind(&mut self, moment: i64) {
        for (place, quiet) in &mut self.quiet {
            let first = quiet.iter().position(|slice| slice.to_millis > moment);
            let since = quiet.split_off(first.unwrap_or(quiet.len()));
            self.slices.entry(place.clone()).or_default().splice(0..0, since);
        }
    }

    /// What was counted until now is not counted any more: all builds are back since then.
    pub(super) fn begin_anew(&mut self) {
        self.slices.clear();
    }

    /// The share of five minutes up to the newest answer, at least, of the server where it is
    /// highest.
    fn share(&self, indicator: LoadIndicator) -> f64 {
        let of_server = |slices: &Vec<WatchedSlice>| {
            let Some(end) = slices.last().map(|slice| slice.to_millis) else { return 0.0 };
            let is_inside = |slice: &&WatchedSlice| slice.from_millis >= end - STRETCH_MILLIS;
            let micros = |slice: &WatchedSlice| match indicator {
                LoadIndicator::WalkShare => slice.walk_micros(),
                _ => slice.cpu_micros,
            };
            let sum: f64 = slices.iter().filter(is_inside).map(micros).sum();
            (sum + 0.0) / (seconds_of(STRETCH_MILLIS) * 1e6)
        };
        self.slices.values().map(of_server).fold(0.0, f64::max)
    }

    /// How high it was before the release: by the hour before, else by what was watched of it.
    fn before_share(&self, indicator: LoadIndicator) -> Option<f64> {
        if let Some(known) = self.past.hour.get(&indicator) {
            return Some(*known);
        }
        let of_server = |slices: &Vec<WatchedSlice>| {
            let seconds: f64 =
                slices.iter().map(|one| seconds_of(one.to_millis - one.from_millis)).sum();
            let micros = slices.iter().map(|slice| match indicator {
                LoadIndicator::WalkShare => slice.walk_micros(),
                _ => slice.cpu_micros,
            });
            (seconds >= LEAST_BEFORE).then(|| (micros.sum::<f64>() + 0.0) / 1e6 / seconds)
        };
        self.quiet.values().filter_map(of_server).reduce(f64::max)
    }

    /// Commands that walk, called since the release: calls and time over all servers.
    fn walking(&self) -> BTreeMap<&str, WatchedCalls> {
        let mut all: BTreeMap<&str, WatchedCalls> = BTreeMap::new();
        for (name, one) in self.slices.values().flatten().flat_map(|slice| &slice.walking) {
            let sum = all.entry(name).or_default();
            sum.calls += one.calls;
            sum.micros += one.micros;
        }
        all
    }

    fn is_new(&self, command: &str) -> IsNew {
        match &self.before {
            None => IsNew::NotKnown("nobody read it before the release came".to_owned()),
            Some(before) => match lifetime_calls(before, command) {
                LifetimeCalls::Called { .. } => IsNew::No,
                LifetimeCalls::Never { .. } => IsNew::Yes,
                LifetimeCalls::NotProven(why) => IsNew::NotKnown(why),
            },
        }
    }

    /// What must not be, if anything is: a new call that walks and takes too long first.
    pub(super) fn breach(
        &self,
        name: &str,
        since: &str,
        max_call: f64,
        criteria: &LoadCriteria,
    ) -> Option<Breach> {
        let new_calls = self.walking().into_iter().filter(|(command, one)| {
            per_call(*one) > max_call && self.is_new(command) == IsNew::Yes
        });
        let worst = new_calls.max_by(|(_, a), (_, b)| per_call(*a).total_cmp(&per_call(*b)));
        let over = LoadIndicator::ALL.into_iter().find_map(|one| self.over(name, one, criteria));
        if let Some((command, one)) = worst {
            let named = Some(command.to_owned());
            let command = command.to_uppercase();
            let cost = milliseconds(per_call(one));
            let calls = calls_in_words(one.calls);
            let line = match over {
                Some((line, _)) => format!("{line}, {}", self.told_calls()),
                None => format!(
                    "{name}  {command} {calls}, new: {cost} a call (limit {})",
                    milliseconds(max_call)
                ),
            };
            let spends = if calls_share(one) >= 0.02 {
                format!("spends its time in {command}")
            } else {
                format!("stands still {cost} for each {command}")
            };
            let because = format!("{name} {spends}, new since {since}");
            return Some(Breach { line, because, command: named });
        }
        let (line, what) = over?;
        let calls = self.told_calls();
        let line = if calls.is_empty() { line } else { format!("{line}, {calls}") };
        Some(Breach { line, because: format!("{what}, since {since}"), command: None })
    }

    /// A criterion that does not hold, as a line and as a reason. What was over the limit before
    /// the release is not the release's.
    fn over(
        &self,
        name: &str,
        indicator: LoadIndicator,
        criteria: &LoadCriteria,
    ) -> Option<(String, String)> {
        let criterion = criteria.criteria.get(&indicator)?;
        if !indicator.is_share() {
            return None;
        }
        let value = self.share(indicator);
        let before = self.before_share(indicator);
        let rise = criterion.change.unwrap_or(0.2);
        let (limit, against) = match (criterion.max, self.past.usual.get(&indicator)) {
            (Some(max), _) if value > max && !was_so_before(value, before, max, rise) => {
                (max, String::new())
            }
            (_, Some((usual, window)))
                if criterion.change.is_some()
                    && value > indicator.change_floor()
                    && value > usual * (1.0 + rise) =>
            {
                (
                    usual * (1.0 + rise),
                    format!(", usual {} of {window}", indicator.format_value(*usual)),
                )
            }
            _ => return None,
        };
        let hour = before.map(|before| format!("; before {}", indicator.format_value(before)));
        let shown = indicator.format_value(value);
        let line = format!(
            "{name}  {} >= {shown} of this 5 min (limit {}{against}{})",
            indicator.noun(),
            indicator.format_value(limit),
            hour.unwrap_or_default()
        );
        Some((line, format!("{name} has a {} of at least {shown}", indicator.noun())))
    }

    /// `KEYS 61 calls, new`.
    fn told_calls(&self) -> String {
        let told = self.walking().into_iter().map(|(command, one)| {
            let new = if self.is_new(command) == IsNew::Yes { ", new" } else { "" };
            format!("{} {}{new}", command.to_uppercase(), calls_in_words(one.calls))
        });
        first_three(told, ", ")
    }

    /// Where nobody knows what a server did, in a span of unix milliseconds.
    pub(super) fn gaps(&self, name: &str, (from, to): (i64, i64)) -> Vec<String> {
        let of_server = |place: &String| {
            let slices = self.slices.get(place).map(Vec::as_slice).unwrap_or_default();
            let begins = slices.first().is_some_and(|one| one.from_millis <= from + MOST_MILLIS);
            let ends = slices.last().is_some_and(|one| one.to_millis >= to - MOST_MILLIS);
            let is_close = |one: &WatchedSlice| one.to_millis - one.from_millis <= MOST_MILLIS;
            let place = if place.is_empty() { String::new() } else { format!(" {place}") };
            let gap = format!("{name}{place} was not read all the time");
            (!(begins && ends && slices.iter().all(is_close))).then_some(gap)
        };
        let found: Vec<String> = self.last.keys().filter_map(of_server).collect();
        let none = format!("{name} was not read");
        if self.last.is_empty() { vec![none] } else { found }
    }

    /// What is not known, so that nobody may say that it holds.
    pub(super) fn doubts(&self, name: &str, max_call: f64, criteria: &LoadCriteria) -> Vec<String> {
        let mut found = Vec::new();
        for slice in self.slices.values().flatten() {
            if let Some(why) = slice.doubt {
                let at = Timestamp::from_millisecond(slice.to_millis).unwrap_or_default();
                found.push(format!("{name} at {at:.0}: {why}"));
                break;
            }
        }
        for (command, one) in
            self.walking().into_iter().filter(|(_, one)| per_call(*one) > max_call)
        {
            if let IsNew::NotKnown(why) = self.is_new(command) {
                found.push(format!(
                    "{name} {} {}, {} a call: whether it is new is not known: {why}",
                    command.to_uppercase(),
                    calls_in_words(one.calls),
                    milliseconds(per_call(one))
                ));
            }
        }
        for (indicator, criterion) in &criteria.criteria {
            let (value, before) = (self.share(*indicator), self.before_share(*indicator));
            let Some(max) = criterion.max.filter(|max| indicator.is_share() && value > *max) else {
                continue;
            };
            let before = before.map(|before| indicator.format_value(before)).unwrap_or_default();
            found.push(format!(
                "{name} {} {} (limit {}): it was {before} before the release, too",
                indicator.noun(),
                indicator.format_value(value),
                indicator.format_value(max)
            ));
        }
        found
    }

    /// How busy it is, for who waits: `walk share >= 0.0 %, CPU >= 3.1 %`.
    pub(super) fn in_words(&self, name: &str) -> String {
        let of = |indicator: LoadIndicator| {
            format!("{} >= {}", indicator.noun(), indicator.format_value(self.share(indicator)))
        };
        format!("{name} {}, {}", of(LoadIndicator::WalkShare), of(LoadIndicator::Cpu))
    }

    /// The figures that the end rests on.
    pub(super) fn figures(&self, name: &str, criteria: &LoadCriteria) -> Vec<ItemFigure> {
        let of_indicator = |indicator: LoadIndicator| ItemFigure {
            name: format!("{name} {}", indicator.as_str()),
            value: Some(self.share(indicator)),
            unit: "share of 5 min, at least",
            limit: criteria.criteria.get(&indicator).and_then(|one| one.max),
            baseline: self.before_share(indicator),
            source: "INFO, round by round".to_owned(),
        };
        let mut found: Vec<ItemFigure> =
            [LoadIndicator::WalkShare, LoadIndicator::Cpu].map(of_indicator).into();
        for (command, one) in self.walking() {
            found.push(ItemFigure {
                name: format!("{name} {}", Series::Command(command.to_owned())),
                value: Some(one.calls),
                unit: "calls since the release",
                limit: None,
                baseline: (self.is_new(command) == IsNew::Yes).then_some(0.0),
                source: format!("{} µs in them", one.micros),
            });
        }
        found
    }
}

/// Whether production was above the limit before, and has not risen by more than may be.
fn was_so_before(value: f64, before: Option<f64>, max: f64, rise: f64) -> bool {
    before.is_some_and(|before| before > max && value <= before * (1.0 + rise))
}

/// Milliseconds.
fn per_call(one: WatchedCalls) -> f64 {
    if one.calls > 0.0 { one.micros / one.calls / 1_000.0 } else { 0.0 }
}

/// Of five minutes.
fn calls_share(one: WatchedCalls) -> f64 {
    one.micros / (seconds_of(STRETCH_MILLIS) * 1e6)
}

fn calls_in_words(calls: f64) -> String {
    if calls < 1.5 { "1 call".to_owned() } else { format!("{} calls", rounded(calls)) }
}

fn milliseconds(value: f64) -> String {
    if value >= 9.95 { format!("{value:.0} ms") } else { format!("{value:.1} ms") }
}

fn seconds_of(millis: i64) -> f64 {
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64()
}
