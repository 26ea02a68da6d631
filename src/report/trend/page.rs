//! A page with one chart for each figure: SVG in the document, without a script and without network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::axis::{axis_ticks, axis_top, moment_text, unit_words, value_text};
use super::slots::{Slot, column_of, highest_peak, highest_value, report_span, time_slots};
use crate::report::PROGRAM;
use crate::report::escape::html;
use crate::wire::trend::{TrendReport, TrendSeries};

const STYLE: &str = include_str!("trend.css");

/// The drawing, in its own units.
const WIDTH: usize = 960;
const LEFT: usize = 64;
const RIGHT: usize = 12;
const TOP: usize = 12;
const BARS: usize = 160;
const BELOW: usize = 26;

/// More columns than buckets say nothing, and narrower ones cannot be pointed at.
const MOST_COLUMNS: usize = 320;

pub(super) fn render_page(report: &TrendReport) -> String {
    let zone = TimeZone::get(&report.timezone).unwrap_or(TimeZone::UTC);
    let charts: String = report
        .figures
        .iter()
        .map(|series| ChartDrawing::new(report, series, &zone).chart_section())
        .collect();
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; \
         form-action 'none'"
    );
    let title = html(&format!("Load of {} over time", report.target));
    let time = |at: jiff::Timestamp| {
        html(&at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string())
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"muted\">{} to {}, {}. A column shows its worst {}; {PROGRAM}.</p>\n\
         {charts}</main>\n</body>\n</html>\n",
        time(report.from),
        time(report.to),
        html(&report.timezone),
        if report.bucket_seconds == 300 {
            "5 minutes".to_owned()
        } else {
            format!("{} s", report.bucket_seconds)
        },
    )
}

struct ChartDrawing<'a> {
    report: &'a TrendReport,
    series: &'a TrendSeries,
    slots: Vec<Slot>,
    top: f64,
    zone: &'a TimeZone,
}

impl<'a> ChartDrawing<'a> {
    fn new(report: &'a TrendReport, series: &'a TrendSeries, zone: &'a TimeZone) -> Self {
        let (from, to) = report_span(report);
        let buckets = usize::try_from((to - from) / report.bucket_seconds.max(1)).unwrap_or(1);
        let slots = time_slots(report, series, buckets.clamp(1, MOST_COLUMNS));
        Self { report, series, slots, top: axis_top(highest_value(series)), zone }
    }

    fn chart_section(&self) -> String {
        let TrendSeries { environment, figure, command, unit, limit, failures, marks, .. } =
            self.series;
        let of = command.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let title = html(&format!("{figure}{of}, {environment}"));
        let mut told = vec![unit_words(unit).to_owned()];
        told.extend(limit.map(|limit| format!("limit {}", value_text(unit, limit))));
        told.push(self.highest_text());
        let told = html(&told.join("; "));
        let is_empty = self.slots.iter().all(|slot| !slot.is_known);
        let drawing = if is_empty {
            "<p>Nothing is known of this span.</p>".to_owned()
        } else {
            format!("<div class=\"scroll\" tabindex=\"0\">{}</div>", self.svg_chart(&title, &told))
        };
        let mut items: Vec<String> = marks
            .iter()
            .map(|mark| {
                let (from, to) =
                    (moment_text(mark.from, self.zone), moment_text(mark.to, self.zone));
                let excluded = if mark.excluded { ", excluded" } else { "" };
                let (label, by) = (&mark.label, &mark.by);
                html(&format!("marked{excluded}: {from} to {to}, {label}, by {by} (claimed)"))
            })
            .collect();
        items.extend(failures.iter().map(|failure| html(&format!("not read: {failure}"))));
        let items: String = items.iter().map(|item| format!("<li>{item}</li>")).collect();
        let list = if items.is_empty() { items } else { format!("<ul>{items}</ul>") };
        let signs = if is_empty { String::new() } else { self.signs() };
        format!(
            "<section><h2>{title}</h2>\n<p class=\"muted\">{told}</p>\n{drawing}\n{signs}{list}\
             </section>\n"
        )
    }

