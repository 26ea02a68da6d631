//! What a large report costs: 5,000 workloads in each of three environments, from files to every
//! format.
//!
//! `cargo bench --bench report`. The estate is that of the tests (`docs/FIRST-SCREEN.md`), ten
//! times as large. Each stage and each format of the list is timed, formats in turns, so that a
//! noisy machine is noisy for all of them; medians are printed, with the peak of resident memory
//! while it ran (Linux). Beside them what others take to write the same values: `serde_json`
//! without escaping for JSON, PyYAML for YAML if `python3` (or `$ENVPARITY_TEST_PYTHON`) has it.
//! `BENCH_WORKLOADS` and `BENCH_ROUNDS` make it another size.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/support/estate/mod.rs"]
mod estate;

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use envparity::collect::{Clock, Progress};
use envparity::model::Audit;
use envparity::model::{EnvironmentName, TargetId};
use envparity::pipeline::{self, AuditOptions, RunFacts};
use envparity::profile::{self, Environment, Profiles};
use envparity::report::{FORMATS, Format, RenderOptions};
use estate::Recorded;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Argument of a process that writes an estate and ends: its memory is none of ours.
const WRITE: &str = "write-estate";

/// What each format may take.
const LIMIT: f64 = 2.0;

struct Silent;

impl Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

fn main() {
    if let [_, command, folder, workloads, recorded] =
        std::env::args().collect::<Vec<_>>().as_slice()
        && command == WRITE
    {
        let recorded = if recorded == "kubectl" { Recorded::Kubectl } else { Recorded::Evidence };
        return estate::write(Path::new(folder), workloads.parse().expect("a number"), recorded);
    }
    // only `cargo bench` says so: `cargo test --benches` has nothing to measure
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("nothing measured: cargo bench --bench report");
    }
    let (workloads, rounds) = (number("BENCH_WORKLOADS", 5_000), number("BENCH_ROUNDS", 5));
    let kubectl = Estate::new(workloads, "kubectl");
    let evidence = Estate::new(workloads, "evidence");
    let report = evidence.audit();
    println!("{}", described(&report));
    println!("{}", heading("stage"));
    stage("collect, from kubectl's JSON", &kubectl, rounds, |estate| {
        _ = black_box(estate.collect())
    });
    stage("collect, from evidence", &evidence, rounds, |estate| _ = black_box(estate.collect()));
    stage("the same, compared and judged", &evidence, rounds, |estate| {
        drop(black_box(estate.audit()))
    });
    println!("{}", heading("format"));
    formats(&report, rounds);
    println!("{}", heading("others, the same values"));
    peers(&report, rounds);
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable)
        .ok()
        .map_or(otherwise, |text| text.parse().expect("a number in the variable"))
}

/// Files in a folder, and the profiles that name them.
struct Estate {
    folder: TempDir,
    profiles: Profiles,
    runtime: Runtime,
}

impl Estate {
    fn new(workloads: usize, recorded: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mut writer = Command::new(std::env::current_exe().expect("this program has a path"));
        let ended =
            writer.arg(WRITE).arg(folder.path()).args([&workloads.to_string(), recorded]).status();
        assert!(ended.expect("this program starts again").success());
        let today = at().to_zoned(TimeZone::UTC).date();
        let profiles = profile::load(folder.path(), &pipeline::rule_ids(), today)
            .expect("the profiles are right");
        Self { folder, profiles, runtime: Runtime::new().expect("threads") }
    }

    fn collect(&self) -> usize {
        let environments: Vec<(&Environment, bool)> =
            self.profiles.environments.iter().map(|e| (e, true)).collect();
        let collected =
            pipeline::collect(&environments, None, self.folder.path(), None, clock(), &Silent);
        let evidence = self.runtime.block_on(collected);
        let images: usize =
            evidence.iter().flat_map(|e| &e.targets).map(|target| target.images.len()).sum();
        assert!(images > 0, "nothing was collected");
        images
    }

    fn audit(&self) -> Audit {
        let options = AuditOptions { at: Some(at()), ..AuditOptions::default() };
        let audit =
            pipeline::audit(&self.profiles, &options, RunFacts::default(), clock(), &Silent);
        self.runtime.block_on(audit).expect("there is no unknown environment")
    }
}

fn at() -> Timestamp {
    estate::AT.parse().expect("a time")
}

fn clock() -> Clock {
    Arc::new(at)
}

fn described(report: &Audit) -> String {
    let by_severity = report.findings.iter().fold(
        std::collections::BTreeMap::<_, usize>::new(),
        |mut counts, judged| {
            *counts.entry(std::cmp::Reverse(judged.severity)).or_default() += 1;
            counts
        },
    );
    let counts: Vec<String> =
        by_severity.iter().map(|(severity, n)| format!("{n} {}", severity.0)).collect();
    format!(
        "{} components in {} environments, {} findings: {}",
        report.matrix.len(),
        report.environments.len(),
        report.findings.len(),
        counts.join(", ")
    )
}

