//! The matrix: what each environment runs of a component, and how that stands to the baseline.

use super::standing::StandingSince;
use crate::model::matrix::{Cell, CellReading, MatrixRow, State};
use crate::model::{
    Audit, AuditedEnvironment, PlaceChange, PlacesCompared, ReadingSource, with_product,
};
use crate::version::{Direction, Level};

/// How a version stands to the baseline's, in one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Mark {
    /// The same, or there is nothing to compare.
    Same,
    Ahead,
    Behind,
    /// Ahead and behind: several readings disagree.
    Mixed,
    OtherProduct,
    /// Another variant or build, of which neither is ahead.
    OtherBuild,
    WithinPrecision,
    /// Not read, stale, or without an order.
    Unknown,
}

impl Mark {
    /// Those that have a symbol, in the order of the legend.
    pub(in crate::report) const LEGEND: [Self; 7] = [
        Self::Ahead,
        Self::Behind,
        Self::Mixed,
        Self::OtherProduct,
        Self::OtherBuild,
        Self::WithinPrecision,
        Self::Unknown,
    ];

    pub(in crate::report) fn symbol(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Ahead => "▲",
            Self::Behind => "▼",
            Self::Mixed => "↕",
            Self::OtherProduct => "≠",
            Self::OtherBuild => "≈",
            Self::WithinPrecision => "~",
            Self::Unknown => "?",
        }
    }

    /// What the symbol means.
    pub(in crate::report) fn meaning(self) -> &'static str {
        match self {
            Self::Same => "equal",
            Self::Ahead => "ahead",
            Self::Behind => "behind",
            Self::Mixed => "ahead and behind",
            Self::OtherProduct => OTHER_PRODUCT,
            Self::OtherBuild => "other variant or build",
            Self::WithinPrecision => WITHIN_PRECISION,
            Self::Unknown => "not known",
        }
    }

    fn for_level(level: Option<Level>, direction: Option<Direction>) -> Self {
        match (level, direction) {
            (None | Some(Level::Equal), _) => Self::Same,
            (Some(Level::WithinPrecision), _) => Self::WithinPrecision,
            (Some(Level::Incomparable(_)), _) => Self::Unknown,
            (_, Some(Direction::Ahead)) => Self::Ahead,
            (_, Some(Direction::Behind)) => Self::Behind,
            (_, Some(Direction::Mixed)) => Self::Mixed,
            (Some(_), None) => Self::OtherBuild,
        }
    }

    /// Of a place that differs.
    pub(in crate::report) fn of_place(place: &PlaceChange) -> Self {
        if place.other_product {
            return Self::OtherProduct;
        }
        Self::for_level(place.level, place.direction)
    }
}

pub(in crate::report) const OTHER_PRODUCT: &str = "other product";
/// Of two versions of which neither is ahead, as far as their texts tell.
pub(in crate::report) const NO_ORDER: &str = "no order";
const WITHIN_PRECISION: &str = "equal as far as known";

/// Behind what comes from a target that does not count any more.
const STALE: &str = "stale";

/// `minor behind`: how far apart, and in which direction; nothing if equal.
pub(in crate::report) fn distance_words(
    level: Option<Level>,
    direction: Option<Direction>,
) -> Option<String> {
    let level = level.filter(|level| *level != Level::Equal);
    let told = match (level, direction) {
        (None, direction) => direction?.as_str().to_owned(),
        (Some(Level::WithinPrecision), _) => WITHIN_PRECISION.to_owned(),
        (Some(Level::Incomparable(_)), _) => NO_ORDER.to_owned(),
        (Some(level), Some(Direction::Mixed)) => format!("{}, ahead and behind", level.as_str()),
        (Some(level), Some(direction)) => format!("{} {}", level.as_str(), direction.as_str()),
        (Some(Level::Build), None) => "another build".to_owned(),
        (Some(level), None) => format!("{} apart", level.as_str()),
    };
    Some(told)
}

/// The same of a place that differs.
pub(in crate::report) fn place_distance(place: &PlaceChange) -> Option<String> {
    if place.other_product {
        return Some(OTHER_PRODUCT.to_owned());
    }
    distance_words(place.level, place.direction)
}

