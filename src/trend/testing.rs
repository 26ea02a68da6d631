//! Tables and worlds for the tests of `trend`.

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
    }
}

pub(super) fn load(steps: CounterTable, samples: CounterTable, span: LoadSpan) -> Load {
    let place = PlaceLoad { identity: LoadIdentity::Proven, steps, samples };
    Load { facts: facts(), span, places: [(String::new(), place)].into() }
}
