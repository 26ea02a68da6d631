//! The load of targets over time, as the public report has it.

use jiff::Timestamp;

use super::failure::failure as words;
use crate::model::{
    JudgedLoad, JudgedWindow, LoadCell, LoadChange, LoadRow, LoadSpan, WindowServer,
};
use crate::wire::report as v1;

/// Gaps of one server that are told one by one.
const GAPS: usize = 100;

pub(super) fn target(load: &JudgedLoad) -> v1::TargetLoad {
    let failed = load.failed.iter().map(|(source, failure)| v1::FailedSource {
        source: source.clone(),
        failure: words(failure),
    });
    v1::TargetLoad {
        environment: load.environment.to_string(),
        target: load.target.to_string(),
        windows: load.windows.iter().map(window).collect(),
        indicators: load.rows.iter().map(indicator).collect(),
        failed: failed.collect(),
        notes: load.notes.clone(),
    }
}

fn window(window: &JudgedWindow) -> v1::LoadWindow {
    v1::LoadWindow {
        window: window.window.to_owned(),
        from: time(window.span.from),
        to: time(window.span.to),
        source: window.source.clone(),
        identity: window.identity.to_owned(),
        held_since: window.held_since.map(time),
        covered: window.covered,
        servers: window.servers.iter().map(server).collect(),
    }
}

fn server(server: &WindowServer) -> v1::LoadServer {
    let pair = |gap: &LoadSpan| [time(gap.from), time(gap.to)];
    let excluded = server.excluded.iter().map(|mark| v1::LoadExcluded {
        from: time(mark.span.from),
        to: time(mark.span.to),
        label: mark.label.clone(),
        by: mark.by.clone(),
    });
    v1::LoadServer {
        place: server.place.clone(),
        samples: server.samples,
        covered: server.covered,
        restarts: server.restarts,
        resets: server.resets,
        failovers: server.failovers.iter().copied().map(time).collect(),
        gaps: server.gaps.iter().take(GAPS).map(pair).collect(),
        excluded: excluded.collect(),
    }
}

fn indicator(row: &LoadRow) -> v1::LoadIndicator {
    v1::LoadIndicator {
        indicator: row.indicator.to_owned(),
        max: row.max,
        change: row.change,
        windows: row.cells.iter().map(figure).collect(),
        risen: row.risen.as_ref().map(risen),
    }
}

fn figure(cell: &LoadCell) -> v1::LoadFigure {
    let worst = cell.worst.as_ref();
    v1::LoadFigure {
        worst: worst.map(|worst| worst.value),
        at: worst.map(|worst| time(worst.at)),
        at_least: worst.is_some_and(|worst| worst.is_at_least),
        place: worst.map(|worst| worst.place.clone()).unwrap_or_default(),
        p95: cell.p95,
        outcome: cell.outcome.as_str().to_owned(),
        unknown: cell.unknown.clone(),
    }
}

fn risen(change: &LoadChange) -> v1::LoadRisen {
    v1::LoadRisen {
        base: change.base.map(|(value, _)| value),
        base_window: change.base.map(|(_, window)| window.to_owned()),
        limit: change.limit,
        outcome: change.outcome.as_str().to_owned(),
        unknown: change.unknown.clone(),
    }
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}
