//! release-under-test, rollback-ready, coverage, isolation and parity.

use crate::cli::Profiles;
use crate::world::{Info, NOW, Services, TAKEN, World, production_info, v21, v22};

pub(crate) fn with(
    services: Services,
    name: &str,
    tag: &'static str,
    begin: &'static str,
) -> Services {
    let change = |one: (&'static str, &'static str, &'static str)| {
        if one.0 == name { (one.0, tag, begin) } else { one }
    };
    services.into_iter().map(change).collect()
}

#[test]
fn the_release_is_under_test_if_all_its_builds_run() {
    let world = World::new();
    world
        .checklist()
        .expect("release-under-test", "go", &["3 of 3 builds of v22", "3 of 3 builds of v21"])
        .expect("rollback-ready", "go", &["3 of 3 builds of v21", "was not checked"]);
    // A tag is only a name.
    world.services("qualif", &with(v22(), "web", "v21-hotfix", "c21"), TAKEN);
    world.checklist().expect("release-under-test", "go", &[]);
}

#[test]
fn another_build_is_a_no_go_on_either_side() {
    let world = World::new();
    world.services("qualif", &with(v22(), "timemachine", "v22", "a23"), TAKEN);
    let told = ["image/team/timemachine is v22 a2300000, and v22 has v22 a2200000"];
    world.checklist().expect("release-under-test", "no-go", &told);
    let world = World::new();
    world.services("production", &with(v21(), "web", "v20", "c20"), TAKEN);
    world
        .checklist()
        .expect("release-under-test", "no-go", &["production: image/team/web is v20"])
        .expect("rollback-ready", "incomplete", &["never seen there: image/team/web v21"]);
    let world = World::new();
    let mut more = v22();
    more.push(("label-printer", "v9", "d09"));
    world.services("qualif", &more, TAKEN);
    world.checklist().expect(
        "release-under-test",
        "no-go",
        &["label-printer v9 d0900000 is not in v22"],
    );
    world.services("qualif", &v22()[..2].to_vec(), TAKEN);
    world.checklist().expect(
        "release-under-test",
        "no-go",
        &["image/team/web v21 c2100000 does not run"],
    );
}

#[test]
fn a_build_without_a_digest_proves_nothing() {
    let world = World::new();
    world.services("qualif", &with(v22(), "web", "v21", ""), TAKEN);
    let told = ["not proven by a digest: image/team/web v21 (digest not known)"];
    world.checklist().expect("release-under-test", "incomplete", &told);
    let captured = world.capture(&["v23", "--from", "qualif", "--previous", "v22"]);
    assert!(
        captured.expect(0).stderr.contains("nothing tells the digest of this tag"),
        "{captured}"
    );
}

#[test]
fn what_did_not_change_must_be_as_before() {
    let world = World::new();
    world.edit_release("v21", |text| text.replace("c210", "c200"));
    world.services("production", &with(v21(), "web", "v21", "c20"), TAKEN);
    let told = ["image/team/web differs from v21 and is not under changed: of v22"];
    world.checklist().expect("release-under-test", "no-go", &told);
}

#[test]
fn without_a_file_of_the_release_before_the_first_step_is_to_capture_it() {
    let world = World::new();
    std::fs::remove_file(world.release_path("v21")).unwrap();
    let settle = "envparity release capture v21 --from production";
    world
        .checklist()
        .expect("release-under-test", "incomplete", &["v21, which production should run", settle])
        .expect("rollback-ready", "incomplete", &[settle]);
}

#[test]
fn builds_that_production_ran_once_are_ready() {
    let world = World::new();
    world.command(&["audit", "--at", NOW]);
    world.services("production", &with(v21(), "web", "v20", "c20"), TAKEN);
    world.checklist().expect("rollback-ready", "go", &["1 of them earlier"]);
}

#[test]
fn what_was_not_read_makes_a_release_incomplete_and_not_another() {
    let world = World::new();
    let failed = "{failed: {kind: timeout, message: no answer, advice: wait}}";
    world.evidence("qualif", &Services::new(), TAKEN, failed);
    world.checklist().expect("coverage", "incomplete", &["3 of 4 required targets"]).expect(
        "release-under-test",
        "incomplete",
        &["qualif: not read: "],
    );
}

#[test]
fn evidence_of_another_day_does_not_count() {
    let world = World::new();
    world.services("qualif", &v22(), "2026-04-11T18:39:00Z");
    let told = ["3 of 4 required targets", "older than 24h"];
    world.checklist().expect("coverage", "incomplete", &told);
}

#[test]
fn one_redis_in_both_is_a_no_go() {
    let world = World::new();
    world.info("production", &Info { run_id: "a", ..production_info() });
    world.checklist().expect("isolation", "no-go", &["redis/cache"]).expect("coverage", "go", &[]);
    let world = World::new();
    world.checklist().expect("isolation", "go", &["4 identities, none shared"]);
    world.info("production", &Info { run_id: "", ..production_info() });
    let told = ["1 target does not say who it is: production redis/cache"];
    world.checklist().expect("isolation", "incomplete", &told);
}

#[test]
fn drift_of_the_platform_is_a_no_go_unless_somebody_accepts_it() {
    let world = World::new();
    let valkey = std::fs::read_to_string(crate::cli::recorded_info("valkey-8.0.1")).unwrap();
    let recent = valkey.lines().map(|line| {
        let is_time = line.starts_with("server_time_usec");
        if is_time { "server_time_usec:1776105540000000\n".to_owned() } else { format!("{line}\n") }
    });
    world.profiles.write("production-cache.txt", &recent.collect::<String>());
    let judged = world.checklist();
    judged.expect("parity", "no-go", &["high product-differs redis/cache", "waiver add"]);
    waive(&world.profiles);
    world.checklist().expect("parity", "go", &["waived by valkey: high product-differs"]).expect(
        "waivers",
        "go",
        &["1 active, 0 expired, 0 unused"],
    );
}

pub(crate) fn waive(profiles: &Profiles) {
    profiles.config(
        "waivers.yaml",
        "kind: Waivers\nwaivers:\n- {id: valkey, rule: product-differs, component: redis/cache, \
         environments: [production, qualif], versions: {production: \"8.0.x\", qualif: \"7.0.x\"}, \
         reason: moved first, owner: platform, expires: 2026-12-31}\n",
    );
}

#[test]
fn a_rollback_is_judged_by_what_it_goes_back_to() {
    let world = World::new();
    // Production runs v22, and v21 is to come back.
    world.command(&["audit", "--at", NOW]);
    world.services("production", &v22(), TAKEN);
    let ended = world.command(&[
        "checklist", "--release", "v21", "--type", "rollback", "--at", NOW, "-o", "json",
    ]);
    let judged = crate::world::Judged::of(ended.expect(0));
    judged
        .expect("rollback-ready", "go", &["3 of 3 builds of v21", "2 of them earlier"])
        .expect("freeze", "skipped", &[])
        .expect("new-command", "skipped", &[])
        .expect("coverage", "go", &[]);
    world.add_to_release("v21", "type: standard\n");
    let ended = world.command(&["checklist", "--release", "v21", "--type", "rollback"]);
    assert!(ended.expect(2).stderr.contains("v21 is a standard by its file"), "{ended}");
}
