//! Watches of releases, second by second.

mod back;
mod besides;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use besides::state;

use super::{AfterAsked, AfterRound, AfterWatch, BeforeRelease, PastLoad, UnreadTarget};
use crate::model::{
    AfterEnd, AfterKind, AfterResult, Build, ComponentName, Digest, Extent, Indicator, Indicators,
    Release, Run, ServerCounters, TargetCounters, TargetId, Train,
};
use crate::trend::{LoadCriteria, LoadIndicator};

const START: i64 = 1_776_110_650;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn train(versions: &[(&str, &str)]) -> Train {
    let row = |(name, version): &(&str, &str)| {
        let digests = match *version {
            "?" => Vec::new(),
            version => vec![Digest::Repository(format!("sha256:{name}{version}"))],
        };
        let build = Build { version: (*version).to_owned(), digests };
        (ComponentName::from(format!("image/team/{name}").as_str()), vec![build])
    };
    versions.iter().map(row).collect()
}

fn v21() -> Train {
    train(&[("import", "v21"), ("timemachine", "v21"), ("web", "v21")])
}

fn v22() -> Train {
    train(&[("import", "v22"), ("timemachine", "v22"), ("web", "v21")])
}

fn release(name: &str, previous: Option<&str>, train: Train, changed: Train) -> Release {
    Release {
        name: name.to_owned(),
        previous: previous.map(str::to_owned),
        kind: None,
        gate: None,
        baseline: None,
        changed,
        train,
        freeze: None,
        exceptions: Vec::new(),
        came: BTreeMap::new(),
    }
}

fn asked(kind: AfterKind) -> AfterAsked {
    let changed = train(&[("import", "v22"), ("timemachine", "v22")]);
    let release22 = release("v22", Some("v21"), v22(), changed);
    let target = match kind {
        AfterKind::Release => release22.clone(),
        AfterKind::Rollback => release("v21", None, v21(), Train::new()),
    };
    let hold = if kind == AfterKind::Release { 30 } else { 5 };
    AfterAsked {
        kind,
        release: release22,
        target,
        environment: "production".into(),
        hold: SignedDuration::from_mins(hold),
        within: SignedDuration::from_mins(30),
        max_call: 5.0,
        criteria: LoadCriteria::default(),
        before: None,
        past: BTreeMap::new(),
    }
}

/// What Redis has counted: commands with calls and milliseconds; seconds of CPU.
#[derive(Clone)]
struct Redis {
    run_id: &'static str,
    commands: BTreeMap<&'static str, (f64, f64)>,
    cpu: f64,
    hidden: f64,
    /// When it was started.
    started: i64,
    extent: Extent,
}

impl Redis {
    fn new() -> Self {
        let commands = BTreeMap::from([("get", (1_000_000.0, 2_000.0))]);
        Self {
            run_id: "a",
            commands,
            cpu: 100.0,
            hidden: 0.0,
            started: -1_000_000,
            extent: Extent::All,
        }
    }

    fn call(&mut self, command: &'static str, calls: f64, each: f64) {
        let entry = self.commands.entry(command).or_default();
        entry.0 += calls;
        entry.1 += calls * each;
    }

    fn counters(&self, second: i64) -> TargetCounters {
        let mut indicators = Indicators::default();
        for (name, (calls, millis)) in &self.commands {
            indicators.add(Indicator::Calls, name, *calls);
            indicators.add(Indicator::Time, name, millis * 1_000.0);
        }
        let told: f64 = self.commands.values().map(|(calls, _)| calls).sum();
        indicators.add(Indicator::Operations, "", told + self.hidden);
        indicators.add(Indicator::CpuUser, "", self.cpu);
        indicators.add(Indicator::CpuSystem, "", 0.0);
        let uptime = u32::try_from(second - self.started).unwrap();
        indicators.add(Indicator::Uptime, "", f64::from(uptime));
        let server = ServerCounters {
            place: "10.0.0.1:6379".to_owned(),
            run_id: self.run_id.to_owned(),
            role: "master".to_owned(),
            replicas: 0.0,
            taken: at(second),
            is_whole: true,
            indicators,
        };
        TargetCounters { extent: self.extent, servers: vec![server] }
    }
}

/// A watch and the world that it sees.
struct Watched {
    watch: AfterWatch,
    second: i64,
    train: Train,
    version: &'static str,
    /// Of when the recording of builds is, if it is one.
    seen: Option<i64>,
    is_train_whole: bool,
    redis: Option<Redis>,
    unread: BTreeMap<&'static str, &'static str>,
    is_over: bool,
}

