//! Whatever happens to a server, and however samples are placed.

use proptest::prelude::*;

use crate::model::{
    BucketFlags, BucketLength, BucketedLoad, CounterTable, LoadSpan, PlaceBuckets, Series,
};
use crate::trend::testing::{Event, World, left_standing, load};
use crate::trend::{
    CommandLists, LoadIndicator, Window, WindowKind, hours_of, make_buckets, read_windows,
    steps_of_samples,
};

const COMMANDS: [&str; 5] = ["get", "keys", "hgetall", "auth", "set"];

/// Seconds of a world: 40 buckets.
const SECONDS: i64 = 12_000;

fn event() -> impl Strategy<Value = Event> {
    let call = (0..COMMANDS.len(), 1..2_000_000_u32)
        .prop_map(|(n, micros)| Event::Call(COMMANDS[n], f64::from(micros)));
    prop_oneof![40 => call, 1 => Just(Event::Restart), 1 => Just(Event::Reset)]
}

fn world() -> impl Strategy<Value = World> {
    prop::collection::vec((0..SECONDS * 1000, event()), 0..200).prop_map(|events| {
        let mut world = World { events };
        world.sort();
        world
    })
}

/// Distances of samples in seconds: mostly a minute, sometimes a gap.
fn times() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![20 => 50..70_i64, 2 => 60..400_i64, 1 => 300..3000_i64];
    (0..300_i64, prop::collection::vec(step, 10..200)).prop_map(|(first, steps)| {
        let mut at = first;
        let mut times = vec![at * 1000 + 250];
        for step in steps {
            at += step;
            times.push(at * 1000 + 250);
        }
        times.retain(|at| *at < SECONDS * 1000);
        times
    })
}

/// Calls and microseconds of a command after the first bucket's last sample.
fn truth(world: &World, command: &str, times: &[i64]) -> (f64, f64) {
    let length = BucketLength::DEFAULT;
    let end = times.first().map_or(0, |first| length.end_of(*first) * 1000);
    let first = times.iter().rev().find(|at| **at <= end).copied().unwrap_or(i64::MAX);
    let last = times.last().copied().unwrap_or(0);
    let mut sum = (0.0, 0.0);
    for (at, event) in &world.events {
        let is_inside = *at > first && *at <= last;
        match event {
            Event::Call(name, micros) if *name == command && is_inside => {
                sum = (sum.0 + 1.0, sum.1 + micros);
            }
            _ => {}
        }
    }
    sum
}

fn made(steps: CounterTable, samples: CounterTable) -> BucketedLoad {
    let span = LoadSpan { from: 0, to: SECONDS };
    make_buckets(load(steps, samples, span), &CommandLists::builtin_lists())
}

fn sum_of(place: &PlaceBuckets, series: &Series) -> (f64, f64, BucketFlags) {
    let mut sum = (0.0, 0.0, BucketFlags::NONE);
    for row in place.buckets.get(series).into_iter().flatten() {
        assert!(row.a >= 0.0 && row.b >= 0.0 && row.a.is_finite() && row.b.is_finite());
        sum = (sum.0 + row.a, sum.1 + row.b, sum.2 | row.flags);
    }
    sum
}

