//! Text from outside is text in every format, whatever it holds: it neither acts on a terminal nor
//! adds a row, and every reader of YAML and JSON gets exactly what was there.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use envparity::collect::config::COLLECTORS;
use envparity::model::Audit;
use envparity::model::{
    Counters, EnvironmentName, Evidence, Failure, FailureKind, Field, ImageUse, Locator, Outcome,
    RunState, Sample, Severity, TargetEvidence,
};
use envparity::pipeline::{self, RunFacts};
use envparity::report::{self, RenderOptions, escape};
use envparity::wire;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// What has acted on somebody's terminal, table, spreadsheet, page or parser.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "1.2.3", "redis", "/", ":", "@", " ", "  ", "-", "- ", ": ", " #", "#", "|", ">", "|-", "\n", "\r\n", "\r", "\t", "\0",
    "\u{1}", "\u{2}", "\u{7}", "\u{8}", "\u{b}", "\u{1b}[31m", "\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}]8;;http://x\u{1b}\\", "\u{7f}",
    "\u{85}", "\u{9b}31m", "\u{9d}", "\u{a0}", "\u{ad}", "\u{61c}", "\u{200b}", "\u{200d}", "\u{200e}", "\u{202a}", "\u{202e}",
    "\u{2028}", "\u{2029}", "\u{2066}", "\u{2069}", "\u{feff}", "\u{fffd}", "\u{fffe}", "\u{ffff}", "\u{e0041}", "\u{1f600}", "é", "漢",
    "<script>alert(1)</script>", "</td><td>", "&amp;", "![x](http://x)", "=1+1", "=cmd|'/C calc'!A0", "+1", "@SUM(A1)",
    "---", "...", "--- ", "!!python/object:os.system", "!tag ", "&anchor ", "*alias", "<<: ", "{", "}", "[", "]", ",", "'", "''", "\"",
    "\\", "\\u{202e}", "\\n", "%", "`", "$(id)", "${env:HOME}", "${file:/etc/passwd}", "null", "~", "true", "no", "0x1F", "1e3", ".inf",
    "2026-11-22", "12:30:45", "../../etc/passwd", "CON", "\u{300}\u{300}\u{300}",
];

fn hostile() -> impl Strategy<Value = String> {
    let glued =
        proptest::collection::vec(select(PIECES.to_vec()), 0..8).prop_map(|pieces| pieces.concat());
    let long = (select(PIECES.to_vec()), 1_000_usize..4_000)
        .prop_map(|(piece, times)| piece.repeat(times));
    prop_oneof![16 => glued, 3 => select(PIECES.to_vec()).prop_map(str::to_owned), 3 => any::<String>(), 1 => long]
}

/// As a server's bytes that are not UTF-8 arrive: with what stands for the half of a surrogate
/// pair.
fn undecodable() -> impl Strategy<Value = String> {
    let lone = select(vec![
        b"\xed\xa0\x80".to_vec(),
        b"\xff\xfe".to_vec(),
        b"\xc0\xaf".to_vec(),
        b"\xf4\x90\x80\x80".to_vec(),
    ]);
    lone.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![8 => hostile(), 1 => undecodable()]
}

