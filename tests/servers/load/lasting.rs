//! Sampling again and again: one connection to each server, kept, and opened anew where it has
//! ended; what it asks is no load.

use super::*;

/// What a server has counted of us, and of all.
fn figure(redis: &RedisServer, name: &str) -> f64 {
    let info = redis.command(&["INFO", "everything"]);
    let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
    line.trim_start_matches(':').trim().parse().expect("a number")
}

fn calls(redis: &RedisServer, command: &str) -> u64 {
    let info = redis.command(&["INFO", "commandstats"]);
    let line =
        info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    let number = line.and_then(|line| line.split(',').next());
    number.map_or(0, |number| number.parse().expect("a number"))
}

/// Samples a target of these URLs twice a second, with buckets of two seconds, while `meanwhile`
/// runs; the number of samples.
fn sampled(profiles: &Profiles, history: &Path, meanwhile: impl FnOnce()) -> usize {
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let loaded = profile::load(profiles.folder(), &pipeline::rule_ids(), today).expect("right");
    let environments: Vec<&profile::Environment> = loaded.environments.iter().collect();
    let clock: envparity::collect::Clock = Arc::new(now);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let deadline = None;
    let sampler =
        pipeline::Sampler::new(&environments, &loaded.folder, deadline, Arc::clone(&clock));
    let path = history.to_owned();
    let asking = runtime.spawn(async move {
        let mut store = Store::open(&path, &SqliteOptions::default()).expect("it is made");
        let (every, lasting) = (Duration::from_millis(500), scaled(Duration::from_secs(8)));
        let (mut told, _asking) = sampler.ask_often(every, lasting);
        let mut kept = 0;
        while let Some(sampled) = told.recv().await {
            kept += sampled.count_samples();
            let evidence = [sampled.into_evidence(&clock)];
            // A bucket settles for longer than a test lasts.
            let settled = now() + jiff::SignedDuration::from_secs(58);
            pipeline::keep_samples(&mut store, &evidence, settled, BucketLength::new(2))
                .expect("it is written");
        }
        kept
    });
    meanwhile();
    runtime.block_on(asking).expect("it was sampled")
}

fn of_one(redis: &RedisServer) -> Profiles {
    let target = json!({"name": "cache", "url": redis.url()});
    Profiles::new(&[("qualif", json!({"targets": {"redis": [target]}}))])
}

#[test]
fn sampling_again_and_again_keeps_one_connection_and_counts_none_of_its_questions() {
    for binary in [Binary::Redis62, Binary::Redis70, Binary::Valkey80] {
        let redis = RedisServer::start(binary, &[]);
        let profiles = of_one(&redis);
        let history = profiles.path("load.db");
        let hellos = calls(&redis, "hello");
        let connections = figure(&redis, "total_connections_received");
        let kept = sampled(&profiles, &history, || {});
        assert!(kept > 8, "{binary:?}: {kept}");
        // Two questions of this test stand between the two, each a connection of its own.
        let opened = figure(&redis, "total_connections_received") - connections;
        assert!(opened <= 3.0, "{binary:?}: {opened} connections for {kept} samples");
        assert_eq!(calls(&redis, "hello") - hellos, 1, "{binary:?}");
        let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
        let (environment, target) = ("qualif".into(), TargetId::new("redis", "cache"));
        let load = store.read_load(&environment, &target, (0, i64::MAX / 2), &|_| true);
        let load = load.expect("it can be read");
        let place = load.values().next().expect("one server");
        assert!(place.buckets[&Series::Up].len() > 1, "{binary:?}");
        // It did nothing but answer us.
        for own in ["info", "hello"].map(|name| Series::Command(name.to_owned())) {
            assert!(!place.buckets.contains_key(&own), "{binary:?}: {:?}", place.buckets[&own]);
        }
        for none in [Series::Ops, Series::Logins] {
            let rows = place.buckets.get(&none).map_or(&[][..], Vec::as_slice);
            assert!(rows.iter().all(|row| row.a == 0.0), "{binary:?} {none}: {rows:?}");
        }
    }
}

#[test]
fn a_connection_that_was_closed_is_opened_anew_and_no_sample_is_lost() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let profiles = of_one(&redis);
    let history = profiles.path("load.db");
    let killed = || {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(1_200));
            redis.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        }
    };
    let kept = sampled(&profiles, &history, killed);
    assert_eq!(calls(&redis, "hello"), 4, "one session, and one behind each that was closed");
    let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
    let (environment, target) = ("qualif".into(), TargetId::new("redis", "cache"));
    let samples = store
        .read_samples(&environment, &target, Timestamp::MIN, Timestamp::MAX)
        .expect("it can be read");
    assert_eq!(samples.len(), kept);
    let sessions: u32 = samples.iter().map(|sample| sample.own_questions().0).sum();
    assert_eq!(sessions, 4, "each sample says whether it began one");
    // Whole intervals apart: none was left out.
    let apart = samples.windows(2).map(|two| two[1].taken.duration_since(two[0].taken));
    let longest = apart.max().expect("several").as_secs_f64();
    assert!(longest < 0.95 || longest < scaled(Duration::from_millis(950)).as_secs_f64());
}

#[test]
fn a_server_that_hangs_delays_no_other_and_is_asked_again_when_it_is_back() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let target = |redis: &RedisServer| json!({"targets": {"redis": [{"name": "cache", "url": redis.url(), "deadline": "1s"}]}});
    let profiles =
        Profiles::new(&[("qualif", target(&qualif)), ("production", target(&production))]);
    let history = profiles.path("load.db");
    let before = figure(&production, "total_commands_processed");
    sampled(&profiles, &history, || {
        std::thread::sleep(Duration::from_millis(1_200));
        // Its connection is open, and nothing comes over it.
        qualif.signal("STOP");
        std::thread::sleep(Duration::from_millis(2_500));
        qualif.signal("CONT");
    });
    assert!(figure(&production, "total_commands_processed") - before > 8.0);
    let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
    let mut taken = |environment: &str| {
        let target = TargetId::new("redis", "cache");
        let samples =
            store.read_samples(&environment.into(), &target, Timestamp::MIN, Timestamp::MAX);
        let samples = samples.expect("it can be read");
        samples.iter().map(|sample| sample.taken).collect::<Vec<_>>()
    };
    let longest = |times: &[Timestamp]| {
        let apart = times.windows(2).map(|two| two[1].duration_since(two[0]));
        apart.max().expect("several").as_secs_f64()
    };
    let (hung, other) = (taken("qualif"), taken("production"));
    assert!(longest(&hung) > 2.0, "{hung:?}");
    assert!(longest(&other) < 0.95 * scaled(Duration::from_secs(1)).as_secs_f64(), "{other:?}");
    assert!(hung.last() > other.get(other.len() / 2), "it is asked again: {hung:?}");
}
