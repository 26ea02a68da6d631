//! Watches of what is taken back, and of production without a Redis.

use super::*;

/// v22 is being taken back; KEYS was never called before v22.
fn going_back() -> Watched {
    let mut asked = asked(AfterKind::Rollback);
    let counters = Redis::new().counters(-3_600);
    asked.before = Some(BeforeRelease {
        at: at(-3_600),
        state: state(&v21(), "7.0.15"),
        counters: BTreeMap::from([("redis/cache".into(), counters)]),
    });
    let mut world = Watched::new(asked);
    world.train = v22();
    world.round();
    world.pass(60, |world| world.redis().call("keys", 30.0, 64.0));
    world
}

#[test]
fn a_rollback_is_done_when_all_is_back_and_quiet_for_five_minutes() {
    let mut world = going_back();
    assert!(!world.is_over);
    world.train = v21();
    world.idle(15);
    world.idle(285);
    assert!(!world.is_over);
    world.idle(15);
    let words = ["production runs v21 again: 3 of 3", "nothing was breached for 5 min"];
    world.ends(AfterEnd::Back, &words);
}

#[test]
fn five_minutes_begin_anew_with_each_breach_and_each_build_that_is_not_back() {
    let mut world = going_back();
    world.train = v21();
    world.idle(120);
    // Something calls it still.
    world.redis().call("keys", 1.0, 64.0);
    world.idle(285);
    assert!(!world.is_over);
    world.idle(30);
    world.ends(AfterEnd::Back, &["KEYS 1 call, new"]);
    let mut world = going_back();
    world.train = v21();
    world.idle(120);
    world.train = v22();
    world.idle(15);
    world.train = v21();
    world.idle(290);
    assert!(!world.is_over);
    world.idle(30);
    world.ends(AfterEnd::Back, &["v21 is not back any more"]);
}

#[test]
fn a_rollback_that_does_not_come_is_told() {
    let mut world = going_back();
    world.train = train(&[("import", "v21"), ("timemachine", "v22"), ("web", "v21")]);
    world.idle(30 * 60);
    world.ends(AfterEnd::NotBack, &["production does not run v21: timemachine runs v22"]);
    let mut world = going_back();
    world.train = train(&[("import", "v21"), ("timemachine", "?"), ("web", "v21")]);
    world.idle(30 * 60);
    world.ends(AfterEnd::Incomplete, &["nobody knows"]);
    // All is back, and it is called for ever.
    let mut world = going_back();
    world.train = v21();
    world.pass(36 * 60, |world| world.redis().call("keys", 1.0, 64.0));
    world.ends(AfterEnd::NotBack, &["KEYS"]);
}

#[test]
fn a_release_that_somebody_takes_back_does_not_hold() {
    let mut world = deployed();
    world.idle(300);
    world.train = v21();
    world.idle(15);
    world.ends(AfterEnd::TakenBack, &["no build of v22 runs in production any more"]);
    // What is not read is not gone.
    let mut world = deployed();
    world.train = Train::new();
    world.is_train_whole = false;
    world.idle(60);
    assert!(!world.is_over);
}

#[test]
fn without_redis_the_builds_alone_are_watched() {
    let mut world = Watched::new(asked(AfterKind::Release));
    world.redis = None;
    world.round();
    world.train = v22();
    world.idle(31 * 60);
    world.ends(AfterEnd::Holding, &["without load evidence: no Redis"]);
}
