//! Tables and worlds for the tests of `trend`.

use std::collections::BTreeMap;

use super::bucket::steps_of_samples;
use crate::model::{
    BucketLength, CounterRow, CounterTable, Load, LoadFacts, LoadIdentity, LoadRole, LoadSpan,
    PlaceLoad,
};

/// A row for [`table`]: seconds, run_id, counters. `cpu` is in microseconds, `#keys` is the number
/// of keys, `get.us` the time of GET, and all others are calls.
pub(super) struct Told {
    pub(super) row: CounterRow,
    pub(super) run_id: String,
    pub(super) counters: Vec<(String, f64)>,
}

pub(super) fn row(at: i64, run_id: &str, counters: &[(&str, f64)]) -> Told {
    let row = CounterRow {
        at_millis: at * 1000,
        run: None,
        role: LoadRole::Primary,
        samples: 5,
        is_cut: false,
        own_calls: 0,
        own_logins: 0,
    };
    let counters = counters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Told { row, run_id: run_id.to_owned(), counters }
}

pub(super) fn table(rows: &[Told]) -> CounterTable {
    let mut table = CounterTable::default();
    for told in rows {
        let at = table.push_row(&told.run_id, told.row).unwrap();
        for (name, value) in &told.counters {
            match name.as_str() {
                "processed" => table.set_processed(at, *value),
                "cpu" => table.set_cpu(at, *value),
                "#keys" => table.set_keys(at, *value),
                other => match other.strip_suffix(".us") {
                    Some(command) => table.set_micros(at, command, *value),
                    None => table.set_calls(at, other, *value),
                },
            }
        }
    }
    table
}

pub(super) fn facts() -> LoadFacts {
    LoadFacts {
        target: "redis/cache".into(),
        source: "history".to_owned(),
        length: BucketLength::DEFAULT,
        held_since: None,
        interval: Some(60.0),
        clock_ahead: Some(0.0),
        warnings: Vec::new(),
        origin: None,
    }
}

pub(super) fn load(steps: CounterTable, samples: CounterTable, span: LoadSpan) -> Load {
    let place = PlaceLoad { identity: LoadIdentity::Proven, steps, samples };
    Load { facts: facts(), span, places: [(String::new(), place)].into() }
}

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    /// A call of a command, and its microseconds.
    Call(&'static str, f64),
    /// The server is started anew.
    Restart,
    /// CONFIG RESETSTAT.
    Reset,
}

/// Everything that happens to a server, in the order of time: unix milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) events: Vec<(i64, Event)>,
}

/// What the server has counted.
#[derive(Default)]
struct Server {
    runs: u32,
    processed: f64,
    cpu: f64,
    commands: BTreeMap<&'static str, (f64, f64)>,
}

impl Server {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Call(command, micros) => {
                let counted = self.commands.entry(command).or_default();
                *counted = (counted.0 + 1.0, counted.1 + micros);
                self.processed += 1.0;
                self.cpu += micros;
            }
            Event::Restart => *self = Self { runs: self.runs + 1, ..Self::default() },
            Event::Reset => {
                self.commands.clear();
                self.processed = 0.0;
                self.hear(Event::Call("config|resetstat", 10.0));
            }
        }
    }
}

impl World {
    pub(super) fn sort(&mut self) {
        self.events.sort_by_key(|(at, _)| *at);
    }

    /// What a sampler sees that asks at these milliseconds.
    pub(super) fn sampled(&self, times: &[i64]) -> CounterTable {
        let mut server = Server::default();
        let mut events = self.events.iter().peekable();
        let mut table = CounterTable::default();
        for time in times {
            while let Some((_, event)) = events.next_if(|(at, _)| at <= time) {
                server.hear(*event);
            }
            let row = CounterRow {
                at_millis: *time,
                run: None,
                role: LoadRole::Primary,
                samples: 1,
                is_cut: false,
                own_calls: 0,
                own_logins: 0,
            };
            let at = table.push_row(&format!("run{}", server.runs), row).unwrap();
            table.set_processed(at, server.processed);
            table.set_cpu(at, server.cpu);
            table.set_keys(at, 1000.0);
            for (command, (calls, micros)) in &server.commands {
                table.set_calls(at, command, *calls);
                table.set_micros(at, command, *micros);
            }
        }
        table
    }
}

/// Samples of some buckets alone.
pub(super) fn only_buckets(samples: &CounterTable, wanted: impl Fn(i64) -> bool) -> CounterTable {
    let mut kept = CounterTable::default();
    for (index, row) in samples.rows().iter().enumerate() {
        if wanted(BucketLength::DEFAULT.end_of(row.at_millis)) {
            kept.copy_row(samples, index, *row);
        }
    }
    kept
}

/// Steps as a Prometheus has them: a series that vanished within its bucket is left standing.
pub(super) fn left_standing(samples: &CounterTable) -> CounterTable {
    let length = BucketLength::DEFAULT;
    let mut steps = steps_of_samples(samples, length);
    let ends: Vec<i64> = steps.rows().iter().map(|row| row.at_millis / 1000).collect();
    for (sample, row) in samples.rows().iter().enumerate() {
        let step = ends.binary_search(&length.end_of(row.at_millis)).unwrap();
        for (name, columns) in samples.commands() {
            let told = (columns.calls.get(sample), columns.micros.get(sample));
            if let (Some(calls), Some(micros)) = told {
                steps.set_calls(step, name, calls);
                steps.set_micros(step, name, micros);
            }
        }
    }
    steps
}
