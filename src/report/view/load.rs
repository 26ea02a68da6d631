//! The load of targets over time, worded once: worst five minutes by window, and what is known of
//! each window.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::spark::Spark;
use crate::model::{
    Audit, JudgedLoad, JudgedWindow, LoadCell, LoadOutcome, LoadRow, LoadSpan, LoadWorst,
    WindowServer, count,
};
use crate::trend::{LoadIndicator, shown_value};

/// Above every table of it.
pub(in crate::report) const LOAD_TITLE: &str = "load, worst 5 minutes";

/// The load of one target.
#[derive(Clone, Debug)]
pub(in crate::report) struct LoadView<'a> {
    pub(in crate::report) load: &'a JudgedLoad,
    /// `qualif redis/cache`.
    pub(in crate::report) name: String,
    /// `24h`, `-7d`, …
    pub(in crate::report) windows: Vec<&'static str>,
    /// One for each indicator.
    pub(in crate::report) lines: Vec<LoadLine>,
    /// What is known of the windows, and what is not: always shown.
    pub(in crate::report) remarks: Vec<String>,
    /// Gaps, restarts, what was left out: shown where there is room.
    pub(in crate::report) details: Vec<String>,
}

/// One indicator.
#[derive(Clone, Debug)]
pub(in crate::report) struct LoadLine {
    /// `walk share`.
    pub(in crate::report) name: &'static str,
    /// One for each window.
    pub(in crate::report) cells: Vec<LoadText>,
    /// `<= 5 %, +20 %`; empty where nothing is asked.
    pub(in crate::report) must: String,
    /// How it went over the newest window, if that is known.
    pub(in crate::report) spark: Option<Spark>,
}

/// One figure.
#[derive(Clone, Debug)]
pub(in crate::report) struct LoadText {
    pub(in crate::report) text: String,
    pub(in crate::report) outcome: LoadOutcome,
}

/// Of every target that has a source of load: those that breach first, then by environment.
pub(super) fn of_targets(audit: &Audit) -> Vec<LoadView<'_>> {
    let mut views: Vec<LoadView<'_>> =
        audit.load.iter().map(|load| LoadView::new(load, &audit.run.timezone)).collect();
    views.sort_by_key(|view| !view.is_breached());
    views
}

impl<'a> LoadView<'a> {
    fn new(load: &'a JudgedLoad, zone: &TimeZone) -> Self {
        Self {
            load,
            name: format!("{} {}", load.environment, load.target),
            windows: load.windows.iter().map(|window| window.window).collect(),
            lines: load.rows.iter().map(|row| LoadLine::new(row, load)).collect(),
            remarks: load_remarks(load, zone),
            details: load_details(load, zone),
        }
    }

    /// The newest window: that of the small drawings.
    pub(in crate::report) fn newest_window(&self) -> &'static str {
        self.windows.first().copied().unwrap_or_default()
    }

    /// Whether anything can be drawn.
    pub(in crate::report) fn has_sparks(&self) -> bool {
        self.lines.iter().any(|line| line.spark.is_some())
    }

    /// Whether a criterion does not hold.
    pub(in crate::report) fn is_breached(&self) -> bool {
        let rows = self.load.rows.iter();
        rows.flat_map(row_outcomes).any(|outcome| outcome == LoadOutcome::Breached)
    }
}

fn row_outcomes(row: &LoadRow) -> impl Iterator<Item = LoadOutcome> {
    let risen = row.risen.iter().map(|risen| risen.outcome);
    row.cells.iter().map(|cell| cell.outcome).chain(risen)
}

