//! Samples become buckets, hours and windows: a little world of known truth, closed in any rhythm.

use std::collections::BTreeMap;
use std::path::Path;

use envparity::history::{KeptSample, Store};
use envparity::model::{
    BucketLength, Counters, EnvironmentName, LoadSpan, PlaceBuckets, Sample, Series, SpanMark,
    TargetId,
};
use envparity::pipeline::load::{
    LiveTarget, LoadAsked, TargetLoad, close_buckets, put_together, rests_on, windows_at,
};
use envparity::trend::{
    CommandLists, CriterionTest, LoadCriteria, LoadIndicator, WindowKind, hours_of, judge_windows,
};
use jiff::Timestamp;

use crate::world::{file, open};

const LENGTH: BucketLength = BucketLength::DEFAULT;
const DAY: i64 = 86_400;
/// 2026-11-20T00:00:00Z.
const BEGIN: i64 = 1_795_132_800;

fn environment() -> EnvironmentName {
    "qualif".into()
}

fn target() -> TargetId {
    "redis/cache".into()
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}

/// What the server has counted at a moment: ten GETs a minute, each night at 02:00 five KEYS of a
/// second each, and one burst of KEYS in the last day.
fn sample(at: i64, burst: i64) -> KeptSample {
    let minutes = f64::from(i32::try_from((at - BEGIN) / 60).unwrap());
    let nights = f64::from(i32::try_from((at - BEGIN - 7_200).div_euclid(DAY) + 1).unwrap());
    let (burst_calls, burst_micros) = if at > burst { (61.0, 16_110_000.0) } else { (0.0, 0.0) };
    let (gets, keys) = (10.0 * minutes, 5.0 * nights + burst_calls);
    let micros = 5e6 * nights + burst_micros;
    let mut counters = Counters::default();
    counters.add("total_commands_processed", gets + keys + minutes);
    counters.add("used_cpu_user", 0.01 * minutes);
    counters.add("used_cpu_sys", 5.0 * nights);
    counters.add_section("Keyspace");
    counters.add_item("db0", "keys", 41_000.0);
    for (name, calls, micros) in
        [("get", gets, gets), ("keys", keys, micros), ("info", minutes, minutes * 100.0)]
    {
        let group = format!("cmdstat_{name}");
        counters.add_item(&group, "calls", calls);
        counters.add_item(&group, "usec", micros);
    }
    KeptSample {
        environment: environment(),
        sample: Sample {
            target: target(),
            place: "10.0.0.1:6379".to_owned(),
            run_id: "a".repeat(40),
            role: "master".to_owned(),
            taken: time(at),
            counters,
        },
    }
}

fn close(store: &mut Store, now: i64) {
    let lists = CommandLists::builtin_lists();
    close_buckets(store, &environment(), &target(), time(now), LENGTH, &lists).unwrap();
}

fn kept(store: &mut Store, to: i64) -> BTreeMap<String, PlaceBuckets> {
    store.read_load(&environment(), &target(), (0, to), &|_| true).unwrap()
}

fn windows(store: &mut Store, now: i64) -> TargetLoad {
    let asked = windows_at(time(now), None, LENGTH);
    let (environment, target, live) = (environment(), target(), LiveTarget::default());
    let criteria = LoadCriteria::default();
    let asked = LoadAsked {
        environment: &environment,
        target: &target,
        prometheus: None,
        folder: Path::new("."),
        deadline: None,
        windows: &asked,
        length: LENGTH,
        live: &live,
        all_commands: false,
        criteria: &criteria,
    };
    put_together(&asked, Some(Ok(store)), None)
}

fn worst(load: &TargetLoad, kind: WindowKind) -> f64 {
    let read = load.windows.places["10.0.0.1:6379"].iter().find(|read| read.window.kind == kind);
    read.unwrap().statistics[&LoadIndicator::WalkShare].worst.unwrap().value
}

#[test]
fn buckets_are_the_same_however_often_they_are_closed() {
    let burst = BEGIN + 3 * 3_600 + 1_200;
    let end = BEGIN + 6 * 3_600;
    let of = |closings: &dyn Fn(i64) -> bool| {
        let (_folder, path) = file();
        let mut store = open(&path);
        for at in (BEGIN..=end).step_by(60) {
            store.add_samples(&[sample(at + 1, burst)]).unwrap();
            if closings(at) {
                close(&mut store, at + 61);
            }
        }
        close(&mut store, end + 361);
        kept(&mut store, end)
    };
    let once = of(&|_| false);
    let place = &once["10.0.0.1:6379"];
    assert_eq!(place.buckets[&Series::Up].len(), 71, "72 buckets, of which the first is a start");
    let keys: Vec<_> = place.buckets[&Series::Command("keys".to_owned())]
        .iter()
        .map(|row| (row.a, row.b))
        .collect();
    assert_eq!(keys, [(5.0, 5e6), (61.0, 16_110_000.0)]);
    // Our own INFO each minute is no load.
    assert!(!place.buckets.contains_key(&Series::Command("info".to_owned())), "own calls");
    let ops = &place.buckets[&Series::Ops];
    assert!(ops.iter().all(|row| row.a < 120.0 && row.a >= 50.0), "{ops:?}");
    for closings in [&|_| true, &|at: i64| at % 420 == 0, &|at: i64| at % 7_200 == 0]
        as [&dyn Fn(i64) -> bool; 3]
    {
        let often = of(closings);
        assert_eq!(often["10.0.0.1:6379"].buckets, place.buckets);
    }
}

