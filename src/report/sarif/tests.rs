//! Where results point, what suppresses them, what an earlier report makes of them, and what was
//! not read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::results::MAX_RESULTS;
use super::testing::{
    coverage, failed, finding, place, places_of, rendered, report, snapshot, waived, waiver,
};
use super::{PlaceFinder, Rules, Sarif, results};
use crate::model::{
    EarlierFinding, Fate, FindingTrend, GoneFinding, JudgedFinding, Reason, ReasonKind, Severity,
    Since, Source, TimeSource, WaiverState,
};
use crate::report::Audit;
use crate::report::view::ReportView;

fn audit() -> Audit {
    report(vec![
        snapshot("dev", &[("redis/cache", "7.2.4")]),
        snapshot("prod", &[("redis/cache", "7.0.15")]),
    ])
}

fn run(report: &Audit) -> Value {
    let mut log: Value = serde_json::from_str(&rendered(&Sarif, report)).unwrap();
    log["runs"][0].take()
}

fn skew(component: &str, severity: Severity) -> JudgedFinding {
    finding("version-skew", component, severity)
}

fn at(location: &Value) -> (String, u64) {
    let physical = &location["physicalLocation"];
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap().to_owned();
    (uri, physical["region"]["startLine"].as_u64().unwrap())
}

#[test]
fn a_finding_stands_where_the_profile_names_what_it_is_about() {
    let mut report = audit();
    report.findings = ["redis/cache", "pg/orders", "image/expected", "image/known", "image/none"]
        .map(|component| skew(component, Severity::High))
        .into();
    let mut dev = places_of("profiles/dev.yaml");
    dev.targets = BTreeMap::from([
        ("redis/cache".into(), place("profiles/dev.yaml", 10)),
        ("declared/pg/orders".into(), place("profiles/dev.yaml", 20)),
    ]);
    dev.expected = BTreeMap::from([
        ("image/expected".into(), place("profiles/dev.yaml", 4)),
        ("redis/cache".into(), place("profiles/dev.yaml", 4)),
    ]);
    report.places.environments = BTreeMap::from([
        ("dev".into(), dev),
        ("prod".into(), places_of("/srv/my profiles/prod.yaml")),
    ]);
    report.places.catalogue =
        BTreeMap::from([("image/known".into(), place("profiles/catalogue.yaml", 7))]);
    let run = run(&report);
    let found: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| at(&result["locations"][0]))
        .collect();
    let dev = |line| ("profiles/dev.yaml".to_owned(), line);
    assert_eq!(
        found,
        [dev(10), dev(20), dev(4), ("profiles/catalogue.yaml".to_owned(), 7), dev(3)]
    );
    let artifact = |location: &Value| location["physicalLocation"]["artifactLocation"].clone();
    let first = &run["results"][0];
    assert_eq!(
        artifact(&first["locations"][0]),
        json!({"uri": "profiles/dev.yaml", "uriBaseId": "%SRCROOT%"})
    );
    // the baseline's side is related, and a file outside of any repository is of no root
    assert_eq!(
        artifact(&first["relatedLocations"][0]),
        json!({"uri": "file:///srv/my%20profiles/prod.yaml"})
    );
    assert_eq!(first["relatedLocations"][0]["message"]["text"], "prod");
}

#[test]
fn what_a_recorded_file_told_stands_at_the_file() {
    let mut report = audit();
    report.findings = vec![skew("redis/cache", Severity::High)];
    let recorded = Source::Recorded {
        path: "cache.txt".to_owned(),
        time: TimeSource::Server,
        instead_of: None,
    };
    report.environments[0].snapshot.coverage[0].source = recorded;
    let mut dev = places_of("dev.yaml");
    dev.recorded = BTreeMap::from([("cache.txt".to_owned(), place("dev.yaml", 12))]);
    report.places.environments = BTreeMap::from([("dev".into(), dev)]);
    assert_eq!(at(&run(&report)["results"][0]["locations"][0]), ("dev.yaml".to_owned(), 12));
}

