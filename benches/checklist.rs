//! What a checklist costs: 41 workloads in two environments, audited each hour for 30 days, the load
//! of two Redis over 35 days, nine releases.
//!
//! `cargo bench --bench checklist` runs `envparity checklist --recorded-only` and prints how long that
//! takes, the fastest of some rounds. It must be under a second.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::expect_used, reason = "a benchmark may stop at once and say why")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use envparity::collect::config::COLLECTORS;
use envparity::history::{NewRun, SeriesKey, SqliteOptions, Store};
use envparity::model::{
    Bucket, BucketFlags, Evidence, Field, ImageUse, Locator, Outcome, RunState, Series,
    TargetEvidence,
};
use envparity::trend::{CommandLists, LoadIndicator};
use jiff::{SignedDuration, Timestamp};

const WORKLOADS: usize = 41;
const DAYS: i64 = 30;
const LOAD_DAYS: i64 = 35;
const RELEASES: usize = 9;
const ROUNDS: usize = 5;
const MOST: Duration = Duration::from_secs(1);
const NOW: &str = "2026-04-13T18:40:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

fn digest(workload: usize, release: usize) -> String {
    format!("sha256:{:064x}", workload * 1_000 + release)
}

/// Each release changes a few workloads.
fn build(workload: usize, release: usize) -> usize {
    if workload % RELEASES <= release { release } else { 0 }
}

fn evidence(environment: &str, release: usize, taken: Timestamp) -> Evidence {
    let mut cluster = TargetEvidence::new("kubernetes/mks".into(), "https://mks", taken);
    for part in ["server", "nodes", "workloads", "identity"] {
        cluster.set_part(part, Outcome::Complete);
    }
    cluster.fields = vec![
        Field::of_target("git_version", "v1.31.4"),
        Field::of_target("uid", format!("uid-{environment}")),
    ];
    for name in ["kubelet", "runtime", "kernel", "os", "architecture"] {
        let (place, value) = ("node-1".to_owned(), "1.31.4".to_owned());
        cluster.fields.push(Field { place, name: name.to_owned(), value });
    }
    let image = |workload: usize| {
        let of = build(workload, release);
        let name = format!("service-{workload}");
        ImageUse {
            locator: Locator {
                namespace: "app".to_owned(),
                workload: name.clone(),
                container: "main".to_owned(),
            },
            reference: format!("registry.example/team/{name}:v{of}"),
            image_id: String::new(),
            repo_digests: vec![format!("registry.example/team/{name}@{}", digest(workload, of))],
            repo_tags: Vec::new(),
            runtime: "containerd".to_owned(),
            version_label: String::new(),
            ref_name: String::new(),
            app_version: String::new(),
            chart: String::new(),
            state: RunState::Running,
        }
    };
    cluster.images = (0..WORKLOADS).map(image).collect();
    let mut redis = TargetEvidence::new("redis/cache".into(), "redis://cache", taken);
    redis.set_part("info", Outcome::Complete);
    for (name, value) in [("redis_version", "7.0.15"), ("run_id", environment), ("role", "master")]
    {
        redis.fields.push(Field::of_target(name, value));
    }
    Evidence { environment: environment.into(), taken, targets: vec![cluster, redis] }
}

/// Audits each hour; the release goes to production half way.
fn audits(store: &mut Store) {
    for hour in (0..DAYS * 24).rev() {
        let at = now() - SignedDuration::from_hours(hour);
        let taken = at - SignedDuration::from_mins(1);
        let done = usize::try_from((DAYS * 24 - hour) * 8 / (DAYS * 24)).expect("small");
        let production = done.min(RELEASES - 2);
        let seen =
            [evidence("qualif", production + 1, taken), evidence("production", production, taken)];
        let run = NewRun {
            kind: "audit",
            at,
            verdict: "go",
            facts: BTreeMap::new(),
            evidence: &seen,
            findings: BTreeMap::new(),
            judged: Vec::new(),
            said: serde_json::Value::Null,
        };
        store.save_run(run, COLLECTORS).expect("a history of ours");
    }
}