/// `2 of 5 places differ`; nothing if none does.
pub(in crate::report) fn places_differ(places: &PlacesCompared) -> Option<String> {
    let differing = places.differing.len();
    let differ = if differing == 1 { "differs" } else { "differ" };
    (differing > 0).then(|| format!("{differing} of {} places {differ}", places.of))
}

/// What a row is, as far as it was read and whatever its findings say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum RowStanding {
    /// Several environments have it, and all run the same.
    Equal,
    /// One environment has it, and no other could.
    Alone,
    /// It runs nowhere.
    Idle,
    /// Some environments differ, or are not known not to.
    Differs,
}

impl RowStanding {
    fn of_row(row: &MatrixRow) -> Self {
        if row.is_equal() {
            Self::Equal
        } else if row.is_alone() {
            Self::Alone
        } else if row.is_idle() {
            Self::Idle
        } else {
            Self::Differs
        }
    }
}

/// One component in each environment.
#[derive(Clone, Debug)]
pub(in crate::report) struct RowView<'a> {
    pub(in crate::report) row: &'a MatrixRow,
    /// In the order of the environments.
    pub(in crate::report) cells: Vec<CellView<'a>>,
    pub(in crate::report) standing: RowStanding,
    /// What it would be, were the environments left out that were not read or are stale.
    pub(in crate::report) standing_where_read: RowStanding,
}

impl<'a> RowView<'a> {
    pub(super) fn new(row: &'a MatrixRow, audit: &'a Audit) -> Self {
        let shows_product = shows_product(row);
        let cell = |(cell, environment): (&'a Cell, &'a AuditedEnvironment)| CellView {
            cell,
            is_baseline: cell.environment == audit.baseline,
            is_stale: environment.is_stale(&row.component, audit.run.at),
            shows_product,
            standing: audit
                .runs_since(cell, &row.component)
                .map(|since| StandingSince::of_running(since, audit)),
        };
        let cells: Vec<CellView<'a>> =
            row.cells.iter().zip(&audit.environments).map(cell).collect();
        let standing = RowStanding::of_row(row);
        let known: Vec<Cell> =
            cells.iter().filter(|cell| cell.is_known()).map(|known| known.cell.clone()).collect();
        let standing_where_read = if known.len() == cells.len() {
            standing
        } else {
            RowStanding::of_row(&MatrixRow { cells: known, ..row.clone() })
        };
        Self { row, cells, standing, standing_where_read }
    }

    pub(in crate::report) fn component(&self) -> &'a str {
        self.row.component.as_str()
    }

    /// Whether the environments that were read run the same. Findings and waivers do not count.
    pub(in crate::report) fn is_equal(&self) -> bool {
        self.standing_where_read == RowStanding::Equal
    }

    /// Whether somebody should look at it: it is not the same everywhere, or not known to be.
    pub(in crate::report) fn differs(&self) -> bool {
        let is_stale = self.cells.iter().any(|cell| cell.is_present() && cell.is_stale);
        self.standing == RowStanding::Differs || is_stale
    }

    /// Whether tags that are written differently stand for one build somewhere.
    pub(in crate::report) fn has_same_content(&self) -> bool {
        self.cells.iter().any(|cell| cell.cell.same_content)
    }

    /// The cell of that environment.
    pub(in crate::report) fn cell(&self, environment: &str) -> Option<&CellView<'a>> {
        self.cells.iter().find(|cell| cell.environment() == environment)
    }
}

/// Whether the name does not tell the product already, or the row has more than one: for every
/// format alike.
fn shows_product(row: &MatrixRow) -> bool {
    let readings = row.cells.iter().flat_map(|cell| &cell.readings);
    let mut products: Vec<&str> = readings.filter_map(|one| one.product.as_deref()).collect();
    products.sort_unstable();
    products.dedup();
    let is_named = |product: &&str| row.component.as_str().split('/').any(|part| part == *product);
    products.len() > 1 || !products.iter().all(is_named)
}

