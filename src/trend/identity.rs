//! Whether series are those of the server that was asked for, and whether its clock is ours.

use crate::model::LoadIdentity;

/// Seconds between samples where the source does not say.
const USUAL_INTERVAL: f64 = 60.0;

/// Clocks that are further apart than this are told of.
const TOLD_AHEAD: f64 = 5.0;

/// Clocks that are further apart than this put samples at a wrong time.
pub(super) const MOST_AHEAD: f64 = 60.0;

/// What the server itself says now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveServer<'a> {
    /// Its `run_id`.
    pub run_id: &'a str,
    /// Seconds since its start; `None` if it does not tell.
    pub uptime: Option<f64>,
}

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

/// Compares what the server says with the newest `run_id` of its series.
///
/// A server that was just started is not in the series yet: until two samples could have been
/// taken, another `run_id` says nothing.
pub fn identity_of(
    live: Option<LiveServer>,
    newest: Option<&str>,
    interval: Option<f64>,
) -> LoadIdentity {
    let newest = newest.filter(|id| !id.is_empty());
    let live = live.filter(|live| !live.run_id.is_empty());
    let (Some(live), Some(newest)) = (live, newest) else {
        return LoadIdentity::ByLabels;
    };
    let young = 2.0 * interval.filter(|seconds| *seconds > 0.0).unwrap_or(USUAL_INTERVAL);
    if live.run_id == newest {
        LoadIdentity::Proven
    } else if live.uptime.is_some_and(|uptime| uptime <= young) {
        LoadIdentity::ByLabels
    } else {
        let (live, found) = (live.run_id.to_owned(), newest.to_owned());
        LoadIdentity::AnotherServer { live, found }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(uptime: Option<f64>, newest: Option<&str>) -> LoadIdentity {
        identity_of(Some(LiveServer { run_id: "aaaa", uptime }), newest, Some(15.0))
    }

    #[test]
    fn trend_proves_identity_by_run_id_alone() {
        let other =
            LoadIdentity::AnotherServer { live: "aaaa".to_owned(), found: "bbbb".to_owned() };
        assert_eq!(identity(None, Some("aaaa")), LoadIdentity::Proven);
        assert_eq!(identity(Some(31.0), Some("bbbb")), other);
        assert_eq!(identity(None, Some("bbbb")), other, "an unknown age excuses nothing");
        assert_eq!(identity(Some(30.0), Some("bbbb")), LoadIdentity::ByLabels);
        assert_eq!(identity(Some(900.0), None), LoadIdentity::ByLabels);
        assert_eq!(identity(Some(900.0), Some("")), LoadIdentity::ByLabels);
        assert_eq!(identity_of(None, Some("aaaa"), None), LoadIdentity::ByLabels);
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
