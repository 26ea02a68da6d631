//! Cases of inputs whose verdict is known: each is a few files below `data/` that start with its
//! name, and all are audited by the built binary. To add one, add its files.
//!
//! The environments are `qualif` and `prod`; prod is the baseline, and qualif before prod the gate.
//! A case lies in a folder of `data/`, one for each kind, and has
//!
//! - `NAME.input-ENV.json`: a recorded file of the environment (`kubectl … -o json`, evidence),
//!   as the recorded target `k`;
//! - `NAME.input-ENV.docker.json`: the answers of a Docker Engine by path, which a server on a
//!   loopback port gives, as the Docker target `k`;
//! - `NAME.input-ENV.redis.json`: what a Redis answers to one INFO after the other, as the Redis
//!   target `k`; a text that begins with `-` is an error;
//! - or these kinds with `ENV@TARGET` in place of `ENV`, to name the target: several of one
//!   environment are possible;
//! - `NAME.input`: an INFO of qualif, as the recorded target `cache`; production's is
//!   `NAME.input.baseline`, else a Redis 7.2.4;
//! - `NAME.input-catalogue.yaml`, `NAME.input-policy.yaml`, `NAME.input-waivers.yaml`: what stands
//!   in those files of the profiles;
//! - `NAME.input-select.json`: an object whose keys are added to each target;
//! - `NAME.expect`: what is right, one line for each ([`expectation`] lists them).
//!
//! `CASE=PREFIX cargo test --test cases` runs those whose names start so and prints their reports.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/mod.rs"]
mod support;

mod expectation;
mod inputs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use expectation::{Expectation, Outcome};

/// What all files of one case start with, the folder included.
type CaseName = PathBuf;

fn folder_of(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/data").join(kind)
}

/// The cases of a kind, by the file that says what is right.
fn cases(kind: &str) -> BTreeSet<CaseName> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let files = std::fs::read_dir(folder_of(kind)).unwrap().map(|file| file.unwrap().path());
    let names = files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".expect")?;
        name.starts_with(&wanted).then(|| path.with_file_name(name))
    });
    names.collect()
}

/// Audits one case.
fn audit(case: &Path) -> Outcome {
    let inputs = inputs::Inputs::of(case);
    let reports = tempfile::tempdir().unwrap();
    let (yaml, json) = (reports.path().join("report.yaml"), reports.path().join("report.json"));
    let mut command = Command::new("timeout");
    command.args(["60", env!("CARGO_BIN_EXE_envparity"), "audit", "-v", "-o", "table"]);
    command.args(["-o", &format!("yaml={}", yaml.display())]);
    command.args(["-o", &format!("json={}", json.display())]);
    command.args(inputs.time()).arg("--profiles").arg(inputs.folder());
    let output = command.output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = std::fs::read_to_string(&json).unwrap_or_else(|_| {
        panic!("{} has no report: {shown}{errors}", case.display());
    });
    Outcome {
        exit: output.status.code(),
        report: serde_json::from_str(&report).unwrap(),
        yaml: std::fs::read_to_string(&yaml).unwrap(),
        table: format!("{shown}{errors}"),
    }
}

#[expect(clippy::print_stderr, reason = "asked for by CASE")]
fn show(case: &Path, outcome: &Outcome) {
    eprintln!("==== {}\n{}\n{}", case.display(), outcome.table, outcome.yaml);
}

/// Audits all cases of a kind, and says of each what is not as it should be.
fn check(kind: &str) {
    let mut wrong = Vec::new();
    let cases = cases(kind);
    for case in &cases {
        let expectation = Expectation::read(&case.with_extension_added("expect"));
        let outcome = audit(case);
        if std::env::var("CASE").is_ok() {
            show(case, &outcome);
        }
        let name = case.file_name().unwrap().to_string_lossy();
        wrong.extend(expectation.wrong(&outcome).iter().map(|text| format!("{name}: {text}")));
    }
    assert!(wrong.is_empty(), "{} cases of {kind}:\n{}", cases.len(), wrong.join("\n"));
    assert!(!cases.is_empty() || std::env::var("CASE").is_ok(), "no cases of {kind}");
}

/// A name of a case may hold dots, which [`Path::with_extension`] would cut.
trait WithExtensionAdded {
    fn with_extension_added(&self, extension: &str) -> PathBuf;
}

impl WithExtensionAdded for Path {
    fn with_extension_added(&self, extension: &str) -> PathBuf {
        let mut name = self.as_os_str().to_owned();
        name.push(format!(".{extension}"));
        name.into()
    }
}

/// What stands in one place is compared with what stands there in the other environment.
#[test]
fn like_is_compared_with_like() {
    check("place");
}

/// What a Redis, or what imitates one, says of itself.
#[test]
fn a_redis_is_told_by_its_info() {
    check("redis");
}

/// Samples of public reports: a GO that was not earned, a NO-GO that cries wolf, and files that are
/// not what they should be. What `later/` holds is not read rightly yet.
#[test]
fn samples_of_public_reports_get_their_verdict() {
    check("samples");
}

/// Images under a distributor's name.
#[test]
fn a_copy_is_the_product_that_it_is_a_copy_of() {
    check("copies");
}

/// Servers that imitate Redis, and those whose INFO never has all lines.
#[test]
fn relatives_of_redis_are_told_and_read() {
    check("relatives");
}

/// What servers answer over TCP.
#[test]
fn a_server_is_asked_for_what_it_knows() {
    check("live");
}

/// Files that are not what they should be.
#[test]
fn what_was_pasted_is_read_or_named() {
    check("pasted");
}

/// Tags of products and own services: channels, commits, updates, builds.
#[test]
fn a_tag_says_what_its_words_mean() {
    check("readings");
}

/// What container engines answer.
#[test]
fn an_image_is_found_by_its_id() {
    check("engines");
}

/// One version, and whether it is one build.
#[test]
fn builds_that_differ_are_told() {
    check("builds");
}
