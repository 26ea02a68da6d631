//! The integer that a Redis module has for a version.

use super::super::number::is_digits;
use super::super::reading::{Body, Version};

/// `MODULE_VERSION`: `major * 10000 + minor * 100 + patch`, as `version.h` of RedisGraph,
/// RedisTimeSeries, RedisBloom and RediSearch declares it. A module below 10000 counts in plain
/// numbers (vectorset says `1`), which is its whole version.
pub(in super::super) fn read_redis_module(text: &str) -> Body {
    let Some(number) = text.parse::<u64>().ok().filter(|_| is_digits(text)) else {
        return Body::Opaque;
    };
    let release = match number {
        0..10_000 => vec![number.into()],
        _ => vec![(number / 10_000).into(), (number / 100 % 100).into(), (number % 100).into()],
    };
    Body::Version(Version { release, ..Version::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(body: Body) -> Option<String> {
        let Body::Version(version) = body else { return None };
        let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
        Some(numbers.join("."))
    }

    #[test]
    fn module_integers_are_decoded() {
        assert_eq!(numbers(read_redis_module("20612")).as_deref(), Some("2.6.12"));
        assert_eq!(numbers(read_redis_module("1")).as_deref(), Some("1"));
        assert_eq!(numbers(read_redis_module("-1")), None);
    }
}
