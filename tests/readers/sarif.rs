//! SARIF, checked against the schema of OASIS; and each place is opened to see whether what it
//! names stands there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use envparity::collect::config::COLLECTORS;
use envparity::model::{Audit, Purpose};
use envparity::model::{
    Disposition, EarlierFinding, Fate, FindingTrend, GoneFinding, JudgedWaiver, Since, Waiver,
    WaiverState,
};
use envparity::pipeline::{self, RunFacts};
use envparity::report::{RenderOptions, by_name};
use envparity::wire;
use serde_json::{Value, json};

use crate::common::{audit, python, quickstart, quickstart_json, repository};

/// The one run of a valid log.
#[track_caller]
fn read(text: &str) -> Value {
    let schema = repository("tests/readers/schemas/sarif-2.1.0.json");
    assert_eq!(python("sarif.py", &[schema.to_str().unwrap()], text), json!([]));
    let log: Value = serde_json::from_str(text).unwrap();
    log["runs"][0].clone()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The line that a location names, from its column on.
fn text_at(root: &Path, location: &Value) -> String {
    let physical = &location["physicalLocation"];
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
    let path = match uri.strip_prefix("file://") {
        Some(path) => PathBuf::from(path),
        None => root.join(uri),
    };
    let number = |key: &str| usize::try_from(physical["region"][key].as_u64().unwrap()).unwrap();
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let line = text.lines().nth(number("startLine") - 1).unwrap();
    line.chars().skip(number("startColumn") - 1).collect()
}

#[test]
fn the_quickstart_is_valid_and_says_what_the_report_says() {
    let (run, report) = (read(&quickstart("sarif")), quickstart_json());
    let key = |finding: &Value, id: &Value| (finding["component"].to_string(), id.to_string());
    let mut told: Vec<_> = list(&run["results"])
        .iter()
        .map(|result| {
            let properties = &result["properties"];
            assert!(result["message"]["text"].as_str().unwrap().contains(": "));
            (
                key(properties, &result["partialFingerprints"]["envparityFindingId/v1"]),
                properties["severity"].clone(),
            )
        })
        .collect();
    let level = |result: &Value| {
        ["error", "warning", "note"].iter().position(|level| result["level"] == *level).unwrap()
    };
    assert!(list(&run["results"]).iter().map(level).is_sorted(), "worst first");
    let mut wanted: Vec<_> = list(&report["findings"])
        .iter()
        .map(|finding| (key(finding, &finding["id"]), finding["severity"].clone()))
        .collect();
    told.sort_by_key(|(key, _)| key.clone());
    wanted.sort_by_key(|(key, _)| key.clone());
    assert_eq!(told, wanted);
    assert_eq!(run["properties"]["verdict"], report["verdict"]["is"]);
    let invocation = &run["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], &invocation["exitCode"]),
        (&json!(false), &json!(1))
    );
}

#[test]
fn places_are_where_the_profile_names_the_target() {
    let root = repository("");
    let run = read(&quickstart("sarif"));
    for result in list(&run["results"]) {
        let component = result["properties"]["component"].as_str().unwrap();
        let starts = match component {
            "redis/cache" => vec!["cache,", "redis/cache]"],
            "redis/host" => vec!["host,"],
            "postgresql/orders" => vec!["postgresql/orders", "qualif", "dev"],
            // images and the engine are told by the file of evidence, or by nothing where they are
            // missing
            _ => vec!["engine,", "dev", "qualif"],
        };
        let text = text_at(&root, &result["locations"][0]);
        assert!(starts.iter().any(|start| text.starts_with(start)), "{component}: {text}");
        let related = list(&result["relatedLocations"]);
        let starts = [
            "cache,", "host,", "engine,", "postgresql/orders", "ovh-production", "dev", "qualif",
            "redis/cache]",
        ];
        for location in related {
            let text = text_at(&root, location);
            assert!(starts.iter().any(|start| text.starts_with(start)), "{component}: {text}");
        }
    }
    let notes = list(&run["invocations"][0]["toolExecutionNotifications"]);
    let of = |start: &str| {
        let found =
            notes.iter().find(|note| note["message"]["text"].as_str().unwrap().starts_with(start));
        let note = found.unwrap_or_else(|| panic!("{start}: {notes:?}"));
        (note["level"].as_str().unwrap().to_owned(), text_at(&root, &note["locations"][0]))
    };
    assert_eq!(of("dev docker/ci not read"), ("warning".to_owned(), "ci".to_owned()));
    let engine = of("ovh-production docker/app part engine not read");
    assert!(engine.0 == "error" && engine.1.starts_with("engine,"), "{engine:?}");
}

/// The same location in a path that is not a URI.
fn with_path(location: &Value, path: &str) -> Value {
    let mut location = location.clone();
    location["physicalLocation"]["artifactLocation"]["uri"] = json!(path);
    location
}

const HEAD: &str = "apiVersion: envparity/v1\nkind:";

/// Profiles in a folder below `root`; `extra` is dev's.
fn profiles(root: &Path, extra: &str) -> PathBuf {
    let folder = root.join("deep/my profiles");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    write("audit.yaml", format!("{HEAD} Audit\nbaseline: prod\nenvironments: [dev, prod]\n"));
    let fact = |version| {
        format!(
            "  - {{version: '{version}', component: pg/orders, by: x, on: 2026-01-01, expires: 2027-01-01}}\n"
        )
    };
    write(
        "dev.yaml",
        format!("{HEAD} Environment\nname: dev\n{extra}targets:\n  declared:\n{}", fact("15.1")),
    );
    write(
        "prod.yaml",
        format!("{HEAD} Environment\nname: prod\ntargets:\n  declared:\n{}", fact("16.4")),
    );
    folder
}

#[test]
fn paths_are_those_of_the_repository_wherever_the_program_runs() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".git")).unwrap();
    let run = read(&audit(&profiles(root.path(), "expect: [redis/cache]\n"), "sarif"));
    let location = &run["results"][0]["locations"][0];
    let artifact = &location["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact, &json!({"uri": "deep/my%20profiles/dev.yaml", "uriBaseId": "%SRCROOT%"}));
    assert!(
        text_at(root.path(), &with_path(location, "deep/my profiles/dev.yaml"))
            .starts_with("pg/orders, by: x")
    );
    // what is expected and was not seen is told at its environment
    let note = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert!(
        note["message"]["text"].as_str().unwrap().starts_with("dev redis/cache is expected"),
        "{note}"
    );
    assert_eq!(note["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
}

#[test]
fn outside_of_a_repository_paths_are_as_they_were_given() {
    let root = tempfile::tempdir().unwrap();
    let run = read(&audit(&profiles(root.path(), ""), "sarif"));
    let location = &run["results"][0]["locations"][0];
    let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("file:///") && uri.ends_with("/deep/my%20profiles/dev.yaml"), "{uri}");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

/// A report of the quickstart's evidence with waivers and an earlier report, as an audit would have
/// them.
fn report() -> Audit {
    let evidence = |name: &str| {
        let path = repository(&format!("examples/quickstart/evidence/{name}.yaml"));
        wire::evidence::read_evidence(&fs::read_to_string(path).unwrap(), name, COLLECTORS).unwrap()
    };
    let mut report = pipeline::diff(None, evidence("dev"), evidence("qualif"), RunFacts::default());
    report.purpose = Purpose::Audit;
    report.findings[0].disposition = Disposition::Waived("known".to_owned());
    report.findings[1].controls =
        (0..30).map(|i| format!("ISO 27001 A.8.{i:02} <b>\u{1b}")).collect();
    let finding = &report.findings[0].finding;
    let waiver = Waiver {
        id: "known".to_owned(),
        rule: finding.rule.to_owned(),
        component: finding.component.clone(),
        environments: finding.environments.clone(),
        subject: None,
        versions: BTreeMap::new(),
        reason: "it is [known](http://evil) \u{202e}".to_owned(),
        owner: "platform".to_owned(),
        expires: "2026-12-31".parse().unwrap(),
    };
    report.waivers = vec![JudgedWaiver { waiver, state: WaiverState::Active, covers: Vec::new() }];
    let trends = FindingTrend::ALL.into_iter().cycle();
    let gone = |(id, fate): (usize, Fate)| {
        let finding = EarlierFinding {
            id: report.findings[id].id.clone(),
            rule: "of another version".to_owned(),
            severity: report.findings[id].severity,
            component: "image/gone".into(),
            environments: vec!["dev".into()],
            in_gate: true,
            level: None,
            direction: None,
            subject: String::new(),
            values: std::collections::BTreeSet::new(),
            places: std::collections::BTreeMap::new(),
            versions: std::collections::BTreeMap::new(),
            summary: "it was there".to_owned(),
        };
        GoneFinding { finding, fate }
    };
    report.since = Some(Since {
        at: report.run.at,
        changed: vec!["the policy".to_owned()],
        trends: report.findings.iter().skip(1).map(|f| f.id.clone()).zip(trends).collect(),
        gone: Fate::ALL.into_iter().enumerate().map(gone).collect(),
    });
    report
}

#[test]
fn waivers_and_an_earlier_report_are_valid_too() {
    let report = report();
    let view =
        RenderOptions { width: None, color: false, unfold: false, exit: 0, report_only: true };
    let run = read(&by_name("sarif").unwrap().render(&report, &view).unwrap());
    let results = list(&run["results"]);
    assert_eq!(results.len(), report.findings.len() + 2);
    let suppressed: Vec<&Value> =
        results.iter().filter(|result| !list(&result["suppressions"]).is_empty()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(
        suppressed[0]["partialFingerprints"]["envparityFindingId/v1"],
        report.findings[0].id.as_str()
    );
    let suppression = &suppressed[0]["suppressions"][0];
    assert_eq!(
        (&suppression["kind"], &suppression["status"]),
        (&json!("external"), &json!("accepted"))
    );
    let justification = suppression["justification"].as_str().unwrap();
    assert!(
        justification.starts_with("it is \\[known\\](http://evil)")
            && justification.ends_with("until 2026-12-31)")
    );
    let states: std::collections::BTreeSet<&str> =
        results.iter().map(|result| result["baselineState"].as_str().unwrap()).collect();
    assert_eq!(states, ["absent", "new", "unchanged", "updated"].into());
    for rule in list(&run["tool"]["driver"]["rules"]) {
        assert!(list(&rule["properties"]["tags"]).len() <= 20, "GitHub refuses more");
    }
    assert_eq!(run["invocations"][0]["exitCode"], 0);
}