#[test]
fn windows_are_a_calculation_by_hand_before_and_after_retention() {
    let (_folder, path) = file();
    let mut store = open(&path);
    let end = BEGIN + 9 * DAY;
    // In the last day: a share of 5.37 % of one bucket.
    let burst = end - 3_600 - 90;
    for day in 0..9 {
        let from = BEGIN + day * DAY;
        let samples: Vec<KeptSample> =
            (from..from + DAY).step_by(60).map(|at| sample(at + 1, burst)).collect();
        store.add_samples(&samples).unwrap();
        close(&mut store, from + DAY);
    }
    store.add_samples(&[sample(end + 1, burst)]).unwrap();
    close(&mut store, end + 61);
    let load = windows(&mut store, end + 61);
    let by_hand = |load: &TargetLoad| {
        assert!((worst(load, WindowKind::Day) - 0.0537).abs() < 1e-9);
        assert!((worst(load, WindowKind::Week) - 5.0 / 300.0).abs() < 1e-9);
        let judged = judge_windows(&load.windows, &LoadCriteria::default());
        let breached: Vec<_> = judged
            .iter()
            .filter(|one| one.outcome == envparity::trend::CriterionOutcome::Breached)
            .map(|one| (one.indicator.as_str(), one.test, one.window.as_str()))
            .collect();
        assert_eq!(
            breached,
            [
                ("walk-share", CriterionTest::Max, "24h"),
                ("walk-share", CriterionTest::Change, "24h"),
            ]
        );
    };
    by_hand(&load);
    // The month is held for nine days alone.
    let month = load.windows.places["10.0.0.1:6379"].iter();
    let month = month.clone().find(|read| read.window.kind == WindowKind::Month).unwrap();
    let held = "held since 2026-11-20 00:00Z";
    assert!(month.unknown.iter().any(|why| why.to_string() == held), "{:?}", month.unknown);
    // Forty days later buckets are gone, and hours tell the same.
    let later = end + 40 * DAY;
    let pruned = store.prune(time(later), &hours_of).unwrap();
    assert!(pruned.buckets > 10_000 && pruned.samples > 10_000, "{pruned:?}");
    by_hand(&windows(&mut store, end + 61));
}

#[test]
fn what_a_run_judged_is_proven_afterwards_though_gaps_are_filled() {
    let (_folder, path) = file();
    let mut store = open(&path);
    let burst = BEGIN + 600;
    for at in (BEGIN..=BEGIN + 3_600).step_by(60) {
        store.add_samples(&[sample(at + 1, burst)]).unwrap();
    }
    // An hour without samples follows.
    let now = BEGIN + 2 * 3_600 + 61;
    close(&mut store, now);
    let load = windows(&mut store, now);
    let judged = rests_on(&load, &LoadCriteria::default());
    assert!(judged.iter().any(|one| one.key.name == "up"), "{judged:?}");
    let run = envparity::history::NewRun { judged, ..crate::world::audit(time(now), &[]) };
    store.save_run(run, envparity::collect::config::COLLECTORS).unwrap();
    // The next sample tells what was counted over the gap.
    store.add_samples(&[sample(BEGIN + 2 * 3_600 + 121, burst)]).unwrap();
    close(&mut store, BEGIN + 3 * 3_600);
    let up = kept(&mut store, BEGIN + 3 * 3_600)["10.0.0.1:6379"].buckets[&Series::Up].len();
    assert_eq!(up, 13, "twelve before the gap and one behind it");
    let gets = &kept(&mut store, BEGIN + 3 * 3_600)["10.0.0.1:6379"].buckets;
    let gets: f64 = gets[&Series::Command("get".to_owned())].iter().map(|row| row.a).sum();
    assert!((gets - 10.0 * 118.0).abs() < 1.0, "{gets}: nothing of the gap is lost");
    let verified = store.verify(None).unwrap();
    assert!(verified.is_ok(), "{verified:?}");
}

#[test]
fn what_somebody_marked_is_left_out_of_windows() {
    let (_folder, path) = file();
    let mut store = open(&path);
    let end = BEGIN + 6 * 3_600;
    let burst = BEGIN + 3 * 3_600 + 1_210;
    let samples: Vec<KeptSample> =
        (BEGIN..=end).step_by(60).map(|at| sample(at + 1, burst)).collect();
    store.add_samples(&samples).unwrap();
    close(&mut store, end + 61);
    assert!((worst(&windows(&mut store, end + 61), WindowKind::Day) - 0.0537).abs() < 1e-9);
    let mark = SpanMark {
        span: LoadSpan { from: burst - 600, to: burst + 600 },
        label: "reproduction".to_owned(),
        by: "lea".to_owned(),
        is_excluded: true,
    };
    store.mark_span(&environment(), &mark, time(end)).unwrap();
    let load = windows(&mut store, end + 61);
    assert!((worst(&load, WindowKind::Day) - 5.0 / 300.0).abs() < 1e-9);
    let read = &load.windows.places["10.0.0.1:6379"][0];
    assert_eq!(read.coverage.excluded, [mark]);
}
