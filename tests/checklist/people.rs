//! Questions to people, and their answers.

use crate::world::{TAKEN, World, v22};

pub(crate) fn asking() -> World {
    let world = World::new();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nitems:\n- {item: db-migrations, question: reversible?}\n",
    );
    world
}

pub(crate) fn answer(world: &World, arguments: &[&str]) -> crate::cli::Ended {
    let base = ["checklist", "answer", "db-migrations", "--release", "v22"];
    world.command(&[&base, arguments].concat())
}

#[test]
fn an_answer_counts_for_the_builds_that_it_was_given_for() {
    let world = asking();
    let settle = "envparity checklist answer db-migrations --release v22 --yes --by NAME";
    world.checklist().expect("db-migrations", "incomplete", &["is not answered", settle]);
    answer(
        &world,
        &["--yes", "--by", "alice", "--evidence", "MR !4412", "--at", "2026-04-13T18:30:00Z"],
    )
    .expect(0);
    let told = ["yes: alice (claimed), 2026-04-13T18:30:00Z, MR !4412"];
    world.checklist().expect("db-migrations", "go", &told);
    answer(&world, &["--no", "--by", "bob", "--at", "2026-04-13T18:31:00Z"]).expect(0);
    world.checklist().expect("db-migrations", "no-go", &["no: bob (claimed)"]);
    answer(&world, &["--yes", "--by", "bob", "--at", "2026-04-13T18:32:00Z"]).expect(0);
    world.checklist().expect("db-migrations", "go", &[]);
    // Other builds: nobody has answered for these.
    let mut others = v22();
    others[0] = ("timemachine", "v22", "a23");
    world.services("qualif", &others, TAKEN);
    world.capture(&["v22", "--from", "qualif", "--force"]).expect(0);
    world.checklist().expect("db-migrations", "incomplete", &["for other builds"]);
    // The chain of runs holds all of it.
    world.command(&["history", "verify"]).expect(0);
}

#[test]
fn the_answer_that_was_given_last_counts_whatever_time_it_claims() {
    let world = asking();
    let ended = answer(&world, &["--yes", "--by", "bob", "--at", "2999-01-01T00:00:00Z"]);
    assert!(ended.expect(2).stderr.contains("in the future"), "{ended}");
    answer(&world, &["--yes", "--by", "bob", "--at", "2026-04-13T18:35:00Z"]).expect(0);
    answer(&world, &["--no", "--by", "alice", "--at", "2026-04-13T18:30:00Z"]).expect(0);
    world.checklist().expect("db-migrations", "no-go", &["no: alice"]);
    // What was answered after the time of the run was not known then.
    answer(&world, &["--yes", "--by", "bob", "--at", "2026-04-13T18:50:00Z"]).expect(0);
    world.checklist().expect("db-migrations", "no-go", &["no: alice"]);
}

#[test]
fn an_answer_needs_a_question_a_release_and_a_name() {
    let world = asking();
    for blank in [" ", "\u{3164}", "\u{2800}\u{200b}"] {
        let ended = answer(&world, &["--yes", "--by", blank]);
        assert!(ended.expect(2).stderr.contains("--by says nothing"), "{ended}");
    }
    answer(&world, &["--by", "alice"]).expect(2);
    answer(&world, &["--yes", "--no", "--by", "alice"]).expect(2);
    let base = ["checklist", "answer", "db-migration", "--release", "v22", "--yes", "--by", "a"];
    let ended = world.command(&base);
    assert!(ended.expect(2).stderr.contains("did you mean db-migrations?"), "{ended}");
    let base = ["checklist", "answer", "db-migrations", "--release", "v2", "--yes", "--by", "a"];
    assert!(world.command(&base).expect(2).stderr.contains("did you mean"));
}

#[test]
fn items_are_shown_in_the_order_that_people_want_and_none_is_left_out() {
    let world = asking();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nitems:\n- item: cost-per-call\n- item: new-command\n- item: parity\n",
    );
    let judged = world.checklist();
    let items: Vec<&str> =
        crate::cli::list(&judged.0["items"]).map(|item| item["item"].as_str().unwrap()).collect();
    assert_eq!(
        items,
        [
            "parity", "coverage", "isolation", "release-under-test", "freeze", "rollback-ready",
            "workloads-stable", "cost-per-call", "new-command", "cost-per-unit", "projected-load",
            "exercised", "rehearsal", "observation-window", "performance", "waivers",
        ]
    );
}
