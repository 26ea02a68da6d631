//! Two months of a server, judged by `trend` and by hand.
//!
//! By hand is another way: it goes over the list of what was called for each bucket, and knows
//! nothing of counters. A call that no sample saw before a cut is lost to everybody.

use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;

use crate::model::{BucketLength, BucketedLoad, CounterTable, LoadSpan, SpanMark};
use crate::trend::testing::{Event, World, left_standing, load, only_buckets};
use crate::trend::{
    CommandLists, LoadIndicator, TargetWindows, Window, WindowKind, WindowRead, hours_of,
    make_buckets, read_windows, steps_of_samples,
};

const LENGTH: i64 = 300;
const WALKING: [&str; 2] = ["keys", "hgetall"];

/// A server whose people sleep in Paris.
struct Season {
    world: World,
    /// Milliseconds.
    sampled: Vec<i64>,
    /// Restarts and resets of the world.
    cuts: Vec<(i64, Event)>,
    since: i64,
    now: i64,
    marks: Vec<SpanMark>,
}

fn at(day: Date, time: Time) -> i64 {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    zone.to_zoned(day.to_datetime(time)).unwrap().timestamp().as_second()
}

/// `days` until the morning of `last`, with a restart, a reset, a short and a long gap at so many
/// days before it. Samples are taken each minute, `offset` milliseconds late.
fn season(last: Date, days: i64, feast: (Date, Date), offset: i64) -> Season {
    let day = |back: i64| last.checked_sub(jiff::Span::new().days(back)).unwrap();
    let since = at(day(days), time(9, 0, 0, 0));
    let now = at(last, time(9, 31, 7, 0));
    let mut world = World::default();
    let mut call = |second: i64, command, micros| {
        world.events.push((second * 1000 + 500, Event::Call(command, micros)));
    };
    for second in (since - 1200..now).step_by(20) {
        call(second, "get", 700.0);
        if second % 3600 < 20 {
            call(second + 1, "hgetall", 900_000.0);
            call(second + 2, "auth", 10.0);
        }
    }
    for back in 0..days {
        // 300 calls of 53.7 ms within one bucket: 5.37 %.
        let night = at(day(back), time(2, 31, 0, 0));
        (0..300).for_each(|n| call(night + n / 2, "keys", 53_700.0));
    }
    // A feast on which the whole keyspace is walked again and again.
    let mark = |from, to| SpanMark {
        span: LoadSpan { from, to },
        label: "feast".to_owned(),
        by: "ops".to_owned(),
        is_excluded: true,
    };
    let feast = mark(at(feast.0, Time::midnight()), at(feast.1, Time::midnight()));
    (feast.span.from + 60..feast.span.to).step_by(2).for_each(|at| call(at, "keys", 700_000.0));
    // In the middle of the day's own burst, between two samples.
    let restart = at(day(5), time(14, 2, 33, 0));
    let reset = at(day(9), time(15, 3, 41, 0));
    for cut in [restart, reset] {
        (0..120).for_each(|n| call(cut - 60 + n, "keys", 20_000.0));
    }
    let cuts = vec![(reset * 1000 + 100, Event::Reset), (restart * 1000 + 100, Event::Restart)];
    world.events.extend(&cuts);
    world.sort();
    let gaps = [(at(day(12), time(16, 0, 1, 0)), 600), (at(day(20), time(10, 0, 1, 0)), 7200)];
    let is_seen =
        |second: &i64| !gaps.iter().any(|(from, long)| (0..*long).contains(&(second - from)));
    let first = since - 600 - (since - 600).rem_euclid(60);
    let seconds = (first..=now).step_by(60).filter(is_seen);
    let sampled = seconds.map(|second| second * 1000 + offset).filter(|at| *at <= now * 1000);
    Season { world, sampled: sampled.collect(), cuts, since, now, marks: vec![feast] }
}

/// What is known by hand of one window.
#[derive(Debug, Default)]
struct ByHand {
    worst: f64,
    p95: f64,
    calls: f64,
    samples: f64,
    covered: f64,
    restarts: f64,
    resets: f64,
    gaps: usize,
}

impl Season {
    fn end(&self) -> i64 {
        (self.now - 60) / LENGTH * LENGTH
    }

    /// Samples of a bucket.
    fn samples_in(&self, end: i64) -> &[i64] {
        let until = |second: i64| self.sampled.partition_point(|at| *at <= second * 1000);
        &self.sampled[until(end - LENGTH)..until(end)]
    }

    fn is_excluded(&self, end: i64) -> bool {
        self.marks.iter().any(|mark| end > mark.span.from && end - LENGTH < mark.span.to)
    }

