//! Another server in the place of the one that is judged, and members that have left.

use crate::model::{
    BucketFlags, BucketLength, BucketedLoad, CounterTable, LoadSpan, PlaceBuckets, Series,
};
use crate::trend::testing::{load, row, table};
use crate::trend::{
    CommandLists, CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria, LoadIndicator,
    TargetWindows, Unknown, Window, WindowKind, hours_of, judge_windows, make_buckets,
    read_windows, steps_of_samples,
};

const LENGTH: BucketLength = BucketLength::DEFAULT;
const DAY: i64 = 86_400;
/// A line of the grid and an hour.
const END: i64 = 1_800_000_000;

/// A server that has answered in one place.
struct Answers {
    run: &'static str,
    started: i64,
    /// The first and the last sample.
    span: (i64, i64),
    /// Commands and calls of KEYS of a tenth of a second that it had counted before.
    before: (f64, f64),
    /// From when on, and how often a minute KEYS is called for ten minutes.
    keys: Option<(i64, f64)>,
}

impl Answers {
    fn new(run: &'static str, started: i64, span: (i64, i64)) -> Self {
        Self { run, started, span, before: (0.0, 0.0), keys: None }
    }
}

/// Samples of each minute.
fn samples(of: &[Answers]) -> CounterTable {
    let mut rows = Vec::new();
    let mut started = Vec::new();
    for server in of {
        let (from, to) = server.span;
        let (mut gets, mut keys) = server.before;
        for at in (from..=to).step_by(60) {
            gets += 100.0;
            let busy = server.keys.filter(|(begin, _)| (*begin..begin + 600).contains(&at));
            keys += busy.map_or(0.0, |(_, calls)| calls);
            let told =
                [("processed", gets + keys), ("cpu", gets * 100.0), ("get", gets), ("keys", keys)];
            let times = [("get.us", gets * 10.0), ("keys.us", keys * 1e5)];
            rows.push(row(at, server.run, &[&told[..], &times].concat()));
            started.push(server.started);
        }
    }
    let mut made = table(&rows);
    for (row, at) in started.into_iter().enumerate() {
        made.set_started(row, f64::from(i32::try_from(at).unwrap()));
    }
    made
}

fn load_of(of: &[Answers]) -> BucketedLoad {
    let samples = samples(of);
    let steps = steps_of_samples(&samples, LENGTH);
    let span = LoadSpan { from: END - 9 * DAY, to: END };
    make_buckets(load(steps, samples, span), &CommandLists::builtin_lists())
}

fn windows() -> [Window; 2] {
    [WindowKind::Day, WindowKind::Week]
        .map(|kind| Window::of_kind(kind, END, None, LENGTH).unwrap())
}

fn read(load: BucketedLoad) -> TargetWindows {
    read_windows(load, &windows(), &[], &CommandLists::builtin_lists())
}

fn walk_max(read: &TargetWindows, kind: WindowKind) -> CriterionJudged {
    let judged = judge_windows(read, &LoadCriteria::default());
    let found = judged.into_iter().find(|one| {
        (one.indicator, one.test, one.window)
            == (LoadIndicator::WalkShare, CriterionTest::Max, kind)
    });
    found.unwrap()
}

/// An old server that has counted for a year takes the place of another one.
fn swapped(keys: Option<(i64, f64)>) -> [Answers; 2] {
    let change = END - 6 * 3600;
    [
        Answers {
            keys: Some((change - 3600, 300.0)),
            ..Answers::new("a", END - 30 * DAY, (END - 9 * DAY, change))
        },
        Answers {
            before: (1e9, 1e6),
            keys,
            ..Answers::new("b", END - 365 * DAY, (change + 60, END))
        },
    ]
}

#[test]
fn trend_does_not_judge_what_another_server_did_in_the_same_place() {
    let all = load_of(&swapped(None));
    let until = END - 6 * 3600 + 300;
    let changes: Vec<i64> = all.places[""].buckets[&Series::Up]
        .iter()
        .filter(|row| row.flags.contains(BucketFlags::OTHER_SERVER))
        .map(|row| row.at)
        .collect();
    assert_eq!(changes, [until]);
    // What the old server had counted in a year is nothing that happened now.
    let walk = Series::Command("keys".to_owned());
    assert!(all.places[""].buckets[&walk].iter().all(|row| row.at != until || row.a < 1.0));
    let told = read(all);
    let day = walk_max(&told, WindowKind::Day);
    let why = CriterionOutcome::Unknown(vec![Unknown::OtherServerUntil(until)]);
    assert_eq!(day.outcome, why);
    assert!(day.peak.unwrap().value < 1e-9, "{day:?}");
    assert_eq!(walk_max(&told, WindowKind::Week).outcome, why);
    // What it did itself counts.
    let own = read(load_of(&swapped(Some((END - 3600, 60.0)))));
    assert_eq!(walk_max(&own, WindowKind::Day).outcome, CriterionOutcome::Breached);
}