/// One component in one environment.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct CellView<'a> {
    pub(in crate::report) cell: &'a Cell,
    pub(in crate::report) is_baseline: bool,
    /// What is too old, expired or from the future proves nothing of now.
    pub(in crate::report) is_stale: bool,
    shows_product: bool,
    /// Since when it runs what it runs, if there is a history.
    pub(in crate::report) standing: Option<StandingSince>,
}

impl<'a> CellView<'a> {
    pub(in crate::report) fn environment(&self) -> &'a str {
        self.cell.environment.as_str()
    }

    pub(in crate::report) fn is_present(&self) -> bool {
        self.cell.state == State::Present
    }

    pub(in crate::report) fn is_unread(&self) -> bool {
        self.cell.state == State::Unobserved
    }

    /// Whether it says something of now.
    pub(in crate::report) fn is_known(&self) -> bool {
        !self.is_unread() && !self.is_stale
    }

    /// How it stands to the baseline. What is not known is marked in the baseline too.
    pub(in crate::report) fn mark(&self) -> Mark {
        let Cell { level, direction, other_product, other_variant, .. } = self.cell;
        match self.cell.state {
            State::Unobserved => return Mark::Unknown,
            State::Present if self.is_stale => return Mark::Unknown,
            State::Present => {}
            State::Missing | State::NotRunning | State::NotApplicable => return Mark::Same,
        }
        match Mark::for_level(*level, *direction) {
            _ if self.is_baseline => Mark::Same,
            _ if *other_product => Mark::OtherProduct,
            Mark::Same if *other_variant => Mark::OtherBuild,
            mark => mark,
        }
    }

    /// The mark in words, and what else is known: `other product, major behind`; nothing of the
    /// baseline, and nothing if equal.
    pub(in crate::report) fn relation(&self) -> Vec<String> {
        let Cell { level, direction, other_product, other_variant, same_content, .. } = self.cell;
        if self.is_baseline || !self.is_present() {
            return Vec::new();
        }
        let flags = [
            (*other_product, OTHER_PRODUCT),
            (*other_variant, "other variant"),
            (*same_content, "same content"),
        ];
        let told = flags.iter().filter(|(is, _)| *is).map(|(_, words)| (*words).to_owned());
        told.chain(distance_words(*level, *direction)).collect()
    }

    /// `2 of 5 places differ`.
    pub(in crate::report) fn places_differ(&self) -> Option<String> {
        places_differ(&self.cell.places)
    }

    /// What runs there, or why nothing is told.
    pub(in crate::report) fn text(&self) -> String {
        if let Some(absence) = self.absence() {
            return absence;
        }
        let several = self.cell.readings.len() > 1;
        let readings = self.cell.readings.iter().map(|reading| {
            let mut text = version_text(reading, self.shows_product);
            if let Some(tag) = &reading.contradicted_by {
                text.push_str(&format!(" (tag {tag})"));
            }
            if several {
                text.push_str(&format!(" ({})", reading.instances));
            }
            text
        });
        let mut text = readings.collect::<Vec<_>>().join(", ");
        if self.cell.builds > 1 {
            text.push_str(&format!(", {} builds", self.cell.builds));
        }
        if self.is_stale {
            text.push_str(&format!(" ({STALE})"));
        }
        text
    }

    /// Versions alone, as often as they may be there, or why nothing is told.
    pub(in crate::report) fn versions(&self) -> String {
        let of = |reading: &CellReading| version_text(reading, self.shows_product);
        let versions: Vec<String> = self.cell.readings.iter().map(of).collect();
        self.absence().unwrap_or_else(|| versions.join(", "))
    }

    /// Why it does not run there, as far as is known; `None` if it runs.
    pub(in crate::report) fn absence(&self) -> Option<String> {
        match self.cell.state {
            State::Present => None,
            State::Missing => Some("missing".to_owned()),
            State::NotRunning => Some(format!("not running ({})", self.not_running().join(", "))),
            State::Unobserved => Some("not read".to_owned()),
            State::NotApplicable => Some("-".to_owned()),
        }
    }

    /// `2 exited`, `1 scaled to zero`.
    pub(in crate::report) fn not_running(&self) -> Vec<String> {
        self.cell.not_running.iter().map(|(word, n)| format!("{n} {word}")).collect()
    }
}

