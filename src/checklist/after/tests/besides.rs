//! What else changed in production beside the release is told with a breach.

use std::sync::Arc;

use super::*;
use crate::checklist::EnvironmentState;

/// Own services, and the version of Redis.
pub(super) fn state(train: &Train, redis: &str) -> Arc<EnvironmentState> {
    let facts = BTreeMap::from([("redis/cache".into(), [redis.to_owned()].into())]);
    Arc::new(EnvironmentState { train: train.clone(), facts, ..EnvironmentState::default() })
}

#[test]
fn what_else_changed_is_told_and_what_did_not_is_not() {
    let mut world = deployed();
    world.version = "7.2.4";
    world.redis().call("keys", 1.0, 64.4);
    world.redis().call("hgetall", 3.0, 1.0);
    world.idle(15);
    world.ends(AfterEnd::RollBack, &[
        "also changed since 2026-04-13T20:05:10Z: redis/cache 7.0.15 -> 7.2.4, redis/cache HGETALL \
         3 calls, 1.0 ms each, new",
        "new since import v21 -> v22 (+1); also changed: redis/cache 7.0.15 -> 7.2.4, ",
    ]);
    let mut world = deployed();
    world.redis().call("keys", 1.0, 64.4);
    world.idle(15);
    let result = world.ends(AfterEnd::RollBack, &["new since import v21 -> v22 (+1)"]);
    assert!(!result.because.contains("also changed"), "{}", result.because);
}

/// What was stored in the hour before reaches further back than what was watched.
#[test]
fn stored_evidence_of_the_hour_before_counts_and_older_does_not() {
    for (minutes, is_told) in [(40, true), (90, false)] {
        let mut asked = asked(AfterKind::Release);
        asked.before = Some(BeforeRelease {
            at: at(-minutes * 60),
            state: state(&v21(), "6.2.5"),
            counters: BTreeMap::from([("redis/cache".into(), Redis::new().counters(-60))]),
        });
        let mut world = Watched::new(asked);
        world.round();
        world.idle(60);
        world.train = v22();
        world.redis().call("keys", 1.0, 64.4);
        world.idle(15);
        let result = world.ends(AfterEnd::RollBack, &["KEYS, new since"]);
        let told = result.because.contains("also changed: redis/cache 6.2.5 -> 7.0.15");
        assert_eq!(told, is_told, "{}", result.because);
    }
}