fn check(world: &World, times: &[i64], load: &BucketedLoad) -> Result<(), TestCaseError> {
    let place = &load.places[""];
    let up = sum_of(place, &Series::Up).2;
    // A second reset in a run may show by nothing.
    let resets = world.events.iter().filter(|(_, event)| *event == Event::Reset).count();
    for command in COMMANDS {
        let (calls, micros, flags) = sum_of(place, &Series::Command(command.to_owned()));
        let (true_calls, true_micros) = truth(world, command, times);
        prop_assert!(calls <= true_calls + 1e-6, "{command}: {calls} of {true_calls}");
        prop_assert!(micros <= true_micros + 1e-3, "{command}: {micros} of {true_micros}");
        let is_exact = (calls - true_calls).abs() < 1e-6 && (micros - true_micros).abs() < 1e-3;
        let cut = BucketFlags::RESTART.bits() | BucketFlags::RESET.bits();
        let is_marked = (flags | up).bits() & (cut | BucketFlags::UNPROVEN.bits()) != 0;
        prop_assert!(is_exact || is_marked || resets > 1, "{command} {flags:?} {up:?}");
        // What is not proven is not told as zero.
        let proven = !up.contains(BucketFlags::UNPROVEN) && up.bits() & cut == 0;
        prop_assert!(!(proven && calls == 0.0 && true_calls > 0.0 && resets < 2), "{command}");
    }
    let total = |of: &dyn Fn(f64) -> f64| -> f64 {
        let mut all = World { events: Vec::new() };
        for (at, event) in &world.events {
            // The call that resets is counted too.
            let call = match event {
                Event::Call(_, micros) => Event::Call("any", of(*micros)),
                Event::Reset => Event::Call("any", of(10.0)),
                Event::Restart => continue,
            };
            all.events.push((*at, call));
        }
        truth(&all, "any", times).1
    };
    let (ops, cpu) = (sum_of(place, &Series::Ops).0, sum_of(place, &Series::Cpu).1);
    prop_assert!(ops <= total(&|_| 1.0) + 1e-6, "{ops} operations");
    prop_assert!(cpu <= total(&|micros| micros) + 1e-3, "{cpu} of CPU");
    let derived = sum_of(place, &Series::Walk(CommandLists::builtin_lists().digest()));
    let walking = ["keys", "hgetall"].map(|name| truth(world, name, times).1);
    prop_assert!(derived.1 <= walking.iter().sum::<f64>() + 1e-3, "{} of walking", derived.1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn trend_sums_are_the_truth_or_say_that_they_are_less(world in world(), times in times()) {
        let samples = world.sampled(&times);
        let steps = steps_of_samples(&samples, BucketLength::DEFAULT);
        check(&world, &times, &made(steps.clone(), samples.clone()))?;
        check(&world, &times, &made(steps, CounterTable::default()))?;
        let standing = left_standing(&samples);
        check(&world, &times, &made(standing.clone(), samples))?;
        check(&world, &times, &made(standing, CounterTable::default()))?;
    }

    #[test]
    fn trend_of_hours_and_buckets_is_that_of_buckets(
        world in world(), times in times(), border in 0..4_i64,
    ) {
        let samples = world.sampled(&times);
        let steps = steps_of_samples(&samples, BucketLength::DEFAULT);
        let whole = made(steps, samples);
        let mut kept = whole.clone();
        let border = border * 3600;
        for place in kept.places.values_mut() {
            place.hours = hours_of(place, LoadSpan { from: 0, to: border });
            place.buckets.values_mut().for_each(|rows| rows.retain(|row| row.at > border));
            place.buckets.retain(|_, rows| !rows.is_empty());
        }
        let window = Window {
            kind: WindowKind::Cumulative,
            span: LoadSpan { from: 0, to: 10_800 },
        };
        let lists = CommandLists::builtin_lists();
        let read = |load| read_windows(load, &[window], &[], &lists).places[""][0].clone();
        let (whole, kept) = (read(whole), read(kept));
        for indicator in LoadIndicator::ALL {
            let (one, other) = (&whole.statistics[&indicator], &kept.statistics[&indicator]);
            prop_assert!((one.calls - other.calls).abs() < 1e-6);
            prop_assert!((one.micros - other.micros).abs() < 1e-3);
            let value = |of: Option<crate::trend::LoadPeak>| of.map(|peak| peak.value);
            prop_assert_eq!(value(one.worst), value(other.worst));
        }
        let of = |read: &crate::trend::WindowRead| {
            (read.coverage.samples, read.coverage.restarts, read.coverage.resets)
        };
        prop_assert_eq!(of(&whole), of(&kept));
        prop_assert!((whole.coverage.covered - kept.coverage.covered).abs() < 1e-6);
    }
}
