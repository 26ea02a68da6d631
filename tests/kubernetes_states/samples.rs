//! Clusters from public reports, rebuilt small:
//! `tests/cases/data/samples/NAME.input-ENVIRONMENT.json`.

use std::fs;
use std::path::Path;

use super::{Estate, Report};

/// A sample by the name of its files.
fn sample(name: &str) -> (Estate, Report) {
    let estate = Estate::new();
    for environment in ["qualif", "prod"] {
        let path = format!(
            "{}/tests/cases/data/samples/{name}.input-{environment}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        estate.record(environment, &fs::read_to_string(Path::new(&path)).unwrap());
    }
    let report = estate.audit();
    (estate, report)
}

/// A sample's verdict, and beginnings of findings that it must not have.
fn check(name: &str, verdicts: &[&str], absent: &[&str]) -> Report {
    let (_, report) = sample(name);
    let found = report.findings();
    assert!(
        verdicts.contains(&report.verdict()),
        "{name}: {} {found:#?} {:#}",
        report.verdict(),
        report.0["verdict"]
    );
    for beginning in absent {
        assert!(!report.has(beginning), "{name}: {found:#?}");
    }
    report
}

#[test]
fn s08_terminating() {
    check("s08-terminating", &["no-go", "incomplete"], &[]);
}

#[test]
fn m07_terminating_sts() {
    check("m07-terminating-sts", &["no-go", "incomplete"], &[]);
}

#[test]
fn m16_runcontainererror() {
    check("m16-runcontainererror", &["no-go"], &[]);
}

#[test]
fn m10_virtual_missing_host() {
    let absent = ["missing-component host/kernel", "missing-component kubernetes/runtime"];
    check("m10-virtual-missing-host", &["go", "incomplete"], &absent);
}

#[test]
fn n03_aks_windows() {
    let absent = ["version-split host/kernel", "version-split host/os", "version-skew"];
    check("n03-aks-windows", &["go"], &absent);
}

#[test]
fn n07_empty_nodeinfo() {
    let report = check("n07-empty-nodeinfo", &["incomplete"], &[]);
    assert!(report.shows("node v tells no version") && !report.shows("is there a proxy"));
}

#[test]
fn f01_client_version() {
    check("f01-client-version", &["go"], &[]);
}

#[test]
fn f18_oc_zstream() {
    let report = check("f18-oc-zstream", &["go"], &[]);
    assert!(report.shows("4.15.15") && report.shows("4.15.19"));
    assert!(report.has("version-skew kubernetes/openshift"), "{:#?}", report.findings());
}

#[test]
fn f21_appended_twice() {
    let report = check("f21-appended-twice", &["incomplete", "no-go"], &["version-split"]);
    assert!(report.shows("twice: two recordings"));
}

#[test]
fn f22_two_clusters() {
    let report = check("f22-two-clusters", &["incomplete", "no-go"], &["version-split"]);
    assert!(report.shows("twice: two recordings"));
}