    /// Calls of these commands that a sample in (from, to] saw: milliseconds.
    fn seen(&self, commands: &[&str], from: i64, to: i64) -> (f64, f64) {
        let first = self.world.events.partition_point(|(at, _)| *at <= from);
        let mut sum = (0.0, 0.0);
        for (time, event) in self.world.events[first..].iter().take_while(|(at, _)| *at <= to) {
            let Event::Call(command, micros) = event else { continue };
            let cut = self.cuts.iter().map(|(at, _)| at).find(|cut| *cut >= time);
            let next = self.sampled.partition_point(|at| at < time);
            let is_lost = cut.is_some_and(|cut| self.sampled[next] >= *cut);
            if commands.contains(command) && !is_lost {
                sum = (sum.0 + 1.0, sum.1 + micros);
            }
        }
        sum
    }

    fn by_hand(&self, span: LoadSpan) -> ByHand {
        let mut found = ByHand::default();
        let mut full = Vec::new();
        let mut was_gap = false;
        for end in (span.from + LENGTH..=span.to).step_by(300) {
            if self.is_excluded(end) {
                continue;
            }
            let Some(last) = self.samples_in(end).last() else {
                found.gaps += usize::from(!was_gap);
                was_gap = true;
                continue;
            };
            was_gap = false;
            let before = |n: u32| self.samples_in(end - i64::from(n) * LENGTH).last();
            let (buckets, before) = (1..).find_map(|n| Some((n, before(n)?))).unwrap();
            let (calls, micros) = self.seen(&WALKING, *before, *last);
            found.calls += calls;
            let share = micros / 1e6 / 300.0 / f64::from(buckets);
            found.worst = found.worst.max(share);
            let samples = f64::from(u32::try_from(self.samples_in(end).len()).unwrap());
            found.samples += samples;
            let mut covered = (samples * 60.0).min(300.0);
            for (at, event) in &self.cuts {
                if *at <= (end - LENGTH) * 1000 || *at > end * 1000 {
                    continue;
                }
                let seen = self.sampled.partition_point(|sample| sample < at);
                let hidden = u32::try_from(self.sampled[seen] - self.sampled[seen - 1]).unwrap();
                covered = covered.min(300.0 - f64::from(hidden) / 1000.0);
                found.restarts += f64::from(u8::from(*event == Event::Restart));
                found.resets += f64::from(u8::from(*event == Event::Reset));
            }
            found.covered += covered;
            if covered >= 240.0 && buckets == 1 {
                full.push(share);
            }
        }
        full.sort_by(f64::total_cmp);
        found.p95 = full[(full.len() * 95).div_ceil(100) - 1];
        found
    }

    fn windows(&self) -> Vec<Window> {
        let kinds = WindowKind::OF_CHECKLIST.into_iter();
        let length = BucketLength::DEFAULT;
        kinds.filter_map(|k| Window::of_kind(k, self.end(), Some(self.since), length)).collect()
    }

    /// As own sampling has it: the samples of the last two days are kept.
    fn history_load(&self) -> BucketedLoad {
        let samples = self.world.sampled(&self.sampled);
        let steps = steps_of_samples(&samples, BucketLength::DEFAULT);
        let mut load =
            make_buckets(self.load(steps, samples.clone()), &CommandLists::builtin_lists());
        let kept = only_buckets(&samples, |at| at > self.now - 48 * 3600);
        load.places.values_mut().for_each(|place| place.samples = kept.clone());
        load
    }

    /// As a Prometheus has it: the last value of five minutes, though its series has vanished, and
    /// samples of cut buckets alone.
    fn prometheus_load(&self) -> BucketedLoad {
        let samples = self.world.sampled(&self.sampled);
        let steps = left_standing(&samples);
        let length = BucketLength::DEFAULT;
        let cuts: Vec<i64> = self.cuts.iter().map(|(at, _)| length.end_of(*at)).collect();
        let kept = only_buckets(&samples, |at| cuts.contains(&at));
        make_buckets(self.load(steps, kept), &CommandLists::builtin_lists())
    }

    fn load(&self, steps: CounterTable, samples: CounterTable) -> crate::model::Load {
        load(steps, samples, LoadSpan { from: self.since, to: self.end() })
    }

    fn read(&self, load: BucketedLoad) -> TargetWindows {
        read_windows(load, &self.windows(), &self.marks, &CommandLists::builtin_lists())
    }
}

