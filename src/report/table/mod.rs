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
pub(super) mod grid;
mod load;
mod next;
mod places;
mod read;
mod read_summary;
mod sheet;
mod since;
#[cfg(test)]
mod tests;
mod versions;
mod waivers;

use super::view::ReportView;
use super::view::verdict::verdict_sentence;
use super::{Audit, Format, Purpose, RenderError, RenderOptions};
use crate::model::Verdict;
use crate::report::EXIT_NOT_WRITTEN;
use fold::{Fold, LADDER, SCREEN, first_lines, shorten_text};
use grid::render_grid;
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
            return Ok(render_text(&sheet, &fold::ALL));
        }
        let mut steps = LADDER.iter().map(|fold| render_text(&sheet, fold));
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

fn render_text(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let sections = [
        head_line(sheet, fold),
        read::read_section(sheet, fold),
        versions::platform_section(sheet, fold),
        versions::services_section(sheet, fold),
        versions::symbols_legend(sheet, fold, figures::left_out(sheet, fold)),
        load::load_section(sheet, fold),
        figures::figures_section(sheet, fold),
        since::since_section(sheet, fold),
        findings::findings_section(sheet, fold),
        waivers::waivers_section(sheet, fold),
        next::next_section(sheet, fold),
    ];
    let mut text =
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
    let compared = compared::compared_section(sheet, fold);
    // An empty line is one finding less, where it is tight.
    if !fold.is_tight() || compared.is_empty() {
        text.push('\n');
    }
    text.push_str(&compared);
    text.push_str(&last_line(sheet, fold));
    text
}

fn head_line(sheet: &Sheet<'_>, fold: &Fold) -> String {
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
    let (notes, more) = first_lines(report.run.notes.iter().collect(), fold.lines);
    for note in notes {
        head.push_str(&render_grid(
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
    let shorten = |text: &str| shorten_text(text, fold.message.saturating_add(40));
    let verdict = super::escape::terminal(&verdict_sentence(report, shorten));
    let line = format!("{verdict} ({})", exit_line(report, view));
    let painted = match report.judgement.verdict {
        Verdict::Go => paint.green(&line),
        Verdict::NoGo => paint.red(&line),
        Verdict::Incomplete => paint.yellow(&line),
    };
    render_grid(vec![vec![painted]], view.width)
}

/// The exit code, and why it does not tell of the verdict.
fn exit_line(report: &Audit, view: &RenderOptions) -> String {
    if view.exit == EXIT_NOT_WRITTEN {
        format!("exit {EXIT_NOT_WRITTEN}: a report or history could not be written")
    } else if report.reports_only {
        "exit 0: the profiles say gates: []".to_owned()
    } else if view.report_only {
        "exit 0 with --report-only".to_owned()
    } else {
        format!("exit {}", view.exit)
    }
}
