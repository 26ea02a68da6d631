//! Deadlines of tests on a machine that is busy with other things.
//!
//! `ENVPARITY_TEST_SLOWNESS` says how many times longer everything takes than on an idle machine;
//! without it nothing is scaled. `tests/run.sh` sets it from the load.

#![allow(dead_code, reason = "every test binary compiles all of this and uses a part")]

use std::thread;
use std::time::{Duration, Instant};

const VARIABLE: &str = "ENVPARITY_TEST_SLOWNESS";

/// How many times longer than on an idle machine things take: 1 or more.
///
/// # Panics
/// If the variable is no such number: a typing error must not make deadlines shorter unnoticed.
pub(crate) fn slowness() -> u32 {
    let Ok(value) = std::env::var(VARIABLE) else { return 1 };
    let number = value.parse().ok().filter(|number| *number >= 1);
    number.unwrap_or_else(|| panic!("{VARIABLE} is {value:?}, not a whole number from 1"))
}

/// The same time on this machine.
pub(crate) fn scaled(time: Duration) -> Duration {
    time * slowness()
}

/// A time as profiles have it, scaled: `11s`, or `5500ms` where it has a fraction.
pub(crate) fn deadline(time: Duration) -> String {
    let time = scaled(time);
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// Waits until something holds, for ten seconds of an idle machine.
///
/// # Panics
/// If it does not.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = scaled(Duration::from_secs(10));
    let end = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < end, "waited {limit:?} until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
