//! A month of known truth, kept by a real history and by a real Prometheus: what is judged of both
//! is the calculation by hand, before and after retention has run.

use std::path::Path;

use envparity::collect::Clock;
use envparity::collect::prometheus::config::{LoadConfig, PrometheusConfig};
use envparity::history::{PostgresAddress, PostgresOptions};
use envparity::model::{LiveServer, LoadIdentity};
use envparity::pipeline::load::{
    LiveTarget, LoadAsked, OutsideLoad, TargetLoad, close_buckets, put_together, read_outside,
    windows_at,
};
use envparity::trend::{
    CommandLists, CriterionOutcome, LoadCriteria, LoadIndicator, WindowKind, hours_of,
    judge_windows,
};
use envparity::wire::yaml::{self, Origin};

use super::kept::keeping;
use super::season::{ByHand, PLACE, Season, Snapshot, openmetrics, seasons};
use super::*;
use crate::postgres_server::PostgresServer;

const GRID: BucketLength = BucketLength::DEFAULT;

fn environment() -> EnvironmentName {
    "qualif".into()
}

fn target() -> TargetId {
    TargetId::new("redis", "cache")
}

/// All four windows, by what is given.
fn judged(
    season: &Season,
    live: &LiveTarget,
    store: Option<&mut Store>,
    config: Option<&PrometheusConfig>,
) -> TargetLoad {
    let now = Timestamp::from_second(season.now).expect("a time");
    let windows = windows_at(now, Some(season.since), GRID);
    assert_eq!(windows.len(), 4, "24h, -7d, -30d, cumulative");
    let (environment, target, criteria) = (environment(), target(), LoadCriteria::default());
    let asked = LoadAsked {
        environment: &environment,
        target: &target,
        prometheus: config,
        folder: Path::new("."),
        deadline: Some(scaled(Duration::from_secs(60))),
        windows: &windows,
        length: GRID,
        live,
        all_commands: false,
        criteria: &criteria,
    };
    let outside = config.map(|config| read(&asked, config));
    put_together(&asked, store.map(Ok), outside)
}

