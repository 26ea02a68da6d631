//! Moments of a server: rows of its steps and of its samples, seen as one line of time.
//!
//! Steps and samples are two tables of the same counters. What compares two moments reads a counter
//! from whichever table each of them stands in.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Column, CommandColumns, CounterRow, CounterTable, PlaceLoad};

/// A row of one of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Of the steps.
    Step(usize),
    /// Of the samples.
    Sample(usize),
}

/// One counter in both tables.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    steps: Option<&'a Column>,
    samples: Option<&'a Column>,
}

impl Line<'_> {
    /// Its value at a moment, if it was told.
    pub(super) fn value_at(&self, at: Moment) -> Option<f64> {
        match at {
            Moment::Step(row) => self.steps?.get(row),
            Moment::Sample(row) => self.samples?.get(row),
        }
    }
}

/// Calls and time of one command in both tables.
#[derive(Clone, Copy)]
pub(super) struct CommandLine<'a> {
    /// Its calls.
    pub(super) calls: Line<'a>,
    /// Its microseconds.
    pub(super) micros: Line<'a>,
}

/// Both tables of a server.
pub(super) struct Timeline<'a> {
    steps: &'a CounterTable,
    samples: &'a CounterTable,
    commands: BTreeMap<&'a str, CommandLine<'a>>,
    hidden_in_steps: Vec<Option<f64>>,
    hidden_in_samples: Vec<Option<f64>>,
    returned_in_steps: Vec<bool>,
    returned_in_samples: Vec<bool>,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(place: &'a PlaceLoad) -> Self {
        Self::of_tables(&place.steps, &place.samples)
    }

    pub(super) fn of_tables(steps: &'a CounterTable, samples: &'a CounterTable) -> Self {
        let names: BTreeSet<&str> =
            steps.commands().keys().chain(samples.commands().keys()).map(String::as_str).collect();
        let line = |of: fn(&CommandColumns) -> &Column, name: &str| Line {
            steps: steps.commands().get(name).map(of),
            samples: samples.commands().get(name).map(of),
        };
        let commands = names.into_iter().map(|name| {
            let calls = line(|columns| &columns.calls, name);
            (name, CommandLine { calls, micros: line(|columns| &columns.micros, name) })
        });
        Self {
            steps,
            samples,
            commands: commands.collect(),
            hidden_in_steps: hidden_calls(steps),
            hidden_in_samples: hidden_calls(samples),
            returned_in_steps: returned_runs(steps),
            returned_in_samples: returned_runs(samples),
        }
    }

    pub(super) fn steps(&self) -> &'a [CounterRow] {
        self.steps.rows()
    }

    pub(super) fn samples(&self) -> &'a [CounterRow] {
        self.samples.rows()
    }

    pub(super) fn commands(&self) -> &BTreeMap<&'a str, CommandLine<'a>> {
        &self.commands
    }

    /// The command by which our sessions begin: HELLO, or AUTH where a server knows no HELLO.
    /// `None` where neither was ever called: then it counts none of them.
    pub(super) fn login(&self) -> Option<&'static str> {
        ["hello", "auth"].into_iter().find(|name| self.commands.contains_key(name))
    }

    pub(super) fn processed(&self) -> Line<'a> {
        Line { steps: Some(self.steps.processed()), samples: Some(self.samples.processed()) }
    }

    pub(super) fn cpu(&self) -> Line<'a> {
        Line { steps: Some(self.steps.cpu()), samples: Some(self.samples.cpu()) }
    }

    pub(super) fn keys(&self) -> Line<'a> {
        Line { steps: Some(self.steps.keys()), samples: Some(self.samples.keys()) }
    }

    pub(super) fn row_at(&self, at: Moment) -> &'a CounterRow {
        match at {
            Moment::Step(row) => &self.steps.rows()[row],
            Moment::Sample(row) => &self.samples.rows()[row],
        }
    }

    pub(super) fn run_id(&self, at: Moment) -> Option<&'a str> {
        match at {
            Moment::Step(row) => self.steps.run_id(row),
            Moment::Sample(row) => self.samples.run_id(row),
        }
    }

    /// When the server of a sample was started: unix seconds.
    pub(super) fn started(&self, at: Moment) -> Option<f64> {
        match at {
            Moment::Step(_) => None,
            Moment::Sample(row) => self.samples.started().get(row),
        }
    }

    /// Whether the run of a moment ended before, by what was told in between: no start of a server
    /// comes back.
    pub(super) fn is_returned(&self, at: Moment) -> bool {
        match at {
            Moment::Step(row) => self.returned_in_steps[row],
            Moment::Sample(row) => self.returned_in_samples[row],
        }
    }

    /// Commands that were processed and that no counter of a command tells of; `None` if that
    /// cannot be said. Exactly 0 proves that an absent command was never called.
    pub(super) fn hidden_commands(&self, at: Moment) -> Option<f64> {
        match at {
            Moment::Step(row) => self.hidden_in_steps[row],
            Moment::Sample(row) => self.hidden_in_samples[row],
        }
    }
}

fn returned_runs(table: &CounterTable) -> Vec<bool> {
    let mut seen = BTreeSet::new();
    let mut last = None;
    let is_returned = |row: &CounterRow| {
        let Some(run) = row.run else { return false };
        let is_new = seen.insert(run);
        let is_other = last.replace(run).is_some_and(|last| last != run);
        is_other && !is_new
    };
    table.rows().iter().map(is_returned).collect()
}

/// All are whole numbers below 2^53, so that sums are exact.
fn hidden_calls(table: &CounterTable) -> Vec<Option<f64>> {
    let mut sums: Vec<Option<f64>> = vec![None; table.rows().len()];
    for columns in table.commands().values() {
        for (row, sum) in sums.iter_mut().enumerate() {
            if let Some(calls) = columns.calls.get(row) {
                *sum = Some(sum.unwrap_or(0.0) + calls);
            }
        }
    }
    let hidden = |(row, sum): (usize, Option<f64>)| Some(table.processed().get(row)? - sum?);
    sums.into_iter().enumerate().map(hidden).collect()
}
