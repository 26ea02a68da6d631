//! `WAIVERS`: what somebody accepts, and above all what has ended, ends soon, or covers nothing.

use super::fold::{Fold, first_lines};
use super::grid::sentence_rows;
use super::sheet::Sheet;
use crate::model::{JudgedWaiver, WaiverState};
use crate::report::escape::terminal;
use crate::report::view::finding::{waiver_words, waivers_of};

pub(super) fn waivers_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    if report.waivers.is_empty() {
        return String::new();
    }
    let of = |state| waivers_of(report, state);
    let named = WaiverState::ALL
        .into_iter()
        .map(|state| (of(state).count(), state))
        .filter(|(n, _)| *n > 0);
    let idle = |state| of(state).filter(|judged| judged.covers_nothing_so_far()).count();
    let tally = named.map(|(n, state)| match idle(state) {
        0 => format!("{n} {state}"),
        idle if idle == n => format!("{n} {state}, covering nothing so far"),
        idle => format!("{n} {state} ({idle} covering nothing so far)"),
    });
    let tally: Vec<String> = tally.collect();
    let (mut rows, mut hidden) = (Vec::new(), 0);
    for state in WaiverState::ALL {
        let limit = if state == WaiverState::Active && !view.unfold { 0 } else { fold.lines };
        let all: Vec<&JudgedWaiver> = of(state).collect();
        let (shown, more) =
            if limit == 0 { (Vec::new(), all.len()) } else { first_lines(all, limit) };
        hidden += more;
        rows.extend(shown.into_iter().map(|judged| waiver_row(judged, sheet)));
    }
    let more = if hidden > 0 { " (-v for all)" } else { "" };
    let head = format!("{}  {}{more}\n", paint.bold("WAIVERS"), tally.join(", "));
    if rows.is_empty() { head } else { head + &sentence_rows(rows, view.width) }
}

fn waiver_row(judged: &JudgedWaiver, sheet: &Sheet<'_>) -> Vec<String> {
    let JudgedWaiver { waiver, state, .. } = judged;
    let told = waiver_words(judged);
    let word = match state {
        WaiverState::Expired | WaiverState::Unused | WaiverState::Expiring => {
            sheet.paint.yellow(state.as_str())
        }
        WaiverState::Active => state.as_str().to_owned(),
    };
    vec![
        format!("  {word}"),
        terminal(&waiver.id),
        terminal(&waiver.rule),
        terminal(waiver.component.as_str()),
        terminal(&format!("{told} · {}: {}", waiver.owner, waiver.reason)),
    ]
}
