//! Charts for a terminal, in plain letters.

use jiff::tz::TimeZone;

use super::axis::{axis_ticks, axis_top, moment_text, unit_words, value_text};
use super::slots::{Slot, column_of, highest_peak, highest_value, report_span, time_slots};
use crate::report::RenderOptions;
use crate::report::escape::terminal;
use crate::wire::trend::{TrendMark, TrendReport, TrendSeries};

/// Columns in front of the bars.
const LABELS: usize = 9;

/// Without a terminal.
const WIDTH: usize = 80;

/// Rows of bars of one chart, and of several.
const TALL: usize = 8;
const SHORT: usize = 4;

/// So many letters has a label of time, with the space around it.
const TICK: usize = 12;

pub(super) fn all_charts(report: &TrendReport, view: &RenderOptions) -> String {
    let zone = TimeZone::get(&report.timezone).unwrap_or(TimeZone::UTC);
    let width = view.width.unwrap_or(WIDTH).clamp(LABELS + 16, 240);
    let rows = if report.figures.len() == 1 { TALL } else { SHORT };
    let charts = report.figures.iter().map(|series| {
        let chart = Chart::new(report, series, width, rows, &zone);
        chart.chart_text(view.color)
    });
    charts.collect::<Vec<_>>().join("\n")
}

struct Chart<'a> {
    report: &'a TrendReport,
    series: &'a TrendSeries,
    width: usize,
    rows: usize,
    top: f64,
    slots: Vec<Slot>,
    zone: &'a TimeZone,
}

impl<'a> Chart<'a> {
    fn new(
        report: &'a TrendReport,
        series: &'a TrendSeries,
        width: usize,
        rows: usize,
        zone: &'a TimeZone,
    ) -> Self {
        let slots = time_slots(report, series, width - LABELS);
        Self { report, series, width, rows, top: axis_top(highest_value(series)), slots, zone }
    }

    fn chart_text(&self, color: bool) -> String {
        let mut text = self.chart_title();
        if self.slots.iter().all(|slot| !slot.is_known) {
            text.push_str("  nothing is known of this span\n");
            text.extend(self.failure_lines());
            return text;
        }
        for row in (0..=self.rows).rev() {
            let line = format!("{}|{}", self.row_label(row), self.row_bars(row));
            text.push_str(&paint_line(line.trim_end(), color && row > 0));
            text.push('\n');
        }
        text.push_str(&self.time_axis());
        text.extend(self.event_row());
        text.extend(self.series.marks.iter().map(|mark| self.mark_line(mark)));
        text.extend(self.legend_line());
        text.extend(self.failure_lines());
        text
    }

    /// What it is of, what is judged, and the worst that there was.
    fn chart_title(&self) -> String {
        let TrendSeries { environment, figure, command, unit, limit, .. } = self.series;
        let of = command.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let mut head = format!("{} {figure}{of}  {environment}", self.report.target);
        let mut more =
            vec![if unit == "seconds" { "worst mean of 5 min" } else { "worst 5 min" }.to_owned()];
        if self.report.bucket_seconds != 300 {
            more = vec![format!("worst {} s", self.report.bucket_seconds)];
        }
        if let Some(limit) = limit {
            more.push(format!("limit {}", value_text(unit, *limit)));
        }
        if unit != "share" {
            more.push(unit_words(unit).to_owned());
        }
        if let Some(peak) = highest_peak(self.series) {
            let sign = if peak.is_at_least { ">= " } else { "" };
            let value = value_text(unit, peak.value);
            let place =
                if peak.place.is_empty() { String::new() } else { format!(" on {}", peak.place) };
            let count = self.series.servers.len();
            let of = if count > 1 { format!(" of {count} servers") } else { String::new() };
            more.push(format!(
                "highest {sign}{value} at {}{place}{of}",
                moment_text(peak.at, self.zone)
            ));
        }
        head.push_str("  ");
        head.push_str(&more.join(", "));
        wrap_text(&terminal(&head), self.width)
    }

    fn row_label(&self, row: usize) -> String {
        let unit = &self.series.unit;
        let text = if row == self.rows {
            value_text(unit, self.top)
        } else if Some(row) == self.limit_row() {
            value_text(unit, self.series.limit.unwrap_or_default())
        } else if row == 0 {
            value_text(unit, 0.0)
        } else {
            String::new()
        };
        format!("{text:>width$}", width = LABELS - 1)
    }

