//! What the policy wants to run and what its makers support, from the files to the exit code.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const HEAD: &str = "apiVersion: envparity/v1\nkind: ";

/// Production runs Redis 7.0.15 and qualif 6.2.5, from recorded answers; a gate leads from the one
/// to the other.
fn folder(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("audit.yaml", format!("{HEAD}Audit\nbaseline: prod\nenvironments: [qualif, prod]\n"));
    write("policy.yaml", format!("{HEAD}Policy\n{policy}"));
    for (name, version) in [("qualif", "6.2.5"), ("prod", "7.0.15")] {
        let info =
            format!("{}/tests/fixtures/redis/redis-{version}.txt", env!("CARGO_MANIFEST_DIR"));
        let target = format!("recorded:\n  - {{name: cache, path: {info}}}\n");
        write(
            &format!("{name}.yaml"),
            format!("{HEAD}Environment\nname: {name}\nmax-age: 36500d\ntargets:\n  {target}"),
        );
    }
    folder
}

struct Done {
    code: Option<i32>,
    report: Value,
    errors: String,
}

impl Done {
    /// What a rule says, with the severity that it got.
    fn says(&self, rule: &str) -> Vec<(String, String)> {
        let findings = self.report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["rule"] == rule);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        findings.map(|finding| (text(finding, "severity"), text(finding, "summary"))).collect()
    }

    fn notes(&self) -> Vec<&str> {
        let notes = self.report["run"]["notes"].as_array();
        notes.into_iter().flatten().map(|note| note.as_str().unwrap()).collect()
    }
}

