//! Criteria, and every way in which a window is not known.

use std::collections::BTreeMap;

use crate::model::{
    BucketFlags, BucketLength, BucketedLoad, CounterTable, Load, LoadIdentity, LoadRole, LoadSpan,
    Series, SpanMark,
};
use crate::trend::testing::{Event, Told, World, facts, load, row, table};
use crate::trend::{
    CallsInSpan, CommandLists, CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria,
    LoadIndicator, LoadPeak, Unknown, UnprovenCause, Window, WindowKind, calls_in_span,
    judge_windows, make_buckets, read_windows, steps_of_samples, time_per_call,
};

pub(super) const DAY: i64 = 86_400;
pub(super) const LENGTH: i64 = 300;
/// A line of the grid and an hour.
pub(super) const END: i64 = 1_800_000_000;

/// Rows of a server for nine days before the end, one a bucket: it works at 10 % of CPU, and has
/// spent a share of wall time in KEYS in some buckets.
pub(super) struct Days {
    /// Share of wall time in KEYS, by the bucket's end.
    pub(super) walk: BTreeMap<i64, f64>,
    /// Ends of buckets without a sample.
    pub(super) missing: Vec<i64>,
    /// Of commands that are processed and told by no counter, by the bucket's end.
    pub(super) hidden: BTreeMap<i64, f64>,
    pub(super) length: i64,
}

impl Default for Days {
    fn default() -> Self {
        Self { walk: BTreeMap::new(), missing: Vec::new(), hidden: BTreeMap::new(), length: 9 }
    }
}

impl Days {
    pub(super) fn rows(&self) -> Vec<Told> {
        let mut rows = Vec::new();
        let (mut gets, mut keys, mut micros, mut cpu, mut hidden) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for end in (END - self.length * DAY - LENGTH..=END).step_by(300) {
            gets += 1000.0;
            cpu += 30e6;
            if let Some(share) = self.walk.get(&end) {
                keys += 10.0;
                micros += share * 300e6;
            }
            hidden += self.hidden.get(&end).copied().unwrap_or(0.0);
            if !self.missing.contains(&end) {
                let mut told = vec![
                    ("processed", gets + keys + hidden),
                    ("cpu", cpu),
                    ("get", gets),
                    ("get.us", gets * 10.0),
                ];
                if keys > 0.0 {
                    told.extend([("keys", keys), ("keys.us", micros)]);
                }
                rows.push(row(end, "r", &told));
            }
        }
        rows
    }

    pub(super) fn load(&self) -> Load {
        let span = LoadSpan { from: END - self.length * DAY, to: END };
        load(table(&self.rows()), CounterTable::default(), span)
    }

    pub(super) fn bucketed(&self) -> BucketedLoad {
        make_buckets(self.load(), &CommandLists::builtin_lists())
    }
}

fn windows() -> [Window; 2] {
    [WindowKind::Day, WindowKind::Week]
        .map(|kind| Window::of_kind(kind, END, None, BucketLength::DEFAULT).unwrap())
}

fn judged(load: BucketedLoad, marks: &[SpanMark]) -> Vec<CriterionJudged> {
    let read = read_windows(load, &windows(), marks, &CommandLists::builtin_lists());
    judge_windows(&read, &LoadCriteria::default())
}

fn of(
    judged: &[CriterionJudged],
    indicator: LoadIndicator,
    test: CriterionTest,
    window: WindowKind,
) -> &CriterionJudged {
    let is_wanted =
        |one: &&CriterionJudged| (one.indicator, one.test, one.window) == (indicator, test, window);
    judged.iter().find(is_wanted).unwrap()
}

fn walk_max(load: BucketedLoad, window: WindowKind) -> CriterionOutcome {
    let judged = judged(load, &[]);
    of(&judged, LoadIndicator::WalkShare, CriterionTest::Max, window).outcome.clone()
}