/// What retention leaves 35 days later than it could.
fn after_retention(mut load: BucketedLoad, now: i64) -> BucketedLoad {
    let border = (now - 35 * 86_400).div_euclid(3600) * 3600;
    for place in load.places.values_mut() {
        let span = LoadSpan { from: i64::MIN / 2, to: border };
        place.hours = hours_of(place, span);
        for rows in place.buckets.values_mut() {
            rows.retain(|row| row.at > border);
        }
    }
    load
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

fn assert_equal(season: &Season, read: &TargetWindows, told: &str) {
    for window in &read.places[""] {
        let hand = season.by_hand(window.window.span);
        let statistic = &window.statistics[&LoadIndicator::WalkShare];
        let worst = statistic.worst.unwrap().value;
        let kind = window.window.kind.as_str();
        let text = format!("{told} {kind}\n{hand:?}\n{statistic:?}\n{:?}", window.coverage);
        assert!(near(worst, hand.worst), "{text}");
        assert!(near(statistic.calls, hand.calls), "{text}");
        if window.coverage.has_hours {
            continue;
        }
        assert!(near(statistic.p95.unwrap(), hand.p95), "{text}");
        let coverage = &window.coverage;
        assert!(near(coverage.samples, hand.samples), "{text}");
        assert!(near(coverage.covered, hand.covered), "{text}");
        assert_eq!((coverage.restarts, coverage.resets), (hand.restarts, hand.resets), "{text}");
        assert_eq!(coverage.gaps.len(), hand.gaps, "{text}");
    }
}

fn find(read: &TargetWindows, kind: WindowKind) -> &WindowRead {
    read.places[""].iter().find(|read| read.window.kind == kind).unwrap()
}

fn seasons() -> Vec<(&'static str, Season)> {
    let easter = (date(2026, 4, 3), date(2026, 4, 7));
    let saints = (date(2026, 11, 1), date(2026, 11, 2));
    vec![
        ("spring", season(date(2026, 4, 20), 59, easter, 0)),
        ("spring, 17 s late", season(date(2026, 4, 20), 45, easter, 17_000)),
        ("autumn", season(date(2026, 11, 20), 45, saints, 0)),
    ]
}

#[test]
fn trend_of_a_known_world_is_what_a_calculation_by_hand_gives() {
    for (name, season) in seasons() {
        let history = season.read(season.history_load());
        assert_equal(&season, &history, name);
        let month = find(&history, WindowKind::Month);
        assert_eq!(month.coverage.excluded.len(), 1, "{name}");
        assert_eq!((month.coverage.restarts, month.coverage.resets), (1.0, 1.0), "{name}");
        assert_eq!(month.unknown, [], "{name}");
        let worst = month.statistics[&LoadIndicator::WalkShare].worst.unwrap();
        assert!((worst.value - 0.0537).abs() < 0.001, "{name}: {worst:?}");
    }
}

#[test]
fn trend_of_a_prometheus_is_that_of_own_samples() {
    for (name, season) in seasons() {
        let prometheus = season.read(season.prometheus_load());
        assert_equal(&season, &prometheus, name);
    }
}

#[test]
fn trend_is_the_same_before_and_after_retention() {
    for (name, season) in seasons() {
        let load = after_retention(season.history_load(), season.now);
        let read = season.read(load);
        assert_equal(&season, &read, name);
        assert!(find(&read, WindowKind::Cumulative).coverage.has_hours, "{name}");
        assert!(!find(&read, WindowKind::Month).coverage.has_hours, "{name}");
    }
}

#[test]
fn trend_sees_a_burst_on_the_line_between_two_buckets_by_its_samples() {
    let mut world = World::default();
    let end = 1_800_000_000;
    for second in (end - 86_400 - 1200..end).step_by(10) {
        world.events.push((second * 1000 + 500, Event::Call("get", 100.0)));
    }
    // 16.11 s of KEYS, half of it on each side of the line.
    for n in 0..300 {
        world.events.push(((end - 6000 - 75) * 1000 + n * 500, Event::Call("keys", 53_700.0)));
    }
    world.sort();
    let times: Vec<i64> = (end - 86_400 - 600..=end).step_by(15).map(|at| at * 1000).collect();
    let samples = world.sampled(&times);
    let steps = steps_of_samples(&samples, BucketLength::DEFAULT);
    let lists = CommandLists::builtin_lists();
    let span = LoadSpan { from: end - 86_400, to: end };
    let load = make_buckets(load(steps, samples, span), &lists);
    let window = Window { kind: WindowKind::Day, span };
    let read = read_windows(load, &[window], &[], &lists);
    let statistic = &read.places[""][0].statistics[&LoadIndicator::WalkShare];
    let (aligned, sliding) = (statistic.worst.unwrap(), statistic.sliding.unwrap());
    assert!((aligned.value - 0.0537 / 2.0).abs() < 0.0005, "{aligned:?}");
    assert!((sliding.value - 0.0537).abs() < 0.0001, "{sliding:?}");
    assert_eq!(read.places[""][0].unknown, []);
}
