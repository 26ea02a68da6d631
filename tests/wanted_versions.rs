//! What the policy wants to run and what its makers support, from the files to the exit code.

#[path = "support/cli.rs"]
mod cli;

use std::fs;

use cli::{Ended, Profiles, envparity, make_fifo, recorded_info};

const AT: &str = "2026-09-01T00:00:00Z";

/// Production runs Redis 7.0.15 and qualif 6.2.5, from recorded answers; a gate leads from the one
/// to the other.
fn gate(policy: &str) -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.config("policy.yaml", &format!("kind: Policy\n{policy}"));
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    profiles
}

/// An audit in the folder of the profiles, where paths of `more` lead to.
fn audit(profiles: &Profiles, at: &str, more: &[&str]) -> Ended {
    envparity(["audit", "--profiles", ".", "-o", "json", "--at", at])
        .args(more)
        .current_dir(profiles.folder())
        .run()
}

/// What a rule says in an audit: severity and summary of each finding.
fn said(ended: &Ended, rule: &str) -> Vec<(String, String)> {
    let report = ended.any_report();
    let owned = |(severity, summary): (&str, &str)| (severity.to_owned(), summary.to_owned());
    report.summaries(rule).into_iter().map(owned).collect()
}

fn notes(ended: &Ended) -> Vec<String> {
    ended.any_report().notes().into_iter().map(str::to_owned).collect()
}

fn is(severity: &str, summary: &str) -> Vec<(String, String)> {
    vec![(severity.to_owned(), summary.to_owned())]
}

