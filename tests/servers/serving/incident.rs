//! The incident of 13 April 2026, live: a real Redis is watched while v21 and then v22 work on it.

use envparity::history::{SqliteOptions, Store};
use envparity::model::{Bucket, BucketFlags, Series};
use envparity::trend::CommandLists;
use jiff::Timestamp;

use super::*;
use crate::incident::{Play, now};
use crate::support::redis::{Binary, RedisServer};
use crate::support::serving::{Chosen, InProcess, file_access};
use crate::support::sink::{Heard, Reaction, SinkServer};

/// Seconds of a bucket.
const LENGTH: i64 = 10;

/// How the message must come behind the end of the first bucket.
const SOON: Duration = Duration::from_secs(15);

fn watched(redis: &RedisServer, sink: &SinkServer) -> Profiles {
    let body = json!({"targets": {
        "redis": [{"name": "cache", "url": redis.url()}],
        "recorded": [{"name": "app", "path": "production-app.evidence"}],
    }});
    let profiles = Profiles::new(&[("production", body)]);
    let audit = profiles.read("audit.yaml");
    profiles.write("webhook", &sink.url());
    let more = "history: {path: history.db}\nwatch: [production]\nnotify:\n- webhook: {url: \
                \"${file:webhook}\", format: json}\n";
    profiles.write("audit.yaml", &(audit + more));
    profiles
}

fn served(profiles: &Profiles) -> InProcess {
    let chosen = Chosen {
        clock: Arc::new(now),
        history: file_access(&profiles.path("history.db")),
        every: Duration::from_secs(1),
        length: LENGTH,
        token: None,
    };
    InProcess::start(profiles, chosen)
}

fn events(sink: &SinkServer, event: &str) -> Vec<Heard> {
    sink.heard().into_iter().filter(|heard| heard.json()["event"] == event).collect()
}

/// Works on the Redis as a release does, for so long.
fn drive(redis: &RedisServer, behaviour: &str, lasting: Duration) {
    let end = Instant::now() + lasting;
    while Instant::now() < end {
        let arguments = ["--behaviour", behaviour, "--batches", "2", "--locations", "10"];
        Play::drive(redis, &arguments);
        // Imports come now and then: the CPU is not what rises.
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < end, "waited {limit:?} until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_rose_and_what_changed_before_is_told_at_once_and_its_end_once() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let sink = SinkServer::start(&[Reaction::Status(200)]);
    let profiles = watched(&redis, &sink);
    Play::deploy_to(&profiles, "production", "v21");
    Play::drive(&redis, &["--keys", "300000"]);
    profiles.run(&["audit", "--history", &profiles.path("history.db").display().to_string()]);
    let bucket = Duration::from_secs(LENGTH.unsigned_abs());
    let served = served(&profiles);
    drive(&redis, "v21", 2 * bucket);
    assert!(events(&sink, "incident").is_empty(), "{:?}", sink.heard());

    std::thread::sleep(Duration::from_millis(1_100));
    Play::deploy_to(&profiles, "production", "v22");
    let began = Instant::now();
    let since = now();
    drive(&redis, "v22", bucket + Duration::from_secs(1));
    wait_for("the incident is told", scaled(bucket + SOON), || {
        !events(&sink, "incident").is_empty()
    });
    let took = began.elapsed();
    assert!(took < scaled(2 * bucket + SOON), "{took:?}");
    let told = events(&sink, "incident")[0].json();
    let text = told["text"].as_str().expect("a text").to_owned();
    println!("{text}");
    let minute = since.strftime("since %Y-%m-%d %H:").to_string();
    for word in [
        "production redis/cache", "walk share", "KEYS took", " %", &minute,
        "timemachine v21 -> v22",
    ] {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
    assert_eq!(told["environments"], json!(["production"]));
    assert!(get(served.address, "/").body.contains("walk share"));

    // `fixed` works as v21 does, and the incident ends once.
    drive(&redis, "fixed", 3 * bucket);
    wait_for("the end is told", scaled(2 * bucket + SOON), || {
        !events(&sink, "incident-end").is_empty()
    });
    drive(&redis, "fixed", 2 * bucket);
    served.end().expect("it ends");
    assert_eq!(events(&sink, "incident").len(), 1);
    assert_eq!(events(&sink, "incident-end").len(), 1);
}

/// Weeks in which the same hour had such a share of walking commands.
fn weeks(profiles: &Profiles, place: &str, share: f64) {
    let path = profiles.path("history.db");
    let mut store = Store::open(&path, &SqliteOptions::default()).expect("a history");
    let lists = CommandLists::builtin_lists();
    let key = |series: &Series| envparity::history::SeriesKey {
        environment: "production".to_owned(),
        target: "redis/cache".to_owned(),
        place: place.to_owned(),
        name: series.to_string(),
    };
    let mut rows: Vec<(Series, Vec<Bucket>)> = vec![
        (Series::Up, Vec::new()),
        (Series::Walk(lists.digest()), Vec::new()),
        (Series::Cpu, Vec::new()),
    ];
    for week in 1..=3_i64 {
        // Every ten minutes, two hours around this time.
        for part in -12..=12_i64 {
            let at = now().as_second() - week * 7 * 86_400 + part * 600;
            let at = at.div_euclid(LENGTH) * LENGTH;
            #[expect(clippy::cast_precision_loss, reason = "ten seconds")]
            let length = LENGTH as f64;
            let flags = BucketFlags::ZEROS;
            let up = Bucket { at, covered: length, a: length, b: 0.0, flags };
            let b = share * length * 1e6;
            let walk = Bucket { at, covered: length, a: 100.0, b, flags: BucketFlags::NONE };
            rows[0].1.push(up);
            rows[1].1.push(walk);
            rows[2].1.push(walk);
        }
    }
    for (_, rows) in &mut rows {
        rows.sort_by_key(|row| row.at);
    }
    let rows: Vec<_> = rows.into_iter().map(|(series, rows)| (key(&series), rows)).collect();
    store.add_buckets(&rows).expect("weeks");
}

#[test]
fn an_import_that_is_usual_at_this_hour_is_not_told() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let sink = SinkServer::start(&[Reaction::Status(200)]);
    let profiles = watched(&redis, &sink);
    Play::deploy_to(&profiles, "production", "v22");
    Play::drive(&redis, &["--keys", "300000"]);
    let history = profiles.path("history.db").display().to_string();
    profiles.run(&["sample", "--history", &history]).expect(0);
    let place = {
        let mut store = Store::open(&profiles.path("history.db"), &SqliteOptions::default());
        let store = store.as_mut().expect("a history");
        let samples = store
            .read_samples(
                &"production".into(),
                &envparity::model::TargetId::new("redis", "cache"),
                Timestamp::UNIX_EPOCH,
                Timestamp::MAX,
            )
            .expect("samples");
        samples[0].place.clone()
    };
    weeks(&profiles, &place, 0.95);
    let served = served(&profiles);
    let bucket = Duration::from_secs(LENGTH.unsigned_abs());
    drive(&redis, "v22", 3 * bucket);
    std::thread::sleep(scaled(Duration::from_secs(5)));
    let page = get(served.address, "/metrics").body;
    served.end().expect("it ends");
    assert!(events(&sink, "incident").is_empty(), "{:?}\n{page}", sink.heard());
}
