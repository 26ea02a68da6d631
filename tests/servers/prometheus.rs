//! Load that a Prometheus keeps, against what the Redis itself says: real servers, a real exporter,
//! and servers that misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use envparity::collect::prometheus::Prometheus;
use envparity::collect::prometheus::config::LoadConfig;
use envparity::collect::{CollectContext, LoadSource, LoadWanted};
use envparity::model::{
    Bucket, BucketFlags, BucketLength, BucketedLoad, EnvironmentName, Failure, FailureKind,
    LiveServer, Load, LoadSpan, Series, TargetId,
};
use envparity::trend::{CommandLists, make_buckets};
use envparity::wire::yaml::{self, Origin};

use crate::support::cli::slowness::scaled;

mod faults;
mod kept;
mod scraped;

/// A checked source; `keys` are those of `prometheus:`.
fn source(keys: &str) -> Prometheus {
    let config: LoadConfig = yaml::read(&format!("prometheus: {{{keys}}}"), Origin::Person)
        .unwrap_or_else(|error| panic!("{keys}: {error:?}"));
    assert_eq!(config.prometheus.check(), [], "{keys}");
    Prometheus::new(&config.prometheus, Path::new(".")).expect("it was checked")
}

fn read_within(
    keys: &str,
    span: LoadSpan,
    length: BucketLength,
    live: &[(&str, &str)],
    allowed: Duration,
) -> Result<Load, Failure> {
    let server = |run_id: &str| LiveServer { run_id: run_id.to_owned(), uptime: Some(1e6), at: 0 };
    let live = live.iter().map(|(place, run_id)| ((*place).to_owned(), server(run_id)));
    let target = TargetId::new("redis", "cache");
    let wanted = LoadWanted { target, span, length, live: live.collect() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let now = || jiff::Timestamp::from_second(seconds_now()).expect("a time");
        let context = CollectContext {
            environment: EnvironmentName::from("production".to_owned()),
            deadline: tokio::time::Instant::now() + allowed,
            allowed,
            clock: Arc::new(now),
        };
        source(keys).read(&wanted, &context).await
    })
}

/// A server that was just started says 503 until it has opened its files.
fn read(keys: &str, span: LoadSpan, length: BucketLength) -> Result<Load, Failure> {
    let deadline = Instant::now() + scaled(Duration::from_secs(20));
    loop {
        let read = read_within(keys, span, length, &[], scaled(Duration::from_secs(20)));
        let is_opening =
            read.as_ref().is_err_and(|failure| failure.kind == FailureKind::Unavailable);
        if !is_opening || Instant::now() > deadline {
            return read;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in real time, as the servers do")]
fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("in range")
}

fn lists() -> CommandLists {
    let names =
        |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    CommandLists::new(
        names(&["keys", "flushall", "flushdb"]),
        BTreeSet::new(),
        names(&["auth", "hello"]),
    )
}

/// The row of a command in a bucket of the target's only server.
fn bucket(load: &BucketedLoad, series: &Series, at: i64) -> Option<Bucket> {
    let place = load.places.values().next().expect("a place");
    place.buckets.get(series)?.iter().find(|row| row.at == at).copied()
}

fn command(load: &BucketedLoad, name: &str, at: i64) -> Option<Bucket> {
    bucket(load, &Series::Command(name.to_owned()), at)
}
