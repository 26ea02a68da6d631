//! A report, read as its readers do.

use std::fmt;
use std::ops::Index;

use serde_json::Value;

/// A report as its readers see it: parsed JSON and nothing of the program's own types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report(Value);

impl Index<&str> for Report {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.0[field]
    }
}

impl Report {
    pub(super) fn new(report: Value) -> Self {
        Self(report)
    }

    /// A report from a file.
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the report is JSON"))
    }

    /// `go`, `no-go` or `incomplete`.
    pub(crate) fn verdict(&self) -> &str {
        text(&self.0["verdict"]["is"])
    }

    /// The texts of the verdict's reasons of a kind: `blocks` or `incomplete`.
    pub(crate) fn reasons(&self, kind: &str) -> Vec<&str> {
        list(&self.0["verdict"]["reasons"])
            .filter(|reason| reason["kind"] == kind)
            .map(|r| text(&r["text"]))
            .collect()
    }

    /// The findings of a rule.
    pub(crate) fn findings(&self, rule: &str) -> Vec<&Value> {
        list(&self.0["findings"]).filter(|finding| finding["rule"] == rule).collect()
    }

    /// The rules of a list of findings: `findings`, `waived`, `resolved` and so on.
    pub(crate) fn rules(&self, list_name: &str) -> Vec<&str> {
        list(&self.0[list_name]).map(|finding| text(&finding["rule"])).collect()
    }

    /// What a rule says: severity and summary of each finding.
    pub(crate) fn summaries(&self, rule: &str) -> Vec<(&str, &str)> {
        let found = self.findings(rule).into_iter();
        found.map(|f| (text(&f["severity"]), text(&f["summary"]))).collect()
    }

    /// The notes of the run.
    pub(crate) fn notes(&self) -> Vec<&str> {
        list(&self.0["run"]["notes"]).map(text).collect()
    }

    /// `rule component` of every finding but those that come with time: the servers here grow old.
    pub(crate) fn all_findings(&self) -> Vec<String> {
        let lasting = list(&self.0["findings"]).filter(|f| f["rule"] != "end-of-life");
        lasting.map(|f| format!("{} {}", text(&f["rule"]), text(&f["component"]))).collect()
    }

    /// The names of all components.
    pub(crate) fn components(&self) -> Vec<&str> {
        list(&self.0["matrix"]).map(|row| text(&row["component"])).collect()
    }

    /// The cell of a component in an environment.
    #[track_caller]
    pub(crate) fn cell(&self, component: &str, environment: &str) -> &Value {
        let row = list(&self.0["matrix"]).find(|row| row["component"] == component);
        let cell =
            row.and_then(|row| list(&row["cells"]).find(|cell| cell["environment"] == environment));
        cell.unwrap_or_else(|| {
            panic!("no cell of {component} in {environment}: {:#}", self.0["matrix"])
        })
    }

    /// `product version source ×instances` of each reading in a cell; a component without a product
    /// says `-`.
    #[track_caller]
    pub(crate) fn readings(&self, component: &str, environment: &str) -> Vec<String> {
        let told = |r: &Value| {
            let product = r["product"].as_str().unwrap_or("-");
            format!("{product} {} {} ×{}", text(&r["version"]), text(&r["source"]), r["instances"])
        };
        list(&self.cell(component, environment)["readings"]).map(told).collect()
    }

    /// The coverage of a target.
    #[track_caller]
    pub(crate) fn target(&self, environment: &str, target: &str) -> &Value {
        let environments = list(&self.0["environments"]).find(|e| e["name"] == environment);
        let found = environments.and_then(|e| list(&e["targets"]).find(|t| t["target"] == target));
        found.unwrap_or_else(|| {
            panic!("no target {target} in {environment}: {:#}", self.0["environments"])
        })
    }

    /// The failures of a target's parts.
    #[track_caller]
    pub(crate) fn failures(&self, environment: &str, target: &str) -> Vec<&Value> {
        list(&self.target(environment, target)["parts"])
            .map(|part| &part["failure"])
            .filter(|f| !f.is_null())
            .collect()
    }

    /// The names of a target's parts that failed.
    #[track_caller]
    pub(crate) fn failed_parts(&self, environment: &str, target: &str) -> Vec<&str> {
        let parts = list(&self.target(environment, target)["parts"]);
        parts.filter(|part| part["outcome"] == "failed").map(|part| text(&part["part"])).collect()
    }

    /// Whether every part of a target was read.
    #[track_caller]
    pub(crate) fn is_read(&self, environment: &str, target: &str) -> bool {
        let parts = &self.target(environment, target)["parts"];
        list(parts).count() > 0 && list(parts).all(|part| part["outcome"] == "complete")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

/// A line of `/proc/PID/status` that is a size.
pub(crate) fn kib(status: &str, line: &str) -> Option<u64> {
    status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok())
}

/// The items of a list; of anything else, none.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; of anything else, the empty one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list of texts, sorted.
pub(crate) fn sorted(value: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = list(value).map(text).collect();
    texts.sort_unstable();
    texts
}
