//! `FINDINGS`, worst first.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::Fold;
use super::grid::{grid, sentences};
use super::sheet::{Sheet, trend};
use crate::model::{Disposition, FindingTrend, JudgedFinding, Severity};
use crate::report::Purpose;
use crate::report::escape::terminal;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, active, .. } = sheet;
    if report.purpose == Purpose::Diff && report.findings.is_empty() {
        return String::new();
    }
    // They are sorted: what is info comes last, and is shown by -v only.
    let serious = active.iter().take_while(|f| f.severity >= Severity::Medium).count();
    let minor = active.iter().filter(|f| f.severity == Severity::Low || view.unfold).count();
    let (serious, minor) =
        (&active[..serious], &active[serious..][..minor.min(active.len() - serious)]);
    let groups = Groups::of(active);
    let mut shown = chosen(serious, fold.serious);
    shown.extend(chosen(minor, fold.minor));
    let head = format!("{}  {}", paint.bold("FINDINGS"), tally(sheet, &shown));
    let mut text = grid(vec![vec![head]], sheet.view.width);
    if !shown.is_empty() {
        let prefixes = prefixes(sheet);
        let trends = shown.iter().any(|judged| news(judged, sheet).is_some());
        let rows = shown.iter().enumerate().map(|(index, judged)| {
            let alike =
                if is_last_of_group(&shown, index) { groups.hidden(judged, &shown) } else { 0 };
            let mut row = row(judged, alike, &prefixes, sheet);
            if trends {
                row.insert(2, news(judged, sheet).map_or("", FindingTrend::as_str).to_owned());
            }
            row
        });
        text.push_str(&sentences(rows.collect(), view.width));
    }
    text
}

fn row(
    judged: &JudgedFinding,
    alike: usize,
    prefixes: &BTreeMap<&str, &str>,
    sheet: &Sheet<'_>,
) -> Vec<String> {
    let finding = &judged.finding;
    let mut row = vec![
        format!("  {}", sheet.paint.severity(judged.severity)),
        prefixes.get(judged.id.as_str()).copied().unwrap_or_default().to_owned(),
        finding.rule.to_owned(),
        terminal(finding.component.as_str()),
    ];
    let owner = judged.owner.as_ref().map(|owner| format!(" · owner {owner}")).unwrap_or_default();
    let more = if alike > 0 { format!(" (+ {alike} like it, -v)") } else { String::new() };
    row.push(format!("{}{more}", terminal(&format!("{}{owner}", finding.summary))));
    row
}

/// What has become of it since the earlier report, unless it is as it was.
fn news(judged: &JudgedFinding, sheet: &Sheet<'_>) -> Option<FindingTrend> {
    trend(judged, sheet.report).filter(|trend| *trend != FindingTrend::Unchanged)
}

/// What findings have in common that one stands for all.
fn kind(judged: &JudgedFinding) -> (Severity, &'static str) {
    (judged.severity, judged.finding.rule)
}

/// How many findings of each kind there are.
struct Groups(BTreeMap<(Severity, &'static str), usize>);

impl Groups {
    fn of(findings: &[&JudgedFinding]) -> Self {
        let mut counts = BTreeMap::new();
        findings.iter().for_each(|judged| *counts.entry(kind(judged)).or_default() += 1);
        Self(counts)
    }

    /// Findings of this kind that are not shown.
    fn hidden(&self, judged: &JudgedFinding, shown: &[&JudgedFinding]) -> usize {
        let seen = shown.iter().filter(|other| kind(other) == kind(judged)).count();
        self.0.get(&kind(judged)).copied().unwrap_or(0).saturating_sub(seen)
    }
}

fn is_last_of_group(shown: &[&JudgedFinding], index: usize) -> bool {
    let (Some(judged), rest) = (shown.get(index), shown.get(index + 1..).unwrap_or_default())
    else {
        return false;
    };
    rest.iter().all(|other| kind(other) != kind(judged))
}

/// So many of sorted findings: first one of each kind, so that many alike do not hide one that is
/// unlike them; then the worst of the others.
fn chosen<'a>(findings: &[&'a JudgedFinding], limit: usize) -> Vec<&'a JudgedFinding> {
    if findings.len() <= limit {
        return findings.to_vec();
    }
    let mut seen = BTreeSet::new();
    let (mut firsts, mut others) = (Vec::new(), Vec::new());
    for (index, judged) in findings.iter().enumerate() {
        if seen.insert(kind(judged)) { firsts.push(index) } else { others.push(index) }
    }
    let mut indices: Vec<usize> = firsts.into_iter().chain(others).take(limit).collect();
    indices.sort_unstable();
    indices.into_iter().filter_map(|index| findings.get(index).copied()).collect()
}

/// `2 high, 1 of 39 low and info shown (-v for all); 1 waived`.
fn tally(sheet: &Sheet<'_>, shown: &[&JudgedFinding]) -> String {
    let with = |wanted: fn(&Disposition) -> bool| {
        sheet.report.findings.iter().filter(|f| wanted(&f.disposition)).count()
    };
    let waived = with(|disposition| matches!(disposition, Disposition::Waived(_)));
    let of = |findings: &[&JudgedFinding], severity| {
        findings.iter().filter(|f| f.severity == severity).count()
    };
    let mut parts = Vec::new();
    for severity in [Severity::Critical, Severity::High, Severity::Medium] {
        match (of(&sheet.active, severity), of(shown, severity)) {
            (0, _) => {}
            (all, seen) if seen < all => parts.push(format!("{all} {severity} ({seen} shown)")),
            (all, _) => parts.push(format!("{all} {severity}")),
        }
    }
    let minor = |findings: &[&JudgedFinding]| {
        findings.iter().filter(|f| f.severity < Severity::Medium).count()
    };
    let (all, seen) = (minor(&sheet.active), minor(shown));
    if all > 0 {
        parts.push(format!("{seen} of {all} low and info shown"));
    }
    let more = if shown.len() < sheet.active.len() { " (-v for all)" } else { "" };
    let active =
        if parts.is_empty() { "none".to_owned() } else { format!("{}{more}", parts.join(", ")) };
    let off = match with(|disposition| *disposition == Disposition::Off) {
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
