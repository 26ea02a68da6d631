//! Waivers at work: which findings they cover, what became of them, and what is to be said of them.
//!
//! A waiver never covers more than it says: another environment, another version or another rule is
//! not covered. What it covers stays visible, apart.

mod binding;
pub mod config;
pub(super) mod rules;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::metas::{is_of_each_environment, is_on_versions};
use super::settled::{AbsenceQuery, AuditScope, is_read};
use super::subject::{Subject, by_name};
use crate::model::{
    Component, Disposition, EnvironmentName, Finding, JudgedFinding, JudgedWaiver, Requirement,
    Waiver, WaiverState, with_product,
};
use crate::rules::RuleMeta;
use crate::version::Containment;

use binding::BoundVersion;
pub use binding::bind_versions;
pub use rules::{EXPIRED, UNUSED};

/// Days before its end on which a waiver is said to expire.
const EXPIRING: i32 = 14;

/// Lets waivers cover what they say, and tells what became of each. What is to be said of them is
/// for [`findings`].
pub fn apply_waivers(
    waivers: Vec<Waiver>,
    findings: &mut [JudgedFinding],
    scope: AuditScope<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> Vec<JudgedWaiver> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let judged = waivers.into_iter().map(|waiver| {
        let counts = today <= waiver.expires;
        let mut covers = Vec::new();
        for judged in findings
            .iter_mut()
            .filter(|judged| fit_finding(&waiver, &judged.finding, subjects).is_covered())
        {
            covers.push(judged.id.clone());
            if counts && judged.disposition == Disposition::Active {
                judged.disposition = Disposition::Waived(waiver.id.clone());
            }
        }
        let question = AbsenceQuery {
            rule: &waiver.rule,
            component: &waiver.component,
            environments: &waiver.environments,
        };
        let is_unused = counts && covers.is_empty() && is_read(question, scope, subjects, now);
        let state = if is_unused { WaiverState::Unused } else { state_by_date(&waiver, today) };
        JudgedWaiver { waiver, state, covers }
    });
    judged.collect()
}

/// As far as the date says: whether a waiver is used is for an audit to tell.
pub fn state_by_date(waiver: &Waiver, today: Date) -> WaiverState {
    match (waiver.expires - today).get_days() {
        ..0 => WaiverState::Expired,
        0..=EXPIRING => WaiverState::Expiring,
        _ => WaiverState::Active,
    }
}

/// How a finding and a waiver fit.
enum Fit {
    /// It is covered.
    Covered,
    /// It is about the same, but something else runs than the waiver says: why, in words.
    Moved(String),
    /// It is about something else.
    Other,
}

impl Fit {
    fn is_covered(&self) -> bool {
        matches!(self, Self::Covered)
    }
}