    /// The row of the limit; never the lowest, where there are no bars.
    fn limit_row(&self) -> Option<usize> {
        let limit = self.series.limit?;
        Some(self.row_of(limit).clamp(1, self.rows))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a row of a chart of few rows"
    )]
    fn row_of(&self, value: f64) -> usize {
        (value / self.top * self.rows as f64).round().clamp(0.0, self.rows as f64) as usize
    }

    fn row_bars(&self, row: usize) -> String {
        let is_limit = Some(row) == self.limit_row();
        let cell = |(index, slot): (usize, &Slot)| {
            let value = slot.value.unwrap_or_default();
            let height = self.row_of(value);
            let bar = match (slot.is_excluded, slot.is_at_least) {
                (true, _) => 'o',
                (false, true) => '+',
                (false, false) => '#',
            };
            match row {
                0 if !slot.is_known => ' ',
                0 if height > 0 => bar,
                0 if value > 0.0 => ':',
                0 if slot.value.is_none() => ' ',
                0 => '.',
                _ if height >= row => bar,
                _ if is_limit && index % 2 == 0 => '-',
                _ => ' ',
            }
        };
        self.slots.iter().enumerate().map(cell).collect()
    }

    fn column_at(&self, at: i64) -> usize {
        column_of(at, report_span(self.report), self.slots.len())
    }

    fn time_axis(&self) -> String {
        let mut line = String::new();
        for tick in axis_ticks(report_span(self.report), self.slots.len() / TICK, self.zone) {
            let place = LABELS + self.column_at(tick.at);
            let end = line.chars().count();
            let has_room = place + tick.label.chars().count() <= self.width;
            if has_room && (end == 0 || end < place) {
                line.push_str(&" ".repeat(place - end));
                line.push_str(&tick.label);
            }
        }
        line + "\n"
    }

    /// A row of letters for what happened to servers.
    fn event_row(&self) -> Option<String> {
        let letter = |slot: &Slot| match slot.events.first().map(String::as_str) {
            Some("restart") => 'R',
            Some("reset") => 'r',
            Some(_) => 'F',
            None => ' ',
        };
        let line: String = self.slots.iter().map(letter).collect();
        let is_empty = line.trim().is_empty();
        (!is_empty).then(|| format!("{}{}\n", " ".repeat(LABELS), line.trim_end()))
    }

    /// `^--^ 11:05 reproduction (marked, excluded)`, in front of it where there is no room behind.
    fn mark_line(&self, mark: &TrendMark) -> String {
        let (first, last) =
            (self.column_at(mark.from.as_second()), self.column_at(mark.to.as_second() - 1));
        let sign = match last.saturating_sub(first) {
            0 => "^".to_owned(),
            n => format!("^{}^", "-".repeat(n - 1)),
        };
        let begin = mark.from.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        let excluded = if mark.excluded { ", excluded" } else { "" };
        let words = terminal(&format!("{begin} {} (marked{excluded})", mark.label));
        let (place, length) = (LABELS + first, words.chars().count());
        let line = if place + sign.len() + 1 + length <= self.width {
            format!("{}{sign} {words}", " ".repeat(place))
        } else if length < place {
            format!("{}{words} {sign}", " ".repeat(place - length - 1))
        } else {
            format!("{}{sign}\n  {words}", " ".repeat(place))
        };
        line + "\n"
    }

    /// What the signs mean that are shown.
    fn legend_line(&self) -> Option<String> {
        let has = |is: fn(&Slot) -> bool| self.slots.iter().any(is);
        let event =
            |word: &str| self.slots.iter().any(|slot| slot.events.iter().any(|e| e == word));
        let is_low = |slot: &Slot| {
            let value = slot.value.unwrap_or_default();
            value > 0.0 && self.row_of(value) == 0
        };
        let is_bound = |slot: &Slot| {
            let is_drawn = self.row_of(slot.value.unwrap_or_default()) > 0;
            is_drawn && slot.is_at_least && !slot.is_excluded
        };
        let meanings = [
            (has(|slot| !slot.is_known), "blank not known"),
            (self.slots.iter().any(is_low), ": a little"),
            (self.slots.iter().any(is_bound), "+ at least"),
            (has(|slot| slot.is_excluded), "o excluded"),
            (event("restart"), "R restart"),
            (event("reset"), "r counters reset"),
            (event("failover"), "F other role"),
        ];
        let shown: Vec<&str> =
            meanings.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect();
        let text = || wrap_text(&format!("{}{}", " ".repeat(LABELS), shown.join("  ")), self.width);
        (!shown.is_empty()).then(text)
    }

    fn failure_lines(&self) -> Vec<String> {
        let failures = self.series.failures.iter();
        failures
            .map(|one| wrap_text(&terminal(&format!("  not read: {one}")), self.width))
            .collect()
    }
}

/// The bars in colour, the limit and labels plain.
fn paint_line(line: &str, color: bool) -> String {
    if !color {
        return line.to_owned();
    }
    let style = anstyle::AnsiColor::Cyan.on_default();
    let mut text = String::new();
    let mut is_on = false;
    for letter in line.chars() {
        let is_bar = matches!(letter, '#' | '+' | 'o');
        if is_bar != is_on {
            text.push_str(&if is_bar { format!("{style}") } else { format!("{style:#}") });
            is_on = is_bar;
        }
        text.push(letter);
    }
    if is_on {
        text.push_str(&format!("{style:#}"));
    }
    text
}

fn wrap_text(text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width).subsequent_indent("    ");
    textwrap::fill(text, options) + "\n"
}