#[test]
fn a_range_blocks_a_gate_and_is_named_by_its_text() {
    let rows = "ranges:\n- {require: \"redis >=7.0, <8\"}\n- {require: \"postgras >=15\"}\n- {pin: same-minor, components: [\"redis/*\"]}\n";
    let profiles = gate(rows);
    let done = audit(&profiles, AT, &[]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert_eq!(
        said(&done, "out-of-range"),
        [
            is("high", "qualif runs 6.2.5, outside the minor of prod (7.0.x)"),
            is("high", "qualif runs 6.2.5, outside redis >=7.0, <8"),
        ]
        .concat()
    );
    assert_eq!(
        notes(&done),
        ["the policy's range \"postgras >=15\" is about nothing that was seen"]
    );
    let again = audit(&profiles, AT, &[]);
    assert_eq!(done.any_report(), again.any_report());
}

#[test]
fn an_alias_of_a_product_is_the_product() {
    let rows = "ranges:\n- {require: \"Redis 6.2.5\", environments: [qualif]}\n- {require: \"redis-server >=8\"}\n";
    let profiles = gate(rows);
    let catalogue = "products:\n- {name: redis, aliases: [redis-server], images: [redis]}\n";
    profiles.config("catalogue.yaml", &format!("kind: Catalogue\n{catalogue}"));
    let done = audit(&profiles, AT, &[]);
    let found = said(&done, "out-of-range");
    assert_eq!(found.len(), 2, "{found:?} {done}");
    assert!(
        found.iter().all(|(_, summary)| summary.ends_with("outside redis-server >=8")),
        "{found:?}"
    );
}

#[test]
fn mistakes_in_ranges_are_told_with_their_place() {
    let rows = "ranges:\n- {require: \"redis ^7\"}\n- {require: \"redis >=8, <7\"}\n- {pin: same-minor, components: [a], environments: [prd]}\n";
    let done = audit(&gate(rows), AT, &[]);
    assert_eq!(done.code, Some(2));
    for said in [
        "policy.yaml:4:13",
        "policy.yaml:5:13",
        "unknown environment \"prd\"",
        "bounds are written as >=7.0, <8",
    ] {
        assert!(done.stderr.contains(said), "{said}: {}", done.stderr);
    }
}

#[test]
fn the_end_of_support_is_told_before_and_after_it() {
    let profiles = gate("lookahead: 240d\n");
    let done = audit(&profiles, AT, &[]);
    assert_eq!(
        said(&done, "end-of-life"),
        [
            is("medium", "redis 7.0, ended 2024-07-29: prod (7.0.15)"),
            is("low", "redis 6.2, ends 2027-04-01: qualif (6.2.5)"),
        ]
        .concat()
    );
    assert!(notes(&done).is_empty(), "{:?}", notes(&done));
    // The day of the run is in no text.
    let later = audit(&profiles, "2026-09-08T00:00:00Z", &[]);
    assert_eq!(said(&later, "end-of-life"), said(&done, "end-of-life"));
    let old = audit(&profiles, "2026-11-21T00:00:00Z", &[]);
    assert_eq!(
        notes(&old),
        [
            "end-of-life data is from 2026-08-22, more than 90 days ago: pass newer data with --eol-data"
        ]
    );
}

#[test]
fn the_lookahead_is_the_policys() {
    assert_eq!(said(&audit(&gate("lookahead: 1d\n"), AT, &[]), "end-of-life").len(), 1);
    assert_eq!(said(&audit(&gate("lookahead: 400d\n"), AT, &[]), "end-of-life").len(), 2);
}

#[test]
fn data_of_endoflife_date_take_the_place_of_the_shipped_ones() {
    let profiles = gate("");
    profiles
        .write("redis.json", r#"[{"cycle":"7.0","eol":"2026-08-01"},{"cycle":"6.2","eol":false}]"#);
    profiles.write(
        "any.json",
        r#"{"schema_version":"1.2.0","generated_at":"2026-08-30T10:00:00Z",
            "result":[{"name":"redis","releases":[{"name":"7.0","isEol":true,"eolFrom":null}]}]}"#,
    );
    fs::create_dir(profiles.path("data")).unwrap();
    profiles.write(
        "data/own.yaml",
        "as-of: 2020-01-01\nproducts:\n  redis:\n  - {cycle: '7.0', end-of-life: false}\n",
    );
    let ended = |said: &str| is("medium", &format!("redis 7.0, ended{said}: prod (7.0.15)"));
    assert_eq!(
        said(&audit(&profiles, AT, &["--eol-data", "redis.json"]), "end-of-life"),
        ended(" 2026-08-01")
    );
    let any = audit(&profiles, AT, &["--eol-data", "any.json"]);
    // Redis 6.2 is below what has ended, and no data name it.
    let [first, second] = said(&any, "end-of-life").try_into().unwrap();
    assert_eq!(vec![first], ended(""));
    assert_eq!(second.1, "redis before 7.0, ended: qualif (6.2.5)");
    assert!(notes(&any).is_empty(), "{:?}", notes(&any));
    // The last one given counts, and its age is told.
    let own = audit(&profiles, AT, &["--eol-data", "any.json", "--eol-data", "data/own.yaml"]);
    assert!(said(&own, "end-of-life").is_empty());
    assert!(notes(&own)[0].contains("from 2020-01-01"), "{:?}", notes(&own));
    profiles.write("rediss.json", r#"[{"cycle":"7.0","eol":false}]"#);
    let misnamed = audit(&profiles, AT, &["--eol-data", "rediss.json"]);
    assert_eq!(
        notes(&misnamed),
        ["the support cycles of rediss.json are about nothing that was seen"]
    );
}

#[test]
fn data_that_are_none_are_an_error_with_advice() {
    let profiles = gate("");
    for (name, text) in
        [("list.json", "[\"redis\"]"), ("broken.json", "{\"result\":"), ("page.json", "<html>")]
    {
        fs::write(profiles.path(name), text).unwrap();
        let done = audit(&profiles, AT, &["--eol-data", name]);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{name}");
        assert!(
            done.stderr.contains(name) && done.stderr.contains("https://endoflife.date/api/"),
            "{}",
            done.stderr
        );
    }
    fs::write(profiles.path("binary"), [0xff, 0xfe, 0]).unwrap();
    make_fifo(&profiles.path("fifo"));
    for name in ["binary", "fifo", "/dev/zero", "missing.json", "."] {
        let done = audit(&profiles, AT, &["--eol-data", name]);
        assert_eq!(done.code, Some(2), "{name}: {}", done.stderr);
        assert!(done.stderr.contains(name), "{name}: {}", done.stderr);
    }
}
