//! Evidence that is written and read again, and what is none.

use super::*;
use crate::model::{CommandFigures, Failure, FailureKind, Field, Outcome, RunState};

fn sample() -> model::Evidence {
    let taken: Timestamp = "2026-03-30T08:42:00Z".parse().unwrap();
    let mut target = model::TargetEvidence::new("redis/cache".into(), "redis://cache:6379", taken);
    target.set_part(
        "info",
        Outcome::Failed(Failure::new(FailureKind::Timeout, "no answer: \"half\"\n\u{1b}[31m")),
    );
    target.fields.push(Field::of_target("redis_version", "7.10"));
    target.fields.push(Field { place: "node-1".into(), name: "kernel".into(), value: "no".into() });
    target.indicators.figures.insert("used_cpu_user".into(), 0.25);
    target.indicators.figures.insert("uptime_in_seconds".into(), 7.0);
    target
        .indicators
        .commands
        .insert("config|get".into(), CommandFigures { calls: 1, usec: 2, ..Default::default() });
    target.images.push(model::ImageUse {
        locator: model::Locator {
            namespace: "p".into(),
            workload: "w".into(),
            container: "c".into(),
        },
        reference: "redis:7".into(),
        image_id: "sha256:1".into(),
        repo_digests: vec!["redis@sha256:2".into()],
        repo_tags: vec!["redis:7".into()],
        runtime: "containerd".into(),
        version_label: String::new(),
        ref_name: "ubuntu".into(),
        app_version: "1.0".into(),
        chart: "redis-19.1.0".into(),
        state: RunState::NotRunning("exited".into()),
    });
    model::Evidence { environment: "dev".into(), taken, targets: vec![target] }
}

#[test]
fn written_and_read_again_it_is_the_same() {
    let mut expected = sample();
    let text = write(&expected).unwrap();
    assert!(text.contains("uptime_in_seconds: 7\n"), "{text}");
    expected.targets[0].source = model::Source::Recorded {
        path: "f".into(),
        time: model::TimeSource::Evidence,
        instead_of: None,
    };
    assert_eq!(read(&text, "f").unwrap(), expected);
}

#[test]
fn aliases_and_other_kinds_are_refused() {
    let text = write(&sample()).unwrap();
    let error = read(&text.replace("kind: Evidence", "kind: Policy"), "f").unwrap_err();
    assert!(error.message.contains("expected kind Evidence"), "{error:?}");
    let bomb = text
        .replace("environment: dev", "environment: &a dev")
        .replace("id: redis/cache", "id: *a");
    assert!(read(&bomb, "f").is_err());
    assert!(read(&text.replace("&a dev", "dev"), "f").is_ok());
}

#[test]
fn a_file_that_broke_off_or_says_too_much_is_no_evidence() {
    let text = write(&sample()).unwrap();
    let cut = text.split("  images:").next().unwrap();
    assert!(read(cut, "f").is_err());
    let end = &text[text.find("end:").unwrap()..];
    let error = read(&format!("{cut}{end}"), "f").unwrap_err();
    assert!(error.message.contains("broke off"), "{error:?}");
    assert!(read(&text.replace("environment: dev", "environment: \"d\\e[31mev\""), "f").is_err());
}

#[test]
fn what_this_version_cannot_interpret_was_not_read() {
    let mut whole = sample();
    whole.targets[0].set_part("info", Outcome::Complete);
    let text = write(&whole).unwrap();
    let failure = |text: &str| {
        let target = read(text, "f").unwrap().targets.remove(0);
        target.parts.into_values().find_map(|outcome| outcome.failure().cloned()).unwrap().message
    };
    assert_eq!(
        failure(&text.replace("id: redis/cache", "id: postgres/x")),
        "this version cannot interpret it"
    );
    assert_eq!(failure(&text.replace("info:", "replicas:")), "the file says nothing of it");
    assert_eq!(
        failure(&text.replace("id: redis/cache", "id: docker/x").replace("info:", "engine:")),
        "the file says nothing of it"
    );
}

#[test]
fn nodes_and_replicas_are_read_as_they_were_written() {
    let mut evidence = sample();
    let target = &mut evidence.targets[0];
    target.parts.clear();
    for part in ["node 10.0.0.7:6379", "node [fd00::7]:6379"] {
        target.set_part(part, Outcome::Complete);
    }
    target.fields.push(Field {
        place: "[fd00::7]:6379".into(),
        name: "run_id".into(),
        value: "1".into(),
    });
    let parts = |evidence: &model::Evidence| {
        read(&write(evidence).unwrap(), "f").unwrap().targets.remove(0).parts
    };
    assert_eq!(
        parts(&evidence),
        evidence.targets[0].parts,
        "nodes have no INFO of the target itself"
    );
    let target = &mut evidence.targets[0];
    target.parts.clear();
    for part in ["info", "sentinel", "replicas", "replica h:1"] {
        target.set_part(part, Outcome::Complete);
    }
    assert_eq!(parts(&evidence), evidence.targets[0].parts);
    for unknown in ["shard h:1", "replica "] {
        evidence.targets[0].set_part(unknown, Outcome::Complete);
        assert!(parts(&evidence)[&unknown.into()].failure().is_some(), "{unknown}");
    }
}