/// The version as it was said, with the product where that is asked for, and who said it where
/// that is a person.
pub(in crate::report) fn version_text(reading: &CellReading, shows_product: bool) -> String {
    let text = reading.reading.to_string();
    let text = match reading.source {
        _ if text.is_empty() => "by digest".to_owned(),
        ReadingSource::Declared => format!("{text} declared"),
        _ => text,
    };
    let product = reading.product.as_deref().filter(|_| shows_product);
    with_product(product, &text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::version::Incomparable;

    fn cell(state: State, level: Option<Level>, direction: Option<Direction>) -> Cell {
        Cell {
            environment: "qualif".into(),
            state,
            readings: Vec::new(),
            level,
            direction,
            other_product: false,
            other_variant: false,
            same_content: false,
            places: PlacesCompared::default(),
            not_running: BTreeMap::new(),
            builds: 0,
        }
    }

    fn view(cell: &Cell) -> CellView<'_> {
        CellView { cell, is_baseline: false, is_stale: false, shows_product: false, standing: None }
    }

    #[test]
    fn a_symbol_is_told_in_words_too() {
        use Direction::{Ahead, Behind, Mixed};
        let present = |level, direction| cell(State::Present, level, direction);
        let other = Cell { other_product: true, ..present(Some(Level::Major), Some(Behind)) };
        let variant = Cell { other_variant: true, ..present(Some(Level::Equal), None) };
        let no_order = Level::Incomparable(Incomparable::Floating);
        let cases = [
            (present(Some(Level::Equal), None), "", ""),
            (present(Some(Level::Patch), Some(Ahead)), "▲", "patch ahead"),
            (present(Some(Level::Minor), Some(Behind)), "▼", "minor behind"),
            (present(Some(Level::Minor), Some(Mixed)), "↕", "minor, ahead and behind"),
            (other, "≠", "other product, major behind"),
            (variant, "≈", "other variant"),
            (present(Some(Level::Build), None), "≈", "another build"),
            (present(Some(no_order), None), "?", "no order"),
            (present(Some(Level::WithinPrecision), None), "~", "equal as far as known"),
            (cell(State::Unobserved, None, None), "?", ""),
            (cell(State::Missing, None, None), "", ""),
        ];
        for (cell, symbol, words) in cases {
            let view = view(&cell);
            assert_eq!(
                (view.mark().symbol(), view.relation().join(", ").as_str()),
                (symbol, words)
            );
        }
    }

    #[test]
    fn every_symbol_is_in_the_legend_once() {
        let mut symbols = Mark::LEGEND.map(Mark::symbol);
        symbols.sort_unstable();
        assert!(symbols.windows(2).all(|pair| pair[0] != pair[1]) && !symbols.contains(&""));
        assert!(!Mark::LEGEND.contains(&Mark::Same));
    }

    #[test]
    fn what_is_not_known_is_marked_in_the_baseline_too() {
        let unread = cell(State::Unobserved, None, None);
        let runs = cell(State::Present, None, None);
        let baseline = |cell, is_stale| CellView { is_baseline: true, is_stale, ..view(cell) };
        assert_eq!(baseline(&unread, false).mark(), Mark::Unknown);
        assert_eq!(baseline(&runs, true).mark(), Mark::Unknown);
        assert_eq!(baseline(&runs, false).mark(), Mark::Same);
        assert_eq!(baseline(&runs, true).text(), " (stale)");
    }

    #[test]
    fn every_state_but_running_says_why() {
        let cases = [
            (State::Missing, Some("missing")),
            (State::NotRunning, Some("not running (2 exited)")),
            (State::Unobserved, Some("not read")),
            (State::NotApplicable, Some("-")),
            (State::Present, None),
        ];
        for (state, words) in cases {
            let mut cell = cell(state, None, None);
            cell.not_running.insert("exited".to_owned(), 2);
            assert_eq!(view(&cell).absence().as_deref(), words);
        }
    }
}
