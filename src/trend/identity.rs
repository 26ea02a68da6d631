//! Whether a source's clock is ours, and whether own samples are of the server that answers now.

use super::cut::last_change;
use crate::model::{CounterTable, LiveServer, LoadIdentity};

/// Seconds by which a server may seem to have run for longer than since the last sample.
const UPTIME_SLACK: f64 = 5.0;

/// Clocks that are further apart than this are told of.
const TOLD_AHEAD: f64 = 5.0;

/// Clocks that are further apart than this put samples at a wrong time.
pub(super) const MOST_AHEAD: f64 = 60.0;

/// How far the source's clock is from ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockState {
    /// At most five seconds.
    Good,
    /// By so many seconds that it is worth telling: ahead of us, or behind (negative).
    Told(f64),
    /// By so many seconds that nothing stands at its time.
    TooFar(f64),
    /// The source tells no time.
    NotTold,
}

/// Judges seconds by which a source is ahead of us.
pub fn clock_state(ahead: Option<f64>) -> ClockState {
    match ahead {
        None => ClockState::NotTold,
        Some(ahead) if ahead.abs() <= TOLD_AHEAD => ClockState::Good,
        Some(ahead) if ahead.abs() <= MOST_AHEAD => ClockState::Told(ahead),
        Some(ahead) => ClockState::TooFar(ahead),
    }
}

/// Whose own samples of one place are, up to the newest: those of the windows that end at `to` are
/// the live server's if no other one has answered since. What was before is marked in buckets.
pub fn identity_of_samples(
    samples: &CounterTable,
    to: i64,
    live: Option<&LiveServer>,
) -> LoadIdentity {
    let Some(newest) = samples.rows().len().checked_sub(1) else { return LoadIdentity::ByLabels };
    let another = |live: &str, found: Option<&str>| LoadIdentity::AnotherServer {
        live: live.to_owned(),
        found: found.unwrap_or_default().to_owned(),
    };
    let live = live.filter(|live| !live.run_id.is_empty());
    let told = samples.run_id(newest);
    if let Some(live) = live
        && told.is_some_and(|told| told != live.run_id)
        && !was_started_since(live, samples.rows()[newest].at_millis)
    {
        return another(&live.run_id, told);
    }
    let is_open = |row: &usize| samples.rows()[*row].at_millis > to * 1000;
    if let Some(row) = last_change(samples).filter(is_open) {
        return another(samples.run_id(row).unwrap_or_default(), samples.run_id(row - 1));
    }
    if live.is_some() && told.is_some() { LoadIdentity::Proven } else { LoadIdentity::ByLabels }
}

fn was_started_since(live: &LiveServer, at_millis: i64) -> bool {
    let gap = std::time::Duration::from_millis(
        u64::try_from(live.at * 1000 - at_millis).unwrap_or_default(),
    );
    live.uptime.is_some_and(|uptime| uptime <= gap.as_secs_f64() + UPTIME_SLACK)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{row, table};
    use super::*;

    /// Samples of runs, each with the moment of its start.
    fn samples(told: &[(i64, &str, f64)]) -> CounterTable {
        let rows: Vec<_> = told.iter().map(|(at, run, _)| row(*at, run, &[])).collect();
        let mut table = table(&rows);
        for (index, (_, _, started)) in told.iter().enumerate() {
            table.set_started(index, *started);
        }
        table
    }

    #[test]
    fn trend_proves_own_samples_by_a_chain_of_starts() {
        let live = |uptime| LiveServer { run_id: "b".to_owned(), uptime, at: 1000 };
        let of = |told: &[(i64, &str, f64)], live: &LiveServer| {
            identity_of_samples(&samples(told), 900, Some(live))
        };
        let other = |live: &str, found: &str| LoadIdentity::AnotherServer {
            live: live.to_owned(),
            found: found.to_owned(),
        };
        let a = (600, "a", 5.0);
        assert_eq!(of(&[a, (960, "b", 5.0)], &live(Some(995.0))), other("b", "a"), "ran before");
        assert_eq!(of(&[a, (960, "b", 700.0)], &live(Some(300.0))), LoadIdentity::Proven);
        assert_eq!(of(&[a, (840, "b", 5.0)], &live(Some(995.0))), LoadIdentity::Proven, "marked");
        // It has not been sampled.
        assert_eq!(of(&[a], &live(Some(399.0))), LoadIdentity::Proven, "started since");
        assert_eq!(of(&[a], &live(Some(420.0))), other("b", "a"));
        assert_eq!(of(&[a], &live(None)), other("b", "a"), "an unknown age excuses nothing");
        assert_eq!(of(&[], &live(None)), LoadIdentity::ByLabels);
        assert_eq!(identity_of_samples(&samples(&[a]), 900, None), LoadIdentity::ByLabels);
        let back = [(300, "b", 5.0), a, (960, "b", 5.0)];
        assert_eq!(of(&back, &live(Some(1.0))), other("b", "a"), "no start comes back");
    }

    #[test]
    fn trend_tells_clocks_apart() {
        assert_eq!(clock_state(Some(-5.0)), ClockState::Good);
        assert_eq!(clock_state(Some(-5.1)), ClockState::Told(-5.1));
        assert_eq!(clock_state(Some(60.0)), ClockState::Told(60.0));
        assert_eq!(clock_state(Some(3600.0)), ClockState::TooFar(3600.0));
        assert!(matches!(clock_state(Some(f64::NAN)), ClockState::TooFar(_)));
        assert_eq!(clock_state(None), ClockState::NotTold);
    }
}
