//! How an indicator went over a day, as a small drawing: in units of its own, one wide for each part
//! of the day.

use crate::model::{LoadCourse, LoadRow, count};
use crate::trend::shown_value;

/// How high the drawing is.
pub(in crate::report) const HEIGHT: f64 = 24.0;

/// The least height of what is known: zero is seen, and a gap is not zero.
const LEAST: f64 = 1.0;

/// A small drawing of bars.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Spark {
    /// How wide it is: its number of parts.
    pub(in crate::report) width: usize,
    /// Its height.
    pub(in crate::report) height: f64,
    /// The path of bars within the limit.
    pub(in crate::report) bars: String,
    /// The path of bars above it.
    pub(in crate::report) over: String,
    /// The path of what is not known.
    pub(in crate::report) gaps: String,
    /// Where the limit stands, if there is one.
    pub(in crate::report) limit: Option<String>,
    /// The same in words.
    pub(in crate::report) words: String,
}

impl Spark {
    pub(super) fn new(course: &LoadCourse, row: &LoadRow, (name, window): (&str, &str)) -> Self {
        let highest = course.parts.iter().flatten().copied().fold(0.0, f64::max);
        // Up to the limit at least: how far below it all stays is what is to be seen.
        let top = row.max.map_or(highest, |max| highest.max(max)).max(f64::MIN_POSITIVE);
        let (mut bars, mut over, mut gaps) = (String::new(), String::new(), String::new());
        for (x, part) in course.parts.iter().enumerate() {
            let Some(value) = part else {
                gaps.push_str(&format!("M{x} 0h1v{HEIGHT}h-1z"));
                continue;
            };
            let height = (value / top * HEIGHT).max(LEAST);
            let is_over = row.max.is_some_and(|max| *value > max);
            let path = if is_over { &mut over } else { &mut bars };
            path.push_str(&format!("M{x} {HEIGHT}v-{height:.1}h1v{height:.1}z"));
        }
        let shown = |value| shown_value(row.is_share, value);
        let mut words = format!("{name}, {window}: highest {}", shown(highest));
        words.extend(row.max.map(|max| format!(", limit {}", shown(max))));
        let unknown = course.parts.iter().filter(|part| part.is_none()).count();
        if unknown > 0 {
            let parts = count(course.parts.len(), "part");
            words.push_str(&format!("; {unknown} of {parts} not known"));
        }
        Self {
            width: course.parts.len(),
            height: HEIGHT,
            bars,
            over,
            gaps,
            limit: row.max.map(|max| format!("{:.1}", HEIGHT - max / top * HEIGHT)),
            words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(max: Option<f64>) -> LoadRow {
        LoadRow {
            indicator: "walk-share",
            is_share: true,
            max,
            change: None,
            cells: Vec::new(),
            risen: None,
        }
    }

    #[test]
    fn a_gap_is_drawn_and_zero_is_another_thing() {
        let parts = vec![Some(0.0), None, Some(0.025), Some(0.1)];
        let course = LoadCourse { indicator: "walk-share", parts };
        let spark = Spark::new(&course, &row(Some(0.05)), ("walk share", "24h"));
        assert_eq!(spark.bars, "M0 24v-1.0h1v1.0zM2 24v-6.0h1v6.0z");
        assert_eq!(spark.over, "M3 24v-24.0h1v24.0z");
        assert_eq!(spark.gaps, "M1 0h1v24h-1z");
        assert_eq!(spark.limit.as_deref(), Some("12.0"));
        let words = "walk share, 24h: highest 10 %, limit 5 %; 1 of 4 parts not known";
        assert_eq!(spark.words, words);
        let idle = LoadCourse { indicator: "walk-share", parts: vec![Some(0.0)] };
        let spark = Spark::new(&idle, &row(None), ("walk share", "24h"));
        assert_eq!((spark.bars.as_str(), spark.limit), ("M0 24v-1.0h1v1.0z", None));
    }
}
