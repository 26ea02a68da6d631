//! `/timeline`: for each component a strip for each environment, with what else happened.
//!
//! Strips are pictures for those who see them; each row opens to a table that says the same.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use jiff::Timestamp;

use super::frame::{PageFrame, local_time, verdict_tone};
use super::lane::{LaneScale, open_lane};
use crate::daemon::status::{
    Timeline, TimelineMark, TimelineMarkKind, TimelineRow, TimelineSpan, TimelineStrip,
};
use crate::model::{EnvironmentName, count};
use crate::report::age_words;

const SCRIPT: &str = include_str!("timeline.js");

/// Events that are listed; a lane shows all.
const LISTED: usize = 500;

/// Components that are shown: a browser takes a second for as many.
const ROWS: usize = 400;

/// Colours that versions of a component take in turn.
const COLOURS: usize = 6;

#[derive(Template)]
#[template(path = "timeline.html", config = "src/daemon/pages/askama.toml")]
struct TimelinePage<'a> {
    frame: PageFrame,
    script: &'static str,
    from: String,
    from_utc: String,
    to: String,
    to_utc: String,
    /// `60 components`.
    size: String,
    notes: Vec<String>,
    environments: Vec<&'a str>,
    /// Releases and incidents of each environment, drawn once and used by each of its strips.
    marks: String,
    axis: String,
    lanes: Vec<EventLane>,
    events_title: String,
    events: Vec<EventLine>,
    rows: Vec<RowBlock<'a>>,
}

struct EventLane {
    environment: Option<usize>,
    name: String,
    svg: String,
}

struct EventLine {
    at: String,
    until: String,
    kind: &'static str,
    tone: &'static str,
    place: String,
    label: String,
}

struct RowBlock<'a> {
    component: &'a str,
    is_own: bool,
    has_changed: bool,
    /// `3 versions`: of all its environments.
    words: String,
    strips: Vec<StripBlock<'a>>,
    spans: Vec<SpanLine<'a>>,
}

struct StripBlock<'a> {
    environment: usize,
    name: &'a str,
    svg: String,
}

struct SpanLine<'a> {
    environment: usize,
    name: &'a str,
    version: &'a str,
    from: String,
    to: String,
    length: String,
}

/// The page as HTML.
pub fn render_timeline(timeline: &Timeline) -> String {
    let drawing = Drawing {
        timeline,
        scale: LaneScale::new(timeline),
        numbers: (0..).zip(&timeline.environments).map(|(at, name)| (name, at)).collect(),
    };
    let time = |at| local_time(at, &timeline.timezone);
    let (rows, notes) = shown_rows(timeline);
    let page = TimelinePage {
        frame: PageFrame::new(SCRIPT),
        script: SCRIPT,
        from: time(drawing.scale.from),
        from_utc: drawing.scale.from.to_string(),
        to: time(timeline.to),
        to_utc: timeline.to.to_string(),
        size: count(timeline.rows.len(), "component"),
        notes,
        environments: timeline.environments.iter().map(EnvironmentName::as_str).collect(),
        marks: drawing.marks(),
        axis: drawing.scale.axis(),
        lanes: drawing.event_lanes(),
        events_title: match timeline.marks.len() {
            0 => "no events".to_owned(),
            all if all > LISTED => format!("the newest {LISTED} of {all} events as a list"),
            all => format!("{} as a list", count(all, "event")),
        },
        events: timeline.marks.iter().rev().take(LISTED).map(|mark| drawing.event(mark)).collect(),
        rows: rows.into_iter().map(|row| drawing.row(row)).collect(),
    };
    page.render().unwrap_or_else(|error| format!("<!doctype html><title>{error}</title>"))
}

fn has_changed(row: &TimelineRow) -> bool {
    row.strips.iter().any(|strip| strip.spans.len() > 1)
}

/// Of very many components those that changed come first; how many are left out is a note.
fn shown_rows(timeline: &Timeline) -> (Vec<&TimelineRow>, Vec<String>) {
    let mut rows: Vec<&TimelineRow> = timeline.rows.iter().collect();
    let mut notes = timeline.notes.clone();
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        rows.sort_by_key(|row| !has_changed(row));
        rows.truncate(ROWS);
        rows.sort_by(|a, b| a.component.cmp(&b.component));
        notes.push(format!(
            "{} left out: {ROWS} are shown, those that changed first",
            count(more, "component")
        ));
    }
    (rows, notes)
}

struct Drawing<'a> {
    timeline: &'a Timeline,
    scale: LaneScale,
    numbers: BTreeMap<&'a EnvironmentName, usize>,
}

/// Whether a mark stands in the strips of its environment.
fn is_in_strips(mark: &TimelineMark) -> bool {
    matches!(mark.kind, TimelineMarkKind::Release | TimelineMarkKind::Incident)
}

/// What is told of audits, which are one strip.
fn is_audit(mark: &TimelineMark) -> bool {
    !is_in_strips(mark) && mark.label.split(' ').next() == Some("audit")
}

impl<'a> Drawing<'a> {
    fn time(&self, at: Timestamp) -> String {
        local_time(at, &self.timeline.timezone)
    }