fn walk_change(load: BucketedLoad) -> CriterionJudged {
    let judged = judged(load, &[]);
    of(&judged, LoadIndicator::WalkShare, CriterionTest::Change, WindowKind::Day).clone()
}

fn reasons(outcome: &CriterionOutcome) -> &[Unknown] {
    match outcome {
        CriterionOutcome::Unknown(reasons) => reasons,
        other => panic!("{other:?}"),
    }
}

/// So many buckets before the end.
pub(super) fn back(buckets: i64) -> i64 {
    END - buckets * LENGTH
}

pub(super) fn walks(of: &[(i64, f64)]) -> Days {
    Days {
        walk: of.iter().map(|(buckets, share)| (back(*buckets), *share)).collect(),
        ..Days::default()
    }
}

#[test]
fn trend_judges_the_worst_five_minutes_of_each_window() {
    assert_eq!(walk_max(walks(&[(9, 0.05)]).bucketed(), WindowKind::Day), CriterionOutcome::Met);
    let over = walks(&[(9, 0.0501)]).bucketed();
    assert_eq!(walk_max(over, WindowKind::Day), CriterionOutcome::Breached);
    let last_week = walks(&[(300, 0.06)]);
    assert_eq!(walk_max(last_week.bucketed(), WindowKind::Day), CriterionOutcome::Met);
    assert_eq!(walk_max(last_week.bucketed(), WindowKind::Week), CriterionOutcome::Breached);
    let judged = judged(last_week.bucketed(), &[]);
    let week = of(&judged, LoadIndicator::WalkShare, CriterionTest::Max, WindowKind::Week);
    assert!((week.peak.unwrap().value - 0.06).abs() < 1e-12);
    assert_eq!((week.peak.unwrap().at, week.limit), (back(300), Some(0.05)));
    let cpu = of(&judged, LoadIndicator::Cpu, CriterionTest::Change, WindowKind::Day);
    assert_eq!(
        (&cpu.outcome, cpu.base.unwrap().window),
        (&CriterionOutcome::Met, WindowKind::Week)
    );
    assert!((cpu.peak.unwrap().value - 0.1).abs() < 1e-12);
    assert_eq!(time_per_call(0.0, 5.0), None);
    assert_eq!(time_per_call(2.0, 5.0), Some(2.5));
}

#[test]
fn trend_compares_with_the_largest_of_the_past_above_a_floor() {
    let change = |day: f64, week: &[f64]| {
        let mut all = vec![(9, day)];
        all.extend(week.iter().zip([400, 900]).map(|(share, at)| (at, *share)));
        walk_change(walks(&all).bucketed())
    };
    assert_eq!(change(0.024, &[0.01, 0.02]).outcome, CriterionOutcome::Met);
    assert_eq!(change(0.0241, &[0.01, 0.02]).outcome, CriterionOutcome::Breached);
    assert_eq!(change(0.005, &[0.0001, 0.0001]).outcome, CriterionOutcome::Met, "the floor");
    let new = change(0.0051, &[]);
    assert_eq!((new.outcome, new.base.unwrap().value), (CriterionOutcome::Breached, 0.0));
}

#[test]
fn trend_needs_a_past_only_for_what_exceeds_the_floor() {
    let mut young = walks(&[(9, 0.01)]);
    young.length = 1;
    let judged = walk_change(young.bucketed());
    assert_eq!(reasons(&judged.outcome), [Unknown::NothingToCompare]);
    let mut idle = walks(&[(9, 0.004)]);
    idle.length = 1;
    assert_eq!(walk_change(idle.bucketed()).outcome, CriterionOutcome::Met);
}

