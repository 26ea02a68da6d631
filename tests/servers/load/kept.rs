//! Days that a Prometheus keeps of a Redis, judged by an audit of the built binary.

use super::*;
use crate::support::hostile::{Behaviour, Hostile};

const DAY: i64 = 86_400;

/// Micro-language of the text format.
fn add(text: &mut String, name: &str, labels: &str, at: i64, value: f64) {
    *text += &format!("redis_{name}{{job=\"redis\"{labels}}} {value} {at}.25\n");
}

/// Each minute ten GETs, each night at 02:00 five KEYS of a second each, and behind `burst` 61
/// KEYS that take 16.11 s: 5.37 % of five minutes.
pub(super) fn metrics(run_id: &str, (from, to): (i64, i64), burst: i64, step: usize) -> String {
    let mut text = String::new();
    let steps = || (from..to).step_by(step);
    let count = |n: i64| f64::from(i32::try_from(n).expect("a few days"));
    let minutes = |at: i64| count((at - from) / 60);
    let nights = |at: i64| count((at - 7_200).div_euclid(DAY) - (from - 7_200).div_euclid(DAY));
    let keys = |at: i64| 5.0 * nights(at) + if at > burst { 61.0 } else { 0.0 };
    let seconds = |at: i64| 5.0 * nights(at) + if at > burst { 16.11 } else { 0.0 };
    let family = |text: &mut String, name: &str| *text += &format!("# TYPE redis_{name} unknown\n");
    family(&mut text, "up");
    steps().for_each(|at| add(&mut text, "up", "", at, 1.0));
    family(&mut text, "instance_info");
    let labels = format!(",run_id=\"{run_id}\",role=\"master\"");
    steps().for_each(|at| add(&mut text, "instance_info", &labels, at, 1.0));
    family(&mut text, "commands_total");
    steps().for_each(|at| add(&mut text, "commands_total", ",cmd=\"get\"", at, 10.0 * minutes(at)));
    steps().for_each(|at| add(&mut text, "commands_total", ",cmd=\"keys\"", at, keys(at)));
    family(&mut text, "commands_duration_seconds_total");
    steps().for_each(|at| {
        add(&mut text, "commands_duration_seconds_total", ",cmd=\"get\"", at, 1e-5 * minutes(at));
    });
    steps().for_each(|at| {
        add(&mut text, "commands_duration_seconds_total", ",cmd=\"keys\"", at, seconds(at));
    });
    family(&mut text, "commands_processed_total");
    steps().for_each(|at| {
        add(&mut text, "commands_processed_total", "", at, 10.0 * minutes(at) + keys(at));
    });
    for mode in ["user", "sys"] {
        let name = format!("cpu_{mode}_seconds_total");
        family(&mut text, &name);
        steps().for_each(|at| add(&mut text, &name, "", at, 0.3 * minutes(at)));
    }
    text + "# EOF\n"
}

pub(super) fn run_id(redis: &RedisServer) -> String {
    let info = redis.command(&["INFO", "server"]);
    let line = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    line.expect("it says who it is").trim().to_owned()
}

/// A Prometheus that keeps nine days of a server with this `run_id`.
pub(super) fn prometheus(dir: &Path, run_id: &str) -> Running {
    let end = now().as_second() / 300 * 300 + 300;
    let burst = end - 2 * 3_600 - 130;
    keeping(dir, &metrics(run_id, (end - 9 * DAY, end), burst, 60))
}

pub(super) fn keeping(dir: &Path, metrics: &str) -> Running {
    let data = dir.join("data");
    blocks_of(metrics, &data);
    let config = dir.join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").expect("write the configuration");
    Running::prometheus(&config, &data, &["--storage.tsdb.retention.time=400d"])
}

pub(super) fn load_of(url: &str) -> Value {
    json!({"prometheus": {"url": url, "match": {"job": "redis"}}})
}

/// A Prometheus that was just started says 503 until it has opened its files.
pub(super) fn audited(profiles: &Profiles, code: i32) -> Report {
    audited_with(profiles, &[], code)
}

