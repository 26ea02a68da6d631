//! Production's load by windows: from a history that holds weeks of it.

use envparity::history::{SeriesKey, SqliteOptions, Store};
use envparity::model::{Bucket, BucketFlags, Series};
use envparity::trend::{CommandLists, LoadIndicator};

use crate::world::{Judged, World};

/// The end of the newest bucket that is over at the time of the checklist.
pub(crate) const END: i64 = 1_776_105_300;
pub(crate) const DAY: i64 = 86_400;

/// Load of production: so many days of it, by the share of each bucket in commands that walk and on
/// the CPU.
pub(crate) fn loaded(world: &World, days: i64, share: impl Fn(i64) -> (f64, f64)) {
    let mut store = Store::open(&world.history(), &SqliteOptions::default()).unwrap();
    let lists = CommandLists::builtin_lists();
    let key = |series: &Series| SeriesKey {
        environment: "production".to_owned(),
        target: "redis/cache".to_owned(),
        place: String::new(),
        name: series.to_string(),
    };
    let of = |indicator: LoadIndicator| indicator.series_of(&lists);
    let bucket =
        |at: i64, a: f64, b: f64| Bucket { at, covered: 300.0, a, b, flags: BucketFlags::NONE };
    let times: Vec<i64> = (0..days * 288).map(|back| END - back * 300).rev().collect();
    let rows = |value: &dyn Fn(i64) -> (f64, f64)| -> Vec<Bucket> {
        let of = |at: &i64| {
            let (a, b) = value(*at);
            bucket(*at, a, b)
        };
        times.iter().map(of).collect()
    };
    let all = vec![
        (key(&Series::Up), rows(&|_| (5.0, 0.0))),
        (key(&Series::Command("keys".to_owned())), rows(&|at| (1.0, share(at).0 * 300e6))),
        (key(&of(LoadIndicator::WalkShare)), rows(&|at| (1.0, share(at).0 * 300e6))),
        (key(&of(LoadIndicator::Cpu)), rows(&|at| (0.0, share(at).1 * 300e6))),
        (key(&of(LoadIndicator::Ops)), rows(&|_| (300.0, 0.0))),
        (key(&of(LoadIndicator::Logins)), rows(&|_| (3.0, 0.0))),
    ];
    store.add_buckets(&all).unwrap();
}

pub(crate) fn windows(world: &World, windows: &str) {
    let text = format!("kind: Checklist\nitems:\n- {{item: performance, windows: {windows}}}\n");
    world.profiles.config("checklist.yaml", &text);
}

fn judged(world: &World) -> Judged {
    world.checklist()
}

#[test]
fn healthy_weeks_are_go_and_a_burst_in_any_window_is_a_no_go() {
    let world = World::new();
    loaded(&world, 32, |_| (0.01, 0.3));
    windows(&world, "[24h, -7d, -30d]");
    judged(&world).expect("performance", "go", &["-30d 1 %", "CPU: 24h 30 %"]);
    for (back, window) in [(3_600, "24h 6 %"), (3 * DAY, "-7d 6 %"), (20 * DAY, "-30d 6 %")] {
        let world = World::new();
        let burst = (END - back) / 300 * 300;
        loaded(&world, 32, |at| if at == burst { (0.06, 0.3) } else { (0.01, 0.3) });
        windows(&world, "[24h, -7d, -30d]");
        judged(&world).expect("performance", "no-go", &[window, "envparity trend redis/cache"]);
        // A window that is not asked for is not judged, and the head says which.
        if back > 7 * DAY {
            windows(&world, "[24h, -7d]");
            judged(&world).expect("performance", "go", &[]);
            let ended = world.judge(&[]);
            let head = ended.stdout.replace('\n', " ");
            assert!(head.contains("windows left out: -30d, cumulative"), "{ended}");
            assert!(head.contains("judged with load: history"), "{ended}");
        }
    }
}

#[test]
fn what_rose_against_the_past_is_a_no_go_and_noise_below_the_floor_is_not() {
    let world = World::new();
    let last = |at: i64| at > END - DAY;
    loaded(&world, 32, |at| (0.01, if last(at) { 0.45 } else { 0.3 }));
    windows(&world, "[24h, -7d, -30d]");
    judged(&world).expect("performance", "no-go", &["CPU 45 % in the last 24h, 30 % in"]);
    let world = World::new();
    loaded(&world, 32, |at| (if last(at) { 0.004 } else { 0.001 }, 0.3));
    windows(&world, "[24h, -7d, -30d]");
    judged(&world).expect("performance", "go", &[]);
}

#[test]
fn a_source_that_holds_fifteen_days_leaves_only_the_month_open() {
    let world = World::new();
    loaded(&world, 15, |_| (0.01, 0.3));
    let judged = judged(&world);
    judged.expect("performance", "incomplete", &["-30d", "held since", "-7d 1 %,", "24h 1 %,"]);
    windows(&world, "[24h, -7d]");
    self::judged(&world).expect("performance", "go", &[]);
}
