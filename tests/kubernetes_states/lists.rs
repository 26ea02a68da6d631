//! What a list tells, and what it does not.

use serde_json::{Value, json};

use super::Estate;
use super::objects::{MADE, list, pod, running, steady, workload};

#[test]
fn a_state_that_nobody_tells_is_a_gap_only_where_nothing_else_tells() {
    let image = "redis:7.2.4";
    let untold = || {
        let mut pod = pod("StatefulSet", "cache", "cache-1", image);
        pod["status"] = json!({"phase": "Running"});
        pod
    };
    let estate = Estate::new();
    estate.record("prod", &list(&[running("StatefulSet", "cache", "cache-0", image), steady()]));
    let verdict = |items: &[Value]| {
        estate.record("qualif", &list(&[items, &[steady()]].concat()));
        estate.audit()
    };
    let alone = verdict(&[untold()]);
    assert_eq!(alone.verdict(), "incomplete");
    assert!(alone.shows("nothing tells what shop/cache runs") && alone.shows("state unknown"));
    let set = workload("StatefulSet", "cache", image, 2);
    assert_eq!(verdict(&[untold(), set]).verdict(), "go");
    let other = running("StatefulSet", "cache", "cache-0", image);
    assert_eq!(verdict(&[untold(), other]).verdict(), "go");
}

#[test]
fn a_spec_pinned_by_digest_does_not_hide_what_runs() {
    let pinned = |running: &str| {
        let image = format!("redis:7.2.4@sha256:{}", "b".repeat(64));
        let mut pod = self::running("StatefulSet", "cache", "cache-0", &image);
        pod["status"]["containerStatuses"][0]["imageID"] =
            json!(format!("docker.io/library/redis@sha256:{}", running.repeat(64)));
        pod
    };
    let estate = Estate::new();
    estate.record("prod", &list(&[pinned("b"), steady()]));
    for (running, verdict) in [("b", "go"), ("a", "no-go")] {
        estate.record("qualif", &list(&[pinned(running), steady()]));
        let report = estate.audit();
        assert_eq!(report.verdict(), verdict, "{:#?}", report.findings());
        assert_eq!(report.has("digest-mismatch image/redis"), verdict == "no-go");
    }
}

#[test]
fn a_pasted_list_says_what_it_does_not_hold_and_how_old_it_is() {
    let estate = Estate::new();
    estate.without_taken();
    let both = |items: &[Value]| {
        estate.record("prod", &list(items));
        estate.record("qualif", &list(items));
        estate.audit()
    };
    let report = both(&[steady()]);
    assert_eq!(report.verdict(), "go");
    let told = report.0["verdict"]["not-judged"].to_string();
    assert!(told.contains("qualif kubernetes/k: identity, nodes, server not recorded"), "{told}");
    let target = &report.0["environments"][0]["targets"][0];
    assert_eq!(target["time-from"], "the newest time that kubectl printed");
    // Yesterday's list is yesterday's, whenever its file was copied.
    let old = list(&[steady()]).replace(MADE, "2026-11-20T20:45:00Z");
    estate.record("qualif", &old);
    assert_eq!(estate.audit().verdict(), "incomplete");
    assert!(
        estate.run("table").contains("the newest time that kubectl printed")
            || estate.run("table").contains("old")
    );
}

/// All images of OpenShift's payload are of one repository, by digest alone.
#[test]
fn openshifts_payload_is_no_split() {
    let payload = |name: &str, byte: &str| {
        let image =
            format!("quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:{}", byte.repeat(64));
        let mut pod = running("Deployment", name, &format!("{name}-1"), "a:1");
        pod["spec"]["containers"][0]["image"] = json!(image);
        pod["status"]["containerStatuses"][0]["imageID"] = json!(image);
        pod["status"]["containerStatuses"][0]["containerID"] = json!("cri-o://c");
        pod
    };
    let estate = Estate::new();
    for environment in ["qualif", "prod"] {
        estate.record(
            environment,
            &list(&[payload("console", "a"), payload("dns", "b"), payload("oauth", "c"), steady()]),
        );
    }
    let report = estate.audit();
    assert!(
        !report.has("version-split") && report.verdict() == "go",
        "{} {:#?}",
        report.verdict(),
        report.findings()
    );
}