pub(super) fn audited_with(profiles: &Profiles, options: &[&str], code: i32) -> Report {
    let deadline = Instant::now() + scaled(Duration::from_secs(30));
    loop {
        let ended = profiles.run(&[&["audit", "-o", "json"], options].concat());
        let is_opening = ended.says("unavailable") || ended.says("Unavailable");
        if !is_opening || Instant::now() > deadline {
            return ended.report(code);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

pub(super) fn row<'a>(load: &'a Value, indicator: &str) -> &'a Value {
    list(&load["indicators"]).find(|row| text(&row["indicator"]) == indicator).expect("it is there")
}

#[test]
fn a_burst_that_prometheus_keeps_is_a_no_go_of_the_audit() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let prometheus = prometheus(dir.path(), &run_id(&qualif));
    let profiles = profiles(&qualif, &production, Some(load_of(&prometheus.url())));
    let report = audited(&profiles, 1);
    let [(_, summary), ..] = report.summaries("load-regression")[..] else { panic!("{report:?}") };
    assert!(summary.contains("walk share 5.37 % in the worst 5 minutes of 24h"), "{summary}");
    let load = &report["run"]["load"][0];
    let [day, week, month] = [0, 1, 2].map(|i| &load["windows"][i]);
    assert_eq!(text(&day["identity"]), "proven", "{load}");
    assert!(text(&day["source"]).starts_with("prometheus http://127.0.0.1:"), "{load}");
    assert!(day["covered"].as_f64() > Some(0.98), "{load}");
    assert!(week["covered"].as_f64() > Some(0.98) && month["covered"].as_f64() < Some(0.5));
    let walk = row(load, "walk-share");
    let worst = |i: usize| walk["windows"][i]["worst"].as_f64().expect("it is known");
    assert!((worst(0) - 0.0537).abs() < 1e-4, "{walk}");
    assert!((worst(1) - 5.0 / 300.0).abs() < 1e-4, "{walk}");
    assert_eq!(text(&walk["windows"][0]["outcome"]), "breached");
    assert_eq!(text(&walk["windows"][1]["outcome"]), "met");
    assert_eq!(text(&walk["windows"][2]["outcome"]), "unknown");
    assert!(text(&walk["windows"][2]["unknown"][0]).starts_with("held since"), "{walk}");
    assert_eq!(text(&walk["risen"]["outcome"]), "breached");
    // With a history, what was judged is copied there, and proven afterwards.
    let history = dir.path().join("kept.db");
    let path = history.display().to_string();
    profiles.run(&["audit", "--history", &path]).expect(1);
    crate::support::cli::envparity(["history", "verify", "--history", &path]).run().expect(0);
    let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is there");
    assert_eq!(store.newest_runs(5).expect("it can be read").len(), 1);
}

#[test]
fn series_of_another_server_prove_nothing_and_block_nothing() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let dir = tempfile::tempdir().expect("a temporary directory");
    // Scraped every second, so that a server of a few seconds should be in the series.
    let end = now().as_second() / 300 * 300 + 300;
    let other = "f".repeat(40);
    let told = metrics(&other, (end - 7_200, end), end - 3_600 - 130, 1);
    let prometheus = keeping(dir.path(), &told);
    let profiles = profiles(&qualif, &production, Some(load_of(&prometheus.url())));
    std::thread::sleep(Duration::from_secs(4));
    let report = audited(&profiles, 0);
    let load = &report["run"]["load"][0];
    assert_eq!(text(&load["windows"][0]["identity"]), "another-server", "{load}");
    let walk = row(load, "walk-share");
    assert!((walk["windows"][0]["worst"].as_f64().expect("it is shown") - 0.0537).abs() < 1e-4);
    assert_eq!(text(&walk["windows"][0]["outcome"]), "unknown", "{walk}");
    let why = text(&walk["windows"][0]["unknown"][0]);
    assert!(why.starts_with("another server: its run_id is"), "{why}");
}

