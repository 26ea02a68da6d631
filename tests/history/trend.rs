//! `trend`: a little world of known truth, in a store, as charts and files show it.

use envparity::history::{SeriesKey, Store};
use envparity::model::{Bucket, BucketFlags};
use serde_json::Value;

use crate::cli::{Ended, Profiles, recorded_info};
use crate::world::open;

/// Tuesday 2026-04-14 in Paris, from midnight to midnight.
const FROM: &str = "2026-04-14T00:00+02:00";
const TO: &str = "2026-04-15T00:00+02:00";
const BEGIN: i64 = 1_776_117_600;

fn key(place: &str, name: &str) -> SeriesKey {
    SeriesKey {
        environment: "qualif".to_owned(),
        target: "redis/cache".to_owned(),
        place: place.to_owned(),
        name: name.to_owned(),
    }
}

fn bucket(at: i64, (a, b): (f64, f64), flags: BucketFlags) -> Bucket {
    Bucket { at, covered: 300.0, a, b, flags }
}

/// A day of one server: nothing from 3 to 4, a restart at 6, KEYS at `burst` and idle otherwise.
fn day(store: &mut Store, place: &str, burst: i64, share: f64) {
    let ends = (1..=288).map(|i| BEGIN + 300 * i);
    let known: Vec<i64> =
        ends.filter(|at| !(BEGIN + 10_800..=BEGIN + 14_400).contains(at)).collect();
    let restart = BEGIN + 6 * 3_600;
    let flags = |at: i64| match at {
        at if at == restart => BucketFlags::RESTART | BucketFlags::AT_LEAST,
        _ => BucketFlags::ZEROS,
    };
    let rows = |of: &dyn Fn(i64) -> (f64, f64)| -> Vec<Bucket> {
        known.iter().map(|at| bucket(*at, of(*at), flags(*at))).collect()
    };
    let keys = bucket(burst, (60.0, share * 300e6), flags(burst));
    store
        .add_buckets(&[
            (key(place, "up"), rows(&|_| (5.0, 0.0))),
            (key(place, "cmd/keys"), vec![keys]),
            (
                key(place, "ops"),
                rows(&|at| if at == burst { (3_000.0, 0.0) } else { (300.0, 0.0) }),
            ),
            (key(place, "cpu"), rows(&|_| (0.0, 30e6))),
        ])
        .unwrap();
}

/// The burst ends at 11:10.
const BURST: i64 = BEGIN + 11 * 3_600 + 600;

fn world() -> Profiles {
    let profiles = Profiles::of(&["dev", "qualif", "prod"]);
    for name in ["dev", "qualif", "prod"] {
        profiles.recorded(name, &recorded_info("redis-7.0.15"));
    }
    let audit = profiles.read("audit.yaml");
    let more = "timezone: Europe/Paris\nhistory: {path: envparity.db}\n";
    profiles.write("audit.yaml", &format!("{audit}{more}"));
    let mut store = open(&profiles.path("envparity.db"));
    day(&mut store, "", BURST, 0.34);
    profiles
}

fn trend(profiles: &Profiles, more: &[&str], width: &str) -> Ended {
    let run = [&["trend", "redis/cache"], more, &["--since", FROM, "--until", TO]].concat();
    profiles.run_with(&run, &[("COLUMNS", width)])
}

fn mark(profiles: &Profiles) {
    let span = "2026-04-14T11:05+02:00..2026-04-14T11:30+02:00";
    let run = ["mark", "span", "qualif", span, "--label", "reproduction", "--exclude"];
    profiles.run(&run).expect(0);
}

