//! What a run adds to the knowledge of since when things stand. Pure.
//!
//! Only a run that could have seen something, and did not, interrupts it. What a run could not see
//! (an environment that it left out, a target that it did not read, another baseline) stays as it
//! was known.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::metas::{is_of_each_environment, rule_meta};
use super::settled::{AbsenceQuery, AuditScope, is_read, is_settled, is_told_by_some};
use super::since::NewsCovered;
use super::subject::{Subject, by_name};
use crate::model::matrix::MatrixRow;
use crate::model::{
    Ahead, AheadPair, Comparison, ComponentName, EnvironmentName, FindingId, JudgedFinding,
    Running, Standing, StandingFinding, check_staleness,
};
use crate::rules::{Hook, LoadSeries};
use crate::trend::{CriterionJudged, CriterionOutcome};
use crate::version::Direction;

/// What nobody could look for so long is forgotten: its environment is gone.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What a run can tell of.
#[derive(Clone, Copy, Debug)]
pub struct SeenFrom<'a> {
    /// Which environments are compared, and how.
    pub scope: AuditScope<'a>,
    /// What was seen.
    pub subjects: &'a [Subject<'a>],
    /// The load of targets over time, as far as it was judged.
    pub load: &'a [LoadSeries<'a>],
    /// The time of the run.
    pub now: Timestamp,
}

