//! Lanes of the timeline as SVG: positions are shares of the width, so that a lane is as wide as
//! its page, and its texts are not stretched.

use std::fmt::Write as _;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use crate::daemon::status::{Timeline, TimelineMark, TimelineMarkKind};
use crate::report::escape::html;

/// Steps between ticks, in hours.
const STEPS: [i64; 10] = [1, 3, 6, 12, 24, 48, 168, 336, 720, 2_160];

/// Ticks at most.
const TICKS: i64 = 14;

/// The time that all lanes show.
#[derive(Clone, Debug)]
pub(super) struct LaneScale {
    /// Where lanes begin.
    pub(super) from: Timestamp,
    seconds: f64,
    zone: TimeZone,
}

impl LaneScale {
    pub(super) fn new(timeline: &Timeline) -> Self {
        let from = first_known(timeline);
        let seconds = timeline.to.duration_since(from).as_secs_f64().max(1.0);
        Self { from, seconds, zone: timeline.timezone.clone() }
    }

    /// Where a moment stands, in percent of the width.
    fn percent(&self, at: Timestamp) -> f64 {
        let share = at.duration_since(self.from).as_secs_f64() / self.seconds;
        share.clamp(0.0, 1.0) * 100.0
    }

    /// Where a span begins and how wide it is; what is short can be seen, too.
    fn extent(&self, from: Timestamp, to: Timestamp) -> (f64, f64) {
        const NARROWEST: f64 = 0.2;
        let begin = self.percent(from).min(100.0 - NARROWEST);
        (begin, (self.percent(to) - begin).max(NARROWEST))
    }

    /// Days, or hours of a short time, with their labels.
    pub(super) fn axis(&self) -> String {
        let mut svg = open_lane();
        let hours = self.seconds / 3_600.0;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let fits = |step: &i64| hours / (*step as f64) <= TICKS as f64;
        let step = STEPS.into_iter().find(fits).unwrap_or(8_760);
        let format = if step < 24 { "%a %H:%M" } else { "%-d %b" };
        let mut at = first_tick(&self.from.to_zoned(self.zone.clone()), step);
        for number in 0..=TICKS {
            let percent = self.percent(at.timestamp());
            if percent >= 99.0 {
                break;
            }
            let class = if number % 3 == 0 { "" } else { " class=\"minor\"" };
            let text = at.strftime(format);
            let _ = write!(
                svg,
                "<g{class}><line class=\"tick\" x1=\"{percent:.2}%\" x2=\"{percent:.2}%\" \
                 y2=\"100%\"/><text x=\"{percent:.2}%\" dx=\"4\" y=\"13\">{text}</text></g>"
            );
            let Ok(next) = at.checked_add(step_span(step)) else { break };
            at = next;
        }
        svg + "</svg>"
    }

    /// One span with its label, which is cut where it does not fit.
    pub(super) fn span(
        &self,
        (from, to): (Timestamp, Timestamp),
        class: &str,
        label: &str,
        title: &str,
    ) -> String {
        let (begin, width) = self.extent(from, to);
        format!(
            "<svg class=\"{class}\" x=\"{begin:.2}%\" width=\"{width:.2}%\"><title>{}</title>\
             <rect width=\"100%\" height=\"100%\"/><line class=\"edge\" y2=\"100%\"/>\
             <text x=\"4\" y=\"13\">{}</text></svg>",
            html(title),
            html(label)
        )
    }

    /// A release or an incident, as it stands in every strip of its environment.
    pub(super) fn mark(&self, mark: &TimelineMark, end: Timestamp) -> String {
        let title = html(&format!("{}: {}", mark.kind.as_str(), mark.label));
        match mark.kind {
            TimelineMarkKind::Release => {
                let at = self.percent(mark.at);
                format!(
                    "<g><title>{title}</title><line class=\"release\" x1=\"{at:.2}%\" \
                     x2=\"{at:.2}%\" y2=\"100%\"/><svg x=\"{at:.2}%\" overflow=\"visible\">\
                     <path class=\"release\" d=\"M-4 0h8l-4 7z\"/></svg></g>"
                )
            }
            TimelineMarkKind::Incident => {
                let (begin, width) = self.extent(mark.at, mark.until.unwrap_or(end));
                format!(
                    "<g><title>{title}</title><svg x=\"{begin:.2}%\" y=\"14\" \
                     width=\"{width:.2}%\"><rect class=\"incident\" width=\"100%\" height=\"5\"/>\
                     </svg></g>"
                )
            }
            kind @ (TimelineMarkKind::Go
            | TimelineMarkKind::NoGo
            | TimelineMarkKind::Incomplete) => self.point(mark.at, kind, &title),
        }
    }

    /// The name of a release, beside its mark.
    pub(super) fn mark_name(&self, mark: &TimelineMark) -> String {
        if mark.kind != TimelineMarkKind::Release {
            return String::new();
        }
        let at = self.percent(mark.at);
        format!("<text x=\"{at:.2}%\" dx=\"6\" y=\"13\">{}</text>", html(&mark.label))
    }

    /// A verdict, in the shape that it has elsewhere: round, square or a triangle.
    fn point(&self, at: Timestamp, kind: TimelineMarkKind, title: &str) -> String {
        let shape = match kind {
            TimelineMarkKind::Go => "M-5 9a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
            TimelineMarkKind::NoGo => "M-5 4h10v10h-10z",
            _ => "M0 3l6 11h-12z",
        };
        format!(
            "<svg x=\"{:.2}%\" overflow=\"visible\"><title>{title}</title><path class=\"point {}\" \
             d=\"{shape}\"/></svg>",
            self.percent(at),
            kind.as_str()
        )
    }
}

/// A young history is not drawn at the edge of an empty quarter: lanes begin with what is known
/// first, and are an hour at least.
fn first_known(timeline: &Timeline) -> Timestamp {
    let strips = timeline.rows.iter().flat_map(|row| &row.strips);
    let spans = strips.filter_map(|strip| strip.spans.first()).map(|span| span.from);
    let first = spans.chain(timeline.marks.iter().map(|mark| mark.at)).min();
    let latest = timeline.to - SignedDuration::from_hours(1);
    first.unwrap_or(timeline.from).clamp(timeline.from, latest.max(timeline.from))
}

/// Where a lane begins: its page closes it.
pub(super) fn open_lane() -> String {
    "<svg class=\"lane\" height=\"19\" focusable=\"false\">".to_owned()
}

fn step_span(hours: i64) -> jiff::Span {
    // Days are as long as the zone has them.
    if hours < 24 { hours.hours() } else { (hours / 24).days() }
}

/// The first full step behind a time: a midnight, or an hour that the step divides.
fn first_tick(from: &Zoned, step: i64) -> Zoned {
    let midnight = DateTime::from_parts(from.date(), Time::midnight());
    let mut at = midnight.to_zoned(from.time_zone().clone()).unwrap_or_else(|_| from.clone());
    let short = if step < 24 { step_span(step) } else { 1.day() };
    while at < *from {
        let Ok(next) = at.checked_add(short) else { break };
        at = next;
    }
    at
}
