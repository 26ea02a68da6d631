//! Which gates a verdict is about, and how much it says that they compared.

#[path = "support/cli.rs"]
mod cli;

use cli::{Ended, Profiles, Report, recorded_info};
use serde_json::{Value, json};

/// INFO of real servers was taken shortly before.
const AT: &str = "2026-11-22T21:00:00Z";
const GATE: &str = "2 components of prod";

/// A recorded target of that name, with the answer of a server to INFO.
fn target(name: &str, info: &str) -> Value {
    json!({"name": name, "path": recorded_info(info)})
}

/// One that cannot be read.
fn unread(more: Value) -> Value {
    let mut target = json!({"name": "cache", "path": "/nowhere.txt"});
    if let (Some(fields), Value::Object(more)) = (target.as_object_mut(), more) {
        fields.extend(more);
    }
    target
}

fn environment(targets: &Value) -> Value {
    json!({"targets": {"recorded": targets}})
}

/// Dev, qualif and prod; production runs one Redis more.
fn three() -> Profiles {
    Profiles::new(&[
        ("dev", environment(&json!([target("cache", "redis-6.2.5")]))),
        ("qualif", environment(&json!([target("cache", "redis-7.0.15")]))),
        (
            "prod",
            environment(&json!([target("cache", "valkey-8.0.1"), target("queue", "valkey-8.1.1")])),
        ),
    ])
}

/// The file of kind Audit, of these three, with more lines.
fn with_audit(more: &str) -> Profiles {
    let profiles = three();
    let all = format!("kind: Audit\nenvironments: [dev, qualif, prod]\n{more}");
    profiles.config("audit.yaml", &all);
    profiles
}

fn audit(profiles: &Profiles, more: &[&str]) -> Ended {
    profiles.run(&[&["audit", "--at", AT], more].concat())
}

/// What does not change from run to run.
fn report(profiles: &Profiles, more: &[&str]) -> (Option<i32>, Value) {
    let ran = audit(profiles, &[&["-o", "json"], more].concat());
    let mut report = ran.json();
    report.as_object_mut().expect("an object").remove("run");
    (ran.code, report)
}

