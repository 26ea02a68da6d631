//! Counters become buckets: what each series did in each five minutes of UTC.
//!
//! A bucket is the difference between the last counters of neighbouring buckets of one run of the
//! server. Around a cut the samples in between are looked at one by one; across a gap the
//! difference is spread over it. Nothing is made up for the time before the first counters.

use super::commands::CommandLists;
use super::cut::{Link, ServerCut};
use super::delta::{self, CommandDelta};
use super::derived::set_derived;
use super::moment::{Moment, Timeline};
use crate::model::{
    Bucket, BucketFlags, BucketLength, BucketedLoad, CounterRow, CounterTable, Load, LoadRole,
    PlaceBuckets, PlaceLoad, Series,
};

/// A bucket that is covered for less of its length is a lower bound only.
pub(super) const FULL_SHARE: f64 = 0.8;

/// A bucket with fewer of its samples than this may lack those at its end.
const WHOLE_SHARE: f64 = 0.95;

/// Below this many steps their median says little, and the source's interval counts.
const FEW_STEPS: usize = 12;

/// The way from one step to the next: the buckets that it fills.
struct Transition {
    links: Vec<Link>,
    /// End of the bucket of the step that it leads to.
    at: i64,
    /// Buckets that it fills: more than one across a gap.
    count: u32,
    /// Seconds of the last of them that samples cover.
    covered: f64,
    samples: u32,
    own_calls: u32,
    own_logins: u32,
    /// What all series of it are marked with, if they have a row.
    flags: BucketFlags,
    /// What `up` is marked with.
    up_flags: BucketFlags,
}

/// The buckets of all servers, with the derived series.
pub fn make_buckets(load: Load, lists: &CommandLists) -> BucketedLoad {
    let (length, interval) = (load.facts.length, load.facts.interval);
    let of_place = |place: PlaceLoad| {
        let mut buckets = buckets_of(&place, length, interval);
        set_derived(&mut buckets, lists);
        PlaceBuckets { samples: place.samples, ..buckets }
    };
    let places = load.places.into_iter().map(|(name, place)| (name, of_place(place)));
    BucketedLoad { facts: load.facts, places: places.collect() }
}

/// The counters last seen in each bucket, from samples.
pub fn steps_of_samples(samples: &CounterTable, length: BucketLength) -> CounterTable {
    let mut steps = CounterTable::default();
    let rows = samples.rows();
    let (mut count, mut own_calls, mut own_logins) = (0, 0, 0);
    for (index, row) in rows.iter().enumerate() {
        count += 1;
        own_calls += row.own_calls;
        own_logins += row.own_logins;
        let end = length.end_of(row.at_millis);
        let is_last = rows.get(index + 1).is_none_or(|next| length.end_of(next.at_millis) != end);
        if is_last {
            let step =
                CounterRow { at_millis: end * 1000, samples: count, own_calls, own_logins, ..*row };
            steps.copy_row(samples, index, step);
            (count, own_calls, own_logins) = (0, 0, 0);
        }
    }
    steps
}

fn buckets_of(place: &PlaceLoad, length: BucketLength, interval: Option<f64>) -> PlaceBuckets {
    let timeline = Timeline::new(place);
    let transitions = transitions_of(&timeline, length, interval);
    let mut made = PlaceBuckets { identity: place.identity.clone(), ..PlaceBuckets::default() };
    for transition in &transitions {
        set_figures(&mut made, transition, &timeline, length);
    }
    let login = timeline.login();
    for (name, command) in timeline.commands() {
        let mut rows = Vec::new();
        for transition in &transitions {
            let mut delta = delta::of_command(&timeline, &transition.links, command);
            delta = without_own(delta, transition.own_of(name, login));
            let series = Series::Command(String::new());
            rows.extend(
                transition.spread_evenly(delta, length).filter(|row| series.is_stored(row)),
            );
        }
        made.buckets.insert(Series::Command((*name).to_owned()), rows);
    }
    made.buckets.retain(|_, rows| !rows.is_empty());
    made
}

/// Our own calls are no load, and neither is their share of the time.
fn without_own(delta: CommandDelta, own_calls: u32) -> CommandDelta {
    if own_calls == 0 {
        return delta;
    }
    let own = f64::from(own_calls).min(delta.calls);
    let share = if delta.calls > 0.0 { own / delta.calls } else { 0.0 };
    let micros = delta.micros * (1.0 - share);
    CommandDelta { calls: delta.calls - own, micros, ..delta }
}

