//! What a history costs: an audit that is kept, reading 30 days of load, the size of the file, and
//! how these grow.
//!
//! `cargo bench --bench history [-- audits|grown]`. First it times audits with and without a history
//! in turns, of the quickstart and of 20,000 pods in three environments; `audits` ends there. Then it
//! fills a file with 35 days of five-minute buckets and 400 days of hours for 10 targets of 55 series
//! each, in which five series have every bucket and the others one in four (a command that is called
//! now and then), reads 10 series of each target over 30 days, and lets an audit judge all windows of
//! all targets and `trend` draw 30 days of one. With `grown` it does the same with ten times as many
//! targets, which takes minutes and 2.5 GB, and says how all of it has grown.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark may stop at once and say why")]

#[path = "../tests/support/estate/mod.rs"]
mod estate;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use envparity::collect::Progress;
use envparity::history::{SeriesKey, SqliteOptions, Store};
use envparity::model::{
    Bucket, BucketFlags, BucketLength, EnvironmentName, Hour, LoadSpan, Series, TargetId,
};
use envparity::pipeline::{self, AuditOptions, RunFacts, TrendAsked};
use envparity::profile;
use envparity::report::{RenderOptions, TrendFormat};
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
/// What 10 targets of 30 days may take to be read, and their file at most.
const MOST_READING: Duration = Duration::from_millis(200);
const MOST_MEGABYTES: f64 = 400.0;
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
            let load =
                store.read_load(&environment(), &target(number), span, &|s| wanted.contains(s));
            let load = load.expect("it can be read");
            let of_places = load.values().flat_map(|place| place.buckets.values());
            rows += of_places.map(Vec::len).sum::<usize>();
        }
        times.push(start.elapsed());
    }
    (median(times), rows)
}

/// What a file of so many targets came to.
struct Measured {
    targets: usize,
    megabytes: f64,
    filled: Duration,
    rows: usize,
    read: Duration,
    audited: Duration,
    drawn: Duration,
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn measure(targets: usize) -> Measured {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("envparity.db");
    let mut store = Store::open(&path, &SqliteOptions::default()).expect("a new file");
    let filled = fill(&mut store, targets);
    drop(store);
    let bytes = std::fs::metadata(&path).expect("it was made").len();
    let (read, rows) = read(&path, targets);
    let profiles = profiles_of(folder.path(), targets);
    let megabytes = bytes as f64 / 1e6;
    let (audited, drawn) = (judge(&profiles, &path), draw(&profiles, &path));
    let found = Measured { targets, megabytes, filled, rows, read, audited, drawn };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{targets:>4} targets: {megabytes:>7.1} MB, filled in {:>6.1} s; {READ} series over 30 d of \
         each: {rows} rows in {:.0} ms; an audit of all their windows {:.0} ms more than without; \
         trend of one over 30 d {:.0} ms",
        filled.as_secs_f64(),
        millis(read),
        millis(audited),
        millis(drawn),
    );
    found
}

/// Profiles of an environment in which each target answers as a Redis did.
fn profiles_of(folder: &Path, targets: usize) -> profile::Profiles {
    let folder = folder.join("profiles");
    std::fs::create_dir(&folder).expect("a directory of ours");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/redis");
    let info = std::fs::read_to_string(fixture.join("redis-7.0.15.txt")).expect("a fixture");
    let now = format!("server_time_usec:{}", (END - 5) * 1_000_000);
    let lines = info
        .lines()
        .map(|line| if line.starts_with("server_time_usec:") { now.as_str() } else { line });
    std::fs::write(folder.join("info.txt"), lines.collect::<Vec<_>>().join("\n")).expect("ours");
    let head = "apiVersion: envparity/v1\nkind:";
    let name = environment();
    let audit = format!("{head} Audit\nbaseline: {name}\nenvironments: [{name}]\ngates: []\n");
    std::fs::write(folder.join("audit.yaml"), audit).expect("ours");
    let mut text = format!("{head} Environment\nname: {name}\ntargets:\n  recorded:\n");
    for number in 0..targets {
        text.push_str(&format!("  - {{name: cache-{number}, path: info.txt}}\n"));
    }
    std::fs::write(folder.join("environment.yaml"), text).expect("ours");
    let today = now_of_load().to_zoned(TimeZone::UTC).date();
    profile::load(&folder, &pipeline::rule_ids(), today).expect("right profiles")
}

