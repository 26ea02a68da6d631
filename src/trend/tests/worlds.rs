//! Little worlds, each with one thing that goes wrong, and how load is judged there.

use super::judged::{DAY, Days, END, back, walks};
use crate::model::{
    BucketFlags, BucketLength, BucketedLoad, CounterTable, LoadIdentity, LoadSpan, PlaceBuckets,
    SpanMark,
};
use crate::trend::testing::{Event, Told, World, load, table};
use crate::trend::{
    CommandLists, CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria, LoadIndicator,
    Window, WindowKind, judge_windows, make_buckets, read_windows, steps_of_samples,
};

/// One of them, and what comes of walk share: the last 24 hours, the week before, and the change.
struct Little {
    name: &'static str,
    load: BucketedLoad,
    marks: Vec<SpanMark>,
    day: &'static str,
    week: &'static str,
    change: &'static str,
}

impl Little {
    fn new(name: &'static str, load: BucketedLoad, day: &'static str) -> Self {
        Self { name, load, marks: Vec::new(), day, week: "met", change: "met" }
    }

    fn week(self, week: &'static str) -> Self {
        Self { week, ..self }
    }

    fn change(self, change: &'static str) -> Self {
        Self { change, ..self }
    }

    fn judged(&self) -> Vec<CriterionJudged> {
        let windows = [WindowKind::Day, WindowKind::Week]
            .map(|kind| Window::of_kind(kind, END, None, BucketLength::DEFAULT).unwrap());
        let lists = CommandLists::builtin_lists();
        let read = read_windows(self.load.clone(), &windows, &self.marks, &lists);
        judge_windows(&read, &LoadCriteria::default())
    }
}

/// `>= 5.5 % breached`, `1 % met`, `unknown: …`.
fn words(judged: &[CriterionJudged], test: CriterionTest, window: WindowKind) -> String {
    let found = judged.iter().find(|one| {
        (one.indicator, one.test, one.window) == (LoadIndicator::WalkShare, test, window)
    });
    let found = found.unwrap();
    match &found.outcome {
        CriterionOutcome::Unknown(reasons) => format!("unknown: {}", reasons[0]),
        outcome => {
            let peak = found.peak.unwrap();
            let least = if peak.flags.contains(BucketFlags::AT_LEAST) { ">= " } else { "" };
            let is_met = *outcome == CriterionOutcome::Met;
            let word = if is_met { "met" } else { "breached" };
            format!("{least}{} {word}", LoadIndicator::WalkShare.format_value(peak.value))
        }
    }
}

/// Two days of GETs each 20 s with other events, sampled each so many seconds.
fn sampled(events: &[(i64, Event)], every: usize) -> (CounterTable, CounterTable) {
    let mut world = World::default();
    for second in (END - 9 * DAY - 1200..END).step_by(20) {
        world.events.push((second * 1000 + 500, Event::Call("get", 100.0)));
    }
    world.events.extend(events.iter().map(|(at, event)| (at * 1000 + 600, *event)));
    world.sort();
    let times: Vec<i64> = (END - 9 * DAY - 600..=END).step_by(every).map(|at| at * 1000).collect();
    let samples = world.sampled(&times);
    (steps_of_samples(&samples, BucketLength::DEFAULT), samples)
}

fn of_tables(steps: CounterTable, samples: CounterTable) -> BucketedLoad {
    let span = LoadSpan { from: END - 9 * DAY, to: END };
    make_buckets(load(steps, samples, span), &CommandLists::builtin_lists())
}

fn keys(from: i64, calls: i64, micros: f64) -> Vec<(i64, Event)> {
    (0..calls).map(|n| (from + n, Event::Call("keys", micros))).collect()
}

/// A burst of so much of a second each second of two minutes, in which the server is restarted.
fn restarted(micros: f64) -> BucketedLoad {
    let begin = back(9) + 60;
    let mut events = keys(begin, 120, micros);
    events.push((begin + 70, Event::Restart));
    let (steps, samples) = sampled(&events, 60);
    of_tables(steps, samples)
}

