//! `NEXT`: what to do about the worst of it.

use super::fold::{Fold, shortened};
use super::grid::grid;
use super::sheet::Sheet;
use crate::model::{Reason, ReasonKind, Severity, count};
use crate::policy;
use crate::report::Purpose;
use crate::report::escape::terminal;
use crate::report::view::finding::FindingView;
use crate::report::view::verdict::block_or_blocks;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, paint, active, counted, .. } = sheet;
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let reasons = |kind| report.judgement.reasons.iter().filter(move |reason| reason.kind == kind);
    let blocking = reasons(ReasonKind::Blocks).count();
    let (of_targets, others): (Vec<&Reason>, Vec<&Reason>) =
        reasons(ReasonKind::Incomplete).partition(|reason| reason.is_of_target);
    let mut lines = Vec::new();
    // They are sorted, so the first is the worst.
    let worst = active.iter().find(|finding| finding.blocks);
    let is_notable =
        |one: &&FindingView<'_>| one.severity() >= Severity::Medium && one.concerns_gate();
    if let Some(notable) = worst.or_else(|| active.iter().find(is_notable)) {
        lines.push(format!("envparity explain {}", notable.finding().rule));
    }
    if blocking > 0 {
        let what = format!("{} {}", count(blocking, "finding"), block_or_blocks(blocking));
        let waivable = worst.filter(|one| !policy::is_unwaivable(one.finding().rule));
        let id = waivable.and_then(|one| counted.prefixes.get(one.id()).copied());
        lines.push(match id {
            Some(id) => format!(
                "envparity waiver add {id} --reason … --owner … --expires …   or fix it; {what}"
            ),
            None => format!("fix it, or change its severity in the policy; {what}"),
        });
    }
    if !of_targets.is_empty() {
        lines.push(format!(
            "close {} (READ tells which), or say required: false where the verdict may do without",
            count(of_targets.len(), "gap")
        ));
    }
    lines.extend(named(&others, fold));
    let lines = lines.iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("NEXT") } else { "    ".to_owned() };
        grid(vec![vec![format!("{head}  {line}")]], sheet.view.width)
    });
    lines.collect()
}

/// Gaps that are named; all are counted.
const NAMED: usize = 3;

/// Gaps that `READ` does not tell of, in their own words.
fn named(gaps: &[&Reason], fold: &Fold) -> Vec<String> {
    let shown = |gap: &&Reason| {
        let text = shortened(&gap.text, fold.message.saturating_add(40));
        format!("close the gap: {}", terminal(&text))
    };
    let limit = if fold.lines == usize::MAX { usize::MAX } else { NAMED.min(fold.lines) };
    let mut lines: Vec<String> = gaps.iter().take(limit).map(shown).collect();
    let more = gaps.len() - lines.len();
    if more > 0 {
        lines.push(format!("and {} (-v)", count(more, "more gap")));
    }
    lines
}
