//! What the tests store: the evidence of the quickstart, and load of a little world.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use envparity::collect::config::COLLECTORS;
use envparity::collect::{Clock, Progress};
use envparity::history::{NewRun, Saved, SeriesKey, SqliteOptions, Store};
use envparity::model::{
    Bucket, BucketFlags, Counters, EnvironmentName, Evidence, Sample, TargetId,
};
use envparity::pipeline;
use envparity::profile::{self, Profiles};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;

/// The evidence of the quickstart is of that day.
pub(crate) const NOW: &str = "2026-11-23T00:06:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// An empty history of each kind that can be had, with whatever must outlive it.
pub(crate) fn stores() -> Vec<(&'static str, Store, Box<dyn std::any::Any>)> {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("history.db"));
    #[cfg_attr(
        not(all(feature = "postgres", feature = "real-servers")),
        expect(unused_mut, reason = "there is one kind")
    )]
    let mut all: Vec<(_, _, Box<dyn std::any::Any>)> = vec![("sqlite", store, Box::new(folder))];
    #[cfg(all(feature = "postgres", feature = "real-servers"))]
    {
        let server = crate::postgres_server::PostgresServer::start();
        let store = crate::postgres::open(&server.database("past"));
        all.push(("postgres", store, Box::new(server)));
    }
    all
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path, &SqliteOptions::default()).unwrap()
}

/// A history in a file, and where that is.
pub(crate) fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    (folder, path)
}

pub(crate) fn example() -> Profiles {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let today = now().to_zoned(TimeZone::UTC).date();
    profile::load(&folder, &pipeline::rule_ids(), today).unwrap()
}

struct Silent;

impl Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

/// What a collection of all environments of the quickstart yields.
pub(crate) fn collected(profiles: &Profiles) -> Vec<Evidence> {
    let environments: Vec<_> = profiles.environments.iter().map(|e| (e, true)).collect();
    let clock: Clock = Arc::new(now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pipeline::collect(&environments, None, &profiles.folder, None, clock, &Silent))
}

pub(crate) fn evidence() -> Vec<Evidence> {
    collected(&example())
}

pub(crate) fn audit(at: Timestamp, evidence: &[Evidence]) -> NewRun<'_> {
    NewRun {
        kind: "audit",
        at,
        verdict: "no-go",
        facts: BTreeMap::from([("host".to_owned(), "build".to_owned())]),
        evidence,
        findings: BTreeMap::from([("0a1b2c".to_owned(), "high".to_owned())]),
        judged: Vec::new(),
        said: serde_json::Value::Null,
    }
}

pub(crate) fn save(store: &mut Store, run: NewRun<'_>) -> Saved {
    store.save_run(run, COLLECTORS).unwrap()
}

pub(crate) fn key(name: &str) -> SeriesKey {
    SeriesKey {
        environment: "qualif".to_owned(),
        target: "redis/cache".to_owned(),
        place: String::new(),
        name: name.to_owned(),
    }
}

/// Buckets one after the other, the first of which ends at `first`.
pub(crate) fn buckets(first: i64, count: i64) -> Vec<Bucket> {
    let one = |i: i64| Bucket {
        at: first + 300 * i,
        covered: 300.0,
        a: f64::from(i32::try_from(i).unwrap()) + 0.5,
        b: 25.0,
        flags: BucketFlags::NONE,
    };
    (0..count).map(one).collect()
}

pub(crate) fn sample(taken: Timestamp, calls: f64) -> Sample {
    let mut counters = Counters::default();
    counters.add_section("Commandstats");
    counters.add("total_commands_processed", calls * 2.0);
    counters.add_item("cmdstat_keys", "calls", calls);
    Sample {
        target: "redis/cache".to_owned().into(),
        place: "10.0.0.1:6379".to_owned(),
        run_id: "ab".repeat(20),
        role: "master".to_owned(),
        taken,
        counters,
    }
}
