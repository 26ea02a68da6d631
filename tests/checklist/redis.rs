//! new-command and cost-per-call, by one INFO of each side.

use crate::world::{Info, TAKEN, World, production_info, qualif_info, v21, v22};

fn judged(qualif: &Info, production: &Info) -> crate::world::Judged {
    let world = World::new();
    world.info("qualif", qualif);
    world.info("production", production);
    world.checklist()
}

#[test]
fn a_command_that_blocks_and_production_never_called_is_a_no_go_from_one_call_on() {
    for command in ["keys", "flushall", "flushdb"] {
        let new = qualif_info().with(command, 1, 12_000);
        let shown = command.to_uppercase();
        let names = format!("redis/cache {shown} 1 call in qualif since its start 19 d ago");
        judged(&new, &production_info())
            .expect("new-command", "no-go", &[&names, "by v22 or not; production 0 in 57 d"])
            .expect(
                "cost-per-call",
                "no-go",
                &["12 ms at 41 k keys, at least 383 ms at 1.31 M keys"],
            );
    }
}

#[test]
fn what_production_does_too_is_not_new() {
    let (here, there) =
        (qualif_info().with("keys", 4, 48_000), production_info().with("keys", 1, 9));
    judged(&here, &there).expect("new-command", "go", &[]).expect("cost-per-call", "go", &[]);
    judged(&qualif_info(), &there).expect("new-command", "go", &[]);
}

#[test]
fn features_and_other_traffic_are_not_new_commands() {
    let busy = qualif_info().with("lrange", 9_000_000, 9_000_000).with("mget", 5, 100_000_000);
    judged(&busy, &production_info()).expect("new-command", "go", &["LRANGE 9.00 M calls"]).expect(
        "cost-per-call",
        "go",
        &["LRANGE 0.001 ms a call"],
    );
    let scanning = qualif_info().with("scan", 40_000, 400_000).with("get|x", 1, 1);
    judged(&scanning, &production_info()).expect("new-command", "go", &["SCAN 40 k calls"]);
}

#[test]
fn a_slow_call_on_a_collection_is_too_slow_at_any_number_of_keys() {
    let slow = qualif_info().with("hgetall", 10, 60_000);
    judged(&slow, &production_info()).expect("new-command", "go", &[]).expect(
        "cost-per-call",
        "no-go",
        &["redis/cache HGETALL 6 ms a call"],
    );
    let quick = qualif_info().with("hgetall", 10, 40_000);
    judged(&quick, &production_info()).expect("cost-per-call", "go", &["HGETALL 4 ms"]);
}

#[test]
fn the_cost_of_a_call_grows_with_the_keys_and_never_shrinks() {
    let small = Info { keys: 4_100, ..production_info() };
    let new = qualif_info().with("keys", 2, 8_000);
    judged(&new, &small).expect("cost-per-call", "go", &["at least 4 ms at 4.1 k keys"]);
    let unknown = Info { tells_keys: false, ..production_info() };
    judged(&new, &unknown).expect("cost-per-call", "incomplete", &["an unknown number of keys"]);
    let slow = qualif_info().with("keys", 2, 80_000);
    judged(&slow, &unknown).expect("cost-per-call", "no-go", &["40 ms at 41 k keys"]);
    let empty = Info { keys: 0, ..new };
    judged(&empty, &production_info()).expect("cost-per-call", "incomplete", &["4 ms at 0 keys"]);
}

/// What makes a zero of production unproven.
#[test]
fn a_zero_that_nothing_proves_is_incomplete() {
    let new = qualif_info().with("keys", 4, 48_000);
    let production = production_info;
    for (there, why) in [
        (production().with("config|resetstat", 1, 5), "CONFIG RESETSTAT"),
        (production().with("config", 9, 5), "may have been RESETSTAT"),
        (Info { untold: 1, ..production() }, "are 120000 of 120001 processed"),
        (Info { tells_commands: false, ..production() }, "INFO tells no commandstats"),
    ] {
        judged(&new, &there)
            .expect("new-command", "incomplete", &["KEYS (4 calls in qualif)", why])
            .expect("cost-per-call", "incomplete", &["whether it is new is not known"]);
    }
    // CONFIG GET, which exporters call all day, resets nothing since 7.0.
    judged(&new, &production().with("config|get", 90_000, 5)).expect("new-command", "no-go", &[]);
}

