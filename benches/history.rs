//! What a history costs: an audit that is kept, reading 30 days of load, the size of the file, and
//! how these grow.
//!
//! `cargo bench --bench history [small]`. First it times audits with and without a history in turns,
//! of the quickstart and of 20,000 pods in three environments. Then it fills a file with 35 days of five-minute buckets and 400
//! days of hours for 10 targets of 55 series each, in which five series have every bucket and the
//! others one in four (a command that is called now and then), and reads 10 series of each target
//! over 30 days. Then it does the same with ten times as many targets; `small` leaves that out.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark may stop at once and say why")]

#[path = "../tests/support/estate/mod.rs"]
mod estate;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use envparity::collect::Progress;
use envparity::history::{SeriesKey, SqliteOptions, Store};
use envparity::model::{Bucket, BucketFlags, EnvironmentName, Hour, Series, TargetId};
use envparity::pipeline::{self, AuditOptions, RunFacts};
use envparity::profile;
use jiff::Timestamp;
use jiff::tz::TimeZone;

const DAY: i64 = 86_400;
const END: i64 = 20_000 * DAY;
const SERIES: usize = 55;
/// Series that have a row for every bucket, and are read.
const FULL: usize = 5;
const READ: usize = 10;
const ROUNDS: usize = 5;
/// Audits of each kind; more of a small estate, whose times are close to the clock's.
const AUDITS: usize = 21;
/// What a history may add to an audit.
const MOST_ADDED: Duration = Duration::from_millis(50);
/// A workload of the estate has two pods on average, in each of three environments.
const WORKLOADS: usize = 3_334;

fn environment() -> EnvironmentName {
    "ovh-production".into()
}

fn target(number: usize) -> TargetId {
    TargetId::from(format!("redis/cache-{number}"))
}

fn series(number: usize) -> Series {
    match number {
        0 => Series::Up,
        1 => Series::Cpu,
        2 => Series::Ops,
        3 => Series::Logins,
        4 => Series::Keys,
        command => Series::Command(format!("command-{command}")),
    }
}

/// Figures that look like those of a server, and are the same each time.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn figure(seed: i64, at: i64) -> f64 {
    let mixed = (at / 300).wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503));
    (mixed.rem_euclid(100_000)) as f64
}

fn buckets(seed: usize) -> Vec<Bucket> {
    let seed = i64::try_from(seed).expect("a small number");
    let every = if seed < i64::try_from(FULL).expect("a small number") { 1 } else { 4 };
    let bucket = |i: i64| {
        let at = END - 35 * DAY + 300 * i;
        let (a, b) = (figure(seed, at), figure(seed + 1, at) * 7.0);
        Bucket { at, covered: 300.0, a, b, flags: BucketFlags::NONE }
    };
    (1..=35 * 288).filter(|i| (i + seed) % every == 0).map(bucket).collect()
}

fn hours(seed: usize) -> Vec<Hour> {
    let seed = i64::try_from(seed).expect("a small number");
    let hour = |i: i64| {
        let at = END - 400 * DAY + 3_600 * i;
        let (a, b) = (figure(seed, at), figure(seed + 1, at) * 7.0);
        Hour {
            at,
            covered: 3_600.0,
            sum_a: a * 12.0,
            sum_b: b * 12.0,
            max_a: a,
            max_b: b,
            flags: BucketFlags::NONE,
        }
    };
    (1..=400 * 24).map(hour).collect()
}

fn fill(store: &mut Store, targets: usize) -> Duration {
    let start = Instant::now();
    for number in 0..targets {
        let mut all_buckets = Vec::new();
        let mut all_hours = Vec::new();
        for of in 0..SERIES {
            let key = SeriesKey {
                environment: environment().to_string(),
                target: target(number).to_string(),
                place: String::new(),
                name: series(of).to_string(),
            };
            all_buckets.push((key.clone(), buckets(of)));
            all_hours.push((key, hours(of)));
        }
        store.add_buckets(&all_buckets).expect("there is room");
        store.add_hours(&all_hours).expect("there is room");
    }
    start.elapsed()
}

