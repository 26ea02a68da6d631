//! cost-per-unit, projected-load, exercised, rehearsal and observation-window; and what a rehearsal
//! and series say of a new command.

use envparity::model::RehearsalOutcome;

use crate::work::{LOCATIONS, Work};
use crate::world::{Info, World, production_info, qualif_info};

pub(crate) const VALID: RehearsalOutcome = RehearsalOutcome::Valid;
pub(crate) const REHEARSED: &str = "2026-04-12T18:00:00Z";

/// 250 stock locations come at once, and so many must have been done.
pub(crate) fn world() -> World {
    let world = World::new();
    world.profiles.config(
        "checklist.yaml",
        "kind: Checklist\nrequired-units: {stock-location: 250}\nitems:\n- {item: rehearsal, at-once: \
         {stock-location: 250}}\n",
    );
    world
}

/// What v21 has a Redis do for 250 locations.
pub(crate) fn done(before: &Info) -> Info {
    before.clone().more("get", 500, 500).more("set", 12_500, 12_500).more("hello", 500, 1_000)
}

pub(crate) fn baseline(world: &World) {
    let before = qualif_info();
    world.rehearse("v21", 250, &[before.clone(), done(&before)], "2026-04-08T12:00:00Z", &VALID);
}

pub(crate) fn rehearsed(world: &World, after: &Info) {
    world.rehearse("v22", 250, &[qualif_info(), after.clone()], REHEARSED, &VALID);
    world.info("qualif", after);
}

#[test]
fn the_same_cost_is_go_and_a_rehearsal_is_what_proves_it() {
    let world = world();
    baseline(&world);
    rehearsed(&world, &done(&qualif_info()));
    world
        .checklist()
        .expect("cost-per-unit", "go", &["250 rehearsed", "logins 2.0 (v21 2.0)"])
        .expect("projected-load", "go", &["250 stock-location at once"])
        .expect("rehearsal", "go", &["250 stock-location rehearsed 12 Apr 18:00"])
        .expect("exercised", "go", &["250 stock-location under v22", "2 of production's 2"])
        .expect("new-command", "go", &[]);
}

#[test]
fn calls_that_production_knows_are_a_no_go_if_a_unit_makes_more_of_them() {
    for (command, calls, micros) in [("keys", 500, 6_000_000), ("scan", 100_000, 5_000_000)] {
        let world = world();
        let name = command.to_uppercase();
        world.info("production", &production_info().with(command, 900, 900_000));
        baseline(&world);
        rehearsed(&world, &done(&qualif_info()).with(command, calls, micros));
        let told = world.checklist();
        told.expect("cost-per-unit", "no-go", &[&format!("{name} "), "(v21 0)"])
            .expect("projected-load", "no-go", &["250 stock-location at once", "five minutes"])
            .expect("new-command", "go", &[]);
        // 5 s at 41 k keys are 160 s at 1.31 M.
        assert!(told.told("projected-load").contains("for at least 1"), "{told:?}");
    }
}

#[test]
fn more_of_it_that_is_little_is_no_rise() {
    let world = world();
    baseline(&world);
    // A feature has one GET more, another tenant calls what it likes, somebody looked once.
    let after = done(&qualif_info()).more("get", 250, 300).with("hgetall", 20, 900);
    rehearsed(&world, &after.with("mget", 40, 1_000));
    world.checklist().expect("cost-per-unit", "go", &["also more often: GET 3.0 (2.0)"]).expect(
        "projected-load",
        "go",
        &[],
    );
}

#[test]
fn time_and_logins_that_rise_are_a_no_go() {
    for (name, after) in [
        ("logins 4.0 (v21 2.0)", done(&qualif_info()).more("hello", 500, 500)),
        ("Redis time", done(&qualif_info()).more("set", 250, 100_000)),
        ("HGETALL 1.0 (v21 0)", done(&qualif_info()).with("hgetall", 250, 2_500)),
    ] {
        let world = world();
        baseline(&world);
        rehearsed(&world, &after);
        world.checklist().expect("cost-per-unit", "no-go", &[name]);
    }
}