/// A window ends a minute before the run.
fn now_of_load() -> Timestamp {
    Timestamp::from_second(END + 60).expect("a time")
}

/// What judging the windows of all targets adds to an audit.
fn judge(profiles: &profile::Profiles, history: &Path) -> Duration {
    let at = now_of_load();
    let options = AuditOptions { at: Some(at), ..AuditOptions::default() };
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let clock = || -> envparity::collect::Clock { Arc::new(move || at) };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let audit = pipeline::audit(profiles, &options, RunFacts::default(), clock(), &Silent);
        runtime.block_on(audit).expect("an audit");
        without.push(begin.elapsed());
        let begin = Instant::now();
        let open = || Store::open(history, &SqliteOptions::default());
        let facts = RunFacts::default();
        let audit = pipeline::audit_and_keep(profiles, &options, facts, clock(), &Silent, open);
        let (audit, kept) = runtime.block_on(audit).expect("an audit");
        kept.expect("there is room");
        with.push(begin.elapsed());
        assert!(audit.load.iter().all(|one| one.windows.iter().any(|w| w.covered > 0.9)));
    }
    median(with).saturating_sub(median(without))
}

/// A trend of 30 days of one target, of all indicators.
fn draw(profiles: &profile::Profiles, history: &Path) -> Duration {
    let asked = TrendAsked {
        target: target(0),
        environments: Vec::new(),
        figure: None,
        span: LoadSpan { from: END - 30 * DAY, to: END },
        deadline: None,
        length: BucketLength::DEFAULT,
    };
    let view = RenderOptions {
        width: Some(120),
        color: false,
        unfold: false,
        exit: 0,
        report_only: false,
    };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let mut store = Store::open(history, &SqliteOptions::default()).expect("it was made");
        let (of, outside) = ([environment()], BTreeMap::new());
        let report = pipeline::trend_report(profiles, &asked, &of, Some(Ok(&mut store)), outside);
        let report = report.expect("30 days are kept");
        let text = TrendFormat::Table.render(&report, &view).expect("a chart");
        assert!(text.contains("walk-share"), "{text}");
        times.push(begin.elapsed());
    }
    median(times)
}

/// How much ten times as much took.
fn tell_growth(small: &Measured, large: &Measured) {
    let times = |of: fn(&Measured) -> f64| of(large) / of(small);
    println!(
        "x {:.0} targets: file x {:.1}, filled x {:.1}, rows x {:.1}, read x {:.1}, audited x {:.1}, \
         trend of one x {:.1}",
        times(|one| f64::from(u32::try_from(one.targets).expect("few"))),
        times(|one| one.megabytes),
        times(|one| one.filled.as_secs_f64()),
        times(|one| f64::from(u32::try_from(one.rows).expect("millions"))),
        times(|one| one.read.as_secs_f64()),
        times(|one| one.audited.as_secs_f64()),
        times(|one| one.drawn.as_secs_f64()),
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
    measure_audits("20,000 pods", folder.path(), estate::AT, 2 * ROUNDS + 1);
    let is_asked = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if is_asked("audits") {
        return;
    }
    let small = measure(10);
    let is_within = small.read <= MOST_READING && small.megabytes <= MOST_MEGABYTES;
    println!(
        "{} {MOST_MEGABYTES:.0} MB and {} ms of reading for 10 targets",
        if is_within { "within" } else { "OVER" },
        MOST_READING.as_millis()
    );
    if is_asked("grown") {
        tell_growth(&small, &measure(100));
    }
}
