//! Reports of audits that nobody ran: one with everything that a report can hold, the same with
//! hostile text wherever text comes from outside, and one as large as asked for.

#![allow(dead_code, reason = "each test uses a part of this")]

use std::collections::BTreeMap;
use std::time::Duration;

use envparity::compare::build_matrix;
use envparity::model::Audit;
use envparity::model::{
    Change, Comparison, Defaults, Disposition, EarlierFinding, EnvironmentName, Evidence, Failure,
    FailureKind, Fate, Field, Finding, FindingId, FindingTrend, Gate, GoneFinding, ImageUse,
    JudgedFinding, JudgedWaiver, Judgement, Locator, Note, Outcome, Presence, Reason, ReasonKind,
    RunState, Severity, Since, Snapshot, Source, TargetEvidence, TimeSource, Verdict, Waiver,
    WaiverState,
};
use envparity::pipeline::{self, RunFacts};
use envparity::report::{self, RenderOptions};
use envparity::version::Level;

const NOW: &str = "2026-11-23T00:06:00Z";

/// The report in a format.
pub(crate) fn rendered(report: &Audit, format: &str) -> String {
    let view =
        RenderOptions { width: None, color: false, unfold: false, exit: 1, report_only: false };
    report::by_name(format).unwrap().render(report, &view).unwrap()
}

/// Evidence of an environment with a Redis and these images: name, tag, and what its digest is made
/// of.
fn evidence(environment: &str, redis: &str, images: &[(String, String, usize)]) -> Evidence {
    let taken = "2026-11-22T23:30:00Z".parse().unwrap();
    let mut cache = TargetEvidence::new("redis/cache".into(), "cache.internal:6379", taken);
    cache.set_part("info", Outcome::Complete);
    cache.fields.push(Field::of_target("redis_version", redis));
    let mut docker = TargetEvidence::new("docker/app".into(), "unix:///var/run/docker.sock", taken);
    for part in ["containers", "engine", "images"] {
        docker.set_part(part, Outcome::Complete);
    }
    docker.fields.push(Field::of_target("engine", "24.0.7"));
    for (name, tag, digest) in images {
        docker.images.push(ImageUse {
            locator: Locator {
                namespace: "app".into(),
                workload: name.clone(),
                container: name.clone(),
            },
            reference: format!("registry.example/team/{name}:{tag}"),
            image_id: format!("sha256:{digest:064x}"),
            repo_digests: vec![format!("registry.example/team/{name}@sha256:{digest:064x}")],
            repo_tags: Vec::new(),
            runtime: "docker".into(),
            version_label: String::new(),
            ref_name: String::new(),
            app_version: String::new(),
            chart: String::new(),
            state: RunState::Running,
        });
    }
    Evidence {
        environment: EnvironmentName::from(environment),
        taken,
        targets: vec![docker, cache],
    }
}

/// An audit of these, the last of them being the baseline and the one before it the other side of
/// the gate.
fn audit(evidence: Vec<Evidence>) -> Audit {
    let baseline = evidence.last().unwrap().clone();
    let gate = Gate {
        from: evidence[evidence.len() - 2].environment.clone(),
        to: baseline.environment.clone(),
    };
    let mut environments = Vec::new();
    let mut comparisons = Vec::new();
    let mut report = None;
    for current in evidence.into_iter().rev().skip(1) {
        let mut diff = pipeline::diff(
            None,
            baseline.clone(),
            current,
            RunFacts { host: "ci-7".into(), commit: None },
        );
        environments.push(diff.environments.remove(1));
        comparisons.append(&mut diff.comparisons);
        report = Some(diff);
    }
    let mut report = report.unwrap();
    environments.reverse();
    comparisons.reverse();
    environments.push(report.environments.remove(0));
    for environment in &mut environments {
        environment.max_age = Duration::from_secs(24 * 3_600);
    }
    let snapshots: Vec<Snapshot> =
        environments.iter().map(|environment| environment.snapshot.clone()).collect();
    report.matrix = build_matrix(&snapshots, &baseline.environment, &comparisons);
    report.findings = comparisons.iter().flat_map(|comparison| found(comparison, &gate)).collect();
    report.findings.sort_by(|a, b| a.finding.component.cmp(&b.finding.component));
    report.purpose = envparity::model::Purpose::Audit;
    report.gates = vec![gate];
    report.environments = environments;
    report.comparisons = comparisons;
    report.run.at = NOW.parse().unwrap();
    report.run.profiles = "29f9de051e0d".into();
    report.run.policy = "9f31c2aa0b1c".into();
    judge(&mut report);
    report
}

