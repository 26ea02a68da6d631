//! The load of a target as a source tells it: counters of each server, raw, in columns.
//!
//! Every source gives the same: `trend` makes differences of it and judges them. Nothing in here is
//! a rate or a difference. Times are unix seconds unless a name says milliseconds.

use std::collections::BTreeMap;

use super::{Bucket, BucketLength, Hour, Indicator, Indicators, Series, TargetId};

/// A span of time, from the first moment until before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadSpan {
    /// Where it begins.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
}

impl LoadSpan {
    /// In seconds.
    pub const fn seconds(self) -> i64 {
        self.to - self.from
    }

    /// Whether the bucket or hour that ends at `at` lies in it whole.
    pub const fn holds_bucket(self, at: i64, seconds: i64) -> bool {
        at - seconds >= self.from && at <= self.to
    }

    /// Whether the two have a moment in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// A span that somebody marked: `mark span qualif FROM..TO --label reproduction --exclude`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanMark {
    /// When.
    pub span: LoadSpan,
    /// What it was.
    pub label: String,
    /// Who marked it (claimed).
    pub by: String,
    /// Whether what happened in it is left out of every window.
    pub is_excluded: bool,
}

/// What holds for all load of a target that one source told.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadFacts {
    /// Whose.
    pub target: TargetId,
    /// What told it: `history`, `prometheus https://prom/base`.
    pub source: String,
    /// The grid of steps and buckets.
    pub length: BucketLength,
    /// The first moment of which the source holds anything; `None` if that is not known.
    pub held_since: Option<i64>,
    /// Seconds from one sample to the next, as the source is set up; `None` if not known.
    pub interval: Option<f64>,
    /// Seconds by which the source's clock is ahead of ours; `None` if it tells no time.
    pub clock_ahead: Option<f64>,
    /// What the source warned of. An answer with warnings is not a whole one.
    pub warnings: Vec<String>,
    /// What was asked and answered, where it came from outside.
    pub origin: Option<LoadOrigin>,
}

/// What a source outside was asked, and what it answered, so that the two can be told later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOrigin {
    /// The queries, one a line, each once.
    pub query: String,
    /// SHA-256 over all answers, in hex.
    pub answer: String,
}

/// The load of one target in one span: what every source gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// What holds for all of it.
    pub facts: LoadFacts,
    /// What was asked for. Steps begin one bucket before it, where the source has them.
    pub span: LoadSpan,
    /// By server: `10.0.0.1:6379`, or "" where the target is one server. A server of which the
    /// source has nothing is there, and is empty.
    pub places: BTreeMap<String, PlaceLoad>,
}

/// The load of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaceLoad {
    /// Whether it is the server that was asked for.
    pub identity: LoadIdentity,
    /// The counters last seen in each bucket, in the order of time; a row's time is the bucket's
    /// end. A bucket without a row is a gap.
    pub steps: CounterTable,
    /// Samples in the order of time: of cut buckets at least, or all that are kept. Those of a
    /// bucket are either all there or not at all.
    pub samples: CounterTable,
}

/// Whether the series are those of the server that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoadIdentity {
    /// The server's own answer has the newest `run_id` of the series.
    Proven,
    /// By the labels alone: the source tells no `run_id`, or there is no answer of the server.
    ByLabels,
    /// The server's own answer has another `run_id`, and it has run for longer than the source
    /// could have missed.
    AnotherServer {
        /// The server's own.
        live: String,
        /// The newest of the series.
        found: String,
    },
    /// Nothing tells.
    #[default]
    Unknown,
}

/// Counters at several moments. All columns are as long as `rows`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CounterTable {
    rows: Vec<CounterRow>,
    /// Names of runs that rows refer to.
    run_ids: Vec<String>,
    /// The number of each of them.
    run_numbers: BTreeMap<String, u32>,
    processed: Column,
    cpu: Column,
    keys: Column,
    started: Column,
    commands: BTreeMap<String, CommandColumns>,
}

