//! `SINCE`: what became of findings since an earlier report.

use super::fold::{Fold, first_lines};
use super::grid::{render_grid, sentence_rows};
use super::sheet::Sheet;
use crate::model::{EarlierFinding, Fate, FindingTrend, GoneFinding, Since};
use crate::report::escape::terminal;

/// Digits of the id of a finding that is not there any more.
const DIGITS: usize = 8;

pub(super) fn since_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, shown, view, paint, .. } = sheet;
    let Some(since) = &report.since else { return String::new() };
    let at = shown.local_time(since.at);
    let head = format!("{} {at}: {}", paint.bold("SINCE"), since_counts(since));
    let mut text = render_grid(vec![vec![head]], view.width);
    for changed in &since.changed {
        let line = paint.yellow(&terminal(&format!("changed: {changed}")));
        text.push_str(&render_grid(vec![vec![format!("  {line}")]], view.width));
    }
    // What is merely unread is the one that a reader would take for resolved.
    let told = since.gone.iter().filter(|gone| view.unfold || gone.fate == Fate::Unknown);
    let (gone, more) = first_lines(told.collect(), fold.lines);
    if !gone.is_empty() {
        text.push_str(&sentence_rows(gone.into_iter().map(gone_row).collect(), view.width));
    }
    if more > 0 {
        text.push_str(&paint.dim(&format!("  and {more} more (-v)\n")));
    }
    text
}

/// `3 new, 1 worse, 4 resolved, 1 unknown`.
fn since_counts(since: &Since) -> String {
    let trends =
        FindingTrend::ALL.into_iter().map(|trend| (since.count_trend(trend), trend.as_str()));
    let fates = [Fate::Resolved, Fate::Waived, Fate::Off, Fate::Unknown];
    let fates = fates.into_iter().map(|fate| (since.count_gone(fate), fate.as_str()));
    let named: Vec<String> = trends
        .chain(fates)
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if named.is_empty() { "no finding then or now".to_owned() } else { named.join(", ") }
}

fn gone_row(gone: &GoneFinding) -> Vec<String> {
    let GoneFinding { finding, fate } = gone;
    let EarlierFinding { id, rule, severity, component, summary, .. } = finding;
    let id = id.as_str();
    vec![
        format!("  {fate}", fate = fate.as_str()),
        id.get(..DIGITS).unwrap_or(id).to_owned(),
        terminal(rule),
        terminal(component.as_str()),
        terminal(&format!("was {severity}: {summary}")),
    ]
}
