//! What a Prometheus told of one server becomes its load: counters at the ends of buckets, and the
//! samples of those buckets in which the server was cut. Pure; judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::{SeriesLabels, SeriesPoint, ToldSeries};
use crate::model::{
    BucketLength, CounterRow, CounterTable, Failure, FailureKind, JoinedSeries, LabelledSeries,
    LoadRole, SeriesFault, join_series,
};

/// Counters of commands of one server that are kept: 8 bytes each.
const MAX_VALUES: usize = 4_000_000;

/// Cut buckets of one server whose samples are asked for, the newest first. Those of more are
/// unknown.
const MAX_CUTS: usize = 50;

/// Label sets that a message names, and the characters of each.
const MAX_NAMED: usize = 5;
const MAX_WORDS: usize = 300;

/// Samples of one bucket, for each second of it.
const MAX_SAMPLES_A_SECOND: i64 = 4;

/// What tells the steps of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct StepsTold {
    /// The last of commands processed in each bucket.
    pub(super) processed: Vec<ToldSeries>,
    /// Samples of it at which the server was up.
    pub(super) up: Vec<ToldSeries>,
    /// How often counters fell in it.
    pub(super) resets: Vec<ToldSeries>,
    /// `run_id` and role as labels.
    pub(super) instance: Vec<ToldSeries>,
}

/// A server's counters while they are put together.
pub(super) struct Steps {
    /// Labels of the series of commands processed, without its name.
    bases: Vec<SeriesLabels>,
    joined: JoinedSeries,
    /// Rows by the end of their bucket: the row, and the base that counts there.
    rows: BTreeMap<i64, (usize, usize)>,
    told_cuts: BTreeSet<i64>,
    cpu: Vec<[Option<f64>; 2]>,
    table: CounterTable,
}

/// One kind of counter that is added to steps or samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CounterKind {
    /// Of commands, by the label `cmd`.
    Calls,
    /// Of commands, in seconds.
    Seconds,
    /// In user mode.
    CpuUser,
    /// In the kernel.
    CpuSystem,
    /// A gauge.
    Keys,
}

/// Joins the series of a server. `listed` are the label sets that are known at all.
pub(super) fn steps(
    told: &StepsTold,
    listed: &[SeriesLabels],
    length: BucketLength,
) -> Result<Steps, SeriesFault> {
    let mut series: Vec<LabelledSeries> = told.processed.iter().map(labelled).collect();
    if series.is_empty() {
        let named = listed.iter().take(MAX_NAMED);
        series
            .extend(named.map(|labels| LabelledSeries { labels: in_words(labels), steps: vec![] }));
    }
    let joined = join_series(&series, length.seconds())?;
    let bases: Vec<SeriesLabels> =
        told.processed.iter().map(|series| base_of(&series.labels)).collect();
    let mut made = Steps {
        bases,
        joined,
        rows: BTreeMap::new(),
        told_cuts: BTreeSet::new(),
        cpu: Vec::new(),
        table: CounterTable::default(),
    };
    made.set_rows(told);
    Ok(made)
}

impl Steps {
    fn set_rows(&mut self, told: &StepsTold) {
        let processed: Vec<BTreeMap<i64, f64>> = told.processed.iter().map(by_second).collect();
        let up = sums(&told.up);
        let resets = sums(&told.resets);
        let instance = Instances::new(&told.instance);
        for (at, base) in self.joined.steps.clone() {
            let found = instance.at(at, &self.bases[base]);
            let row = CounterRow {
                at_millis: at * 1000,
                run: None,
                role: LoadRole::from_word(found.map_or("", |labels| label(labels, "role"))),
                samples: up.get(&at).copied().map_or(0, count_of),
                is_cut: resets.get(&at).is_some_and(|resets| *resets > 0.0),
                own_calls: 0,
                own_logins: 0,
            };
            let run_id = found.map_or("", |labels| label(labels, "run_id"));
            let Some(index) = self.table.push_row(run_id, row) else { continue };
            if let Some(value) = processed[base].get(&at) {
                self.table.set_processed(index, *value);
            }
            self.told_cuts.extend(row.is_cut.then_some(at));
            self.rows.insert(at, (index, base));
        }
        self.cpu = vec![[None; 2]; self.table.rows().len()];
    }

