//! The history and a Prometheus in one audit: each window is by the first that covers it, and a
//! breach counts whichever tells it.

use envparity::history::KeptSample;
use envparity::model::{Counters, Sample};
use envparity::pipeline::load::close_buckets;
use envparity::trend::CommandLists;

use super::kept::{audited_with, keeping, load_of, metrics, row, run_id};
use super::*;

const HOUR: i64 = 3_600;

/// A sample of a server that has done nothing but ten GETs a minute, and since `burst` 61 calls of
/// KEYS that took 16.11 s.
fn sample(redis: &RedisServer, run_id: &str, at: i64, burst: i64) -> KeptSample {
    let minutes = f64::from(i32::try_from((at - 1_767_225_600) / 60).expect("since 2026"));
    let (calls, micros) = if at > burst { (61.0, 16_110_000.0) } else { (0.0, 0.0) };
    let mut counters = Counters::default();
    counters.add("total_commands_processed", 10.0 * minutes + calls + minutes);
    counters.add("used_cpu_user", 0.01 * minutes);
    counters.add("used_cpu_sys", 0.01 * minutes);
    for (name, calls, usec) in [
        ("get", 10.0 * minutes, 10.0 * minutes),
        ("keys", calls, micros),
        ("info", minutes, minutes * 100.0),
    ] {
        let group = format!("cmdstat_{name}");
        counters.add_item(&group, "calls", calls);
        counters.add_item(&group, "usec", usec);
    }
    KeptSample {
        environment: "qualif".into(),
        sample: Sample {
            target: "redis/cache".into(),
            place: format!("127.0.0.1:{}", redis.port()),
            run_id: run_id.to_owned(),
            role: "master".to_owned(),
            taken: Timestamp::from_second(at).expect("a time"),
            counters,
        },
    }
}

/// A history that holds so many hours of a server until now.
fn history(path: &Path, redis: &RedisServer, hours: i64, burst: i64) {
    let mut store = Store::open(path, &SqliteOptions::default()).expect("a new one");
    let run_id = run_id(redis);
    let end = now().as_second() / 60 * 60;
    let times = (end - hours * HOUR..=end).step_by(60);
    let samples: Vec<KeptSample> = times.map(|at| sample(redis, &run_id, at, burst)).collect();
    store.add_samples(&samples).expect("they are stored");
    let (environment, target) = (EnvironmentName::from("qualif"), TargetId::new("redis", "cache"));
    let lists = CommandLists::builtin_lists();
    close_buckets(&mut store, &environment, &target, now(), BucketLength::DEFAULT, &lists)
        .expect("buckets are closed");
}

#[test]
fn each_window_is_by_the_first_source_that_covers_it() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let end = now().as_second() / 300 * 300 + 300;
    let told = metrics(&run_id(&qualif), (end - 9 * 86_400, end), end + 1, 60);
    let prometheus = keeping(dir.path(), &told);
    let path = dir.path().join("load.db");
    history(&path, &qualif, 26, end + 1);
    let profiles = profiles(&qualif, &production, Some(load_of(&prometheus.url())));
    let options = ["--history", path.to_str().expect("UTF-8")];
    let report = audited_with(&profiles, &options, 0);
    let load = &report["run"]["load"][0];
    let source = |i: usize| text(&load["windows"][i]["source"]).to_owned();
    assert_eq!(source(0), "history", "{load}");
    assert!(source(1).starts_with("prometheus http://127.0.0.1:"), "{load}");
    let walk = row(load, "walk-share");
    assert_eq!(text(&walk["windows"][0]["outcome"]), "met", "{walk}");
    assert_eq!(text(&walk["windows"][1]["outcome"]), "met", "{walk}");
    // The same place in both: today's is compared with the past of the other source.
    assert_eq!(text(&walk["risen"]["outcome"]), "met", "{walk}");
    assert_eq!(list(&load["windows"][0]["servers"]).count(), 1, "{load}");
    // That the other one is gone is told, though it is needed for no window that is covered.
    drop(prometheus);
    let report = audited_with(&profiles, &options, 0);
    let load = &report["run"]["load"][0];
    assert_eq!(text(&load["windows"][0]["source"]), "history", "{load}");
    assert_eq!(text(&load["failed"][0]["failure"]["kind"]), "refused", "{load}");
}

#[test]
fn a_breach_that_either_source_tells_is_one() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let end = now().as_second() / 300 * 300 + 300;
    let burst = end - 2 * HOUR - 130;
    let other = "f".repeat(40);
    let own = run_id(&qualif);
    for (of_history, of_prometheus, run_id, by, code) in [
        (end + 1, burst, &own, "by prometheus http://127.0.0.1", 1),
        (burst, end + 1, &own, "of 24h (limit 5 %)", 1),
        // Series of another server are no breach of this one, and are told.
        (end + 1, burst, &other, "", 0),
    ] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        // Scraped every second, so that a server of a few seconds should be in the series.
        let told = metrics(run_id, (end - 3 * HOUR, end), of_prometheus, 1);
        let prometheus = keeping(dir.path(), &told);
        let path = dir.path().join("load.db");
        history(&path, &qualif, 26, of_history);
        std::thread::sleep(Duration::from_secs(4));
        let profiles = profiles(&qualif, &production, Some(load_of(&prometheus.url())));
        let options = ["--history", path.to_str().expect("UTF-8")];
        let report = audited_with(&profiles, &options, code);
        let load = &report["run"]["load"][0];
        assert_eq!(text(&load["windows"][0]["source"]), "history", "{load}");
        let day = &row(load, "walk-share")["windows"][0];
        if code == 0 {
            assert_eq!(text(&day["outcome"]), "met", "{load}");
            continue;
        }
        let [(_, summary), ..] = report.summaries("load-regression")[..] else {
            panic!("{report:?}")
        };
        assert!(summary.contains(by), "{summary}");
        assert_eq!(text(&day["outcome"]), "breached", "{load}");
        assert!((day["worst"].as_f64().expect("it is known") - 0.0537).abs() < 1e-4, "{day}");
        // What the other source tells is kept with the run, and proven.
        crate::support::cli::envparity(["history", "verify", "--history", options[1]])
            .run()
            .expect(0);
    }
}