fn found(comparison: &Comparison, gate: &Gate) -> Vec<JudgedFinding> {
    let in_gate = comparison.current == gate.from;
    comparison.changes.iter().filter_map(|change| finding(change, comparison, in_gate)).collect()
}

fn finding(change: &Change, comparison: &Comparison, in_gate: bool) -> Option<JudgedFinding> {
    let (rule, severity, summary) = match (&change.version, change.presence) {
        (Some(version), _) if version.level.is_drift() => {
            let severity = match version.level {
                Level::Major => Severity::High,
                Level::Minor => Severity::Medium,
                _ => Severity::Low,
            };
            let text = format!(
                "{} {}, {} {}",
                comparison.current, version.current, comparison.baseline, version.baseline
            );
            ("version-skew", severity, text)
        }
        (_, Presence::Missing) => (
            "missing-component",
            Severity::Medium,
            format!("{} does not run it", comparison.current),
        ),
        _ => return None,
    };
    let mut environments = vec![comparison.baseline.clone(), comparison.current.clone()];
    environments.sort();
    let version = change.version.as_ref();
    let finding = Finding {
        rule,
        component: change.component.clone(),
        environments,
        subject: String::new(),
        summary,
        level: version.map(|version| version.level),
        direction: version.and_then(|version| version.direction),
        values: std::collections::BTreeSet::new(),
        places: std::collections::BTreeMap::new(),
        defaults: Defaults::same_everywhere(severity),
        at_least: None,
    };
    let severity = if in_gate { severity } else { Severity::Low };
    let (id, disposition) = (finding.id(), Disposition::Active);
    Some(JudgedFinding {
        id,
        finding,
        severity,
        in_gate,
        disposition,
        owner: None,
        controls: Vec::new(),
        versions: BTreeMap::new(),
    })
}

fn judge(report: &mut Audit) {
    let blocks = |f: &&JudgedFinding| f.is_active() && f.in_gate && f.severity >= Severity::High;
    let reasons = report.findings.iter().filter(blocks).map(|judged| {
        let JudgedFinding { severity, finding, .. } = judged;
        let text =
            format!("{severity} {} {}: {}", finding.rule, finding.component, finding.summary);
        Reason {
            kind: ReasonKind::Blocks,
            is_of_target: false,
            finding: Some(judged.id.clone()),
            severity: Some(*severity),
            text,
        }
    });
    let reasons: Vec<Reason> = reasons.collect();
    let verdict = if reasons.is_empty() { Verdict::Go } else { Verdict::NoGo };
    report.judgement = Judgement { verdict, reasons, not_judged: Vec::new(), known: Vec::new() };
}

/// As many own services as asked for in three environments. Every `differs`th of them is at another
/// version in qualif.
pub(crate) fn large(components: usize, differs: usize) -> Audit {
    let images = |minor: usize, seed: usize| -> Vec<(String, String, usize)> {
        let image = |n: usize| {
            let ahead = if (n + 1).is_multiple_of(differs) { minor } else { 0 };
            (
                format!("service-{n:05}"),
                format!("{}.{ahead}.{}", n % 7, n % 5),
                n * 10 + seed * ahead,
            )
        };
        (0..components).map(image).collect()
    };
    let mut report = audit(vec![
        evidence("dev", "7.2.4", &images(2, 1)),
        evidence("qualif", "7.2.4", &images(1, 2)),
        evidence("ovh-production", "7.2.4", &images(0, 3)),
    ]);
    for (n, judged) in report.findings.iter_mut().enumerate() {
        judged.owner = Some(["platform", "payments", "logistics", "web"][n % 4].into());
        judged.controls = vec!["ISO 27001 A.8.31".into()];
    }
    report
}

