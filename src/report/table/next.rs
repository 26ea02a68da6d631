//! `NEXT`: what to do about the worst of it.

use super::findings::prefixes;
use super::sheet::{Sheet, blocks, concerns_gate};
use crate::model::{ReasonKind, Severity, count};
use crate::policy;
use crate::report::Purpose;

pub(super) fn section(sheet: &Sheet<'_>) -> String {
    let Sheet { report, paint, active, .. } = sheet;
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let reasons =
        |kind| report.judgement.reasons.iter().filter(|reason| reason.kind == kind).count();
    let (blocking, gaps) = (reasons(ReasonKind::Blocks), reasons(ReasonKind::Incomplete));
    let mut lines = Vec::new();
    // They are sorted, so the first is the worst.
    let worst = active.iter().find(|judged| blocks(judged, report)).copied();
    let notable = || {
        active
            .iter()
            .find(|judged| judged.severity >= Severity::Medium && concerns_gate(judged))
            .copied()
    };
    if let Some(judged) = worst.or_else(notable) {
        lines.push(format!("envparity explain {}", judged.finding.rule));
    }
    if blocking > 0 {
        let verb = if blocking == 1 { "blocks" } else { "block" };
        let what = format!("{} {verb}", count(blocking, "finding"));
        let waivable = worst.filter(|judged| !policy::is_unwaivable(judged.finding.rule));
        lines.push(
            match waivable.and_then(|judged| prefixes(sheet).get(judged.id.as_str()).copied()) {
                Some(id) => format!(
                    "envparity waiver add {id} --reason … --owner … --expires …   or fix it; {what}"
                ),
                None => format!("fix it, or change its severity in the policy; {what}"),
            },
        );
    }
    if gaps > 0 {
        lines.push(format!(
            "close {} (READ tells which), or say required: false where the verdict may do without",
            count(gaps, "gap")
        ));
    }
    let lines = lines.iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("NEXT") } else { "    ".to_owned() };
        format!("{head}  {line}\n")
    });
    lines.collect()
}