impl Watched {
    fn new(asked: AfterAsked) -> Self {
        Self {
            watch: AfterWatch::new(asked),
            second: 0,
            train: v21(),
            version: "7.0.15",
            seen: None,
            is_train_whole: true,
            redis: Some(Redis::new()),
            unread: BTreeMap::new(),
            is_over: false,
        }
    }

    fn redis(&mut self) -> &mut Redis {
        self.redis.as_mut().unwrap()
    }

    fn round(&mut self) {
        let component = ComponentName::from("redis/cache");
        let counters = self.redis.iter().filter(|_| !self.unread.contains_key("redis/cache"));
        let counters = counters.map(|redis| (component.clone(), redis.counters(self.second)));
        let targets = ["docker/app", "redis/cache"].map(|name| {
            let unread = self
                .unread
                .get(name)
                .map(|why| UnreadTarget { why: (*why).to_owned(), advice: "start it".to_owned() });
            (TargetId::from(name), unread)
        });
        let has_redis = self.redis.is_some();
        let targets =
            targets.into_iter().filter(|(id, _)| has_redis || id.as_str() != "redis/cache");
        let round = AfterRound {
            at: at(self.second),
            state: state(&self.train, self.version),
            seen: at(self.seen.unwrap_or(self.second)),
            is_train_whole: self.is_train_whole,
            counters: counters.collect(),
            targets: targets.collect(),
        };
        assert!(!self.is_over, "it had ended");
        self.is_over = self.watch.take(&round);
    }

    /// Rounds every 15 s, `each` before each, until so many seconds have gone or it is over.
    fn pass(&mut self, seconds: i64, mut each: impl FnMut(&mut Self)) {
        let end = self.second + seconds;
        while self.second < end && !self.is_over {
            self.second += 15;
            each(self);
            self.round();
        }
    }

    fn idle(&mut self, seconds: i64) {
        self.pass(seconds, |world| {
            if let Some(redis) = &mut world.redis {
                redis.call("get", 100.0, 0.002);
                redis.cpu += 1.0;
            }
        });
    }

    #[track_caller]
    fn ends(&self, end: AfterEnd, words: &[&str]) -> AfterResult {
        let result = self.watch.result(Run {
            at: at(0),
            duration: None,
            host: String::new(),
            profiles: String::new(),
            policy: String::new(),
            notes: Vec::new(),
            commit: None,
            timezone: jiff::tz::TimeZone::UTC,
            history: None,
        });
        assert!(self.is_over, "{:?}", self.watch.events());
        let events: Vec<&str> = result.events.iter().map(|event| event.text.as_str()).collect();
        let told = format!("{}\n{}", events.join("\n"), result.because);
        assert_eq!(result.end, end, "{told}");
        words.iter().for_each(|word| assert!(told.contains(word), "{word}: {told}"));
        if result.end.verdict() != crate::model::Verdict::Go {
            assert!(!result.next.is_empty() && result.next.iter().all(|(_, t)| !t.is_empty()));
        }
        result
    }
}

/// It waited for a minute, then v22 came.
fn deployed() -> Watched {
    let mut world = Watched::new(asked(AfterKind::Release));
    world.round();
    world.idle(60);
    world.train = v22();
    world.idle(15);
    world
}

#[test]
fn a_new_call_that_takes_long_rolls_back_at_once_and_names_what_changed() {
    let mut world = deployed();
    assert!(!world.is_over);
    world.redis().call("keys", 1.0, 64.4);
    world.idle(15);
    let words = [
        "production changed: import v21 -> v22 (+1)",
        "redis/cache  KEYS 1 call, new: 64 ms a call (limit 5.0 ms)",
        "redis/cache stands still 64 ms for each KEYS, new since import v21 -> v22 (+1)",
    ];
    let result = world.ends(AfterEnd::RollBack, &words);
    assert_eq!(result.ended.duration_since(result.changed.unwrap()).as_secs(), 15);
    assert!(result.next[0].0.contains("roll production back to v21"), "{:?}", result.next);
}