/// Everything that a report can hold, in four environments.
pub(crate) fn rich() -> Audit {
    let names = [
        "timemachine", "stock-import", "label-printer", "timetable-api", "web-frontend", "notifier",
    ];
    let images = |tags: [&str; 6], seed: usize| -> Vec<(String, String, usize)> {
        let image =
            |(n, (name, tag)): (usize, (&&str, &str))| ((*name).into(), tag.into(), n * 100 + seed);
        names
            .iter()
            .zip(tags)
            .enumerate()
            .filter(|(_, (_, tag))| !tag.is_empty())
            .map(image)
            .collect()
    };
    let mut report = audit(vec![
        evidence("dev", "7.2.4", &images(["2.3.0", "2.2.1", "1.9.0", "3.1.0", "", "1.0.0"], 1)),
        evidence(
            "qualif",
            "7.0.15",
            &images(["2.2.0", "2.2.0", "1.8.2", "3.0.4", "5.1.0", "1.0.0"], 2),
        ),
        evidence(
            "preprod",
            "7.0.15",
            &images(["2.1.0", "1.9.9", "1.8.1", "3.0.4", "5.1.0", "1.0.0"], 2),
        ),
        evidence(
            "ovh-production",
            "6.2.5",
            &images(["2.1.0", "2.2.0", "1.8.2", "3.0.4", "5.1.0", "1.0.0"], 3),
        ),
    ]);
    for (n, judged) in report.findings.iter_mut().enumerate() {
        judged.owner = [Some("platform"), Some("web team"), None][n % 3].map(str::to_owned);
        let controls = ["ISO 27001 A.8.31", "SOC 2 CC8.1"].into_iter().filter(|_| n % 2 == 0);
        judged.controls = controls.map(str::to_owned).collect();
    }
    cover(&mut report);
    waive(&mut report);
    compare_with_an_earlier_one(&mut report);
    judge(&mut report);
    let gap =
        "ovh-production docker/app part engine not read: GET /info was answered 403 Forbidden";
    report.judgement.reasons.push(Reason {
        kind: ReasonKind::Incomplete,
        is_of_target: false,
        finding: None,
        severity: None,
        text: gap.into(),
    });
    report.judgement.not_judged = vec!["dev redis/cache: 2 d old, 24h at most".into()];
    report.left_out = vec!["sandbox".into()];
    report.run.duration = Some(Duration::from_millis(4_210));
    report.run.commit = Some("81f2c0de".into());
    report.run.notes = vec!["end-of-life data is from 2026-10-01".into()];
    report
}

/// Every outcome, source and remark.
fn cover(report: &mut Audit) {
    let [dev, qualif, _, production] = &mut report.environments[..] else {
        panic!("four environments")
    };
    dev.required = false;
    dev.snapshot.left_out = 3;
    let cache = &mut dev.snapshot.coverage[1];
    cache.taken = "2026-11-20T23:30:00Z".parse().unwrap();
    cache.notes = vec![Note { text: "the certificate ends on 2026-12-01".into(), is_odd: true }];
    cache.source = Source::Recorded {
        path: "evidence/dev-cache.txt".into(),
        time: TimeSource::FileModified,
        instead_of: Some(Failure::new(
            FailureKind::Refused,
            "connection refused: cache.internal:6379",
        )),
    };
    qualif.snapshot.coverage[0].parts.insert("images".into(), Outcome::LeftOut);
    let failure = Failure::new(FailureKind::Permission, "GET /info was answered 403 Forbidden");
    production.snapshot.coverage[0].parts.insert("engine".into(), Outcome::Failed(failure));
    production.hides = BTreeMap::from([(("docker/app".into(), "engine".into()), 2)]);
}

/// One finding that a waiver covers, and waivers in every state.
fn waive(report: &mut Audit) {
    let covered = report
        .findings
        .iter_mut()
        .find(|judged| judged.finding.component.as_str() == "redis/cache")
        .unwrap();
    covered.disposition = Disposition::Waived("redis-dev".into());
    covered.owner = Some("data".into());
    let waiver = |id: &str, state, covers: Vec<FindingId>, expires: &str| JudgedWaiver {
        waiver: Waiver {
            id: id.into(),
            rule: "version-skew".into(),
            component: "redis/cache".into(),
            environments: vec!["dev".into(), "ovh-production".into()],
            subject: None,
            versions: [("dev", "7.2.x"), ("ovh-production", ">=6.2, <7.1")]
                .map(|(e, wanted)| (EnvironmentName::from(e), wanted.parse().unwrap()))
                .into(),
            reason: "dev moves first, production follows in January".into(),
            owner: "platform".into(),
            expires: expires.parse().unwrap(),
        },
        state,
        covers,
    };
    let id = covered.id.clone();
    report.waivers = vec![
        waiver("redis-dev", WaiverState::Active, vec![id], "2026-12-31"),
        waiver(
            "nginx-old",
            WaiverState::Expired,
            vec![report.findings[0].id.clone()],
            "2026-10-01",
        ),
        waiver("kafka-3", WaiverState::Unused, Vec::new(), "2027-01-15"),
        waiver("label-printer-2", WaiverState::Expiring, Vec::new(), "2026-11-30"),
    ];
}