    fn marks_of(&self, name: &EnvironmentName) -> impl Iterator<Item = &'a TimelineMark> {
        let marks = self.timeline.marks.iter().filter(|mark| is_in_strips(mark));
        marks.filter(move |mark| mark.environment.as_ref().is_none_or(|own| own == name))
    }

    fn marks(&self) -> String {
        let group = |(number, name): (usize, &EnvironmentName)| {
            let all = self.marks_of(name).map(|mark| self.scale.mark(mark, self.timeline.to));
            format!("<g id=\"m{number}\">{}</g>\n", all.collect::<String>())
        };
        self.timeline.environments.iter().enumerate().map(group).collect()
    }

    fn event_lanes(&self) -> Vec<EventLane> {
        let mut lanes = vec![EventLane {
            environment: None,
            name: "audits".to_owned(),
            svg: self.verdict_strip(),
        }];
        let checklists: String = (self.timeline.marks.iter())
            .filter(|mark| !is_in_strips(mark) && !is_audit(mark))
            .map(|mark| self.scale.mark(mark, self.timeline.to))
            .collect();
        if !checklists.is_empty() {
            let svg = format!("{}{checklists}</svg>", open_lane());
            lanes.push(EventLane { environment: None, name: "checklists".to_owned(), svg });
        }
        for (number, name) in self.timeline.environments.iter().enumerate() {
            let names = self.marks_of(name).map(|mark| self.scale.mark_name(mark));
            let names: String = names.collect();
            let svg = format!("{}<use href=\"#m{number}\"/>{names}</svg>", open_lane());
            lanes.push(EventLane { environment: Some(number), name: name.to_string(), svg });
        }
        lanes
    }

    /// A verdict holds until the next one: alike ones are one span.
    fn verdict_strip(&self) -> String {
        let mut audits: Vec<&TimelineMark> =
            self.timeline.marks.iter().filter(|mark| is_audit(mark)).collect();
        audits.dedup_by_key(|mark| mark.kind);
        let ends = audits.iter().skip(1).map(|mark| mark.at).chain([self.timeline.to]);
        let spans = audits.iter().zip(ends).map(|(mark, end)| {
            let (word, from) = (mark.kind.as_str(), self.time(mark.at));
            let title = format!("{} since {from}", word.to_uppercase());
            self.scale.span((mark.at, end), word, &word.to_uppercase(), &title)
        });
        format!("{}{}</svg>", open_lane(), spans.collect::<String>())
    }

    fn event(&self, mark: &TimelineMark) -> EventLine {
        let place = mark.environment.as_ref().map_or("all", |name| name.as_str());
        EventLine {
            at: self.time(mark.at),
            until: mark.until.map_or_else(String::new, |at| self.time(at)),
            kind: mark.kind.as_str(),
            tone: match mark.kind {
                TimelineMarkKind::Incident => "failed",
                kind => verdict_tone(kind.as_str()),
            },
            place: place.to_owned(),
            label: mark.label.clone(),
        }
    }

    fn row(&self, row: &'a TimelineRow) -> RowBlock<'a> {
        let versions = version_numbers(row);
        let spans = row
            .strips
            .iter()
            .flat_map(|strip| strip.spans.iter().rev().map(|span| self.span_line(strip, span)));
        let known = versions.keys().filter(|version| !version.is_empty()).count();
        RowBlock {
            component: &row.component,
            is_own: row.is_own,
            has_changed: has_changed(row),
            words: count(known, "version"),
            strips: row.strips.iter().map(|strip| self.strip(strip, &versions)).collect(),
            spans: spans.collect(),
        }
    }

    fn strip(&self, strip: &'a TimelineStrip, versions: &BTreeMap<&str, usize>) -> StripBlock<'a> {
        let number = self.numbers.get(&strip.environment).copied().unwrap_or_default();
        let mut svg = open_lane();
        for span in &strip.spans {
            let version = span.version.as_str();
            let colour = versions.get(version).map_or(0, |number| number % COLOURS);
            let (class, label) = match version {
                "" => ("gone".to_owned(), "does not run"),
                version => (format!("v{colour}"), version),
            };
            let title = format!("{label}: {} to {}", self.time(span.from), self.time(span.to));
            svg.push_str(&self.scale.span((span.from, span.to), &class, label, &title));
        }
        svg.push_str(&format!("<use href=\"#m{number}\"/></svg>"));
        StripBlock { environment: number, name: strip.environment.as_str(), svg }
    }

    fn span_line(&self, strip: &'a TimelineStrip, span: &'a TimelineSpan) -> SpanLine<'a> {
        let seconds = span.to.duration_since(span.from).as_secs().unsigned_abs();
        let until = if span.to >= self.timeline.to { "now".to_owned() } else { self.time(span.to) };
        let version = if span.version.is_empty() { "does not run" } else { &span.version };
        SpanLine {
            environment: self.numbers.get(&strip.environment).copied().unwrap_or_default(),
            name: strip.environment.as_str(),
            version,
            from: self.time(span.from),
            to: until,
            length: age_words(Duration::from_secs(seconds)),
        }
    }
}

/// The versions of a component in the order in which they came: one version has one colour,
/// wherever it runs.
fn version_numbers(row: &TimelineRow) -> BTreeMap<&str, usize> {
    let mut spans: Vec<&TimelineSpan> = row.strips.iter().flat_map(|strip| &strip.spans).collect();
    spans.sort_by_key(|span| span.from);
    let mut numbers = BTreeMap::new();
    for span in spans.iter().filter(|span| !span.version.is_empty()) {
        let next = numbers.len();
        numbers.entry(span.version.as_str()).or_insert(next);
    }
    if spans.iter().any(|span| span.version.is_empty()) {
        numbers.entry("").or_insert(0);
    }
    numbers
}
