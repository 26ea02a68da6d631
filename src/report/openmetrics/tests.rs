//! What each family says, how many series there are at most, and text that would break them.

use super::OpenMetrics;
use super::components::MAX_SERIES;
use crate::model::{Reason, ReasonKind, Severity, Snapshot, Verdict, WaiverState};
use crate::policy::rule_metas;
use crate::report::Audit;
use crate::report::sarif::testing::{
    coverage, failed, finding, rendered, report, snapshot, waived, waiver,
};

fn text(report: &Audit) -> String {
    rendered(&OpenMetrics, report)
}

/// The lines of samples whose name begins so, without what is zero.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(name) && !line.ends_with(" 0")).collect()
}

fn many(environment: &str, count: usize, version: &str) -> Snapshot {
    let names: Vec<String> = (0..count).map(|i| format!("redis/{i:05}")).collect();
    let components: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), version)).collect();
    snapshot(environment, &components)
}

#[test]
fn each_difference_has_its_number() {
    let dev = [
        ("a", "1.2.3"),
        ("b", "1.2.3"),
        ("c", "1.2.3"),
        ("d", "1.2.3"),
        ("e", "1.2.3"),
        ("g", "strange"),
    ];
    let prod = [
        ("a", "1.2.3"),
        ("b", "1.2.3+1"),
        ("c", "1.2.3-rc1"),
        ("d", "1.2.4"),
        ("e", "2.0"),
        ("f", "1"),
        ("g", "1"),
    ];
    let text = text(&report(vec![snapshot("dev", &dev), snapshot("prod", &prod)]));
    let number = |component| {
        let head =
            format!("envparity_drift_level{{component=\"{component}\",environment=\"dev\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&head))
    };
    assert_eq!(
        ["a", "b", "c", "d", "e", "f", "g"].map(number),
        [Some("0"), Some("2"), Some("3"), Some("4"), Some("6"), None, Some("-1")]
    );
    assert!(
        !text.contains("environment=\"prod\"} 0"),
        "the baseline is at no distance from itself"
    );
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1);
}

