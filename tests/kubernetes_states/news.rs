//! News of places, and hints where none can be told apart.

use serde_json::{Value, json};

use super::objects::{list, running};
use super::{Estate, Report};

/// A cluster with these workloads.
fn cluster(workloads: &[(&str, &str)]) -> String {
    let pods: Vec<Value> = workloads
        .iter()
        .map(|(name, image)| running("StatefulSet", name, &format!("{name}-0"), image))
        .collect();
    list(&pods)
}

/// What counts of the second cluster as new since the first.
fn since(before: &[(&str, &str)], after: &[(&str, &str)]) -> Report {
    let estate = Estate::new();
    let production = ["cache", "queue", "sessions"].map(|name| (name, "redis:7.4.1"));
    estate.record("prod", &cluster(&production));
    estate.record("qualif", &cluster(before));
    let report = estate.0.path().join("then.json");
    std::fs::write(&report, estate.run("json")).unwrap();
    estate.record("qualif", &cluster(after));
    let more = ["--since", report.to_str().unwrap(), "--fail-on-new"];
    Report(serde_json::from_str(&estate.run_with("json", &more)).unwrap())
}

#[test]
fn another_place_is_news() {
    let known = [("cache", "redis:6.2.1"), ("queue", "redis:7.4.1"), ("sessions", "redis:7.2.5")];
    let with =
        |cache, queue, sessions| [("cache", cache), ("queue", queue), ("sessions", sessions)];
    for (after, verdict) in [
        (known, "go"),
        // A patch of what is known, a step towards production, and a patch elsewhere.
        (with("redis:6.2.5", "redis:7.4.1", "redis:7.2.5"), "go"),
        (with("redis:6.2.1", "redis:7.4.1", "redis:7.4.1"), "go"),
        (with("redis:6.2.1", "redis:7.4.0", "redis:7.2.5"), "go"),
        // As far as what is known, and less far.
        (with("redis:6.2.1", "redis:6.2.1", "redis:7.2.5"), "no-go"),
        (with("redis:6.2.1", "redis:7.2.5", "redis:7.2.5"), "no-go"),
        // Moved, and further away at a place that is known.
        (with("redis:7.4.1", "redis:6.2.1", "redis:7.2.5"), "no-go"),
        (with("redis:6.2.1", "redis:7.4.1", "redis:6.2.1"), "no-go"),
    ] {
        let report = since(&known, &after);
        assert_eq!(report.verdict(), verdict, "{after:?}: {:#?}", report.findings());
    }
    let alone =
        since(&[("cache", "redis:6.2.1")], &[("cache", "redis:6.2.1"), ("queue", "redis:6.2.1")]);
    assert_eq!(alone.verdict(), "no-go");
}

#[test]
fn the_places_of_a_finding_are_in_the_report() {
    let drifted = [("cache", "redis:6.2.1"), ("queue", "redis:7.2.5"), ("sessions", "redis:7.4.0")];
    let report = since(&drifted, &drifted);
    let findings = report.0["findings"].as_array().unwrap();
    let skew = findings.iter().find(|f| f["rule"] == "version-skew").unwrap();
    let places = json!({"shop/cache/main": "major behind", "shop/queue/main": "minor behind"});
    assert_eq!(skew["places"], places);
}

#[test]
fn namespaces_that_nobody_maps_are_hinted_at() {
    let estate = Estate::new();
    let of = |namespace: &str, workloads: &[(&str, &str)]| {
        cluster(workloads).replace("\"shop\"", &format!("\"{namespace}\""))
    };
    let hint = "no kubernetes namespace or project of qualif (shop-q) is one of prod (shop-p)";
    estate.record("prod", &of("shop-p", &[("cache", "redis:7.4.1"), ("queue", "redis:7.2.5")]));
    estate.record("qualif", &of("shop-q", &[("cache", "redis:7.2.5"), ("queue", "redis:7.4.1")]));
    let report = estate.audit();
    assert!(report.shows(hint), "{:#}", report.0["run"]);
    // Mapped, they are compared.
    let catalogue =
        "apiVersion: envparity/v1\nkind: Catalogue\nnamespaces: {shop-q: shop, shop-p: shop}\n";
    std::fs::write(estate.0.path().join("catalogue.yaml"), catalogue).unwrap();
    let report = estate.audit();
    assert!(!report.shows("is one of prod") && report.verdict() == "no-go");
    std::fs::remove_file(estate.0.path().join("catalogue.yaml")).unwrap();
    // What stands in one place each is compared whatever its namespace is called.
    estate.record("prod", &of("shop-p", &[("cache", "redis:7.4.1")]));
    estate.record("qualif", &of("shop-q", &[("cache", "redis:7.4.1")]));
    assert!(!estate.audit().shows("is one of prod"));
}
