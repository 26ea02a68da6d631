//! What findings mean here: severities, owners, waivers, gates, and the verdict.
//!
//! Severity and `off` decide what blocks; nothing here can turn "not read" into "fine".

pub mod config;
mod gates;
pub mod load;
mod metas;
pub mod range;
mod readable;
mod settled;
mod since;
mod standing;
mod subject;
mod verdict;
pub mod waiver;

use std::collections::BTreeSet;

use crate::model::{
    ComponentName, Disposition, EnvironmentName, Finding, Gate, Glob, JudgedFinding, Severity,
    Snapshot,
};
use crate::version::Direction;
use config::{PolicyConfig, RuleConfig};
use metas::is_of_each_environment;

pub use gates::{GatesAsked, count_counterparts};
pub use metas::{blocks_anywhere, is_on_versions, is_unwaivable, rule_meta, rule_metas};
pub use readable::without_version;
pub use settled::AuditScope;
pub use since::{NoEarlierReport, check_earlier, compare_with_earlier};
pub use standing::SeenFrom;
pub use subject::Subject;
pub use verdict::judge;

/// A checked policy, ready for use.
#[derive(Debug)]
pub struct Policy {
    fail_on: Severity,
    rows: Vec<SeverityRule>,
    owners: Vec<OwnerRow>,
    /// Rule and control.
    controls: Vec<(String, String)>,
}

/// One row of severities, from the policy's file.
#[derive(Debug)]
pub struct SeverityRule {
    rule: String,
    components: Vec<Glob>,
    environments: Vec<EnvironmentName>,
    levels: Vec<String>,
    direction: Option<Direction>,
    severity: Severity,
    line: usize,
}

/// Who looks after components.
#[derive(Debug)]
pub struct OwnerRow {
    components: Vec<Glob>,
    owner: String,
    line: usize,
}

/// What a row of the policy looks at in a finding.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Id of the rule.
    pub rule: &'a str,
    /// What it is about.
    pub component: &'a ComponentName,
    /// Where.
    pub environments: &'a [EnvironmentName],
    /// The word for how far apart.
    pub level: Option<&'a str>,
    /// The word for which way.
    pub direction: Option<&'a str>,
}

impl Policy {
    /// Prepares a checked policy; without one the built-in defaults hold.
    pub fn new(config: Option<&PolicyConfig>) -> Self {
        let fail_on = config.and_then(|c| c.fail_on.as_ref()).map_or(Severity::High, |text| text.0);
        let controls = config.iter().flat_map(|c| &c.controls);
        let controls = controls
            .flat_map(|c| c.rules.iter().map(|rule| (rule.value.clone(), c.control.value.clone())));
        Self {
            fail_on,
            rows: config
                .map(|c| c.rules.iter().map(SeverityRule::new).collect())
                .unwrap_or_default(),
            owners: config
                .map(|c| c.owners.iter().map(OwnerRow::new).collect())
                .unwrap_or_default(),
            controls: controls.collect(),
        }
    }

    /// Another threshold, from the command line.
    #[must_use]
    pub fn with_fail_on(self, fail_on: Option<Severity>) -> Self {
        Self { fail_on: fail_on.unwrap_or(self.fail_on), ..self }
    }

    /// Findings in a gate at or above this severity block.
    pub fn fail_on(&self) -> Severity {
        self.fail_on
    }

    /// Gives each finding its severity, its owner and its controls; `snapshots` tell what a waiver
    /// of it would be bound to. The order stays.
    pub fn apply(
        &self,
        findings: Vec<Finding>,
        gates: &[Gate],
        snapshots: &[Snapshot],
    ) -> Vec<JudgedFinding> {
        without_subsumed(
            findings
                .into_iter()
                .map(|finding| self.judge_finding(finding, gates, snapshots))
                .collect(),
        )
    }

    fn judge_finding(
        &self,
        finding: Finding,
        gates: &[Gate],
        snapshots: &[Snapshot],
    ) -> JudgedFinding {
        let in_gate = concerns_gate(&finding, gates);
        let severity =
            raise_severity(self.severity_of(&finding, in_gate, gates), &finding, in_gate);
        JudgedFinding {
            id: finding.id(),
            severity,
            in_gate,
            disposition: if severity == Severity::Off {
                Disposition::Off
            } else {
                Disposition::Active
            },
            owner: self.owner_of(&finding.component).map(|row| row.owner.clone()),
            controls: self.controls_of(finding.rule).map(str::to_owned).collect(),
            versions: waiver::bind_versions(&finding, snapshots),
            finding,
        }
    }

