//! `FINDINGS`, worst first.

use std::collections::BTreeMap;

use super::counted::{Counted, Kind, finding_kind};
use super::fold::Fold;
use super::grid::{render_grid, sentence_rows};
use super::sheet::Sheet;
use crate::model::{FindingTrend, Severity};
use crate::report::Purpose;
use crate::report::escape::terminal;
use crate::report::view::finding::FindingView;
use crate::report::view::standing::StandingSince;

pub(super) fn findings_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, active, counted, .. } = sheet;
    if report.purpose == Purpose::Diff && report.findings.is_empty() {
        return String::new();
    }
    // What is info comes last, and is shown by -v only.
    let shown: Vec<FindingView<'_>> = counted
        .choose_findings(fold.serious, fold.minor)
        .into_iter()
        .filter_map(|index| active.get(index).copied())
        .collect();
    let head = format!("{}  {}", paint.bold("FINDINGS"), findings_tally(sheet, &shown));
    let mut text = render_grid(vec![vec![head]], sheet.view.width);
    if !shown.is_empty() {
        let groups = FindingGroups::from_findings(&shown);
        let trends = shown.iter().any(|finding| shown_trend(finding).is_some());
        let has_history = shown.iter().any(|finding| finding.standing.is_some());
        let rows = shown.iter().enumerate().map(|(index, finding)| {
            let mut row =
                finding_row(finding, groups.hidden_behind(finding, index, counted), sheet);
            if has_history {
                row.insert(2, finding.standing.map(StandingSince::age_words).unwrap_or_default());
            }
            if trends {
                row.insert(2, shown_trend(finding).map_or("", FindingTrend::as_str).to_owned());
            }
            row
        });
        text.push_str(&sentence_rows(rows.collect(), view.width));
    }
    text
}

fn finding_row(view: &FindingView<'_>, alike: usize, sheet: &Sheet<'_>) -> Vec<String> {
    let finding = view.finding();
    let owner = view.owner().map(|owner| format!(" · owner {owner}")).unwrap_or_default();
    let more = if alike > 0 { format!(" (+ {alike} like it, -v)") } else { String::new() };
    vec![
        format!("  {}", sheet.paint.paint_severity(view.severity())),
        sheet.counted.prefixes.get(view.id()).copied().unwrap_or_default().to_owned(),
        finding.rule.to_owned(),
        terminal(finding.component.as_str()),
        format!("{}{more}", terminal(&format!("{}{owner}", finding.summary))),
    ]
}

/// What has become of it since the earlier report, unless it is as it was.
fn shown_trend(finding: &FindingView<'_>) -> Option<FindingTrend> {
    finding.trend.filter(|trend| *trend != FindingTrend::Unchanged)
}

/// Of each kind that is shown, where it comes last, and how many there are.
struct FindingGroups(BTreeMap<Kind, (usize, usize)>);

impl FindingGroups {
    fn from_findings(shown: &[FindingView<'_>]) -> Self {
        let mut groups = BTreeMap::<Kind, (usize, usize)>::new();
        for (index, finding) in shown.iter().enumerate() {
            let (last, seen) = groups.entry(finding_kind(finding)).or_default();
            *last = index;
            *seen += 1;
        }
        Self(groups)
    }

    /// Behind the last of a kind, how many of it are not shown.
    fn hidden_behind(&self, finding: &FindingView<'_>, index: usize, all: &Counted<'_>) -> usize {
        let kind = finding_kind(finding);
        let (last, seen) = self.0.get(&kind).copied().unwrap_or_default();
        let of = all.kinds.get(&kind).copied().unwrap_or_default();
        if last == index { of.saturating_sub(seen) } else { 0 }
    }
}

/// `2 high, 1 of 39 low and info shown (-v for all); 1 waived`.
fn findings_tally(sheet: &Sheet<'_>, shown: &[FindingView<'_>]) -> String {
    let seen = |severity| shown.iter().filter(|one| one.severity() == severity).count();
    let mut parts = Vec::new();
    for severity in [Severity::Critical, Severity::High, Severity::Medium] {
        match (sheet.counted.count_of(severity), seen(severity)) {
            (0, _) => {}
            (all, seen) if seen < all => parts.push(format!("{all} {severity} ({seen} shown)")),
            (all, _) => parts.push(format!("{all} {severity}")),
        }
    }
    let minor = [Severity::Low, Severity::Info, Severity::Off];
    let all: usize = minor.iter().map(|severity| sheet.counted.count_of(*severity)).sum();
    let seen: usize = minor.iter().map(|severity| seen(*severity)).sum();
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