#[test]
fn without_places_there_is_no_location() {
    let mut report = audit();
    report.findings = vec![skew("redis/cache", Severity::High)];
    let run = run(&report);
    assert_eq!(run["results"][0].get("locations"), None);
    assert_eq!(
        run["results"][0]["partialFingerprints"]["envparityFindingId/v1"],
        report.findings[0].id.as_str()
    );
}

#[test]
fn severities_become_levels_worst_first_and_waived_ones_are_suppressed_behind_them() {
    let mut report = audit();
    report.findings = vec![
        waived(skew("a", Severity::Critical), "w"),
        skew("b", Severity::Info),
        skew("c", Severity::Medium),
        skew("d", Severity::Off),
        skew("e", Severity::Critical),
    ];
    report.findings[2].controls = vec!["ISO 27001 A.8.31".to_owned()];
    report.waivers = vec![waiver("w", WaiverState::Active)];
    let run = run(&report);
    let told = |result: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&result["properties"]["component"]),
            text(&result["level"]),
            result["suppressions"].as_array().unwrap().len(),
        )
    };
    let found: Vec<_> = run["results"].as_array().unwrap().iter().map(told).collect();
    let wanted = [("e", "error", 0), ("c", "warning", 0), ("b", "note", 0), ("a", "error", 1)];
    assert_eq!(
        found,
        wanted.map(|(component, level, count)| (component.to_owned(), level.to_owned(), count))
    );
    assert_eq!(
        run["results"][3]["suppressions"][0],
        json!({
            "kind": "external",
            "status": "accepted",
            "justification": "dev moves first (owner platform, until 2026-12-31)",
            "properties": {"waiver": "w", "owner": "platform", "expires": "2026-12-31"},
        })
    );
    for result in run["results"].as_array().unwrap() {
        let rule = &run["tool"]["driver"]["rules"]
            [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["properties"]["tags"], json!(["ISO 27001 A.8.31"]));
        assert_eq!(result.get("baselineState"), None);
    }
}

fn gone(component: &str, fate: Fate) -> GoneFinding {
    let finding = EarlierFinding {
        id: skew(component, Severity::High).id,
        rule: "rule-of-another-version".to_owned(),
        severity: Severity::High,
        component: component.into(),
        environments: vec!["dev".into()],
        in_gate: true,
        level: None,
        direction: None,
        versions: std::collections::BTreeMap::new(),
        subject: String::new(),
        values: std::collections::BTreeSet::new(),
        places: std::collections::BTreeMap::new(),
        summary: "it was there".to_owned(),
    };
    GoneFinding { finding, fate }
}

#[test]
fn an_earlier_report_gives_every_result_a_state_and_the_unread_stays_open() {
    let mut report = audit();
    let names = ["new", "worse", "better", "same", "waived"];
    report.findings = names.map(|name| skew(name, Severity::High)).into();
    report.findings[4] = waived(report.findings[4].clone(), "w");
    let trends =
        [FindingTrend::New, FindingTrend::Worse, FindingTrend::Better, FindingTrend::Unchanged];
    report.since = Some(Since {
        at: report.run.at,
        changed: vec!["the policy".to_owned()],
        trends: report.findings.iter().map(|f| f.id.clone()).zip(trends).collect(),
        gone: vec![
            gone("unread", Fate::Unknown),
            gone("fixed", Fate::Resolved),
            gone("waived", Fate::Waived),
            gone("off", Fate::Off),
        ],
    });
    let run = run(&report);
    let told = |result: &Value| {
        ["/properties/component", "/baselineState", "/kind", "/level"]
            .map(|path| result.pointer(path).unwrap().as_str().unwrap().to_owned())
    };
    let found: Vec<_> = run["results"].as_array().unwrap().iter().map(told).collect();
    let wanted = [
        ["new", "new", "fail", "error"],
        ["worse", "updated", "fail", "error"],
        ["better", "updated", "fail", "error"],
        ["same", "unchanged", "fail", "error"],
        ["waived", "updated", "fail", "error"],
        ["unread", "unchanged", "open", "none"],
        ["fixed", "absent", "pass", "none"],
    ];
    assert_eq!(found, wanted.map(|row| row.map(str::to_owned)));
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["message"]["text"], "the policy");
}