fn audit(folder: &Path, at: &str, more: &[&str]) -> Done {
    let output = Command::new("timeout")
        .args([
            "20",
            env!("CARGO_BIN_EXE_envparity"),
            "audit",
            "--profiles",
            ".",
            "-o",
            "json",
            "--at",
            at,
        ])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    Done {
        code: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

const AT: &str = "2026-09-01T00:00:00Z";

fn is(severity: &str, summary: &str) -> Vec<(String, String)> {
    vec![(severity.to_owned(), summary.to_owned())]
}

#[test]
fn a_range_blocks_a_gate_and_is_named_by_its_text() {
    let rows = "ranges:\n- {require: \"redis >=7.0, <8\"}\n- {require: \"postgras >=15\"}\n- {pin: same-minor, components: [\"redis/*\"]}\n";
    let folder = folder(rows);
    let done = audit(folder.path(), AT, &[]);
    assert_eq!(done.code, Some(1), "{}", done.errors);
    assert_eq!(
        done.says("out-of-range"),
        [
            is("high", "qualif runs 6.2.5, outside the minor of prod (7.0.x)"),
            is("high", "qualif runs 6.2.5, outside redis >=7.0, <8"),
        ]
        .concat()
    );
    assert_eq!(
        done.notes(),
        ["the policy's range \"postgras >=15\" is about nothing that was seen"]
    );
    let again = audit(folder.path(), AT, &[]);
    assert_eq!(done.report, again.report);
}

#[test]
fn an_alias_of_a_product_is_the_product() {
    let rows = "ranges:\n- {require: \"Redis 6.2.5\", environments: [qualif]}\n- {require: \"redis-server >=8\"}\n";
    let folder = folder(rows);
    let catalogue = "products:\n- {name: redis, aliases: [redis-server], images: [redis]}\n";
    fs::write(folder.path().join("catalogue.yaml"), format!("{HEAD}Catalogue\n{catalogue}"))
        .unwrap();
    let done = audit(folder.path(), AT, &[]);
    let said = done.says("out-of-range");
    assert_eq!(said.len(), 2, "{said:?} {}", done.errors);
    assert!(
        said.iter().all(|(_, summary)| summary.ends_with("outside redis-server >=8")),
        "{said:?}"
    );
}

#[test]
fn mistakes_in_ranges_are_told_with_their_place() {
    let rows = "ranges:\n- {require: \"redis ^7\"}\n- {require: \"redis >=8, <7\"}\n- {pin: same-minor, components: [a], environments: [prd]}\n";
    let done = audit(folder(rows).path(), AT, &[]);
    assert_eq!(done.code, Some(2));
    for said in [
        "policy.yaml:4:13",
        "policy.yaml:5:13",
        "there is no environment \"prd\"",
        "bounds are written as >=7.0, <8",
    ] {
        assert!(done.errors.contains(said), "{said}: {}", done.errors);
    }
}

#[test]
fn the_end_of_support_is_told_before_and_after_it() {
    let folder = folder("lookahead: 240d\n");
    let done = audit(folder.path(), AT, &[]);
    assert_eq!(
        done.says("end-of-life"),
        [
            is("medium", "redis 7.0, ended 2024-07-29: prod (7.0.15)"),
            is("low", "redis 6.2, ends 2027-04-01: qualif (6.2.5)"),
        ]
        .concat()
    );
    assert!(done.notes().is_empty(), "{:?}", done.notes());
    // The day of the run is in no text.
    let later = audit(folder.path(), "2026-09-08T00:00:00Z", &[]);
    assert_eq!(later.says("end-of-life"), done.says("end-of-life"));
    let old = audit(folder.path(), "2026-11-21T00:00:00Z", &[]);
    assert_eq!(
        old.notes(),
        [
            "support cycles are of 2026-08-22, more than 90 days before this run: give newer ones by --eol-data"
        ]
    );
}

#[test]
fn the_lookahead_is_the_policys() {
    assert_eq!(audit(folder("lookahead: 1d\n").path(), AT, &[]).says("end-of-life").len(), 1);
    assert_eq!(audit(folder("lookahead: 400d\n").path(), AT, &[]).says("end-of-life").len(), 2);
}

#[test]
fn data_of_endoflife_date_take_the_place_of_the_shipped_ones() {
    let folder = folder("");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("redis.json", r#"[{"cycle":"7.0","eol":"2026-08-01"},{"cycle":"6.2","eol":false}]"#);
    write(
        "any.json",
        r#"{"schema_version":"1.2.0","generated_at":"2026-08-30T10:00:00Z",
            "result":[{"name":"redis","releases":[{"name":"7.0","isEol":true,"eolFrom":null}]}]}"#,
    );
    fs::create_dir(folder.path().join("data")).unwrap();
    write(
        "data/own.yaml",
        "as-of: 2020-01-01\nproducts:\n  redis:\n  - {cycle: '7.0', end-of-life: false}\n",
    );
    let ended = |said: &str| is("medium", &format!("redis 7.0, ended{said}: prod (7.0.15)"));
    assert_eq!(
        audit(folder.path(), AT, &["--eol-data", "redis.json"]).says("end-of-life"),
        ended(" 2026-08-01")
    );
    let any = audit(folder.path(), AT, &["--eol-data", "any.json"]);
    // Redis 6.2 is below what has ended, and no data name it.
    let [first, second] = any.says("end-of-life").try_into().unwrap();
    assert_eq!(vec![first], ended(""));
    assert_eq!(second.1, "redis before 7.0, ended: qualif (6.2.5)");
    assert!(any.notes().is_empty(), "{:?}", any.notes());
    // The last one given counts, and its age is told.
    let own = audit(folder.path(), AT, &["--eol-data", "any.json", "--eol-data", "data/own.yaml"]);
    assert!(own.says("end-of-life").is_empty());
    assert!(own.notes()[0].contains("of 2020-01-01"), "{:?}", own.notes());
    write("rediss.json", r#"[{"cycle":"7.0","eol":false}]"#);
    let misnamed = audit(folder.path(), AT, &["--eol-data", "rediss.json"]);
    assert_eq!(
        misnamed.notes(),
        ["the support cycles of rediss.json are about nothing that was seen"]
    );
}

#[test]
fn data_that_are_none_are_an_error_with_advice() {
    let folder = folder("");
    for (name, text) in
        [("list.json", "[\"redis\"]"), ("broken.json", "{\"result\":"), ("page.json", "<html>")]
    {
        fs::write(folder.path().join(name), text).unwrap();
        let done = audit(folder.path(), AT, &["--eol-data", name]);
        assert_eq!((done.code, &done.report), (Some(2), &Value::Null), "{name}");
        assert!(
            done.errors.contains(name) && done.errors.contains("https://endoflife.date/api/"),
            "{}",
            done.errors
        );
    }
    fs::write(folder.path().join("binary"), [0xff, 0xfe, 0]).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap().success());
    for name in ["binary", "fifo", "/dev/zero", "missing.json", "."] {
        let done = audit(folder.path(), AT, &["--eol-data", name]);
        assert_eq!(done.code, Some(2), "{name}: {}", done.errors);
        assert!(done.errors.contains(name), "{name}: {}", done.errors);
    }
}
