//! `FINDINGS`, worst first.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::Fold;
use super::grid::{grid, sentences};
use super::sheet::Sheet;
use crate::model::{FindingTrend, Severity};
use crate::report::Purpose;
use crate::report::escape::terminal;
use crate::report::view::finding::FindingView;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, active, .. } = sheet;
    if report.purpose == Purpose::Diff && report.findings.is_empty() {
        return String::new();
    }
    // They are sorted: what is info comes last, and is shown by -v only.
    let serious = active.iter().take_while(|one| one.severity() >= Severity::Medium).count();
    let minor = active.iter().filter(|one| one.severity() == Severity::Low || view.unfold).count();
    let (serious, minor) =
        (&active[..serious], &active[serious..][..minor.min(active.len() - serious)]);
    let groups = FindingGroups::of(active);
    let mut shown = chosen(serious, fold.serious);
    shown.extend(chosen(minor, fold.minor));
    let head = format!("{}  {}", paint.bold("FINDINGS"), tally(sheet, &shown));
    let mut text = grid(vec![vec![head]], sheet.view.width);
    if !shown.is_empty() {
        let prefixes = prefixes(sheet);
        let trends = shown.iter().any(|finding| news(finding).is_some());
        let rows = shown.iter().enumerate().map(|(index, finding)| {
            let alike =
                if is_last_of_group(&shown, index) { groups.hidden(finding, &shown) } else { 0 };
            let mut row = row(finding, alike, &prefixes, sheet);
            if trends {
                row.insert(2, news(finding).map_or("", FindingTrend::as_str).to_owned());
            }
            row
        });
        text.push_str(&sentences(rows.collect(), view.width));
    }
    text
}

fn row(
    view: &FindingView<'_>,
    alike: usize,
    prefixes: &BTreeMap<&str, &str>,
    sheet: &Sheet<'_>,
) -> Vec<String> {
    let finding = view.finding();
    let owner = view.owner().map(|owner| format!(" · owner {owner}")).unwrap_or_default();
    let more = if alike > 0 { format!(" (+ {alike} like it, -v)") } else { String::new() };
    vec![
        format!("  {}", sheet.paint.severity(view.severity())),
        prefixes.get(view.id()).copied().unwrap_or_default().to_owned(),
        finding.rule.to_owned(),
        terminal(finding.component.as_str()),
        format!("{}{more}", terminal(&format!("{}{owner}", finding.summary))),
    ]
}

/// What has become of it since the earlier report, unless it is as it was.
fn news(finding: &FindingView<'_>) -> Option<FindingTrend> {
    finding.trend.filter(|trend| *trend != FindingTrend::Unchanged)
}

/// What findings have in common that one stands for all.
fn kind(finding: &FindingView<'_>) -> (Severity, &'static str) {
    (finding.severity(), finding.judged.finding.rule)
}

/// How many findings of each kind there are.
struct FindingGroups(BTreeMap<(Severity, &'static str), usize>);

impl FindingGroups {
    fn of(findings: &[FindingView<'_>]) -> Self {
        let mut counts = BTreeMap::new();
        findings.iter().for_each(|finding| *counts.entry(kind(finding)).or_default() += 1);
        Self(counts)
    }

    /// Findings of this kind that are not shown.
    fn hidden(&self, finding: &FindingView<'_>, shown: &[FindingView<'_>]) -> usize {
        let seen = shown.iter().filter(|other| kind(other) == kind(finding)).count();
        self.0.get(&kind(finding)).copied().unwrap_or(0).saturating_sub(seen)
    }
}

fn is_last_of_group(shown: &[FindingView<'_>], index: usize) -> bool {
    let (Some(finding), rest) = (shown.get(index), shown.get(index + 1..).unwrap_or_default())
    else {
        return false;
    };
    rest.iter().all(|other| kind(other) != kind(finding))
}

/// So many of sorted findings: first one of each kind, so that many alike do not hide one that is
/// unlike them; then the worst of the others.
fn chosen<'a>(findings: &[FindingView<'a>], limit: usize) -> Vec<FindingView<'a>> {
    if findings.len() <= limit {
        return findings.to_vec();
    }
    let mut seen = BTreeSet::new();
    let (mut firsts, mut others) = (Vec::new(), Vec::new());
    for (index, finding) in findings.iter().enumerate() {
        if seen.insert(kind(finding)) { firsts.push(index) } else { others.push(index) }
    }
    let mut indices: Vec<usize> = firsts.into_iter().chain(others).take(limit).collect();
    indices.sort_unstable();
    indices.into_iter().filter_map(|index| findings.get(index).copied()).collect()
}

/// `2 high, 1 of 39 low and info shown (-v for all); 1 waived`.
fn tally(sheet: &Sheet<'_>, shown: &[FindingView<'_>]) -> String {
    let of = |findings: &[FindingView<'_>], severity| {
        findings.iter().filter(|one| one.severity() == severity).count()
    };
    let mut parts = Vec::new();
    for severity in [Severity::Critical, Severity::High, Severity::Medium] {
        match (of(&sheet.active, severity), of(shown, severity)) {
            (0, _) => {}
            (all, seen) if seen < all => parts.push(format!("{all} {severity} ({seen} shown)")),
            (all, _) => parts.push(format!("{all} {severity}")),
        }
    }
    let minor = |findings: &[FindingView<'_>]| {
        findings.iter().filter(|one| one.severity() < Severity::Medium).count()
    };
    let (all, seen) = (minor(&sheet.active), minor(shown));
    if all > 0 {
        parts.push(format!("{seen} of {all} low and info shown"));
    }
    let more = if shown.len() < sheet.active.len() { " (-v for all)" } else { "" };
    let active =
        if parts.is_empty() { "none".to_owned() } else { format!("{}{more}", parts.join(", ")) };
    let waived = sheet.shown.waived.len();
    let off = match sheet.shown.switched_off() {
        0 => String::new(),
        n => format!(", {n} switched off"),
    };
    if sheet.active.is_empty() && waived == 0 && off.is_empty() {
        active
    } else {
        format!("{active}; {waived} waived{off}")
    }
}

/// Of each finding's id as many digits as tell it from all others.
pub(super) fn prefixes<'a>(sheet: &Sheet<'a>) -> BTreeMap<&'a str, &'a str> {
    unique_prefixes(sheet.report.findings.iter().map(|f| f.id.as_str()).collect())
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