impl SeenFrom<'_> {
    /// What stands of components after this run.
    pub fn components_after(
        &self,
        before: &Standing,
        matrix: &[MatrixRow],
        comparisons: &[Comparison],
    ) -> Standing {
        let running = self.running_after(before, matrix);
        let ahead = self.ahead_after(before, &running, comparisons);
        Standing { findings: BTreeMap::new(), running, ahead }
    }

    /// Whether everything of an environment that could hold a component was read.
    fn is_read(&self, component: &ComponentName, environments: &[EnvironmentName]) -> bool {
        let each = environments.iter().map(std::slice::from_ref);
        each.map(|environments| AbsenceQuery { rule: "", component, environments })
            .all(|question| is_read(question, self.scope, self.subjects, self.now))
    }

    fn running_after(
        &self,
        before: &Standing,
        matrix: &[MatrixRow],
    ) -> BTreeMap<(EnvironmentName, ComponentName), Running> {
        let mut running = BTreeMap::new();
        let seen = matrix.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
        for (row, cell) in seen {
            let Some(now) = Running::of_cell(cell, self.now) else { continue };
            let key = (cell.environment.clone(), row.component.clone());
            let then = before.running.get(&key);
            let known = match then {
                Some(then) if now.continues(then) => then.clone(),
                // A part of it is what ran before, as far as anybody can tell.
                Some(then) if !self.is_read(&key.1, std::slice::from_ref(&key.0)) => then.clone(),
                _ => now,
            };
            running.insert(key, known);
        }
        for (key, then) in &before.running {
            let is_known = running.contains_key(key);
            if !is_known && !self.is_read(&key.1, std::slice::from_ref(&key.0)) {
                running.insert(key.clone(), then.clone());
            }
        }
        running
    }

    /// A side that is ahead stays so while it moves on. When the other side moves, it is ahead
    /// since it has run what it runs: nobody has waited longer for that.
    fn ahead_after(
        &self,
        before: &Standing,
        running: &BTreeMap<(EnvironmentName, ComponentName), Running>,
        comparisons: &[Comparison],
    ) -> BTreeMap<AheadPair, Ahead> {
        let mut ahead = BTreeMap::new();
        for comparison in comparisons {
            for change in &comparison.changes {
                let version = change.version.as_ref().filter(|one| one.level.is_drift());
                if version.and_then(|one| one.direction) != Some(Direction::Ahead) {
                    continue;
                }
                let (baseline, current) = (comparison.baseline.clone(), comparison.current.clone());
                let pair = AheadPair { component: change.component.clone(), baseline, current };
                let runs =
                    |name: &EnvironmentName| running.get(&(name.clone(), change.component.clone()));
                let of = runs(&pair.baseline).map(|one| one.versions.clone()).unwrap_or_default();
                let then = before.ahead.get(&pair);
                let since = match then {
                    Some(then) if then.of == of => then.since,
                    Some(then) => {
                        runs(&pair.current).map_or(self.now, |one| one.since).max(then.since)
                    }
                    None => self.now,
                };
                ahead.insert(pair, Ahead { of, since });
            }
        }
        for (pair, then) in &before.ahead {
            let AheadPair { component, baseline, current } = pair;
            let sides = [baseline.clone(), current.clone()];
            let is_compared =
                comparisons.iter().any(|one| one.baseline == *baseline && one.current == *current);
            let is_gone = is_compared && self.is_read(component, &sides);
            if !is_gone && !ahead.contains_key(pair) {
                ahead.insert(pair.clone(), then.clone());
            }
        }
        ahead
    }

    /// What stands of findings after this run.
    pub fn findings_after(
        &self,
        before: &Standing,
        findings: &[JudgedFinding],
    ) -> BTreeMap<FindingId, StandingFinding> {
        let mut standing = BTreeMap::new();
        for judged in findings {
            let since = inherited_since(before, judged).unwrap_or(self.now);
            let finding = &judged.finding;
            let seen = StandingFinding {
                rule: finding.rule.to_owned(),
                component: finding.component.clone(),
                environments: finding.environments.clone(),
                subject: finding.subject.clone(),
                baseline: self.scope.baseline.clone(),
                since,
                unseen: None,
            };
            standing.insert(judged.id.clone(), seen);
        }
        let told = NewsCovered::new(findings);
        for (id, then) in &before.findings {
            let is_told = told.by_a_stronger_rule(&then.rule, &then.component, &then.environments);
            if standing.contains_key(id) || (!is_told && self.could_have_found(then)) {
                continue;
            }
            let unseen = then.unseen.unwrap_or(self.now);
            if self.now.duration_since(unseen) <= FORGOTTEN {
                let then = StandingFinding { unseen: Some(unseen), ..then.clone() };
                standing.insert(id.clone(), then);
            }
        }
        standing
    }

    /// Whether this run would have found it, were it still there.
    fn could_have_found(&self, then: &StandingFinding) -> bool {
        let StandingFinding { rule, component, environments, .. } = then;
        let question = AbsenceQuery { rule, component, environments };
        let Some(meta) = rule_meta(rule) else { return false };
        if meta.hooks.contains(&Hook::Series) && !self.has_judged(then) {
            return false;
        }
        let sees_all = meta.hooks.contains(&Hook::All);
        if sees_all && then.baseline != *self.scope.baseline {
            return false;
        }
        if is_settled(question, self.scope, self.subjects, self.now) {
            return true;
        }
        // What is said of a whole environment, no target is asked for.
        sees_all
            && !is_told_by_some(question, self.subjects)
            && environments.iter().all(|name| self.is_whole(name))
    }

    /// Whether the load that it was about was judged, and nothing of it was left open.
    fn has_judged(&self, then: &StandingFinding) -> bool {
        let is_own = |series: &&LoadSeries<'_>| {
            then.environments.contains(series.environment)
                && then.component.as_str() == series.target.as_str()
        };
        let series = self.load.iter().filter(is_own).flat_map(|series| series.judged);
        let mut own = series.filter(|judged| judged.indicator.as_str() == then.subject).peekable();
        let is_known =
            |judged: &CriterionJudged| !matches!(judged.outcome, CriterionOutcome::Unknown(_));
        own.peek().is_some() && own.all(is_known)
    }

    /// Whether all of an environment was read.
    fn is_whole(&self, name: &EnvironmentName) -> bool {
        by_name(self.subjects, name).is_some_and(|Subject { snapshot, max_age, .. }| {
            let mut targets = snapshot.coverage.iter();
            targets.all(|target| {
                target.is_complete() && check_staleness(target, *max_age, self.now).is_none()
            })
        })
    }
}

/// Since when a finding stands that this run has; one that is of each of its environments by
/// itself also stands since it was one of more of them.
fn inherited_since(before: &Standing, judged: &JudgedFinding) -> Option<Timestamp> {
    let finding = &judged.finding;
    let own = before.findings.get(&judged.id).map(|then| then.since);
    if !is_of_each_environment(finding.rule) {
        return own;
    }
    let is_wider = |then: &&StandingFinding| {
        then.rule == finding.rule
            && then.component == finding.component
            && then.subject == finding.subject
            && finding.environments.iter().all(|name| then.environments.contains(name))
    };
    let wider = before.findings.values().filter(is_wider).map(|then| then.since);
    own.into_iter().chain(wider).min()
}