fn set_figures(
    made: &mut PlaceBuckets,
    transition: &Transition,
    timeline: &Timeline,
    length: BucketLength,
) {
    let mut push = |series: Series, row: Bucket| {
        if series.is_stored(&row) {
            made.buckets.entry(series).or_default().push(row);
        }
    };
    let processed = delta::of_processed(timeline, &transition.links);
    let own = transition.own_calls + timeline.login().map_or(0, |_| transition.own_logins);
    let calls = (processed.value - f64::from(own)).max(0.0);
    let ops = CommandDelta { calls, micros: 0.0, flags: processed.flags };
    transition.spread_evenly(ops, length).for_each(|row| push(Series::Ops, row));
    let cpu = delta::of_cpu(timeline, &transition.links);
    let cpu = CommandDelta { calls: 0.0, micros: cpu.value, flags: cpu.flags };
    transition.spread_evenly(cpu, length).for_each(|row| push(Series::Cpu, row));
    let at_end =
        |a: f64, flags| Bucket { at: transition.at, covered: transition.covered, a, b: 0.0, flags };
    push(Series::Up, at_end(f64::from(transition.samples), transition.up_flags));
    let last = transition.links.last().map(|link| link.after);
    if let Some(keys) = last.and_then(|last| timeline.keys().value_at(last)) {
        push(Series::Keys, at_end(keys, BucketFlags::NONE));
    }
    for (series, kind) in
        [(Series::Restarts, BucketFlags::RESTART), (Series::Resets, BucketFlags::RESET)]
    {
        let cuts = transition.links.iter().filter_map(|link| link.cut);
        let count = cuts.filter(|cut| cut.as_flag() == kind).map(|_| 1.0).sum();
        push(series, at_end(count, kind));
    }
}

impl Transition {
    /// Calls of a command that were ours.
    fn own_of(&self, command: &str, login: Option<&str>) -> u32 {
        match command {
            "info" => self.own_calls,
            _ if Some(command) == login => self.own_logins,
            _ => 0,
        }
    }

    /// One row for each bucket that it fills, evenly.
    fn spread_evenly(
        &self,
        delta: CommandDelta,
        length: BucketLength,
    ) -> impl Iterator<Item = Bucket> {
        let share = f64::from(self.count);
        let flags = self.flags | delta.flags;
        (0..self.count).rev().map(move |back| Bucket {
            at: self.at - i64::from(back) * length.seconds(),
            covered: if back == 0 { self.covered } else { 0.0 },
            a: delta.calls / share,
            b: delta.micros / share,
            flags,
        })
    }
}

fn transitions_of(
    timeline: &Timeline,
    length: BucketLength,
    interval: Option<f64>,
) -> Vec<Transition> {
    let usual = usual_samples(timeline.steps(), length, interval);
    let share_of = |row: &CounterRow| (f64::from(row.samples) / usual).min(1.0);
    let mut made: Vec<Transition> = Vec::with_capacity(timeline.steps().len());
    let mut next_sample = 0;
    let mut before: Option<(Moment, &CounterRow)> = None;
    for (index, row) in timeline.steps().iter().enumerate() {
        let samples = samples_until(timeline, &mut next_sample, row.at_millis, length);
        let end = samples.last().copied().unwrap_or(Moment::Step(index));
        if let Some((from, row_before)) = before {
            let has_samples = !samples.is_empty();
            let (links, is_doubtful) = links_between(timeline, from, &samples, end, row.is_cut);
            let gap = (row.at_millis - row_before.at_millis) / 1000 / length.seconds();
            let mut transition = Transition {
                links,
                at: row.at_millis / 1000,
                count: u32::try_from(gap).unwrap_or(1).max(1),
                covered: share_of(row) * length.as_f64(),
                samples: row.samples,
                own_calls: row.own_calls,
                own_logins: row.own_logins,
                flags: BucketFlags::NONE,
                up_flags: role_flags(row_before.role, row.role),
            };
            transition.add_marks(timeline, length, is_doubtful, has_samples);
            let is_late = is_late(timeline, from, end, share_of(row_before), length);
            transition.flags |= BucketFlags::LATE.when(is_late && transition.count == 1);
            made.push(transition);
        }
        before = Some((end, row));
    }
    made
}

/// Samples of the bucket of a step; earlier ones, of no step, are passed over.
fn samples_until(
    timeline: &Timeline,
    next: &mut usize,
    end_millis: i64,
    length: BucketLength,
) -> Vec<Moment> {
    let rows = timeline.samples();
    let begin_millis = end_millis - length.seconds() * 1000;
    let mut found = Vec::new();
    while let Some(row) = rows.get(*next).filter(|row| row.at_millis <= end_millis) {
        if row.at_millis > begin_millis {
            found.push(Moment::Sample(*next));
        }
        *next += 1;
    }
    found
}