/// Evidence in which every text that can come from outside is one of these.
fn evidence(texts: &[String], environment: &str) -> Evidence {
    let mut texts = texts.iter().cycle().cloned();
    let mut next = || texts.next().unwrap();
    let taken = "2026-11-22T20:00:00Z".parse().unwrap();
    let mut redis = TargetEvidence::new("redis/cache".into(), next(), taken);
    redis.set_part("info", Outcome::Complete);
    redis.fields.push(Field::of_target("redis_version", next()));
    for name in ["run_id", "os", "maxmemory_policy", "redis_mode", "role"] {
        redis.fields.push(Field::of_target(name, next()));
    }
    redis.fields.push(Field { place: next(), name: next(), value: next() });
    let mut counters = Counters::default();
    counters.add(&next(), 1.0);
    counters.add_item("errorstat_ERR", &next(), 2.0);
    counters.add_item(&next(), &next(), 3.0);
    counters.add_section(&next());
    redis.samples.push(Sample {
        target: redis.id.clone(),
        place: next(),
        run_id: next(),
        role: next(),
        taken,
        counters,
    });
    let mut docker = TargetEvidence::new("docker/edge".into(), next(), taken);
    let failure = Failure::new(FailureKind::Protocol, next()).with_advice(next());
    docker.set_part("engine", Outcome::Failed(failure));
    docker.set_part("containers", Outcome::Complete);
    docker.set_part("images", Outcome::Complete);
    docker.fields.push(Field::of_target("engine", next()));
    docker.fields.push(Field { place: next(), name: "kernel".to_owned(), value: next() });
    for i in 0..3 {
        docker.images.push(ImageUse {
            locator: Locator { namespace: next(), workload: next(), container: next() },
            reference: if i == 0 {
                format!("registry.example/team/app:{}", next())
            } else {
                next()
            },
            image_id: next(),
            repo_digests: vec![next(), format!("{}@sha256:{}", next(), next())],
            repo_tags: vec![next()],
            runtime: next(),
            version_label: next(),
            ref_name: next(),
            app_version: next(),
            chart: next(),
            state: if i < 2 {
                RunState::Running
            } else {
                RunState::NotRunning(format!("{}!", next()))
            },
        });
    }
    Evidence {
        environment: EnvironmentName::from(environment.to_owned()),
        taken,
        targets: vec![docker, redis],
    }
}

fn diff(baseline: &[String], current: &[String]) -> Audit {
    let facts = RunFacts { host: "host".to_owned(), commit: None };
    pipeline::diff(None, evidence(baseline, "dev"), evidence(current, "prod"), facts)
}

fn rendered(report: &Audit, format: &str, width: Option<usize>) -> String {
    let view = RenderOptions { width, color: false, unfold: true, exit: 0, report_only: false };
    report::by_name(format).unwrap().render(report, &view).unwrap()
}

/// What may stand in a text that people read: no control character but the end of a line, nothing
/// invisible, nothing that turns the direction. Told apart from the program's own list.
fn acts(c: char) -> bool {
    let invisible = matches!(u32::from(c),
        0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f);
    (c.is_control() && c != '\n') || invisible
}

#[track_caller]
fn is_harmless(text: &str) -> Result<(), TestCaseError> {
    let found: Vec<char> = text.chars().filter(|c| acts(*c)).collect();
    prop_assert!(found.is_empty(), "{found:?} in {}", escape::terminal_lines(text));
    Ok(())
}

