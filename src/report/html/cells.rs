//! One component in one environment, in a word, a symbol and a sentence for those who hear the
//! page.

use serde::Serialize;

use crate::model::with_product;
use crate::wire::report::{Cell, Places, Reading, Row};

/// A cell of the matrix.
#[derive(Serialize)]
pub(super) struct Shown {
    /// What runs there.
    pub(super) text: String,
    /// How it stands to the baseline, as in the legend; empty if equal.
    pub(super) symbol: &'static str,
    /// The same in words.
    pub(super) words: String,
    /// `2 of 5 places differ`; empty if none does.
    pub(super) places: String,
    /// A class of the style: what colour it has.
    pub(super) tone: &'static str,
    /// How far from the baseline: for sorting, most first.
    pub(super) rank: u8,
}

/// Above this a cell differs from the baseline, or is not known not to.
pub(super) const SAME: u8 = 10;

/// `builds`: tags that stand for different content there, which the public report does not tell.
pub(super) fn shown(cell: &Cell, baseline: &str, with_product: bool, builds: usize) -> Shown {
    let is_baseline = cell.environment == baseline;
    let (symbol, tone, rank) = mark(cell);
    let symbol = if is_baseline && cell.state != "unobserved" && !cell.stale { "" } else { symbol };
    Shown {
        text: text(cell, with_product, builds),
        symbol,
        places: cell.places.as_ref().map(places).unwrap_or_default(),
        words: if is_baseline { String::new() } else { words(cell) },
        tone: if symbol.is_empty() && cell.state == "present" { "" } else { tone },
        rank,
    }
}

/// `2 of 5 places differ`.
fn places(places: &Places) -> String {
    let differ = if places.differ == 1 { "differs" } else { "differ" };
    format!("{} of {} places {differ}", places.differ, places.of)
}

/// Symbol, tone, and rank.
fn mark(cell: &Cell) -> (&'static str, &'static str, u8) {
    let level = cell.level.as_deref();
    match cell.state.as_str() {
        "unobserved" => return ("?", "unknown", 30),
        // What is too old proves nothing of now.
        "present" if cell.stale => return ("?", "unknown", 30),
        "missing" => return ("", "behind", 65),
        "not-running" => return ("", "unknown", 25),
        "not-applicable" => return ("", "none", 0),
        _ => {}
    }
    let rank = match level {
        Some("major") => 80,
        Some("minor") => 70,
        Some("patch") => 60,
        Some("prerelease") => 50,
        Some("build") => 40,
        Some("incomparable") => 35,
        Some("within-precision") => 20,
        _ => SAME,
    };
    let direction = cell.direction.as_deref();
    match (level, direction) {
        _ if cell.other_product => ("≠", "other", 90),
        (None | Some("equal"), _) if cell.other_variant => ("≈", "unknown", 22),
        (None | Some("equal"), _) => ("", "", rank),
        (Some("within-precision"), _) => ("~", "unknown", rank),
        (Some("incomparable"), _) => ("?", "unknown", rank),
        (_, Some("ahead")) => ("▲", "ahead", rank),
        (_, Some("behind")) => ("▼", "behind", rank),
        (_, Some("mixed")) => ("↕", "behind", rank),
        (Some(_), _) => ("≈", "unknown", rank),
    }
}

