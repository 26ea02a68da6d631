//! What a reader must know of the run before believing that what is not among the results is not
//! there.

use super::locate::{PlaceFinder, sarif_location};
use super::object::{DescriptorReference, Location, Notification, NotificationKind, SarifLevel};
use super::words;
use crate::model::{Place, ReasonKind};
use crate::report::Audit;
use crate::report::view::ReportView;
use crate::report::view::coverage::{EnvironmentView, TargetView};

const NOT_READ: &str = "not-read";
const STAND_IN: &str = "stand-in";
const INCOMPLETE: &str = "incomplete";
const PARTIAL: &str = "partial";
const CUT: &str = "cut";
const SINCE: &str = "since";
const REMARK: &str = "remark";

/// All kinds, for the driver.
pub(super) fn notification_kinds() -> Vec<NotificationKind> {
    let kinds = [
        (NOT_READ, "A target or a part of it was not read, or its answer does not count any more."),
        (STAND_IN, "A file stands in for a target that was not reached."),
        (INCOMPLETE, "Something else that the verdict needs is not known."),
        (PARTIAL, "Not all environments took part."),
        (CUT, "There are more results than a reader takes."),
        (SINCE, "The earlier report was made with other settings."),
        (REMARK, "A note on a target, or on how it was judged."),
    ];
    kinds
        .map(|(id, text)| NotificationKind { id, short_description: words::text_message(text) })
        .into()
}

fn new_notification(
    id: &'static str,
    level: SarifLevel,
    text: &str,
    place: Option<&Place>,
) -> Notification {
    let locations: Vec<Location> = place.map(sarif_location).into_iter().collect();
    Notification {
        descriptor: DescriptorReference { id },
        level,
        message: words::text_message(text),
        locations,
    }
}

/// All of them; `cut` results were left out.
pub(super) fn all_notifications(
    view: &ReportView<'_>,
    locator: &PlaceFinder<'_>,
    cut: usize,
) -> Vec<Notification> {
    let report = view.audit;
    let mut told = Vec::new();
    let mut found = Vec::new();
    for environment in &view.environments {
        for target in &environment.targets {
            let of_target = of_target(environment, target, locator);
            if of_target.iter().any(|notification| notification.level != SarifLevel::Note) {
                told.push(format!("{} {}", environment.name(), target.name()));
            }
            found.extend(of_target);
        }
    }
    found.extend(other_notifications(report, &told, locator));
    let mut add = |id, level, text: &str| found.push(new_notification(id, level, text, None));
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
    environment: &EnvironmentView<'_>,
    target: &TargetView<'_>,
    locator: &PlaceFinder<'_>,
) -> Vec<Notification> {
    let name = &environment.audited.snapshot.environment;
    let coverage = target.coverage;
    let place = locator.of_target(name, &coverage.target).or_else(|| locator.of_environment(name));
    // As in the verdict.
    let level = if target.is_needed { SarifLevel::Error } else { SarifLevel::Warning };
    let head = format!("{name} {}", coverage.target);
    let mut found = Vec::new();
    for gap in target.gaps() {
        let text = format!("{name} {}", gap.gap_sentence());
        found.push(new_notification(NOT_READ, level, &text, place));
    }
    let stand_in = target.stand_in().map(|text| format!("{head}: {text}"));
    found.extend(stand_in.map(|text| new_notification(STAND_IN, SarifLevel::Note, &text, place)));
    let notes = coverage.notes.iter().map(|note| format!("{head}: {}", note.text));
    found.extend(notes.map(|text| new_notification(REMARK, SarifLevel::Note, &text, place)));
    let left_out = coverage.left_out().map(|text| format!("{head}: {text}"));
    found.extend(left_out.map(|text| new_notification(NOT_READ, SarifLevel::Note, &text, place)));
    found
}

/// What the verdict says is not known and is not a target's that was told already.
fn other_notifications(
    report: &Audit,
    told: &[String],
    locator: &PlaceFinder<'_>,
) -> Vec<Notification> {
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
        new_notification(INCOMPLETE, level, text, locator.of_environment(&first.into()))
    };
    new.map(to_notification).collect()
}
