//! Findings and waivers: what became of each, and the words for it.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::StandingSince;
use crate::model::matrix::MatrixRow;
use crate::model::{
    Audit, Fate, Finding, FindingId, FindingTrend, JudgedFinding, JudgedWaiver, ReasonKind,
    Severity, Since, WaiverState, count,
};
use crate::{policy, rules};

/// What is looked up of each finding.
pub(super) struct FindingIndex<'a> {
    audit: &'a Audit,
    since: Option<&'a Since>,
    blocking: BTreeSet<&'a FindingId>,
    waivers: BTreeMap<&'a str, &'a JudgedWaiver>,
}

impl<'a> FindingIndex<'a> {
    pub(super) fn from_audit(audit: &'a Audit) -> Self {
        let reasons = audit.judgement.reasons.iter();
        let blocking = reasons.filter(|reason| reason.kind == ReasonKind::Blocks);
        let waivers = audit.waivers.iter().map(|judged| (judged.waiver.id.as_str(), judged));
        Self {
            audit,
            since: audit.since.as_ref(),
            blocking: blocking.filter_map(|reason| reason.finding.as_ref()).collect(),
            waivers: waivers.collect(),
        }
    }
}

/// A finding that counts or is waived.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct FindingView<'a> {
    pub(in crate::report) judged: &'a JudgedFinding,
    /// Where it stands among all of the audit.
    pub(in crate::report) position: usize,
    /// What became of it since the earlier report, if there is one.
    pub(in crate::report) trend: Option<FindingTrend>,
    /// Since when it stands, if there is a history.
    pub(in crate::report) standing: Option<StandingSince>,
    /// Whether it makes the verdict No-Go.
    pub(in crate::report) blocks: bool,
    /// The waiver that covers it, unless the audit does not know the waiver.
    pub(in crate::report) waiver: Option<&'a JudgedWaiver>,
}

impl<'a> FindingView<'a> {
    pub(super) fn new(
        position: usize,
        judged: &'a JudgedFinding,
        index: &FindingIndex<'a>,
    ) -> Self {
        let trend = index.since.and_then(|since| since.trends.get(&judged.id)).copied();
        let waiver = judged.waiver().and_then(|id| index.waivers.get(id)).copied();
        let blocks = index.blocking.contains(&judged.id);
        let standing = StandingSince::of_finding(judged, index.audit);
        Self { judged, position, trend, standing, blocks, waiver }
    }

    pub(in crate::report) fn finding(&self) -> &'a Finding {
        &self.judged.finding
    }

    pub(in crate::report) fn id(&self) -> &'a str {
        self.judged.id.as_str()
    }

    pub(in crate::report) fn component(&self) -> &'a str {
        self.judged.finding.component.as_str()
    }

    pub(in crate::report) fn severity(&self) -> Severity {
        self.judged.severity
    }

    pub(in crate::report) fn owner(&self) -> Option<&'a str> {
        self.judged.owner.as_deref()
    }

    /// Names of its environments.
    pub(in crate::report) fn environments(&self) -> Vec<&'a str> {
        self.judged.finding.environments.iter().map(|name| name.as_str()).collect()
    }

    /// Whether it could block: in a gate, or by a rule that blocks anywhere.
    pub(in crate::report) fn concerns_gate(&self) -> bool {
        self.judged.in_gate || policy::blocks_anywhere(self.judged.finding.rule)
    }

    /// Whether it is new or worse than in the earlier report.
    pub(in crate::report) fn is_news(&self) -> bool {
        self.trend.is_some_and(FindingTrend::is_news)
    }

    /// What it says of its row, in a word or two.
    pub(in crate::report) fn brief_text(&self, row: &MatrixRow) -> String {
        let finding = &self.judged.finding;
        let brief = rules::by_id(finding.rule).and_then(|rule| rule.in_brief(finding, row));
        brief.unwrap_or_else(|| finding.rule.replace('-', " "))
    }
}

/// `2 high, 14 low`, worst first; empty for nothing.
pub(in crate::report) fn severity_tally(severities: &[Severity]) -> String {
    let counts = Severity::ALL.into_iter().filter_map(|severity| {
        let n = severities.iter().filter(|one| **one == severity).count();
        (n > 0).then(|| format!("{n} {severity}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// What a row's waived findings are called beside it: `waived`, or their number beside others.
pub(in crate::report) fn waived_words(active: usize, waived: usize) -> Option<String> {
    match (active, waived) {
        (_, 0) => None,
        (0, 1) => Some("waived".to_owned()),
        (_, n) => Some(format!("{n} waived")),
    }
}

/// What a trend means.
pub(in crate::report) fn trend_meaning(trend: FindingTrend) -> &'static str {
    match trend {
        FindingTrend::New => "was not there, or was waived",
        FindingTrend::Worse => "was less severe, or the sides were closer",
        FindingTrend::Better => "was more severe, or the sides were further apart",
        FindingTrend::Unchanged => "as it was",
    }
}

/// What the fate of a finding means that is not active any more.
pub(in crate::report) fn fate_meaning(fate: Fate) -> &'static str {
    match fate {
        Fate::Unknown => "not there, but not everything that could show it was read",
        Fate::Resolved => "everything that could show it was read, and it is not there",
        Fate::Waived => "a waiver covers it now",
        Fate::Off => "the policy switches it off now",
    }
}

/// Behind a waiver that counts and covers nothing, though not everything was read.
pub(in crate::report) const NOTHING_SO_FAR: &str = "covers nothing so far";

/// `until 2026-12-31, covers 2 findings`: until when it counts, and what for.
pub(in crate::report) fn waiver_words(judged: &JudgedWaiver) -> String {
    let JudgedWaiver { waiver, state, covers } = judged;
    let findings = count(covers.len(), "finding");
    match state {
        WaiverState::Expired if covers.is_empty() => format!("ended {}", waiver.expires),
        WaiverState::Expired => format!("ended {}, covered {findings}", waiver.expires),
        WaiverState::Unused => format!("until {}, covers nothing", waiver.expires),
        WaiverState::Expiring | WaiverState::Active if covers.is_empty() => {
            format!("until {}, {NOTHING_SO_FAR}", waiver.expires)
        }
        WaiverState::Expiring | WaiverState::Active => {
            format!("until {}, covers {findings}", waiver.expires)
        }
    }
}

/// Waivers of that state.
pub(in crate::report) fn waivers_of(
    audit: &Audit,
    state: WaiverState,
) -> impl Iterator<Item = &JudgedWaiver> {
    audit.waivers.iter().filter(move |judged| judged.state == state)
}

/// Waivers, those that need somebody first.
pub(in crate::report) fn waivers_sorted(audit: &Audit) -> Vec<&JudgedWaiver> {
    WaiverState::ALL.into_iter().flat_map(|state| waivers_of(audit, state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_counted_worst_first() {
        use Severity::{Critical, High, Low};
        assert_eq!(severity_tally(&[Low, High, Low, Critical, High]), "1 critical, 2 high, 2 low");
        assert_eq!(severity_tally(&[]), "");
    }

    #[test]
    fn a_waived_row_says_so_beside_other_findings_too() {
        let told = [(0, 0), (0, 1), (0, 2), (3, 1)].map(|(active, n)| waived_words(active, n));
        let wanted = [None, Some("waived"), Some("2 waived"), Some("1 waived")];
        assert_eq!(told, wanted.map(|words| words.map(str::to_owned)));
    }
}
