//! The load of targets over time, as the public report has it.

use jiff::Timestamp;

use super::failure::failure_dto as words;
use crate::model::{
    JudgedLoad, JudgedWindow, LoadCell, LoadChange, LoadRow, LoadSpan, WindowServer,
};
use crate::wire::report as v1;

/// Gaps of one server that are told one by one.
const GAPS: usize = 100;

pub(super) fn load_dto(load: &JudgedLoad) -> v1::TargetLoad {
    let failed = load.failed.iter().map(|(source, failure)| v1::FailedSource {
        source: source.clone(),
        failure: words(failure),
    });
    v1::TargetLoad {
        environment: load.environment.to_string(),
        target: load.target.to_string(),
        windows: load.windows.iter().map(window_dto).collect(),
        indicators: load.rows.iter().map(indicator_dto).collect(),
        failed: failed.collect(),
        notes: load.notes.clone(),
    }
}

fn window_dto(window: &JudgedWindow) -> v1::LoadWindow {
    v1::LoadWindow {
        window: window.window.to_owned(),
        from: timestamp_at(window.span.from),
        to: timestamp_at(window.span.to),
        source: window.source.clone(),
        identity: window.identity.to_owned(),
        held_since: window.held_since.map(timestamp_at),
        covered: window.covered,
        servers: window.servers.iter().map(server_dto).collect(),
    }
}

fn server_dto(server: &WindowServer) -> v1::LoadServer {
    let pair = |gap: &LoadSpan| [timestamp_at(gap.from), timestamp_at(gap.to)];
    let excluded = server.excluded.iter().map(|mark| v1::LoadExcluded {
        from: timestamp_at(mark.span.from),
        to: timestamp_at(mark.span.to),
        label: mark.label.clone(),
        by: mark.by.clone(),
    });
    v1::LoadServer {
        place: server.place.clone(),
        samples: server.samples,
        covered: server.covered,
        restarts: server.restarts,
        resets: server.resets,
        failovers: server.failovers.iter().copied().map(timestamp_at).collect(),
        gaps: server.gaps.iter().take(GAPS).map(pair).collect(),
        excluded: excluded.collect(),
    }
}

fn indicator_dto(row: &LoadRow) -> v1::LoadIndicator {
    v1::LoadIndicator {
        indicator: row.indicator.to_owned(),
        max: row.max,
        change: row.change,
        windows: row.cells.iter().map(figure_dto).collect(),
        risen: row.risen.as_ref().map(risen_dto),
    }
}

fn figure_dto(cell: &LoadCell) -> v1::LoadFigure {
    let worst = cell.worst.as_ref();
    v1::LoadFigure {
        worst: worst.map(|worst| worst.value),
        at: worst.map(|worst| timestamp_at(worst.at)),
        at_least: worst.is_some_and(|worst| worst.is_at_least),
        place: worst.map(|worst| worst.place.clone()).unwrap_or_default(),
        p95: cell.p95,
        outcome: cell.outcome.as_str().to_owned(),
        unknown: cell.unknown.clone(),
    }
}

fn risen_dto(change: &LoadChange) -> v1::LoadRisen {
    v1::LoadRisen {
        base: change.base.map(|(value, _)| value),
        base_window: change.base.map(|(_, window)| window.to_owned()),
        limit: change.limit,
        outcome: change.outcome.as_str().to_owned(),
        unknown: change.unknown.clone(),
    }
}

fn timestamp_at(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}