#[test]
fn without_a_unit_before_it_is_judged_by_the_projection_alone() {
    let world = world();
    rehearsed(&world, &done(&qualif_info()));
    let words = ["no unit of v21 to compare with; judged by projected-load alone"];
    world.checklist().expect("cost-per-unit", "go", &words);
    let words = ["at-once: of this item"];
    world.profiles.config("checklist.yaml", "kind: Checklist\nitems: []\n");
    world
        .checklist()
        .expect("cost-per-unit", "incomplete", &["no unit of v21 to compare with"])
        .expect("projected-load", "incomplete", &words)
        .expect("rehearsal", "incomplete", &words)
        .expect("exercised", "incomplete", &["required-units:"]);
}

#[test]
fn nothing_counted_is_incomplete_and_the_command_is_named() {
    let world = world();
    let command = "envparity rehearse v22 --work stock-location=250 -- CMD";
    let told = world.checklist();
    for item in ["cost-per-unit", "projected-load", "exercised", "rehearsal"] {
        told.expect(item, "incomplete", &[command]);
    }
    told.expect("observation-window", "incomplete", &["no load of it is kept", "0 units"]);
}

#[test]
fn marks_alone_hold_other_traffic_unless_the_command_is_new() {
    let world = world();
    baseline(&world);
    let (start, end) = ("2026-04-12T10:00:00Z", "2026-04-12T10:05:00Z");
    let after = done(&qualif_info()).with("scan", 100_000, 5_000_000);
    world.mark(&LOCATIONS, None, &qualif_info(), start);
    world.mark(&LOCATIONS, Some(250), &after, end);
    world.info("qualif", &after);
    world
        .checklist()
        .expect("cost-per-unit", "incomplete", &["250 marked", "other traffic, or the release?"])
        .expect("projected-load", "incomplete", &["other traffic"])
        .expect("exercised", "go", &["250 stock-location under v22"])
        .expect("rehearsal", "incomplete", &[]);
    let more = after.with("keys", 4, 48_000);
    world.mark(&LOCATIONS, Some(2), &more, "2026-04-12T10:06:00Z");
    world.info("qualif", &more);
    world.checklist().expect("new-command", "no-go", &["4 calls in qualif since v22 came"]);
}

#[test]
fn two_locations_that_are_marked_with_a_new_command_are_a_no_go() {
    let world = world();
    baseline(&world);
    let after = qualif_info().more("get", 4, 4).with("keys", 4, 48_000).with("hello", 4, 4);
    world.mark(&LOCATIONS, None, &qualif_info(), "2026-04-12T10:00:00Z");
    world.mark(&LOCATIONS, Some(2), &after, "2026-04-12T10:05:00Z");
    world.info("qualif", &after);
    world
        .checklist()
        .expect("cost-per-unit", "no-go", &["2 marked", "KEYS 2.0 (v21 0)"])
        .expect("projected-load", "no-go", &["at least 192 s = 63.9 %"])
        .expect("exercised", "incomplete", &["2 stock-location under v22"]);
}

#[test]
fn a_count_that_cannot_be_is_not_believed() {
    let world = world();
    baseline(&world);
    rehearsed(&world, &qualif_info().more("get", 100, 100));
    world
        .checklist()
        .expect("cost-per-unit", "incomplete", &["count implausible: 100 commands for 250 units"])
        .expect("projected-load", "incomplete", &["count implausible"]);
}

#[test]
fn work_that_overlaps_other_work_tells_nothing() {
    let world = world();
    let other = Work { name: "sales-day", ..LOCATIONS };
    let after = done(&qualif_info()).with("keys", 4, 48_000);
    world.mark(&other, None, &qualif_info(), "2026-04-12T10:01:00Z");
    world.mark(&LOCATIONS, None, &qualif_info(), "2026-04-12T10:02:00Z");
    world.mark(&LOCATIONS, Some(250), &after, "2026-04-12T10:05:00Z");
    world.mark(&other, Some(9), &after, "2026-04-12T10:07:00Z");
    let words = ["sales-day was done at the same time"];
    world.checklist().expect("cost-per-unit", "incomplete", &words);
}