/// As [`restarted`], by an exporter that was away meanwhile: no sample shows the moment.
fn restarted_unseen() -> BucketedLoad {
    let rows: Vec<Told> = walks(&[(9, 0.03)])
        .rows()
        .into_iter()
        .map(|mut told| {
            if told.row.at_millis >= back(9) * 1000 {
                // All counters have regrown beyond.
                told.run_id = "later".to_owned();
            }
            told
        })
        .collect();
    of_tables(table(&rows), CounterTable::default())
}

fn with_gap(buckets: std::ops::Range<i64>) -> Days {
    Days { missing: buckets.map(back).collect(), ..walks(&[(100, 0.004)]) }
}

fn edge(with_samples: bool) -> BucketedLoad {
    // 54 calls of 0.3 s within 107 s, half of them on each side of a line of the grid.
    let events: Vec<(i64, Event)> =
        (0..54).map(|n| (back(9) - 54 + 2 * n, Event::Call("keys", 300_000.0))).collect();
    let (steps, samples) = sampled(&events, 15);
    let mut made = of_tables(steps, samples.clone());
    let kept = if with_samples { samples } else { CounterTable::default() };
    made.places.values_mut().for_each(|place| place.samples = kept.clone());
    made
}

fn changed(days: &Days, change: impl Fn(&mut BucketedLoad)) -> BucketedLoad {
    let mut load = days.bucketed();
    change(&mut load);
    load
}

fn another(load: &mut BucketedLoad) {
    let other = LoadIdentity::AnotherServer { live: "aa".to_owned(), found: "bb".to_owned() };
    load.places.values_mut().for_each(|place| place.identity = other.clone());
}

fn gone(load: &mut BucketedLoad) {
    let own = load.places.remove("").unwrap();
    let mut quiet = walks(&[]).bucketed().places.remove("").unwrap();
    quiet.identity = LoadIdentity::Proven;
    let left = PlaceBuckets { left_at: Some(back(5)), ..own };
    load.places = [("10.0.0.1:6379".to_owned(), left), ("10.0.0.2:6379".to_owned(), quiet)].into();
}

fn feast(days: &Days) -> Little {
    let span = LoadSpan { from: back(12), to: back(8) };
    let (label, by) = ("feast".to_owned(), "ops".to_owned());
    let mark = SpanMark { span, label, by, is_excluded: true };
    let little = Little::new("a burst that somebody left out", days.bucketed(), "0 % met");
    Little { marks: vec![mark], week: "0 % met", change: "0 % met", ..little }
}

/// CONFIG RESETSTAT in an idle hour of the day.
fn reset() -> BucketedLoad {
    let mut events = keys(back(90), 10, 300_000.0);
    events.push((back(40) + 130, Event::Reset));
    let (steps, samples) = sampled(&events, 60);
    of_tables(steps, samples)
}

fn restarts_and_edges() -> Vec<Little> {
    let cause = "unknown: 1 buckets are a lower bound, from";
    vec![
        Little::new("a restart in the worst bucket", restarted(250_000.0), ">= 9.08 % breached")
            .week("0 % met")
            .change(">= 9.08 % breached"),
        Little::new("a restart hides the rest of a burst", restarted(80_000.0), ">= 2.91 % met")
            .week("0 % met")
            .change(">= 2.91 % breached"),
        // What the new run has counted came behind the cut: a rise, whatever was lost before it.
        Little::new("a restart that no sample shows", restarted_unseen(), cause)
            .week("0 % met")
            .change(">= 3 % breached"),
        Little::new("a burst on a line, by samples", edge(true), "5.4 % breached")
            .week("0 % met")
            .change("2.7 % breached"),
        Little::new("a burst on a line, by buckets", edge(false), "2.7 % met")
            .week("0 % met")
            .change("2.7 % breached"),
        Little::new("a reset somewhere else", reset(), ">= 1 % met")
            .week("0 % met")
            .change(">= 1 % breached"),
    ]
}