    /// The severity of a finding. One that is of each of its environments by itself is as severe as
    /// the worst of those in a gate, or else of all: who else runs it makes it no milder.
    fn severity_of(&self, finding: &Finding, in_gate: bool, gates: &[Gate]) -> Severity {
        let default = if in_gate { finding.defaults.in_gate } else { finding.defaults.elsewhere };
        let of = |environments: &[EnvironmentName]| {
            let case = Case {
                rule: finding.rule,
                component: &finding.component,
                environments,
                level: finding.level.map(|level| level.as_str()),
                direction: finding.direction.map(|direction| direction.as_str()),
            };
            self.deciding_row(case).map_or(default, |row| row.severity)
        };
        if !is_of_each_environment(finding.rule) {
            return of(&finding.environments);
        }
        let counts = |name: &&EnvironmentName| {
            !in_gate || gates.iter().any(|gate| gate.from == **name || gate.to == **name)
        };
        let each = finding.environments.iter().filter(counts);
        each.map(|name| of(std::slice::from_ref(name))).max().unwrap_or(default)
    }

    /// The row that decides the severity: the last that matches. Without one the rule's default
    /// holds.
    pub fn deciding_row(&self, case: Case<'_>) -> Option<&SeverityRule> {
        self.rows.iter().rev().find(|row| row.matches(case))
    }

    /// The rows that could decide on a component by a rule, the one that is asked first in front.
    /// Behind a row without conditions none is asked.
    pub fn rows_for(&self, rule: &str, component: &ComponentName) -> Vec<&SeverityRule> {
        let mut rows: Vec<&SeverityRule> =
            self.rows.iter().rev().filter(|row| row.concerns(rule, component)).collect();
        let all = rows.iter().position(|row| row.is_unconditional());
        rows.truncate(all.map_or(rows.len(), |all| all + 1));
        rows
    }

    /// Who looks after a component: the last row that matches.
    pub fn owner_of(&self, component: &ComponentName) -> Option<&OwnerRow> {
        let name = component.as_str();
        self.owners.iter().rev().find(|row| row.components.iter().any(|glob| glob.is_match(name)))
    }

    /// What a rule is a control of, in the order of the policy.
    pub fn controls_of(&self, rule: &str) -> impl Iterator<Item = &str> {
        self.controls.iter().filter(move |(of, _)| of == rule).map(|(_, control)| control.as_str())
    }
}

impl SeverityRule {
    fn new(config: &RuleConfig) -> Self {
        Self {
            rule: config.rule.value.clone(),
            components: config.components.iter().filter_map(|p| Glob::new(p).ok()).collect(),
            environments: config.environments.iter().map(|e| e.as_str().into()).collect(),
            levels: config.levels.iter().map(|level| level.value.clone()).collect(),
            direction: config.direction.as_ref().map(|direction| direction.0),
            severity: config.severity.0,
            line: config.rule.line,
        }
    }

    /// The severity that it gives.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where it stands in the policy's file, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The environments that a finding may concern; empty for any.
    pub fn environments(&self) -> &[EnvironmentName] {
        &self.environments
    }

    /// The direction that a finding must have.
    pub fn direction(&self) -> Option<Direction> {
        self.direction
    }

    /// Whether it decides on every finding of its rule and components.
    pub fn is_unconditional(&self) -> bool {
        self.environments.is_empty() && self.levels.is_empty() && self.direction.is_none()
    }

    /// The levels that a finding may have; empty for any.
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    fn concerns(&self, rule: &str, component: &ComponentName) -> bool {
        let is_in = || self.components.iter().any(|glob| glob.is_match(component.as_str()));
        self.rule == rule && (self.components.is_empty() || is_in())
    }

    fn matches(&self, case: Case<'_>) -> bool {
        self.concerns(case.rule, case.component)
            && (self.environments.is_empty()
                || case.environments.iter().all(|e| self.environments.contains(e)))
            && (self.levels.is_empty()
                || self.levels.iter().any(|wanted| Some(wanted.as_str()) == case.level))
            && self.direction.is_none_or(|wanted| Some(wanted.as_str()) == case.direction)
    }
}

impl OwnerRow {
    fn new(config: &config::OwnerConfig) -> Self {
        Self {
            components: config.components.iter().filter_map(|p| Glob::new(p).ok()).collect(),
            owner: config.owner.value.clone(),
            line: config.owner.line,
        }
    }