#[test]
fn commands_that_no_counter_tells_make_a_lower_bound() {
    let world = world();
    baseline(&world);
    let hidden = Info { untold: 7, ..done(&qualif_info()) };
    rehearsed(&world, &hidden);
    let words = ["7 commands are in no counter of a command"];
    world
        .checklist()
        .expect("cost-per-unit", "incomplete", &words)
        .expect("projected-load", "incomplete", &words);
}

#[test]
fn a_restart_in_the_rehearsal_leaves_a_lower_bound() {
    let restarted = |infos: [Info; 3]| {
        let world = world();
        baseline(&world);
        world.rehearse("v22", 250, &infos, REHEARSED, &VALID);
        world.checklist()
    };
    let anew = Info { run_id: "c", commands: vec![("set", 9_000, 9_000)], ..qualif_info() };
    let one = done(&qualif_info());
    restarted([qualif_info(), one.clone(), anew.clone()]).expect(
        "cost-per-unit",
        "incomplete",
        &["at least: a restart or reset hides some"],
    );
    restarted([qualif_info(), one.with("keys", 400, 4_800_000), anew.with("keys", 60, 720_000)])
        .expect("cost-per-unit", "no-go", &["KEYS 1.8 (v21 0)", "at least"])
        .expect("projected-load", "no-go", &["for at least"]);
}

#[test]
fn a_rehearsal_counts_for_its_builds_and_if_it_was_valid() {
    let world = world();
    let after = done(&qualif_info());
    let failed = RehearsalOutcome::Failed("the command ended with 7".to_owned());
    world.rehearse("v22", 250, &[qualif_info(), after.clone()], REHEARSED, &failed);
    world.checklist().expect("rehearsal", "incomplete", &["is failed: the command ended with 7"]);
    world.rehearse("v22", 200, &[qualif_info(), after.clone()], REHEARSED, &VALID);
    world.checklist().expect("rehearsal", "incomplete", &["only 200 stock-location"]);
    world.rehearse("v22", 250, &[qualif_info(), after], REHEARSED, &VALID);
    world.checklist().expect("rehearsal", "go", &[]);
    world.edit_release("v22", |text| text.replace("a220", "a229"));
    world.checklist().expect("rehearsal", "incomplete", &["is one of other builds"]).expect(
        "exercised",
        "incomplete",
        &["0 stock-location under v22"],
    );
}

#[test]
fn what_walked_in_the_rehearsal_is_judged_by_the_limit_of_load() {
    let world = world();
    rehearsed(&world, &done(&qualif_info()).with("keys", 500, 32_000_000));
    let told = ["walk share at least 10.7 % of its worst five minutes"];
    world.checklist().expect("rehearsal", "no-go", &told);
}

#[test]
fn a_call_that_somebody_typed_is_cleared_by_a_rehearsal_without_it() {
    let world = world();
    baseline(&world);
    let typed = qualif_info().with("keys", 1, 12_000);
    world.info("qualif", &typed);
    world.checklist().expect("new-command", "no-go", &["envparity rehearse v22"]);
    world.rehearse("v22", 250, &[typed.clone(), done(&typed)], REHEARSED, &VALID);
    world.info("qualif", &done(&typed));
    let told = ["KEYS not called in the rehearsal; 1 call outside it"];
    world.checklist().expect("new-command", "go", &told).expect("cost-per-call", "go", &[]);
    // What is called behind it is new again.
    world.info("qualif", &done(&typed).more("keys", 1, 12_000));
    world.checklist().expect("new-command", "no-go", &[]);
}

#[test]
fn a_rehearsal_that_did_nothing_clears_nothing() {
    let world = world();
    let typed = qualif_info().with("keys", 1, 12_000);
    world.rehearse("v22", 250, &[typed.clone(), typed.clone()], REHEARSED, &VALID);
    world.info("qualif", &typed);
    world.checklist().expect("new-command", "no-go", &["KEYS 1 call"]);
}

#[test]
fn counters_that_were_reset_and_have_grown_since_are_a_lower_bound() {
    let world = world();
    baseline(&world);
    rehearsed(&world, &done(&qualif_info()).with("config|resetstat", 1, 9));
    let words = ["at least: a restart or reset hides some"];
    world.checklist().expect("cost-per-unit", "incomplete", &words);
}

