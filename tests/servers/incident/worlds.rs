//! The worlds of the incident.

use super::*;

#[test]
fn world_1_a_release_that_nobody_used_is_incomplete() {
    let play = Play::new(Binary::Redis70);
    play.release();
    let told = play.checklist();
    assert!(told.with("no-go").is_empty(), "{:?}", told.with("no-go"));
    told.expect("exercised", "incomplete", &["0 stock-location under v22"])
        .expect("rehearsal", "incomplete", &["envparity rehearse v22 --work stock-location=10000"])
        .expect("observation-window", "incomplete", &[])
        .expect("new-command", "go", &[]);
}

#[test]
fn world_2_one_import_in_qualif_is_enough_for_a_no_go() {
    let play = Play::new(Binary::Redis70);
    play.release();
    let one = ["--behaviour", "v22", "--batches", "1", "--locations", "1"];
    Play::drive(&play.qualif, &one);
    play.checklist().expect("new-command", "no-go", &["KEYS 2 calls in qualif"]).expect(
        "cost-per-call",
        "no-go",
        &["KEYS", "ms at 20 k keys, at least", "at 300 k keys"],
    );
    // Told by marks, it is what a stock location costs.
    play.run(&["mark", "work", "qualif", "stock-location", "--start"]).expect(0);
    Play::drive(&play.qualif, &one);
    play.run(&["mark", "work", "qualif", "stock-location", "--count", "1"]).expect(0);
    play.checklist()
        .expect("cost-per-unit", "go", &["1 marked", "KEYS 2.0", "judged by projected-load alone"])
        .expect("projected-load", "no-go", &["10 k stock-location at once keep redis/cache busy"])
        .expect("exercised", "incomplete", &["1 stock-location under v22"]);
}

#[test]
fn world_3_and_its_fix_are_told_apart_by_a_rehearsal() {
    let play = Play::new(Binary::Redis70);
    play.rehearse("v21", "v21", 2).expect(0);
    play.release();
    play.rehearse("v22", "v22", 2).expect(0);
    let told = play.checklist();
    told.expect("new-command", "no-go", &["KEYS 20 calls in qualif by the work that was counted"])
        .expect("cost-per-call", "no-go", &[])
        .expect("cost-per-unit", "no-go", &["10 rehearsed; per stock-location KEYS 2.0 (v21 0)"])
        .expect("projected-load", "no-go", &["of five minutes"])
        .expect("rehearsal", "incomplete", &["only 10 stock-location"]);
    // The same builds once more, and nobody calls KEYS: it was typed, or by another.
    play.rehearse("v22", "fixed", 2).expect(0);
    play.checklist()
        .expect("new-command", "go", &["KEYS not called in the rehearsal; 20 calls outside it"])
        .expect("cost-per-unit", "go", &["logins 2.0 (v21 2.0)"])
        .expect("projected-load", "go", &[])
        .expect("exercised", "go", &[]);
}

#[test]
fn world_4_a_fix_that_was_rehearsed_and_observed_is_go() {
    let play = Play::new(Binary::Redis70);
    play.units(10);
    play.rehearse("v21", "v21", 2).expect(0);
    play.release();
    play.rehearse("v22", "fixed", 2).expect(0);
    play.run(&["mark", "work", "qualif", "stock-location", "--start"]).expect(0);
    let one = ["--behaviour", "fixed", "--batches", "1", "--locations", "1"];
    Play::drive(&play.qualif, &one);
    play.run(&["mark", "work", "qualif", "stock-location", "--count", "1"]).expect(0);
    let told = played::a_day_later(&play);
    for item in [
        "new-command", "cost-per-call", "cost-per-unit", "projected-load", "exercised",
        "rehearsal", "observation-window",
    ] {
        told.expect(item, "go", &[]);
    }
    told.expect("observation-window", "go", &["24 h without a breach", "1 unit of work in it"]);
    let open = told.with("incomplete").into_iter().chain(told.with("no-go"));
    let open: Vec<String> = open.map(|item| told.told(item)).collect();
    assert!(open.is_empty(), "{open:#?}");
    assert_eq!(text(&told.0["verdict"]), "go");
}

#[test]
fn world_5_and_8_what_others_call_too_is_told_by_a_unit() {
    for (behaviour, others) in [("v22", "keys"), ("v22-scan", "scan")] {
        let play = Play::new(Binary::Redis70);
        for redis in [&play.qualif, &play.production] {
            Play::drive(redis, &["--others", others, "--calls", "20"]);
        }
        play.rehearse("v21", "v21", 2).expect(0);
        play.release();
        // Another service goes on meanwhile.
        Play::drive(&play.qualif, &["--others", others, "--calls", "3"]);
        play.rehearse("v22", behaviour, 2).expect(0);
        let name = format!("{} ", others.to_uppercase());
        play.checklist()
            .expect("new-command", "go", &[])
            .expect("cost-per-unit", "no-go", &[&name, "(v21 0)"])
            .expect("projected-load", "no-go", &["of five minutes"]);
    }
}

#[test]
fn world_11_a_reset_in_the_burst_hides_nothing_that_came_behind_it() {
    let play = Play::new(Binary::Redis70);
    play.rehearse("v21", "v21", 2).expect(0);
    play.release();
    let address = format!("127.0.0.1:{}", play.qualif.port());
    let driver = driver().display().to_string();
    let burst = format!("{driver} --redis {address} --behaviour v22 --batches 1 --locations 5");
    let reset = format!("{driver} --redis {address} --others resetstat");
    let line = format!("{burst}; sleep 6; {reset}; {burst}");
    let work = "stock-location=10";
    play.run(&["rehearse", "v22", "--work", work, "--", "sh", "-c", &line]).expect(0);
    play.checklist()
        .expect("new-command", "no-go", &["KEYS"])
        .expect("cost-per-unit", "no-go", &["at least: a restart or reset hides some"])
        .expect("projected-load", "no-go", &["for at least"]);
}

#[test]
fn world_13_series_prove_zeros_of_a_redis_6_2_beside_an_exporter() {
    let play = Play::new(Binary::Redis62);
    play.units(10);
    for redis in [&play.qualif, &play.production] {
        redis.command(&["CONFIG", "GET", "maxmemory"]);
    }
    play.release();
    play.checklist().expect("new-command", "incomplete", &["may have been RESETSTAT"]);
    play.rehearse("v22", "fixed", 2).expect(0);
    played::a_day_later(&play).expect("new-command", "go", &["neither KEYS, FLUSHALL"]);
}

#[test]
fn world_18_a_rehearsal_of_other_builds_counts_for_nothing() {
    let play = Play::new(Binary::Redis70);
    play.units(10);
    play.release();
    play.rehearse("v22", "fixed", 2).expect(0);
    play.checklist().expect("rehearsal", "go", &[]);
    play.deploy("qualif", "v22-fixed-again");
    play.run(&["release", "capture", "v22", "--from", "qualif", "--force"]).expect(0);
    play.checklist().expect("rehearsal", "incomplete", &["is one of other builds"]).expect(
        "exercised",
        "incomplete",
        &["0 stock-location"],
    );
}
