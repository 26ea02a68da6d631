//! `REDIS SINCE ITS START`: what each server has done, side by side.
//!
//! Counters since the start are shown, never judged: they are averages over the server's life.

use std::collections::BTreeSet;

use super::grid::{Paint, grid};
use crate::model::{Indicators, TargetId, bytes, rounded};
use crate::report::escape::terminal;
use crate::report::{Report, View};

/// More servers are folded.
const SHOWN: usize = 3;

pub(super) fn section(report: &Report, view: &View, paint: Paint) -> String {
    let targets: BTreeSet<&TargetId> =
        report.environments.iter().flat_map(|environment| environment.snapshot.indicators.keys()).collect();
    let shown = if view.unfold { targets.len() } else { SHOWN };
    let blocks = targets.iter().take(shown).map(|target| block(target, report, view, paint));
    let mut text: String = blocks.collect();
    if targets.len() > shown {
        text.push_str(&paint.dim(&format!("  and {} more servers (-v)\n", targets.len() - shown)));
    }
    text
}

type Figure = fn(&Indicators) -> Option<String>;

const ROWS: &[(&str, Figure)] = &[
    ("  up, keys", |i| Some(format!("{}, {}", up(i)?, rounded(*i.figures.get("keys")?)))),
    ("  ops/s, logins/s", |i| {
        let up = i.figures.get("uptime_in_seconds").copied().filter(|up| *up > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let logins = ["auth", "hello"].iter().filter_map(|c| i.commands.get(*c)).map(|c| c.calls).sum::<u64>() as f64;
        let operations = i.figures.get("total_commands_processed")?;
        Some(format!("{}, {}", rounded(operations / up), rounded(logins / up)))
    }),
    ("  memory, limit", |i| {
        let limit = i.figures.get("maxmemory").filter(|limit| **limit > 0.0).map_or("none".to_owned(), |l| bytes(*l));
        Some(format!("{}, {limit}", bytes(*i.figures.get("used_memory")?)))
    }),
    ("  KEYS calls", |i| (!i.commands.is_empty()).then(|| i.commands.get("keys").map_or(0, |c| c.calls).to_string())),
];

fn block(target: &TargetId, report: &Report, view: &View, paint: Paint) -> String {
    let title = format!("{} SINCE ITS START", terminal(target.as_str()).to_uppercase());
    let mut rows = vec![vec![paint.bold(&title)]];
    rows[0].extend(report.environments.iter().map(|e| paint.bold(&terminal(e.snapshot.environment.as_str()))));
    for (name, figure) in ROWS {
        let cells = report.environments.iter().map(|environment| {
            let indicators = environment.snapshot.indicators.get(target);
            indicators.and_then(figure).unwrap_or_else(|| "-".to_owned())
        });
        rows.push(std::iter::once((*name).to_owned()).chain(cells).collect());
    }
    grid(rows, view.width)
}

fn up(indicators: &Indicators) -> Option<String> {
    let seconds = *indicators.figures.get("uptime_in_seconds")?;
    Some(match seconds {
        s if s >= 172_800.0 => format!("{:.0} d", (s / 86_400.0).floor()),
        s if s >= 7_200.0 => format!("{:.0} h", (s / 3_600.0).floor()),
        s if s >= 120.0 => format!("{:.0} min", (s / 60.0).floor()),
        s => format!("{s:.0} s"),
    })
}
