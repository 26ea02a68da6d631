//! What each Redis has counted since its start, as gauges: a restart sets a counter back, and a text
//! of one run cannot tell that.

use super::family::Family;
use crate::model::{Extent, TargetIndicators};
use crate::report::view::ReportView;

type Figure = fn(&TargetIndicators) -> Option<f64>;

/// Whole numbers that every Redis tells; rates are what a reader makes of them.
const FIGURES: [(&str, &str, Figure); 5] = [
    (
        "envparity_redis_keys_calls",
        "Calls of KEYS since the start of the servers of a target.",
        |of| Some(of.calls.as_ref()?.get("keys").copied().unwrap_or(0.0)),
    ),
    ("envparity_redis_keys", "Keys in the primaries of a target.", |of| of.keys),
    (
        "envparity_redis_uptime_seconds",
        "Seconds since the start of the server that was started last.",
        |of| of.uptime,
    ),
    ("envparity_redis_memory_bytes", "Bytes in use in the primaries.", |of| of.memory),
    (
        "envparity_redis_memory_limit_bytes",
        "The most bytes that the primaries may use. No series where one has no limit.",
        |of| of.memory_limit,
    ),
];

/// A family for each figure. What is only a lower bound, because a server was not read, has no
/// series.
pub(super) fn redis_families(view: &ReportView<'_>) -> Vec<Family> {
    FIGURES.map(|(name, help, figure)| redis_family(view, name, help, figure)).into()
}

fn redis_family(
    view: &ReportView<'_>,
    name: &'static str,
    help: &'static str,
    figure: Figure,
) -> Family {
    let mut family = Family::new(name, help);
    for environment in &view.audit.environments {
        let snapshot = &environment.snapshot;
        for (target, told) in &snapshot.indicators {
            let value = figure(told).filter(|_| told.extent == Extent::All);
            if let Some(value) = value.and_then(whole_number) {
                let labels =
                    [("environment", snapshot.environment.as_str()), ("target", target.as_str())];
                family.set_sample(&labels, value);
            }
        }
    }
    family
}

/// The nearest whole number, within what a reader holds exactly.
fn whole_number(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "within 53 bits")]
    (0.0..=EXACT).contains(&value).then(|| value.round() as i64)
}
