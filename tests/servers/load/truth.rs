//! A month of known truth, kept by a real history and by a real Prometheus: what is judged of both
//! is the calculation by hand, before and after retention has run.

use std::path::Path;

use envparity::collect::Clock;
use envparity::collect::prometheus::config::{LoadConfig, PrometheusConfig};
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
use super::season::{ByHand, PLACE, Season, openmetrics, seasons};
use super::*;

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

#[test]
fn a_known_month_is_told_alike_by_history_and_prometheus_before_and_after_retention() {
    for (name, season) in seasons() {
        let snapshots = season.snapshots();
        let newest = snapshots.last().expect("it was sampled");
        let live = LiveServer { run_id: newest.run_id(), uptime: None, at: season.now };
        let live = LiveTarget {
            servers: [(PLACE.to_owned(), live)].into(),
            own_place: Some(PLACE.to_owned()),
            is_whole: true,
            clock_ahead: Some(0.0),
        };
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut store =
            Store::open(&dir.path().join("load.db"), &SqliteOptions::default()).expect("a new one");
        let lists = CommandLists::builtin_lists();
        for part in snapshots.chunks(1440) {
            let samples: Vec<_> = part.iter().map(super::season::Snapshot::kept).collect();
            store.add_samples(&samples).expect("they are stored");
            let now = samples.last().expect("a day").sample.taken;
            close_buckets(&mut store, &environment(), &target(), now, GRID, &lists)
                .expect("buckets are closed");
        }
        let time = |at: i64| Timestamp::from_second(at).expect("a time");
        let now = time(season.now);
        close_buckets(&mut store, &environment(), &target(), now, GRID, &lists)
            .expect("buckets are closed");
        store.mark_span(&environment(), &season.mark, now).expect("it is marked");
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
