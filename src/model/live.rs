//! Whether series are those of the server that was asked for.

use super::LoadIdentity;

/// Seconds between samples where the source does not say.
const USUAL_INTERVAL: f64 = 60.0;

/// What the server itself says now.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveServer {
    /// Its `run_id`.
    pub run_id: String,
    /// Seconds since its start; `None` if it does not tell.
    pub uptime: Option<f64>,
    /// When it answered: unix seconds.
    pub at: i64,
}

/// Compares what the server says with the newest `run_id` of its series.
///
/// A server that was just started is not in the series yet: until two samples could have been
/// taken, another `run_id` says nothing. Nor does it where the series end so many seconds `early`,
/// and the server was started since: it is told of no more.
pub fn identity_of(
    live: Option<&LiveServer>,
    newest: Option<&str>,
    interval: Option<f64>,
    early: f64,
) -> LoadIdentity {
    let newest = newest.filter(|id| !id.is_empty());
    let live = live.filter(|live| !live.run_id.is_empty());
    let (Some(live), Some(newest)) = (live, newest) else {
        return LoadIdentity::ByLabels;
    };
    let interval = interval.filter(|seconds| *seconds > 0.0).unwrap_or(USUAL_INTERVAL);
    let young = 2.0 * interval + early.max(0.0);
    if live.run_id == newest {
        LoadIdentity::Proven
    } else if live.uptime.is_some_and(|uptime| uptime <= young) {
        LoadIdentity::ByLabels
    } else {
        let (live, found) = (live.run_id.clone(), newest.to_owned());
        LoadIdentity::AnotherServer { live, found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(uptime: Option<f64>, newest: Option<&str>) -> LoadIdentity {
        let live = LiveServer { run_id: "aaaa".to_owned(), uptime, at: 0 };
        identity_of(Some(&live), newest, Some(15.0), 0.0)
    }

    #[test]
    fn load_of_a_server_that_was_started_behind_its_series_is_by_labels() {
        let live = LiveServer { run_id: "aaaa".to_owned(), uptime: Some(7000.0), at: 0 };
        let identity = |early| identity_of(Some(&live), Some("bbbb"), Some(15.0), early);
        assert_eq!(identity(7200.0), LoadIdentity::ByLabels);
        assert!(matches!(identity(6900.0), LoadIdentity::AnotherServer { .. }));
    }

    #[test]
    fn load_proves_identity_by_run_id_alone() {
        let other =
            LoadIdentity::AnotherServer { live: "aaaa".to_owned(), found: "bbbb".to_owned() };
        assert_eq!(identity(None, Some("aaaa")), LoadIdentity::Proven);
        assert_eq!(identity(Some(31.0), Some("bbbb")), other);
        assert_eq!(identity(None, Some("bbbb")), other, "an unknown age excuses nothing");
        assert_eq!(identity(Some(30.0), Some("bbbb")), LoadIdentity::ByLabels);
        assert_eq!(identity(Some(900.0), None), LoadIdentity::ByLabels);
        assert_eq!(identity(Some(900.0), Some("")), LoadIdentity::ByLabels);
        assert_eq!(identity_of(None, Some("aaaa"), None, 0.0), LoadIdentity::ByLabels);
    }
}
