//! What becomes of findings, waivers and gaps in a hand-written report.

use crate::report::view::ReportView;
use crate::report::view::testing::{audit_of, hostile};
use crate::wire::report::DriftReport;

fn xml(report: &DriftReport) -> Result<String, String> {
    super::render_xml(&ReportView::new(&audit_of(report)))
}

/// The library's own reader: tests/readers has others.
fn read(report: &DriftReport) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(&xml(report).unwrap()).unwrap()
}

/// `failure type`, `error type`, `skipped type` or `passed`, then what is told besides.
fn ending(report: &DriftReport, suite: &str, case: &str) -> (String, String) {
    let read = read(report);
    let suite = read
        .test_suites
        .iter()
        .find(|s| s.name == *suite)
        .unwrap_or_else(|| panic!("no suite {suite}"));
    let case = suite
        .test_cases
        .iter()
        .find(|c| c.name == *case)
        .unwrap_or_else(|| panic!("no case {case}"));
    let text = |text: &Option<quick_junit::XmlString>| {
        text.as_ref().map(|t| t.to_string()).unwrap_or_default()
    };
    let ended = match &case.status {
        quick_junit::TestCaseStatus::Success { .. } => "passed".to_owned(),
        quick_junit::TestCaseStatus::NonSuccess { kind, ty, description, .. } => {
            format!("{kind:?} {}: {}", text(ty), text(description))
        }
        quick_junit::TestCaseStatus::Skipped { ty, description, .. } => {
            format!("skipped {}: {}", text(ty), text(description))
        }
    };
    (ended, text(&case.system_out))
}

#[test]
fn suites_are_coverage_pairs_environments_and_several() {
    let read = read(&hostile());
    let names: Vec<&str> = read.test_suites.iter().map(|suite| suite.name.as_str()).collect();
    let wanted = [
        "coverage", "qualif -> prod", "dev -> prod", "dev", "qualif", "prod",
        "several environments",
    ];
    assert_eq!(names, wanted);
    let pair: Vec<&str> =
        read.test_suites[1].test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(
        pair,
        ["image/a", "image/b", "image/c", "redis/cache"],
        "not what one side has no room for"
    );
    let failures: usize = read.test_suites.iter().map(|suite| suite.failures).sum();
    assert_eq!((failures, read.failures), (3, 3));
}

#[test]
fn a_finding_is_a_failure_and_info_is_told() {
    let (ended, out) = ending(&hostile(), "qualif -> prod", "redis/cache");
    assert!(
        ended.starts_with("Failure version-skew: high version-skew redis/cache in prod, qualif: "),
        "{ended}"
    );
    assert!(
        ended.contains(
            "[a100000000000000]; owner: @team/redis; since: new; controls: ISO 27001 A.8.31\nlow "
        ),
        "{ended}"
    );
    assert!(
        ended.ends_with(
            "]]> &amp; \\u{ffff}\\u{1} [a400000000000000]; subject: maxmemory_policy; since: better"
        ),
        "{ended}"
    );
    assert_eq!(out, "qualif valkey 7.0.15; prod redis 7.2.4");
    let (ended, _) = ending(&hostile(), "dev -> prod", "redis/cache");
    assert!(ended.starts_with("Failure shared-instance: critical"), "{ended}");
    let (ended, _) = ending(&hostile(), "prod", "image/=cmd|'/C calc'!A0");
    assert!(ended.starts_with("Failure floating-tag: medium floating-tag "), "{ended}");
    assert!(ended.contains("\\u{202e}gnp.exe [a300000000000000]"), "{ended}");
    let (ended, out) = ending(&hostile(), "several environments", "image/b");
    assert!(ended == "passed" && out.starts_with("info promotion-inversion"), "{ended}: {out}");
}

#[test]
fn by_fail_on_new_only_news_fails() {
    let mut report = hostile();
    report.verdict.new_only = true;
    assert_eq!(read(&report).failures, 2, "shared-instance is as it was");
}

#[test]
fn what_is_waived_is_skipped_with_who_and_until_when() {
    let (ended, out) = ending(&hostile(), "qualif -> prod", "image/a");
    let wanted = "skipped waived: waived by until|then until 2026-12-01 (platform): dev moves \
        first @bob <b>; high version-skew image/a";
    assert!(ended.starts_with(wanted), "{ended}");
    assert_eq!(out, "qualif v20, v22; prod v21");
    let (ended, _) = ending(&hostile(), "dev -> prod", "image/a");
    assert!(ended.starts_with("skipped waived: waived by forgotten; low"), "{ended}");
}

#[test]
fn what_was_not_read_is_an_error_where_it_is_needed() {
    let (ended, out) = ending(&hostile(), "coverage", "qualif docker/app");
    assert_eq!(
        ended,
        "Error not-read: qualif docker/app part images not read: no whole answer within 15s"
    );
    assert!(
        out.contains(
            "docker/app images: no whole answer within 15s [hides 1]; help: raise the deadline"
        ),
        "{out}"
    );
    let (ended, _) = ending(&hostile(), "coverage", "qualif");
    assert_eq!(ended, "Error not-read: qualif image/b is expected and was not seen");
    let (ended, _) = ending(&hostile(), "coverage", "the audit");
    assert_eq!(ended, "Error not-read: something else of nowhere");
    let (ended, _) = ending(&hostile(), "coverage", "dev docker/laptop");
    assert_eq!(ended, "skipped not-judged: dev docker/laptop not read: refused `\\u{a}## GO ✅");
    let (ended, out) = ending(&hostile(), "coverage", "qualif redis/cache");
    assert_eq!(
        (ended.as_str(), out.as_str()),
        ("passed", "recorded c.txt\nc.txt stands in for the live target: connection refused")
    );
    let (ended, _) = ending(&hostile(), "qualif -> prod", "image/b");
    assert_eq!(
        ended,
        "Error not-read: image/b was not read in qualif: the suite coverage says why"
    );
    let (ended, _) = ending(&hostile(), "dev -> prod", "image/b");
    assert_eq!(
        ended,
        "skipped not-judged: image/b was not read in dev: the suite coverage says why"
    );
}

#[test]
fn counts_are_those_of_the_cases_and_nothing_is_of_now() {
    let text = xml(&hostile()).unwrap();
    assert_eq!(text, xml(&hostile()).unwrap());
    let head = text.lines().nth(1).unwrap();
    assert_eq!(head, "<testsuites name=\"envparity\" tests=\"27\" failures=\"3\" errors=\"4\">");
    let read = read(&hostile());
    for suite in &read.test_suites {
        let count = |kind: &str| {
            suite.test_cases.iter().filter(|c| format!("{:?}", c.status).starts_with(kind)).count()
        };
        assert_eq!(suite.tests, suite.test_cases.len(), "{:?}", suite.name);
        assert_eq!(suite.skipped, count("Skipped"), "{:?}", suite.name);
        assert_eq!(suite.failures + suite.errors, count("NonSuccess"), "{:?}", suite.name);
        assert!(text.contains("timestamp=\"2026-11-23T00:06:00.000+00:00\""));
    }
}

#[test]
fn a_class_has_one_dot_whatever_environments_are_called() {
    let mut report = hostile();
    report.baseline = "prod.eu".to_owned();
    report.environments[2].name = "prod.eu".to_owned();
    report.gates = vec![["qualif".to_owned(), "prod.eu".to_owned()]];
    report.matrix.iter_mut().for_each(|row| row.cells[2].environment = "prod.eu".to_owned());
    assert!(xml(&report).unwrap().contains("classname=\"envparity.qualif -&gt; prod_eu\""));
}
