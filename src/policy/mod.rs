//! What findings mean here: severities, gates, and the verdict.
//!
//! Severity and `off` decide what blocks; nothing here can turn "not read" into "fine".

pub mod config;
mod freshness;
mod verdict;

use crate::model::{Disposition, EnvironmentName, Finding, Gate, Glob, JudgedFinding, Severity};
use config::{PolicyConfig, RuleConfig};

pub use freshness::{MAX_AHEAD, staleness};
pub use verdict::{Subject, judge};

/// A checked policy, ready for use.
#[derive(Debug)]
pub struct Policy {
    fail_on: Severity,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    rule: String,
    components: Vec<Glob>,
    environments: Vec<EnvironmentName>,
    levels: Vec<String>,
    severity: Severity,
}

impl Policy {
    /// Prepares a checked policy; without one the built-in defaults hold.
    pub fn new(config: Option<&PolicyConfig>) -> Self {
        let fail_on = config.and_then(|c| c.fail_on.as_ref()).map_or(Severity::High, |text| text.0);
        let rows = config.map(|c| c.rules.iter().map(Row::new).collect()).unwrap_or_default();
        Self { fail_on, rows }
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

    /// Gives each finding its severity. The order stays.
    pub fn apply(&self, findings: Vec<Finding>, gates: &[Gate]) -> Vec<JudgedFinding> {
        findings.into_iter().map(|finding| self.judged(finding, gates)).collect()
    }

    fn judged(&self, finding: Finding, gates: &[Gate]) -> JudgedFinding {
        let in_gate = concerns_gate(&finding, gates);
        let default = if in_gate { finding.defaults.in_gate } else { finding.defaults.elsewhere };
        let severity = self.rows.iter().rev().find(|row| row.matches(&finding)).map_or(default, |row| row.severity);
        let disposition = if severity == Severity::Off { Disposition::Off } else { Disposition::Active };
        JudgedFinding { id: finding.id(), finding, severity, in_gate, disposition, owner: None, controls: Vec::new() }
    }
}

impl Row {
    fn new(config: &RuleConfig) -> Self {
        Self {
            rule: config.rule.value.clone(),
            components: config.components.iter().filter_map(|p| Glob::new(p).ok()).collect(),
            environments: config.environments.iter().map(|e| e.as_str().into()).collect(),
            levels: config.levels.iter().map(|level| level.value.clone()).collect(),
            severity: config.severity.0,
        }
    }

    fn matches(&self, finding: &Finding) -> bool {
        let level = finding.level.map(|level| level.as_str());
        self.rule == finding.rule
            && (self.components.is_empty() || self.components.iter().any(|g| g.is_match(finding.component.as_str())))
            && (self.environments.is_empty() || finding.environments.iter().all(|e| self.environments.contains(e)))
            && (self.levels.is_empty() || self.levels.iter().any(|wanted| Some(wanted.as_str()) == level))
    }
}

/// A finding on one environment concerns each gate that the environment is part of; one on
/// several concerns a gate if both its sides are among them.
fn concerns_gate(finding: &Finding, gates: &[Gate]) -> bool {
    let is_in = |environment: &EnvironmentName| finding.environments.contains(environment);
    gates.iter().any(|gate| match finding.environments.as_slice() {
        [one] => *one == gate.from || *one == gate.to,
        _ => is_in(&gate.from) && is_in(&gate.to),
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
            defaults: Defaults::gate(Severity::High, Severity::Low),
        }
    }

    fn severity(policy: &str, finding: Finding) -> Severity {
        let text = format!("apiVersion: envparity/v1\nkind: Policy\n{policy}");
        let config: PolicyConfig = yaml::read(&text, Origin::Person).unwrap();
        assert!(config.check(&["version-skew"]).is_empty());
        let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
        Policy::new(Some(&config)).apply(vec![finding], &gates).remove(0).severity
    }

    #[test]
    fn a_gate_needs_both_of_its_sides() {
        assert_eq!(severity("", finding("redis/cache", &["prod", "qualif"], Level::Minor)), Severity::High);
        assert_eq!(severity("", finding("redis/cache", &["dev", "prod"], Level::Minor)), Severity::Low);
        assert_eq!(severity("", finding("redis/cache", &["prod"], Level::Minor)), Severity::High);
        assert_eq!(severity("", finding("redis/cache", &["dev"], Level::Minor)), Severity::Low);
    }

    #[test]
    fn the_last_row_that_matches_wins() {
        let rows = "rules:\n- {rule: version-skew, severity: medium}\n- {rule: version-skew, levels: [patch], severity: info}\n\
                    - {rule: version-skew, components: [\"image/*\"], environments: [dev, prod], severity: \"off\"}\n";
        assert_eq!(severity(rows, finding("redis/cache", &["prod", "qualif"], Level::Minor)), Severity::Medium);
        assert_eq!(severity(rows, finding("redis/cache", &["prod", "qualif"], Level::Patch)), Severity::Info);
        assert_eq!(severity(rows, finding("image/app", &["dev", "prod"], Level::Patch)), Severity::Off);
        assert_eq!(severity(rows, finding("image/app", &["prod", "qualif"], Level::Major)), Severity::Medium);
    }
}
