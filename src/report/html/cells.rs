//! One component in one environment: what a cell of the page has of it.

use crate::model::matrix::State;
use crate::report::view::matrix::{CellView, Mark};
use crate::report::view::standing::StandingSince;
use crate::version::Level;

/// A cell of the matrix.
pub(super) struct CellShown {
    /// What runs there.
    pub(super) text: String,
    /// How it stands to the baseline, as in the legend; empty if equal.
    pub(super) symbol: &'static str,
    /// The same in words, for those who hear the page.
    pub(super) words: String,
    /// `2 of 5 places differ`; empty if none does.
    pub(super) places: String,
    /// Since when it runs that: in a word or two, and as a time; empty without a history.
    pub(super) age: String,
    pub(super) since: String,
    /// A class of the style: what colour it has.
    pub(super) tone: &'static str,
    /// How far from the baseline: for sorting, most first.
    pub(super) rank: u8,
}

/// Above this a cell differs from the baseline, or is not known not to.
pub(super) const SAME: u8 = 10;

pub(super) fn cell_shown(cell: &CellView<'_>) -> CellShown {
    let mark = cell.mark();
    CellShown {
        text: cell.text(),
        symbol: mark.symbol(),
        words: cell.relation().join(", "),
        places: cell.places_differ().unwrap_or_default(),
        age: cell.standing.and_then(StandingSince::short_words).unwrap_or_default(),
        since: cell.standing.map(|known| known.since.to_string()).unwrap_or_default(),
        tone: cell_tone(cell, mark),
        rank: cell_rank(cell, mark),
    }
}

/// The colour of a symbol.
pub(super) fn tone_of(mark: Mark) -> &'static str {
    match mark {
        Mark::Same => "",
        Mark::Ahead => "ahead",
        Mark::Behind | Mark::Mixed => "behind",
        Mark::OtherProduct => "other",
        Mark::OtherBuild | Mark::WithinPrecision | Mark::Unknown => "unknown",
    }
}

fn cell_tone(cell: &CellView<'_>, mark: Mark) -> &'static str {
    match cell.cell.state {
        State::Present | State::Unobserved => tone_of(mark),
        State::Missing => "behind",
        State::NotRunning => "unknown",
        State::NotApplicable => "none",
    }
}

fn cell_rank(cell: &CellView<'_>, mark: Mark) -> u8 {
    match cell.cell.state {
        State::Unobserved => return 30,
        State::Missing => return 65,
        State::NotRunning => return 25,
        State::NotApplicable => return 0,
        State::Present if cell.is_stale => return 30,
        State::Present => {}
    }
    match (mark, cell.cell.level) {
        (Mark::OtherProduct, _) => 90,
        (Mark::OtherBuild, None | Some(Level::Equal)) => 22,
        (_, Some(Level::Major)) => 80,
        (_, Some(Level::Minor)) => 70,
        (_, Some(Level::Patch)) => 60,
        (_, Some(Level::Prerelease)) => 50,
        (_, Some(Level::Build)) => 40,
        (_, Some(Level::Incomparable(_))) => 35,
        (_, Some(Level::WithinPrecision)) => 20,
        (_, None | Some(Level::Equal)) => SAME,
    }
}