#[test]
fn what_was_not_read_is_told_once_and_is_no_success() {
    let mut report = audit();
    report.environments[0].snapshot.coverage = vec![coverage("redis/cache", failed("no answer"))];
    report.environments[1].snapshot.coverage[0].required = false;
    report.environments[1].snapshot.coverage[0].taken = "2026-03-01T00:00:00Z".parse().unwrap();
    report.places.environments = BTreeMap::from([("dev".into(), places_of("dev.yaml"))]);
    let reason = |text: &str| Reason {
        kind: ReasonKind::Incomplete,
        is_of_target: false,
        finding: None,
        severity: None,
        text: text.to_owned(),
    };
    report.judgement.reasons = vec![
        reason("dev redis/cache not read: no answer"),
        reason("dev image/x is expected and was not seen"),
    ];
    report.judgement.not_judged = vec!["the gate from dev to prod, left out by --env".to_owned()];
    report.left_out = vec!["qualif".into()];
    let run = run(&report);
    assert_eq!(run["automationDetails"]["id"], "envparity/audit/prod/dev,prod/");
    let invocation = &run["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], &invocation["exitCode"]),
        (&json!(false), &json!(1))
    );
    let told = |note: &Value| {
        let text = |path| note.pointer(path).unwrap().as_str().unwrap().to_owned();
        (
            text("/level"),
            text("/descriptor/id"),
            text("/message/text").split([':', ';']).next().unwrap().to_owned(),
        )
    };
    let found: Vec<_> =
        invocation["toolExecutionNotifications"].as_array().unwrap().iter().map(told).collect();
    let wanted = [
        ("error", "not-read", "dev redis/cache not read"),
        ("warning", "not-read", "prod redis/cache"),
        ("error", "incomplete", "dev image/x is expected and was not seen"),
        ("warning", "incomplete", "the gate from dev to prod, left out by --env"),
        ("warning", "partial", "left out"),
    ];
    assert_eq!(found, wanted.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    assert_eq!(
        at(&invocation["toolExecutionNotifications"][2]["locations"][0]),
        ("dev.yaml".to_owned(), 3)
    );
}

#[test]
fn too_many_results_lose_the_least_severe() {
    let mut report = audit();
    report.findings = (0..=MAX_RESULTS).map(|i| skew(&i.to_string(), Severity::Low)).collect();
    report.findings[MAX_RESULTS].severity = Severity::High;
    let (found, cut) = results::worst_results(
        &ReportView::new(&report),
        &Rules::for_report(&report),
        &PlaceFinder::new(&report),
    );
    assert_eq!((found.len(), cut), (MAX_RESULTS, 1));
    assert_eq!(found[0].properties.component, MAX_RESULTS.to_string());
}

#[test]
fn text_from_outside_is_shown_and_makes_no_link() {
    let mut report = audit();
    report.findings = vec![skew("redis/\u{1b}[2J\u{202e}", Severity::High)];
    report.findings[0].finding.summary = "[here](http://evil) <img src=x>".to_owned();
    let text = rendered(&Sarif, &report);
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'),
        "{text}"
    );
    let run = run(&report);
    let result = &run["results"][0];
    assert_eq!(
        result["message"]["text"],
        "redis/\\\\u{1b}\\[2J\\\\u{202e}: \\[here\\](http://evil) <img src=x>"
    );
    assert_eq!(result["properties"]["component"], "redis/\u{1b}[2J\u{202e}");
}
