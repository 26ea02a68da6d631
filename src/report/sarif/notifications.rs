//! What a reader must know of the run before believing that what is not among the results is not
//! there.

use super::locate::{PlaceFinder, location};
use super::object::{DescriptorReference, Location, Notification, NotificationKind, SarifLevel};
use super::words;
use crate::model::staleness;
use crate::model::{Coverage, Place, ReasonKind, Source};
use crate::report::{Audit, AuditedEnvironment};

const NOT_READ: &str = "not-read";
const STAND_IN: &str = "stand-in";
const INCOMPLETE: &str = "incomplete";
const PARTIAL: &str = "partial";
const CUT: &str = "cut";
const SINCE: &str = "since";
const REMARK: &str = "remark";

/// All kinds, for the driver.
pub(super) fn kinds() -> Vec<NotificationKind> {
    let kinds = [
        (NOT_READ, "A target or a part of it was not read, or its answer does not count any more."),
        (STAND_IN, "A file stands in for a target that was not reached."),
        (INCOMPLETE, "Something else that the verdict needs, or would judge, is not known."),
        (PARTIAL, "Not all environments took part."),
        (CUT, "There are more results than a reader takes."),
        (SINCE, "The earlier report was made otherwise."),
        (REMARK, "Worth knowing of a target, or of how it was judged."),
    ];
    kinds.map(|(id, text)| NotificationKind { id, short_description: words::message(text) }).into()
}

fn notification(
    id: &'static str,
    level: SarifLevel,
    text: &str,
    place: Option<&Place>,
) -> Notification {
    let locations: Vec<Location> = place.map(location).into_iter().collect();
    Notification {
        descriptor: DescriptorReference { id },
        level,
        message: words::message(text),
        locations,
    }
}

/// All of them; `cut` results were left out.
pub(super) fn all(report: &Audit, locator: &PlaceFinder<'_>, cut: usize) -> Vec<Notification> {
    let mut told = Vec::new();
    let mut found = Vec::new();
    for environment in &report.environments {
        for coverage in &environment.snapshot.coverage {
            let of_target = of_target(report, environment, coverage, locator);
            if of_target.iter().any(|notification| notification.level != SarifLevel::Note) {
                told.push(format!("{} {}", environment.snapshot.environment, coverage.target));
            }
            found.extend(of_target);
        }
    }
    found.extend(others(report, &told, locator));
    let mut add = |id, level, text: &str| found.push(notification(id, level, text, None));
    if !report.left_out.is_empty() {
        let names: Vec<&str> = report.left_out.iter().map(|name| name.as_str()).collect();
        add(PARTIAL, SarifLevel::Warning, &format!("left out: {}", names.join(", ")));
    }
    if cut > 0 {
        add(
            CUT,
            SarifLevel::Warning,
            &format!("{cut} results were left out, the least severe ones"),
        );
    }
    report
        .since
        .iter()
        .flat_map(|since| &since.changed)
        .for_each(|text| add(SINCE, SarifLevel::Note, text));
    report.run.notes.iter().for_each(|text| add(REMARK, SarifLevel::Note, text));
    found
}

fn of_target(
    report: &Audit,
    environment: &AuditedEnvironment,
    target: &Coverage,
    locator: &PlaceFinder<'_>,
) -> Vec<Notification> {
    let name = &environment.snapshot.environment;
    let place = locator.of_target(name, &target.target).or_else(|| locator.of_environment(name));
    // As in the verdict.
    let level = if environment.required && target.required {
        SarifLevel::Error
    } else {
        SarifLevel::Warning
    };
    let head = format!("{name} {}", target.target);
    let mut found = Vec::new();
    for (part, failure) in target.failures() {
        let part = part.map(|part| format!(" part {part}")).unwrap_or_default();
        let text = format!("{head}{part} not read: {failure}; {}", failure.advice);
        found.push(notification(NOT_READ, level, &text, place));
    }
    if let Some(stale) = staleness(target, environment.max_age, report.run.at) {
        found.push(notification(
            NOT_READ,
            level,
            &format!("{head}: {stale}; {}", stale.advice),
            place,
        ));
    }
    if let Source::Recorded { path, instead_of: Some(failure), .. } = &target.source {
        let text = format!("{head} was not reached, {path} stands in for it: {failure}");
        found.push(notification(STAND_IN, SarifLevel::Note, &text, place));
    }
    let notes = target.notes.iter().map(|note| format!("{head}: {}", note.text));
    found.extend(notes.map(|text| notification(REMARK, SarifLevel::Note, &text, place)));
    let left_out = target.left_out().map(|text| format!("{head}: {text}"));
    found.extend(left_out.map(|text| notification(NOT_READ, SarifLevel::Note, &text, place)));
    found
}

/// What the verdict says is not known and is not a target's that was told already.
fn others(report: &Audit, told: &[String], locator: &PlaceFinder<'_>) -> Vec<Notification> {
    let reasons =
        report.judgement.reasons.iter().filter(|reason| reason.kind == ReasonKind::Incomplete);
    let needed = reasons.map(|reason| (SarifLevel::Error, &reason.text));
    let not_judged = report.judgement.not_judged.iter().map(|text| (SarifLevel::Warning, text));
    let is_told = |text: &str| {
        told.iter()
            .filter_map(|head| text.strip_prefix(head.as_str()))
            .any(|rest| rest.starts_with([' ', ':']))
    };
    let new = needed.chain(not_judged).filter(|(_, text)| !is_told(text));
    let to_notification = |(level, text): (SarifLevel, &String)| {
        let first = text.split(' ').next().unwrap_or_default();
        notification(INCOMPLETE, level, text, locator.of_environment(&first.into()))
    };
    new.map(to_notification).collect()
}
