//! `REDIS SINCE ITS START`: what each server has done, side by side.

use super::fold::Fold;
use super::grid::render_grid;
use super::sheet::Sheet;
use crate::model::count;
use crate::report::escape::terminal;
use crate::report::view::figures::{FiguresView, SINCE_START};

pub(super) fn figures_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let figures = &sheet.shown.figures;
    let shown = figures.iter().take(fold.servers);
    let mut text: String = shown.map(|one| figures_block(one, sheet, fold)).collect();
    if fold.servers > 0 && figures.len() > fold.servers {
        let more = count(figures.len() - fold.servers, "more server");
        text.push_str(&sheet.paint.dim(&format!("  and {more} (-v)\n")));
    }
    text
}

/// If there is no room for any figures, that there are some.
pub(super) fn left_out(sheet: &Sheet<'_>, fold: &Fold) -> Option<String> {
    let all = sheet.shown.figures.len();
    (fold.servers == 0 && all > 0)
        .then(|| format!("counters of {} (-v)", count(all, "Redis server")))
}

fn figures_block(figures: &FiguresView<'_>, sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { shown, view, paint, .. } = sheet;
    let title = format!("{} {SINCE_START}", terminal(figures.target.as_str())).to_uppercase();
    let mut rows = vec![vec![paint.bold(&title)]];
    rows[0].extend(shown.environments.iter().map(|one| paint.bold(&terminal(one.name()))));
    for (name, cells) in figures.lines.iter().take(fold.figures) {
        let mut row = vec![format!("  {name}")];
        row.extend(cells.iter().cloned());
        rows.push(row);
    }
    render_grid(rows, view.width)
}
