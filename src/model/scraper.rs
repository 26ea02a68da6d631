//! Which of several series is the server's: they may follow each other, never stand side by side.
//!
//! Two scrapers of one server double every sum. An exporter that was restarted makes a second
//! series that goes on where the first ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A series as its source tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledSeries {
    /// All its labels, in words (untrusted): `{instance="a:9121", pod="x-1"}`.
    pub labels: String,
    /// Steps at which it has a value, in the order of time; unix seconds on the grid.
    pub steps: Vec<i64>,
}

/// Series that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedSeries {
    /// For each step the series that counts, by its number: where one ends and the next begins the
    /// later one.
    pub steps: Vec<(i64, usize)>,
    /// Steps at which another series takes over. The server goes on, so that differences do:
    /// whether it was cut there its counters say.
    pub changes: Vec<i64>,
}

/// Why no series of a server can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesFault {
    /// The source knows no series of these labels.
    NoSeries,
    /// It knows some, and none has a value in the span.
    WithoutSamples {
        /// Their labels.
        labels: Vec<String>,
    },
    /// Two have values at consecutive steps.
    TwoScrapers {
        /// Labels of one.
        first: String,
        /// Labels of the other.
        second: String,
        /// The first step of both.
        at: i64,
    },
}

impl fmt::Display for SeriesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSeries => f.write_str("no series: nothing has the labels of match:"),
            Self::WithoutSamples { labels } => {
                write!(f, "series without samples: {}", labels.join(", "))
            }
            Self::TwoScrapers { first, second, .. } => write!(
                f,
                "two series of one server at the same time, which double every sum: \
                 {first} and {second}"
            ),
        }
    }
}

/// Joins the series of one server, if they follow each other.
///
/// # Errors
/// Where there is none, none has a value, or two have values at two consecutive steps of `length`
/// seconds. One step in common is where one takes over from the other.
pub fn join_series(series: &[LabelledSeries], length: i64) -> Result<JoinedSeries, SeriesFault> {
    if series.is_empty() {
        return Err(SeriesFault::NoSeries);
    }
    let mut order: Vec<usize> =
        (0..series.len()).filter(|i| !series[*i].steps.is_empty()).collect();
    if order.is_empty() {
        let labels = series.iter().map(|one| one.labels.clone()).collect();
        return Err(SeriesFault::WithoutSamples { labels });
    }
    if let Some(fault) = find_overlap(series, &order, length) {
        return Err(fault);
    }
    order.sort_by_key(|i| (series[*i].steps.last().copied(), *i));
    let mut by_step = BTreeMap::new();
    for index in order {
        by_step.extend(series[index].steps.iter().map(|at| (*at, index)));
    }
    let steps: Vec<(i64, usize)> = by_step.into_iter().collect();
    let changes = steps.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1].0);
    Ok(JoinedSeries { changes: changes.collect(), steps })
}

/// Two that have two consecutive steps in common.
fn find_overlap(series: &[LabelledSeries], order: &[usize], length: i64) -> Option<SeriesFault> {
    let mut by_step: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    for index in order {
        series[*index].steps.iter().for_each(|at| {
            by_step.entry(*at).or_default().insert(*index);
        });
    }
    by_step.iter().filter(|(_, here)| here.len() > 1).find_map(|(at, here)| {
        let next = by_step.get(&(at + length))?;
        let mut both = here.intersection(next);
        let (first, second) = (both.next()?, both.next()?);
        let labels = |index: &usize| series[*index].labels.clone();
        let (first, second) = (labels(first), labels(second));
        Some(SeriesFault::TwoScrapers { first, second, at: *at })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &str, steps: &[i64]) -> LabelledSeries {
        LabelledSeries { labels: labels.to_owned(), steps: steps.to_vec() }
    }

    #[test]
    fn load_joins_series_that_follow_each_other() {
        let all = [series("{pod=\"b\"}", &[900, 1200]), series("{pod=\"a\"}", &[300, 600, 900])];
        let joined = join_series(&all, 300).unwrap();
        assert_eq!(joined.steps, [(300, 1), (600, 1), (900, 0), (1200, 0)]);
        assert_eq!(joined.changes, [900]);
    }

    #[test]
    fn load_refuses_two_scrapers_of_one_server() {
        let all = [
            series("{pod=\"a\"}", &[300, 600, 900]),
            series("{pod=\"c\"}", &[]),
            series("{pod=\"b\"}", &[600, 900, 1200]),
        ];
        let fault = join_series(&all, 300).unwrap_err();
        let text = fault.to_string();
        assert!(text.contains("{pod=\"a\"} and {pod=\"b\"}"), "{text}");
        assert!(matches!(fault, SeriesFault::TwoScrapers { at: 600, .. }));
        // Two that each miss what the other has, but for one step now and then.
        let apart = [series("a", &[300, 900, 1500]), series("b", &[300, 600, 1200, 1500])];
        assert!(join_series(&apart, 300).is_ok());
    }

    #[test]
    fn load_tells_no_series_from_series_without_samples() {
        assert_eq!(join_series(&[], 300), Err(SeriesFault::NoSeries));
        let fault = join_series(&[series("{job=\"redis\"}", &[])], 300).unwrap_err();
        assert_eq!(fault.to_string(), "series without samples: {job=\"redis\"}");
    }
}