/// `other product, major behind`: what the symbol says, and how far.
fn words(cell: &Cell) -> String {
    if cell.state != "present" {
        return String::new();
    }
    let distance = match (cell.level.as_deref(), cell.direction.as_deref()) {
        (None | Some("equal"), _) => String::new(),
        (Some("within-precision"), _) => "same as far as told".to_owned(),
        (Some("incomparable"), _) => "cannot be ordered".to_owned(),
        (Some(level), Some("mixed")) => format!("{level}, ahead and behind"),
        (Some(level), Some(direction)) => format!("{level} {direction}"),
        (Some("build"), None) => "another build".to_owned(),
        (Some(level), None) => format!("{level} apart"),
    };
    let product = if cell.other_product { "other product" } else { "" };
    let variant = if cell.other_variant { "other variant" } else { "" };
    let content = if cell.same_content { "same content" } else { "" };
    [product, variant, content, &distance]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether the name does not tell the product already, or a row has more than one.
pub(super) fn shows_product(row: &Row) -> bool {
    let mut products: Vec<&str> = row
        .cells
        .iter()
        .flat_map(|cell| &cell.readings)
        .filter_map(|r| r.product.as_deref())
        .collect();
    products.sort_unstable();
    products.dedup();
    let last = row.component.rsplit('/').next().unwrap_or_default();
    products.len() > 1 || products.iter().any(|product| *product != last)
}

fn text(cell: &Cell, with_product: bool, builds: usize) -> String {
    match cell.state.as_str() {
        "present" => {
            let several = cell.readings.len() > 1;
            let readings = cell.readings.iter().map(|reading| {
                let text = version(reading, with_product);
                let text = reading
                    .contradicted_by
                    .as_ref()
                    .map_or(text.clone(), |tag| format!("{text} (tag {tag})"));
                if several { format!("{text} ×{}", reading.instances) } else { text }
            });
            let text = readings.collect::<Vec<_>>().join(", ");
            let text = if builds > 1 { format!("{text}, {builds} builds") } else { text };
            if cell.stale { format!("{text} (too old)") } else { text }
        }
        "not-running" => format!("not running ({})", not_running(cell)),
        "missing" => "missing".to_owned(),
        "unobserved" => "not read".to_owned(),
        _ => "–".to_owned(),
    }
}

/// `2 exited, 1 scaled to zero`.
pub(super) fn not_running(cell: &Cell) -> String {
    cell.not_running.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
}

/// The version as it was said, with the product where that is asked for, and who said it where that
/// is a person.
pub(super) fn version(reading: &Reading, shows_product: bool) -> String {
    let text = match reading.version.as_str() {
        "" => "by digest".to_owned(),
        text if reading.source == "declared" => format!("{text} declared"),
        text => text.to_owned(),
    };
    let product = reading.product.as_deref().filter(|_| shows_product);
    with_product(product, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(
        state: &str,
        level: Option<&str>,
        direction: Option<&str>,
        other_product: bool,
    ) -> Cell {
        Cell {
            environment: "qualif".to_owned(),
            state: state.to_owned(),
            readings: Vec::new(),
            level: level.map(str::to_owned),
            direction: direction.map(str::to_owned),
            other_product,
            other_variant: false,
            same_content: false,
            stale: false,
            places: None,
            not_running: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_symbol_is_told_in_words_too() {
        let cases = [
            (cell("present", Some("equal"), None, false), ("", "")),
            (cell("present", Some("patch"), Some("ahead"), false), ("▲", "patch ahead")),
            (
                cell("present", Some("minor"), Some("mixed"), false),
                ("↕", "minor, ahead and behind"),
            ),
            (
                cell("present", Some("major"), Some("behind"), true),
                ("≠", "other product, major behind"),
            ),
            (cell("present", Some("incomparable"), None, false), ("?", "cannot be ordered")),
            (cell("present", Some("within-precision"), None, false), ("~", "same as far as told")),
            (cell("unobserved", None, None, false), ("?", "")),
        ];
        for (cell, wanted) in cases {
            let shown = shown(&cell, "prod", false, 0);
            assert_eq!((shown.symbol, shown.words.as_str()), wanted);
        }
    }

    #[test]
    fn what_is_not_read_is_marked_in_the_baseline_too() {
        assert_eq!(shown(&cell("unobserved", None, None, false), "qualif", false, 0).symbol, "?");
        assert_eq!(shown(&cell("present", None, None, false), "qualif", false, 0).symbol, "");
    }
}
