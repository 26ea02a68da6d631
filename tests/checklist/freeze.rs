//! The freeze, by stored evidence.

use crate::world::{NOW, Services, World, digest, v22};

const FREEZE: &str = "freeze: {environment: qualif, from: 2026-04-13T17:00:00Z}\n";

/// Audits of qualif as it was at these times, and the checklist at NOW.
pub(crate) fn frozen(times: &[(&str, Services)], more: &str) -> World {
    let world = World::new();
    world.add_to_release("v22", &format!("{FREEZE}{more}"));
    for (at, services) in times {
        world.services("qualif", services, at);
        world.services("production", &crate::world::v21(), at);
        world.command(&["audit", "--at", at, "--report-only"]).expect(0);
    }
    world
}

pub(crate) fn other(tag: &'static str, begin: &'static str) -> Services {
    let mut services = v22();
    services[2] = ("web", tag, begin);
    services
}

pub(crate) const TIMES: [&str; 4] = [
    "2026-04-13T16:50:00Z", "2026-04-13T17:30:00Z", "2026-04-13T18:10:00Z", "2026-04-13T18:39:00Z",
];

#[test]
fn nothing_changed_is_go_if_evidence_is_dense() {
    let world = frozen(&TIMES.map(|at| (at, v22())), "");
    let judged = world.checklist();
    judged.expect(
        "freeze",
        "go",
        &["nothing else is known to have changed since 2026-04-13T17:00:00Z", "gap 40m"],
    );
    // All that this version judges is as it must be.
    let ended = world.judge(&[]);
    let open = "INCOMPLETE v22: not proven: cost-per-unit, projected-load";
    assert!(ended.expect(3).says(open), "{ended}");
}

#[test]
fn a_freeze_of_another_environment_or_of_later_proves_nothing() {
    let world = frozen(&TIMES.map(|at| (at, v22())), "");
    world
        .edit_release("v22", |text| text.replace("environment: qualif", "environment: production"));
    let told = ["the freeze is of production: what changed in qualif is not looked at"];
    world.checklist().expect("freeze", "incomplete", &told);
    let world = World::new();
    let later = "freeze: {environment: qualif, from: 2026-04-13T19:00:00Z}\n";
    world.add_to_release("v22", later);
    world.checklist().expect("freeze", "incomplete", &["the freeze begins later"]);
}

#[test]
fn a_gap_proves_nothing() {
    let world = frozen(&[TIMES[0], TIMES[3]].map(|at| (at, v22())), "");
    world.checklist().expect("freeze", "incomplete", &["largest gap"]);
    let world = frozen(&[], "");
    world.checklist().expect("freeze", "incomplete", &[]);
    World::new().checklist().expect("freeze", "incomplete", &["freeze:"]);
}

#[test]
fn a_change_is_a_no_go_also_when_it_was_taken_back() {
    let changed =
        |at: &'static str| (at, if at == TIMES[2] { other("v21-fix", "c99") } else { v22() });
    let world = frozen(&TIMES.map(changed), "");
    let told = ["image/team/web -> v21-fix c9900000, seen at 2026-04-13T18:10:00Z"];
    world.checklist().expect("freeze", "no-go", &told);
    let exception = format!(
        "exceptions:\n- {{component: image/team/web, digest: \"{}\", reason: a typo, by: alice, \
         approved-by: bob, at: 2026-04-13T18:00:00Z}}\n",
        digest("c99")
    );
    let world = frozen(&TIMES.map(changed), &exception);
    world.checklist().expect(
        "freeze",
        "go",
        &["a typo (alice, approved by bob)", "a typo taken back"],
    );
}

#[test]
fn the_release_itself_and_changes_before_the_freeze_are_no_changes() {
    let arriving = |at: &'static str| {
        let before = vec![
            ("timemachine", "v21", "a21"),
            ("stock-import", "v21", "b21"),
            ("web", "v21", "c21"),
        ];
        (at, if at < TIMES[2] { before } else { v22() })
    };
    frozen(&TIMES.map(arriving), "").checklist().expect("freeze", "go", &[]);
    let early = |at: &'static str| (at, if at == TIMES[0] { other("v20", "c20") } else { v22() });
    // Between the last evidence before the freeze and the first in it: nobody knows which.
    let told = ["image/team/web -> v21 c2100000 came after 2026-04-13T16:50:00Z and by"];
    frozen(&TIMES.map(early), "").checklist().expect("freeze", "incomplete", &told);
    let sooner = [("2026-04-13T16:20:00Z", other("v20", "c20"))];
    let times: Vec<_> = sooner.into_iter().chain(TIMES.map(|at| (at, v22()))).collect();
    frozen(&times, "").checklist().expect("freeze", "go", &[]);
}

#[test]
fn the_newest_stored_evidence_is_judged_without_contacting_anything() {
    let world = frozen(&TIMES.map(|at| (at, v22())), "");
    for name in ["qualif-app.yaml.txt", "production-app.yaml.txt", "qualif-cache.txt"] {
        std::fs::remove_file(world.profiles.path(name)).unwrap();
    }
    let recorded = world.judge(&["--recorded-only", "-o", "json"]);
    let judged = crate::world::Judged::of(recorded.expect(3));
    judged.expect("coverage", "go", &[]).expect("freeze", "go", &[]);
    // Nothing stored is of that time.
    let ended = world.command(&[
        "checklist", "--release", "v22", "--recorded-only", "--at", "2026-04-01T00:00:00Z",
    ]);
    ended.expect(3);
    let later = ["--recorded-only", "--at", "2026-04-16T00:00:00Z"];
    let ended = world.command(&[&["checklist", "--release", "v22"], &later[..]].concat());
    assert!(ended.expect(3).says("older than 24h"), "{ended} {NOW}");
}
