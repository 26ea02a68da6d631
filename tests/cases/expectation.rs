//! What is right of a case, one line for each thing:
//!
//! ```text
//! # a comment: where the case comes from, and why this is right
//! exit 1
//! verdict no-go
//! finding version-skew image/postgresql high
//! no-finding version-split *
//! has in shop/orders/db
//! lacks orders-0
//! table 2 of 3 places differ
//! ```
//!
//! `finding` and `no-finding` name a rule, then a component and a severity if they matter (`*` for
//! any); `has` and `lacks` are texts that the YAML report holds or does not, in any of its lines,
//! `table` and `no-table` texts of the table with `-v`. Runs of white space are one space. A
//! verdict may be one of several: `verdict incomplete|no-go`.

use std::path::Path;

use serde_json::Value;

/// What an audit said.
pub(crate) struct Outcome {
    pub(crate) exit: Option<i32>,
    /// The report in JSON.
    pub(crate) report: Value,
    /// The same in YAML, as it is written.
    pub(crate) yaml: String,
    /// What a person sees with `-v`, stderr behind it.
    pub(crate) table: String,
}

/// The lines of a case.
pub(crate) struct Expectation(Vec<(String, String)>);

impl Expectation {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map(str::trim).filter(|line| {
            let is_comment = line.starts_with('#');
            !line.is_empty() && !is_comment
        });
        let split = |line: &str| {
            let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
            (key.to_owned(), one_spaced(rest))
        };
        let lines: Vec<(String, String)> = lines.map(split).collect();
        assert!(!lines.is_empty(), "{} expects nothing", path.display());
        Self(lines)
    }

    /// What is not as it should be, in words.
    pub(crate) fn wrong(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        for (key, wanted) in &self.0 {
            if let Some(said) = unlike(key, wanted, outcome) {
                wrong.push(format!("wanted `{key} {wanted}`, got {said}"));
            }
        }
        wrong
    }
}

/// What was said instead; `None` if it is as wanted.
fn unlike(key: &str, wanted: &str, outcome: &Outcome) -> Option<String> {
    let verdict = outcome.report["verdict"]["is"].as_str().unwrap_or_default();
    let exit = outcome.exit.map_or_else(String::new, |code| code.to_string());
    let found = || findings(outcome, wanted);
    let (holds, said) = match key {
        "exit" => (exit == wanted, exit),
        "verdict" => (wanted.split('|').any(|word| word == verdict), verdict.to_owned()),
        "finding" => (!found().is_empty(), format!("{:#?}", findings(outcome, "*"))),
        "no-finding" => (found().is_empty(), format!("{:#?}", found())),
        "has" => (one_spaced(&outcome.yaml).contains(wanted), outcome.yaml.clone()),
        "lacks" => (!one_spaced(&outcome.yaml).contains(wanted), "it".to_owned()),
        "table" => (one_spaced(&outcome.table).contains(wanted), outcome.table.clone()),
        "no-table" => (!one_spaced(&outcome.table).contains(wanted), "it".to_owned()),
        _ => panic!("no such expectation: {key} {wanted}"),
    };
    (!holds).then_some(said)
}

/// Findings of `RULE [COMPONENT [SEVERITY]]` that count, in words.
fn findings(outcome: &Outcome, wanted: &str) -> Vec<String> {
    let mut wanted = wanted.split(' ');
    let mut next = || wanted.next().unwrap_or("*").to_owned();
    let wanted = [("rule", next()), ("component", next()), ("severity", next())];
    let all = outcome.report["findings"].as_array().unwrap();
    let fitting = all.iter().filter(|finding| {
        wanted.iter().all(|(field, word)| word == "*" || finding[field].as_str() == Some(word))
    });
    let words = fitting.map(|finding| {
        let field = |name: &str| finding[name].as_str().unwrap_or_default();
        format!(
            "{} {} {}: {}",
            field("rule"),
            field("component"),
            field("severity"),
            field("summary")
        )
    });
    words.collect()
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
