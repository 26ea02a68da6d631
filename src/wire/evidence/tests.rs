//! Evidence that is written and read again, and what is not evidence.

use super::*;
use crate::collect::config::COLLECTORS;
use crate::model::{Counters, Failure, FailureKind, Field, Outcome, RunState};
use jiff::Timestamp;

fn read(text: &str, path: &str) -> Result<model::Evidence, ShapeError> {
    super::read_evidence(text, path, COLLECTORS)
}

fn sample() -> model::Evidence {
    let taken: Timestamp = "2026-03-30T08:42:00Z".parse().unwrap();
    let mut target = model::TargetEvidence::new("redis/cache".into(), "redis://cache:6379", taken);
    target.set_part(
        "info",
        Outcome::Failed(Failure::new(FailureKind::Timeout, "no answer: \"half\"\n\u{1b}[31m")),
    );
    target.fields.push(Field::of_target("redis_version", "7.10"));
    target.fields.push(Field { place: "node-1".into(), name: "kernel".into(), value: "no".into() });
    let mut counters = Counters::default();
    counters.add("used_cpu_user", 0.25);
    counters.add("uptime_in_seconds", 7.0);
    counters.add_item("cmdstat_config|get", "calls", 1.0);
    counters.add_section("Commandstats");
    counters.add_left_out(2);
    for (place, role) in [("cache:6379", "master"), ("cache:6380", "slave")] {
        target.samples.push(model::Sample {
            target: "redis/cache".into(),
            place: place.into(),
            run_id: format!("{role}'s"),
            role: role.into(),
            taken,
            counters: counters.clone(),
        });
    }
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
    let text = write_evidence(&expected).unwrap();
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
    let text = write_evidence(&sample()).unwrap();
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
    let text = write_evidence(&sample()).unwrap();
    let cut = text.split("  images:").next().unwrap();
    assert!(read(cut, "f").is_err());
    let end = &text[text.find("end:").unwrap()..];
    let error = read(&format!("{cut}{end}"), "f").unwrap_err();
    assert!(error.message.contains("was cut off"), "{error:?}");
    assert!(read(&text.replace("environment: dev", "environment: \"d\\e[31mev\""), "f").is_err());
}