/// What belongs to all counters of one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CounterRow {
    /// Unix milliseconds.
    pub at_millis: i64,
    /// Which of the table's `run_id`s; `None` if the source tells none.
    pub run: Option<u32>,
    /// The server's role.
    pub role: LoadRole,
    /// Samples in the bucket; of a sample 1.
    pub samples: u32,
    /// Whether the source says that counters fell in the bucket (`resets(…) > 0`). What it does not
    /// say, `trend` finds by the figures. Another series of the same server (its exporter was
    /// restarted) is no such mark: the server's counters go on.
    pub is_cut: bool,
    /// Commands of ours among the calls since the row before, `INFO` each: they are not load.
    pub own_calls: u32,
    /// Sessions of ours that began since the row before, by a HELLO or an AUTH each.
    pub own_logins: u32,
}

/// What a server was, as far as load is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoadRole {
    /// `master`.
    Primary,
    /// `slave`, `replica`.
    Replica,
    /// Not told.
    #[default]
    Unknown,
}

impl LoadRole {
    /// From the word that a server or an exporter has for it.
    pub fn from_word(word: &str) -> Self {
        match word {
            "master" | "primary" => Self::Primary,
            "slave" | "replica" => Self::Replica,
            _ => Self::Unknown,
        }
    }
}

/// The columns of one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandColumns {
    /// Calls.
    pub calls: Column,
    /// Microseconds.
    pub micros: Column,
}

/// One counter at the moments of a table. Eight bytes a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column(Vec<f64>);

impl Column {
    /// The value in a row; `None` if the source did not tell it there.
    pub fn get(&self, row: usize) -> Option<f64> {
        self.0.get(row).copied().filter(|value| value.is_finite())
    }

    /// Sets the value of a row. What is not finite or is negative was not told.
    fn set_cell(&mut self, row: usize, value: f64) {
        if value.is_finite() && value >= 0.0 {
            if self.0.len() <= row {
                self.0.resize(row + 1, f64::NAN);
            }
            self.0[row] = value;
        }
    }
}

impl CounterTable {
    /// Adds a moment, and gives its number. Moments come in the order of time; one that does not is
    /// left out (`None`).
    pub fn push_row(&mut self, run_id: &str, mut row: CounterRow) -> Option<usize> {
        if self.rows.last().is_some_and(|last| last.at_millis >= row.at_millis) {
            return None;
        }
        row.run = (!run_id.is_empty()).then(|| self.intern_run_id(run_id));
        self.rows.push(row);
        Some(self.rows.len() - 1)
    }

    fn intern_run_id(&mut self, run_id: &str) -> u32 {
        if let Some(known) = self.run_numbers.get(run_id) {
            return *known;
        }
        let new = u32::try_from(self.run_ids.len()).unwrap_or(u32::MAX);
        self.run_numbers.insert(run_id.to_owned(), new);
        self.run_ids.push(run_id.to_owned());
        new
    }

    /// Commands processed.
    pub fn set_processed(&mut self, row: usize, value: f64) {
        self.processed.set_cell(row, value);
    }

    /// Microseconds of CPU, user and system.
    pub fn set_cpu(&mut self, row: usize, micros: f64) {
        self.cpu.set_cell(row, micros);
    }

    /// Keys in all databases.
    pub fn set_keys(&mut self, row: usize, keys: f64) {
        self.keys.set_cell(row, keys);
    }

    /// When the server was started: unix seconds.
    pub fn set_started(&mut self, row: usize, at: f64) {
        self.started.set_cell(row, at);
    }

    /// Calls of a command.
    pub fn set_calls(&mut self, row: usize, command: &str, calls: f64) {
        self.command_mut(command).calls.set_cell(row, calls);
    }

    /// Microseconds in a command.
    pub fn set_micros(&mut self, row: usize, command: &str, micros: f64) {
        self.command_mut(command).micros.set_cell(row, micros);
    }

    fn command_mut(&mut self, command: &str) -> &mut CommandColumns {
        if !self.commands.contains_key(command) {
            self.commands.insert(command.to_owned(), CommandColumns::default());
        }
        self.commands.get_mut(command).expect("it was inserted")
    }

