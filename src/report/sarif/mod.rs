//! The report as SARIF 2.1.0, for code scanning: each finding at the line of the profile that names
//! what it is about.
//!
//! Paths are those of the repository that holds the profiles; outside of one, as `--profiles` gives
//! them. GitHub's limits hold: the least severe results go first, and a notification counts them.
//! What was not read is a notification too, and makes the run one that did not succeed: no result
//! means nothing then.

mod locate;
mod notifications;
mod object;
mod results;
mod rules;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use super::view::ReportView;
use super::view::compared::{NAMES, gate_sentences};
use super::view::figures::SINCE_START;
use super::view::verdict::verdict_sentence;
use super::{Audit, Format, Purpose, RenderError, RenderOptions};
use locate::PlaceFinder;
use object::{AutomationDetails, Driver, Invocation, Log, RunProperties, SarifRun, Tool, UriBase};
use rules::Rules;

pub(super) struct Sarif;

impl Format for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn summary(&self) -> &'static str {
        "findings at lines of the profiles, for code scanning (docs/FORMATS.md)"
    }

    fn render(&self, report: &Audit, view: &RenderOptions) -> Result<String, RenderError> {
        let log = Log {
            schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [sarif_run(report, view)],
        };
        let text = serde_json::to_string_pretty(&log);
        text.map(|text| super::escape::json(&text) + "\n")
            .map_err(|e| RenderError { format: self.name(), message: e.to_string() })
    }
}

fn sarif_run(report: &Audit, view: &RenderOptions) -> SarifRun {
    let shown = ReportView::new(report);
    let locator = PlaceFinder::new(report);
    let rules = Rules::for_report(report);
    let (results, cut) = results::worst_results(&shown, &rules, &locator);
    let root = UriBase {
        description: words::text_message("The root of the repository that holds the profiles."),
    };
    SarifRun {
        automation_details: AutomationDetails { id: automation_id(report) },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::from([(locate::ROOT, root)]),
        invocations: [Invocation {
            execution_successful: !report.judgement.is_incomplete(),
            exit_code: if view.report_only { 0 } else { view.exit },
            end_time_utc: report.run.at,
            tool_execution_notifications: notifications::all_notifications(&shown, &locator, cut),
        }],
        results,
        properties: RunProperties {
            verdict: report.judgement.verdict.as_str().to_owned(),
            sentence: verdict_sentence(report, str::to_owned),
            reasons: report.judgement.reasons.iter().map(|reason| reason.text.clone()).collect(),
            compared: gate_sentences(report, NAMES),
            figures: figure_lines(&shown),
            baseline: report.baseline.to_string(),
            profiles: report.run.profiles.clone(),
            policy: report.run.policy.clone(),
            commit: report.run.commit.clone(),
        },
        tool: Tool {
            driver: Driver {
                name: "envparity",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: rules.descriptors,
                notifications: notifications::notification_kinds(),
            },
        },
    }
}

/// `redis/cache since its start in dev: KEYS calls: 26; up, keys: 24 min, 600`.
fn figure_lines(view: &ReportView<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for of in &view.figures {
        for (index, environment) in view.environments.iter().enumerate() {
            let told = of.words_in(index);
            if !told.is_empty() {
                let name = environment.name();
                lines.push(format!("{} {SINCE_START} in {name}: {told}", of.target));
            }
        }
    }
    lines
}

/// A reader takes what is missing from a run for resolved, if an earlier run has the same id up to
/// the last `/`: so an audit of some environments is another than that of all.
fn automation_id(report: &Audit) -> String {
    let what = match report.purpose {
        Purpose::Audit => "audit",
        Purpose::Diff => "diff",
    };
    let names = report.environments.iter().map(|e| e.snapshot.environment.as_str());
    let all = report.left_out.is_empty();
    let scope = if all { String::new() } else { names.collect::<Vec<_>>().join(",") + "/" };
    words::plain_text(&format!("envparity/{what}/{}/{scope}", report.baseline))
}
