//! What a checklist believes of a history: nothing of one that was changed, and no answer less than
//! there is.

use rusqlite::Connection;

use crate::world::{NOW, World, v22};

fn asking() -> World {
    let world = World::new();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nitems:\n- {item: db-migrations, question: reversible?}\n",
    );
    world
}

fn answer(world: &World, yes_or_no: &str) -> crate::cli::Ended {
    world.command(&[
        "checklist", "answer", "db-migrations", "--release", "v22", yes_or_no, "--by", "alice",
        "--at", "2026-04-13T18:30:00Z",
    ])
}

fn edit(world: &World, sql: &str) {
    let database = Connection::open(world.history()).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn nothing_of_a_history_that_was_changed_is_believed() {
    for sql in [
        // The answer, its time, a run between, the evidence that a run rests on.
        "UPDATE run SET body = replace(body, '\"answer\":\"no\"', '\"answer\":\"yes\"')",
        "UPDATE run SET at = at + 1 WHERE kind = 'answer'",
        "DELETE FROM run WHERE kind = 'audit'",
    ] {
        let world = asking();
        world.command(&["audit", "--at", NOW, "--report-only"]).expect(0);
        answer(&world, "--no").expect(0);
        world.checklist().expect("db-migrations", "no-go", &["no: alice"]);
        edit(&world, sql);
        let judged = world.checklist();
        judged
            .expect("coverage", "incomplete", &["nothing of the history is believed", "verify"])
            .expect("db-migrations", "incomplete", &["answers are not believed", "it was changed"]);
        // Nothing is added that would not be believed.
        let ended = answer(&world, "--yes");
        assert!(ended.expect(2).stderr.contains("it was changed: run "), "{ended}");
        assert!(ended.stderr.contains("help: envparity history verify"), "{ended}");
    }
}

#[test]
fn evidence_that_was_changed_ends_the_run() {
    let world = World::new();
    world.add_to_release("v22", "freeze: {environment: qualif, from: 2026-04-13T17:00:00Z}\n");
    world.command(&["audit", "--at", NOW, "--report-only"]).expect(0);
    world.checklist().expect("coverage", "go", &[]);
    edit(&world, "UPDATE inventory SET body = replace(body, 'c21', 'c99') WHERE body LIKE '%c21%'");
    let ended = world.judge(&[]);
    assert!(ended.expect(2).stderr.contains("was changed"), "{ended}");
    assert!(ended.stderr.contains("help: "), "{ended}");
}

#[test]
fn an_answer_that_cannot_be_read_counts_as_none_and_is_told() {
    let world = asking();
    answer(&world, "--yes").expect(0);
    world.checklist().expect("db-migrations", "go", &[]);
    // Of a later version, say: a run of ours in every other respect.
    let mut store = envparity::history::Store::open(
        &world.history(),
        &envparity::history::SqliteOptions::default(),
    )
    .unwrap();
    let kept = |said: serde_json::Value| envparity::history::NewRun {
        kind: "answer",
        at: "2026-04-13T18:31:00Z".parse().unwrap(),
        verdict: "",
        facts: std::collections::BTreeMap::new(),
        evidence: &[],
        findings: std::collections::BTreeMap::new(),
        judged: Vec::new(),
        said,
    };
    let collectors = envparity::collect::config::COLLECTORS;
    let other = serde_json::json!({"item": "other", "release": "v22", "answer": "perhaps"});
    store.save_run(kept(other), collectors).unwrap();
    world.checklist().expect("db-migrations", "go", &[]);
    let ours = serde_json::json!({"item": "db-migrations", "release": "v22", "answer": "perhaps"});
    store.save_run(kept(ours), collectors).unwrap();
    let told = ["the last answer, run ", "cannot be read"];
    world.checklist().expect("db-migrations", "incomplete", &told);
    store.save_run(kept(serde_json::json!({"answers": []})), collectors).unwrap();
    world.checklist().expect("db-migrations", "incomplete", &told);
    answer(&world, "--yes").expect(0);
    world.checklist().expect("db-migrations", "go", &[]);
}

#[test]
fn a_release_is_captured_of_what_runs_and_not_of_what_ran() {
    let world = World::without_releases();
    world.services("qualif", &v22(), "2026-04-11T18:39:00Z");
    let ended = world.capture(&["v22", "--from", "qualif"]);
    assert!(ended.expect(3).stderr.contains("older than 24h"), "{ended}");
    assert!(ended.stderr.contains("2026-04-11T18:39:00Z"), "{ended}");
    assert!(!world.release_path("v22").exists());
    world.services("qualif", &v22(), "2026-04-13T18:39:00Z");
    world.command(&["audit", "--at", NOW, "--report-only"]).expect(0);
    // Stored, of that time: fine then, and not a week later.
    let from = ["release", "capture", "v22", "--from", "qualif", "--recorded-only"];
    let later = world.command(&[&from[..], &["--at", "2026-04-20T18:40:00Z"]].concat());
    assert!(later.expect(3).stderr.contains("2026-04-13T18:39:00Z"), "{later}");
    let then = world.command(&[
        "release",
        "capture",
        "v22",
        "--from",
        "qualif@2026-04-13T19:00:00Z",
        "--at",
        "2026-04-20T18:40:00Z",
    ]);
    assert!(then.expect(0).stdout.contains("as of 2026-04-13T18:39:00Z"), "{then}");
}

#[test]
fn a_shared_instance_that_is_accepted_is_told() {
    let world = World::new();
    world
        .info("production", &crate::world::Info { run_id: "a", ..crate::world::production_info() });
    world.checklist().expect("isolation", "no-go", &[]);
    world.profiles.config(
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: one-redis, rule: shared-instance, component: redis/cache, \
         environments: [qualif, production], reason: until May, owner: ops, expires: 2026-05-01}\n",
    );
    let judged = world.checklist();
    judged.expect("isolation", "go", &["1 shared and accepted", "waived by one-redis"]);
    assert!(!judged.told("isolation").contains("none shared"), "{}", judged.told("isolation"));
}