#[test]
fn a_zero_under_the_release_must_reach_back_to_when_it_came() {
    let young = Info { days: 2, ..qualif_info() };
    judged(&young, &production_info())
        .expect("new-command", "incomplete", &["qualif's counters begin at 2026-04-11T18:39:00Z"])
        .expect("cost-per-call", "incomplete", &[]);
    let reset = qualif_info().with("config|resetstat", 1, 5);
    judged(&reset, &production_info()).expect("new-command", "incomplete", &["RESETSTAT"]);
    // What was called since is new whenever it began.
    judged(&young.with("keys", 1, 1), &production_info()).expect("new-command", "no-go", &[]);
    let world = World::new();
    world.edit_release("v22", |text| text.replace("came:\n  qualif:", "came:\n  production:"));
    world.checklist().expect("new-command", "incomplete", &["came:"]);
}

#[test]
fn a_release_came_when_evidence_shows_it_and_never_in_the_future() {
    let world = World::new();
    world.came("2026-04-12T12:00:00Z");
    world.info("qualif", &Info { days: 2, ..qualif_info() });
    world.checklist().expect("new-command", "go", &[]);
    let world = World::new();
    world.came("2026-04-12T12:00:00Z");
    let earlier = "2026-04-10T12:00:00Z";
    for (name, services) in [("qualif", v22()), ("production", v21())] {
        world.services(name, &services, earlier);
    }
    world.command(&["audit", "--at", earlier, "--report-only"]).expect(0);
    world.services("qualif", &v22(), TAKEN);
    world.services("production", &v21(), TAKEN);
    world.info("qualif", &Info { days: 2, ..qualif_info() });
    let told = ["the release came at 2026-04-10T12:00:00Z"];
    world.checklist().expect("new-command", "incomplete", &told);
    let world = World::new();
    world.came("2999-04-12T12:00:00Z");
    world.checklist().expect("new-command", "incomplete", &["came:"]);
}

#[test]
fn replicas_that_were_not_read_prove_no_zero() {
    let world = World::new();
    let path = world.profiles.path("qualif-cache.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("connected_slaves:0"), "{text}");
    std::fs::write(&path, text.replace("connected_slaves:0", "connected_slaves:2")).unwrap();
    let told = ["2 of its replicas were not read"];
    world.checklist().expect("new-command", "incomplete", &told);
}

#[test]
fn a_redis_that_was_not_read_is_incomplete_and_none_at_all_is_not_applicable() {
    let world = World::new();
    std::fs::remove_file(world.profiles.path("production-cache.txt")).unwrap();
    world
        .checklist()
        .expect("coverage", "incomplete", &[])
        .expect("new-command", "incomplete", &["redis/cache"])
        .expect("cost-per-call", "incomplete", &[]);
    let world = World::new();
    for name in ["qualif", "production"] {
        let only = format!("targets:\n  recorded:\n  - {{name: app, path: {name}-app.yaml.txt}}\n");
        world.profiles.environment(name, &only);
    }
    world.checklist().expect("new-command", "n/a", &[]).expect("cost-per-call", "n/a", &[]);
}

#[test]
fn the_limit_of_a_call_is_a_parameter() {
    let world = World::new();
    world
        .profiles
        .config("checklist.yaml", "kind: Checklist\nitems:\n- {item: cost-per-call, max: 500ms}\n");
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    world.checklist().expect("new-command", "no-go", &[]).expect(
        "cost-per-call",
        "go",
        &["at least 383 ms"],
    );
}
