//! Whether everything that could show something was read: only then does its absence say anything.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::metas::{rule_meta, rule_reads};
use super::subject::{Subject, by_name};
use crate::model::{
    CollectorKind, Collectors, ComponentName, Coverage, EnvironmentName, Gate, Outcome, PartName,
    ProductNames, check_staleness,
};
use crate::rules::{Hook, Reads};

/// What is looked for, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct AbsenceQuery<'a> {
    /// Id of the rule that would find it.
    pub(super) rule: &'a str,
    /// The component that it would be found on.
    pub(super) component: &'a ComponentName,
    /// The environments that it would concern.
    pub(super) environments: &'a [EnvironmentName],
}

/// Which environments an audit compares, and what reads them.
#[derive(Clone, Copy, Debug)]
pub struct AuditScope<'a> {
    /// All others are compared with it.
    pub baseline: &'a EnvironmentName,
    /// Besides, each of these pairs.
    pub gates: &'a [Gate],
    /// What reads the targets, of this run or of an earlier one.
    pub collectors: Collectors,
    /// What components are called.
    pub names: &'a ProductNames,
    /// Components that are found among images, by the catalogue.
    pub mapped: &'a BTreeSet<ComponentName>,
    /// Components by environment whose load of the last 24 hours is known.
    pub with_load: &'a BTreeSet<(EnvironmentName, ComponentName)>,
}

impl AuditScope<'_> {
    /// Whether the load that a rule looks at is known, where it looks at any.
    fn has_load(self, question: AbsenceQuery<'_>) -> bool {
        let mut environments = question.environments.iter();
        let is_known = |name: &EnvironmentName| {
            self.with_load.contains(&(name.clone(), question.component.clone()))
        };
        rule_reads(question.rule) != Reads::Load || environments.all(is_known)
    }

    /// Whether the rule had a chance: one that looks at pairs sees none but those that are
    /// scope.
    fn asks_question(self, question: AbsenceQuery<'_>) -> bool {
        let [a, b] = question.environments else { return true };
        let is_of_pairs =
            rule_meta(question.rule).is_some_and(|meta| meta.hooks.contains(&Hook::Pair));
        let is_gate =
            |gate: &Gate| (&gate.from, &gate.to) == (a, b) || (&gate.from, &gate.to) == (b, a);
        !is_of_pairs || [a, b].contains(&self.baseline) || self.gates.iter().any(is_gate)
    }
}

/// Whether all of the environments take part and are scope, and every part of them that could
/// show what is asked for was read and is of now. Where nobody could tell, silence says nothing.
pub(super) fn is_settled(
    question: AbsenceQuery<'_>,
    scope: AuditScope<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> bool {
    let each = question.environments.iter().filter_map(|name| by_name(subjects, name));
    is_read(question, scope, subjects, now) && each.into_iter().all(|one| has_teller(question, one))
}

/// Whether some target of some of the environments could tell of it at all.
pub(super) fn is_told_by_some(question: AbsenceQuery<'_>, subjects: &[Subject<'_>]) -> bool {
    let mut each = question.environments.iter().filter_map(|name| by_name(subjects, name));
    each.any(|subject| has_teller(question, subject))
}

fn has_teller(question: AbsenceQuery<'_>, subject: &Subject<'_>) -> bool {
    subject.snapshot.coverage.iter().any(|target| concerns_target(question, target))
}

/// The same, also where nothing that is read could show it: what no target can hold is not there.
pub(super) fn is_read(
    question: AbsenceQuery<'_>,
    scope: AuditScope<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> bool {
    let is_read_in = |subject: &Subject<'_>| {
        let Subject { snapshot, max_age, .. } = subject;
        let name = question.component.as_str();
        let is_ignored = snapshot.ignore.is_match(name);
        let mut asked = snapshot.coverage.iter().filter(|target| concerns_target(question, target));
        !is_ignored
            && !snapshot.coverage.is_empty()
            && asked.all(|target| {
                is_whole(question, target) && check_staleness(target, *max_age, now).is_none()
            })
    };
    let mut environments = question.environments.iter();
    scope.asks_question(question)
        && scope.has_load(question)
        && environments.all(|name| by_name(subjects, name).is_some_and(is_read_in))
}

/// Whether a part of a target could have told of what is asked for: of the component, or of what a
/// rule needs besides.
pub(super) fn could_tell(
    question: AbsenceQuery<'_>,
    Teller { kind, own, mapped }: Teller<'_>,
    part: &PartName,
) -> bool {
    let name = question.component;
    let is_among_images = mapped.contains(name);
    // Identities are told by any target.
    rule_reads(question.rule) == Reads::Identities
        || kind.tells_jointly(own, name)
        || kind.could_hold(part, own, name)
        || (is_among_images && (kind.tells_images_jointly() || kind.could_hold_images(part)))
}

/// What reads a target, and what may be found in it.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    pub(super) kind: &'a CollectorKind,
    /// The component that the target is itself.
    pub(super) own: &'a ComponentName,
    /// Components that are found among images, by the catalogue.
    pub(super) mapped: &'a BTreeSet<ComponentName>,
}

impl<'a> Teller<'a> {
    fn of_target(target: &'a Coverage) -> Self {
        Self { kind: target.kind, own: &target.component, mapped: &target.mapped }
    }
}

fn concerns_target(question: AbsenceQuery<'_>, target: &Coverage) -> bool {
    target.parts.is_empty()
        || target.parts.keys().any(|part| could_tell(question, Teller::of_target(target), part))
}

fn is_whole(question: AbsenceQuery<'_>, target: &Coverage) -> bool {
    let mut asked = target
        .parts
        .iter()
        .filter(|(part, _)| could_tell(question, Teller::of_target(target), part));
    asked.all(|(_, outcome)| *outcome == Outcome::Complete)
}