/// Every string in a value, and every key.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.push(key.clone());
            strings(value, found);
        }),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_stays_one_line(text in any_text()) {
        let shown = escape::terminal(&text);
        is_harmless(&shown)?;
        prop_assert!(!shown.contains('\n'));
    }

    #[test]
    fn evidence_is_read_back_as_it_was(texts in proptest::collection::vec(any_text(), 1..40)) {
        let mut written = evidence(&texts, "prod");
        let text = wire::evidence::write_evidence(&written).unwrap();
        is_harmless(&text)?;
        let read = wire::evidence::read_evidence(&text, "f", COLLECTORS).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        for (target, other) in written.targets.iter_mut().zip(&read.targets) {
            target.source = other.source.clone();
            // in the order of their names, and of two of one name the first
            let fields: BTreeMap<_, _> = target.fields.iter().rev().map(|f| ((f.place.clone(), f.name.clone()), f.clone())).collect();
            target.fields = fields.into_values().collect();
        }
        let sorted = |fields: &[Field]| fields.iter().map(|f| (f.place.clone(), f.name.clone(), f.value.clone())).collect::<std::collections::BTreeSet<_>>();
        for (target, other) in written.targets.iter().zip(&read.targets) {
            prop_assert_eq!(sorted(&target.fields), sorted(&other.fields));
            prop_assert_eq!(&target.images, &other.images);
            prop_assert_eq!(&target.samples, &other.samples);
            prop_assert_eq!(&target.parts, &other.parts);
            prop_assert_eq!(&target.endpoint, &other.endpoint);
        }
    }

    #[test]
    fn reports_are_the_same_in_yaml_and_json(a in proptest::collection::vec(any_text(), 1..40), b in proptest::collection::vec(any_text(), 1..40)) {
        let report = diff(&a, &b);
        let (yaml, json) = (rendered(&report, "yaml", None), rendered(&report, "json", None));
        is_harmless(&yaml)?;
        is_harmless(&json)?;
        let json: Value = serde_json::from_str(&json).unwrap();
        let read: Value = wire::yaml::read(&yaml, wire::yaml::Origin::Program).map_err(|e| TestCaseError::fail(format!("{e}\n{yaml}")))?;
        prop_assert_eq!(read, json);
    }

    #[test]
    fn files_for_other_readers_are_harmless_too(a in proptest::collection::vec(any_text(), 1..40), b in proptest::collection::vec(any_text(), 1..40)) {
        let report = diff(&a, &b);
        for format in ["csv", "junit", "markdown"] {
            is_harmless(&rendered(&report, format, None).replace("\r\n", "\n"))?;
        }
        prop_assert!(rendered(&report, "markdown", None).len() < 65_536);
        let csv = rendered(&report, "csv", None);
        prop_assert_eq!(csv.lines().count(), report.matrix.len() + 1);
        let junit = rendered(&report, "junit", None);
        let read = quick_junit::Report::deserialize_from_str(&junit).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let counts = report.findings.iter().any(|judged| judged.severity > Severity::Info);
        prop_assert_eq!(read.failures > 0, counts);
    }

    /// As many rows as with harmless text of the same shape, and nothing in them that acts.
    #[test]
    fn a_table_keeps_its_rows(a in proptest::collection::vec(any_text(), 1..40), b in proptest::collection::vec(any_text(), 1..40), width in select(vec![None, Some(40), Some(120)])) {
        let report = diff(&a, &b);
        let table = rendered(&report, "table", width);
        is_harmless(&table)?;
        if width.is_none() {
            let rows = table.lines().filter(|line| line.starts_with("  ")).count();
            // one for each component, finding, figure and legend; a text that brings a line of its
            // own would add to them
            let bound = 3 * (report.matrix.len() + report.findings.len()) + 40;
            prop_assert!(rows <= bound, "{rows} rows, {bound} at most\n{table}");
        }
        for line in table.lines() {
            prop_assert!(!line.starts_with("GO: ") && !line.starts_with("NO-GO"), "a text took the place of the verdict: {line}");
        }
    }
}

/// The reader that most people have: PyYAML, where it is installed. Strings only, since it reads
/// YAML 1.1.
#[test]
fn python_reads_the_same_strings() {
    let script = "import sys, json, yaml\n\
        for doc in json.load(sys.stdin):\n    print(json.dumps(yaml.load(doc, Loader=yaml.SafeLoader), default=str))\n";
    let is_there =
        Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        println!("PyYAML is not installed: its reading was not compared");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let texts = proptest::collection::vec(any_text(), 1..40);
    let mut documents = Vec::new();
    for _ in 0..60 {
        let mut draw = || texts.new_tree(&mut runner).unwrap().current();
        let (a, b) = (draw(), draw());
        let report = diff(&a, &b);
        let json: Value = serde_json::from_str(&rendered(&report, "json", None)).unwrap();
        documents.push((rendered(&report, "yaml", None), Some(json)));
        documents.push((wire::evidence::write_evidence(&evidence(&a, "prod")).unwrap(), None));
    }
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sent = json!(documents.iter().map(|(text, _)| text).collect::<Vec<_>>()).to_string();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(stdin.write_all(sent.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), documents.len());
    for ((text, expected), answer) in documents.iter().zip(answers.lines()) {
        let read: Value = serde_json::from_str(answer).unwrap();
        let expected: Value = match expected {
            Some(json) => json.clone(),
            None => wire::yaml::read(text, wire::yaml::Origin::Program).unwrap(),
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        strings(&expected, &mut ours);
        strings(&read, &mut theirs);
        assert_eq!(ours, theirs, "{text}");
    }
}