    /// What the signs mean that are in the drawing.
    fn signs(&self) -> String {
        let has = |is: fn(&Slot) -> bool| self.slots.iter().any(is);
        let is_over = |slot: &Slot| {
            let value = slot.value.unwrap_or_default();
            !slot.is_excluded && self.series.limit.is_some_and(|limit| value > limit)
        };
        let meanings = [
            (self.slots.iter().any(is_over), "bar over", "above the limit"),
            (has(|slot| slot.is_at_least && slot.value > Some(0.0)), "bar least", "at least"),
            (has(|slot| slot.is_excluded), "bar out", "excluded"),
            (has(|slot| !slot.is_known), "gap", "not known"),
            (!self.series.marks.is_empty(), "mark", "marked"),
            (has(|slot| !slot.events.is_empty()), "event", "restart, reset or other role"),
        ];
        let shown = meanings.iter().filter(|(is_shown, ..)| *is_shown).map(|(_, class, words)| {
            let drawn = match *class {
                "event" => {
                    "<line class=\"event\" x1=\"5\" x2=\"5\" y1=\"0\" y2=\"10\"/>".to_owned()
                }
                class => format!("<rect class=\"{class}\" width=\"10\" height=\"10\"/>"),
            };
            format!(
                "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\">{drawn}</svg>{words}</span>"
            )
        });
        let shown: String = shown.collect();
        if shown.is_empty() { shown } else { format!("<p class=\"signs\">{shown}</p>\n") }
    }

    fn highest_text(&self) -> String {
        let Some(peak) = highest_peak(self.series) else { return "nothing counted".to_owned() };
        let sign = if peak.is_at_least { ">= " } else { "" };
        let value = value_text(&self.series.unit, peak.value);
        let of = match (self.series.servers.len(), peak.place.as_str()) {
            (0 | 1, "") => String::new(),
            (0 | 1, place) => format!(" on {place}"),
            (count, place) => format!(" on {place}, the worst of {count} servers"),
        };
        format!("highest {sign}{value} at {}{of}", moment_text(peak.at, self.zone))
    }

