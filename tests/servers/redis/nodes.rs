//! Nodes of a cluster, each read: versions, settings and identity of each, and what becomes of the
//! others if one fails.

use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, cache, redis, sorted, text};
use crate::support::cli::slowness::deadline;
use crate::support::redis::{Binary, RedisServer};

const CLUSTER: [&str; 2] = ["--cluster-enabled", "yes"];

fn nodes(urls: &[String]) -> Value {
    json!({"name": "cache", "deadline": deadline(Duration::from_secs(2)), "nodes": urls})
}

fn node(binary: Binary, extra: &[&str]) -> RedisServer {
    RedisServer::start(binary, &[&CLUSTER[..], extra].concat())
}

fn part(server: &RedisServer) -> String {
    format!("node 127.0.0.1:{}", server.port())
}

#[test]
fn every_node_of_a_cluster_is_an_instance() {
    for binary in Binary::ALL {
        let [qualif, production] = [(); 2].map(|()| [(); 3].map(|()| node(binary, &[])));
        let urls = |servers: &[RedisServer; 3]| servers.each_ref().map(RedisServer::url);
        let profiles = Profiles::new(&[
            ("qualif", redis(&[nodes(&urls(&qualif))])),
            ("production", redis(&[nodes(&urls(&production))])),
        ]);
        let report = profiles.audit().report(0);
        assert!(report.all_findings().is_empty(), "{binary:?}: {report}");
        let product = if binary == Binary::Valkey80 { "valkey" } else { "redis" };
        let three = [format!("{product} {} program ×3", binary.version())];
        assert_eq!(report.readings("redis/cache", "production"), three);

        profiles.collect("production", "evidence.txt").expect(0);
        let recorded = json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": "production",
            "targets": {"recorded": [{"name": "cache", "path": "evidence.txt"}]}});
        profiles.write("production.yaml", &recorded.to_string());
        let again = profiles.audit().report(0);
        assert_eq!(again.readings("redis/cache", "production"), three);
        let parts = |report: &crate::profiles::Report| {
            report.target("production", "redis/cache")["parts"].clone()
        };
        assert_eq!(parts(&again), parts(&report), "what was written is read the same");
    }
}

#[test]
fn nodes_that_differ_in_version_and_settings_are_told() {
    let [qualif, same] = [(); 2].map(|()| node(Binary::Redis70, &[]));
    let other = node(Binary::Redis62, &["--maxmemory-policy", "allkeys-lru"]);
    let profiles = Profiles::new(&[
        ("qualif", redis(&[nodes(&[qualif.url()])])),
        ("production", redis(&[nodes(&[same.url(), other.url()])])),
    ]);
    let report = profiles.audit().any_report();
    let [split] = report.findings("version-split")[..] else { panic!("no split: {report}") };
    assert!(text(&split["summary"]).contains(&Binary::Redis62.version()), "{split:#}");
    let drift: Vec<&str> =
        report.findings("setting-drift").iter().map(|finding| text(&finding["summary"])).collect();
    let within = format!(
        "maxmemory_policy differs within production: allkeys-lru (127.0.0.1:{}), noeviction (127.0.0.1:{})",
        other.port(),
        same.port()
    );
    assert!(drift.contains(&within.as_str()), "{within} is not in {drift:#?}");
    let between =
        "maxmemory_policy is noeviction in qualif, allkeys-lru and noeviction in production";
    assert!(drift.contains(&between), "{drift:#?}");
    assert_eq!(report.readings("redis/cache", "production").len(), 2, "{report}");
}

#[test]
fn a_node_that_is_down_is_named_and_the_others_are_read() {
    let [one, mut down, three] = [(); 3].map(|()| node(Binary::Valkey80, &[]));
    down.stop();
    let target = nodes(&[one.url(), down.url(), three.url()]);
    let report = Profiles::new(&[("production", redis(&[target]))]).audit().report(3);
    assert_eq!(report.failed_parts("production", "redis/cache"), [part(&down)]);
    let [failure] = report.failures("production", "redis/cache")[..] else {
        panic!("not one failure: {report}")
    };
    assert_eq!(failure["kind"], "refused");
    assert_eq!(
        report.readings("redis/cache", "production"),
        [format!("valkey {} program ×2", Binary::Valkey80.version())]
    );
    let [reason] = report.reasons("incomplete")[..] else { panic!("not one reason: {report}") };
    assert!(reason.contains(&part(&down)), "{reason}");
}

#[test]
fn two_addresses_of_one_node_are_not_two_nodes() {
    let server = node(Binary::Redis70, &[]);
    let other = format!("redis://localhost:{}", server.port());
    let report =
        Profiles::new(&[("production", redis(&[nodes(&[server.url(), other])]))]).audit().report(3);
    let [failure] = report.failures("production", "redis/cache")[..] else {
        panic!("not one failure: {report}")
    };
    assert!(
        text(&failure["message"]).contains(&format!("same server as 127.0.0.1:{}", server.port())),
        "{failure:#}"
    );
    assert_eq!(
        report.readings("redis/cache", "production"),
        [format!("redis {} program ×1", Binary::Redis70.version())]
    );
}

#[test]
fn a_node_that_serves_two_environments_is_a_shared_instance() {
    let [shared, own] = [(); 2].map(|()| RedisServer::start(Binary::Redis70, &[]));
    let production = redis(&[nodes(&[own.url(), shared.url()])]);
    let report = Profiles::new(&[("qualif", cache(&shared.url())), ("production", production)])
        .audit()
        .report(1);
    let [finding] = report.findings("shared-instance")[..] else {
        panic!("not one finding: {report}")
    };
    assert_eq!(sorted(&finding["environments"]), ["production", "qualif"]);
}

#[test]
fn recorded_evidence_stands_in_for_all_nodes_or_says_which_it_lacks() {
    let [mut one, mut two] = [(); 2].map(|()| node(Binary::Redis70, &[]));
    let mut target = nodes(&[one.url(), two.url()]);
    let profiles = Profiles::new(&[("production", redis(&[target.clone()]))]);
    profiles.collect("production", "evidence.txt").expect(0);
    let evidence =
        std::fs::read_to_string(profiles.path("evidence.txt")).expect("evidence was written");
    one.stop();
    two.stop();
    let info = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/redis/redis-7.0.15.txt");
    for (file, code) in [("evidence.txt", 0), (info, 3)] {
        target["else-recorded"] = json!(file);
        let production = json!({"max-age": "36500d", "targets": {"redis": [target.clone()]}});
        let profiles = Profiles::new(&[("production", production)]);
        profiles.write("evidence.txt", &evidence);
        let report = profiles.audit().report(code);
        assert_eq!(report.target("production", "redis/cache")["source"], "recorded", "{report}");
        if code == 3 {
            assert_eq!(
                report.failed_parts("production", "redis/cache").len(),
                2,
                "INFO of one is not that of two: {report}"
            );
        }
    }
}