#[test]
fn a_prometheus_that_misbehaves_costs_the_load_of_its_target_alone() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let silent = Hostile::start(Behaviour::Silent);
    let refused = format!("http://127.0.0.1:{}", free_port());
    for (url, kind) in
        [(format!("http://127.0.0.1:{}", silent.port()), "timeout"), (refused, "refused")]
    {
        let mut load = load_of(&url);
        load["prometheus"]["deadline"] = json!("2s");
        let profiles = profiles(&qualif, &production, Some(load));
        let ended = profiles.audit();
        let report = ended.report(0);
        let load = &report["run"]["load"][0];
        assert_eq!(text(&load["failed"][0]["failure"]["kind"]), kind, "{load}");
        let walk = row(load, "walk-share");
        assert_eq!(text(&walk["windows"][0]["outcome"]), "unknown", "{walk}");
        let table = profiles.audit_table();
        table.expect(0);
        assert!(table.says(&format!("prometheus {url} told nothing:")), "{}", table.stdout);
    }
}

/// The whole way from blocks of a real Prometheus to a chart: no history is needed.
#[test]
fn the_trend_of_what_prometheus_keeps_is_shown_with_its_gaps() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let run_id = run_id(&redis);
    let end = now().as_second() / 300 * 300 + 300;
    let burst = end - 2 * 3_600 - 130;
    let all = metrics(&run_id, (end - 2 * DAY, end), burst, 60);
    // Nobody scraped from eight to six hours ago.
    let (gap, over) = (end - 8 * 3_600, end - 6 * 3_600);
    let is_kept = |line: &&str| {
        let at = line.rsplit(' ').next().and_then(|at| at.strip_suffix(".25")?.parse::<i64>().ok());
        at.is_none_or(|at| at <= gap || at > over)
    };
    let lines: Vec<&str> = all.lines().filter(is_kept).collect();
    let prometheus = keeping(dir.path(), &(lines.join("\n") + "\n"));
    let profiles = profiles(&redis, &redis, Some(load_of(&prometheus.url())));
    let history = dir.path().join("none.db").display().to_string();
    let trend = |more: &[&str], width: &str| {
        let first = ["trend", "redis/cache", "--env", "qualif", "--history", history.as_str()];
        profiles.run_with(&[&first[..], more].concat(), &[("COLUMNS", width)])
    };
    let deadline = Instant::now() + scaled(Duration::from_secs(30));
    while trend(&["ops"], "80").code != Some(0) {
        assert!(Instant::now() < deadline, "{}", trend(&["ops"], "80"));
        std::thread::sleep(Duration::from_millis(200));
    }
    let json = trend(&["walk-share", "--for", "24h", "-o", "json"], "80").expect(0).json();
    let series = &json["figures"][0];
    assert!(text(&series["sources"][0]).starts_with("prometheus http://127.0.0.1:"), "{series}");
    let server = &series["servers"][0];
    let worst = list(&server["points"]).filter_map(|one| one["value"].as_f64()).fold(0.0, f64::max);
    assert!((worst - 0.0537).abs() < 1e-4, "{worst}");
    let seconds = |time: &Value| text(time).parse::<Timestamp>().expect("a time").as_second();
    let longest =
        list(&server["gaps"]).map(|one| seconds(&one["to"]) - seconds(&one["from"])).max();
    assert!((6_900..=7_500).contains(&longest.unwrap_or(0)), "{}", server["gaps"]);
    for width in ["80", "120"] {
        let chart = trend(&["walk-share"], width);
        let chart = &chart.expect(0).stdout;
        println!("{chart}");
        assert!(chart.contains("highest 5.37 %") && chart.contains("limit 5 %"), "{chart}");
        assert!(chart.contains("blank not known"), "{chart}");
    }
    let page = trend(&["-o", "html"], "80");
    let page = &page.expect(0).stdout;
    for class in ["class=\"limit\"", "class=\"gap\"", "bar over"] {
        assert!(page.contains(class), "{class}");
    }
    let calls = trend(&["keys", "-o", "csv"], "80").expect(0).stdout.clone();
    assert!(calls.contains("\"61\""), "{calls}");
    // A Prometheus that is gone is told, and nothing is known.
    drop(prometheus);
    let gone = trend(&["walk-share"], "80");
    assert!(gone.expect(3).says("prometheus http://127.0.0.1:"), "{gone}");
}