fn load(store: &mut Store) {
    let lists = CommandLists::builtin_lists();
    let end = now().as_second() / 300 * 300;
    for environment in ["qualif", "production"] {
        let mut all = Vec::new();
        let derived = LoadIndicator::ALL.map(|indicator| indicator.series_of(&lists));
        let commands = (0..40).map(|number| Series::Command(format!("command-{number}")));
        for series in [Series::Up].into_iter().chain(derived).chain(commands) {
            let every = if matches!(series, Series::Command(_)) { 4 } else { 1 };
            let bucket = |back: i64| Bucket {
                at: end - back * 300,
                covered: 300.0,
                a: 5.0,
                b: 1e6,
                flags: BucketFlags::NONE,
            };
            let rows = (0..LOAD_DAYS * 288 / every).map(|back| bucket(back * every));
            let key = SeriesKey {
                environment: environment.to_owned(),
                target: "redis/cache".to_owned(),
                place: String::new(),
                name: series.to_string(),
            };
            let mut rows: Vec<Bucket> = rows.collect();
            rows.reverse();
            all.push((key, rows));
        }
        store.add_buckets(&all).expect("a history of ours");
    }
}

fn profiles(folder: &Path) {
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a folder of ours");
    };
    let head = "apiVersion: envparity/v1\n";
    write(
        "audit.yaml",
        &format!("{head}kind: Audit\nbaseline: production\nenvironments: [qualif, production]\n"),
    );
    for name in ["qualif", "production"] {
        write(
            &format!("{name}.yaml"),
            &format!(
                "{head}kind: Environment\nname: {name}\ntargets:\n  kubernetes:\n  - {{name: mks}}\n  \
             redis:\n  - {{name: cache, url: \"redis://127.0.0.1:1\"}}\n"
            ),
        );
    }
    std::fs::create_dir(folder.join("releases")).expect("a folder of ours");
    for release in 0..RELEASES {
        let mut text = format!("{head}kind: Release\nname: v{release}\n");
        if release > 0 {
            writeln!(text, "previous: v{}", release - 1).expect("a text");
            let from = now() - SignedDuration::from_hours(DAYS * 24 / 8);
            writeln!(text, "freeze: {{environment: qualif, from: \"{from}\"}}").expect("a text");
        }
        for (key, is_wanted) in [("changed", false), ("train", true)] {
            let rows = (0..WORKLOADS).filter(|workload| {
                let of = build(*workload, release);
                is_wanted || (release > 0 && of != build(*workload, release - 1))
            });
            let rows: Vec<usize> = rows.collect();
            if rows.is_empty() {
                continue;
            }
            writeln!(text, "{key}:").expect("a text");
            for workload in rows {
                let of = build(workload, release);
                let digest = digest(workload, of);
                writeln!(
                    text,
                    "  image/team/service-{workload}: {{version: v{of}, digest: \"{digest}\"}}"
                )
                .expect("a text");
            }
        }
        write(&format!("releases/v{release}.yaml"), &text);
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    profiles(folder.path());
    let history = folder.path().join("history.db");
    {
        let mut store = Store::open(&history, &SqliteOptions::default()).expect("a new history");
        audits(&mut store);
        load(&mut store);
    }
    let mut best = Duration::MAX;
    for round in 0..ROUNDS {
        let start = Instant::now();
        let ended = Command::new(env!("CARGO_BIN_EXE_envparity"))
            .args(["checklist", "--release", "v8", "--recorded-only", "--at", NOW, "--profiles"])
            .arg(folder.path())
            .arg("--history")
            .arg(&history)
            .output()
            .expect("the binary of this build");
        best = best.min(start.elapsed());
        if round == 0 {
            println!("{}", String::from_utf8_lossy(&ended.stdout));
            println!("{}", String::from_utf8_lossy(&ended.stderr));
        }
        assert!(ended.status.code() != Some(2), "it ran");
    }
    println!(
        "{WORKLOADS} workloads, {DAYS} d of audits, {RELEASES} releases: {} ms (at most {} ms)",
        best.as_millis(),
        MOST.as_millis()
    );
}