    fn svg_chart(&self, title: &str, told: &str) -> String {
        let height = TOP + BARS + BELOW;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}: {told}\">"
        );
        self.draw_marks(&mut svg);
        self.draw_values(&mut svg);
        self.draw_columns(&mut svg);
        self.draw_limit(&mut svg);
        self.draw_times(&mut svg);
        svg.push_str("</svg>");
        svg
    }

    /// Where a moment stands.
    fn x(&self, at: i64) -> f64 {
        let columns = WIDTH - LEFT - RIGHT;
        to_coordinate(LEFT) + to_coordinate(column_of(at, report_span(self.report), columns))
    }

    fn y(&self, value: f64) -> f64 {
        to_coordinate(TOP + BARS) - (value / self.top).clamp(0.0, 1.0) * to_coordinate(BARS)
    }

    fn draw_marks(&self, svg: &mut String) {
        for mark in &self.series.marks {
            let (from, to) = (self.x(mark.from.as_second()), self.x(mark.to.as_second()));
            let label = html(&mark.label);
            svg.push_str(&format!(
                "<rect class=\"mark\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" \
                 height=\"{BARS}\"><title>{label}</title></rect>",
                (to - from).max(2.0)
            ));
        }
    }

    fn draw_values(&self, svg: &mut String) {
        for share in [0.0, 0.5, 1.0] {
            let value = self.top * share;
            let (y, text) = (self.y(value), html(&value_text(&self.series.unit, value)));
            let (right, class) = (WIDTH - RIGHT, if share > 0.0 { "grid" } else { "base" });
            svg.push_str(&format!(
                "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                LEFT - 6,
                y + 4.0
            ));
        }
    }

    fn draw_columns(&self, svg: &mut String) {
        let width = to_coordinate(WIDTH - LEFT - RIGHT) / to_coordinate(self.slots.len().max(1));
        let mut index = 0;
        for together in self.slots.chunk_by(|one, next| !one.is_known && !next.is_known) {
            let x = to_coordinate(LEFT) + to_coordinate(index) * width;
            match together {
                [slot] if slot.is_known => svg.push_str(&self.bar_element(slot, x, width)),
                gap => svg.push_str(&self.gap(index, gap.len(), (x, width))),
            }
            index += together.len();
        }
    }

    /// Columns side by side of which nothing is known: one surface, without seams.
    fn gap(&self, index: usize, columns: usize, (x, width): (f64, f64)) -> String {
        let (from, to) = report_span(self.report);
        let step = (number_of(to) - number_of(from)) / to_coordinate(self.slots.len().max(1));
        let at = |column: usize| {
            moment_text(timestamp_at(number_of(from) + to_coordinate(column) * step), self.zone)
        };
        let title = html(&format!("{} to {}: not known", at(index), at(index + columns)));
        format!(
            "<rect class=\"gap\" x=\"{x:.2}\" y=\"{TOP}\" width=\"{:.2}\" \
             height=\"{BARS}\"><title>{title}</title></rect>",
            width * to_coordinate(columns)
        )
    }

    fn bar_element(&self, slot: &Slot, x: f64, width: f64) -> String {
        let value = slot.value.unwrap_or_default();
        let y = self.y(value);
        let mut classes = vec!["bar"];
        let is_over = self.series.limit.is_some_and(|limit| value > limit);
        classes.extend((is_over && !slot.is_excluded).then_some("over"));
        classes.extend(slot.is_excluded.then_some("out"));
        classes.extend(slot.is_at_least.then_some("least"));
        let height = to_coordinate(TOP + BARS) - y;
        let mut text = String::new();
        if height > 0.0 {
            text.push_str(&format!(
                "<rect class=\"{}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" \
                 height=\"{height:.2}\"/>",
                classes.join(" "),
                (width * 0.86).max(0.8)
            ));
        }
        if !slot.events.is_empty() {
            let middle = x + width / 2.0;
            text.push_str(&format!(
                "<line class=\"event\" x1=\"{middle:.2}\" x2=\"{middle:.2}\" y1=\"{TOP}\" \
                 y2=\"{}\"/>",
                TOP + BARS
            ));
        }
        text.push_str(&format!(
            "<rect class=\"hit\" x=\"{x:.2}\" y=\"{TOP}\" width=\"{width:.2}\" \
             height=\"{BARS}\"><title>{}</title></rect>",
            html(&self.slot_words(slot))
        ));
        text
    }

    /// What a column says to who points at it.
    fn slot_words(&self, slot: &Slot) -> String {
        let sign = if slot.is_at_least { ">= " } else { "" };
        let value = match slot.value {
            Some(value) => format!("{sign}{}", value_text(&self.series.unit, value)),
            None => "no call".to_owned(),
        };
        let mut words = vec![format!("{}: {value}", moment_text(slot.at, self.zone))];
        words.extend((!slot.place.is_empty()).then(|| slot.place.clone()));
        words.extend(slot.is_excluded.then(|| "excluded".to_owned()));
        let mut events = slot.events.clone();
        events.sort();
        events.dedup();
        words.extend(events);
        words.join(", ")
    }

    fn draw_limit(&self, svg: &mut String) {
        let Some(limit) = self.series.limit else { return };
        let (y, right) = (self.y(limit), WIDTH - RIGHT);
        let text = html(&format!("limit {}", value_text(&self.series.unit, limit)));
        svg.push_str(&format!(
            "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            right - 4,
            y - 4.0
        ));
    }

    fn draw_times(&self, svg: &mut String) {
        for tick in axis_ticks(report_span(self.report), 9, self.zone) {
            let (x, y) = (self.x(tick.at), TOP + BARS);
            svg.push_str(&format!(
                "<line class=\"base\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y}\" y2=\"{}\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                y + 5,
                y + 20,
                if x > to_coordinate(WIDTH - RIGHT - 60) { "end" } else { "start" },
                html(&tick.label)
            ));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "units of a drawing")]
fn to_coordinate(units: usize) -> f64 {
    units as f64
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
fn number_of(second: i64) -> f64 {
    second as f64
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
fn timestamp_at(at: f64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(at.round() as i64).unwrap_or_default()
}