#[test]
fn trend_spreads_a_short_gap_and_does_not_let_it_hide_a_burst() {
    let gap = |share: f64| {
        let mut days = walks(&[(9, share)]);
        days.missing = vec![back(9), back(10), back(11)];
        days
    };
    // Over four buckets: at least 1 % in one of them, at most 4 %.
    assert_eq!(walk_max(gap(0.04).bucketed(), WindowKind::Day), CriterionOutcome::Met);
    let open = walk_max(gap(0.06).bucketed(), WindowKind::Day);
    let [Unknown::GapMayHide { at, possible }] = reasons(&open) else { panic!("{open:?}") };
    assert_eq!(*at, back(8));
    assert!((possible - 0.06).abs() < 1e-12);
    // However it is distributed, one of the four has a quarter.
    assert_eq!(walk_max(gap(0.21).bucketed(), WindowKind::Day), CriterionOutcome::Breached);
    let rows = &gap(0.04).bucketed().places[""].buckets[&Series::Command("keys".to_owned())];
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.flags.contains(BucketFlags::SPREAD)));
}

#[test]
fn trend_does_not_call_a_longer_stretch_a_breach() {
    // The last of five scrapes is missing, so that the next difference is of six minutes.
    let part = |share| {
        let mut rows = walks(&[(2500, 0.001), (9, share)]).rows();
        let before = rows.iter_mut().find(|told| told.row.at_millis == back(10) * 1000);
        before.unwrap().row.samples = 4;
        let span = LoadSpan { from: 0, to: END };
        let made = load(table(&rows), CounterTable::default(), span);
        walk_max(make_buckets(made, &CommandLists::builtin_lists()), WindowKind::Day)
    };
    assert!(matches!(reasons(&part(0.06)), [Unknown::GapMayHide { .. }]));
    assert_eq!(part(0.101), CriterionOutcome::Breached);
    assert_eq!(part(0.05), CriterionOutcome::Met);
}

#[test]
fn trend_subtracts_own_calls() {
    let mut rows = walks(&[]).rows();
    rows.iter_mut().enumerate().for_each(|(row, told)| {
        (told.row.own_calls, told.row.own_logins) = (400, 5);
        // Our own sessions alone, and another client's, which logs in by AUTH.
        let count = f64::from(u32::try_from(row).unwrap());
        for (name, each) in [("hello", 5.0), ("auth", 2.0)] {
            told.counters.push((name.to_owned(), each * count));
            told.counters.push((format!("{name}.us"), each * count));
        }
        told.counters.iter_mut().filter(|(name, _)| name == "processed").for_each(|(_, value)| {
            *value += 7.0 * count;
        });
    });
    let made = load(table(&rows), CounterTable::default(), LoadSpan { from: 0, to: END });
    let made = make_buckets(made, &CommandLists::builtin_lists());
    let of = |series: &Series| made.places[""].buckets.get(series);
    assert!(of(&Series::Ops).unwrap().iter().all(|row| (row.a - 602.0).abs() < 1e-9));
    assert_eq!(of(&Series::Command("hello".to_owned())), None);
    assert!(of(&Series::Logins).unwrap().iter().all(|row| (row.a - 2.0).abs() < 1e-9));
}

#[test]
fn trend_takes_a_cut_that_cannot_be_found_for_unknown() {
    let mut rows = walks(&[]).rows();
    let told = rows.iter_mut().find(|told| told.row.at_millis == back(9) * 1000);
    told.unwrap().row.is_cut = true;
    let outcome = |samples: CounterTable| {
        let made = load(table(&rows), samples, LoadSpan { from: 0, to: END });
        walk_max(make_buckets(made, &CommandLists::builtin_lists()), WindowKind::Day)
    };
    let open = outcome(CounterTable::default());
    assert!(matches!(reasons(&open), [Unknown::Unproven { count: 1, .. }]), "{open:?}");
    // Its samples show that the counters fell on the line to the bucket before.
    let samples: Vec<Told> =
        walks(&[]).rows().into_iter().filter(|told| told.row.at_millis == back(9) * 1000).collect();
    assert_eq!(outcome(table(&samples)), CriterionOutcome::Met);
}

