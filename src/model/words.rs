//! Numbers and lengths of time, in words.

use std::time::Duration;

/// Units, longest first, with their seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// `10s`, `15m`, `24h`, `7d`: the largest unit that says it whole. One day is said in hours.
pub fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() > 0 || seconds == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let whole = |(unit, length): &&(&str, u64)| seconds.is_multiple_of(*length) && (*unit != "d" || seconds > *length);
    let (unit, length) = UNITS.iter().find(whole).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / length)
}

/// `1 problem`, `2 problems`.
pub fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
