//! What is counted of the findings, however many of them are shown: worked out once for every way to
//! fold them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Severity;
use crate::report::Audit;
use crate::report::view::finding::FindingView;

/// What findings have in common that one stands for all.
pub(super) type Kind = (Severity, &'static str);

/// The kind of a finding.
pub(super) fn finding_kind(finding: &FindingView<'_>) -> Kind {
    (finding.severity(), finding.judged.finding.rule)
}

pub(super) struct Counted<'a> {
    /// Of each finding's id as many digits as tell it from all others.
    pub(super) prefixes: BTreeMap<&'a str, &'a str>,
    /// How many findings of each kind there are.
    pub(super) kinds: BTreeMap<Kind, usize>,
    /// How many of each severity.
    severities: BTreeMap<Severity, usize>,
    /// Findings that are medium or worse, in the order in which they are chosen.
    serious: Vec<usize>,
    /// Findings that are low, and those that are info where all is shown.
    minor: Vec<usize>,
}

impl<'a> Counted<'a> {
    /// Of sorted findings: the worst first.
    pub(super) fn new(audit: &'a Audit, active: &[FindingView<'a>], unfold: bool) -> Self {
        let (mut kinds, mut severities) = (BTreeMap::new(), BTreeMap::new());
        for finding in active {
            *kinds.entry(finding_kind(finding)).or_default() += 1;
            *severities.entry(finding.severity()).or_default() += 1;
        }
        let serious = active.iter().take_while(|one| one.severity() >= Severity::Medium).count();
        let is_shown = |one: &&FindingView<'_>| one.severity() == Severity::Low || unfold;
        let minor = active.iter().skip(serious).take_while(is_shown).count();
        Self {
            prefixes: unique_prefixes(audit.findings.iter().map(|f| f.id.as_str()).collect()),
            kinds,
            severities,
            serious: by_choice(active, 0, serious),
            minor: by_choice(active, serious, minor),
        }
    }

    pub(super) fn count_of(&self, severity: Severity) -> usize {
        self.severities.get(&severity).copied().unwrap_or_default()
    }

    /// So many findings that are medium or worse, and so many that are low, in their order.
    pub(super) fn choose_findings(&self, serious: usize, minor: usize) -> Vec<usize> {
        let serious = self.serious.iter().take(serious);
        let mut chosen: Vec<usize> =
            serious.chain(self.minor.iter().take(minor)).copied().collect();
        chosen.sort_unstable();
        chosen
    }
}

/// Which of sorted findings are shown first where not all are: one of each kind, so that many alike
/// do not hide one that is unlike them; then the worst of the others.
fn by_choice(findings: &[FindingView<'_>], start: usize, length: usize) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let within = findings.iter().enumerate().skip(start).take(length);
    let (mut firsts, others): (Vec<_>, Vec<_>) =
        within.partition(|(_, finding)| seen.insert(finding_kind(finding)));
    firsts.extend(others);
    firsts.into_iter().map(|(index, _)| index).collect()
}

/// Four digits at least. Among sorted ids only the neighbours can share more.
fn unique_prefixes(mut all: Vec<&str>) -> BTreeMap<&str, &str> {
    all.sort_unstable();
    all.dedup();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let prefix = |(i, id): (usize, &&'_ str)| {
        let before = i.checked_sub(1).and_then(|i| all.get(i)).map_or(0, |other| shared(id, other));
        let after = all.get(i + 1).map_or(0, |other| shared(id, other));
        before.max(after) + 1
    };
    let lengths: Vec<usize> = all.iter().enumerate().map(prefix).collect();
    all.into_iter().zip(lengths).map(|(id, n)| (id, id.get(..n.max(4)).unwrap_or(id))).collect()
}

#[cfg(test)]
mod tests {
    use super::unique_prefixes;

    #[test]
    fn a_prefix_tells_one_from_all_others() {
        let prefixes = unique_prefixes(vec!["b7d40000", "81c0aa00", "81c0ab00"]);
        assert_eq!(prefixes["b7d40000"], "b7d4");
        assert_eq!(prefixes["81c0aa00"], "81c0aa");
        assert_eq!(unique_prefixes(vec!["81c0aa00", "81c0aa00"])["81c0aa00"], "81c0");
    }
}
