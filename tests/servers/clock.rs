//! Servers whose clocks are off: what they answered now is of now, whatever they take the time to
//! be.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::profiles::{Profiles, text};
use crate::support::hostile::{Behaviour, Hostile};

/// A Redis that was never told the time.
fn server(hours_ahead: i64) -> Hostile {
    let info = include_str!("../fixtures/redis/redis-7.0.15.txt");
    #[expect(clippy::disallowed_methods, reason = "the test stands where the server does")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_micros();
    let theirs = i64::try_from(now).expect("not that late") + hours_ahead * 3_600_000_000;
    let old = info
        .lines()
        .find(|line| line.starts_with("server_time_usec:"))
        .expect("the fixture has it");
    let info = info.replace(old, &format!("server_time_usec:{theirs}"));
    let hello = b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n".to_vec();
    let answer = format!("${}\r\n{info}\r\n", info.len()).into_bytes();
    Hostile::start(Behaviour::Script(vec![hello, answer]))
}

#[test]
fn a_live_answer_is_as_old_as_its_reading() {
    for hours in [-25, -1, 1, 25] {
        let server = server(hours);
        let target = json!({"name": "cache", "url": format!("redis://{}", server.address())});
        let profiles = Profiles::new(&[("production", json!({"targets": {"redis": [target]}}))]);
        let report = profiles.audit().report(0);
        let target = report.target("production", "redis/cache");
        assert!(
            target["stale"].is_null() && report.is_read("production", "redis/cache"),
            "{hours} h: {target:#}"
        );
        let taken = text(&report["run"]["taken"]["production"]["redis/cache"]);
        assert_eq!(
            taken[..13],
            text(&report["run"]["at"])[..13],
            "{hours} h: the server's time counted"
        );
    }
}

/// Evidence of `collect` has the time of the collection too, and can be audited.
#[test]
fn evidence_has_the_time_of_its_collection() {
    let server = server(1);
    let target = json!({"name": "cache", "url": format!("redis://{}", server.address())});
    let profiles = Profiles::new(&[("production", json!({"targets": {"redis": [target]}}))]);
    profiles.collect("production", "evidence.txt").expect(0);
    let path = profiles.path("evidence.txt");
    let recorded = json!({"targets": {"recorded": [{"name": "night", "path": path}]}});
    let report = Profiles::new(&[("production", recorded)]).audit().report(0);
    assert!(report.target("production", "redis/cache")["stale"].is_null(), "{report}");
}
