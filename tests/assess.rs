//! Stored evidence is judged as what was just collected: by the library, without the binary.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::path::Path;
use std::sync::Arc;

use envparity::collect::config::COLLECTORS;
use envparity::collect::{Clock, Progress};
use envparity::model::{
    Audit, EnvironmentName, Evidence, Field, Outcome, TargetEvidence, TargetId, Verdict,
};
use envparity::pipeline::{self, AuditOptions, RunFacts};
use envparity::profile::{self, Profiles};
use envparity::report::{RenderOptions, by_name};
use envparity::wire;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The evidence of the quickstart is of that day.
const NOW: &str = "2026-11-23T00:06:00Z";

struct Silent;

impl Progress for Silent {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn clock() -> Clock {
    Arc::new(now)
}

fn load(folder: &Path) -> Profiles {
    let today = now().to_zoned(TimeZone::UTC).date();
    profile::load(folder, &pipeline::rule_ids(), today).unwrap()
}

fn example(name: &str) -> Profiles {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name))
}

fn options() -> AuditOptions {
    AuditOptions { at: Some(now()), ..AuditOptions::default() }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// What a collection of all environments yields.
fn collected(profiles: &Profiles) -> Vec<Evidence> {
    let environments: Vec<_> = profiles
        .environments
        .iter()
        .map(|e| (e, e.is_required(&profiles.baseline, &profiles.gates(&profiles.baseline))))
        .collect();
    run(pipeline::collect(&environments, None, &profiles.folder, None, clock(), &Silent))
}

/// The same behind a file.
fn stored(evidence: &Evidence) -> Evidence {
    let text = wire::evidence::write_evidence(evidence).unwrap();
    wire::evidence::read_evidence(&text, "stored.yaml", COLLECTORS).unwrap()
}

fn assess(profiles: &Profiles, evidence: Vec<Evidence>) -> Audit {
    pipeline::assess(profiles, &options(), evidence, RunFacts::default(), now()).unwrap()
}

fn yaml(audit: &Audit) -> String {
    let view =
        RenderOptions { width: None, color: false, unfold: true, exit: 0, report_only: false };
    by_name("yaml").unwrap().render(audit, &view).unwrap()
}

/// Fails with the lines that differ, and not with two whole reports.
#[track_caller]
fn assert_same(found: &str, wanted: &str, what: &str) {
    let (found, wanted): (Vec<&str>, Vec<&str>) =
        (found.lines().collect(), wanted.lines().collect());
    let differ = found.iter().zip(&wanted).filter(|(found, wanted)| found != wanted);
    let differ: Vec<_> = differ.take(10).collect();
    assert!(differ.is_empty() && found.len() == wanted.len(), "{what}: {differ:#?}");
}

/// A report without where the evidence of each target comes from.
fn without_sources(report: &str) -> String {
    let told = ["    source: ", "    path: ", "    time-from: "];
    let lines = report.lines().filter(|line| !told.iter().any(|key| line.starts_with(key)));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn evidence_of_memory_and_of_files_gets_the_audit_of_its_collection() {
    for name in ["quickstart", "review"] {
        let profiles = example(name);
        let options = options();
        let audit =
            run(pipeline::audit(&profiles, &options, RunFacts::default(), clock(), &Silent));
        let wanted = yaml(&audit.unwrap());
        let evidence = collected(&profiles);
        let files = evidence.iter().map(stored).collect();
        assert_same(&yaml(&assess(&profiles, evidence)), &wanted, name);
        // A file is not read live, and its report says so.
        let files = without_sources(&yaml(&assess(&profiles, files)));
        assert_same(&files, &without_sources(&wanted), &format!("{name} behind files"));
    }
}

#[test]
fn the_order_of_evidence_says_nothing() {
    let profiles = example("quickstart");
    let mut evidence = collected(&profiles);
    let wanted = yaml(&assess(&profiles, evidence.clone()));
    evidence.reverse();
    assert_same(&yaml(&assess(&profiles, evidence)), &wanted, "the other way round");
}

/// Two environments with two live targets each, and whole evidence of them.
fn two_caches() -> (tempfile::TempDir, Profiles, Vec<Evidence>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let text = format!("apiVersion: envparity/v1\n{text}");
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("audit.yaml", "kind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n");
    let mut evidence = Vec::new();
    for name in ["qualif", "prod"] {
        write(
            &format!("{name}.yaml"),
            &format!(
                "kind: Environment\nname: {name}\ntargets:\n  redis:\n  \
                 - {{name: cache, url: \"redis://{name}:1\"}}\n  \
                 - {{name: jobs, url: \"redis://{name}:2\"}}\n"
            ),
        );
        let target = |cache: &str| {
            let mut target = TargetEvidence::new(TargetId::new("redis", cache), "", now());
            target.set_part("info", Outcome::Complete);
            let run_id = format!("{name}-{cache}");
            let fields = [("redis_version", "7.0.15"), ("run_id", run_id.as_str())];
            target.fields.extend(fields.map(|(key, value)| Field::of_target(key, value)));
            target
        };
        let targets = vec![target("cache"), target("jobs")];
        evidence.push(Evidence { environment: name.into(), taken: now(), targets });
    }
    let profiles = load(folder.path());
    (folder, profiles, evidence)
}

fn reasons(audit: &Audit) -> Vec<&str> {
    audit.judgement.reasons.iter().map(|reason| reason.text.as_str()).collect()
}

#[test]
fn evidence_that_holds_everything_is_a_go() {
    let (_folder, profiles, evidence) = two_caches();
    let audit = assess(&profiles, evidence);
    assert_eq!((audit.judgement.verdict, reasons(&audit)), (Verdict::Go, vec![]));
}

#[test]
fn a_target_that_evidence_does_not_hold_was_not_read() {
    let (_folder, profiles, mut evidence) = two_caches();
    // On both sides alike: what remains is equal.
    evidence.iter_mut().for_each(|evidence| evidence.targets.truncate(1));
    let audit = assess(&profiles, evidence);
    assert_eq!(audit.judgement.verdict, Verdict::Incomplete);
    let told = reasons(&audit);
    for name in ["qualif", "prod"] {
        let wanted = format!("{name} redis/jobs not read: the evidence does not hold this target");
        assert!(told.contains(&wanted.as_str()), "{told:#?}");
    }
}

#[test]
fn an_environment_without_evidence_was_not_read() {
    let (_folder, profiles, evidence) = two_caches();
    for kept in 0..2 {
        let audit = assess(&profiles, vec![evidence[kept].clone()]);
        assert_eq!(audit.judgement.verdict, Verdict::Incomplete);
        assert_eq!(audit.environments.len(), 2);
        let other = &evidence[1 - kept].environment;
        let told = reasons(&audit);
        assert!(told.iter().any(|text| text.starts_with(&format!("{other} redis/"))), "{told:#?}");
    }
    assert_eq!(assess(&profiles, Vec::new()).judgement.verdict, Verdict::Incomplete);
}

#[test]
fn recorded_files_that_left_nothing_were_not_read() {
    let profiles = example("review");
    let mut evidence = collected(&profiles);
    evidence.iter_mut().for_each(|evidence| evidence.targets.clear());
    let audit = assess(&profiles, evidence);
    assert_eq!(audit.judgement.verdict, Verdict::Incomplete);
    assert!(reasons(&audit).iter().any(|text| text.contains("does not hold this target")));
}

#[test]
fn evidence_of_strangers_and_twins_is_refused() {
    let (_folder, profiles, evidence) = two_caches();
    let error = |evidence| {
        let audit = pipeline::assess(&profiles, &options(), evidence, RunFacts::default(), now());
        audit.unwrap_err().to_string()
    };
    let twice = vec![evidence[0].clone(), evidence[1].clone(), evidence[0].clone()];
    assert_eq!(error(twice), "there are two pieces of evidence of \"qualif\"");
    let stranger = Evidence { environment: "test".into(), ..evidence[0].clone() };
    let wanted = "unknown environment \"test\"; known: qualif, prod";
    assert_eq!(error(vec![evidence[0].clone(), evidence[1].clone(), stranger]), wanted);
}

#[test]
fn evidence_of_an_environment_that_is_left_out_does_not_count() {
    let (_folder, profiles, evidence) = two_caches();
    let options = AuditOptions { only: vec!["prod".into()], ..options() };
    let audit =
        pipeline::assess(&profiles, &options, evidence, RunFacts::default(), now()).unwrap();
    let names: Vec<_> =
        audit.environments.iter().map(|e| e.snapshot.environment.as_str()).collect();
    assert_eq!(names, ["prod"]);
}