#[test]
fn after_a_restart_a_rehearsal_settles_it() {
    let world = world();
    let young =
        Info { days: 1, commands: vec![("get", 100, 100), ("set", 20, 40)], ..qualif_info() };
    world.info("qualif", &young);
    world.checklist().expect("new-command", "incomplete", &["envparity rehearse v22"]);
    world.rehearse("v22", 250, &[young.clone(), done(&young)], REHEARSED, &VALID);
    world.info("qualif", &done(&young));
    let told = ["not called in the rehearsal; what was called before it is not known"];
    world.checklist().expect("new-command", "go", &told);
}

/// Since before v22 came, on 9 April at 12:02, until the evidence was recorded.
pub(crate) const SPAN: (&str, &str) = ("2026-04-08T00:00:00Z", "2026-04-13T18:39:00Z");

/// The second, if it is time for it.
pub(crate) fn from(at: i64, time: &str, before: Info, then: Info) -> Info {
    if at >= crate::work::time(time).as_second() { then } else { before }
}

#[test]
fn series_prove_zeros_that_the_server_itself_cannot() {
    // On 6.2 an exporter calls CONFIG all day.
    let world = world();
    let of_exporter = |info: Info| info.with("config", 9_000, 9_000);
    world.info("qualif", &of_exporter(qualif_info()));
    world.info("production", &of_exporter(production_info()));
    world.checklist().expect("new-command", "incomplete", &["may have been RESETSTAT"]);
    world.sampled("qualif", SPAN, |_| qualif_info());
    world.sampled("production", SPAN, |_| production_info());
    world.checklist().expect("new-command", "go", &[]).expect("cost-per-call", "go", &[]);
}

#[test]
fn series_tell_when_a_command_came_first_and_what_had_changed() {
    let world = world();
    let called = || qualif_info().with("keys", 4, 48_000);
    let said = |at| from(at, "2026-04-09T12:31:00Z", qualif_info(), called());
    world.sampled("qualif", SPAN, said);
    world.info("qualif", &qualif_info().with("keys", 4, 48_000));
    world.checklist().expect(
        "new-command",
        "no-go",
        &[
            "KEYS 4 calls in qualif since v22 came, v21 there 0; production 0 in 57 d",
            "first in the five minutes until 9 Apr 12:35",
            "changed in the hour before: image/team/stock-import, image/team/timemachine to v22",
        ],
    );
}

#[test]
fn what_was_called_before_the_release_is_not_its_own() {
    let world = world();
    let typed = || qualif_info().with("keys", 1, 12_000);
    world.sampled("qualif", SPAN, |at| from(at, "2026-04-08T12:00:00Z", qualif_info(), typed()));
    world.info("qualif", &qualif_info().with("keys", 1, 12_000));
    world.checklist().expect("new-command", "go", &[]);
    // What a rehearsal shows is the release's own, whoever typed it before.
    let after = done(&qualif_info()).with("keys", 501, 6_012_000);
    let begun = qualif_info().with("keys", 1, 12_000);
    world.rehearse("v22", 250, &[begun, after.clone()], REHEARSED, &VALID);
    world.info("qualif", &after);
    world.checklist().expect("new-command", "no-go", &["KEYS 500 calls in qualif by the work"]);
    // Calls of the newest minutes are in no series, and may be the release's.
    let world = self::world();
    world.sampled("qualif", SPAN, |_| qualif_info());
    world.info("qualif", &qualif_info().with("keys", 1, 12_000));
    let told = ["KEYS 1 call in qualif since v22 came; production 0"];
    world.checklist().expect("new-command", "no-go", &told);
}

