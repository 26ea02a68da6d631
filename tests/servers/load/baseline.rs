//! The window that goes back to the baseline's release, and the time that a run stands under, in
//! whole audits.

use super::kept::{audited, audited_with, keeping, load_of, metrics, row, run_id};
use super::*;

const DAY: i64 = 86_400;

/// The file of a release that came to production at this time.
fn release(profiles: &Profiles, name: &str, previous: &str, came: i64) {
    std::fs::create_dir_all(profiles.path("releases")).expect("a directory of ours");
    let came = Timestamp::from_second(came).expect("a time");
    let text = format!(
        "kind: Release\nname: {name}\n{previous}came: {{production: \"{came}\"}}\nchanged: {{}}\n"
    );
    profiles.config(&format!("releases/{name}.yaml"), &text);
}

#[test]
fn what_is_since_the_baselines_release_is_a_window_of_the_audit() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let end = now().as_second() / 300 * 300 + 300;
    // A burst ten days ago, behind which nothing but the nights: the last week does not have it.
    let (before, burst) = (end - 12 * DAY, end - 10 * DAY);
    let told = metrics(&run_id(&qualif), (before, end), burst, 60);
    let prometheus = keeping(dir.path(), &told);
    let profiles = profiles(&qualif, &production, Some(load_of(&prometheus.url())));
    let report = audited(&profiles, 1);
    let windows = &report["run"]["load"][0]["windows"];
    assert!(list(windows).all(|window| text(&window["window"]) != "cumulative"), "{windows}");
    // It came before the burst, and the one after it has not been there for a day.
    release(&profiles, "v21", "", end - 11 * DAY);
    release(&profiles, "v22", "previous: v21\n", end - DAY / 2);
    let report = audited(&profiles, 1);
    let load = &report["run"]["load"][0];
    let place = list(&load["windows"]).position(|window| text(&window["window"]) == "cumulative");
    let place = place.unwrap_or_else(|| panic!("{load}"));
    let window = &load["windows"][place];
    assert!(window["covered"].as_f64() > Some(0.98), "{window}");
    let from: Timestamp = text(&window["from"]).parse().expect("a time");
    let came = end - 11 * DAY;
    assert!((came..came + 300).contains(&from.as_second()), "{window}");
    let walk = &row(load, "walk-share")["windows"];
    let worst = |i: usize| walk[i]["worst"].as_f64().expect("it is known");
    assert!((worst(place) - 0.0537).abs() < 1e-4, "{walk}");
    assert!((worst(1) - 5.0 / 300.0).abs() < 1e-4, "{walk}");
    let table = profiles.audit_table();
    table.expect(1);
    assert!(table.says("cumulative"), "{}", table.stdout);
    // A breach that is certain is one, whatever is not known of the time before.
    release(&profiles, "v21", "", end - 40 * DAY);
    let report = audited(&profiles, 1);
    let walk = &row(&report["run"]["load"][0], "walk-share")["windows"];
    assert_eq!(text(&walk[place]["outcome"]), "breached", "{walk}");
}

#[test]
fn what_servers_answer_now_is_kept_under_no_other_time() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let profiles = profiles(&qualif, &production, None);
    let history = profiles.path("load.db");
    let path = history.to_str().expect("UTF-8");
    let kept = || {
        let store = Store::open(&history, &SqliteOptions::default());
        store.expect("it is there").newest_runs(9).expect("it can be read").len()
    };
    audited_with(&profiles, &["--history", path], 0);
    assert_eq!(kept(), 1);
    for off in [-400 * DAY, -DAY, -360, 360, DAY] {
        let at = Timestamp::from_second(now().as_second() + off).expect("a time").to_string();
        let ended = profiles.run(&["audit", "--history", path, "--at", &at]);
        // The report is there, and says why it is not kept.
        ended.expect(2);
        assert!(ended.stdout.contains("redis/cache"), "{off}: {ended}");
        assert!(ended.stderr.contains("a time that was not its own"), "{off}: {ended}");
        assert!(ended.stderr.contains("leave out --at"), "{off}: {ended}");
        assert_eq!(kept(), 1, "{off}");
    }
    // A minute is what clocks differ by.
    let at = Timestamp::from_second(now().as_second() - 60).expect("a time").to_string();
    audited_with(&profiles, &["--history", path, "--at", &at], 0);
    assert_eq!(kept(), 2);
    crate::support::cli::envparity(["history", "verify", "--history", path]).run().expect(0);
}