impl LoadLine {
    fn new(row: &LoadRow, load: &JudgedLoad) -> Self {
        let mut cells: Vec<LoadText> = row.cells.iter().map(|cell| text_of(row, cell)).collect();
        if let (Some(first), Some(risen)) = (cells.first_mut(), &row.risen)
            && risen.outcome == LoadOutcome::Breached
        {
            first.outcome = LoadOutcome::Breached;
            let was = match risen.base {
                Some((value, _)) if value <= 0.0 => "new".to_owned(),
                Some((value, window)) => format!("{} in {window}", value_text(row, value)),
                None => String::new(),
            };
            first.text.push_str(&format!(" ({was})"));
        }
        let max = row.max.map(|max| format!("<= {}", value_text(row, max)));
        let change = row.change.map(|change| format!("+{}", shown_value(true, change)));
        let must: Vec<String> = max.into_iter().chain(change).collect();
        let name = indicator_noun(row.indicator);
        let course = load.courses.iter().find(|course| course.indicator == row.indicator);
        let window = load.windows.first().map_or("", |window| window.window);
        let spark = course.map(|course| Spark::new(course, row, (name, window)));
        Self { name, cells, must: must.join(", "), spark }
    }
}

fn indicator_noun(indicator: &'static str) -> &'static str {
    let known = LoadIndicator::ALL.into_iter().find(|known| known.as_str() == indicator);
    known.map_or(indicator, LoadIndicator::noun)
}

fn value_text(row: &LoadRow, value: f64) -> String {
    shown_value(row.is_share, value)
}

fn text_of(row: &LoadRow, cell: &LoadCell) -> LoadText {
    let is_open = !cell.unknown.is_empty() && cell.outcome != LoadOutcome::Breached;
    let text = match &cell.worst {
        Some(LoadWorst { value, is_at_least, .. }) => {
            let sign = if *is_at_least { ">= " } else { "" };
            let mark = if is_open { " ?" } else { "" };
            format!("{sign}{}{mark}", value_text(row, *value))
        }
        None => "?".to_owned(),
    };
    LoadText { text, outcome: cell.outcome }
}

/// What decides how the figures are to be read.
fn load_remarks(load: &JudgedLoad, zone: &TimeZone) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    let mut by_source: Vec<(&JudgedWindow, Vec<String>)> = Vec::new();
    for window in load.windows.iter().filter(|window| !window.source.is_empty()) {
        let part = format!("{} {} covered", window.window, share_text(window.covered));
        match by_source.iter_mut().find(|(first, _)| first.source == window.source) {
            Some((_, parts)) => parts.push(part),
            None => by_source.push((window, vec![part])),
        }
    }
    for (window, parts) in by_source {
        let source = &window.source;
        // Nothing that was not there was of this server.
        let identity = match window.covered {
            covered if covered > 0.0 => format!("; identity {}", window.identity.replace('-', " ")),
            _ => String::new(),
        };
        remarks.push(format!("{source}: {}{identity}", parts.join(", ")));
    }
    let failed = load.failed.iter();
    remarks.extend(failed.map(|(source, failure)| {
        format!("{source} told nothing: {}; help: {}", failure.message, failure.advice)
    }));
    remarks.extend(load.notes.iter().cloned());
    remarks.extend(not_known(load, zone));
    remarks
}

/// Why windows are not known: each reason once, with its windows.
fn not_known(load: &JudgedLoad, _: &TimeZone) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    let criteria = load.rows.iter().filter(|row| row.max.is_some() || row.change.is_some());
    for row in criteria {
        let cells =
            load.windows.iter().zip(&row.cells).flat_map(|(window, cell)| {
                cell.unknown.iter().map(|reason| (reason, window.window))
            });
        for (reason, window) in cells {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, windows)) if windows.contains(&window) => {}
                Some((_, windows)) => windows.push(window),
                None => reasons.push((reason.clone(), vec![window])),
            }
        }
        let risen = row.risen.iter().flat_map(|risen| &risen.unknown);
        for reason in risen {
            if reasons.iter().all(|(known, _)| known != reason) {
                reasons.push((reason.clone(), vec!["change"]));
            }
        }
    }
    let said = reasons
        .into_iter()
        .map(|(reason, windows)| format!("not known ({}): {reason}", windows.join(", ")));
    said.collect()
}