#[test]
fn trend_does_not_judge_a_day_with_a_long_gap_unless_it_is_excluded() {
    let mut days = walks(&[]);
    days.missing = (9..13).map(back).collect();
    let span = LoadSpan { from: back(13), to: back(9) + LENGTH };
    let open = walk_max(days.bucketed(), WindowKind::Day);
    let gap = LoadSpan { from: back(13), to: back(9) };
    assert_eq!(reasons(&open), [Unknown::LongGap(gap)]);
    assert_eq!(reasons(&open)[0].to_string(), "20 min without samples from 2027-01-15 06:55Z");
    let mark = |is_excluded| {
        let (label, by) = ("reproduction".to_owned(), "ops".to_owned());
        [SpanMark { span, label, by, is_excluded }]
    };
    let day = |marks: &[SpanMark]| {
        let judged = judged(days.bucketed(), marks);
        let day = WindowKind::Day;
        of(&judged, LoadIndicator::WalkShare, CriterionTest::Max, day).outcome.clone()
    };
    assert_eq!(day(&mark(true)), CriterionOutcome::Met);
    assert_eq!(reasons(&day(&mark(false))), [Unknown::LongGap(gap)]);
    // A week may have it, up to a twentieth.
    let mut week = walks(&[]);
    week.missing = (300..400).map(back).collect();
    assert_eq!(walk_max(week.bucketed(), WindowKind::Week), CriterionOutcome::Met);
    week.missing = (300..402).map(back).collect();
    let open = walk_max(week.bucketed(), WindowKind::Week);
    assert!(matches!(reasons(&open), [Unknown::LowCoverage { .. }]), "{open:?}");
}

#[test]
fn trend_does_not_judge_a_day_whose_end_is_missing() {
    let mut days = walks(&[]);
    days.missing = vec![END];
    let gap = LoadSpan { from: END - LENGTH, to: END };
    assert_eq!(reasons(&walk_max(days.bucketed(), WindowKind::Day)), [Unknown::OpenGap(gap)]);
    // The newest bucket has two of five samples yet.
    let mut rows = walks(&[]).rows();
    rows.last_mut().unwrap().row.samples = 2;
    let part = load(table(&rows), CounterTable::default(), gap);
    let part = make_buckets(part, &CommandLists::builtin_lists());
    assert_eq!(reasons(&walk_max(part, WindowKind::Day)), [Unknown::OpenGap(gap)]);
}

#[test]
fn trend_does_not_take_dropped_counters_for_zero() {
    let mut days = walks(&[]);
    days.hidden = [(back(9), 1.0), (back(2500), 1.0)].into();
    let open = walk_max(days.bucketed(), WindowKind::Day);
    let cause = UnprovenCause::Hidden;
    assert_eq!(reasons(&open), [Unknown::Unproven { first: back(9), count: 1, cause }]);
    let judged = judged(days.bucketed(), &[]);
    let cpu = of(&judged, LoadIndicator::Cpu, CriterionTest::Max, WindowKind::Day);
    assert_eq!(cpu.outcome, CriterionOutcome::Met, "CPU needs no commands");
    // A breach is one all the same. (KEYS has a counter from before anything was hidden.)
    days.walk = [(back(2550), 0.001), (back(20), 0.06)].into();
    assert_eq!(walk_max(days.bucketed(), WindowKind::Day), CriterionOutcome::Breached);
}

#[test]
fn trend_proves_that_a_command_was_not_called() {
    let day = windows()[0].span;
    let calls = |days: &Days, command: &str| {
        let load = days.bucketed();
        calls_in_span(&load.places[""], command, day, BucketLength::DEFAULT, &[])
    };
    let mut days = walks(&[(9, 0.01)]);
    assert_eq!(calls(&days, "flushall"), CallsInSpan::Never);
    let CallsInSpan::Called { calls: called, first, .. } = calls(&days, "keys") else { panic!() };
    assert_eq!((called, first), (10.0, back(9)));
    days.missing = vec![back(20)];
    assert_eq!(calls(&days, "flushall"), CallsInSpan::Never, "a gap hides when, and not what");
    days.missing = vec![END];
    assert!(matches!(calls(&days, "flushall"), CallsInSpan::Gaps { .. }));
    days.missing = Vec::new();
    days.hidden = [(back(9), 1.0)].into();
    let cause = UnprovenCause::Hidden;
    assert_eq!(calls(&days, "flushall"), CallsInSpan::NotProven { first: back(9), cause });
}

