//! `NEXT`: what to do about the worst of it.

use super::fold::{Fold, first_lines, shorten_text};
use super::grid::render_grid;
use super::sheet::Sheet;
use crate::model::{Reason, ReasonKind, Severity, count};
use crate::policy;
use crate::report::Purpose;
use crate::report::escape::terminal;
use crate::report::view::finding::FindingView;
use crate::report::view::verdict::block_or_blocks;

pub(super) fn next_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
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
        lines.push(close_gaps(&of_targets, fold));
    }
    let unlisted: Vec<&Reason> =
        others.into_iter().filter(|gap| !is_of_listed_target(gap, &of_targets)).collect();
    lines.extend(named_gaps(&unlisted, fold));
    let lines = lines.iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("NEXT") } else { "    ".to_owned() };
        render_grid(vec![vec![format!("{head}  {line}")]], sheet.view.width)
    });
    lines.collect()
}

/// Whether a component that was expected and not seen is that of a target which was not read: one
/// gap, and the target's line is the one to act on.
fn is_of_listed_target(gap: &Reason, of_targets: &[&Reason]) -> bool {
    let Some((component, _)) = gap.text.split_once(EXPECTED) else { return false };
    of_targets.iter().any(|target| {
        let place = gap_place(target);
        place == component
            || place.strip_prefix(component).is_some_and(|rest| rest.starts_with(' '))
    })
}

/// Behind environment and component of what was expected and not seen.
const EXPECTED: &str = " is expected and was not seen";

/// Gaps that are listed if there is room; all are counted.
const LISTED: usize = 8;

/// How many to close, and which; `READ` tells why, and what helps with each.
fn close_gaps(gaps: &[&Reason], fold: &Fold) -> String {
    let limit = if fold.lines == usize::MAX { usize::MAX } else { LISTED.min(fold.lines) };
    let (shown, more) = first_lines(gaps.to_vec(), limit);
    let mut listed: Vec<String> = shown.into_iter().map(|gap| terminal(gap_place(gap))).collect();
    if more > 0 {
        listed.push(format!("and {more} more (-v)"));
    }
    format!("close {} ({}), or say required: false", count(gaps.len(), "gap"), listed.join(", "))
}

/// `qualif kubernetes/mks part nodes`: what a gap is of, without the reason. Neither names of
/// environments nor of targets hold a space or a colon.
fn gap_place(gap: &Reason) -> &str {
    let text = gap.text.as_str();
    let text = text.split_once(" not read: ").map_or(text, |(place, _)| place);
    text.split_once(": ").map_or(text, |(place, _)| place)
}

fn gap_text(gap: &Reason, fold: &Fold) -> String {
    terminal(&shorten_text(&gap.text, fold.message.saturating_add(40)))
}

/// Gaps that are named; all are counted.
const NAMED: usize = 3;

/// Gaps that `READ` does not tell of, in their own words.
fn named_gaps(gaps: &[&Reason], fold: &Fold) -> Vec<String> {
    let limit = if fold.lines == usize::MAX { usize::MAX } else { NAMED.min(fold.lines) };
    let shown = gaps.iter().take(limit);
    let mut lines: Vec<String> =
        shown.map(|gap| format!("close the gap: {}", gap_text(gap, fold))).collect();
    let more = gaps.len() - lines.len();
    if more > 0 {
        lines.push(format!("and {} (-v)", count(more, "more gap")));
    }
    lines
}