/// Seconds, and MiB at the peak.
#[derive(Clone, Copy)]
struct Used {
    seconds: f64,
    peak: f64,
}

fn measured(work: impl FnOnce()) -> Used {
    // resets the peak; elsewhere than on Linux there is none
    drop(fs::write("/proc/self/clear_refs", "5"));
    let start = Instant::now();
    work();
    let seconds = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    Used { seconds, peak: peak.map_or(0.0, |kib: f64| kib / 1024.0) }
}

fn median(runs: &[Used]) -> Used {
    let of = |of: fn(&Used) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Used { seconds: of(|used| used.seconds), peak: of(|used| used.peak) }
}

fn heading(what: &str) -> String {
    format!("\n{what:<32}{:>9}{:>14}{:>12}", "seconds", "peak RSS MiB", "bytes")
}

fn row(name: &str, used: Used, bytes: usize, told: &str) {
    println!("{name:<32}{:>9.3}{:>14.1}{bytes:>12}   {told}", used.seconds, used.peak);
}

fn stage(name: &str, estate: &Estate, rounds: usize, work: impl Fn(&Estate)) {
    let runs: Vec<Used> = (0..rounds).map(|_| measured(|| work(estate))).collect();
    row(name, median(&runs), bytes_below(estate.folder.path()), "of files");
}

fn bytes_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder)
        .expect("a folder of ours")
        .map(|entry| entry.expect("an entry").path());
    let size = |path: &Path| {
        fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX))
    };
    entries.map(|path| if path.is_dir() { bytes_below(&path) } else { size(&path) }).sum()
}

/// A format, and what it took.
struct Written<'a> {
    name: &'a str,
    format: &'a dyn Format,
    view: RenderOptions,
    runs: Vec<Used>,
    bytes: usize,
}

/// Every format as a file gets it, and the table as `-v` shows it.
fn formats(report: &Audit, rounds: usize) {
    let folded = RenderOptions {
        width: Some(120),
        color: false,
        unfold: false,
        exit: 1,
        report_only: false,
    };
    let of = |name, format, view| Written { name, format, view, runs: Vec::new(), bytes: 0 };
    let mut all: Vec<Written<'_>> =
        FORMATS.iter().map(|format| of(format.name(), *format, folded)).collect();
    let table = FORMATS.iter().find(|format| format.name() == "table").expect("there is a table");
    all.push(of("table -v", *table, RenderOptions { unfold: true, ..folded }));
    for _ in 0..rounds {
        for Written { format, view, runs, bytes, .. } in &mut all {
            runs.push(measured(|| {
                let text = format.render(report, view).expect("the report has a form in it");
                *bytes = black_box(text).len();
            }));
        }
    }
    for Written { name, runs, bytes, .. } in &all {
        let used = median(runs);
        let share = format!("{:.0} % of {LIMIT} s", used.seconds / LIMIT * 100.0);
        row(name, used, *bytes, if used.seconds < LIMIT { &share } else { "TOO LONG" });
    }
}

/// What others take to write the values that our JSON holds.
fn peers(report: &Audit, rounds: usize) {
    let view =
        RenderOptions { width: None, color: false, unfold: false, exit: 1, report_only: false };
    let json = FORMATS.iter().find(|format| format.name() == "json").expect("there is JSON");
    let text = json.render(report, &view).expect("the report has a form in it");
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    let mut bytes = 0;
    let runs: Vec<Used> = (0..rounds)
        .map(|_| {
            measured(|| {
                bytes =
                    black_box(serde_json::to_string_pretty(&value).expect("a Value is JSON")).len()
            })
        })
        .collect();
    row("serde_json, pretty", median(&runs), bytes, "");
    for dumper in ["CSafeDumper", "SafeDumper"] {
        match pyyaml(&text, dumper) {
            Some((seconds, bytes)) => {
                row(&format!("PyYAML {dumper}"), Used { seconds, peak: 0.0 }, bytes, "once")
            }
            None => println!("PyYAML {dumper} is not there"),
        }
    }
}

/// Seconds for the dump alone, and its size; `None` without Python or PyYAML.
fn pyyaml(json: &str, dumper: &str) -> Option<(f64, usize)> {
    let script = format!(
        "import sys, json, time, yaml\nvalue = json.load(sys.stdin)\nstart = time.monotonic()\n\
         text = yaml.dump(value, Dumper=yaml.{dumper}, sort_keys=False, allow_unicode=True)\n\
         print(time.monotonic() - start, len(text.encode()))\n"
    );
    let python = std::env::var("ENVPARITY_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(python)
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // without PyYAML it has ended before it has read all
    drop(child.stdin.take()?.write_all(json.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (seconds, bytes) = text.trim().split_once(' ')?;
    Some((seconds.parse().ok()?, bytes.parse().ok()?))
}