/// The last paragraph of a table, in single blanks.
fn ending(ran: &Ended) -> String {
    let last = ran.stdout.trim_end().rsplit("\n\n").next().unwrap_or_default();
    last.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn two_names_are_the_gate_and_so_is_the_option() {
    let profiles = three();
    let (code, by_names) = report(&profiles, &["dev", "prod"]);
    assert_eq!(code, Some(1), "{by_names:#}");
    assert_eq!(by_names["gates"], json!([["dev", "prod"]]));
    let compared = json!([
        {"gate": ["dev", "prod"], "with-counterpart": 1, "of": 2, "without": ["redis/queue"]}
    ]);
    assert_eq!(by_names["verdict"]["compared"], compared);
    assert_eq!(report(&profiles, &["--gate", "dev:prod"]), (code, by_names));
    let table = audit(&profiles, &["dev", "prod"]);
    let said = "COMPARED 1 of 2 components of prod has a counterpart in dev (not there: \
                redis/queue); not judged: 1 gap NO-GO: ";
    assert!(ending(&table).starts_with(said), "{table}");
}

#[test]
fn every_gate_says_how_much_it_compared() {
    let profiles = with_audit("baseline: prod\ngates: [[qualif, prod], [dev, qualif]]\n");
    let table = audit(&profiles, &["--fail-on", "critical"]);
    let said = "COMPARED 1 of 2 components of prod has a counterpart in qualif (not there: \
                redis/queue) 1 of 1 component of qualif has a counterpart in dev; not judged: \
                none GO: ";
    assert!(ending(table.expect(0)).starts_with(said), "{table}");
}

#[test]
fn every_format_says_how_much_was_compared() {
    let profiles = three();
    let said = format!("1 of {GATE} has a counterpart in qualif");
    for format in ["table", "html", "markdown", "junit", "sarif"] {
        let ran = audit(&profiles, &["--fail-on", "critical", "-o", format]);
        assert!(ran.expect(0).stdout.contains(&said), "{format}: {ran}");
        assert!(ran.stdout.contains("redis/queue"), "{format}: {ran}");
    }
    let metrics = audit(&profiles, &["-o", "openmetrics"]).stdout;
    for (counterpart, number) in [(true, 1), (false, 1)] {
        let labels = format!("counterpart=\"{counterpart}\"");
        let line = metrics.lines().find(|line| {
            line.starts_with("envparity_compared_components{") && line.contains(&labels)
        });
        let line = line.unwrap_or_else(|| panic!("{counterpart}: {metrics}"));
        assert!(line.contains("gate=\"qualif->prod\""), "{line}");
        assert!(line.ends_with(&format!("}} {number}")), "{line}");
    }
    let (_, json) = report(&profiles, &[]);
    let yaml = audit(&profiles, &["-o", "yaml"]).yaml();
    assert_eq!(json["verdict"]["compared"], yaml["verdict"]["compared"]);
}

#[test]
fn a_summary_has_the_numbers_of_its_texts() {
    let (_, report) = report(&three(), &[]);
    for name in ["targets", "equal"] {
        let numbers = &report["summary"]["counts"][name];
        let text = format!("{} of {}", numbers["count"], numbers["of"]);
        assert_eq!(report["summary"][name], text, "{report:#}");
    }
}

#[test]
fn no_gate_is_no_verdict() {
    let table = audit(&three(), &["--env", "dev"]);
    let said = "COMPARED nothing: no gate was judged INCOMPLETE: no gate was judged";
    assert!(ending(table.expect(3)).starts_with(said), "{table}");
    for format in ["html", "junit", "sarif"] {
        let ran = audit(&three(), &["--env", "dev", "-o", format]);
        assert!(ran.stdout.contains("nothing: no gate was judged"), "{format}: {ran}");
    }
}

#[test]
fn an_empty_list_of_gates_only_reports() {
    let profiles = with_audit("baseline: prod\ngates: []\n");
    let table = audit(&profiles, &[]);
    let last = ending(table.expect(0));
    assert!(last.starts_with("COMPARED nothing: no gate was judged GO, but "), "{last}");
    assert!(last.ends_with("(exit 0: the profiles say gates: [])"), "{last}");
    // Also where something was not read; a gate that somebody asks for is judged all the same.
    profiles.recorded("prod", "/nowhere.txt".as_ref());
    let unread = audit(&profiles, &[]);
    assert_eq!(unread.code, Some(0), "{unread}");
    let last = ending(&unread);
    assert!(last.contains("INCOMPLETE: prod"), "{last}");
    assert!(last.ends_with("(exit 0: the profiles say gates: [])"), "{last}");
    let last = ending(audit(&profiles, &["qualif", "prod"]).expect(3));
    assert!(last.ends_with("(exit 3)"), "{last}");
}

#[test]
fn a_baseline_of_the_command_line_is_one_of_the_file() {
    let by_file = report(&with_audit("baseline: qualif\n"), &[]);
    assert_eq!(by_file.1["baseline"], "qualif");
    let by_option = report(&with_audit("baseline: prod\n"), &["--baseline", "qualif"]);
    assert_eq!(by_option, by_file);
}

/// What production has and qualif lacks is missing, whatever the baseline of the rules is.
#[test]
fn a_gate_keeps_its_direction_whatever_the_baseline() {
    let profiles = with_audit("baseline: prod\ngates: [[qualif, prod]]\n");
    for more in [&[][..], &["--baseline", "qualif"]] {
        let (code, report) = report(&profiles, more);
        assert_eq!(code, Some(1), "{more:?}");
        let missing = report["findings"].as_array().into_iter().flatten().any(|finding| {
            finding["rule"] == "missing-component"
                && finding["component"] == "redis/queue"
                && finding["severity"] == "high"
                && finding["environments"] == json!(["prod", "qualif"])
        });
        assert!(missing, "{more:?}: {report:#}");
    }
}

#[test]
fn a_target_may_be_required_where_its_environment_is_not() {
    for (own, code) in [(json!({"required": true}), 3), (json!({}), 0)] {
        let profiles = Profiles::new(&[
            ("dev", json!({"required": false, "targets": {"recorded": [unread(own.clone())]}})),
            ("qualif", environment(&json!([target("cache", "redis-7.0.15")]))),
            ("prod", environment(&json!([target("cache", "valkey-8.0.1")]))),
        ]);
        let ran = audit(&profiles, &["--fail-on", "critical", "-o", "json"]);
        let report: Report = ran.report(code);
        let gaps = if code == 3 {
            report.reasons("incomplete")
        } else {
            cli::sorted(&report["verdict"]["not-judged"])
        };
        assert!(
            gaps.iter().any(|gap| gap.starts_with("dev recorded/cache not read")
                || gap.starts_with("dev redis/cache not read")),
            "{own}: {gaps:?}"
        );
    }
}

#[test]
fn a_gate_between_two_that_were_not_read_is_no_go_however_little_is_required() {
    let unread = || json!({"required": false, "targets": {"recorded": [unread(json!({}))]}});
    let profiles = Profiles::new(&[("qualif", unread()), ("prod", unread())]);
    let table = audit(&profiles, &[]);
    let last = ending(table.expect(3));
    assert!(last.starts_with("COMPARED 0 of 0 components of prod have a counterpart"), "{last}");
    assert!(last.contains("INCOMPLETE: the gate qualif -> prod compares nothing"), "{last}");
}