#[test]
fn a_burst_stands_above_the_limit_and_gaps_are_blank() {
    let profiles = world();
    for width in [80, 120, 40] {
        let ended = trend(&profiles, &["walk-share"], &width.to_string());
        let text = &ended.expect(0).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
        let flat = text.replace("\n    ", " ");
        for said in ["limit 5 %", "highest 34 % at 14 Apr 11:10", "R restart", "blank not known"] {
            assert!(flat.contains(said), "{width}: {said}: {text}");
        }
        assert!(
            text.contains("40 %|") && text.contains(" 5 %|- -") && text.contains(" 0 %|."),
            "{text}"
        );
        let base = text.lines().find(|line| line.contains(" 0 %|")).unwrap();
        // From 3 to 4 nothing is known: an eighth of the day.
        let bars = &base[base.find('|').unwrap() + 1..];
        let (gap, burst) = (bars.find(' ').unwrap(), bars.find('#').unwrap());
        let columns = width - 9;
        assert!(gap.abs_diff(columns * 3 / 24) <= 1 && burst == columns * 133 / 288, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    let wide = trend(&profiles, &["walk-share"], "80").stdout;
    assert!(wide.contains("14 Apr 00h") && wide.contains("12h"), "{wide}");
}

#[test]
fn a_mark_is_told_below_the_axis() {
    let profiles = world();
    mark(&profiles);
    let text = trend(&profiles, &["walk-share", "--env", "qualif"], "100").stdout;
    assert!(text.contains("^ 11:05 reproduction (marked, excluded)"), "{text}");
    assert!(text.contains("o excluded") && text.contains("highest 0 % at"), "{text}");
}

#[test]
fn the_files_have_every_point_and_its_marks() {
    let profiles = world();
    mark(&profiles);
    let json: Value = trend(&profiles, &["-o", "json"], "80").json();
    assert_eq!((&json["kind"], &json["bucket-seconds"]), (&"Trend".into(), &300.into()));
    assert_eq!(json["timezone"], "Europe/Paris");
    let figures = json["figures"].as_array().unwrap();
    let names: Vec<&str> = figures.iter().map(|one| one["figure"].as_str().unwrap()).collect();
    assert_eq!(names, ["walk-share", "cpu", "ops", "logins"]);
    let server = &figures[0]["servers"][0];
    let points = server["points"].as_array().unwrap();
    assert_eq!(points.len(), 288 - 13);
    let worst = points.iter().find(|one| one["at"] == "2026-04-14T09:10:00Z").unwrap();
    assert_eq!((&worst["value"], &worst["excluded"]), (&0.34.into(), &true.into()));
    let gap = &server["gaps"][0];
    assert_eq!(
        (&gap["from"], &gap["to"]),
        (&"2026-04-14T00:55:00Z".into(), &"2026-04-14T02:00:00Z".into())
    );
    let restart = points.iter().find(|one| one["at"] == "2026-04-14T04:00:00Z").unwrap();
    assert_eq!((&restart["at-least"], &restart["events"][0]), (&true.into(), &"restart".into()));
    assert_eq!(figures[1]["servers"][0]["points"][0]["value"], 0.1);
    assert_eq!(figures[2]["servers"][0]["points"][0]["value"], 1.0);
    let csv = trend(&profiles, &["keys", "-o", "csv"], "80").stdout;
    let burst = "\"calls\",\"keys\",\"calls\",\"2026-04-14T09:10:00Z\",\"300\",\"60\"";
    assert!(csv.contains(burst), "{csv}");
    // 102 seconds in 60 calls, and nothing where there was no call.
    assert!(csv.contains(
        "\"time-per-call\",\"keys\",\"seconds\",\"2026-04-14T09:10:00Z\",\"300\",\"1.7\""
    ));
    assert!(csv.contains("\"seconds\",\"2026-04-14T09:15:00Z\",\"300\",\"\""), "{csv}");
    let yaml = trend(&profiles, &["cpu", "-o", "yaml"], "80");
    assert_eq!(yaml.expect(0).yaml()["figures"][0]["limit"], 0.7);
}

#[test]
fn the_page_has_a_chart_and_no_script() {
    let profiles = world();
    mark(&profiles);
    let page = profiles.path("trend.html");
    let output = format!("html={}", page.display());
    trend(&profiles, &["-o", &output, "-o", "table"], "80").expect(0);
    let text = profiles.read("trend.html");
    assert_eq!(text.matches("role=\"img\"").count(), 4);
    for said in [
        "class=\"limit\"", "limit 5 %", "14 Apr 11:10: 34 %", "not known", "reproduction",
        "style-src 'sha256-",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("<script") && !text.contains(" style=") && !text.contains("http://"));
}

#[test]
fn of_several_servers_the_worst_is_named() {
    let profiles = world();
    let mut store = open(&profiles.path("envparity.db"));
    for (place, share) in [("10.0.0.1:6379", 0.2), ("10.0.0.2:6379", 0.45)] {
        day(&mut store, place, BURST + 3_600, share);
    }
    let text = trend(&profiles, &["walk-share"], "120").stdout;
    assert!(text.contains("highest 45 % at 14 Apr 12:10 on 10.0.0.2:6379 of 3 servers"), "{text}");
}

#[test]
fn what_is_not_known_ends_with_3_and_what_is_no_name_with_2() {
    let profiles = world();
    let run = |more: &[&str]| profiles.run(&[&["trend"], more].concat());
    let late = run(&["redis/cache", "walk-share", "--env", "qualif"]);
    assert!(late.expect(3).says("history holds it since 2026-04-13T22:00:00Z"), "{late}");
    // A recorded target of which nothing was kept yet is none that nobody knows.
    let unkept = run(&["redis/cache", "--env", "dev"]);
    assert!(unkept.expect(3).says("holds no full five minutes of it yet"), "{unkept}");
    for (more, said) in [
        (&["redis/cahce"][..], "did you mean redis/cache?"),
        (&["redis/cache", "--env", "qalif"], "did you mean qualif?"),
        (&["redis/cach", "--env", "dev"], "unknown target"),
        (&["redis/cache", "walk-shar", "--since", FROM, "--until", TO], "did you mean walk-share?"),
        (&["redis/cache", "kyes", "--since", FROM, "--until", TO], "did you mean keys?"),
        (&["redis/cache", "--since", TO, "--until", FROM], "ends before it begins"),
        (&["redis/cache", "--since", "2026-04-14T00:00"], "has no offset"),
        (&["redis/cache", "--since", "-500d"], "400 days"),
        (&["redis/cache", "-o", "htlm"], "did you mean html?"),
    ] {
        assert!(run(more).expect(2).says(said), "{more:?}: {}", run(more));
    }
    let other = Profiles::of(&["qualif", "prod"]);
    let redis = "targets:\n  redis:\n  - {name: cache, url: \"redis://127.0.0.1:1\"}\n";
    other.environment("qualif", redis);
    other.environment("prod", redis);
    let audit = other.read("audit.yaml");
    other.write("audit.yaml", &format!("{audit}history: {{path: none.db}}\n"));
    let nothing = other.run(&["trend", "redis/cache"]);
    assert!(nothing.expect(3).says("there is no history"), "{nothing}");
    assert!(!other.path("none.db").exists());
}

/// Both nights in which clocks change are days like all others, of 23 and of 25 hours.
#[test]
fn both_nights_of_the_clocks_are_shown_by_the_clocks() {
    let profiles = world();
    let mut store = open(&profiles.path("envparity.db"));
    for (from, to, hours, labels) in [
        ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23, "29 Mar 00h"),
        ("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25, "25 Oct 00h"),
    ] {
        let begin = from.parse::<jiff::Timestamp>().unwrap().as_second();
        let ups = (1..=hours * 12).map(|i| bucket(begin + 300 * i, (5.0, 0.0), BucketFlags::ZEROS));
        store.add_buckets(&[(key("", "up"), ups.collect())]).unwrap();
        let run = ["trend", "redis/cache", "ops", "--since", from, "--until", to];
        let text = profiles.run_with(&run, &[("COLUMNS", "80")]).expect(0).stdout.clone();
        for label in [labels, "06h", "12h", "18h"] {
            assert!(text.contains(label), "{label}: {text}");
        }
        let json = profiles.run(&[&run[..], &["-o", "json"]].concat()).json();
        let points = json["figures"][0]["servers"][0]["points"].as_array().unwrap().len();
        assert_eq!(i64::try_from(points).unwrap(), hours * 12);
    }
}

/// INFO that a job writes beside the profiles is as good as a live server's.
#[test]
fn recorded_info_has_a_trend_from_its_second_recording_on() {
    let profiles = Profiles::of(&["qualif", "prod"]);
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}history: {{path: envparity.db}}\n"));
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    let info = std::fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
    let first = jiff::Timestamp::from_second(BEGIN + 300).unwrap();
    for minutes in [0, 5, 10] {
        let at = first + jiff::SignedDuration::from_mins(minutes);
        let own = |line: &str| match line.split_once(':') {
            Some((key @ "server_time_usec", _)) => format!("{key}:{}", at.as_microsecond()),
            Some((key @ "total_commands_processed", _)) => {
                format!("{key}:{}", 5_000 + minutes * 60 * 7)
            }
            _ => line.to_owned(),
        };
        profiles.write("own.txt", &info.lines().map(own).collect::<Vec<_>>().join("\n"));
        profiles.recorded("qualif", &profiles.path("own.txt"));
        let now = at + jiff::SignedDuration::from_mins(2);
        let ended = profiles.run(&["audit", "--at", &now.to_string()]);
        assert!(ended.code != Some(2), "{ended}");
    }
    let ended = trend(&profiles, &["ops", "--env", "qualif", "-o", "json"], "80");
    let json = ended.expect(0).json();
    let points = json["figures"][0]["servers"][0]["points"].as_array().unwrap();
    let values: Vec<f64> = points.iter().map(|one| one["value"].as_f64().unwrap()).collect();
    // Seven a second, less our own question now and then, and there is nothing but these minutes.
    assert!(!values.is_empty() && values.len() <= 3, "{json}");
    assert!(values.iter().all(|value| (6.9..=7.0).contains(value)), "{values:?}");
}