/// Median time of reading 30 days of some series of every target, and how many rows that were.
fn read(path: &Path, targets: usize) -> (Duration, usize) {
    let wanted: Vec<Series> = (0..READ).map(series).collect();
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let mut store = Store::open(path, &SqliteOptions::default()).expect("it was made");
        let start = Instant::now();
        rows = 0;
        for number in 0..targets {
            let span = (END - 30 * DAY, END);
            let load = store.load(&environment(), &target(number), span, &|s| wanted.contains(s));
            let load = load.expect("it can be read");
            let of_places = load.values().flat_map(|place| place.buckets.values());
            rows += of_places.map(Vec::len).sum::<usize>();
        }
        times.push(start.elapsed());
    }
    (median(times), rows)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn measure(targets: usize) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("envparity.db");
    let mut store = Store::open(&path, &SqliteOptions::default()).expect("a new file");
    let filled = fill(&mut store, targets);
    drop(store);
    let bytes = std::fs::metadata(&path).expect("it was made").len();
    let (took, rows) = read(&path, targets);
    println!(
        "{targets:>4} targets: {:>7.1} MB, filled in {:>6.1} s; {READ} series over 30 d of each: \
         {rows} rows in {:.0} ms",
        bytes as f64 / 1e6,
        filled.as_secs_f64(),
        took.as_secs_f64() * 1e3
    );
}

struct Silent;

impl Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

/// Audits of one folder of profiles, in turns without a history and with one.
fn measure_audits(name: &str, folder: &Path, at: &str, rounds: usize) {
    let at: Timestamp = at.parse().expect("a time");
    let today = at.to_zoned(TimeZone::UTC).date();
    let profiles = profile::load(folder, &pipeline::rule_ids(), today).expect("right profiles");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let kept = tempfile::tempdir().expect("a temporary directory");
    let path = kept.path().join("envparity.db");
    let options = AuditOptions { at: Some(at), ..AuditOptions::default() };
    let clock = || -> envparity::collect::Clock { Arc::new(move || at) };
    let without = || {
        let begin = Instant::now();
        let audit = pipeline::audit(&profiles, &options, RunFacts::default(), clock(), &Silent);
        runtime.block_on(audit).expect("an audit");
        begin.elapsed()
    };
    let with = || {
        let begin = Instant::now();
        let open = || Store::open(&path, &SqliteOptions::default());
        let facts = RunFacts::default();
        let audit = pipeline::audit_and_keep(&profiles, &options, facts, clock(), &Silent, open);
        let (_, kept) = runtime.block_on(audit).expect("an audit");
        kept.expect("there is room");
        begin.elapsed()
    };
    // The first run stores all inventories, later ones what has changed: nothing here.
    let (mut plain, first) = (vec![without()], with());
    let mut kept = Vec::new();
    for _ in 0..rounds {
        plain.push(without());
        kept.push(with());
    }
    let (plain, kept) = (median(plain), median(kept));
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let added = kept.saturating_sub(plain);
    let is_within = if added <= MOST_ADDED { "within" } else { "OVER" };
    println!(
        "audit of {name}: {:.1} ms without a history, {:.1} ms with one (the first one {:.1} ms): \
         {:.1} ms more, {is_within} {} ms",
        millis(plain),
        millis(kept),
        millis(first),
        millis(added),
        MOST_ADDED.as_millis()
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    measure_audits("the quickstart", &quickstart, "2026-11-23T00:06:00Z", AUDITS);
    let folder = tempfile::tempdir().expect("a temporary directory");
    estate::write(folder.path(), WORKLOADS, estate::Recorded::Evidence);
    measure_audits("20,000 pods", folder.path(), estate::AT, ROUNDS);
    measure(10);
    if !std::env::args().any(|argument| argument == "small") {
        measure(100);
    }
}
