//! What a hostile target may cost: itself, a bounded memory and a bounded time. Servers are the
//! test's own, on loopback; `ENVPARITY_TEST_SLOWNESS` makes the deadlines longer.

#[path = "../support/mod.rs"]
mod support;

mod engine;
mod growth;
mod honest;
mod hostile;
mod load;
mod recorded;
mod server;
mod slots;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use hostile::{Kind, kinds};
use support::cli::slowness::{deadline, scaled};
use support::cli::{Profiles, Report, list, memory_limit, text};
use support::fault_table::{self, Row};

/// On an idle machine.
const DEADLINE: Duration = Duration::from_secs(3);

/// KiB of a MiB.
const MIB: u64 = 1024;

/// What a run takes that reads nothing.
fn nothing() -> u64 {
    let nobody = json!({"url": "redis://127.0.0.1:1"});
    profiles(&targets([("x".to_owned(), "redis", &nobody)])).measured().1
}

/// Targets by collector, each with its name.
fn targets<'k>(all: impl IntoIterator<Item = (String, &'static str, &'k Value)>) -> Value {
    let mut by_collector: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, collector, target) in all {
        let mut target = target.clone();
        target["name"] = json!(name);
        by_collector.entry(collector).or_default().push(target);
    }
    json!(by_collector)
}

/// Profiles of one environment with these targets.
fn profiles(targets: &Value) -> Profiles {
    Profiles::new(&[("production", json!({"deadline": deadline(DEADLINE), "targets": targets}))])
}

/// The failures of a target, one for each part that has one.
fn failures<'r>(report: &'r Report, id: &str) -> Vec<&'r Value> {
    let parts = list(&report.target("production", id)["parts"]);
    parts.map(|part| &part["failure"]).filter(|failure| !failure.is_null()).collect()
}

#[test]
fn each_hostile_target_is_told_and_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = std::env::var("KIND").unwrap_or_default();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    let idle = nothing();
    let limit = memory_limit(|| idle);
    println!("{:>3} MiB without any answer", idle / MIB);
    for Kind { name, collector, target, .. } in &kinds(folder.path()) {
        if !name.contains(&wanted) {
            continue;
        }
        let profiles = profiles(&targets([("x".to_owned(), *collector, target)]));
        let (took, peak, report) = profiles.measured();
        let told = failures(&report, &format!("{collector}/x"));
        println!("{:>3} MiB {:>5.1} s  {collector}: {name}", peak / MIB, took.as_secs_f64());
        for failure in &told {
            println!("            {} {}", text(&failure["kind"]), text(&failure["message"]));
        }
        // What is too much is left out of the sample, and the rest is whole.
        let is_counted_only = ["150,000 numbers", "one line of 300,000 items"].contains(name);
        if peak >= limit || took >= 2 * scaled(DEADLINE) || told.is_empty() != is_counted_only {
            wrong.push(format!("{name}: {} MiB, {took:?}, {told:?}", peak / MIB));
        }
        rows.push(row(format!("{collector}: {name}"), told.last().copied()));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    if wanted.is_empty() {
        fault_table::check("bounds", &rows);
    }
}

/// How a kind is told; how long something took differs from run to run.
fn row(name: String, told: Option<&Value>) -> Row {
    let Some(failure) = told else {
        let message = "what is beyond the bound is counted and left out".to_owned();
        return Row { name, kind: "complete".to_owned(), message, advice: String::new() };
    };
    let (kind, message) = (text(&failure["kind"]), text(&failure["message"]));
    let message = if kind == "timeout" { "" } else { message };
    let advice = text(&failure["advice"]).to_owned();
    Row { name, kind: kind.to_owned(), message: message.to_owned(), advice }
}

#[test]
fn forty_hostile_targets_leave_ten_honest_ones_alone() {
    const HONEST: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let hostile = kinds(folder.path());
    let honest: Vec<server::Served> = (0..HONEST).map(|_| server::honest()).collect();
    let honest: Vec<(Value, server::Served)> =
        honest.into_iter().map(|s| (json!({"url": s.redis_url()}), s)).collect();
    let good =
        honest.iter().enumerate().map(|(n, (target, _))| (format!("good-{n}"), "redis", target));
    let bad = hostile
        .iter()
        .enumerate()
        .map(|(n, kind)| (format!("bad-{n}"), kind.collector, &kind.target));
    let sources = load::sources();
    let asked = sources.iter().enumerate();
    let asked = asked.map(|(n, source)| (format!("asked-{n}"), "redis", &source.target));
    let (took, peak, report) = profiles(&targets(bad.chain(asked).chain(good))).measured();
    println!(
        "{} hostile targets and {} hostile Prometheus, each of another kind, beside {HONEST} \
         honest targets: {took:.2?} (deadline {:?}), peak RSS {} MiB",
        hostile.len(),
        sources.len(),
        scaled(DEADLINE),
        peak / MIB
    );
    let read = (0..HONEST).filter(|n| report.is_read("production", &format!("redis/good-{n}")));
    assert_eq!(read.count(), HONEST, "{report}");
    let asked =
        (0..sources.len()).filter(|n| report.is_read("production", &format!("redis/asked-{n}")));
    assert_eq!(asked.count(), sources.len(), "{report}");
    assert!(took < 2 * scaled(DEADLINE), "{took:?}");
}
