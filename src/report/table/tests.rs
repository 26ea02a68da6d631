//! What the quickstart does not have: waivers, owners, what is new, and more than fits a screen.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Table;
use crate::model::matrix::{Cell, MatrixRow, State};
use crate::model::{Audit, AuditedEnvironment, Purpose, Run};
use crate::model::{
    Class, Defaults, Disposition, EarlierFinding, Fate, Finding, FindingId, FindingTrend, Gate,
    GoneFinding, JudgedFinding, JudgedWaiver, Judgement, Places, PlacesCompared, Reason,
    ReasonKind, Severity, Since, Snapshot, Verdict, Waiver, WaiverState,
};
use crate::report::{Format, RenderOptions};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn judged(rule: &'static str, component: &str, severity: Severity) -> JudgedFinding {
    let finding = Finding {
        rule,
        component: component.into(),
        environments: vec!["prod".into(), "qualif".into()],
        subject: String::new(),
        summary: format!("what {rule} says"),
        level: None,
        direction: None,
        values: std::collections::BTreeSet::new(),
        places: std::collections::BTreeMap::new(),
        at_least: None,
        defaults: Defaults::same_everywhere(severity),
    };
    JudgedFinding {
        id: finding.id(),
        finding,
        severity,
        in_gate: true,
        disposition: Disposition::Active,
        owner: None,
        controls: Vec::new(),
        versions: BTreeMap::new(),
    }
}

fn waived(rule: &'static str, component: &str, by: &str) -> JudgedFinding {
    JudgedFinding {
        disposition: Disposition::Waived(by.to_owned()),
        ..judged(rule, component, Severity::Critical)
    }
}

fn waiver(id: &str, state: WaiverState, covers: &[&JudgedFinding]) -> JudgedWaiver {
    let waiver = Waiver {
        id: id.to_owned(),
        rule: "version-skew".to_owned(),
        component: "redis/cache".into(),
        environments: vec!["prod".into(), "qualif".into()],
        subject: None,
        versions: BTreeMap::new(),
        reason: "dev moves first".to_owned(),
        owner: "platform".to_owned(),
        expires: "1970-01-09".parse().unwrap(),
    };
    JudgedWaiver { waiver, state, covers: covers.iter().map(|judged| judged.id.clone()).collect() }
}

fn report(findings: Vec<JudgedFinding>) -> Audit {
    let snapshots = ["qualif", "prod"].map(|environment| Snapshot {
        environment: environment.into(),
        taken: NOW,
        components: BTreeMap::new(),
        coverage: Vec::new(),
        identities: std::collections::BTreeSet::new(),
        indicators: BTreeMap::new(),
        ignore: crate::model::Globs::default(),
        left_out: 0,
    });
    let blocks = |f: &&JudgedFinding| f.is_active() && f.severity >= Severity::High;
    let reason = |f: &JudgedFinding| Reason {
        kind: ReasonKind::Blocks,
        is_of_target: false,
        finding: Some(f.id.clone()),
        severity: Some(f.severity),
        text: f.finding.summary.clone(),
    };
    let reasons: Vec<Reason> = findings.iter().filter(blocks).map(reason).collect();
    let verdict = if reasons.is_empty() { Verdict::Go } else { Verdict::NoGo };
    Audit {
        load: Vec::new(),
        purpose: Purpose::Audit,
        judgement: Judgement { verdict, reasons, not_judged: Vec::new(), known: Vec::new() },
        baseline: "prod".into(),
        compared: Vec::new(),
        reports_only: false,
        gates: vec![Gate { from: "qualif".into(), to: "prod".into() }],
        left_out: Vec::new(),
        is_of_pair: false,
        matrix: Vec::new(),
        environments: snapshots
            .map(|snapshot| AuditedEnvironment {
                snapshot,
                required: true,
                max_age: Duration::MAX,
                hides: BTreeMap::new(),
            })
            .into_iter()
            .collect(),
        comparisons: Vec::new(),
        findings,
        waivers: Vec::new(),
        since: None,
        new_only: false,
        standing: None,
        fail_on: Severity::High,
        places: Places::default(),
        run: Run {
            at: NOW,
            duration: None,
            host: String::new(),
            profiles: "9f31c2".to_owned(),
            policy: String::new(),
            notes: Vec::new(),
            commit: None,
            timezone: TimeZone::UTC,
            history: None,
        },
    }
}