fn gaps_and_retention() -> Vec<Little> {
    let long = "unknown: 20 min without samples from";
    let gap = with_gap(9..12);
    let held =
        |days: i64| move |load: &mut BucketedLoad| load.facts.held_since = Some(END - days * DAY);
    let young = Days { length: 3, ..walks(&[(9, 0.02), (400, 0.018)]) };
    vec![
        Little::new("a gap of 15 minutes", gap.bucketed(), "0.4 % met")
            .week("0 % met")
            .change("0.4 % met"),
        Little::new("a gap of 20 minutes", with_gap(9..13).bucketed(), long)
            .week("0 % met")
            .change(long),
        Little::new("retention of three days", changed(&young, held(3)), "2 % met")
            .week("unknown: held since")
            .change("unknown: no past window to compare with"),
        Little::new(
            "retention of eight days",
            changed(&walks(&[(9, 0.02), (400, 0.018)]), held(8)),
            "2 % met",
        )
        .week("1.8 % met")
        .change("2 % met"),
    ]
}

fn identity_and_commands() -> Vec<Little> {
    let clock = |load: &mut BucketedLoad| load.facts.clock_ahead = Some(61.0);
    let ahead = "unknown: the source's clock is 61 s ahead";
    let other = "unknown: another server: its run_id is aa";
    let dropped = Days { hidden: [(back(9), 5.0)].into(), ..walks(&[]) };
    let cause = "unknown: 1 buckets are a lower bound, from";
    vec![
        Little::new("series of another server", changed(&walks(&[(9, 0.5)]), another), other)
            .week(other)
            .change(other),
        Little::new(
            "a clock 61 s off, a burst",
            changed(&walks(&[(9, 0.06)]), clock),
            "6 % breached",
        )
        .week(ahead)
        .change(ahead),
        Little::new("a clock 61 s off", changed(&walks(&[(9, 0.004)]), clock), ahead)
            .week(ahead)
            .change(ahead),
        Little::new(
            "a clock 60 s off",
            changed(&walks(&[(9, 0.004)]), |load| load.facts.clock_ahead = Some(60.0)),
            "0.4 % met",
        )
        .week("0 % met")
        .change("0.4 % met"),
        Little::new("dropped counters of a command", dropped.bucketed(), cause)
            .week("0 % met")
            .change(cause),
        Little::new("from zero to above the floor", walks(&[(9, 0.0051)]).bucketed(), "0.51 % met")
            .week("0 % met")
            .change("0.51 % breached"),
        Little::new("from zero to the floor", walks(&[(9, 0.005)]).bucketed(), "0.5 % met")
            .week("0 % met")
            .change("0.5 % met"),
        Little::new(
            "a member that left with its burst",
            changed(&walks(&[(9, 0.06)]), gone),
            "6 % breached",
        )
        .week("0 % met")
        .change("6 % breached"),
        feast(&walks(&[(9, 0.5)])),
    ]
}

#[test]
fn trend_judges_little_worlds_as_they_are() {
    let all = [restarts_and_edges(), gaps_and_retention(), identity_and_commands()];
    let mut wrong = Vec::new();
    for little in all.iter().flatten() {
        let judged = little.judged();
        for (test, window, wanted) in [
            (CriterionTest::Max, WindowKind::Day, little.day),
            (CriterionTest::Max, WindowKind::Week, little.week),
            (CriterionTest::Change, WindowKind::Day, little.change),
        ] {
            let told = words(&judged, test, window);
            let is_wanted = if wanted.starts_with("unknown") {
                told.starts_with(wanted)
            } else {
                told == wanted
            };
            if !is_wanted {
                wrong.push(format!("{}, {test:?} {window:?}: {told}, not {wanted}", little.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
