//! The report for people at a terminal: the worst first, what is equal folded away.
//!
//! `READ` tells what the verdict rests on, `PLATFORM` and `OWN SERVICES` what differs,
//! `FINDINGS` what that means, and the last line the verdict. Everything from outside passes
//! [`super::escape::terminal`].

mod figures;
mod findings;
mod grid;
mod read;
mod versions;

use super::{Format, Purpose, RenderError, Report, View};
use crate::model::{Judgement, ReasonKind, Verdict, count};
use grid::{Paint, grid};

pub(super) struct Table;

impl Format for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn summary(&self) -> &'static str {
        "for people at a terminal: the worst first, what is equal folded (-v unfolds)"
    }

    fn render(&self, report: &Report, view: &View) -> Result<String, RenderError> {
        let paint = Paint(view.color);
        let sections = [
            head(report, paint),
            read::section(report, view, paint),
            versions::platform(report, view, paint),
            versions::services(report, view, paint),
            versions::legend(report, view, paint),
            figures::section(report, view, paint),
            findings::section(report, view, paint),
            findings::next(report, paint),
        ];
        let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
        text.push_str(&last_line(report, view, paint));
        Ok(text)
    }
}

fn head(report: &Report, paint: Paint) -> String {
    let at = report.run.at.to_zoned(report.run.timezone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string();
    let what = match report.purpose {
        Purpose::Audit => "envparity audit",
        Purpose::Diff => "envparity diff",
    };
    let profiles = match report.purpose {
        Purpose::Audit => format!(" · profiles {}", report.run.profiles),
        Purpose::Diff => String::new(),
    };
    let mut head = format!(
        "{}  {at} · baseline {}{profiles}\n",
        paint.bold(what),
        super::escape::terminal(report.baseline.as_str())
    );
    if !report.left_out.is_empty() {
        let names: Vec<String> = report.left_out.iter().map(|name| super::escape::terminal(name.as_str())).collect();
        head.push_str(&paint.yellow(&format!("partial: {} left out by --env\n", names.join(", "))));
    }
    head
}

fn last_line(report: &Report, view: &View, paint: Paint) -> String {
    let judgement = &report.judgement;
    let text = match (report.purpose, judgement.verdict) {
        (Purpose::Diff, Verdict::Incomplete) => format!("INCOMPLETE: {}", gaps(judgement)),
        (Purpose::Diff, _) => "COMPLETE: everything in the evidence was read".to_owned(),
        (_, Verdict::NoGo) if judgement.is_incomplete() => {
            format!("NO-GO, and INCOMPLETE: {}; {}", blocking(report), gaps(judgement))
        }
        (_, Verdict::NoGo) => format!("NO-GO: {}", blocking(report)),
        (_, Verdict::Incomplete) => format!("INCOMPLETE: {}", gaps(judgement)),
        (_, Verdict::Go) if report.gates.is_empty() => {
            "GO, but no gate was judged: only that everything required was read".to_owned()
        }
        (_, Verdict::Go) => {
            format!("GO: nothing at or above {} in a gate, and everything required was read", report.fail_on)
        }
    };
    let not_judged = match judgement.not_judged.len() {
        0 => String::new(),
        n => format!("; {} not judged, because not required or left out", count(n, "gap")),
    };
    let exit = if view.report_only { "exit 0 by --report-only".to_owned() } else { format!("exit {}", view.exit) };
    let line = format!("{text}{not_judged} ({exit})");
    let painted = match judgement.verdict {
        Verdict::Go => paint.green(&line),
        Verdict::NoGo => paint.red(&line),
        Verdict::Incomplete => paint.yellow(&line),
    };
    format!("\n{}", grid(vec![vec![painted]], view.width))
}

/// `2 high, 1 critical`: only what blocks.
fn blocking(report: &Report) -> String {
    let of = |kind| report.judgement.reasons.iter().filter(move |reason| reason.kind == kind);
    let words = crate::model::Severity::ALL.into_iter().filter_map(|severity| {
        let n = of(ReasonKind::Blocks).filter(|r| r.severity == Some(severity)).count();
        (n > 0).then(|| format!("{n} {severity}"))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The first gap, and how many more.
fn gaps(judgement: &Judgement) -> String {
    let texts: Vec<&str> =
        judgement.reasons.iter().filter(|r| r.kind == ReasonKind::Incomplete).map(|r| r.text.as_str()).collect();
    let first = super::escape::terminal(texts.first().unwrap_or(&""));
    match texts.len() {
        0 | 1 => first,
        n => format!("{first}, and {}", count(n - 1, "more gap")),
    }
}
