//! The worst five minutes, wherever they begin: over samples, where these are kept.
//!
//! A bucket begins on a line of the grid, and may hold half a burst. From sample to sample the same
//! differences are taken as between buckets.

use super::commands::CommandLists;
use super::cut::Link;
use super::delta::{self, CommandDelta};
use super::indicator::{LoadIndicator, LoadPeak};
use super::mark::is_excluded;
use super::moment::{Moment, Timeline};
use crate::model::{BucketFlags, BucketLength, CounterTable, LoadSpan, SpanMark};

/// What was counted from the sample before to one.
struct Slice {
    from_millis: i64,
    to_millis: i64,
    delta: CommandDelta,
}

/// The worst stretch of samples of at most a bucket's length. `None` without two samples.
pub(super) fn worst_slide(
    samples: &CounterTable,
    indicator: LoadIndicator,
    span: LoadSpan,
    length: BucketLength,
    marks: &[SpanMark],
    lists: &CommandLists,
) -> Option<LoadPeak> {
    let slices = slices_of(samples, indicator, span, lists);
    // Samples come a little late: what is longer by up to a second of five minutes is scaled.
    let most_millis = length.seconds() * 1000 + length.seconds() * 1000 / 300;
    let mut worst: Option<LoadPeak> = None;
    let mut first = 0;
    let (mut a, mut b) = (0.0, 0.0);
    for (index, slice) in slices.iter().enumerate() {
        a += slice.delta.calls;
        b += slice.delta.micros;
        while first <= index && slice.to_millis - slices[first].from_millis > most_millis {
            a -= slices[first].delta.calls;
            b -= slices[first].delta.micros;
            first += 1;
        }
        if first > index {
            (a, b) = (0.0, 0.0);
            continue;
        }
        let stretch = &slices[first..=index];
        let scale = scale_of(stretch, length);
        let value = indicator.value_in_bucket((a.max(0.0) * scale, b.max(0.0) * scale), length);
        let is_worse = worst.as_ref().is_none_or(|worst| value > worst.value);
        if is_worse && !is_marked(stretch, marks) {
            let flags = stretch.iter().fold(BucketFlags::NONE, |all, one| all | one.delta.flags);
            // Whole seconds at or after the last sample.
            worst = Some(LoadPeak { value, at: (slice.to_millis + 999).div_euclid(1000), flags });
        }
    }
    worst
}

fn scale_of(stretch: &[Slice], length: BucketLength) -> f64 {
    let seconds = match stretch {
        [first, .., last] => seconds_between(first.from_millis, last.to_millis),
        [only] => seconds_between(only.from_millis, only.to_millis),
        [] => 0.0,
    };
    if seconds > length.as_f64() { length.as_f64() / seconds } else { 1.0 }
}

fn seconds_between(from_millis: i64, to_millis: i64) -> f64 {
    let millis = u64::try_from(to_millis - from_millis).unwrap_or(0);
    std::time::Duration::from_millis(millis).as_secs_f64()
}

fn is_marked(stretch: &[Slice], marks: &[SpanMark]) -> bool {
    let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return false };
    let from = first.from_millis.div_euclid(1000);
    let to = (last.to_millis + 999).div_euclid(1000);
    is_excluded(LoadSpan { from, to }, marks)
}

fn slices_of(
    samples: &CounterTable,
    indicator: LoadIndicator,
    span: LoadSpan,
    lists: &CommandLists,
) -> Vec<Slice> {
    let none = CounterTable::default();
    let timeline = Timeline::of_tables(&none, samples);
    let is_inside = |millis: i64| millis >= span.from * 1000 && millis <= span.to * 1000;
    let rows = timeline.samples().iter().map(|row| row.at_millis).enumerate();
    let inside: Vec<(usize, i64)> = rows.filter(|(_, millis)| is_inside(*millis)).collect();
    let mut slices = Vec::with_capacity(inside.len());
    for pair in inside.windows(2) {
        let ((before, from_millis), (after, to_millis)) = (pair[0], pair[1]);
        let link = Link::new(&timeline, Moment::Sample(before), Moment::Sample(after));
        let mut delta = delta_of(&timeline, link, indicator, lists);
        let row = &timeline.samples()[after];
        let logins = timeline.login().map_or(0, |_| row.own_logins);
        let own = match indicator {
            LoadIndicator::Ops => row.own_calls + logins,
            LoadIndicator::Logins => logins,
            LoadIndicator::WalkShare | LoadIndicator::Cpu => 0,
        };
        if own > 0 {
            delta.calls = (delta.calls - f64::from(own)).max(0.0);
        }
        slices.push(Slice { from_millis, to_millis, delta });
    }
    slices
}

fn delta_of(
    timeline: &Timeline,
    link: Link,
    indicator: LoadIndicator,
    lists: &CommandLists,
) -> CommandDelta {
    let links = [link];
    let of_commands = |is_wanted: &dyn Fn(&str) -> bool| {
        let mut sum = CommandDelta::default();
        for (_, command) in timeline.commands().iter().filter(|(name, _)| is_wanted(name)) {
            let delta = delta::of_command(timeline, &links, command);
            sum.calls += delta.calls;
            sum.micros += delta.micros;
            sum.flags |= delta.flags;
        }
        sum
    };
    match indicator {
        LoadIndicator::WalkShare => of_commands(&|name| lists.is_walking(name)),
        LoadIndicator::Logins => of_commands(&|name| lists.is_login(name)),
        LoadIndicator::Ops => {
            let delta = delta::of_processed(timeline, &links);
            CommandDelta { calls: delta.value, micros: 0.0, flags: delta.flags }
        }
        LoadIndicator::Cpu => {
            let delta = delta::of_cpu(timeline, &links);
            CommandDelta { calls: 0.0, micros: delta.value, flags: delta.flags }
        }
    }
}