#[test]
fn trend_believes_a_breach_of_a_wrong_clock_or_with_warnings_and_none_of_another_server() {
    let breach = || walks(&[(9, 0.5)]).bucketed();
    let with = |share: f64, change: &dyn Fn(&mut BucketedLoad)| {
        let mut load = walks(&[(9, share)]).bucketed();
        change(&mut load);
        load
    };
    let told = |change: &dyn Fn(&mut BucketedLoad)| {
        let outcome = walk_max(with(0.5, change), WindowKind::Day);
        reasons(&outcome)[0].to_string()
    };
    let identity = |identity: LoadIdentity| {
        told(&move |load| {
            load.places.values_mut().for_each(|place| place.identity = identity.clone());
        })
    };
    let (live, found) = ("aa".to_owned(), "bb".to_owned());
    let other = identity(LoadIdentity::AnotherServer { live, found });
    assert_eq!(other, "another server: its run_id is aa, that of the series bb");
    let text = "nothing tells which server the series are of";
    assert_eq!(identity(LoadIdentity::Unknown), text);
    // What happened at another time, or beside what is missing, happened all the same.
    let doubted = |change: &dyn Fn(&mut BucketedLoad)| {
        let day = WindowKind::Day;
        assert_eq!(walk_max(with(0.5, change), day), CriterionOutcome::Breached);
        let risen = walk_change(with(0.03, change)).outcome;
        assert!(reasons(&risen).len() > 1, "yesterday's may be taken for today's: {risen:?}");
        let outcome = walk_max(with(0.01, change), day);
        reasons(&outcome)[0].to_string()
    };
    let clock = |ahead| doubted(&|load| load.facts.clock_ahead = Some(ahead));
    assert_eq!(clock(3600.0), "the source's clock is 3600 s ahead");
    assert_eq!(clock(-61.0), "the source's clock is 61 s behind");
    assert!(clock(f64::NAN).starts_with("the source's clock"));
    let warned = doubted(&|load| load.facts.warnings = vec!["partial response".to_owned()]);
    assert_eq!(warned, "the source warned: partial response");
    let mut by_labels = breach();
    by_labels.places.values_mut().for_each(|place| place.identity = LoadIdentity::ByLabels);
    assert_eq!(walk_max(by_labels, WindowKind::Day), CriterionOutcome::Breached);
}

#[test]
fn trend_does_not_judge_what_is_not_held() {
    let mut load = walks(&[]).bucketed();
    load.facts.held_since = Some(back(1000));
    assert_eq!(walk_max(load.clone(), WindowKind::Day), CriterionOutcome::Met);
    let open = walk_max(load.clone(), WindowKind::Week);
    assert_eq!(reasons(&open), [Unknown::HeldSince(back(1000))]);
    load.places.insert("10.0.0.2:6379".to_owned(), crate::model::PlaceBuckets::default());
    let open = walk_max(load.clone(), WindowKind::Day);
    assert_eq!(reasons(&open), [Unknown::NoIdentity, Unknown::NoSamples]);
    load.places.clear();
    assert_eq!(reasons(&walk_max(load, WindowKind::Day)), [Unknown::NoServers]);
}