fn compare_with_an_earlier_one(report: &mut Audit) {
    let active = report.findings.iter().filter(|judged| judged.is_active());
    let trends = active
        .enumerate()
        .map(|(n, judged)| (judged.id.clone(), FindingTrend::ALL[n % 4]))
        .collect();
    let gone = |component: &str, fate| {
        let finding = Finding { component: component.into(), ..report.findings[0].finding.clone() };
        GoneFinding {
            finding: EarlierFinding {
                id: finding.id(),
                rule: "a-rule-of-another-time".into(),
                severity: Severity::High,
                component: component.into(),
                environments: vec!["qualif".into(), "ovh-production".into()],
                in_gate: true,
                level: None,
                direction: None,
                subject: String::new(),
                values: std::collections::BTreeSet::new(),
                places: std::collections::BTreeMap::new(),
                versions: std::collections::BTreeMap::new(),
                summary: "qualif 1.2.0 is a minor behind ovh-production 1.3.0".into(),
            },
            fate,
        }
    };
    report.since = Some(Since {
        at: "2026-11-16T00:06:00Z".parse().unwrap(),
        changed: vec!["the policy is another: 77aa01 then, 9f31c2aa0b1c now".into()],
        trends,
        gone: vec![
            gone("image/nginx", Fate::Resolved),
            gone("docker/engine", Fate::Unknown),
            gone("image/kafka", Fate::Waived),
        ],
    });
}

/// What has acted on somebody's page.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style></script></title><svg onload=alert(1)>",
    "\u{202e}gnp.exe\u{202c}",
    "a\0b\u{1b}[31m\u{200b}\nc",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#x202e; <!-- --> ]]>",
    "<a href=http://attacker.example/>x</a><base href=//attacker.example><meta http-equiv=refresh content=0>",
];

/// The same with hostile text wherever text comes from outside. Each text ends with a number of its
/// own.
pub(crate) fn hostile() -> Audit {
    let mut report = rich();
    let mut n = 0;
    let mut evil = || {
        n += 1;
        let long = if n % 13 == 0 { "x".repeat(3_000) } else { String::new() };
        format!("{}{long} {n}", HOSTILE[n % HOSTILE.len()])
    };
    for row in &mut report.matrix {
        let name = evil();
        for judged in
            report.findings.iter_mut().filter(|judged| judged.finding.component == row.component)
        {
            judged.finding.component = name.as_str().into();
        }
        row.component = name.into();
        for cell in &mut row.cells {
            cell.not_running.insert(evil(), 2);
            for reading in &mut cell.readings {
                reading.product = Some(evil().into());
                reading.digests = (0..5).map(|_| evil()).collect();
            }
        }
    }
    for judged in &mut report.findings {
        judged.finding.summary = evil();
        judged.finding.subject = evil();
        judged.owner = Some(evil());
        judged.controls = vec![evil(), evil()];
    }
    for waiver in report.waivers.iter_mut().map(|judged| &mut judged.waiver) {
        (waiver.reason, waiver.owner, waiver.rule) = (evil(), evil(), evil());
        (waiver.component, waiver.subject) = (evil().into(), Some(evil()));
    }
    if let Some(since) = &mut report.since {
        since.changed = vec![evil(), evil()];
        for gone in &mut since.gone {
            (gone.finding.rule, gone.finding.summary, gone.finding.component) =
                (evil(), evil(), evil().into());
        }
    }
    for target in
        report.environments.iter_mut().flat_map(|environment| &mut environment.snapshot.coverage)
    {
        target.endpoint = evil();
        target.notes = vec![Note { text: evil(), is_odd: false }];
        let failure = Failure::new(FailureKind::Protocol, evil()).with_advice(evil());
        target.parts.insert(evil().into(), Outcome::Failed(failure));
    }
    for reason in &mut report.judgement.reasons {
        reason.text = evil();
    }
    report.judgement.not_judged = vec![evil(), evil()];
    (report.run.host, report.run.notes, report.run.commit) = (evil(), vec![evil()], Some(evil()));
    rename(&mut report, "qualif", &evil());
    report
}

/// Another name for an environment, wherever it stands.
fn rename(report: &mut Audit, old: &str, new: &str) {
    let change = |name: &mut EnvironmentName| {
        if name.as_str() == old {
            *name = new.into();
        }
    };
    report
        .environments
        .iter_mut()
        .for_each(|environment| change(&mut environment.snapshot.environment));
    report.gates.iter_mut().for_each(|gate| change(&mut gate.from));
    report
        .matrix
        .iter_mut()
        .flat_map(|row| &mut row.cells)
        .for_each(|cell| change(&mut cell.environment));
    report.findings.iter_mut().flat_map(|judged| &mut judged.finding.environments).for_each(change);
}
