//! The same worlds from a real Prometheus with redis_exporter: what is scraped is kept, told at other
//! times, and loaded as blocks.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use super::*;
use crate::support::prometheus::{Running, blocks_of, free_port};

/// What the load of a Redis is read from.
const FAMILIES: [&str; 8] = [
    "redis_up",
    "redis_instance_info",
    "redis_commands_total",
    "redis_commands_duration_seconds_total",
    "redis_commands_processed_total",
    "redis_cpu_sys_seconds_total",
    "redis_cpu_user_seconds_total",
    "redis_db_keys",
];

/// One scrape: family, the labels that the exporter gives it, value.
pub(crate) type Scrape = Vec<(&'static str, String, String)>;

/// Asks the exporter once.
pub(crate) fn scrape(exporter: &Running) -> Scrape {
    let mut stream = TcpStream::connect(("127.0.0.1", exporter.port())).expect("it listens");
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("it is asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let mut found = Scrape::new();
    for line in answer.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        let family = FAMILIES.into_iter().find(|family| *family == name);
        let labels = labels.trim_end_matches('}').to_owned();
        found.extend(family.map(|family| (family, labels, value.trim().to_owned())));
    }
    assert!(found.iter().any(|(family, ..)| *family == "redis_commands_total"), "{answer}");
    found
}

/// Each scrape is told from its time on until the next, every `step` seconds until `end`.
pub(crate) fn openmetrics(
    instances: &[(&str, Vec<(i64, Scrape)>)],
    end: i64,
    step: usize,
) -> String {
    let mut text = String::new();
    for family in FAMILIES {
        writeln!(text, "# TYPE {family} unknown").expect("memory");
        for (instance, phases) in instances {
            for (index, (from, scrape)) in phases.iter().enumerate() {
                let until = phases.get(index + 1).map_or(end, |(next, _)| *next);
                for (_, labels, value) in scrape.iter().filter(|(name, ..)| *name == family) {
                    let rest = if labels.is_empty() { "" } else { "," };
                    for at in (*from..until).step_by(step) {
                        let own = format!("job=\"redis\",instance=\"{instance}\"{rest}{labels}");
                        writeln!(text, "{family}{{{own}}} {value} {at}.25").expect("memory");
                    }
                }
            }
        }
    }
    sorted(&text) + "# EOF\n"
}

/// Samples of one series stand together in the order of time: phases of one series do already, but
/// for families with several series in each phase.
fn sorted(text: &str) -> String {
    let mut out = String::new();
    let mut series: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    let flush = |series: &mut std::collections::BTreeMap<&str, Vec<&str>>, out: &mut String| {
        for line in std::mem::take(series).into_values().flatten() {
            out.push_str(line);
            out.push('\n');
        }
    };
    for line in text.lines() {
        if line.starts_with('#') {
            flush(&mut series, &mut out);
            out.push_str(line);
            out.push('\n');
        } else {
            let name = line.split("} ").next().unwrap_or(line);
            series.entry(name).or_default().push(line);
        }
    }
    flush(&mut series, &mut out);
    out
}

/// A play whose servers are scraped.
pub(super) struct Scraped {
    pub(super) play: Play,
    qualif: Running,
    production: Running,
    phases: Vec<(i64, Scrape, Scrape)>,
    prometheus: Option<Running>,
    dir: tempfile::TempDir,
}

impl Scraped {
    pub(super) fn new() -> Self {
        let play = Play::new(Binary::Redis70);
        let qualif = Running::exporter(play.qualif.port(), free_port());
        let production = Running::exporter(play.production.port(), free_port());
        let dir = tempfile::tempdir().expect("a temporary directory");
        // Later scrapes have all series of the exporter's own calls.
        drop((scrape(&qualif), scrape(&production)));
        Self { play, qualif, production, phases: Vec::new(), prometheus: None, dir }
    }

    /// What both say now is what they said from so many hours ago on.
    pub(super) fn phase(&mut self, hours_ago: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "some hours")]
        let back = (hours_ago * 3_600.0) as i64;
        let at = now().as_second() - back;
        self.phases.push((at, scrape(&self.qualif), scrape(&self.production)));
    }

    /// Starts a Prometheus that holds all of it, and has the profiles name it.
    pub(super) fn keep(&mut self, step: usize, change: impl Fn(&str) -> String) {
        let end = now().as_second() + 60;
        let of = |pick: fn(&(i64, Scrape, Scrape)) -> Scrape| {
            self.phases.iter().map(|phase| (phase.0, pick(phase))).collect::<Vec<_>>()
        };
        let instances =
            [("qualif", of(|phase| phase.1.clone())), ("production", of(|phase| phase.2.clone()))];
        let data = self.dir.path().join("data");
        blocks_of(&change(&openmetrics(&instances, end, step)), &data);
        let config = self.dir.path().join("prometheus.yml");
        std::fs::write(&config, "scrape_configs: []\n").expect("write the configuration");
        let running = Running::prometheus(&config, &data, &["--storage.tsdb.retention.time=400d"]);
        for (name, redis) in [("qualif", &self.play.qualif), ("production", &self.play.production)]
        {
            let load = json!({"prometheus": {
                "url": running.url(),
                "match": {"job": "redis", "instance": name},
                "deadline": "60s",
            }});
            let profile = json!({
                "apiVersion": "envparity/v1", "kind": "Environment", "name": name, "deadline": "60s",
                "targets": {
                    "redis": [{"name": "cache", "url": redis.url(), "load": load}],
                    "recorded": [{"name": "app", "path": format!("{name}-app.evidence")}],
                },
            });
            self.play.profiles.write(&format!("{name}.yaml"), &profile.to_string());
        }
        self.prometheus = Some(running);
    }

    /// Which windows of production's load are judged.
    pub(super) fn windows(&self, windows: &str) {
        let text =
            format!("kind: Checklist\nitems:\n- {{item: performance, windows: {windows}}}\n");
        self.play.profiles.config("checklist.yaml", &text);
    }

    /// When v22 came to qualif, so many hours ago.
    fn came(&self, hours_ago: i64) {
        played::came(&self.play, now() - SignedDuration::from_hours(hours_ago));
    }

    /// A Prometheus that was just started says 503 until it has opened its files.
    pub(super) fn checklist(&self, history: Option<&Path>) -> Judged {
        let deadline = Instant::now() + scaled(Duration::from_secs(30));
        let own = self.play.history();
        let history = history.unwrap_or(&own);
        let url = self.prometheus.as_ref().expect("it is started").url();
        loop {
            let ready = TcpStream::connect(url.trim_start_matches("http://")).map(|mut stream| {
                let mut answer = String::new();
                drop(stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n"));
                drop(stream.read_to_string(&mut answer));
                answer.contains(" 200 ")
            });
            if ready.unwrap_or(false) || Instant::now() > deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let command = ["checklist", "--release", "v22", "-o", "json"];
        Judged(self.play.run_in(history, &command).json())
    }
}

#[test]
fn worlds_1_and_2_the_first_call_ever_is_seen_with_its_time() {
    let mut world = Scraped::new();
    world.phase(30.0);
    world.play.release();
    world.keep(60, str::to_owned);
    world.came(3);
    let told = world.checklist(None);
    told.expect("new-command", "go", &[]).expect("exercised", "incomplete", &[]).expect(
        "observation-window",
        "incomplete",
        &["without a breach (prometheus http://"],
    );
    assert!(told.with("no-go").is_empty(), "{:?}", told.with("no-go"));
    let one = ["--behaviour", "v22", "--batches", "1", "--locations", "1"];
    Play::drive(&world.play.qualif, &one);
    world.phase(2.6);
    world.dir = tempfile::tempdir().expect("a temporary directory");
    world.keep(60, str::to_owned);
    world
        .checklist(None)
        .expect("new-command", "no-go", &[
            "KEYS 2 calls in qualif since v22 came, v21 there 0",
            "first in the five minutes until",
            "changed in the hour before: image/team/stock-import, image/team/timemachine to v22",
        ])
        .expect("cost-per-call", "no-go", &["ms at 20 k keys, at least"]);
}

#[test]
fn worlds_3_and_5_a_rehearsal_beside_series() {
    let mut world = Scraped::new();
    for redis in [&world.play.qualif, &world.play.production] {
        Play::drive(redis, &["--others", "keys", "--calls", "20"]);
    }
    world.phase(30.0);
    world.play.rehearse("v21", "v21", 2).expect(0);
    world.play.release();
    world.play.rehearse("v22", "v22", 2).expect(0);
    world.phase(0.5);
    world.keep(60, str::to_owned);
    world
        .checklist(None)
        .expect("new-command", "go", &[])
        .expect("cost-per-unit", "no-go", &["KEYS 2.0 (v21 0)"])
        .expect("projected-load", "no-go", &["of five minutes"]);
}

#[test]
fn world_4_a_fix_is_go_by_series() {
    let mut world = Scraped::new();
    world.play.units(10);
    world.phase(30.0);
    world.play.rehearse("v21", "v21", 2).expect(0);
    world.play.release();
    world.play.rehearse("v22", "fixed", 2).expect(0);
    world.phase(26.0);
    world.play.run(&["mark", "work", "qualif", "stock-location", "--start"]).expect(0);
    let one = ["--behaviour", "fixed", "--batches", "1", "--locations", "1"];
    Play::drive(&world.play.qualif, &one);
    world.play.run(&["mark", "work", "qualif", "stock-location", "--count", "1"]).expect(0);
    world.phase(14.0);
    world.keep(60, str::to_owned);
    let later = played::moved_back(&world.play);
    let told = world.checklist(Some(&later));
    for item in [
        "new-command", "cost-per-call", "cost-per-unit", "projected-load", "exercised", "rehearsal",
    ] {
        told.expect(item, "go", &[]);
    }
    told.expect("observation-window", "go", &["24 h without a breach (prometheus http://"]);
}

#[test]
fn world_9_series_that_lack_a_command_prove_no_zero() {
    let mut world = Scraped::new();
    // Somebody typed it long ago: it is among the counters.
    world.play.qualif.command(&["KEYS", "nothing"]);
    world.phase(30.0);
    world.play.release();
    let dropped = |text: &str| -> String {
        let kept = text.lines().filter(|line| !line.contains("cmd=\"keys\""));
        kept.map(|line| format!("{line}\n")).collect()
    };
    world.play.qualif.command(&["KEYS", "nothing"]);
    world.phase(1.0);
    world.keep(60, dropped);
    world.came(3);
    // The server itself was started since, and tells of calls.
    world.checklist(None).expect("new-command", "no-go", &["KEYS 2 calls in qualif since v22"]);
    world.play.qualif.command(&["CONFIG", "RESETSTAT"]);
    let told = world.checklist(None);
    told.expect("new-command", "incomplete", &["envparity rehearse v22"]);
}

#[test]
fn world_12_series_of_another_server_prove_nothing() {
    let mut world = Scraped::new();
    world.phase(4.0);
    world.play.release();
    world.play.qualif.command(&["KEYS", "nothing"]);
    world.phase(1.0);
    let begun = Instant::now();
    let run_id = |redis: &RedisServer| {
        let info = redis.command(&["INFO", "server"]);
        let line = info.lines().find_map(|line| line.strip_prefix("run_id:")).expect("it is told");
        line.trim().to_owned()
    };
    let (own, other) = (run_id(&world.play.qualif), "f".repeat(40));
    world.keep(2, |text| text.replace(&own, &other));
    world.came(3);
    std::thread::sleep(Duration::from_secs(8).saturating_sub(begun.elapsed()));
    let told = world.checklist(None);
    told.expect("observation-window", "incomplete", &["another server"]);
    // The series tell when it was called first, and are not believed; the server itself is.
    told.expect("new-command", "no-go", &["KEYS 1 call in qualif since v22 came"]);
    assert!(!told.told("new-command").contains("first in the five minutes"));
}