/// Everything else that was seen in the windows.
fn load_details(load: &JudgedLoad, zone: &TimeZone) -> Vec<String> {
    let mut details = Vec::new();
    for window in &load.windows {
        for server in &window.servers {
            let of = if server.place.is_empty() || window.servers.len() == 1 {
                window.window.to_owned()
            } else {
                format!("{} {}", window.window, server.place)
            };
            details.extend(of_server(server, zone).into_iter().map(|text| format!("{of}: {text}")));
        }
    }
    for row in &load.rows {
        let p95: Vec<String> = load
            .windows
            .iter()
            .zip(&row.cells)
            .filter_map(|(window, cell)| Some((window.window, cell.p95?)))
            .map(|(window, p95)| format!("{window} {}", value_text(row, p95)))
            .collect();
        if !p95.is_empty() {
            details.push(format!("{} p95: {}", indicator_noun(row.indicator), p95.join(", ")));
        }
        let worst = load.windows.iter().zip(&row.cells).filter_map(|(window, cell)| {
            let worst = cell.worst.as_ref().filter(|worst| worst.value > 0.0)?;
            let mut text = format!("{} at {}", window.window, time_text(worst.at, zone));
            if !worst.place.is_empty() && window.servers.len() > 1 {
                text.push_str(&format!(" on {}", worst.place));
            }
            if !worst.marks.is_empty() {
                text.push_str(&format!(" ({})", worst.marks.join(", ")));
            }
            Some(text)
        });
        let worst: Vec<String> = worst.collect();
        if !worst.is_empty() {
            details.push(format!("{} worst: {}", indicator_noun(row.indicator), worst.join(", ")));
        }
    }
    details
}

/// Gaps that are told one by one.
const GAPS: usize = 5;

fn of_server(server: &WindowServer, zone: &TimeZone) -> Vec<String> {
    let mut told = Vec::new();
    let counts = [(server.restarts, "restart"), (server.resets, "reset of counters")];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let counts = counts.into_iter().filter(|(n, _)| *n > 0.0).map(|(n, word)| {
        let plural = if word == "restart" { "restarts" } else { "resets of counters" };
        let n = n as usize;
        if n == 1 { format!("1 {word}") } else { format!("{n} {plural}") }
    });
    told.extend(counts);
    if !server.failovers.is_empty() {
        let times: Vec<String> = server.failovers.iter().map(|at| time_text(*at, zone)).collect();
        told.push(format!("role changed at {}", times.join(", ")));
    }
    if !server.gaps.is_empty() {
        let mut gaps: Vec<&LoadSpan> = server.gaps.iter().collect();
        gaps.sort_by_key(|gap| -gap.seconds());
        let shown: Vec<String> = gaps.iter().take(GAPS).map(|gap| span_text(**gap, zone)).collect();
        let more = gaps.len().saturating_sub(GAPS);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let all = count(gaps.len(), "gap");
        told.push(format!("{all} without samples: {}{more}", shown.join(", ")));
    }
    told.extend(server.excluded.iter().map(|mark| {
        format!("left out {}: {} (by {})", span_text(mark.span, zone), mark.label, mark.by)
    }));
    told
}

fn span_text(span: LoadSpan, zone: &TimeZone) -> String {
    let minutes = span.seconds() / 60;
    let length = match minutes {
        0 => format!("{} s", span.seconds()),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    };
    format!("{length} from {}", time_text(span.from, zone))
}

fn time_text(at: i64, zone: &TimeZone) -> String {
    Timestamp::from_second(at).map_or_else(
        |_| at.to_string(),
        |at| at.to_zoned(zone.clone()).strftime("%F %H:%M%:z").to_string(),
    )
}