#[test]
fn what_this_version_cannot_interpret_was_not_read() {
    let mut whole = sample();
    whole.targets[0].set_part("info", Outcome::Complete);
    let text = write_evidence(&whole).unwrap();
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
        read(&write_evidence(evidence).unwrap(), "f").unwrap().targets.remove(0).parts
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

/// A file of format 1.0, as envparity 0.1.0 wrote it.
const OLD: &str = include_str!("../../../tests/fixtures/evidence/format-1.0.yaml");

#[test]
fn the_one_sample_of_format_1_0_is_the_servers() {
    let old = read(OLD, "f").unwrap();
    let cache = old.targets.iter().find(|target| target.id.as_str() == "redis/cache").unwrap();
    let [sample] = &cache.samples[..] else { panic!("{:?}", cache.samples) };
    assert_eq!(cache.field("run_id"), Some(sample.run_id.as_str()));
    assert_eq!((sample.role.as_str(), sample.place.as_str()), ("master", ""));
    assert_eq!((&sample.target, sample.taken), (&cache.id, cache.taken));
    let groups = sample.counters.groups();
    assert_eq!(sample.counters.figures().get("keys"), Some(&21_000.0));
    assert!(groups["cmdstat_get"]["calls"] > 0.0 && groups["cmdstat_get"]["usec"] > 0.0);
    assert!(groups["latency_percentiles_usec_get"].contains_key("p99.9"));
    assert!(old.targets.iter().filter(|t| t.id != cache.id).all(|t| t.samples.is_empty()));

    let text = write_evidence(&old).unwrap();
    assert!(text.contains("\nformat: \"1.1\"\n"), "{text}");
    assert_eq!(read(&text, "f").unwrap(), old, "it is the same in the format of today");
}

#[test]
fn a_format_is_two_numbers_and_says_what_there_may_be() {
    let text = write_evidence(&sample()).unwrap();
    let with = |format: &str| {
        assert!(text.contains("format: \"1.1\"\n"), "{text}");
        text.replace("format: \"1.1\"\n", &format!("format: {format}\n"))
    };
    let refused = |text: &str, said: &str| {
        let error = read(text, "f").unwrap_err();
        assert!(error.message.contains(said), "{said}: {error:?}");
        shape_advice(&error)
    };
    assert_eq!(read(&with("1.1"), "f").unwrap(), read(&text, "f").unwrap());
    for malformed in ["1", "v1.1", "\"\"", "[1, 1]", "{major: 1}", "1.1.1", "0.9", "-1.1", "1.01"] {
        assert!(read(&with(malformed), "f").is_err(), "{malformed}");
    }
    for nothing in ["null", "~", ""] {
        assert!(read(&with(nothing), "f").is_err(), "{nothing}");
    }
    refused(&with("1.x"), "\"1.x\" is not a format: write MAJOR.MINOR");
    for later in ["\"2.0\"", "\"10.3\"\ncolour: red", "\"2.0\"\nenvironment: []"] {
        let advice = refused(
            &with(later).replacen("environment: dev\n", "", 1),
            "a newer version of envparity",
        );
        assert!(advice.contains("with the version of envparity that wrote it"), "{advice}");
    }
    let unknown = text.replace("  endpoint:", "  colour: red\n  endpoint:");
    refused(&unknown, "colour");
    refused(&with("\"1.0\""), "do not match its content");
    let moved = OLD.replace("kind: Evidence\n", "kind: Evidence\nformat: \"1.1\"\n");
    refused(&moved, "do not match its content");
    refused(&moved.replace("end:\n", "end:\n  samples: 0\n"), "of format 1.0");
}

#[test]
fn keys_that_a_later_minor_adds_are_passed_over_wherever_they_stand() {
    let text = write_evidence(&sample()).unwrap().replace("format: \"1.1\"", "format: \"1.2\"");
    let expected = read(&text, "f").unwrap();
    let later = text
        .replace(
            "taken: \"2026-03-30T08:42:00Z\"\ntargets:",
            "taken: \"2026-03-30T08:42:00Z\"\nshape: {a: [1]}\ntargets:",
        )
        .replace("  endpoint:", "  colour: red\n  endpoint:")
        .replace("        kind: timeout", "        tries: 3\n        kind: timeout")
        .replace("    role: master", "    zone: [b, c]\n    role: master")
        .replace("  - reference:", "  - platform: {os: linux}\n    reference:")
        .replace("end:\n", "end:\n  pods: 4\n");
    assert!(later.lines().count() >= text.lines().count() + 6, "{later}");
    assert_eq!(read(&later, "f").unwrap(), expected);
    assert!(read(&later.replace("format: \"1.2\"", "format: \"1.1\""), "f").is_err());
    // A file of a later minor that broke off did so all the same.
    assert!(read(&later.replace("targets: 1\n", "targets: 2\n"), "f").is_err());
    assert!(read(later.split("end:").next().unwrap(), "f").is_err());
}

#[test]
fn samples_that_nobody_wrote_are_refused() {
    let text = write_evidence(&sample()).unwrap();
    for (from, to, said) in [
        ("place: cache:6380", "place: cache:6379", "one place"),
        ("used_cpu_user: 0.25", "used_cpu_user: .nan", "finite"),
        ("used_cpu_user: 0.25", "used_cpu_user: .inf", "finite"),
        ("used_cpu_user: 0.25", "used_cpu_user: x", ""),
        ("  samples: 2\n", "  samples: 1\n", "was cut off"),
        ("  samples: 2\n", "", "was cut off"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        let error = read(&text.replacen(from, to, 1), "f").unwrap_err();
        assert!(error.message.contains(said), "{said}: {error:?}");
    }
}

proptest::proptest! {
    /// Every number that a server can have told comes back as it was, and so does every name.
    #[test]
    fn every_counter_is_read_back(
        numbers in proptest::collection::vec((proptest::num::f64::ANY, 0_u32..4, "[ -~]{0,12}"), 0..30),
    ) {
        let mut evidence = sample();
        let counters = &mut evidence.targets[0].samples[0].counters;
        for (number, scale, name) in numbers {
            let whole = [number, number.trunc(), 12_345_678_901_234_567_890.0 * number.signum(), 9_007_199_254_740_993.0];
            let number = whole.get(scale as usize).copied().unwrap_or(number);
            counters.add(&name, number);
            counters.add_item(&format!("db{scale}"), &name, number);
        }
        let text = write_evidence(&evidence).unwrap();
        let read = read(&text, "f").map_err(|e| proptest::test_runner::TestCaseError::fail(format!("{e}\n{text}")))?;
        proptest::prop_assert_eq!(&read.targets[0].samples, &evidence.targets[0].samples);
    }
}
