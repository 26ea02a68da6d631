//! What is large and honest is read, and takes no more than what is hostile may.

use std::time::Duration;

use serde_json::{Value, json};

use crate::engine;
use crate::hostile::{cluster, page};
use crate::support::cli::slowness::deadline;
use crate::support::cli::{Profiles, memory_limit};
use crate::{MIB, nothing};

/// The target's name is `x`.
fn is_read_within_bounds(what: &str, collector: &str, target: &Value) -> String {
    let mut target = target.clone();
    target["name"] = json!("x");
    let body = json!({
        "deadline": deadline(Duration::from_secs(20)), "targets": {collector: [target]}});
    let (took, peak, report) = Profiles::new(&[("production", body)]).measured();
    assert!(report.is_read("production", &format!("{collector}/x")), "{what}: {report}");
    assert!(peak < memory_limit(nothing), "{what}: {} MiB", peak / MIB);
    format!("{:>3} MiB {:>5.2} s  {what}", peak / MIB, took.as_secs_f64())
}

#[test]
fn a_large_engine_is_read() {
    for (containers, images) in [(5_000, 5_000), (12_000, 600), (15_000, 50)] {
        let server = engine::honest(containers, images);
        let target = json!({"host": format!("tcp://{}", server.address())});
        let what = format!("an engine of {containers} containers of {images} images");
        println!("{}", is_read_within_bounds(&what, "docker", &target));
    }
}

/// As `kubectl run` makes them: nothing owns them, so that each is a workload of its own.
fn bare_pods(page_number: usize, images: usize) -> String {
    let pods = (0..500).map(|n| {
        let n = page_number * 500 + n;
        let image = n % images;
        let reference = format!("registry.example/shop/service-{image}:1.2.{image}");
        json!({
            "metadata": {
                "name": format!("import-stock-{n:05}-{:08x}", n * 7919),
                "namespace": format!("team-{}", n % 40),
                "uid": format!("{n:08x}-0000-4000-8000-000000000000"),
                "creationTimestamp": "2026-04-01T00:00:00Z",
                "labels": {"run": format!("import-stock-{n:05}")}},
            "spec": {"nodeName": format!("node-{}", n % 200),
                "containers": [{"name": "import", "image": reference,
                    "env": [{"name": "A", "value": "b"}]}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "name": "import", "image": reference,
                "imageID": format!("registry.example/shop/service-{image}@sha256:{image:064x}"),
                "containerID": format!("containerd://{n:064x}"), "ready": true,
                "state": {"running": {"startedAt": "2026-04-01T00:00:00Z"}}}]},
        })
        .to_string()
    });
    pods.collect::<Vec<_>>().join(",")
}

#[test]
fn twenty_thousand_pods_without_an_owner_are_read() {
    const PODS: usize = 20_000;
    let folder = tempfile::tempdir().expect("a temporary directory");
    for images in [1, 400] {
        let server = cluster("honest", folder.path(), move |path, _| {
            let next = path.split("continue=").nth(1).and_then(|rest| rest.split('&').next());
            let number: usize = next.and_then(|next| next.parse().ok()).unwrap_or(0);
            let is_last = (number + 1) * 500 >= PODS;
            let next = if is_last { String::new() } else { (number + 1).to_string() };
            page("Pod", &next, &bare_pods(number, images))
        });
        let what = format!("a cluster of {PODS} pods without an owner, of {images} images");
        println!("{}", is_read_within_bounds(&what, "kubernetes", &server.target));
    }
}