    /// The team.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Where it stands in the policy's file, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// What has stood for too long is more severe in a gate, unless it is switched off.
fn raise_severity(severity: Severity, finding: &Finding, in_gate: bool) -> Severity {
    match finding.at_least.filter(|_| in_gate && severity != Severity::Off) {
        Some(least) => severity.max(least),
        None => severity,
    }
}

/// One finding for each component and place: without those of which a stronger one says more,
/// unless that one is switched off.
fn without_subsumed(findings: Vec<JudgedFinding>) -> Vec<JudgedFinding> {
    let counting = findings
        .iter()
        .filter(|judged| judged.disposition != Disposition::Off)
        .map(|judged| &judged.finding);
    let subsumed: BTreeSet<_> = counting
        .flat_map(|finding| {
            let weaker = rule_meta(finding.rule).map(|meta| meta.subsumes).unwrap_or_default();
            weaker
                .iter()
                .map(|rule| (*rule, finding.component.clone(), finding.environments.clone()))
        })
        .collect();
    let keep =
        |f: &Finding| !subsumed.contains(&(f.rule, f.component.clone(), f.environments.clone()));
    findings.into_iter().filter(|judged| keep(&judged.finding)).collect()
}

/// A finding on one environment, or on each of several by itself, concerns each gate that such an
/// environment is part of; one on several together concerns a gate if both its sides are among
/// them.
fn concerns_gate(finding: &Finding, gates: &[Gate]) -> bool {
    let is_in = |environment: &EnvironmentName| finding.environments.contains(environment);
    let is_of_one = finding.environments.len() == 1 || is_of_each_environment(finding.rule);
    gates.iter().any(|gate| {
        let (from, to) = (is_in(&gate.from), is_in(&gate.to));
        if is_of_one { from || to } else { from && to }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Defaults;
    use crate::version::Level;
    use crate::wire::yaml::{self, Origin};

    fn finding(component: &str, environments: &[&str], level: Level) -> Finding {
        Finding {
            rule: "version-skew",
            component: component.into(),
            environments: environments.iter().map(|e| (*e).into()).collect(),
            subject: String::new(),
            summary: String::new(),
            level: Some(level),
            direction: None,
            values: std::collections::BTreeSet::new(),
            places: std::collections::BTreeMap::new(),
            at_least: None,
            defaults: Defaults::by_gate(Severity::High, Severity::Low),
        }
    }

    fn severity(policy: &str, finding: Finding) -> Severity {
        let text = format!("apiVersion: envparity/v1\nkind: Policy\n{policy}");
        let config: PolicyConfig = yaml::read(&text, Origin::Person).unwrap();
        assert!(config.find_problems(&["version-skew"]).is_empty());
        let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
        Policy::new(Some(&config)).apply(vec![finding], &gates, &[]).remove(0).severity
    }

    #[test]
    fn a_gate_needs_both_of_its_sides() {
        assert_eq!(
            severity("", finding("redis/cache", &["prod", "qualif"], Level::Minor)),
            Severity::High
        );
        assert_eq!(
            severity("", finding("redis/cache", &["dev", "prod"], Level::Minor)),
            Severity::Low
        );
        assert_eq!(severity("", finding("redis/cache", &["prod"], Level::Minor)), Severity::High);
        assert_eq!(severity("", finding("redis/cache", &["dev"], Level::Minor)), Severity::Low);
    }

    #[test]
    fn what_each_environment_has_by_itself_is_as_severe_as_in_the_gate() {
        let ended = |environments: &[&str]| Finding {
            rule: "end-of-life",
            defaults: Defaults::by_gate(Severity::Medium, Severity::Low),
            ..finding("redis/cache", environments, Level::Minor)
        };
        let of = |rows: &str, environments: &[&str]| {
            let text = format!("apiVersion: envparity/v1\nkind: Policy\nrules:\n{rows}");
            let config: PolicyConfig = yaml::read(&text, Origin::Person).unwrap();
            let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
            let finding = ended(environments);
            let judged = Policy::new(Some(&config)).apply(vec![finding], &gates, &[]).remove(0);
            (judged.severity, judged.in_gate)
        };
        let prod = "- {rule: end-of-life, environments: [prod], severity: high}\n";
        let dev = "- {rule: end-of-life, environments: [dev], severity: high}\n";
        assert_eq!(of(prod, &["dev", "prod"]), (Severity::High, true));
        assert_eq!(of(dev, &["dev", "prod"]), (Severity::Medium, true));
        assert_eq!(of(dev, &["dev"]), (Severity::High, false));
    }

    #[test]
    fn a_row_may_choose_by_direction() {
        let ahead = |direction| Finding {
            direction,
            ..finding("redis/cache", &["prod", "qualif"], Level::Minor)
        };
        let rows = "rules:\n- {rule: version-skew, direction: ahead, severity: info}\n";
        assert_eq!(severity(rows, ahead(Some(Direction::Ahead))), Severity::Info);
        assert_eq!(severity(rows, ahead(Some(Direction::Behind))), Severity::High);
        assert_eq!(severity(rows, ahead(None)), Severity::High);
    }

    #[test]
    fn the_last_row_that_matches_wins() {
        let rows = "rules:\n- {rule: version-skew, severity: medium}\n- {rule: version-skew, levels: [patch], severity: info}\n\
                    - {rule: version-skew, components: [\"image/*\"], environments: [dev, prod], severity: \"off\"}\n";
        assert_eq!(
            severity(rows, finding("redis/cache", &["prod", "qualif"], Level::Minor)),
            Severity::Medium
        );
        assert_eq!(
            severity(rows, finding("redis/cache", &["prod", "qualif"], Level::Patch)),
            Severity::Info
        );
        assert_eq!(
            severity(rows, finding("image/app", &["dev", "prod"], Level::Patch)),
            Severity::Off
        );
        assert_eq!(
            severity(rows, finding("image/app", &["prod", "qualif"], Level::Major)),
            Severity::Medium
        );
    }
}