#[test]
fn a_share_over_the_limit_is_final_long_before_its_five_minutes_are_over() {
    let mut world = deployed();
    // 61 calls of 300 ms: 18.3 s, 6.1 % of five minutes.
    world.redis().call("keys", 61.0, 300.0);
    world.idle(15);
    let words = [
        "redis/cache  walk share >= 6.1 % of this 5 min (limit 5 %; before 0 %), KEYS 61 calls, new",
        "redis/cache spends its time in KEYS, new since",
    ];
    world.ends(AfterEnd::RollBack, &words);
    // What is not new is a breach all the same, and is not called new.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.redis().call("keys", 5.0, 64.0);
    world.round();
    world.idle(30);
    world.train = v22();
    world.idle(15);
    world.pass(240, |world| world.redis().call("keys", 20.0, 64.0));
    let result =
        world.ends(AfterEnd::RollBack, &["walk share >=", "KEYS 240 calls", "since import"]);
    assert!(!result.because.contains("new since"), "{}", result.because);
    // Redis itself is busy, with nothing that walks.
    let mut world = deployed();
    world.pass(300, |world| world.redis().cpu += 14.0);
    world.ends(AfterEnd::RollBack, &["CPU >= ", "(limit 70 %"]);
}

#[test]
fn a_release_without_a_breach_holds_at_the_end_and_not_before() {
    let mut world = deployed();
    world.idle(29 * 60 + 45);
    assert!(!world.is_over);
    world.idle(15);
    let result = world.ends(AfterEnd::Holding, &["production runs all 3 of v22 (2 changed)"]);
    assert_eq!(result.ended.duration_since(result.changed.unwrap()).as_mins(), 30);
    // Noise: known commands that walk, a new one that is quick, a busy minute.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.redis().call("hgetall", 10.0, 20.0);
    world.round();
    world.train = v22();
    world.idle(15);
    world.pass(30 * 60, |world| {
        world.redis().call("hgetall", 1.0, 20.0);
        world.redis().call("scan", 10.0, 0.1);
        world.redis().cpu += 3.0;
    });
    world.ends(AfterEnd::Holding, &[]);
}

#[test]
fn what_was_over_the_limit_before_is_not_the_releases_and_does_not_hold() {
    let mut asked = asked(AfterKind::Release);
    let hour = BTreeMap::from([(LoadIndicator::Cpu, 0.85)]);
    asked.past.insert("redis/cache".into(), PastLoad { hour, usual: BTreeMap::new() });
    let mut world = Watched::new(asked.clone());
    world.round();
    world.train = v22();
    world.pass(31 * 60, |world| world.redis().cpu += 12.9);
    world.ends(AfterEnd::Incomplete, &["CPU 86 %", "it was 85 % before the release, too"]);
    // A rise beyond what the policy lets it is the release's.
    let mut world = Watched::new(asked);
    world.round();
    world.train = v22();
    world.pass(31 * 60, |world| world.redis().cpu += 16.0);
    world.ends(AfterEnd::RollBack, &["CPU >= 10", "before 85 %"]);
}

#[test]
fn a_rise_over_the_usual_is_a_breach_below_the_limit_too() {
    let mut asked = asked(AfterKind::Release);
    let usual = BTreeMap::from([(LoadIndicator::Cpu, (0.2, "-7d"))]);
    asked.past.insert("redis/cache".into(), PastLoad { hour: BTreeMap::new(), usual });
    let mut world = Watched::new(asked);
    world.round();
    world.train = v22();
    world.pass(31 * 60, |world| world.redis().cpu += 6.0);
    world.ends(AfterEnd::RollBack, &["usual 20 % of -7d"]);
}

#[test]
fn what_is_not_known_never_holds() {
    // Whether KEYS is new is not known: counters were reset before.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.redis().call("config|resetstat", 1.0, 0.1);
    world.round();
    world.train = v22();
    world.idle(15);
    world.redis().call("keys", 2.0, 64.0);
    world.idle(30 * 60);
    let words = ["KEYS 2 calls, 64 ms a call: whether it is new is not known"];
    world.ends(AfterEnd::Incomplete, &words);
    // Commands are hidden, and more of them are called.
    let mut world = deployed();
    world.pass(30 * 60, |world| world.redis().hidden += 1.0);
    world.ends(AfterEnd::Incomplete, &["not all that it processed"]);
    // A restart: what was done before it nobody saw.
    let mut world = deployed();
    world.idle(60);
    let mut anew = Redis::new();
    anew.run_id = "b";
    anew.started = world.second;
    anew.commands = BTreeMap::from([("get", (3.0, 0.1))]);
    anew.cpu = 0.1;
    world.redis = Some(anew);
    world.idle(30 * 60);
    world.ends(AfterEnd::Incomplete, &["it was started anew"]);
    // One of the builds is not known by digest, one is still the old one.
    for (import, words) in [("?", "nobody knows"), ("v21", "import runs v21")] {
        let mut world = deployed();
        world.train = train(&[("import", import), ("timemachine", "v22"), ("web", "v21")]);
        world.idle(30 * 60);
        world.ends(AfterEnd::Incomplete, &[words]);
    }
    // Production is not read whole.
    let mut world = deployed();
    world.is_train_whole = false;
    world.idle(30 * 60);
    world.ends(AfterEnd::Incomplete, &["was not read whole"]);
    // Nobody watched it without the release, and the history has no such evidence.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.train = v22();
    world.round();
    world.redis().call("keys", 1.0, 64.0);
    world.idle(31 * 60);
    let words = ["production has it already: import v22 (+1)", "whether it is new is not known"];
    world.ends(AfterEnd::Incomplete, &words);
}