#[test]
fn trend_judges_every_member_and_names_the_worst() {
    let mut all = walks(&[(9, 0.01)]).bucketed();
    let mut rows = walks(&[(9, 0.07)]).rows();
    for told in &mut rows {
        let is_before = told.row.at_millis < back(500) * 1000;
        told.row.role = if is_before { LoadRole::Primary } else { LoadRole::Replica };
    }
    let replica = load(table(&rows), CounterTable::default(), LoadSpan { from: 0, to: END });
    let replica = make_buckets(replica, &CommandLists::builtin_lists()).places.remove("").unwrap();
    all.places.insert("10.0.0.2:6379".to_owned(), replica);
    let read = read_windows(all, &windows(), &[], &CommandLists::builtin_lists());
    assert_eq!(read.places["10.0.0.2:6379"][1].coverage.failovers, [back(500)]);
    assert!(read.places["10.0.0.2:6379"][1].coverage.restarts < 0.5);
    let judged = judge_windows(&read, &LoadCriteria::default());
    let max = of(&judged, LoadIndicator::WalkShare, CriterionTest::Max, WindowKind::Day);
    assert_eq!((&max.outcome, max.place.as_str()), (&CriterionOutcome::Breached, "10.0.0.2:6379"));
    assert_eq!(max.others, 0);
}

#[test]
fn trend_of_a_cut_that_samples_show_is_at_least_and_of_one_that_they_do_not_is_unknown() {
    let mut world = World::default();
    for second in (END - DAY - 1200..END).step_by(20) {
        world.events.push((second * 1000 + 500, Event::Call("get", 100.0)));
    }
    let cut = back(9) - 93;
    // A restart hides 60 of 120 calls, and those after it are more than those before.
    (0..120).for_each(|n| {
        world.events.push(((cut - 40 + n) * 1000, Event::Call("keys", 100_000.0)));
    });
    world.events.push((cut * 1000, Event::Restart));
    world.sort();
    let times: Vec<i64> = (END - DAY - 600..=END).step_by(60).map(|at| at * 1000).collect();
    let samples = world.sampled(&times);
    let steps = steps_of_samples(&samples, BucketLength::DEFAULT);
    let span = LoadSpan { from: END - DAY, to: END };
    let of_load = |samples: CounterTable| {
        let made = make_buckets(load(steps.clone(), samples, span), &CommandLists::builtin_lists());
        let read = read_windows(made.clone(), &windows()[..1], &[], &CommandLists::builtin_lists());
        let peak = read.places[""][0].statistics[&LoadIndicator::WalkShare].worst.unwrap();
        (walk_max(made, WindowKind::Day), peak)
    };
    let (seen, LoadPeak { value, flags, .. }) = of_load(samples);
    assert_eq!(seen, CriterionOutcome::Met);
    assert!(flags.contains(BucketFlags::AT_LEAST | BucketFlags::RESTART));
    assert!((0.02..0.04).contains(&value), "{value}");
    let (open, _) = of_load(CounterTable::default());
    let cause = UnprovenCause::Cut;
    assert_eq!(reasons(&open), [Unknown::Unproven { first: back(9), count: 1, cause }]);
    assert_eq!(facts().length, BucketLength::DEFAULT);
}

#[test]
fn trend_tells_hours_by_another_list_of_commands() {
    let mut load = walks(&[(9, 0.01)]).bucketed();
    let old = Series::Walk(crate::model::ListDigest(7));
    for place in load.places.values_mut() {
        let span = LoadSpan { from: 0, to: END - 2 * DAY };
        place.hours = crate::trend::hours_of(place, span);
        for rows in place.buckets.values_mut() {
            rows.retain(|row| row.at > span.to);
        }
        let today = Series::Walk(CommandLists::builtin_lists().digest());
        let hours = place.hours.remove(&today).unwrap();
        place.hours.insert(old.clone(), hours);
    }
    let read = |load: BucketedLoad| {
        let read = read_windows(load, &windows(), &[], &CommandLists::builtin_lists());
        read.places[""][1].statistics[&LoadIndicator::WalkShare].clone()
    };
    assert_eq!(read(load.clone()).other_list, Some(END - 2 * DAY));
    load.places.values_mut().for_each(|place| drop(place.hours.remove(&old)));
    assert_eq!(read(load.clone()).no_list, Some(END - 2 * DAY));
    let open = walk_max(load, WindowKind::Week);
    assert_eq!(reasons(&open), [Unknown::NoWalkHours(END - 2 * DAY)]);
}
