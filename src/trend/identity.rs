//! Whether a source's clock is ours.

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

#[cfg(test)]
mod tests {
    use super::*;

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