#[test]
fn what_was_not_read_is_no_success_and_not_equal() {
    let mut dev = snapshot("dev", &[]);
    dev.coverage = vec![coverage("redis/cache", failed("no answer"))];
    let mut report = report(vec![dev, snapshot("prod", &[("redis/cache", "7.0.1")])]);
    let ok = text(&report);
    assert!(ok.contains("\nenvparity_last_success_timestamp_seconds 1775131200\n"), "{ok}");
    report.judgement.verdict = Verdict::NoGo;
    report.judgement.reasons = vec![Reason {
        kind: ReasonKind::Incomplete,
        is_of_target: false,
        finding: None,
        severity: None,
        text: "dev redis/cache not read".to_owned(),
    }];
    let text = text(&report);
    assert!(text.contains("\nenvparity_last_success_timestamp_seconds 0\n"), "{text}");
    assert!(
        text.contains("\nenvparity_verdict{is=\"no-go\"} 1\n") && text.contains("{is=\"go\"} 0\n")
    );
    assert!(
        text.contains(
            "target_up{environment=\"dev\",target=\"redis/cache\",required=\"true\"} 0\n"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "target_up{environment=\"prod\",target=\"redis/cache\",required=\"true\"} 1\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("drift_level{component=\"redis/cache\",environment=\"dev\"} -2\n"),
        "{text}"
    );
}

#[test]
fn findings_and_waivers_are_counted_and_their_zeros_named() {
    let mut report = report(vec![snapshot("dev", &[]), snapshot("prod", &[])]);
    let skew = |component, severity| finding("version-skew", component, severity);
    report.findings = vec![
        skew("a", Severity::High),
        skew("b", Severity::High),
        waived(skew("c", Severity::High), "w"),
        skew("d", Severity::Off),
        finding("waiver-expired", "c", Severity::Medium),
    ];
    report.waivers = vec![waiver("w", WaiverState::Active), waiver("x", WaiverState::Expired)];
    let text = text(&report);
    let of = |rule, severity, disposition| {
        format!(
            "envparity_findings{{rule=\"{rule}\",severity=\"{severity}\",disposition=\"{disposition}\",gate=\"true\"}} "
        )
    };
    let mut wanted = vec![
        of("version-skew", "high", "active") + "2",
        of("version-skew", "high", "waived") + "1",
        of("version-skew", "off", "off") + "1",
        of("waiver-expired", "medium", "active") + "1",
    ];
    wanted.sort();
    let mut found = samples(&text, "envparity_findings{");
    found.sort_unstable();
    assert_eq!(found, wanted);
    // five severities that count or are waived, and off; in a gate or not
    assert_eq!(text.matches("\nenvparity_findings{").count(), rule_metas().count() * 22);
    for line in [
        "{state=\"expired\"} 1", "{state=\"unused\"} 0", "{state=\"expiring\"} 0",
        "{state=\"active\"} 1",
    ] {
        assert!(text.contains(&format!("\nenvparity_waivers{line}\n")), "{line}");
    }
}

#[test]
fn too_many_components_leave_the_equal_ones_out_and_say_how_many() {
    let mut dev = many("dev", 2_000, "1.0.0");
    let other = snapshot("dev", &[("redis/01999", "2.0.0")]);
    dev.components.extend(other.components);
    let few = text(&report(vec![dev, many("prod", 2_000, "1.0.0")]));
    assert_eq!(
        samples(&few, "envparity_drift_level"),
        ["envparity_drift_level{component=\"redis/01999\",environment=\"dev\"} 6"]
    );
    assert_eq!(samples(&few, "envparity_component_info").len(), 2);
    assert_eq!(
        samples(&few, "envparity_series_dropped"),
        [
            "envparity_series_dropped{family=\"component_info\"} 3998",
            "envparity_series_dropped{family=\"drift_level\"} 1999",
        ]
    );
}

#[test]
fn of_too_many_that_differ_the_furthest_apart_stay() {
    let mut dev = many("dev", 2_000, "1.0.1");
    let major = snapshot("dev", &[("redis/01998", "2.0.0"), ("redis/01999", "2.0.0")]);
    dev.components.extend(major.components);
    let text = text(&report(vec![dev, many("prod", 2_000, "1.0.0")]));
    let drift = samples(&text, "envparity_drift_level");
    let info = samples(&text, "envparity_component_info");
    assert_eq!((drift.len(), info.len()), (MAX_SERIES / 3, MAX_SERIES / 3 * 2));
    assert!(
        drift.iter().any(|line| line.contains("redis/01998") && line.ends_with(" 6")),
        "{drift:?}"
    );
    assert!(!drift.iter().any(|line| line.contains("redis/01997")), "a patch more is worth less");
    assert_eq!(
        samples(&text, "envparity_series_dropped"),
        [
            "envparity_series_dropped{family=\"component_info\"} 1334",
            "envparity_series_dropped{family=\"drift_level\"} 667",
        ]
    );
}

#[test]
fn hostile_text_adds_no_line_and_no_sample_twice() {
    let hostile = "x\"} 1\nenvparity_verdict{is=\"go\"} 1\n# EOF\n\\\u{1b}[2J\u{202e}";
    let long = "y".repeat(300);
    let (longer, longest) = (long.clone() + "1", long.clone() + "2");
    let dev =
        [(hostile, "1.0"), (longer.as_str(), "1.0"), (longest.as_str(), "1.0"), ("z", hostile)];
    let prod =
        [(hostile, "1.0"), (longer.as_str(), "1.0"), (longest.as_str(), "2.0"), ("z", "1.0")];
    let text = text(&report(vec![snapshot("dev", &dev), snapshot("prod", &prod)]));
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'),
        "{text}"
    );
    let names = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(['{', ' ']).next().unwrap());
    assert!(names.clone().all(|name| name.starts_with("envparity_")), "{text}");
    assert_eq!(samples(&text, "envparity_verdict").len(), 1);
    let mut series: Vec<&str> =
        text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    series.sort_unstable();
    let count = series.len();
    series.dedup();
    assert_eq!(series.len(), count, "a series twice would cost the exporter all of them");
    // two components whose names begin alike stay two
    assert!(text.contains("envparity_series_dropped{family=\"drift_level\"} 0\n"), "{text}");
    assert!(
        samples(&text, "envparity_drift_level")
            .iter()
            .any(|line| line.contains("yyy") && line.ends_with(" 6"))
    );
}
