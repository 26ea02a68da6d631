//! `COMPARED`: how much the verdict below it rests on, a line for each gate.

use super::fold::Fold;
use super::grid::render_grid;
use super::sheet::Sheet;
use crate::model::{ReasonKind, count};
use crate::report::view::compared::gate_sentences;
use crate::report::view::verdict::count_reasons;
use crate::report::{Purpose, escape};

/// Names for each gate without `-v`.
const NAMES: usize = 3;

pub(super) fn compared_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    if report.purpose == Purpose::Diff {
        return String::new();
    }
    let names = if view.unfold {
        usize::MAX
    } else if fold.is_tight() {
        0
    } else {
        NAMES
    };
    let mut lines: Vec<String> =
        gate_sentences(report, names).iter().map(|sentence| escape::terminal(sentence)).collect();
    if let Some(last) = lines.last_mut().filter(|_| !report.compared.is_empty()) {
        let gaps = count_reasons(report, ReasonKind::Incomplete);
        let not_judged = report.judgement.optional_gaps().len();
        if gaps > 0 {
            last.push_str(&format!("; not proven: {}", count(gaps, "gap")));
        }
        match not_judged {
            0 if gaps > 0 => {}
            0 => last.push_str("; not judged: none"),
            n => last.push_str(&format!("; not judged: {}", count(n, "gap"))),
        }
    }
    let lines = lines.into_iter().enumerate().map(|(i, line)| {
        let head = if i == 0 { paint.bold("COMPARED") } else { " ".repeat("COMPARED".len()) };
        render_grid(vec![vec![format!("{head}  {line}")]], view.width)
    });
    lines.collect()
}
