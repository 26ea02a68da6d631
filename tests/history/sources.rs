//! What an audit makes of its own history where servers change: another one at the same address,
//! members that left; and the history beside a source that was refused.

use std::path::Path;

use envparity::history::{KeptSample, Store};
use envparity::model::{
    BucketLength, Counters, EnvironmentName, Failure, FailureKind, LiveServer, LoadOutcome, Sample,
    TargetId,
};
use envparity::pipeline::load::{
    LiveTarget, LoadAsked, OutsideLoad, TargetJudged, close_buckets, judge_load, put_together,
    windows_at,
};
use envparity::trend::{CommandLists, CriterionOutcome, LoadCriteria};
use jiff::Timestamp;

use crate::world::{file, open};

const LENGTH: BucketLength = BucketLength::DEFAULT;
const HOUR: i64 = 3_600;
/// 2026-11-22T00:00:00Z, at the end of all windows.
const END: i64 = 1_795_305_600;

fn environment() -> EnvironmentName {
    "qualif".into()
}

fn target() -> TargetId {
    "redis/cache".into()
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap()
}

/// A server at an address for some time: ten GETs a minute, and since `burst` 61 KEYS that took
/// 18 s.
struct Served {
    place: &'static str,
    run: char,
    started: i64,
    span: (i64, i64),
    burst: i64,
}

impl Served {
    fn sample(&self, at: i64) -> KeptSample {
        let minutes = f64::from(i32::try_from((at - self.started) / 60).unwrap());
        let (keys, usec) = if at > self.burst { (61.0, 18_000_000.0) } else { (0.0, 0.0) };
        let mut counters = Counters::default();
        counters.add("total_commands_processed", 10.0 * minutes + keys + minutes);
        counters.add("used_cpu_user", 0.01 * minutes);
        counters.add("used_cpu_sys", 0.01 * minutes);
        counters.add("uptime_in_seconds", f64::from(i32::try_from(at - self.started).unwrap()));
        for (name, calls, usec) in [
            ("get", 10.0 * minutes, 10.0 * minutes),
            ("keys", keys, usec),
            ("info", minutes, 100.0 * minutes),
        ] {
            let group = format!("cmdstat_{name}");
            counters.add_item(&group, "calls", calls);
            counters.add_item(&group, "usec", usec);
        }
        KeptSample {
            environment: environment(),
            sample: Sample {
                target: target(),
                place: self.place.to_owned(),
                run_id: self.run.to_string().repeat(40),
                role: "master".to_owned(),
                taken: time(at),
                counters,
            },
        }
    }

    fn live(&self) -> (String, LiveServer) {
        let uptime = f64::from(i32::try_from(END + 70 - self.started).unwrap());
        let run_id = self.run.to_string().repeat(40);
        (self.place.to_owned(), LiveServer { run_id, uptime: Some(uptime), at: END + 70 })
    }
}

/// What an audit at the end makes of it, of whom the last `live` ones answer.
fn audited(all: &[Served], live: usize, outside: Option<OutsideLoad>) -> TargetJudged {
    let (_folder, path) = file();
    let mut store = open(&path);
    let mut samples: Vec<KeptSample> = Vec::new();
    for served in all {
        let (from, to) = served.span;
        samples.extend((from..=to).step_by(60).map(|at| served.sample(at)));
    }
    store.add_samples(&samples).unwrap();
    let lists = CommandLists::builtin_lists();
    let now = time(END + 70);
    close_buckets(&mut store, &environment(), &target(), now, LENGTH, &lists).unwrap();
    judged(&mut store, &all[all.len() - live..], outside)
}

fn judged(store: &mut Store, live: &[Served], outside: Option<OutsideLoad>) -> TargetJudged {
    let windows = windows_at(time(END + 70), None, LENGTH);
    let live = LiveTarget {
        servers: live.iter().map(Served::live).collect(),
        own_place: live.first().map(|one| one.place.to_owned()),
        is_whole: true,
        clock_ahead: Some(0.0),
    };
    let (environment, target, criteria) = (environment(), target(), LoadCriteria::default());
    let asked = LoadAsked {
        environment: &environment,
        target: &target,
        prometheus: None,
        folder: Path::new("."),
        deadline: None,
        windows: &windows,
        length: LENGTH,
        live: &live,
        all_commands: false,
        criteria: &criteria,
    };
    judge_load(&put_together(&asked, Some(Ok(store)), outside), &windows, &criteria)
}

