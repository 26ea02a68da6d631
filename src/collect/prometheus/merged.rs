//! The series of one server, from the answers for the pieces of a span, and what belongs to no one
//! server. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::{SeriesLabels, ToldSeries};
use crate::model::{Failure, FailureKind};

/// Series of one server, which follow each other, with their values over the whole span and the
/// bytes of their labels.
const MAX_FOLLOWING: usize = 2000;
const MAX_FOLLOWING_VALUES: usize = 200_000;
const MAX_FOLLOWING_LABELS: usize = 4 * 1024 * 1024;

/// Commands of one server, and the bytes of a name: they stand in what is asked next.
const MAX_COMMANDS: usize = 2000;
const MAX_COMMAND: usize = 128;

/// Series whose values come piece by piece.
#[derive(Default)]
pub(super) struct Merged {
    all: Vec<ToldSeries>,
    by_labels: BTreeMap<SeriesLabels, usize>,
    values: usize,
    label_bytes: usize,
}

impl Merged {
    /// Adds the values of an answer to those of the answers before it, series by series.
    pub(super) fn add(&mut self, more: Vec<ToldSeries>) -> Result<(), Failure> {
        for series in more {
            self.values += series.points.len();
            if let Some(index) = self.by_labels.get(&series.labels) {
                self.all[*index].points.extend(series.points);
            } else {
                self.label_bytes += series.label_bytes();
                self.by_labels.insert(series.labels.clone(), self.all.len());
                self.all.push(series);
            }
        }
        let count = self.all.len();
        let what = if count > MAX_FOLLOWING {
            format!("{count} series")
        } else if self.values > MAX_FOLLOWING_VALUES {
            format!("series with {} values", self.values)
        } else if self.label_bytes > MAX_FOLLOWING_LABELS {
            "series with more than 4 MiB of labels".to_owned()
        } else {
            return Ok(());
        };
        let message = format!("match: fits {what} where one server has one series");
        Err(Failure::new(FailureKind::TooLarge, message)
            .with_advice("name the labels that this server's series alone have, as instance"))
    }

    pub(super) fn into_series(self) -> Vec<ToldSeries> {
        self.all
    }
}

/// The commands that series are of.
pub(super) fn command_names(listed: Vec<SeriesLabels>) -> Result<BTreeSet<String>, Failure> {
    let names = listed.into_iter().filter_map(|mut labels| labels.remove("cmd"));
    let names: BTreeSet<String> = names.collect();
    let longest = names.iter().map(String::len).max().unwrap_or(0);
    if names.len() <= MAX_COMMANDS && longest <= MAX_COMMAND {
        return Ok(names);
    }
    let message = if names.len() > MAX_COMMANDS {
        format!("match: fits series of {} commands, more than a Redis has", names.len())
    } else {
        format!("the name of a command has {longest} bytes, more than that of any Redis command")
    };
    Err(Failure::new(FailureKind::TooLarge, message)
        .with_advice("correct match: and members:, so that they match one server's series each"))
}
