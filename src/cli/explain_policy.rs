//! `envparity explain-policy`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use super::args::ExplainPolicyArguments;
use super::exit::Exit;
use super::{CommandError, output, problems, reports};
use crate::model::{ComponentName, EnvironmentName, Glob, nearest_name};
use crate::policy::{self, Case, Policy, SeverityRule, rule_metas};
use crate::profile::Profiles;
use crate::report::escape::terminal;
use crate::rules::{HistoryUse, RuleMeta};
use crate::version::Direction;
use crate::wire::report::{DriftReport, Finding};

pub(super) fn run(arguments: &ExplainPolicyArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let component = ComponentName::from(profiles.names.canonical_name(&arguments.component));
    if !component.as_str().contains('/') {
        return Err(not_a_component(&component, &profiles).into());
    }
    let policy = Policy::new(profiles.policy.as_ref());
    let report = arguments.report.as_deref().map(reports::read).transpose()?;
    let page = PolicyPage { profiles: &profiles, policy: &policy, component: &component };
    let mut text = page.head();
    if let Some(unknown) = report.as_ref().and_then(|report| page.unknown(report)) {
        text.push_str(&unknown);
        output::print(&text)?;
        return Ok(Exit::Done);
    }
    if report.is_none() {
        text.push_str(&page.meant());
    }
    text.push_str(ORDER);
    if let Some(report) = &report {
        text.push_str(&page.findings(report));
    }
    rule_metas().for_each(|meta| text.push_str(&page.rule(meta)));
    output::print(&text)?;
    Ok(Exit::Done)
}

/// A name without a collector or kind in front is that of no component, whatever runs.
fn not_a_component(name: &ComponentName, profiles: &Profiles) -> anyhow::Error {
    let known = profiles.component_names();
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let of_name = |known: &&str| known.rsplit('/').next() == Some(name.as_str());
    let near = names
        .iter()
        .copied()
        .find(of_name)
        .or_else(|| nearest_name(name.as_str(), names.iter().copied()));
    let meant = near.map(|near| format!("; did you mean {}?", terminal(near))).unwrap_or_default();
    anyhow::anyhow!(
        "{:?} is not the name of a component{meant}\n  help: write KIND/NAME, as redis/cache or \
         image/nginx; a report lists the components",
        terminal(name.as_str())
    )
}

/// Behind the head of a page.
const ORDER: &str = "\nOf the lines of a rule, the first that fits a finding decides: rows of the \
    policy \
                     from the last to the first.\n";

struct PolicyPage<'a> {
    profiles: &'a Profiles,
    policy: &'a Policy,
    component: &'a ComponentName,
}