fn share_text(value: f64) -> String {
    // What is not whole is not shown as whole.
    let percent = (value * 1000.0).floor() / 10.0;
    format!("{percent} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind, LoadChange, SpanMark};

    const AT: i64 = 1_795_132_800;

    fn server() -> WindowServer {
        WindowServer {
            place: "10.0.0.1:6379".to_owned(),
            samples: 1440.0,
            covered: 0.9996,
            restarts: 1.0,
            resets: 2.0,
            failovers: vec![AT - 300],
            gaps: vec![LoadSpan { from: AT - 900, to: AT - 600 }],
            excluded: vec![SpanMark {
                span: LoadSpan { from: AT - 7_200, to: AT - 3_600 },
                label: "reproduction".to_owned(),
                by: "lea".to_owned(),
                is_excluded: true,
            }],
        }
    }

    fn load() -> JudgedLoad {
        let span = LoadSpan { from: AT - 86_400, to: AT };
        let window = |window, source: &str, servers| JudgedWindow {
            window,
            span,
            source: source.to_owned(),
            identity: "proven",
            held_since: None,
            covered: 0.9996,
            servers,
        };
        let worst = LoadWorst {
            value: 0.0537,
            at: AT - 300,
            is_at_least: true,
            place: "10.0.0.1:6379".to_owned(),
            marks: vec!["restart"],
        };
        let cell = |worst, outcome, unknown: &[&str]| LoadCell {
            worst,
            p95: Some(0.001),
            outcome,
            unknown: unknown.iter().map(|text| (*text).to_owned()).collect(),
        };
        let row = LoadRow {
            indicator: "walk-share",
            is_share: true,
            max: Some(0.05),
            change: Some(0.2),
            cells: vec![
                cell(Some(worst), LoadOutcome::Breached, &[]),
                cell(None, LoadOutcome::Unknown, &["nothing was sampled"]),
            ],
            risen: Some(LoadChange {
                base: Some((0.0, "-7d")),
                limit: Some(0.005),
                outcome: LoadOutcome::Breached,
                unknown: Vec::new(),
            }),
        };
        JudgedLoad {
            environment: "qualif".into(),
            target: "redis/cache".into(),
            windows: vec![window("24h", "history", vec![server()]), window("-7d", "", Vec::new())],
            rows: vec![row],
            failed: vec![(
                "prometheus http://p".to_owned(),
                Failure::new(FailureKind::Refused, "connection refused").with_advice("start it"),
            )],
            notes: vec!["history: its clock is 7 s ahead of ours".to_owned()],
            courses: Vec::new(),
        }
    }

    #[test]
    fn load_is_worded_with_what_is_known_and_what_is_not() {
        let load = load();
        let view = LoadView::new(&load, &TimeZone::UTC);
        assert!(view.is_breached());
        let line = &view.lines[0];
        let cells: Vec<&str> = line.cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(cells, [">= 5.37 % (new)", "?"]);
        assert_eq!((line.name, line.must.as_str()), ("walk share", "<= 5 %, +20 %"));
        let remarks = [
            "history: 24h 99.9 % covered; identity proven",
            "prometheus http://p told nothing: connection refused; help: start it",
            "history: its clock is 7 s ahead of ours",
            "not known (-7d): nothing was sampled",
        ];
        assert_eq!(view.remarks, remarks);
        let details = [
            "24h: 1 restart",
            "24h: 2 resets of counters",
            "24h: role changed at 2026-11-19 23:55+00:00",
            "24h: 1 gap without samples: 5 min from 2026-11-19 23:45+00:00",
            "24h: left out 60 min from 2026-11-19 22:00+00:00: reproduction (by lea)",
            "walk share p95: 24h 0.1 %, -7d 0.1 %",
            "walk share worst: 24h at 2026-11-19 23:55+00:00 (restart)",
        ];
        assert_eq!(view.details, details);
    }

    #[test]
    fn load_shares_are_shown_as_they_are_judged() {
        for (value, shown) in [
            (0.0, "0 %"),
            (0.000_01, "< 0.01 %"),
            (0.0537, "5.37 %"),
            (0.05, "5 %"),
            (0.311, "31.1 %"),
            (1.2, "120 %"),
        ] {
            assert_eq!(shown_value(true, value), shown);
        }
        assert_eq!(shown_value(false, 1480.4), "1480");
        assert_eq!(shown_value(false, 0.6), "0.6");
    }
}