    /// Sets a counter in the buckets that an answer tells it in.
    pub(super) fn set(&mut self, counter: CounterKind, told: &[ToldSeries]) -> Result<(), Failure> {
        let rows = |at_millis: i64| self.rows.get(&(at_millis / 1000)).copied();
        let (table, cpu) = (&mut self.table, &mut self.cpu);
        told.iter()
            .try_for_each(|series| set_series(table, cpu, counter, series, &self.bases, rows))
    }

    /// Ends of the newest buckets in which the server was cut, in their order: told, or seen by the
    /// counters.
    pub(super) fn cuts(&self) -> Vec<i64> {
        let rows = self.table.rows();
        let seen = (1..rows.len()).filter(|row| self.is_cut_before(*row));
        let mut all: BTreeSet<i64> = seen.map(|row| rows[row].at_millis / 1000).collect();
        all.extend(&self.told_cuts);
        let surplus = all.len().saturating_sub(MAX_CUTS);
        all.into_iter().skip(surplus).collect()
    }

    fn is_cut_before(&self, row: usize) -> bool {
        let falls = |of: &crate::model::Column| matches!((of.get(row - 1), of.get(row)), (Some(before), Some(after)) if after < before);
        let table = &self.table;
        let runs = (table.run_id(row - 1), table.run_id(row));
        let cpu = |row: usize| cpu_of(&self.cpu[row]);
        matches!(runs, (Some(before), Some(after)) if before != after)
            || falls(table.processed())
            || matches!((cpu(row - 1), cpu(row)), (Some(before), Some(after)) if after < before)
            || table.commands().iter().any(|(name, columns)| {
                let calls = |row| columns.calls.get(row).unwrap_or(0.0);
                falls(&columns.calls)
                    || falls(&columns.micros)
                    || name == "config|resetstat" && calls(row) > calls(row - 1)
            })
    }

    /// The first bucket of which anything is known, by its end.
    pub(super) fn first(&self) -> Option<i64> {
        self.rows.keys().next().copied()
    }

    /// The newest `run_id`.
    pub(super) fn newest_run(&self) -> Option<String> {
        let last = self.table.rows().len().checked_sub(1)?;
        self.table.run_id(last).map(str::to_owned)
    }

    /// Seconds between samples, by the buckets that are there.
    pub(super) fn interval(&self, length: BucketLength) -> Option<f64> {
        let rows = self.table.rows().iter();
        let mut counts: Vec<u32> = rows.map(|row| row.samples).filter(|count| *count > 0).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).map(|count| length.as_f64() / f64::from(*count))
    }

    /// The counters at the ends of buckets.
    pub(super) fn into_table(mut self) -> CounterTable {
        set_cpu(&mut self.table, &self.cpu);
        self.table
    }
}

/// All samples of one bucket, as they were told.
#[derive(Clone, Debug, Default)]
pub(super) struct SamplesTold {
    /// Its end.
    pub(super) at: i64,
    /// Commands processed: a sample is where this has a value.
    pub(super) processed: Vec<ToldSeries>,
    /// `run_id` and role as labels.
    pub(super) instance: Vec<ToldSeries>,
    /// The other counters.
    pub(super) counters: Vec<(CounterKind, Vec<ToldSeries>)>,
}

/// Samples that are put together bucket by bucket.
#[derive(Default)]
pub(super) struct Samples {
    table: CounterTable,
    cpu: Vec<[Option<f64>; 2]>,
}

