//! What a history costs: reading 30 days of load, the size of the file, and how both grow.
//!
//! `cargo bench --bench history [small]`. It fills a file with 35 days of five-minute buckets and 400
//! days of hours for 10 targets of 55 series each, in which five series have every bucket and the
//! others one in four (a command that is called now and then), and reads 10 series of each target
//! over 30 days. Then it does the same with ten times as many targets; `small` leaves that out.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark may stop at once and say why")]

use std::path::Path;
use std::time::{Duration, Instant};

use envparity::history::{SeriesKey, SqliteOptions, Store};
use envparity::model::{Bucket, BucketFlags, EnvironmentName, Hour, Series, TargetId};

const DAY: i64 = 86_400;
const END: i64 = 20_000 * DAY;
const SERIES: usize = 55;
/// Series that have a row for every bucket, and are read.
const FULL: usize = 5;
const READ: usize = 10;
const ROUNDS: usize = 5;

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
    times.sort();
    (times[ROUNDS / 2], rows)
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

fn main() {
    measure(10);
    if !std::env::args().any(|argument| argument == "small") {
        measure(100);
    }
}