    /// Sets everything that a sample tells.
    pub fn set_indicators(&mut self, row: usize, told: &Indicators) {
        if let Some(value) = told.get(Indicator::Operations) {
            self.set_processed(row, value);
        }
        let cpu = (told.get(Indicator::CpuUser), told.get(Indicator::CpuSystem));
        if let (Some(user), Some(system)) = cpu {
            self.set_cpu(row, (user + system) * 1e6);
        }
        if let Some(keys) = told.get(Indicator::Keys) {
            self.set_keys(row, keys);
        }
        if let Some(uptime) = told.get(Indicator::Uptime) {
            self.set_started(row, seconds_of(self.rows[row].at_millis) - uptime);
        }
        for (command, calls) in told.by_subject(Indicator::Calls) {
            self.set_calls(row, command, calls);
        }
        for (command, micros) in told.by_subject(Indicator::Time) {
            self.set_micros(row, command, micros);
        }
    }

    /// Adds a moment of another table, at another time. `None` as [`Self::push_row`].
    pub fn copy_row(&mut self, of: &Self, row: usize, changed: CounterRow) -> Option<usize> {
        let new = self.push_row(of.run_id(row).unwrap_or_default(), changed)?;
        let told = [
            (&mut self.processed, &of.processed),
            (&mut self.cpu, &of.cpu),
            (&mut self.keys, &of.keys),
            (&mut self.started, &of.started),
        ];
        for (column, from) in told {
            from.get(row).into_iter().for_each(|value| column.set_cell(new, value));
        }
        for (name, columns) in &of.commands {
            if let Some(calls) = columns.calls.get(row) {
                self.set_calls(new, name, calls);
            }
            if let Some(micros) = columns.micros.get(row) {
                self.set_micros(new, name, micros);
            }
        }
        Some(new)
    }

    /// The moments.
    pub fn rows(&self) -> &[CounterRow] {
        &self.rows
    }

    /// The `run_id` of a row.
    pub fn run_id(&self, row: usize) -> Option<&str> {
        let run = self.rows.get(row)?.run?;
        self.run_ids.get(run as usize).map(String::as_str)
    }

    /// Seconds by which the last moment lies before the end of a span; 0 without moments.
    pub fn ends_early(&self, span: LoadSpan) -> f64 {
        let last = self.rows.last();
        last.map_or(0.0, |row| (seconds_of(span.to * 1000 - row.at_millis)).max(0.0))
    }

    /// Commands processed.
    pub fn processed(&self) -> &Column {
        &self.processed
    }

    /// Microseconds of CPU.
    pub fn cpu(&self) -> &Column {
        &self.cpu
    }

    /// Keys.
    pub fn keys(&self) -> &Column {
        &self.keys
    }

    /// When the server was started: unix seconds.
    pub fn started(&self) -> &Column {
        &self.started
    }

    /// Commands by name.
    pub fn commands(&self) -> &BTreeMap<String, CommandColumns> {
        &self.commands
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of today are far below 2^53")]
fn seconds_of(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// Buckets and hours of one target, as `trend` makes them and the store keeps them: what windows
/// are judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketedLoad {
    /// What holds for all of it.
    pub facts: LoadFacts,
    /// By server. A server of which nothing is known is there, and is empty.
    pub places: BTreeMap<String, PlaceBuckets>,
}

/// Buckets and hours of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaceBuckets {
    /// Whether it is the server that was asked for.
    pub identity: LoadIdentity,
    /// Buckets by series, in the order of time. What has no row: see [`Series`].
    pub buckets: BTreeMap<Series, Vec<Bucket>>,
    /// Hours by series, in the order of time. Where there are buckets too, these count.
    pub hours: BTreeMap<Series, Vec<Hour>>,
    /// Samples that are still kept, in the order of time: the worst five minutes slide over them.
    pub samples: CounterTable,
    /// When it was last seen, if it is a member no more: nothing of it is missing from then on.
    pub left_at: Option<i64>,
}
