//! A day of auditing every minute, in one process, as a daemon would.

use std::sync::Arc;
use std::time::Instant;

use envparity::collect::{Clock, Progress};
use envparity::model::{EnvironmentName, TargetId, Verdict};
use envparity::pipeline::{AuditOptions, RunFacts};
use envparity::{pipeline, profile};
use serde_json::{Value, json};

use crate::profiles::{Profiles, kib};
use crate::support::kubernetes::{ApiServer, Cluster};
use crate::support::redis::{Binary, RedisServer};

/// Minutes of a day.
const AUDITS: usize = 1_440;
/// What an allocator needs to have seen before it stops asking for more.
const WARM_UP: usize = 120;

struct Quiet;

impl Progress for Quiet {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

/// Resident memory in KiB, and open descriptors, of this process.
fn used() -> (u64, usize) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("Linux").count();
    (kib(&status, "VmRSS:").expect("Linux"), descriptors)
}

/// Nine Redis targets, one of which nobody answers, and a cluster.
fn targets(redis: &RedisServer, kubeconfig: &std::path::Path) -> Value {
    let servers: Vec<Value> = (0..9)
        .map(|i| {
            let url = if i == 0 { "redis://127.0.0.1:9".to_owned() } else { redis.url() };
            json!({"name": format!("cache-{i}"), "url": url})
        })
        .collect();
    json!({"targets": {"redis": servers, "kubernetes": [{"name": "mks", "kubeconfig": kubeconfig}]}})
}

#[test]
fn a_day_of_audits_grows_neither_in_memory_nor_in_descriptors() {
    let (redis, cluster) =
        (RedisServer::start(Binary::Redis70, &[]), ApiServer::start(Cluster::recorded()));
    let folder = tempfile::tempdir().expect("a temporary directory");
    let profiles = Profiles::new(&[(
        "production",
        targets(&redis, &cluster.kubeconfig().write(folder.path())),
    )]);
    let today = "2026-01-01".parse().expect("a day");
    let Ok(loaded) = profile::load(profiles.folder(), &pipeline::rule_ids(), today) else {
        panic!("the profiles are right")
    };
    let clock: Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut seen = Vec::new();
    let start = Instant::now();
    for audit in 0..AUDITS {
        let options = AuditOptions::default();
        let audited =
            pipeline::audit(&loaded, &options, RunFacts::default(), Arc::clone(&clock), &Quiet);
        let report = runtime.block_on(audited).expect("the environment exists");
        assert_eq!(report.judgement.verdict, Verdict::Incomplete);
        assert!(report.matrix.len() > 30, "the cluster was not read");
        cluster.forget_requests();
        if audit % WARM_UP == WARM_UP - 1 {
            let (memory, descriptors) = used();
            println!(
                "{:>5} audits after {:>6.1?}: {} KiB, {descriptors} descriptors",
                audit + 1,
                start.elapsed(),
                memory
            );
            seen.push((memory, descriptors));
        }
    }
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    assert!(last.1 <= first.1 + 4, "descriptors grow: {seen:?}");
    assert!(last.0 < first.0 + first.0 / 5, "memory grows: {seen:?} KiB");
}
