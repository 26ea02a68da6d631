//! How one case ends, and what is said of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};

use crate::model::Severity;
use crate::report::escape::xml;
use crate::wire::report::{DriftReport, Finding, Waiver};

/// What is known of a component in a place, or of a target.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// Active findings.
    pub(super) findings: Vec<&'a Finding>,
    /// Findings that a waiver covers.
    pub(super) waived: Vec<&'a Finding>,
    /// What was not read and had to be, a line each.
    pub(super) unread: Vec<String>,
    /// What was not read and need not be.
    pub(super) not_judged: Vec<String>,
    /// What else is told: versions, advice.
    pub(super) told: Vec<String>,
}

/// What every case needs.
pub(super) struct Judge<'a> {
    /// Whether only what is new or worse counts.
    new_only: bool,
    /// By id.
    waivers: BTreeMap<&'a str, &'a Waiver>,
}

/// How a case ends; what comes first, counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Failure,
    Error,
    Waived,
    NotJudged,
    Passed,
}

impl<'a> Judge<'a> {
    pub(super) fn new(report: &'a DriftReport) -> Self {
        let waivers = report.waivers.iter().map(|waiver| (waiver.id.as_str(), waiver)).collect();
        Self { new_only: report.verdict.new_only, waivers }
    }

    /// Whether a finding fails its case. What the policy wants to see only when asked for does not;
    /// the exit code, and not the number of failures, tells the verdict.
    fn fails(&self, finding: &Finding) -> bool {
        let counts = !self.new_only || matches!(finding.since.as_deref(), Some("new" | "worse"));
        counts && severity(finding) > Severity::Info
    }

    fn ending(&self, known: &Known<'_>) -> Ending {
        match known {
            _ if known.findings.iter().any(|finding| self.fails(finding)) => Ending::Failure,
            _ if !known.unread.is_empty() => Ending::Error,
            _ if !known.waived.is_empty() => Ending::Waived,
            _ if !known.not_judged.is_empty() => Ending::NotJudged,
            _ => Ending::Passed,
        }
    }

    /// The case of that name in the suite of that name.
    pub(super) fn case(&self, suite: &str, name: &str, mut known: Known<'_>) -> TestCase {
        known.findings.sort_by_key(|finding| Reverse((self.fails(finding), severity(finding))));
        known.waived.sort_by_key(|finding| Reverse(severity(finding)));
        let ending = self.ending(&known);
        let worst = known.findings.first().copied();
        let groups = [
            (Ending::Failure, known.findings.iter().map(|finding| told(finding)).collect()),
            (Ending::Error, known.unread),
            (Ending::Waived, known.waived.iter().map(|finding| self.waived(finding)).collect()),
            (Ending::NotJudged, known.not_judged),
            (Ending::Passed, known.told),
        ];
        let (text, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(group, _)| *group == ending && ending != Ending::Passed);
        let of = |groups: Vec<(Ending, Vec<String>)>| {
            groups.into_iter().flat_map(|(_, lines)| lines).collect()
        };
        let (text, rest): (Vec<String>, Vec<String>) = (of(text), of(rest));
        let mut case = TestCase::new(xml(name), status(ending, worst, &text));
        // Test views take what is behind the last dot for the class and the rest for its package.
        case.set_classname(xml(&format!("envparity.{}", suite.replace('.', "_"))));
        if !rest.is_empty() {
            case.set_system_out(lines(&rest));
        }
        case
    }

    /// `waived by redis-dev until 2026-12-31 (platform): dev moves first; high version-skew …`
    fn waived(&self, finding: &Finding) -> String {
        let id = finding.waiver.as_deref().unwrap_or_default();
        let waiver = match self.waivers.get(id) {
            Some(Waiver { expires, owner, reason, .. }) => {
                format!(" until {expires} ({owner}): {reason}")
            }
            None => String::new(),
        };
        format!("waived by {id}{waiver}; {}", told(finding))
    }
}

fn status(ending: Ending, worst: Option<&Finding>, text: &[String]) -> TestCaseStatus {
    let (mut status, ty) = match ending {
        Ending::Failure => {
            let rule = worst.map(|finding| finding.rule.as_str()).unwrap_or_default();
            (TestCaseStatus::non_success(NonSuccessKind::Failure), rule)
        }
        Ending::Error => (TestCaseStatus::non_success(NonSuccessKind::Error), "not-read"),
        Ending::Waived => (TestCaseStatus::skipped(), "waived"),
        Ending::NotJudged => (TestCaseStatus::skipped(), "not-judged"),
        Ending::Passed => return TestCaseStatus::success(),
    };
    let more =
        if text.len() > 1 { format!(" (and {} more)", text.len() - 1) } else { String::new() };
    let first = text.first().map(String::as_str).unwrap_or_default();
    status
        .set_type(xml(ty))
        .set_message(xml(&format!("{first}{more}")))
        .set_description(lines(text));
    status
}

fn severity(finding: &Finding) -> Severity {
    // What is no severity lets nothing pass.
    finding.severity.parse().unwrap_or(Severity::Critical)
}

/// A finding in a line.
fn told(finding: &Finding) -> String {
    let Finding { severity, rule, component, environments, summary, id, .. } = finding;
    let mut line =
        format!("{severity} {rule} {component} in {}: {summary} [{id}]", environments.join(", "));
    let subject = Some(&finding.subject).filter(|subject| !subject.is_empty());
    for (word, value) in
        [("subject", subject), ("owner", finding.owner.as_ref()), ("since", finding.since.as_ref())]
    {
        line.extend(value.map(|value| format!("; {word}: {value}")));
    }
    if !finding.controls.is_empty() {
        line.push_str(&format!("; controls: {}", finding.controls.join(", ")));
    }
    line
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| xml(text)).collect::<Vec<_>>().join("\n")
}
