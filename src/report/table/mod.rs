//! The report for people at a terminal: the worst first, what is equal folded away.
//!
//! `READ` tells what the verdict rests on, `PLATFORM` and `OWN SERVICES` what differs, `SINCE` what
//! is new, `FINDINGS` what that means, `WAIVERS` what somebody accepts, and the last line the
//! verdict. A report of any size fits a first screen ([`fold`]); `-v` shows all of it. Everything
//! from outside passes [`super::escape::terminal`].

mod compared;
mod counted;
mod figures;
mod findings;
mod fold;
mod grid;
mod next;
mod places;
mod read;
mod sheet;
mod since;
#[cfg(test)]
mod tests;
mod told;
mod versions;
mod waivers;

use super::view::ReportView;
use super::view::verdict::{Headline, accepted, blocking};
use super::{Audit, Format, Purpose, RenderError, RenderOptions};
use crate::model::{Judgement, ReasonKind, Verdict, count};
use crate::report::EXIT_NOT_WRITTEN;
use fold::{Fold, LADDER, SCREEN, first, shortened};
use grid::grid;
use sheet::Sheet;

pub(super) struct Table;

impl Format for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn summary(&self) -> &'static str {
        "for people at a terminal: the worst first, folded to a screen (-v unfolds)"
    }

    fn render(&self, report: &Audit, view: &RenderOptions) -> Result<String, RenderError> {
        let shown = ReportView::new(report);
        let sheet = Sheet::new(&shown, view);
        if view.unfold {
            return Ok(text(&sheet, &fold::ALL));
        }
        let mut steps = LADDER.iter().map(|fold| text(&sheet, fold));
        let mut shown = steps.next().unwrap_or_default();
        while shown.lines().count() > SCREEN {
            match steps.next() {
                Some(shorter) => shown = shorter,
                None => break,
            }
        }
        Ok(shown)
    }
}

fn text(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let sections = [
        head(sheet, fold),
        read::section(sheet, fold),
        versions::platform(sheet, fold),
        versions::services(sheet, fold),
        versions::legend(sheet, fold, figures::left_out(sheet, fold)),
        figures::section(sheet, fold),
        since::section(sheet, fold),
        findings::section(sheet, fold),
        waivers::section(sheet, fold),
        next::section(sheet, fold),
    ];
    let mut text =
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
    let compared = compared::section(sheet, fold);
    // An empty line is one finding less, where it is tight.
    if !fold.is_tight() || compared.is_empty() {
        text.push('\n');
    }
    text.push_str(&compared);
    text.push_str(&last_line(sheet, fold));
    text
}

fn head(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, shown, view, paint, .. } = sheet;
    let at = shown.local_time(report.run.at);
    let what = match report.purpose {
        Purpose::Audit => "envparity audit",
        Purpose::Diff => "envparity diff",
    };
    let profiles = match report.purpose {
        Purpose::Audit if report.run.policy.is_empty() => {
            format!(" · profiles {}", report.run.profiles)
        }
        Purpose::Audit => {
            format!(" · profiles {} · policy {}", report.run.profiles, report.run.policy)
        }
        Purpose::Diff => String::new(),
    };
    let mut head = format!(
        "{}  {at} · baseline {}{profiles}\n",
        paint.bold(what),
        super::escape::terminal(report.baseline.as_str())
    );
    if !report.left_out.is_empty() {
        let names: Vec<String> =
            report.left_out.iter().map(|name| super::escape::terminal(name.as_str())).collect();
        let why = if report.is_of_pair { "FROM TO" } else { "--env" };
        let partial = format!("partial: {} left out by {why}\n", names.join(", "));
        head.push_str(&paint.yellow(&partial));
    }
    let (notes, more) = first(report.run.notes.iter().collect(), fold.lines);
    for note in notes {
        head.push_str(&grid(
            vec![vec![paint.yellow(&format!("note: {}", super::escape::terminal(note)))]],
            view.width,
        ));
    }
    if more > 0 {
        head.push_str(&paint.dim(&format!("and {more} more notes (-v)\n")));
    }
    head
}

fn last_line(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    let judgement = &report.judgement;
    let headline = Headline::of(report);
    let because = match headline {
        Headline::Go => {
            let new = if report.new_only { " that is new or worse" } else { "" };
            format!(
                ": nothing{new} at or above {} in a gate, and everything required was read",
                report.fail_on
            )
        }
        Headline::GoWithoutGate => ": only that everything required was read".to_owned(),
        Headline::NoGo => format!(": {}", blocking(report)),
        Headline::NoGoAndIncomplete => {
            format!(": {}; {}", blocking(report), gaps(judgement, fold))
        }
        Headline::Incomplete => format!(": {}", gaps(judgement, fold)),
        Headline::Complete => ": everything in the evidence was read".to_owned(),
    };
    let waived = accepted(report).map(|told| format!("; {told}")).unwrap_or_default();
    let not_judged = not_judged(judgement, fold);
    let exit = if view.exit == EXIT_NOT_WRITTEN {
        format!("exit {EXIT_NOT_WRITTEN}: a report or history could not be written")
    } else if report.reports_only {
        "exit 0: the profiles say gates: []".to_owned()
    } else if view.report_only {
        "exit 0 with --report-only".to_owned()
    } else {
        format!("exit {}", view.exit)
    };
    let line =
        format!("{}{because}{waived}{not_judged}{} ({exit})", headline.words(), new_only(sheet));
    let painted = match judgement.verdict {
        Verdict::Go => paint.green(&line),
        Verdict::NoGo => paint.red(&line),
        Verdict::Incomplete => paint.yellow(&line),
    };
    grid(vec![vec![painted]], view.width)
}

/// That only what is new or worse could block, where that was asked for.
fn new_only(sheet: &Sheet<'_>) -> String {
    let Sheet { report, shown, .. } = sheet;
    let Some(since) = report.since.as_ref().filter(|_| report.new_only) else {
        return String::new();
    };
    let known = match report.judgement.known.len() {
        0 => String::new(),
        n => format!(", {} known before", count(n, "finding")),
    };
    let at = shown.local_time(since.at);
    format!("; only what is new or worse since {at} could block{known}")
}

/// What is not required or left out: the first of it, and how many more.
fn not_judged(judgement: &Judgement, fold: &Fold) -> String {
    let gaps = judgement.optional_gaps();
    let Some((first, others)) = gaps.split_first() else { return String::new() };
    let first = super::escape::terminal(&shortened(first, fold.message.saturating_add(40)));
    let more = match others.len() {
        0 => String::new(),
        n => format!(", and {}", count(n, "more gap")),
    };
    format!("; not judged, because not required or left out: {first}{more}")
}

/// The first gap, and how many more.
fn gaps(judgement: &Judgement, fold: &Fold) -> String {
    let texts: Vec<&str> = judgement
        .reasons
        .iter()
        .filter(|r| r.kind == ReasonKind::Incomplete)
        .map(|r| r.text.as_str())
        .collect();
    let first = super::escape::terminal(&shortened(
        texts.first().unwrap_or(&""),
        fold.message.saturating_add(40),
    ));
    match texts.len() {
        0 | 1 => first,
        n => format!("{first}, and {}", count(n - 1, "more gap")),
    }
}