fn shown(report: &Audit, unfold: bool) -> String {
    let view =
        RenderOptions { width: Some(120), color: false, unfold, exit: 1, report_only: false };
    Table.render(report, &view).unwrap()
}

/// The lines of a section, its heading first.
fn section(text: &str, title: &str) -> Vec<String> {
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with(title))
        .take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_is_waived_is_counted_and_not_a_finding() {
    let report = report(vec![
        waived("product-differs", "redis/cache", "w1"),
        judged("version-skew", "redis/cache", Severity::Medium),
        JudgedFinding {
            disposition: Disposition::Off,
            ..judged("floating-tag", "image/a", Severity::Off)
        },
    ]);
    for unfold in [false, true] {
        let text = shown(&report, unfold);
        let findings = section(&text, "FINDINGS");
        assert_eq!(findings[0], "FINDINGS 1 medium; 1 waived, 1 switched off");
        assert!(findings.len() == 2 && findings[1].contains("version-skew"), "{text}");
        assert!(text.contains("\nGO: "), "{text}");
    }
}

/// A component that qualif lacks.
fn row(component: &str) -> MatrixRow {
    let cell = |environment: &str, state| Cell {
        environment: environment.into(),
        state,
        readings: Vec::new(),
        level: None,
        direction: None,
        other_product: false,
        other_variant: false,
        same_content: false,
        not_running: BTreeMap::new(),
        builds: 0,
        places: PlacesCompared::default(),
    };
    let cells = vec![cell("qualif", State::Missing), cell("prod", State::Present)];
    MatrixRow { component: component.into(), class: Class::Platform, cells }
}

#[test]
fn what_is_waived_does_not_decide_how_severe_a_row_is() {
    let findings = vec![
        waived("missing-component", "image/accepted", "w1"),
        waived("missing-component", "image/both", "w1"),
        judged("setting-drift", "image/both", Severity::Low),
    ];
    let matrix = ["image/accepted", "image/both", "image/nobody"].map(row).into();
    let text = shown(&Audit { matrix, ..report(findings) }, false);
    let rows = section(&text, "PLATFORM");
    assert_eq!(rows[1], "image/both missing low setting drift, 1 waived", "{text}");
    assert_eq!(rows[2], "image/accepted missing waived missing component", "{text}");
    assert_eq!(rows[3], "image/nobody missing", "{text}");
}

#[test]
fn a_waiver_that_needs_somebody_is_named_and_one_that_does_not_is_counted() {
    let covered = waived("version-skew", "redis/cache", "good");
    let waivers = vec![
        waiver("good", WaiverState::Active, &[&covered]),
        waiver("soon", WaiverState::Expiring, &[&covered]),
        waiver("late", WaiverState::Expired, &[&covered]),
        waiver("idle", WaiverState::Unused, &[]),
    ];
    let report = Audit { waivers, ..report(vec![covered]) };
    let folded = section(&shown(&report, false), "WAIVERS");
    assert_eq!(
        folded,
        [
            "WAIVERS 1 expired, 1 unused, 1 expiring, 1 active (-v for all)",
            "expired late version-skew redis/cache ended 1970-01-09, covered 1 finding · platform: dev moves first",
            "unused idle version-skew redis/cache until 1970-01-09, covers nothing · platform: dev moves first",
            "expiring soon version-skew redis/cache until 1970-01-09, covers 1 finding · platform: dev moves first",
        ]
    );
    let whole = section(&shown(&report, true), "WAIVERS");
    assert_eq!(whole[0], "WAIVERS 1 expired, 1 unused, 1 expiring, 1 active");
    assert!(whole[4].starts_with("active good "), "{whole:?}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one report, and all that its text must say")]