impl Samples {
    /// Buckets come in the order of time. A range of Prometheus 2 has a sample on its first moment,
    /// which belongs to the bucket before.
    pub(super) fn add(
        &mut self,
        bucket: &SamplesTold,
        length: BucketLength,
    ) -> Result<(), Failure> {
        let inside = (bucket.at - length.seconds()) * 1000 + 1..=bucket.at * 1000;
        let bases: Vec<SeriesLabels> =
            bucket.processed.iter().map(|one| base_of(&one.labels)).collect();
        let mut moments: BTreeMap<i64, (usize, f64)> = BTreeMap::new();
        for (base, series) in bucket.processed.iter().enumerate() {
            let points = series.points.iter().filter(|point| inside.contains(&point.at_millis));
            moments.extend(points.map(|point| (point.at_millis, (base, point.value))));
        }
        if i64::try_from(moments.len()).is_ok_and(|n| n > MAX_SAMPLES_A_SECOND * length.seconds()) {
            let message = format!("{} samples in one bucket are too many", moments.len());
            return Err(Failure::new(FailureKind::TooLarge, message)
                .with_advice("correct match:, so that it matches the series of one scraper"));
        }
        let instances = instances_at(&bucket.instance);
        let mut rows = BTreeMap::new();
        for (at_millis, (base, processed)) in moments {
            let mut here = instances.get(&at_millis).into_iter().flatten();
            let found = here.find(|labels| fits(&bases[base], labels));
            let row = CounterRow {
                at_millis,
                run: None,
                role: LoadRole::from_word(found.map_or("", |labels| label(labels, "role"))),
                samples: 1,
                is_cut: false,
                own_calls: 0,
                own_logins: 0,
            };
            let run_id = found.map_or("", |labels| label(labels, "run_id"));
            if let Some(index) = self.table.push_row(run_id, row) {
                self.table.set_processed(index, processed);
                rows.insert(at_millis, (index, base));
            }
        }
        self.cpu.resize(self.table.rows().len(), [None; 2]);
        let (table, cpu) = (&mut self.table, &mut self.cpu);
        let row_at = |at_millis: i64| rows.get(&at_millis).copied();
        bucket.counters.iter().try_for_each(|(counter, told)| {
            told.iter()
                .try_for_each(|series| set_series(table, cpu, *counter, series, &bases, row_at))
        })
    }

    pub(super) fn into_table(mut self) -> CounterTable {
        set_cpu(&mut self.table, &self.cpu);
        self.table
    }
}

/// Sets a counter at all moments that a series tells it at. `row_at` is the row of a moment, and
/// the base that counts there.
fn set_series(
    table: &mut CounterTable,
    cpu: &mut [[Option<f64>; 2]],
    counter: CounterKind,
    series: &ToldSeries,
    bases: &[SeriesLabels],
    row_at: impl Fn(i64) -> Option<(usize, usize)>,
) -> Result<(), Failure> {
    // Neighbouring moments have one base, nearly always.
    let mut known = None;
    for point in &series.points {
        let Some((row, base)) = row_at(point.at_millis) else { continue };
        let (_, is_fitting) = match known {
            Some((asked, fitting)) if asked == base => (asked, fitting),
            _ => *known.insert((base, fits(&bases[base], &series.labels))),
        };
        if is_fitting {
            has_room(table, label(&series.labels, "cmd"))?;
            set_value(table, cpu, counter, row, series, *point);
        }
    }
    Ok(())
}

fn set_value(
    table: &mut CounterTable,
    cpu: &mut [[Option<f64>; 2]],
    counter: CounterKind,
    row: usize,
    series: &ToldSeries,
    point: SeriesPoint,
) {
    let command = label(&series.labels, "cmd");
    match counter {
        CounterKind::Calls if !command.is_empty() => table.set_calls(row, command, point.value),
        // The exporter divided whole microseconds by a million.
        CounterKind::Seconds if !command.is_empty() => {
            table.set_micros(row, command, (point.value * 1e6).round());
        }
        CounterKind::Calls | CounterKind::Seconds => {}
        CounterKind::CpuUser => cpu[row][0] = Some(point.value),
        CounterKind::CpuSystem => cpu[row][1] = Some(point.value),
        CounterKind::Keys => table.set_keys(row, point.value),
    }
}

fn set_cpu(table: &mut CounterTable, cpu: &[[Option<f64>; 2]]) {
    for (row, told) in cpu.iter().enumerate() {
        if let Some(seconds) = cpu_of(told) {
            table.set_cpu(row, seconds * 1e6);
        }
    }
}

