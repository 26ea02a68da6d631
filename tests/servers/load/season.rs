//! A month of a server, of which everything is known: what was called when is a list. Bursts each
//! night, a restart, a RESETSTAT, two gaps, a night in which clocks change, and a feast.

use std::collections::BTreeMap;

use envparity::history::KeptSample;
use envparity::model::{Counters, LoadSpan, Sample, SpanMark};
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;

use super::*;

pub(super) const LENGTH: i64 = 300;
pub(super) const PLACE: &str = "10.0.0.1:6379";
const DAYS: i64 = 33;
const WALKING: [&str; 2] = ["keys", "hgetall"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Call(&'static str, f64),
    Restart,
    Reset,
}

/// What the server had counted when it was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    at: i64,
    started: i64,
    run: u32,
    processed: f64,
    cpu: f64,
    commands: BTreeMap<&'static str, (f64, f64)>,
}

/// A server whose people sleep in Paris.
pub(super) struct Season {
    /// In the order of time: unix milliseconds.
    events: Vec<(i64, Event)>,
    /// Unix seconds.
    sampled: Vec<i64>,
    cuts: Vec<(i64, Event)>,
    pub(super) since: i64,
    pub(super) now: i64,
    pub(super) mark: SpanMark,
}

/// What is known by hand of one window.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    pub(super) worst: f64,
    pub(super) p95: f64,
    pub(super) calls: f64,
    pub(super) samples: f64,
    pub(super) covered: f64,
    pub(super) restarts: f64,
    pub(super) resets: f64,
    pub(super) gaps: usize,
}

