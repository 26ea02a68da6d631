//! How one case ends, and what is said of it.

use std::cmp::Reverse;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};

use crate::model::{FindingTrend, Severity};
use crate::report::escape::xml;
use crate::report::view::ReportView;
use crate::report::view::finding::FindingView;

/// What is known of a component in a place, or of a target.
#[derive(Debug, Default)]
pub(super) struct KnownCase<'a> {
    /// Active findings.
    pub(super) findings: Vec<FindingView<'a>>,
    /// Findings that a waiver covers.
    pub(super) waived: Vec<FindingView<'a>>,
    /// What was not read and had to be, a line each.
    pub(super) unread: Vec<String>,
    /// What was not read and need not be.
    pub(super) not_judged: Vec<String>,
    /// What else is told: versions, advice.
    pub(super) told: Vec<String>,
}

/// What decides how a case ends.
#[derive(Clone, Copy)]
pub(super) struct CaseJudge {
    /// Whether only what is new or worse counts.
    new_only: bool,
}

/// How a case ends; what comes first, counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CaseEnding {
    Failure,
    Error,
    Waived,
    NotJudged,
    Passed,
}

impl CaseJudge {
    pub(super) fn new(view: &ReportView<'_>) -> Self {
        Self { new_only: view.audit.new_only }
    }

    /// Whether a finding fails its case. What the policy wants to see only when asked for does not;
    /// the exit code, and not the number of failures, tells the verdict.
    fn fails_case(self, finding: &FindingView<'_>) -> bool {
        (!self.new_only || finding.is_news()) && finding.severity() > Severity::Info
    }

    fn case_ending(self, known: &KnownCase<'_>) -> CaseEnding {
        match known {
            _ if known.findings.iter().any(|finding| self.fails_case(finding)) => {
                CaseEnding::Failure
            }
            _ if !known.unread.is_empty() => CaseEnding::Error,
            _ if !known.waived.is_empty() => CaseEnding::Waived,
            _ if !known.not_judged.is_empty() => CaseEnding::NotJudged,
            _ => CaseEnding::Passed,
        }
    }

    /// The case of that name in the suite of that name.
    pub(super) fn test_case(self, suite: &str, name: &str, mut known: KnownCase<'_>) -> TestCase {
        known
            .findings
            .sort_by_key(|finding| Reverse((self.fails_case(finding), finding.severity())));
        known.waived.sort_by_key(|finding| Reverse(finding.severity()));
        let ending = self.case_ending(&known);
        let worst = known.findings.first();
        let groups = [
            (CaseEnding::Failure, known.findings.iter().map(finding_line).collect()),
            (CaseEnding::Error, known.unread),
            (CaseEnding::Waived, known.waived.iter().map(waived_line).collect()),
            (CaseEnding::NotJudged, known.not_judged),
            (CaseEnding::Passed, known.told),
        ];
        let (text, rest): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(group, _)| *group == ending && ending != CaseEnding::Passed);
        let of = |groups: Vec<(CaseEnding, Vec<String>)>| {
            groups.into_iter().flat_map(|(_, lines)| lines).collect()
        };
        let (text, rest): (Vec<String>, Vec<String>) = (of(text), of(rest));
        let mut case = TestCase::new(xml(name), case_status(ending, worst, &text));
        // Test views take what is behind the last dot for the class and the rest for its package.
        case.set_classname(xml(&format!("envparity.{}", suite.replace('.', "_"))));
        if !rest.is_empty() {
            case.set_system_out(join_lines(&rest));
        }
        case
    }
}

/// `waived by redis-dev until 2026-12-31 (platform): dev moves first; high version-skew …`
fn waived_line(finding: &FindingView<'_>) -> String {
    let id = finding.judged.waiver().unwrap_or_default();
    let waiver = finding.waiver.map(|judged| &judged.waiver);
    let until = waiver
        .map(|one| format!(" until {} ({}): {}", one.expires, one.owner, one.reason))
        .unwrap_or_default();
    format!("waived by {id}{until}; {}", finding_line(finding))
}

fn case_status(
    ending: CaseEnding,
    worst: Option<&FindingView<'_>>,
    text: &[String],
) -> TestCaseStatus {
    let (mut status, ty) = match ending {
        CaseEnding::Failure => {
            let rule = worst.map_or("", |one| one.finding().rule);
            (TestCaseStatus::non_success(NonSuccessKind::Failure), rule)
        }
        CaseEnding::Error => (TestCaseStatus::non_success(NonSuccessKind::Error), "not-read"),
        CaseEnding::Waived => (TestCaseStatus::skipped(), "waived"),
        CaseEnding::NotJudged => (TestCaseStatus::skipped(), "not-judged"),
        CaseEnding::Passed => return TestCaseStatus::success(),
    };
    let more =
        if text.len() > 1 { format!(" (and {} more)", text.len() - 1) } else { String::new() };
    let first = text.first().map(String::as_str).unwrap_or_default();
    status
        .set_type(xml(ty))
        .set_message(xml(&format!("{first}{more}")))
        .set_description(join_lines(text));
    status
}

/// A finding in a line.
fn finding_line(view: &FindingView<'_>) -> String {
    let finding = view.finding();
    let mut line = format!(
        "{} {} {} in {}: {} [{}]",
        view.severity(),
        finding.rule,
        finding.component,
        view.environments().join(", "),
        finding.summary,
        view.id()
    );
    let subject = Some(finding.subject.as_str()).filter(|subject| !subject.is_empty());
    let since = view.trend.map(FindingTrend::as_str);
    let seen = view.standing.map(|known| known.since.to_string());
    for (word, value) in [
        ("subject", subject),
        ("owner", view.owner()),
        ("since", since),
        ("first-seen", seen.as_deref()),
    ] {
        line.extend(value.map(|value| format!("; {word}: {value}")));
    }
    if !view.judged.controls.is_empty() {
        line.push_str(&format!("; controls: {}", view.judged.controls.join(", ")));
    }
    line
}

fn join_lines(texts: &[String]) -> String {
    texts.iter().map(|text| xml(text)).collect::<Vec<_>>().join("\n")
}
