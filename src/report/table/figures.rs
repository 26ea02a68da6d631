//! `REDIS SINCE ITS START`: what each server has done, side by side.
//!
//! Counters since the start are shown, never judged: they are averages over the server's life.

use std::collections::BTreeSet;

use super::fold::Fold;
use super::grid::grid;
use super::sheet::Sheet;
use crate::model::{Extent, TargetId, TargetIndicators, bytes, count, rounded};
use crate::report::escape::terminal;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let targets = targets(sheet);
    let mut text: String =
        targets.iter().take(fold.servers).map(|target| block(target, sheet, fold)).collect();
    if fold.servers > 0 && targets.len() > fold.servers {
        let more = count(targets.len() - fold.servers, "more server");
        text.push_str(&sheet.paint.dim(&format!("  and {more} (-v)\n")));
    }
    text
}

/// If there is no room for any figures, that there are some.
pub(super) fn left_out(sheet: &Sheet<'_>, fold: &Fold) -> Option<String> {
    let all = targets(sheet).len();
    (fold.servers == 0 && all > 0)
        .then(|| format!("figures of {} (-v)", count(all, "Redis server")))
}

fn targets<'a>(sheet: &Sheet<'a>) -> BTreeSet<&'a TargetId> {
    sheet
        .report
        .environments
        .iter()
        .flat_map(|environment| environment.snapshot.indicators.keys())
        .collect()
}

type Figure = fn(&TargetIndicators) -> Option<String>;

/// What tells most first: commands that walk the keyspace, and load. Of several servers, what
/// `normalize/` makes of them.
const ROWS: &[(&str, Figure)] = &[
    ("  KEYS calls", |i| {
        let calls = i.calls.as_ref()?.get("keys").unwrap_or(&0.0).to_string();
        Some(least(i.extent != Extent::All, calls))
    }),
    ("  ops/s, logins/s", |i| {
        let rates = format!("{}, {}", rounded(i.operations_rate?), rounded(i.logins_rate?));
        Some(least(i.extent == Extent::Some, rates))
    }),
    ("  up, keys", |i| {
        let keys = least(i.extent == Extent::Some, rounded(i.keys?));
        Some(format!("{}, {keys}", up(i.uptime?)))
    }),
    ("  memory, limit", |i| {
        let limit = i.memory_limit.map_or("none".to_owned(), bytes);
        let memory = least(i.extent == Extent::Some, bytes(i.memory?));
        Some(format!("{memory}, {limit}"))
    }),
];

/// A sum over servers of which one was not read.
fn least(is_partial: bool, sum: String) -> String {
    if is_partial { format!("at least {sum}") } else { sum }
}

fn block(target: &TargetId, sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    let title = format!("{} SINCE ITS START", terminal(target.as_str()).to_uppercase());
    let mut rows = vec![vec![paint.bold(&title)]];
    rows[0].extend(
        report.environments.iter().map(|e| paint.bold(&terminal(e.snapshot.environment.as_str()))),
    );
    for (name, figure) in ROWS.iter().take(fold.figures) {
        let cells = report.environments.iter().map(|environment| {
            let indicators = environment.snapshot.indicators.get(target);
            indicators.and_then(figure).unwrap_or_else(|| "-".to_owned())
        });
        rows.push(std::iter::once((*name).to_owned()).chain(cells).collect());
    }
    grid(rows, view.width)
}

fn up(seconds: f64) -> String {
    match seconds {
        s if s >= 172_800.0 => format!("{:.0} d", (s / 86_400.0).floor()),
        s if s >= 7_200.0 => format!("{:.0} h", (s / 3_600.0).floor()),
        s if s >= 120.0 => format!("{:.0} min", (s / 60.0).floor()),
        s => format!("{s:.0} s"),
    }
}
