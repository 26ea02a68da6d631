//! `FINDINGS`, worst first, and `NEXT`: what to do about them.

use std::collections::BTreeMap;

use super::grid::{Paint, grid};
use crate::model::{JudgedFinding, ReasonKind, Severity, count};
use crate::report::escape::terminal;
use crate::report::{Purpose, Report, View};
use crate::rules;

/// Of medium findings, how many are shown folded.
const MEDIUM_SHOWN: usize = 30;

/// Of low findings, how many are shown folded.
const LOW_SHOWN: usize = 3;

pub(super) fn section(report: &Report, view: &View, paint: Paint) -> String {
    if report.purpose == Purpose::Diff && report.findings.is_empty() {
        return String::new();
    }
    let mut active: Vec<&JudgedFinding> = report.findings.iter().filter(|f| f.severity > Severity::Off).collect();
    active.sort_by_key(|f| (std::cmp::Reverse((f.severity, gravity(f), f.in_gate)), &f.finding.component));
    let of = |severity| active.iter().filter(|f| f.severity == severity).count();
    let serious = active.iter().filter(|f| f.severity >= Severity::Medium).count();
    // They are sorted: the first so many mediums, then the first so many of the minor ones.
    let hidden = if view.unfold { 0 } else { of(Severity::Medium).saturating_sub(MEDIUM_SHOWN) };
    let minor = if view.unfold { active.len() - serious } else { of(Severity::Low).min(LOW_SHOWN) };
    let mut text = format!("{}  {}\n", paint.bold("FINDINGS"), tally(&active, serious, minor, hidden));
    if serious + minor > 0 {
        let prefixes = unique_prefixes(report.findings.iter().map(|f| f.id.as_str()).collect());
        let shown = active[..serious - hidden].iter().chain(&active[serious..serious + minor]);
        let rows = shown.map(|judged| {
            let finding = &judged.finding;
            vec![
                format!("  {}", paint.severity(judged.severity)),
                prefixes.get(judged.id.as_str()).copied().unwrap_or_default().to_owned(),
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
fn tally(active: &[&JudgedFinding], serious: usize, shown: usize, hidden: usize) -> String {
    if active.is_empty() {
        return "none".to_owned();
    }
    let named = [Severity::Critical, Severity::High, Severity::Medium].into_iter().filter_map(|severity| {
        let n = active.iter().filter(|f| f.severity == severity).count();
        let folded = if severity == Severity::Medium && hidden > 0 {
            format!(" ({} shown, -v for all)", n - hidden)
        } else {
            String::new()
        };
        (n > 0).then(|| format!("{n} {severity}{folded}"))
    });
    let mut parts: Vec<String> = named.collect();
    let minor = active.len() - serious;
    if minor > 0 {
        let all = if shown < minor { " (-v for all)" } else { "" };
        parts.push(format!("{shown} of {minor} low and info shown{all}"));
    }
    format!("{}; 0 waived", parts.join(", "))
}

/// Of each id as many digits as tell it from all others, four at least. Among sorted ids only
/// the neighbours can share more.
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

pub(super) fn next(report: &Report, paint: Paint) -> String {
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let blocks = report.judgement.reasons.iter().filter(|r| r.kind == ReasonKind::Blocks).count();
    let gaps = report.judgement.reasons.len() - blocks;
    let mut lines = Vec::new();
    // Of several as bad, the one that stands first.
    let worst = report.findings.iter().rev().filter(|f| f.in_gate || blocks == 0).max_by_key(|f| f.severity);
    if let Some(worst) = worst.filter(|f| f.severity >= Severity::Medium) {
        lines.push(format!("envparity explain {}", worst.finding.rule));
    }
    if blocks > 0 {
        let verb = if blocks == 1 { "blocks" } else { "block" };
        lines.push(format!("fix it, or change its severity in the policy; {} {verb}", count(blocks, "finding")));
    }
    if gaps > 0 {
        lines.push(format!(
            "close {} (READ and the last line tell which), or say required: false where the verdict may do without",
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
    use super::unique_prefixes;

    #[test]
    fn a_prefix_tells_one_from_all_others() {
        let prefixes = unique_prefixes(vec!["b7d40000", "81c0aa00", "81c0ab00"]);
        assert_eq!(prefixes["b7d40000"], "b7d4");
        assert_eq!(prefixes["81c0aa00"], "81c0aa");
        assert_eq!(unique_prefixes(vec!["81c0aa00", "81c0aa00"])["81c0aa00"], "81c0");
    }
}