/// Links over all samples if any of them is a cut, else one from end to end. The second says that a
/// cut was told that cannot be found.
fn links_between(
    timeline: &Timeline,
    from: Moment,
    samples: &[Moment],
    end: Moment,
    is_cut: bool,
) -> (Vec<Link>, bool) {
    let whole = Link::new(timeline, from, end);
    if samples.is_empty() {
        return (vec![whole], is_cut && whole.cut.is_none());
    }
    let mut before = from;
    let mut links = Vec::with_capacity(samples.len());
    for sample in samples {
        links.push(Link::new(timeline, before, *sample));
        before = *sample;
    }
    if links.iter().all(|link| link.cut.is_none()) {
        // A cut on the line between two buckets is told for both.
        return (vec![Link { cut: None, ..whole }], false);
    }
    (links, false)
}

/// Samples that a full bucket has.
fn usual_samples(rows: &[CounterRow], length: BucketLength, interval: Option<f64>) -> f64 {
    let by_interval = interval.filter(|seconds| *seconds > 0.0);
    if let Some(seconds) = by_interval.filter(|_| rows.len() < FEW_STEPS) {
        return (length.as_f64() / seconds).max(1.0);
    }
    let mut counts: Vec<u32> = rows.iter().map(|row| row.samples).filter(|n| *n > 0).collect();
    counts.sort_unstable();
    f64::from(counts.get(counts.len() / 2).copied().unwrap_or(1))
}

fn role_flags(before: LoadRole, now: LoadRole) -> BucketFlags {
    let role = match now {
        LoadRole::Primary => BucketFlags::PRIMARY,
        LoadRole::Replica => BucketFlags::REPLICA,
        LoadRole::Unknown => BucketFlags::NONE,
    };
    let is_known = before != LoadRole::Unknown && now != LoadRole::Unknown;
    role | BucketFlags::FAILOVER.when(is_known && before != now)
}

/// Whether the difference reaches well beyond the length of a bucket. Where both ends are samples,
/// their times say so; else the bucket before lacks some, and they may be its last.
fn is_late(
    timeline: &Timeline,
    from: Moment,
    end: Moment,
    share: f64,
    length: BucketLength,
) -> bool {
    match (from, end) {
        (Moment::Sample(_), Moment::Sample(_)) => {
            let millis = timeline.row_at(end).at_millis - timeline.row_at(from).at_millis;
            // A fifth more, and a second of five minutes for samples that come late.
            millis * 300 > length.seconds() * 1000 * 361
        }
        _ => share < WHOLE_SHARE,
    }
}

impl Transition {
    /// Sets the marks that follow from the links and from what is covered.
    fn add_marks(
        &mut self,
        timeline: &Timeline,
        length: BucketLength,
        doubtful: bool,
        sampled: bool,
    ) {
        let cuts: Vec<&Link> = self.links.iter().filter(|link| link.cut.is_some()).collect();
        let whole = length.as_f64() * f64::from(self.count);
        let lost: f64 = match cuts.as_slice() {
            [] => 0.0,
            _ if !sampled => whole,
            cuts => cuts.iter().map(|link| link.seconds_between(timeline)).sum(),
        };
        for flag in cuts.iter().filter_map(|link| link.cut).map(ServerCut::as_flag) {
            self.flags |= flag | BucketFlags::AT_LEAST;
        }
        let is_zero = |link: &Link| {
            if link.cut.is_some() {
                timeline.hidden_commands(link.after) == Some(0.0)
            } else {
                delta::proves_zeros(timeline, *link)
            }
        };
        let adds_up = self.links.iter().all(is_zero);
        let is_full = self.covered >= FULL_SHARE * length.as_f64();
        self.covered = self.covered.min(length.as_f64() - lost).max(0.0);
        // A second of five minutes is for samples that come late.
        let is_lost = lost > (1.0 - FULL_SHARE) * length.as_f64() + length.as_f64() / 300.0;
        let is_other = cuts.iter().any(|link| link.cut == Some(ServerCut::Other));
        let is_open = doubtful || is_lost || is_other;
        self.flags |= (BucketFlags::AT_LEAST | BucketFlags::UNPROVEN).when(is_open);
        self.flags |= BucketFlags::AT_LEAST.when(!is_full);
        self.flags |= BucketFlags::SPREAD.when(self.count > 1);
        let is_proven = adds_up && !is_open;
        self.up_flags |= self.flags;
        self.up_flags |= BucketFlags::UNPROVEN.when(!is_proven);
        self.up_flags |= BucketFlags::ZEROS.when(is_proven && cuts.is_empty());
    }
}