impl PolicyPage<'_> {
    fn head(&self) -> String {
        let mut text = format!("{}\n", terminal(self.component.as_str()));
        let owner = match self.policy.owner_of(self.component) {
            Some(row) => format!("{} ({})", terminal(row.owner()), self.place(row.line())),
            None => "none: no row of owners: names it".to_owned(),
        };
        let gates: Vec<String> = self
            .profiles
            .gates(&self.profiles.baseline)
            .iter()
            .map(|gate| terminal(&gate.to_string()))
            .collect();
        let gates = if gates.is_empty() { "none".to_owned() } else { gates.join(", ") };
        let _ = writeln!(
            text,
            "  owner     {owner}\n  gates     {gates}\n  fail-on   {}",
            self.policy.fail_on()
        );
        for (line, wanted) in self.ranges() {
            let _ = writeln!(text, "  range     {} ({})", terminal(&wanted), self.place(line));
        }
        for waiver in self
            .profiles
            .waivers
            .iter()
            .flat_map(|w| &w.waivers)
            .filter(|w| *w.component == *self.component.as_str())
        {
            let file = shown(self.profiles.waivers_path.as_deref());
            let (id, rule, expires) =
                (terminal(&waiver.id), terminal(&waiver.rule), terminal(&waiver.expires));
            let _ = writeln!(
                text,
                "  waiver    {id} of {rule}, until {expires} ({file}:{})",
                waiver.id.line
            );
        }
        text
    }

    /// That the report knows nothing of that name, and what may be meant.
    fn unknown(&self, report: &DriftReport) -> Option<String> {
        let rows = report.matrix.iter().map(|row| row.component.as_str());
        let findings = report.findings.iter().chain(&report.waived);
        let known: BTreeSet<&str> =
            rows.chain(findings.map(|finding| finding.component.as_str())).collect();
        let name = self.component.as_str();
        if known.contains(name) {
            return None;
        }
        let meant = nearest_name(name, known.into_iter())
            .map(|near| format!("; did you mean {}?", terminal(near)))
            .unwrap_or_default();
        Some(format!("\nThe report has no component of this name{meant}\n"))
    }

    /// What may be meant, where the profiles do not name the component: it may run all the same.
    fn meant(&self) -> String {
        let known = self.profiles.component_names();
        let name = self.component.as_str();
        if known.contains(name) {
            return String::new();
        }
        let near = nearest_name(name, known.iter().map(String::as_str));
        let told =
            |near| format!("\nThe profiles do not name it; did you mean {}?\n", terminal(near));
        near.map(told).unwrap_or_default()
    }

    /// The rows of `ranges:` that are about the component, or about a product that it may run.
    fn ranges(&self) -> Vec<(usize, String)> {
        let rows = self.profiles.policy.iter().flat_map(|policy| &policy.ranges);
        let is_in = |pattern: &str| {
            Glob::new(pattern).is_ok_and(|glob| glob.is_match(self.component.as_str()))
        };
        let concerned =
            rows.filter(|row| row.components.is_empty() || row.components.iter().any(|p| is_in(p)));
        let told = concerned.map(|row| {
            let words = [("require", &row.require), ("pin", &row.pin)];
            let wanted = words
                .into_iter()
                .filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?.as_str())));
            let whose = if row.components.is_empty() { ", where that product runs" } else { "" };
            (row.line, wanted.collect::<Vec<_>>().join(", ") + whose)
        });
        told.collect()
    }

    /// `policy.yaml:12`
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", shown(self.profiles.policy_path.as_deref()))
    }

    /// What could decide on a rule's findings.
    fn rule(&self, meta: &RuleMeta) -> String {
        let mut text = format!("\n{}\n", meta.id);
        let rows = self.policy.rows_for(meta.id, self.component);
        let mut lines: Vec<[String; 3]> = rows
            .iter()
            .map(|row| [self.place(row.line()), conditions(row), row.severity().to_string()])
            .collect();
        lines.extend(self.raised(meta).map(|(place, used)| {
            let severity = format!("{} in a gate at least", used.at_least);
            [place, format!("{}, by the history", used.what), severity]
        }));
        let is_closed = rows.last().is_some_and(|row| row.is_unconditional());
        if !is_closed {
            lines.extend(meta.defaults.iter().map(|(what, defaults)| {
                let severity = if defaults.in_gate == defaults.elsewhere {
                    defaults.in_gate.to_string()
                } else {
                    format!("{} in a gate, {} elsewhere", defaults.in_gate, defaults.elsewhere)
                };
                ["built in".to_owned(), (*what).to_owned(), severity]
            }));
        }
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
        };
        let (first, second) = (width(0), width(1));
        for [place, what, severity] in &lines {
            let _ = writeln!(text, "  {place:<first$}   {what:<second$}   {severity}");
        }
        let controls: Vec<String> = self.policy.controls_of(meta.id).map(terminal).collect();
        if !controls.is_empty() {
            let _ = writeln!(text, "  a control of {}", controls.join(", "));
        }
        text
    }

    /// Where the policy asks for what only a history tells, and what that is.
    fn raised(&self, meta: &RuleMeta) -> Option<(String, HistoryUse)> {
        let used = meta.history?;
        let line = self.profiles.policy.as_ref()?.line_of(used.key)?;
        Some((self.place(line), used))
    }

    /// What decided on each finding of the report.
    fn findings(&self, report: &DriftReport) -> String {
        let own = report
            .findings
            .iter()
            .chain(&report.waived)
            .filter(|f| f.component == self.component.as_str());
        let mut text = String::new();
        for finding in own {
            let place = finding
                .environments
                .iter()
                .map(|name| terminal(name))
                .collect::<Vec<_>>()
                .join(", ");
            let _ = writeln!(
                text,
                "\n{} {} {}: {}\n  {}",
                terminal(&finding.id),
                terminal(&finding.rule),
                place,
                terminal(&finding.summary),
                self.decided(finding, report)
            );
        }
        if text.is_empty() { "\nThe report has no finding on it.\n".to_owned() } else { text }
    }

    fn decided(&self, finding: &Finding, report: &DriftReport) -> String {
        let environments: Vec<EnvironmentName> =
            finding.environments.iter().map(|e| e.as_str().into()).collect();
        let level = finding.level.as_deref();
        let direction = finding.direction.as_deref();
        let is_other = report.run.policy != self.profiles.policy_digest;
        let case = Case {
            rule: &finding.rule,
            component: self.component,
            environments: &environments,
            level,
            direction,
        };
        let raised = policy::rule_meta(&finding.rule).and_then(|meta| self.raised(meta));
        let raised = raised.filter(|(_, used)| {
            let by_row = self.policy.deciding_row(case).map(|row| row.severity());
            let is_raised = by_row.is_some_and(|severity| severity < used.at_least);
            is_raised && finding.severity == used.at_least.as_str()
        });
        let now = match (self.policy.deciding_row(case), raised) {
            (Some(_), Some((place, used))) => {
                format!("{}, by {} of {place}", used.at_least, used.key.as_str())
            }
            (Some(row), None) => format!("{}, by {}", row.severity(), self.place(row.line())),
            (None, _) if is_other => format!(
                "{}, by the policy of then; no row decides now",
                terminal(&finding.severity)
            ),
            (None, _) => format!("{}, built in", terminal(&finding.severity)),
        };
        let waived = finding
            .waiver
            .as_ref()
            .map(|id| format!("; waived by {}", terminal(id)))
            .unwrap_or_default();
        let gate = if finding.in_gate { "in a gate" } else { "in no gate" };
        let other = if is_other { "; the report was judged by another policy" } else { "" };
        format!("{now} ({gate}){waived}{other}")
    }
}

/// `levels patch; environments dev, qualif`, or that there are none.
fn conditions(row: &SeverityRule) -> String {
    let environments: Vec<String> =
        row.environments().iter().map(|e| terminal(e.as_str())).collect();
    let parts: BTreeMap<&str, String> = BTreeMap::from([
        ("levels", row.levels().join(", ")),
        ("direction", row.direction().map_or("", Direction::as_str).to_owned()),
        ("environments", environments.join(", ")),
    ]);
    let parts: Vec<String> = parts
        .iter()
        .rev()
        .filter(|(_, words)| !words.is_empty())
        .map(|(name, words)| format!("{name} {words}"))
        .collect();
    if parts.is_empty() { "every finding".to_owned() } else { parts.join("; ") }
}

fn shown(path: Option<&Path>) -> String {
    terminal(&path.unwrap_or(Path::new("policy.yaml")).display().to_string())
}