#[test]
fn a_day_at_work_without_a_breach_is_observed() {
    let world = world();
    let (before, after) = (qualif_info(), done(&qualif_info()));
    let more = done(&after);
    let said = |at| {
        let rehearsed = from(at, REHEARSED, before.clone(), after.clone());
        from(at, "2026-04-13T08:01:00Z", rehearsed, more.clone())
    };
    world.sampled("qualif", SPAN, said);
    world.rehearse("v22", 250, &[before.clone(), after.clone()], REHEARSED, &VALID);
    world.checklist().expect(
        "observation-window",
        "incomplete",
        &[
            "24 h without a breach",
            "0 units of work in it",
            "envparity mark work qualif stock-location --start",
        ],
    );
    world.mark(&LOCATIONS, None, &after, "2026-04-13T08:00:00Z");
    world.mark(&LOCATIONS, Some(1), &more, "2026-04-13T08:01:00Z");
    let words = ["24 h without a breach", "1 unit of work in it"];
    world.checklist().expect("observation-window", "go", &words);
    // Another rehearsal begins it anew.
    world.rehearse("v22", 250, &[more.clone(), done(&more)], "2026-04-13T09:00:00Z", &VALID);
    let told = world.checklist();
    told.expect("observation-window", "incomplete", &["9 h 35 min without a breach"]);
    assert!(format!("{told:?}").contains("24h, earliest Tue 14 Apr 09:01"), "{told:?}");
}

#[test]
fn a_breach_since_the_release_came_is_a_no_go() {
    let world = world();
    let walked = || qualif_info().with("hgetall", 100, 20_000_000);
    world.sampled("qualif", SPAN, |at| from(at, "2026-04-11T10:02:00Z", qualif_info(), walked()));
    let words = ["walk share 6.67 % in the worst 5 minutes, limit 5 %", "(history)"];
    world.checklist().expect("observation-window", "no-go", &words);
}

#[test]
fn after_a_failover_both_members_are_judged() {
    for walks in [false, true] {
        let world = world();
        let failover = crate::work::time("2026-04-13T03:02:00Z").as_second();
        let role = |at: i64, is_first: bool| {
            if (at < failover) == is_first { "master" } else { "slave" }
        };
        let second = Info { run_id: "d", ..qualif_info() };
        let walked = second.clone().with("keys", 500, 20_000_000);
        let one = |at| (qualif_info(), role(at, true));
        world.came("2026-04-12T12:00:00Z");
        let span = ("2026-04-12T10:00:00Z", "2026-04-13T18:39:00Z");
        world.sampled_member("qualif", "10.0.0.1:6379", span, one);
        world.sampled_member("qualif", "10.0.0.2:6379", span, |at| {
            let after = if walks { walked.clone() } else { second.clone() };
            (from(at, "2026-04-13T05:02:00Z", second.clone(), after), role(at, false))
        });
        let told = world.checklist();
        if walks {
            let words = ["walk share of 10.0.0.2:6379 6.67 % in the worst 5 minutes"];
            told.expect("observation-window", "no-go", &words);
        } else {
            told.expect("observation-window", "incomplete", &["24 h without a breach", "0 units"]);
        }
    }
}

#[test]
fn a_hotfix_is_observed_for_an_hour() {
    let world = world();
    world.add_to_release("v22", "type: hotfix\n");
    let span = ("2026-04-13T15:00:00Z", "2026-04-13T18:39:00Z");
    let after = || done(&qualif_info());
    world.sampled("qualif", span, |at| from(at, "2026-04-13T18:01:00Z", qualif_info(), after()));
    world.came("2026-04-13T17:00:00Z");
    world.checklist().expect("observation-window", "incomplete", &["1 h without a breach"]);
    world.mark(&LOCATIONS, None, &qualif_info(), "2026-04-13T18:00:00Z");
    world.mark(&LOCATIONS, Some(2), &after(), "2026-04-13T18:01:00Z");
    world.checklist().expect("observation-window", "go", &["2 units of work in it"]);
}

#[test]
fn counts_of_units_in_a_checklist_are_checked() {
    let world = World::new();
    for (text, told) in [
        ("required-units: {stock-location: 0}", "no stock-location at all says nothing"),
        ("items: [{item: freeze, at-once: {a: 1}}]", "freeze has no at-once:"),
        (
            "items: [{item: rehearsal, at-once: {a: 1}}, {item: projected-load, at-once: {a: 2}}]",
            "a comes 1 at once, and 2",
        ),
    ] {
        world.profiles.config("checklist.yaml", &format!("kind: Checklist\n{text}\n"));
        let ended = world.command_without_history(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains(told), "{text}: {ended}");
    }
}