#[test]
fn a_recording_of_builds_that_lags_behind_hides_no_new_call() {
    let mut world = Watched::new(asked(AfterKind::Release));
    world.seen = Some(0);
    world.round();
    world.idle(60);
    // v22 has come, and the recording is of five minutes before: what it calls is counted already.
    world.redis().call("keys", 2.0, 64.0);
    world.idle(120);
    world.train = v22();
    world.seen = Some(180);
    world.idle(15);
    world.ends(AfterEnd::RollBack, &["KEYS 2 calls, new: 64 ms a call"]);
    // The time in it is the release's, too, and not how busy it was before.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.redis().call("hgetall", 1.0, 1.0);
    world.seen = Some(0);
    world.round();
    world.redis().call("hgetall", 1_000.0, 16.0);
    world.idle(60);
    world.train = v22();
    world.seen = None;
    world.idle(15);
    let result = world.ends(AfterEnd::RollBack, &["walk share >= 5.33 %"]);
    assert!(!result.events.iter().any(|event| event.text.contains("before")), "{result:?}");
}

#[test]
fn stored_evidence_of_before_tells_what_is_new() {
    let mut asked = asked(AfterKind::Release);
    let counters = Redis::new().counters(-3_600);
    asked.before = Some(BeforeRelease {
        at: at(-3_600),
        state: state(&v21(), "7.0.15"),
        counters: BTreeMap::from([("redis/cache".into(), counters)]),
    });
    let mut world = Watched::new(asked);
    world.train = v22();
    world.round();
    world.redis().call("keys", 1.0, 64.0);
    world.idle(15);
    world.ends(AfterEnd::RollBack, &["KEYS, new since import v21 -> v22 (+1)"]);
}

#[test]
fn a_target_that_is_lost_for_two_minutes_ends_the_watch() {
    for name in ["redis/cache", "docker/app"] {
        let mut world = deployed();
        world.unread.insert(name, "connection refused");
        world.idle(105);
        assert!(!world.is_over, "{name}");
        // It comes back: all is well.
        world.unread.clear();
        world.idle(60);
        assert!(!world.is_over, "{name}");
        world.unread.insert(name, "connection refused");
        world.idle(120);
        world.ends(AfterEnd::Lost, &[name, "connection refused"]);
    }
    // What answers what it has answered before is not read.
    let mut world = deployed();
    let stands = world.second;
    let mut is_over = false;
    for _ in 0..10 {
        world.second += 15;
        let round = AfterRound {
            at: at(world.second),
            state: state(&world.train, world.version),
            seen: at(world.second),
            is_train_whole: true,
            counters: BTreeMap::from([(
                "redis/cache".into(),
                world.redis.as_ref().unwrap().counters(stands),
            )]),
            targets: ["docker/app", "redis/cache"].map(|name| (TargetId::from(name), None)).into(),
        };
        is_over = is_over || world.watch.take(&round);
        if is_over {
            break;
        }
    }
    world.is_over = is_over;
    world.ends(AfterEnd::Lost, &["not all of its servers answered anew"]);
    // So is a member that does not answer.
    let mut world = deployed();
    world.redis().extent = Extent::Some;
    world.idle(180);
    world.ends(AfterEnd::Lost, &["redis/cache"]);
}

#[test]
fn production_that_does_not_change_is_told() {
    let mut world = Watched::new(asked(AfterKind::Release));
    world.round();
    world.idle(30 * 60);
    world.ends(AfterEnd::Unchanged, &["production did not change to v22 within 30 min"]);
    // Another build than v22's is no v22.
    let mut world = Watched::new(asked(AfterKind::Release));
    world.round();
    world.train = train(&[("import", "v23"), ("timemachine", "v23"), ("web", "v21")]);
    world.idle(30 * 60);
    world.ends(AfterEnd::Unchanged, &[]);
}