fn fit_finding(waiver: &Waiver, finding: &Finding, subjects: &[Subject<'_>]) -> Fit {
    let same = waiver.rule == finding.rule
        && waiver.component == finding.component
        && names_environments(waiver, finding)
        && waiver.subject.as_ref().is_none_or(|subject| *subject == finding.subject);
    if !same {
        return Fit::Other;
    }
    let find = |environment: &EnvironmentName| {
        by_name(subjects, environment)?.snapshot.components.get(&waiver.component)
    };
    let components: Vec<Option<&Component>> = finding.environments.iter().map(find).collect();
    let moved = waiver.versions.iter().find_map(|(environment, wanted)| {
        // What is bound to something that is not there is bound to nothing that was found.
        let index = finding.environments.iter().position(|other| other == environment);
        let found = index.and_then(|index| Some((index, components[index]?)));
        let Some((index, component)) = found else {
            return Some(format!("{environment} does not run it, and the waiver is for {wanted}"));
        };
        let parts = binding::bound_parts(finding.rule, &components, index);
        first_outside(component, parts, wanted)
            .map(|text| format!("{environment} runs {text}, and the waiver is for {wanted}"))
    });
    let unbound = admits_everything(waiver).map(|(environment, wanted)| {
        format!("it covers {wanted} in {environment}, which is every version")
    });
    match unbound.or(moved) {
        Some(why) => Fit::Moved(why),
        None if is_bound(waiver) => Fit::Covered,
        None => Fit::Other,
    }
}

/// Whether a waiver is about the environments of a finding. Of what each of them has by itself, it
/// goes on where some are fixed.
fn names_environments(waiver: &Waiver, finding: &Finding) -> bool {
    let is_of_each = is_of_each_environment(finding.rule) && waiver.versions.is_empty();
    let names = |environment| waiver.environments.contains(environment);
    waiver.environments == finding.environments
        || (is_of_each && finding.environments.iter().all(names))
}

/// Where a waiver is bound to every version, and so to none.
fn admits_everything(waiver: &Waiver) -> Option<(&EnvironmentName, &Requirement)> {
    waiver.versions.iter().find(|(_, wanted)| wanted.admits_everything())
}

/// Whether a waiver on versions says those of every environment; the profile has checked it.
fn is_bound(waiver: &Waiver) -> bool {
    let has = |environment: &EnvironmentName| waiver.versions.contains_key(environment);
    !is_on_versions(&waiver.rule) || waiver.environments.iter().all(has)
}

/// The first version of a finding that is not wanted. What a lower source says instead counts as
/// well.
fn first_outside(
    component: &Component,
    parts: BTreeSet<BoundVersion<'_>>,
    wanted: &Requirement,
) -> Option<String> {
    parts
        .into_iter()
        .find(|(product, reading)| {
            wanted.admits(product.as_deref(), &component.levels, reading) != Containment::Inside
        })
        .map(|(product, reading)| {
            let product = product.filter(|_| wanted.products().next().is_some());
            with_product(product.as_deref(), &reading.to_string())
        })
}

/// What is to be said of waivers that have expired, or are not used.
pub fn findings(
    waivers: &[JudgedWaiver],
    found: &[JudgedFinding],
    subjects: &[Subject<'_>],
) -> Vec<Finding> {
    let of = |judged: &JudgedWaiver| {
        let JudgedWaiver { waiver, state, covers } = judged;
        let (meta, summary): (&'static RuleMeta, _) = match state {
            WaiverState::Expired => (&EXPIRED, expired(waiver, covers.len())),
            WaiverState::Unused => (&UNUSED, unused(waiver, found, subjects)),
            WaiverState::Active | WaiverState::Expiring => return None,
        };
        let (component, environments) = (waiver.component.clone(), waiver.environments.clone());
        let defaults = meta.defaults.first()?.1;
        let subject = waiver.id.clone();
        Some(Finding {
            rule: meta.id,
            component,
            environments,
            subject,
            summary,
            level: None,
            direction: None,
            values: BTreeSet::new(),
            places: std::collections::BTreeMap::new(),
            at_least: None,
            defaults,
        })
    };
    waivers.iter().filter_map(of).collect()
}

fn expired(waiver: &Waiver, covers: usize) -> String {
    let Waiver { id, rule, owner, expires, .. } = waiver;
    let then = if covers > 0 {
        format!("{rule} counts again")
    } else {
        "it would no longer cover anything".to_owned()
    };
    format!("waiver {id} of {owner} expired on {expires}: {then}")
}

/// Why it is not used, if there is something that it nearly covers.
fn unused(waiver: &Waiver, found: &[JudgedFinding], subjects: &[Subject<'_>]) -> String {
    let Waiver { id, rule, owner, .. } = waiver;
    let moved =
        found.iter().find_map(|judged| match fit_finding(waiver, &judged.finding, subjects) {
            Fit::Moved(why) => Some(why),
            Fit::Covered | Fit::Other => None,
        });
    match moved {
        Some(why) => format!("waiver {id} of {owner} does not cover {rule}: {why}"),
        None => {
            format!("waiver {id} of {owner} covers nothing: there is no {rule} finding like it")
        }
    }
}
