//! `LOAD, WORST 5 MINUTES`: what each target's load was by window, held against the policy.

use super::fold::Fold;
use super::grid::render_grid;
use super::sheet::Sheet;
use crate::model::{LoadOutcome, count};
use crate::report::escape::terminal;
use crate::report::view::load::{LOAD_TITLE, LoadText, LoadView};

/// Remarks of a target that are shown without `-v`.
const REMARKS: usize = 3;

pub(super) fn load_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let all = &sheet.shown.load;
    let shown =
        all.iter().take(fold.servers.max(usize::from(all.iter().any(LoadView::is_breached))));
    let mut text: String = shown.clone().map(|one| load_block(one, sheet, fold)).collect();
    let left = all.len() - shown.len();
    if left > 0 && fold.servers > 0 {
        let more = count(left, "more target");
        text.push_str(&sheet.paint.dim(&format!("  and the load of {more} (-v)\n")));
    }
    text
}

fn load_block(load: &LoadView<'_>, sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { view, paint, .. } = sheet;
    let title = format!("{}: {LOAD_TITLE}", terminal(&load.name)).to_uppercase();
    let mut rows = vec![vec![paint.bold(&title)]];
    rows[0].extend(load.windows.iter().map(|window| paint.bold(window)));
    rows[0].push(paint.bold("must be"));
    for line in load.lines.iter().take(fold.figures.max(2)) {
        let mut row = vec![format!("  {}", line.name)];
        row.extend(line.cells.iter().map(|cell| paint_cell(cell, sheet)));
        row.push(line.must.clone());
        rows.push(row);
    }
    let mut text = render_grid(rows, view.width);
    let is_whole = fold.lines == usize::MAX;
    let most = if is_whole { usize::MAX } else { REMARKS };
    let mut remarks: Vec<&String> = load.remarks.iter().collect();
    if is_whole {
        remarks.extend(&load.details);
    }
    let left = remarks.len().saturating_sub(most);
    for remark in remarks.into_iter().take(most) {
        let line = format!("  {}", terminal(remark));
        text.push_str(&render_grid(vec![vec![paint.dim(&line)]], view.width));
    }
    if left > 0 {
        text.push_str(&paint.dim(&format!("  and {} (-v)\n", count(left, "more remark"))));
    }
    text
}

fn paint_cell(cell: &LoadText, sheet: &Sheet<'_>) -> String {
    match cell.outcome {
        LoadOutcome::Breached => sheet.paint.red(&format!("{} !", cell.text)),
        LoadOutcome::Unknown => sheet.paint.yellow(&cell.text),
        LoadOutcome::Met | LoadOutcome::Printed => cell.text.clone(),
    }
}