/// A Prometheus that was just started says 503 until it has opened its files.
fn read(asked: &LoadAsked<'_>, config: &PrometheusConfig) -> OutsideLoad {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let deadline = Instant::now() + scaled(Duration::from_secs(60));
    let clock: Clock = Arc::new(now);
    loop {
        let read = runtime.block_on(read_outside(asked, config, &clock));
        if read.told.is_ok() || Instant::now() > deadline {
            return read;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn near(one: f64, other: f64) -> bool {
    // A Prometheus is told seconds, of which the microseconds are rounded anew.
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

fn assert_truth(season: &Season, load: &TargetLoad, told: &str, identity: &LoadIdentity) {
    assert!(load.sources.iter().all(|source| source.told.is_ok()), "{told}: {:?}", load.sources);
    assert_eq!(load.windows.places.len(), 1, "{told}");
    for read in &load.windows.places[PLACE] {
        let hand: ByHand = season.by_hand(read.window.span);
        let statistic = &read.statistics[&LoadIndicator::WalkShare];
        let worst = statistic.worst.expect("it is known").value;
        let kind = read.window.kind.as_str();
        let text = format!("{told} {kind}\n{hand:?}\n{statistic:?}\n{:?}", read.coverage);
        assert_eq!(read.unknown, [], "{text}");
        assert_eq!(read.identity, *identity, "{text}");
        assert!(near(worst, hand.worst), "{text}");
        assert!((worst - 0.0537).abs() < 0.001, "a nightly burst of 5.37 %: {text}");
        assert!(near(statistic.calls, hand.calls), "{text}");
        if read.coverage.has_hours {
            continue;
        }
        assert!(near(statistic.p95.expect("buckets are kept"), hand.p95), "{text}");
        let coverage = &read.coverage;
        assert!(near(coverage.samples, hand.samples), "{text}");
        assert!(near(coverage.covered, hand.covered), "{text}");
        assert_eq!((coverage.restarts, coverage.resets), (hand.restarts, hand.resets), "{text}");
        assert_eq!(coverage.gaps.len(), hand.gaps, "{text}");
    }
}

/// How each criterion came out.
fn outcomes(load: &TargetLoad) -> Vec<(&'static str, &'static str, bool)> {
    let judged = judge_windows(&load.windows, &LoadCriteria::default());
    let of = judged.iter().map(|one| {
        let is_breached = one.outcome == CriterionOutcome::Breached;
        assert!(!matches!(one.outcome, CriterionOutcome::Unknown(_)), "{one:?}");
        (one.indicator.as_str(), one.window.as_str(), is_breached)
    });
    of.collect()
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_second(at).expect("a time")
}

/// Stores what a sampler saw day by day, and the mark.
fn keep(store: &mut Store, season: &Season, snapshots: &[Snapshot]) {
    let lists = CommandLists::builtin_lists();
    let close = |store: &mut Store, now: Timestamp| {
        close_buckets(store, &environment(), &target(), now, GRID, &lists)
            .expect("buckets are closed");
    };
    for part in snapshots.chunks(1440) {
        let samples: Vec<_> = part.iter().map(Snapshot::kept).collect();
        store.add_samples(&samples).expect("they are stored");
        close(store, samples.last().expect("a day").sample.taken);
    }
    close(store, time(season.now));
    store.mark_span(&environment(), &season.mark, time(season.now)).expect("it is marked");
}

/// The server as it answers at the end of the season.
fn live_server(season: &Season, snapshots: &[Snapshot]) -> LiveTarget {
    let newest = snapshots.last().expect("it was sampled");
    let live = LiveServer { run_id: newest.run_id(), uptime: None, at: season.now };
    LiveTarget {
        servers: [(PLACE.to_owned(), live)].into(),
        own_place: Some(PLACE.to_owned()),
        is_whole: true,
        clock_ahead: Some(0.0),
    }
}

#[test]
fn a_known_month_in_postgresql_is_told_as_by_hand_before_and_after_retention() {
    let server = PostgresServer::start();
    for (name, season) in seasons() {
        let snapshots = season.snapshots();
        let live = live_server(&season, &snapshots);
        let address = PostgresAddress::parse(&server.database(name)).expect("it is right");
        let wait = scaled(Duration::from_secs(30));
        let options = PostgresOptions { connect: wait, wait, statement: 6 * wait };
        let mut store = Store::open_postgres(&address, options, true).expect("a new one");
        keep(&mut store, &season, &snapshots);
        let before = judged(&season, &live, Some(&mut store), None);
        assert_truth(&season, &before, &format!("{name}, PostgreSQL"), &LoadIdentity::Proven);
        let pruned = store.prune(time(season.now + 20 * 86_400), &hours_of).expect("it is pruned");
        assert!(pruned.buckets > 10_000 && pruned.samples > 10_000, "{pruned:?}");
        let after = judged(&season, &live, Some(&mut store), None);
        let told = format!("{name}, PostgreSQL after retention");
        assert_truth(&season, &after, &told, &LoadIdentity::ByLabels);
        assert_eq!(outcomes(&before), outcomes(&after), "{name}");
        assert!(store.verify(None).expect("it can be read").is_ok(), "{name}");
    }
}

/// Retention of its own: what it has forgotten is told, and the rest is as by hand.
#[test]
fn a_prometheus_that_has_forgotten_half_of_a_known_month_tells_the_other_half() {
    let (name, season) = seasons().into_iter().next().expect("two seasons");
    let snapshots = season.snapshots();
    let live = live_server(&season, &snapshots);
    let dir = tempfile::tempdir().expect("a temporary directory");
    drop(keeping(dir.path(), &openmetrics(&snapshots)));
    let (data, config) = (dir.path().join("data"), dir.path().join("prometheus.yml"));
    let prometheus = Running::prometheus(&config, &data, &["--storage.tsdb.retention.time=14d"]);
    let keys = format!("prometheus: {{url: '{}', match: {{job: redis}}}}", prometheus.url());
    let config: LoadConfig = yaml::read(&keys, Origin::Person).expect("it is right");
    let mut marks =
        Store::open(&dir.path().join("marks.db"), &SqliteOptions::default()).expect("a new one");
    marks.mark_span(&environment(), &season.mark, time(season.now)).expect("it is marked");
    let deadline = Instant::now() + scaled(Duration::from_secs(120));
    let load = loop {
        let load = judged(&season, &live, Some(&mut marks), Some(&config.prometheus));
        let is_whole = load.windows.places[PLACE].iter().all(|read| read.unknown.is_empty());
        // It deletes what is too old a while after it has begun.
        if !is_whole || Instant::now() > deadline {
            break load;
        }
        std::thread::sleep(Duration::from_secs(2));
    };
    let (known, forgotten): (Vec<_>, Vec<_>) = load.windows.places[PLACE]
        .iter()
        .partition(|read| matches!(read.window.kind, WindowKind::Day | WindowKind::Week));
    assert_eq!((known.len(), forgotten.len()), (2, 2), "{name}");
    for read in known {
        let hand = season.by_hand(read.window.span);
        let statistic = &read.statistics[&LoadIndicator::WalkShare];
        let text = format!("{name}\n{hand:?}\n{statistic:?}\n{:?}", read.coverage);
        assert_eq!(read.unknown, [], "{text}");
        assert!(near(statistic.worst.expect("it is known").value, hand.worst), "{text}");
        assert!(near(statistic.calls, hand.calls), "{text}");
        assert!(near(statistic.p95.expect("buckets are kept"), hand.p95), "{text}");
    }
    for read in forgotten {
        let why = read.unknown.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(why.iter().any(|why| why.starts_with("held since 2026-")), "{why:?}");
    }
}

#[test]
fn a_known_month_is_told_alike_by_history_and_prometheus_before_and_after_retention() {
    for (name, season) in seasons() {
        let snapshots = season.snapshots();
        let live = live_server(&season, &snapshots);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut store =
            Store::open(&dir.path().join("load.db"), &SqliteOptions::default()).expect("a new one");
        let now = time(season.now);
        keep(&mut store, &season, &snapshots);
        // The mark is the environment's, and holds for whatever tells the load.
        let by_history = judged(&season, &live, Some(&mut store), None);
        assert_truth(&season, &by_history, &format!("{name}, history"), &LoadIdentity::Proven);
        let month = &by_history.windows.places[PLACE][2];
        assert_eq!(month.window.kind, WindowKind::Month);
        assert_eq!(month.coverage.excluded, std::slice::from_ref(&season.mark));
        assert_eq!((month.coverage.restarts, month.coverage.resets), (1.0, 1.0), "{name}");
        let prometheus = keeping(dir.path(), &openmetrics(&snapshots));
        let keys = format!("prometheus: {{url: '{}', match: {{job: redis}}}}", prometheus.url());
        let config: LoadConfig = yaml::read(&keys, Origin::Person).expect("it is right");
        // A history that has the mark alone.
        let mut empty = Store::open(&dir.path().join("marks.db"), &SqliteOptions::default())
            .expect("a new one");
        empty.mark_span(&environment(), &season.mark, now).expect("it is marked");
        let by_prometheus = judged(&season, &live, Some(&mut empty), Some(&config.prometheus));
        assert!(by_prometheus.by_source.values().all(|source| *source == 1), "{name}");
        assert_truth(
            &season,
            &by_prometheus,
            &format!("{name}, Prometheus"),
            &LoadIdentity::Proven,
        );
        assert_eq!(outcomes(&by_history), outcomes(&by_prometheus), "{name}");
        // Three weeks later half of the buckets are hours.
        let pruned = store.prune(time(season.now + 20 * 86_400), &hours_of).expect("it is pruned");
        assert!(pruned.buckets > 10_000 && pruned.samples > 10_000, "{pruned:?}");
        let after = judged(&season, &live, Some(&mut store), None);
        assert!(after.windows.places[PLACE][2].coverage.has_hours, "{name}");
        // No sample is left that the server could be held against.
        let told = format!("{name}, history after retention");
        assert_truth(&season, &after, &told, &LoadIdentity::ByLabels);
        assert_eq!(outcomes(&by_history), outcomes(&after), "{name}");
    }
}