/// The days before Easter with the night of the 29th of March, and those before the 20th of
/// November with that of the 25th of October.
pub(super) fn seasons() -> [(&'static str, Season); 2] {
    let easter = (date(2026, 4, 3), date(2026, 4, 7));
    let saints = (date(2026, 11, 1), date(2026, 11, 2));
    [("spring", season(date(2026, 4, 20), easter)), ("autumn", season(date(2026, 11, 20), saints))]
}

fn at(day: Date, time: Time) -> i64 {
    let zone = TimeZone::get("Europe/Paris").expect("it is known");
    zone.to_zoned(day.to_datetime(time)).expect("a time").timestamp().as_second()
}

fn season(last: Date, feast: (Date, Date)) -> Season {
    let day = |back: i64| last.checked_sub(jiff::Span::new().days(back)).expect("a day");
    let since = at(day(DAYS - 1), time(9, 0, 0, 0));
    let now = at(last, time(9, 31, 7, 0));
    let first = at(day(DAYS), time(9, 0, 0, 0));
    let mut events = Vec::new();
    let mut call = |second: i64, command, micros| {
        events.push((second * 1000 + 500, Event::Call(command, micros)));
    };
    for second in (first..now).step_by(30) {
        call(second, "get", 700.0);
        if second % 3600 < 30 {
            call(second + 1, "hgetall", 900_000.0);
            call(second + 2, "auth", 10.0);
        }
    }
    for back in 0..DAYS {
        // 300 calls of 53.7 ms within one bucket: 5.37 %.
        let night = at(day(back), time(2, 31, 0, 0));
        (0..300).for_each(|n| call(night + n / 2, "keys", 53_700.0));
    }
    // A feast on which the whole keyspace is walked again and again.
    let span = LoadSpan { from: at(feast.0, Time::midnight()), to: at(feast.1, Time::midnight()) };
    (span.from + 60..span.to).step_by(4).for_each(|at| call(at, "keys", 1_400_000.0));
    let (restart, reset) = (at(day(5), time(14, 2, 33, 0)), at(day(9), time(15, 3, 41, 0)));
    for cut in [restart, reset] {
        // Between two samples, in the middle of a burst of its own.
        (0..120).for_each(|n| call(cut - 60 + n, "keys", 20_000.0));
    }
    let cuts = vec![(reset * 1000 + 100, Event::Reset), (restart * 1000 + 100, Event::Restart)];
    events.extend(&cuts);
    events.sort_by_key(|(at, _)| *at);
    let gaps = [(at(day(12), time(16, 0, 1, 0)), 600), (at(day(20), time(10, 0, 1, 0)), 7200)];
    let is_seen =
        |second: &i64| !gaps.iter().any(|(from, long)| (0..*long).contains(&(second - from)));
    // Not on a line of the grid: a range of Prometheus 2 has both of its ends.
    let sampled = (first - first.rem_euclid(60) + 17..=now).step_by(60).filter(is_seen).collect();
    let mark =
        SpanMark { span, label: "feast".to_owned(), by: "ops".to_owned(), is_excluded: true };
    Season { events, sampled, cuts, since, now, mark }
}

impl Season {
    /// What a sampler sees.
    pub(super) fn snapshots(&self) -> Vec<Snapshot> {
        let mut server = Snapshot { started: self.sampled[0] - 86_400, ..Snapshot::default() };
        let mut events = self.events.iter().peekable();
        let mut told = Vec::with_capacity(self.sampled.len());
        for second in &self.sampled {
            while let Some((at, event)) = events.next_if(|(at, _)| *at <= second * 1000) {
                server.hear(at / 1000, *event);
            }
            told.push(Snapshot { at: *second, ..server.clone() });
        }
        told
    }

    fn samples_in(&self, end: i64) -> &[i64] {
        let until = |second: i64| self.sampled.partition_point(|at| *at <= second);
        &self.sampled[until(end - LENGTH)..until(end)]
    }

    /// Calls of walking commands that a sample in (from, to] saw. Those that none saw before a cut
    /// are lost to everybody.
    fn seen(&self, from: i64, to: i64) -> (f64, f64) {
        let first = self.events.partition_point(|(at, _)| *at <= from * 1000);
        let mut sum = (0.0, 0.0);
        for (time, event) in self.events[first..].iter().take_while(|(at, _)| *at <= to * 1000) {
            let Event::Call(command, micros) = event else { continue };
            let cut = self.cuts.iter().map(|(at, _)| at).find(|cut| *cut >= time);
            let next = self.sampled.partition_point(|at| at * 1000 < *time);
            let is_lost = cut.is_some_and(|cut| self.sampled[next] * 1000 >= *cut);
            if WALKING.contains(command) && !is_lost {
                sum = (sum.0 + 1.0, sum.1 + micros);
            }
        }
        sum
    }

    pub(super) fn by_hand(&self, span: LoadSpan) -> ByHand {
        let mut found = ByHand::default();
        let mut full = Vec::new();
        let mut was_gap = false;
        let feast = self.mark.span;
        for end in (span.from + LENGTH..=span.to).step_by(300) {
            if end > feast.from && end - LENGTH < feast.to {
                continue;
            }
            let Some(last) = self.samples_in(end).last() else {
                found.gaps += usize::from(!was_gap);
                was_gap = true;
                continue;
            };
            was_gap = false;
            let before = |n: u32| self.samples_in(end - i64::from(n) * LENGTH).last();
            let found_before = (1..).find_map(|n| Some((n, before(n)?)));
            let (buckets, before) = found_before.expect("something was sampled before");
            let (calls, micros) = self.seen(*before, *last);
            found.calls += calls;
            let share = micros / 1e6 / 300.0 / f64::from(buckets);
            found.worst = found.worst.max(share);
            let samples = f64::from(u32::try_from(self.samples_in(end).len()).expect("a few"));
            found.samples += samples;
            let mut covered = (samples * 60.0).min(300.0);
            for (at, event) in &self.cuts {
                if *at <= (end - LENGTH) * 1000 || *at > end * 1000 {
                    continue;
                }
                // Samples are a minute apart around it.
                covered = covered.min(240.0);
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
}

impl Snapshot {
    fn hear(&mut self, second: i64, event: Event) {
        match event {
            Event::Call(command, micros) => {
                let counted = self.commands.entry(command).or_default();
                *counted = (counted.0 + 1.0, counted.1 + micros);
                self.processed += 1.0;
                self.cpu += micros;
            }
            Event::Restart => {
                *self = Self { run: self.run + 1, started: second, ..Self::default() };
            }
            Event::Reset => {
                self.commands.clear();
                self.processed = 0.0;
                self.hear(second, Event::Call("config|resetstat", 10.0));
            }
        }
    }

    pub(super) fn run_id(&self) -> String {
        format!("{:040x}", self.run + 1)
    }

    /// As own sampling keeps it: with the INFO of the sample before.
    pub(super) fn kept(&self) -> KeptSample {
        let mut counters = Counters::default();
        counters.add("total_commands_processed", self.processed);
        counters.add("used_cpu_user", self.cpu / 1e6);
        counters.add("used_cpu_sys", 0.0);
        counters.add("uptime_in_seconds", f64_of(self.at - self.started));
        for (command, (calls, micros)) in &self.commands {
            let group = format!("cmdstat_{command}");
            counters.add_item(&group, "calls", *calls);
            counters.add_item(&group, "usec", *micros);
        }
        KeptSample {
            environment: "qualif".into(),
            sample: Sample {
                target: "redis/cache".into(),
                place: PLACE.to_owned(),
                run_id: self.run_id(),
                role: "master".to_owned(),
                taken: Timestamp::from_second(self.at).expect("a time"),
                counters,
            },
        }
    }
}

/// A value of one moment.
type Told = fn(&Snapshot) -> f64;
/// A value of a command's calls and microseconds.
type Of = fn((f64, f64)) -> f64;

/// What redis_exporter tells of it.
pub(super) fn openmetrics(all: &[Snapshot]) -> String {
    let mut text = String::new();
    let line = |text: &mut String, name: &str, labels: &str, at: i64, value: f64| {
        *text += &format!("redis_{name}{{job=\"redis\"{labels}}} {value} {at}.0\n");
    };
    let plain: [(&str, Told); 4] = [
        ("up", |_| 1.0),
        ("commands_processed_total", |one| one.processed),
        ("cpu_user_seconds_total", |one| one.cpu / 1e6),
        ("cpu_sys_seconds_total", |_| 0.0),
    ];
    for (name, value) in plain {
        text += &format!("# TYPE redis_{name} unknown\n");
        all.iter().for_each(|one| line(&mut text, name, "", one.at, value(one)));
    }
    text += "# TYPE redis_instance_info unknown\n";
    for one in all {
        let labels = format!(",run_id=\"{}\",role=\"master\"", one.run_id());
        line(&mut text, "instance_info", &labels, one.at, 1.0);
    }
    let commands = ["get", "hgetall", "auth", "keys", "config|resetstat"];
    let figures: [(&str, Of); 2] = [
        ("commands_total", |(calls, _)| calls),
        ("commands_duration_seconds_total", |(_, micros)| micros / 1e6),
    ];
    for (name, value) in figures {
        text += &format!("# TYPE redis_{name} unknown\n");
        for command in commands {
            let labels = format!(",cmd=\"{command}\"");
            for one in all {
                let told = one.commands.get(command);
                let told = told.map(|told| value(*told));
                told.into_iter().for_each(|value| line(&mut text, name, &labels, one.at, value));
            }
        }
    }
    text + "# EOF\n"
}

fn f64_of(seconds: i64) -> f64 {
    f64::from(i32::try_from(seconds).expect("a few weeks"))
}
