//! What would block, were it not waived, in words that every format puts beside its verdict.

use super::Audit;
use crate::model::{ReasonKind, Severity};
use crate::wire::report::DriftReport;

/// `1 critical, 2 high waived`; nothing if no waiver keeps a finding from blocking.
pub(super) fn tally(report: &Audit) -> Option<String> {
    let reasons = report.judgement.reasons.iter();
    let waived = reasons.filter(|reason| reason.kind == ReasonKind::Waived);
    let severities: Vec<Severity> = waived.filter_map(|reason| reason.severity).collect();
    worded(&severities)
}

/// The same of a report as it is written.
pub(super) fn tally_of(report: &DriftReport) -> Option<String> {
    let waived = report.verdict.reasons.iter().filter(|reason| reason.kind == "waived");
    let severity = |id: &str| report.waived.iter().find(|f| f.id == id)?.severity.parse().ok();
    let severities: Vec<Severity> =
        waived.filter_map(|reason| severity(reason.finding.as_deref()?)).collect();
    worded(&severities)
}

fn worded(severities: &[Severity]) -> Option<String> {
    let words = Severity::ALL.into_iter().filter_map(|severity| {
        let n = severities.iter().filter(|one| **one == severity).count();
        (n > 0).then(|| format!("{n} {severity}"))
    });
    let words = words.collect::<Vec<_>>().join(", ");
    (!words.is_empty()).then(|| format!("{words} waived"))
}
