//! What hostile servers can make an audit hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::docker::answers_but;
use crate::profiles::Profiles;
use crate::support::cli::is_optimised;
use crate::support::cli::slowness::deadline;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, Fault, When};

const MIB: u64 = 1024;

/// On an idle machine: long enough for every cap to be met.
const DEADLINE: Duration = Duration::from_secs(3);

/// What one hostile target may make an audit hold: in a debug build, whose code alone is some 45 MiB,
/// on top of an audit that reads nothing.
fn limit() -> u64 {
    if is_optimised() {
        return 64 * MIB;
    }
    let refused = Hostile::start(Behaviour::Refuses);
    let host = format!("tcp://{}", refused.address());
    peak("docker", &json!({"name": "x", "host": host})) + 48 * MIB
}

/// An audit of one target, all of whose answers are more than anybody could want.
fn peak(collector: &str, target: &Value) -> u64 {
    let profiles = Profiles::new(&[(
        "production",
        json!({"deadline": deadline(DEADLINE), "targets": {collector: [target]}}),
    )]);
    let (_, peak, report) = profiles.measured();
    assert_eq!(report.verdict(), "incomplete", "{report}");
    peak
}

#[test]
fn hostile_servers_do_not_fill_the_memory() {
    let endless = Hostile::start(Behaviour::EndlessHttpBody);
    let docker =
        peak("docker", &json!({"name": "x", "host": format!("tcp://{}", endless.address())}));
    let cluster = |fault: Fault| {
        let server = ApiServer::start(Cluster::recorded());
        server.fault("/api/v1/pods", When::Always, fault);
        let folder = tempfile::tempdir().expect("a temporary directory");
        peak(
            "kubernetes",
            &json!({"name": "x", "kubeconfig": server.kubeconfig().write(folder.path())}),
        )
    };
    let peaks = [
        ("an engine that never stops answering", docker),
        ("a list of pods that never ends", cluster(Fault::Endless)),
        ("the same, compressed", cluster(Fault::GzipBomb)),
        ("pages that never end", cluster(Fault::SamePageForEver)),
    ];
    let limit = limit();
    for (server, peak) in peaks {
        println!("{server}: {} MiB", peak / MIB);
        assert!(peak < limit, "{server}: {peak} KiB");
    }
}

/// An engine that is well but for one list, of so many items.
fn engine(path: &'static str, item: impl Fn(usize) -> String, items: usize) -> Hostile {
    let items: Vec<String> = (0..items).map(item).collect();
    let body = format!("[{}]", items.join(","));
    Hostile::start(Behaviour::HttpByPath(answers_but(path, 200, &body)))
}

/// As a real engine lists it, but for ports, mounts and networks.
fn container(i: usize) -> String {
    json!({
        "Id": format!("{i:064x}"), "Names": [format!("/shop-service-{i}-1")],
        "Image": format!("registry.example/shop/service-{i}:1.2.{i}"),
        "ImageID": format!("sha256:{i:064x}"), "State": "running", "Status": "Up 3 days",
        "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": format!("service-{i}")},
    })
    .to_string()
}

fn image(i: usize) -> String {
    json!({
        "Id": format!("sha256:{i:064x}"), "RepoTags": [format!("registry.example/shop/service-{i}:1.2.{i}")],
        "RepoDigests": [format!("registry.example/shop/service-{i}@sha256:{i:064x}")],
        "Labels": {"org.opencontainers.image.version": format!("1.2.{i}")},
    })
    .to_string()
}

#[test]
fn an_engine_with_endless_lists_does_not_fill_the_memory() {
    const MANY: usize = 250_000;
    let (containers, images) = ("/containers/json", "/images/json");
    let labels = |_| {
        let labels: Vec<String> = (0..20_000).map(|i| format!("\"{i:x}\":\"\"")).collect();
        format!(r#"{{"Image":"a","State":"running","Labels":{{{}}}}}"#, labels.join(","))
    };
    let cases: [(&str, Hostile); 8] = [
        ("250,000 containers", engine(containers, container, MANY)),
        ("250,000 containers without a state", engine(containers, |_| "{}".to_owned(), MANY)),
        ("250,000 containers that are numbers", engine(containers, |_| "0".to_owned(), MANY)),
        (
            "250,000 containers of one image",
            engine(containers, |_| r#"{"Image":"a","State":"running"}"#.to_owned(), MANY),
        ),
        ("containers with 20,000 labels each", engine(containers, labels, 200)),
        ("a container without an end", engine(containers, |_| "[".repeat(100 << 20), 1)),
        ("250,000 images", engine(images, image, MANY)),
        ("250,000 images without an ID", engine(images, |_| "{}".to_owned(), MANY)),
    ];
    let limit = limit();
    for (name, server) in cases {
        let host = format!("tcp://{}", server.address());
        let peak = peak("docker", &json!({"name": "x", "host": host}));
        println!("{name}: {} MiB", peak / MIB);
        assert!(peak < limit, "{name}: {peak} KiB");
    }
}

/// One that is just short enough to be read, and everything in it different.
#[test]
fn the_longest_list_of_containers_does_not_fill_the_memory() {
    let refused = Hostile::start(Behaviour::Refuses);
    let idle =
        peak("docker", &json!({"name": "x", "host": format!("tcp://{}", refused.address())}));
    let server = engine("/containers/json", container, 5_500);
    let host = format!("tcp://{}", server.address());
    let (took, peak, report) = Profiles::new(&[(
        "production",
        json!({"deadline": "60s", "targets": {"docker": [{"name": "x", "host": host}]}}),
    )])
    .measured();
    println!(
        "5,500 containers of 5,500 images: {} MiB, {} MiB more than nothing, {took:.2?}",
        peak / MIB,
        (peak - idle) / MIB
    );
    assert!(report.is_read("production", "docker/x"), "{}", report["environments"]);
    assert!(peak - idle < 64 * MIB, "{peak} KiB");
}