fn cpu_of(told: &[Option<f64>; 2]) -> Option<f64> {
    Some(told[0]? + told[1]?)
}

/// Whether there is room for the columns of a command.
fn has_room(table: &CounterTable, command: &str) -> Result<(), Failure> {
    let commands = table.commands();
    let (rows, count) = (table.rows().len(), commands.len() + 1);
    if rows * count * 2 <= MAX_VALUES || commands.contains_key(command) {
        return Ok(());
    }
    let message = format!("{rows} buckets or samples of {count} commands are too many at once");
    Err(Failure::new(FailureKind::TooLarge, message).with_advice("ask for a shorter span"))
}

/// Whether a series is one of a base: it has all its labels, and may have more.
fn fits(base: &SeriesLabels, labels: &SeriesLabels) -> bool {
    base.iter().all(|(name, value)| labels.get(name) == Some(value))
}

fn base_of(labels: &SeriesLabels) -> SeriesLabels {
    let mut base = labels.clone();
    base.remove("__name__");
    base
}

fn label<'a>(labels: &'a SeriesLabels, name: &str) -> &'a str {
    labels.get(name).map_or("", String::as_str)
}

fn labelled(series: &ToldSeries) -> LabelledSeries {
    let steps = series.points.iter().map(|point| point.at_millis / 1000).collect();
    LabelledSeries { labels: in_words(&series.labels), steps }
}

fn in_words(labels: &SeriesLabels) -> String {
    let is_told = |(name, _): &(&String, &String)| *name != "__name__";
    let pairs = labels.iter().filter(is_told).map(|(name, value)| format!("{name}={value:?}"));
    let words = format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "));
    match words.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn by_second(series: &ToldSeries) -> BTreeMap<i64, f64> {
    series.points.iter().map(|point| (point.at_millis / 1000, point.value)).collect()
}

/// What all series together have at each step.
fn sums(all: &[ToldSeries]) -> BTreeMap<i64, f64> {
    let mut sums = BTreeMap::new();
    for point in all.iter().flat_map(|series| &series.points) {
        *sums.entry(point.at_millis / 1000).or_insert(0.0) += point.value;
    }
    sums
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
fn count_of(value: f64) -> u32 {
    value.round().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// Which `run_id` and role hold at which step.
struct Instances<'a> {
    series: Vec<&'a SeriesLabels>,
    /// Series that have a value at a step.
    by_step: BTreeMap<i64, BTreeSet<usize>>,
}

impl<'a> Instances<'a> {
    fn new(told: &'a [ToldSeries]) -> Self {
        let mut by_step: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
        for (index, series) in told.iter().enumerate() {
            for point in &series.points {
                by_step.entry(point.at_millis / 1000).or_default().insert(index);
            }
        }
        Self { series: told.iter().map(|one| &one.labels).collect(), by_step }
    }

    /// Where one takes over from another, both have a value for one bucket: the one that goes on
    /// counts, else the one that is new.
    fn at(&self, at: i64, base: &SeriesLabels) -> Option<&'a SeriesLabels> {
        let here = self.by_step.get(&at)?.iter().filter(|index| fits(base, self.series[**index]));
        let next = self.by_step.range(at + 1..).next().map(|(_, series)| series);
        let before = self.by_step.range(..at).next_back().map(|(_, series)| series);
        let rank = |index: &usize| {
            let goes_on = next.is_some_and(|next| next.contains(index));
            let is_new = before.is_some_and(|before| !before.contains(index));
            (goes_on, is_new)
        };
        here.max_by_key(|index| rank(index)).map(|index| self.series[*index])
    }
}

/// The labels of all series that have a value at a moment.
fn instances_at(told: &[ToldSeries]) -> BTreeMap<i64, Vec<&SeriesLabels>> {
    let mut instances: BTreeMap<i64, Vec<&SeriesLabels>> = BTreeMap::new();
    for series in told {
        for point in &series.points {
            instances.entry(point.at_millis).or_default().push(&series.labels);
        }
    }
    instances
}
