//! Sources besides Docker, Kubernetes and Redis, from the profile to the report: what needs no
//! server. `tests/servers` has the others.

#[path = "support/cli.rs"]
mod cli;

use cli::{Profiles, Report, envparity, repository};
use serde_json::{Value, json};

#[test]
fn the_example_has_nothing_that_is_wrong() {
    let ended = envparity(["check-profiles"]).profiles(&repository("examples/sources")).run();
    ended.expect(0);
}

/// One environment for each list, with the same selection.
fn audit(lists: &[(&str, &str)], include: &[&str]) -> Report {
    let target = |file: &str| json!({"name": "host", "path": file, "include": include});
    let environments: Vec<(&str, Value)> = lists
        .iter()
        .map(|(name, _)| {
            (*name, json!({"targets": {"packages": [target(&format!("{name}.txt"))]}}))
        })
        .collect();
    let profiles = Profiles::new(&environments);
    for (name, list) in lists {
        profiles.write(&format!("{name}.txt"), list);
    }
    profiles.audit().any_report()
}

#[test]
fn packages_are_compared_as_their_distribution_orders_them() {
    let report = audit(
        &[
            (
                "qualif",
                "libc6:amd64\t2.36-9+deb12u10\nredis\t5:7.0.15-1\nopenssl\t3.0.11-1~deb12u2\n",
            ),
            (
                "production",
                "libc6:amd64\t2.36-9+deb12u9\nredis\t5:7.0.15-1\nopenssl\t3.0.11-1\nbash\t5.2\n",
            ),
        ],
        &["libc6", "redis", "openssl"],
    );
    let components = ["package/libc6", "package/openssl", "package/redis"];
    assert_eq!(report.components(), components, "{report}");
    let readings = report.readings("package/redis", "production");
    assert_eq!(readings, ["- 5:7.0.15-1 program ×1"]);
    let differ = |component: &str| {
        report.all_findings().iter().any(|finding| finding.ends_with(&format!(" {component}")))
    };
    assert!(!differ("package/redis"), "{report}");
    assert!(differ("package/libc6") && differ("package/openssl"), "{report}");
    let target = report.target("production", "packages/host");
    assert_eq!(target["source"], "recorded", "{target:#}");
}

#[test]
fn a_list_that_is_none_hides_no_package() {
    let good = "openssl\t3.0.11-1\n";
    for (list, kind, told) in [
        ("", "file", "is empty"),
        ("openssl 3.0.11\n", "file", "line 1 is not what rpm -qa prints"),
        ("bash\t5.2\n", "nothing-selected", "selects none of 1"),
        ("{\"spdxVersion\": \"SPDX-2.3\"}", "file", "no CycloneDX SBOM"),
        ("dpkg-query: error: no packages\tfound here\n", "file", "line 1"),
    ] {
        let report = audit(&[("qualif", list), ("production", good)], &["openssl"]);
        assert_eq!(report.verdict(), "incomplete", "{list}: {report}");
        let [failure] = &report.failures("qualif", "packages/host")[..] else { panic!("{report}") };
        assert_eq!(failure["kind"], kind, "{list}: {failure}");
        assert!(cli::text(&failure["message"]).contains(told), "{list}: {failure}");
    }
}

#[test]
fn a_selection_is_mandatory() {
    for include in [json!([]), json!(["*"])] {
        let target = json!({"name": "host", "path": "x.txt", "include": include});
        let profiles = Profiles::new(&[("production", json!({"targets": {"packages": [target]}}))]);
        let ended = profiles.audit();
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.says("include: selects"), "{ended}");
    }
    let target = json!({"name": "host", "path": "x.txt"});
    let profiles = Profiles::new(&[("production", json!({"targets": {"packages": [target]}}))]);
    assert_eq!(profiles.audit().code, Some(2));
}
