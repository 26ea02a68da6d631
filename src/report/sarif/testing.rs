//! Reports in a few lines, for the tests of the formats that programs read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::collect::config::COLLECTORS;
use crate::compare::{build_matrix, compare};
use crate::model::{Audit, AuditedEnvironment, Purpose, Run};
use crate::model::{
    Class, Component, Coverage, Defaults, Disposition, EnvironmentPlaces, Failure, FailureKind,
    Finding, Instance, JudgedFinding, JudgedWaiver, Judgement, Locator, Outcome, Place, Places,
    ReadingSource, Severity, Snapshot, Source, Verdict, Waiver, WaiverState,
};
use crate::report::{Format, RenderOptions};
use crate::version::{Levels, Scheme, read};

/// An environment in which each component runs once, told by the target of its own name.
pub(in crate::report) fn snapshot(environment: &str, components: &[(&str, &str)]) -> Snapshot {
    Snapshot {
        environment: environment.into(),
        taken: "2026-04-02T11:59:00Z".parse().unwrap(),
        components: components
            .iter()
            .map(|(name, version)| ((*name).into(), component(name, version)))
            .collect(),
        coverage: components.iter().map(|(name, _)| coverage(name, Outcome::Complete)).collect(),
        identities: BTreeSet::new(),
        indicators: BTreeMap::new(),
        ignore: crate::model::Globs::default(),
        left_out: 0,
    }
}

fn component(name: &str, version: &str) -> Component {
    let instance = Instance {
        target: name.into(),
        locator: Locator::default(),
        site: Arc::default(),
        product: None,
        reading: read(Scheme::Generic, version).into(),
        source: ReadingSource::Program,
        contradicted_by: None,
        image: None,
    };
    Component {
        class: Class::Platform,
        levels: Levels::DEFAULT,
        instances: vec![instance],
        not_running: BTreeMap::new(),
        settings: BTreeMap::new(),
        only_in: Vec::new(),
        named_product: None,
        overruled: Vec::new(),
    }
}

pub(in crate::report) fn coverage(target: &str, outcome: Outcome) -> Coverage {
    Coverage {
        target: target.into(),
        kind: COLLECTORS.kind_of(&target.into()),
        component: target.into(),
        mapped: std::sync::Arc::default(),
        endpoint: String::new(),
        required: true,
        source: Source::Live,
        taken: "2026-04-02T11:59:00Z".parse().unwrap(),
        expires: None,
        parts: BTreeMap::from([("info".into(), outcome)]),
        notes: Vec::new(),
    }
}

pub(in crate::report) fn failed(message: &str) -> Outcome {
    Outcome::Failed(Failure::new(FailureKind::Timeout, message))
}

/// An audit of these, against the last, that found nothing.
pub(in crate::report) fn report(snapshots: Vec<Snapshot>) -> Audit {
    let (baseline, others) = snapshots.split_last().unwrap();
    let comparisons: Vec<_> = others.iter().map(|other| compare(baseline, other)).collect();
    let name = baseline.environment.clone();
    let matrix = build_matrix(&snapshots, &name, &comparisons);
    let max_age = Duration::from_secs(86_400);
    let environment =
        |snapshot| AuditedEnvironment { snapshot, required: true, max_age, hides: BTreeMap::new() };
    Audit {
        load: Vec::new(),
        purpose: Purpose::Audit,
        judgement: Judgement {
            verdict: Verdict::Go,
            reasons: Vec::new(),
            not_judged: Vec::new(),
            known: Vec::new(),
        },
        baseline: name,
        compared: Vec::new(),
        reports_only: false,
        gates: Vec::new(),
        left_out: Vec::new(),
        is_of_pair: false,
        environments: snapshots.into_iter().map(environment).collect(),
        comparisons,
        findings: Vec::new(),
        waivers: Vec::new(),
        since: None,
        new_only: false,
        standing: None,
        matrix,
        fail_on: Severity::High,
        places: Places::default(),
        run: Run {
            at: "2026-04-02T12:00:00Z".parse().unwrap(),
            duration: None,
            host: "host".to_owned(),
            profiles: "f".to_owned(),
            policy: String::new(),
            notes: Vec::new(),
            commit: None,
            timezone: TimeZone::UTC,
            history: None,
        },
    }
}

/// A finding in a gate.
pub(in crate::report) fn finding(
    rule: &'static str,
    component: &str,
    severity: Severity,
) -> JudgedFinding {
    let finding = Finding {
        rule,
        component: component.into(),
        environments: vec!["dev".into(), "prod".into()],
        subject: String::new(),
        summary: "dev is not prod".to_owned(),
        level: None,
        direction: None,
        values: std::collections::BTreeSet::new(),
        places: std::collections::BTreeMap::new(),
        at_least: None,
        defaults: Defaults::same_everywhere(severity),
    };
    let disposition =
        if severity == Severity::Off { Disposition::Off } else { Disposition::Active };
    let id = finding.id();
    JudgedFinding {
        id,
        finding,
        severity,
        in_gate: true,
        disposition,
        owner: None,
        controls: Vec::new(),
        versions: BTreeMap::new(),
    }
}

/// The same under a waiver.
pub(in crate::report) fn waived(judged: JudgedFinding, waiver: &str) -> JudgedFinding {
    JudgedFinding { disposition: Disposition::Waived(waiver.to_owned()), ..judged }
}

pub(in crate::report) fn waiver(id: &str, state: WaiverState) -> JudgedWaiver {
    let waiver = Waiver {
        id: id.to_owned(),
        rule: "version-skew".to_owned(),
        component: "redis/cache".into(),
        environments: vec!["dev".into(), "prod".into()],
        subject: None,
        versions: BTreeMap::new(),
        reason: "dev moves first".to_owned(),
        owner: "platform".to_owned(),
        expires: "2026-12-31".parse().unwrap(),
    };
    JudgedWaiver { waiver, state, covers: Vec::new() }
}

pub(in crate::report) fn place(path: &str, line: usize) -> Place {
    Place { path: path.to_owned(), line, column: 9 }
}

/// Nothing but the name of an environment.
pub(in crate::report) fn places_of(path: &str) -> EnvironmentPlaces {
    EnvironmentPlaces {
        name: place(path, 3),
        targets: BTreeMap::new(),
        recorded: BTreeMap::new(),
        expected: BTreeMap::new(),
    }
}

pub(in crate::report) fn rendered(format: &dyn Format, report: &Audit) -> String {
    let view =
        RenderOptions { width: None, color: false, unfold: false, exit: 1, report_only: false };
    format.render(report, &view).unwrap()
}
