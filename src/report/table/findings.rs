//! `FINDINGS`, worst first, and `NEXT`: what to do about them.

use std::collections::BTreeSet;

use super::grid::{Paint, grid};
use crate::model::{JudgedFinding, ReasonKind, Severity, count};
use crate::report::escape::terminal;
use crate::report::{Purpose, Report, View};
use crate::rules;

/// Of low findings, how many are shown folded.
const LOW_SHOWN: usize = 3;

pub(super) fn section(report: &Report, view: &View, paint: Paint) -> String {
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let mut active: Vec<&JudgedFinding> = report.findings.iter().filter(|f| f.severity > Severity::Off).collect();
    active.sort_by_key(|f| (std::cmp::Reverse((f.severity, gravity(f), f.in_gate)), &f.finding.component));
    let serious = active.iter().filter(|f| f.severity >= Severity::Medium).count();
    let low = active.iter().filter(|f| f.severity == Severity::Low).count();
    let shown = if view.unfold { active.len() } else { serious + low.min(LOW_SHOWN) };
    let mut text = format!("{}  {}\n", paint.bold("FINDINGS"), tally(&active, serious, shown));
    if shown > 0 {
        let ids: Vec<&str> = report.findings.iter().map(|f| f.id.as_str()).collect();
        let rows = active.iter().take(shown).map(|judged| {
            let finding = &judged.finding;
            vec![
                format!("  {}", paint.severity(judged.severity)),
                unique_prefix(judged.id.as_str(), &ids).to_owned(),
                finding.rule.to_owned(),
                terminal(finding.component.as_str()),
                terminal(&finding.summary),
            ]
        });
        text.push_str(&grid(rows.collect(), view.width));
    }
    text
}

/// How bad a finding of this rule can be: of two that are low, the one that might have been
/// critical is the more interesting.
fn gravity(judged: &JudgedFinding) -> Option<Severity> {
    let meta = rules::by_id(judged.finding.rule)?.meta();
    meta.defaults.iter().map(|(_, defaults)| defaults.in_gate).max()
}

/// `2 high, 1 of 39 low and info shown (-v for all); 0 waived`.
fn tally(active: &[&JudgedFinding], serious: usize, shown: usize) -> String {
    if active.is_empty() {
        return "none".to_owned();
    }
    let named = [Severity::Critical, Severity::High, Severity::Medium].into_iter().filter_map(|severity| {
        let n = active.iter().filter(|f| f.severity == severity).count();
        (n > 0).then(|| format!("{n} {severity}"))
    });
    let mut parts: Vec<String> = named.collect();
    let minor = active.len() - serious;
    if minor > 0 {
        let shown = shown - serious;
        let all = if shown < minor { " (-v for all)" } else { "" };
        parts.push(format!("{shown} of {minor} low and info shown{all}"));
    }
    format!("{}; 0 waived", parts.join(", "))
}

/// As many digits as tell it from all others, four at least.
fn unique_prefix<'a>(id: &'a str, all: &[&str]) -> &'a str {
    let others: BTreeSet<&&str> = all.iter().filter(|other| **other != id).collect();
    let length = (4..id.len()).find(|&n| id.get(..n).is_some_and(|p| !others.iter().any(|o| o.starts_with(p))));
    length.and_then(|n| id.get(..n)).unwrap_or(id)
}

pub(super) fn next(report: &Report, paint: Paint) -> String {
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let blocks = report.judgement.reasons.iter().filter(|r| r.kind == ReasonKind::Blocks).count();
    let gaps = report.judgement.reasons.len() - blocks;
    let mut lines = Vec::new();
    let worst = report.findings.iter().filter(|f| f.in_gate || blocks == 0).max_by_key(|f| f.severity);
    if let Some(worst) = worst.filter(|f| f.severity >= Severity::Medium) {
        lines.push(format!("envparity explain {}", worst.finding.rule));
    }
    if blocks > 0 {
        let verb = if blocks == 1 { "blocks" } else { "block" };
        lines.push(format!("fix it, or change its severity in the policy; {} {verb}", count(blocks, "finding")));
    }
    if gaps > 0 {
        lines.push(format!(
            "close {} under READ, or say required: false where the verdict may do without",
            count(gaps, "gap")
        ));
    }
    let lines = lines.iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("NEXT") } else { "    ".to_owned() };
        format!("{head}  {line}\n")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::unique_prefix;

    #[test]
    fn a_prefix_tells_one_from_all_others() {
        let all = ["81c0aa00", "81c0ab00", "b7d40000"];
        assert_eq!(unique_prefix("b7d40000", &all), "b7d4");
        assert_eq!(unique_prefix("81c0aa00", &all), "81c0aa");
    }
}