fn server(place: &'static str, run: char, started: i64, span: (i64, i64), burst: i64) -> Served {
    Served { place, run, started, span, burst }
}

const ONE: &str = "10.0.0.1:6379";
const TWO: &str = "10.0.0.2:6379";
const DAY_AGO: i64 = END - 26 * HOUR;
const NEVER: i64 = END + HOUR;

/// Outcome of walk share in the last 24 hours, and why it is not known.
fn day(judged: &TargetJudged) -> (LoadOutcome, String) {
    let cell = &judged.told.rows[0].cells[0];
    (cell.outcome, cell.unknown.join("; "))
}

#[test]
fn another_server_at_the_same_address_is_not_judged_for_the_one_before() {
    let change = END - 5 * HOUR;
    let first = |burst| server(ONE, 'a', DAY_AGO - HOUR, (DAY_AGO, change), burst);
    let second = |started, burst| server(ONE, 'b', started, (change + 60, END + 60), burst);
    // It has run for a month: an address that moved.
    let moved = audited(&[first(change - HOUR), second(END - 720 * HOUR, NEVER)], 1, None);
    let why = "until 2026-11-21 19:05Z another server answered here";
    assert_eq!(day(&moved), (LoadOutcome::Unknown, why.to_owned()));
    // Its own breach is one.
    let own = audited(&[first(NEVER), second(END - 720 * HOUR, END - HOUR)], 1, None);
    assert_eq!(day(&own).0, LoadOutcome::Breached);
    // It was started behind the last sample: a restart, and the burst was the same server's.
    let restarted = audited(&[first(change - HOUR), second(change + 30, NEVER)], 1, None);
    assert_eq!(day(&restarted).0, LoadOutcome::Breached);
    assert_eq!(restarted.told.windows[0].identity, "proven");
    assert!((restarted.told.windows[0].servers[0].restarts - 1.0).abs() < 1e-9);
}

#[test]
fn another_server_of_the_last_minutes_is_told_before_its_bucket_is_closed() {
    // The windows end before it answered for the first time.
    let first = server(ONE, 'a', DAY_AGO - HOUR, (DAY_AGO, END), END - HOUR);
    let second = server(ONE, 'b', END - 720 * HOUR, (END + 60, END + 60), NEVER);
    let moved = audited(&[first, second], 1, None);
    let (outcome, why) = day(&moved);
    assert_eq!(outcome, LoadOutcome::Unknown);
    assert!(why.starts_with("another server: its run_id is bbbb"), "{why}");
    assert_eq!(moved.told.windows[0].identity, "another-server");
}

#[test]
fn a_member_that_left_is_judged_with_its_breach() {
    let left = END - 2 * HOUR;
    let gone = |burst| server(ONE, 'a', DAY_AGO - HOUR, (DAY_AGO, left), burst);
    let here = || server(TWO, 'b', DAY_AGO - HOUR, (DAY_AGO, END + 60), NEVER);
    let judged = audited(&[gone(left - HOUR), here()], 1, None);
    assert_eq!(day(&judged).0, LoadOutcome::Breached);
    let worst = judged.told.rows[0].cells[0].worst.clone().unwrap();
    assert_eq!(worst.place, ONE);
    let note = format!("{ONE} is no member any more, and is judged until 2026-11-21 22:00Z");
    assert!(judged.told.notes.contains(&note), "{:?}", judged.told.notes);
    let found = judged.criteria.iter().find(|one| one.outcome == CriterionOutcome::Breached);
    assert_eq!((found.unwrap().place.as_str(), found.unwrap().servers), (ONE, 2));
    // Without one it makes nothing unknown.
    assert_eq!(day(&audited(&[gone(NEVER), here()], 1, None)).0, LoadOutcome::Met);
}

#[test]
fn why_another_source_was_refused_is_told_though_the_history_has_the_window() {
    let here = server(ONE, 'a', DAY_AGO - HOUR, (DAY_AGO, END + 60), NEVER);
    let failure = Failure::new(FailureKind::Authentication, "it says 401").advise("a token");
    let label = "prometheus http://p".to_owned();
    let outside = OutsideLoad { label: label.clone(), told: Err(failure.clone()) };
    let judged = audited(&[here], 1, Some(outside));
    assert_eq!(day(&judged).0, LoadOutcome::Met);
    assert_eq!(judged.told.windows[0].source, "history");
    assert_eq!(judged.told.failed, [(label, failure)]);
}