fn what_is_new_is_marked_and_what_is_merely_unread_is_named() {
    let old = judged("product-differs", "redis/cache", Severity::High);
    let new = JudgedFinding {
        owner: Some("data team".to_owned()),
        ..judged("version-skew", "image/postgresql", Severity::High)
    };
    let gone = |rule: &str, fate| {
        let finding = EarlierFinding {
            id: old.id.clone(),
            rule: rule.to_owned(),
            severity: Severity::High,
            component: "kubernetes/kubelet".into(),
            environments: vec!["prod".into()],
            in_gate: true,
            level: None,
            direction: None,
            versions: std::collections::BTreeMap::new(),
            subject: String::new(),
            values: std::collections::BTreeSet::new(),
            places: std::collections::BTreeMap::new(),
            summary: "a minor behind".to_owned(),
        };
        GoneFinding { finding, fate }
    };
    let since = Since {
        at: NOW,
        changed: vec!["the policy".to_owned()],
        trends: [(old.id.clone(), FindingTrend::Unchanged), (new.id.clone(), FindingTrend::New)]
            .into(),
        gone: vec![gone("version-skew", Fate::Unknown), gone("floating-tag", Fate::Resolved)],
    };
    let id = FindingId::as_str(&new.id)[..4].to_owned();
    let known = vec![old.id.clone()];
    let mut report = Audit { since: Some(since), new_only: true, ..report(vec![old, new]) };
    report.judgement.known = known;
    let text = shown(&report, false);
    let lines = section(&text, "SINCE");
    assert_eq!(
        lines[..2],
        [
            "SINCE Thu 1970-01-01 00:00 +00:00: 1 new, 1 unchanged, 1 resolved, 1 unknown",
            "changed: the policy"
        ]
    );
    assert!(
        lines[2].starts_with("unknown ")
            && lines[2].ends_with("kubernetes/kubelet was high: a minor behind"),
        "{text}"
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(section(&shown(&report, true), "SINCE").len(), 4);
    let findings = section(&text, "FINDINGS");
    assert_eq!(
        findings[1],
        format!(
            "high {id} new version-skew image/postgresql what version-skew says · owner data team"
        ),
        "the new one comes first"
    );
    assert!(findings[2].contains("product-differs"), "{text}");
    assert!(
        text.contains(&format!("envparity waiver add {id} --reason … --owner … --expires …")),
        "{text}"
    );
    assert!(
        text.contains(
            "; only what is new or worse since Thu 1970-01-01 00:00 +00:00 could block, 1 finding known before (exit 1)"
        ),
        "{text}"
    );
}

#[test]
fn notes_and_the_policy_are_told_first() {
    let mut report = report(Vec::new());
    report.run.notes =
        vec!["the policy's row 3 fits no finding".to_owned(), "\u{1b}[31m".to_owned()];
    report.run.policy = "77aa".to_owned();
    let text = shown(&report, false);
    assert!(text.lines().next().unwrap().ends_with("profiles 9f31c2 · policy 77aa"), "{text}");
    assert_eq!(text.lines().nth(1), Some("note: the policy's row 3 fits no finding"));
    assert_eq!(text.lines().nth(2), Some("note: \\u{1b}[31m"));
}

#[test]
fn of_many_alike_one_stands_for_all_and_none_of_another_kind_is_hidden() {
    let many = |rule, severity, n: usize| {
        (0..n).map(move |i| judged(rule, &format!("image/{rule}-{i}"), severity))
    };
    let mut findings: Vec<JudgedFinding> = many("version-skew", Severity::High, 40).collect();
    findings.extend(many("missing-component", Severity::Medium, 90));
    findings.extend(many("setting-drift", Severity::Low, 300));
    findings.push(judged("floating-tag", "image/nginx", Severity::Medium));
    findings.push(judged("variant-differs", "redis/cache", Severity::Low));
    let report = report(findings);
    let text = shown(&report, false);
    assert!(text.lines().count() <= super::SCREEN, "{text}");
    for rule in
        ["version-skew", "missing-component", "setting-drift", "floating-tag", "variant-differs"]
    {
        assert!(
            section(&text, "FINDINGS").iter().any(|line| line.contains(rule)),
            "{rule}\n{text}"
        );
    }
    let counted: usize = section(&text, "FINDINGS")
        .iter()
        .filter_map(|line| line.split_once("(+ ")?.1.split(' ').next()?.parse::<usize>().ok())
        .sum();
    let named = |text: &str| {
        let is_finding =
            |line: &&str| ["high ", "medium ", "low "].iter().any(|word| line.starts_with(word));
        section(text, "FINDINGS").iter().filter(|line| is_finding(&line.as_str())).count()
    };
    assert_eq!(named(&text) + counted, 432, "{text}");
    assert_eq!(named(&shown(&report, true)), 432);
}
