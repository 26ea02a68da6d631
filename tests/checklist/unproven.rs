//! What must not be taken for GO: evidence that is partial, of another time or of another release.

use envparity::history::{SqliteOptions, Store};
use envparity::model::TargetId;

use crate::freeze::{TIMES, frozen, other};
use crate::load::{REHEARSED, SPAN, VALID, done, from, world as counting};
use crate::work::{LOCATIONS, time};
use crate::world::{Info, NOW, TAKEN, World, digest, production_info, qualif_info, v21, v22};

#[test]
fn evidence_that_is_not_whole_closes_no_gap_and_still_shows_a_change() {
    let failed = "{failed: {kind: timeout, message: no answer, advice: wait}}";
    let judged = |services: &crate::world::Services| {
        let world = frozen(&[(TIMES[0], v22())], "");
        for at in &TIMES[1..3] {
            world.evidence("qualif", services, at, failed);
            world.command(&["audit", "--at", at, "--report-only"]);
        }
        world.services("qualif", &v22(), TAKEN);
        world.checklist()
    };
    judged(&v22()).expect("freeze", "incomplete", &["by 2 pieces of evidence, largest gap 109m"]);
    // What came between evidence of before the freeze and of within it.
    let told = ["image/team/web -> v21-fix c9900000 came after 2026-04-13T16:50:00Z and by \
         2026-04-13T17:30:00Z: whether before the freeze"];
    judged(&other("v21-fix", "c99")).expect("freeze", "incomplete", &told);
}

#[test]
fn counters_that_are_older_than_the_release_say_nothing_of_it() {
    let world = World::new();
    world.came("2026-04-13T18:39:30Z");
    let told = ["the INFO of qualif is older than the release there"];
    world.checklist().expect("new-command", "incomplete", &told);
}

#[test]
fn a_release_that_was_taken_back_came_when_it_came_again() {
    let world = World::new();
    for (at, services) in [
        ("2026-04-10T08:00:00Z", v22()),
        ("2026-04-11T08:00:00Z", v21()),
        ("2026-04-12T08:00:00Z", v22()),
    ] {
        world.services("qualif", &services, at);
        world.services("production", &v21(), at);
        world.command(&["audit", "--at", at, "--report-only"]).expect(0);
    }
    world.services("qualif", &v22(), TAKEN);
    world.services("production", &v21(), TAKEN);
    let release = world.checklist().0["release"].clone();
    assert_eq!(release["came"], "2026-04-12T08:00:00Z", "{release:#}");
    assert_eq!(release["complete"], "2026-04-12T08:00:00Z", "{release:#}");
}

#[test]
fn a_hotfix_is_observed_as_long_as_the_checklist_says() {
    let world = counting();
    world.profiles.config("checklist.yaml", "kind: Checklist\nhotfix: {observation: 2h}\n");
    world.add_to_release("v22", "type: hotfix\n");
    let span = ("2026-04-13T15:00:00Z", "2026-04-13T18:39:00Z");
    world.sampled("qualif", span, |_| qualif_info());
    world.came("2026-04-13T17:00:00Z");
    let told = ["1 h 35 min without a breach", "earliest Mon 13 Apr 19:01"];
    let judged = world.checklist();
    judged.expect("observation-window", "incomplete", &told[..1]);
    assert!(format!("{judged:?}").contains(told[1]), "{judged:?}");
}

#[test]
fn what_is_done_later_does_not_count_yet() {
    let world = counting();
    let after = done(&qualif_info());
    world.rehearse("v22", 250, &[qualif_info(), after.clone()], "2026-04-13T18:50:00Z", &VALID);
    world.mark(&LOCATIONS, None, &qualif_info(), "2026-04-13T18:39:00Z");
    world.mark(&LOCATIONS, Some(250), &after, "2026-04-13T18:45:00Z");
    world
        .checklist()
        .expect("rehearsal", "incomplete", &["no rehearsal of stock-location"])
        .expect("exercised", "incomplete", &["0 stock-location under v22"]);
}

#[test]
fn two_builds_of_one_service_are_no_release() {
    let world = World::without_releases();
    let mut services = v22();
    services.push(("web", "v21", "c29"));
    world.services("qualif", &services, TAKEN);
    world.capture(&["v21", "--from", "production"]).expect(0);
    world.capture(&["v22", "--from", "qualif", "--previous", "v21"]).expect(0);
    let told = ["v22 has more than one build of image/team/web"];
    world.checklist().expect("release-under-test", "incomplete", &told);
    assert!(!digest("c29").is_empty());
}

#[test]
fn a_morning_of_a_week_is_not_what_production_calls() {
    let world = counting();
    let after = done(&qualif_info());
    world.rehearse("v22", 250, &[qualif_info(), after.clone()], REHEARSED, &VALID);
    world.info("qualif", &after);
    // Two hours three days ago, in which it was read only; since its start it is written, too.
    let span = ("2026-04-10T06:00:00Z", "2026-04-10T08:00:00Z");
    let reads = |at| {
        from(at, "2026-04-10T07:00:00Z", production_info(), production_info().more("get", 9, 9))
    };
    world.sampled("production", span, reads);
    world.info("production", &production_info().with("zadd", 90_000, 90_000));
    let told = ["2 of production's 3 commands seen (67 %), without ZADD"];
    world.checklist().expect("exercised", "incomplete", &told);
}

#[test]
fn production_that_is_idle_is_compared_with_nothing() {
    let world = counting();
    world.info("production", &Info { commands: vec![("ping", 9, 9)], ..production_info() });
    let told = ["production calls nothing to compare with", "envparity audit -v"];
    world.checklist().expect("exercised", "incomplete", &told);
}

#[test]
fn a_checklist_keeps_the_samples_that_it_read_once() {
    let world = World::new();
    let samples = || {
        let mut store = Store::open(&world.history(), &SqliteOptions::default()).unwrap();
        let target = TargetId::new("redis", "cache");
        let (from, to) = (time(SPAN.0), time("2026-04-14T00:00:00Z"));
        store.read_samples(&"qualif".into(), &target, from, to).unwrap().len()
    };
    let before = samples();
    world.judge(&[]);
    assert_eq!(samples(), before + 1);
    world.judge(&[]);
    world.judge(&["--recorded-only"]);
    assert_eq!(samples(), before + 1, "the same INFO, once more, at {NOW}");
}
