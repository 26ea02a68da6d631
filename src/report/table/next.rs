//! `NEXT`: what to do about the worst of it.

use super::fold::{Fold, first, shortened};
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
        lines.push(close(&of_targets, fold));
    }
    lines.extend(named(&others, fold));
    let lines = lines.iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("NEXT") } else { "    ".to_owned() };
        grid(vec![vec![format!("{head}  {line}")]], sheet.view.width)
    });
    lines.collect()
}

/// Gaps that are listed if there is room; all are counted.
const LISTED: usize = 8;

/// How many to close, and which; `READ` tells why, and what helps with each.
fn close(gaps: &[&Reason], fold: &Fold) -> String {
    let limit = if fold.lines == usize::MAX { usize::MAX } else { LISTED.min(fold.lines) };
    let (shown, more) = first(gaps.to_vec(), limit);
    let mut listed: Vec<String> = shown.into_iter().map(|gap| terminal(place(gap))).collect();
    if more > 0 {
        listed.push(format!("and {more} more (-v)"));
    }
    format!("close {} ({}), or say required: false", count(gaps.len(), "gap"), listed.join(", "))
}

/// `qualif kubernetes/mks part nodes`: what a gap is of, without the reason. Neither names of
/// environments nor of targets hold a space or a colon.
fn place(gap: &Reason) -> &str {
    let text = gap.text.as_str();
    let text = text.split_once(" not read: ").map_or(text, |(place, _)| place);
    text.split_once(": ").map_or(text, |(place, _)| place)
}

fn text(gap: &Reason, fold: &Fold) -> String {
    terminal(&shortened(&gap.text, fold.message.saturating_add(40)))
}

/// Gaps that are named; all are counted.
const NAMED: usize = 3;

/// Gaps that `READ` does not tell of, in their own words.
fn named(gaps: &[&Reason], fold: &Fold) -> Vec<String> {
    let limit = if fold.lines == usize::MAX { usize::MAX } else { NAMED.min(fold.lines) };
    let shown = gaps.iter().take(limit);
    let mut lines: Vec<String> =
        shown.map(|gap| format!("close the gap: {}", text(gap, fold))).collect();
    let more = gaps.len() - lines.len();
    if more > 0 {
        lines.push(format!("and {} (-v)", count(more, "more gap")));
    }
    lines
}
