//! Which release load is compared with.

use crate::world::{NOW, Services, World, v21, v22};

/// Audits of production as it was at these times.
fn seen(world: &World, runs: &[(&str, Services)]) {
    for (at, services) in runs {
        world.services("production", services, at);
        world.services("qualif", &v22(), at);
        world.command(&["audit", "--at", at, "--report-only"]).expect(0);
    }
    world.services("production", &v21(), "2026-04-13T18:39:00Z");
    world.services("qualif", &v22(), "2026-04-13T18:39:00Z");
}

fn v20() -> Services {
    v21().into_iter().map(|(name, _, begin)| (name, "v20", &begin[..1])).collect()
}

fn baseline(world: &World, release: &str) -> (String, String) {
    let base = ["checklist", "--release", release, "--at", NOW, "-o", "json"];
    let report = world.command(&base).json();
    let text = |key: &str| report["release"][key].as_str().unwrap_or_default().to_owned();
    (text("baseline"), text("baseline-told"))
}

#[test]
fn the_newest_release_that_held_production_for_a_day_is_the_baseline() {
    let world = World::new();
    // First seen now: it has not held.
    assert_eq!(baseline(&world, "v22").0, "");
    seen(&world, &[("2026-04-10T08:00:00Z", v21()), ("2026-04-12T08:00:00Z", v21())]);
    let (name, told) = baseline(&world, "v22");
    assert_eq!((name.as_str(), told.contains("held production for 82 h")), ("v21", true), "{told}");
}

#[test]
fn a_release_that_was_rolled_back_is_none_and_it_is_said() {
    let world = World::new();
    // v22 held production for two days, and was taken back two hours ago; v23 comes next.
    let text = std::fs::read_to_string(world.release_path("v22")).unwrap();
    std::fs::write(
        world.release_path("v23"),
        text.replace("name: v22", "name: v23").replace("previous: v21", "previous: v22"),
    )
    .unwrap();
    seen(
        &world,
        &[
            ("2026-04-05T08:00:00Z", v21()),
            ("2026-04-09T08:00:00Z", v21()),
            ("2026-04-10T08:00:00Z", v22()),
            ("2026-04-12T08:00:00Z", v22()),
            ("2026-04-13T16:00:00Z", v21()),
        ],
    );
    let (name, told) = baseline(&world, "v23");
    assert_eq!((name.as_str(), told.contains("v22 was rolled back")), ("v21", true), "{told}");
    // Nor is it one where the file names it.
    world.add_to_release("v23", "baseline: v22\n");
    let (name, told) = baseline(&world, "v23");
    assert_eq!((name.as_str(), told.contains("was rolled back")), ("", true), "{told}");
}

#[test]
fn two_releases_in_one_night_are_compared_with_the_one_before_both() {
    let world = World::new();
    let text = std::fs::read_to_string(world.release_path("v22")).unwrap();
    let next = text.replace("name: v22", "name: v23").replace("previous: v21", "previous: v22");
    // Other builds than those of v22.
    std::fs::write(world.release_path("v23"), next.replace("a2200", "a2300")).unwrap();
    seen(
        &world,
        &[
            ("2026-04-05T08:00:00Z", v21()),
            ("2026-04-13T15:00:00Z", v21()),
            ("2026-04-13T16:00:00Z", v22()),
        ],
    );
    world.services("production", &v22(), "2026-04-13T18:39:00Z");
    let (name, told) = baseline(&world, "v23");
    assert_eq!((name.as_str(), told.contains("v22 has not held it")), ("v21", true), "{told}");
    assert!(!v20().is_empty());
}

#[test]
fn a_hotfix_goes_without_what_the_checklist_says_and_a_rollback_without_the_rest() {
    let world = World::new();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nhotfix: {skip: [rehearsal], observation: 2h}\n",
    );
    let judge = |kind: &str| {
        let ended = world.judge(&["--type", kind, "-o", "json"]);
        crate::world::Judged::of(&ended)
    };
    let hotfix = judge("hotfix");
    hotfix.expect("rehearsal", "skipped", &["by hotfix: of kind: Checklist"]);
    assert_ne!(hotfix.outcome("observation-window"), "skipped");
    assert_ne!(judge("standard").outcome("rehearsal"), "skipped");
    let rollback = judge("rollback");
    for item in ["release-under-test", "freeze", "new-command", "performance", "rehearsal"] {
        rollback.expect(item, "skipped", &[]);
    }
    rollback.expect("coverage", "go", &[]);
    assert_ne!(rollback.outcome("rollback-ready"), "skipped");
    world.profiles.config("checklist.yaml", "kind: Checklist\nhotfix: {skip: [freeze]}\n");
    let ended = world.judge(&["--type", "hotfix"]);
    assert!(ended.expect(2).stderr.contains("a hotfix is judged by \"freeze\", too"), "{ended}");
    // What the file says is not overruled.
    world.profiles.config("checklist.yaml", "kind: Checklist\n");
    world.add_to_release("v22", "type: hotfix\n");
    assert!(
        world.judge(&["--type", "standard"]).expect(2).stderr.contains("is a hotfix by its file")
    );
}