#[test]
fn trend_knows_a_restart_from_another_server() {
    let change = END - 6 * 3600;
    let busy = Some((change - 3600, 60.0));
    let restarted = |started: i64| {
        let first = Answers { keys: busy, ..Answers::new("a", 0, (END - 9 * DAY, change)) };
        read(load_of(&[first, Answers::new("b", started, (change + 60, END))]))
    };
    let own = restarted(change + 20);
    assert_eq!(walk_max(&own, WindowKind::Day).outcome, CriterionOutcome::Breached);
    assert!((own.places[""][0].coverage.restarts - 1.0).abs() < 1e-9);
    let other = restarted(change - 20);
    assert!(matches!(walk_max(&other, WindowKind::Day).outcome, CriterionOutcome::Unknown(_)));
}

#[test]
fn trend_tells_two_servers_that_answer_in_turns() {
    let half = END - DAY / 2;
    // No source tells when they were started.
    let turns =
        [("a", (END - 9 * DAY, half)), ("b", (half + 60, half + 3600)), ("a", (half + 3660, END))];
    let mut rows = Vec::new();
    for (run, (from, to)) in turns {
        for at in (from - from.rem_euclid(300) + 300..=to).step_by(300) {
            let gets = f64::from(i32::try_from((at - END + 10 * DAY) / 60).unwrap());
            rows.push(row(at, run, &[("processed", gets), ("cpu", gets), ("get", gets)]));
        }
    }
    let span = LoadSpan { from: END - 9 * DAY, to: END };
    let told = make_buckets(
        load(table(&rows), CounterTable::default(), span),
        &CommandLists::builtin_lists(),
    );
    let day = walk_max(&read(told), WindowKind::Day);
    let CriterionOutcome::Unknown(why) = &day.outcome else { panic!("{day:?}") };
    assert!(matches!(why[..], [Unknown::OtherServerUntil(at)] if at > half + 3600), "{why:?}");
}

#[test]
fn trend_keeps_a_change_of_server_in_hours() {
    let mut all = load_of(&swapped(None));
    for place in all.places.values_mut() {
        place.hours = hours_of(place, LoadSpan { from: i64::MIN / 2, to: END - 3600 });
        place.buckets.values_mut().for_each(|rows| rows.retain(|row| row.at > END - 3600));
    }
    let day = walk_max(&read(all), WindowKind::Day);
    let until = END - 5 * 3600;
    assert_eq!(day.outcome, CriterionOutcome::Unknown(vec![Unknown::OtherServerUntil(until)]));
}

/// The same load, by one member that has left and one that is there.
fn with_gone(left: i64, burst: i64) -> BucketedLoad {
    let of = |span, keys| {
        let server = Answers { keys, ..Answers::new("a", 0, span) };
        load_of(&[server]).places.remove("").unwrap()
    };
    let gone =
        PlaceBuckets { left_at: Some(left), ..of((END - 9 * DAY, left), Some((burst, 60.0))) };
    let mut all = load_of(&[Answers::new("b", 0, (END - 9 * DAY, END))]);
    let own = all.places.remove("").unwrap();
    all.places = [("10.0.0.1:6379".to_owned(), gone), ("10.0.0.2:6379".to_owned(), own)].into();
    all
}

#[test]
fn trend_judges_a_member_that_has_left_until_then() {
    let left = END - 3 * 3600;
    let told = read(with_gone(left, left - 3600));
    let day = walk_max(&told, WindowKind::Day);
    assert_eq!((&day.outcome, day.servers), (&CriterionOutcome::Breached, 2));
    assert_eq!(day.place, "10.0.0.1:6379");
    // What is behind its last sample is no gap.
    assert_eq!(told.places["10.0.0.1:6379"][0].unknown, []);
    let week = walk_max(&told, WindowKind::Week);
    assert_eq!(week.outcome, CriterionOutcome::Met);
    // It was none of the last 24 hours: the window is another member's alone.
    let earlier = read(with_gone(END - 2 * DAY, END - 2 * DAY - 3600));
    let day = walk_max(&earlier, WindowKind::Day);
    assert_eq!(
        (day.outcome, day.servers, day.place.as_str()),
        (CriterionOutcome::Met, 1, "10.0.0.2:6379")
    );
    let week = walk_max(&earlier, WindowKind::Week);
    assert_eq!((week.outcome, week.place.as_str()), (CriterionOutcome::Breached, "10.0.0.1:6379"));
}

#[test]
fn trend_judges_windows_that_the_first_member_lacks() {
    let mut told = read(with_gone(END - 3 * 3600, END - 4 * 3600));
    // In the order of names, the first has nothing of the last day.
    told.places.get_mut("10.0.0.1:6379").unwrap().retain(|one| one.window.kind != WindowKind::Day);
    assert_eq!(walk_max(&told, WindowKind::Day).place, "10.0.0.2:6379");
}
