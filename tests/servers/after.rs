//! A release in production, watched: a real Redis with 200,000 keys, which v22 asks for KEYS and its
//! fix does not. The builds are what a recording of the engine says, written anew as a rollout goes.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use crate::incident::scraped::{openmetrics, scrape};
use crate::release_world::{Services, World, v21, v22};
use crate::support::cli::slowness::scaled;
use crate::support::cli::{Ended, send_signal, text};
use crate::support::prometheus::{Running, blocks_of, free_port};
use crate::support::redis::{Binary, RedisServer};
use crate::support::sink::{Reaction, SinkServer};

mod scraped;

/// As many keys as the incident's cache had.
const KEYS: &str = "200000";

/// Qualif and production; production's Redis is real.
struct Production {
    world: World,
    redis: RedisServer,
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in real time, as the servers do")]
fn now() -> String {
    Timestamp::now().to_string()
}

/// A Redis with as many keys.
fn full_redis() -> RedisServer {
    let redis = RedisServer::start(Binary::Redis70, &["--enable-debug-command", "yes"]);
    redis.command(&["DEBUG", "POPULATE", KEYS, "timetable"]);
    assert_eq!(redis.command(&["DBSIZE"]), KEYS);
    redis
}

impl Production {
    fn new() -> Self {
        Self::over(full_redis(), "")
    }

    fn over(redis: RedisServer, load: &str) -> Self {
        let url = redis.url();
        Self::at(redis, &url, load)
    }

    /// Where its Redis is, as the profile says it, which may be wrong.
    fn at(redis: RedisServer, url: &str, load: &str) -> Self {
        let world = World::new();
        let target = format!(
            "targets:\n  recorded:\n  - {{name: app, path: production-app.yaml.txt}}\n  redis:\n  - \
             {{name: cache, url: \"{url}\"{load}}}\n"
        );
        world.profiles.environment("production", &target);
        let production = Self { world, redis };
        production.runs(&v21());
        production
    }

    /// What the engine says now.
    fn runs(&self, services: &Services) {
        // Renamed into place: a reader never sees half of it.
        self.world.services("next", services, &now());
        let text = std::fs::read_to_string(self.world.profiles.path("next-app.yaml.txt"))
            .expect("what the engine says");
        let text = text.replace("environment: next", "environment: production");
        let text = text.replace("id: NEXT:2O22", "id: PRODUCTION:2O22");
        let aside = self.world.profiles.path("aside.txt");
        std::fs::write(&aside, text).expect("it is written");
        std::fs::rename(aside, self.world.profiles.path("production-app.yaml.txt"))
            .expect("it is renamed");
    }

    /// Names who is told.
    fn tells(&self, sink: &SinkServer) {
        let profiles = &self.world.profiles;
        profiles.write("webhook", &sink.url());
        let audit = profiles.read("audit.yaml");
        let more = "notify:\n- webhook: {url: \"${file:webhook}\", format: json}\n";
        profiles.write("audit.yaml", &(audit + more));
    }

    fn watch(&self, arguments: &[&str]) -> Watching {
        let history = self.world.history();
        let command = crate::support::cli::envparity(["checklist", "--watch", "1s"]);
        let command = command.args(arguments).profiles(&self.world.profiles.path(""));
        Watching::of(command.args(["--history".as_ref(), history.as_os_str()]).start())
    }

    fn list(&self) -> Ended {
        self.world.command_without_profiles(&["history", "list"])
    }
}

/// A watch that goes on, and what it has printed.
struct Watching {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    started: Instant,
}

impl Watching {
    fn of(mut child: Child) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (stdout, kept) = (child.stdout.take().unwrap(), lines.clone());
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, lines, started: Instant::now() }
    }

    fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    fn wait_for(&self, word: &str) {
        let deadline = Instant::now() + scaled(Duration::from_secs(30));
        while !self.said().contains(word) {
            assert!(Instant::now() < deadline, "no {word:?} in {}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// How it ended, and what it printed.
    fn end(mut self) -> (Option<i32>, String, Duration) {
        let deadline = Instant::now() + scaled(Duration::from_secs(90));
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(Instant::now() < deadline, "it goes on: {}", self.said());
            thread::sleep(Duration::from_millis(50));
        };
        let took = self.started.elapsed();
        // What it wrote last is read.
        thread::sleep(Duration::from_millis(200));
        (code, self.said(), took)
    }
}

/// Reads and updates of timetables, until it is dropped; v22 filters the keyspace for each update.
struct Traffic(Arc<AtomicBool>, Option<thread::JoinHandle<()>>);

impl Traffic {
    fn start(redis: &RedisServer, is_v22: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (port, heard) = (redis.port(), stop.clone());
        let work = move || {
            let address = (std::net::Ipv4Addr::LOCALHOST, port);
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let mut number = 0;
            while !heard.load(Ordering::Relaxed) {
                number += 1;
                let key = format!("timetable:{}", number % 1000);
                let mut ask =
                    |command: &[&str]| crate::support::redis::command(&mut stream, command);
                ask(&["GET", &key]);
                ask(&["SET", &key, "1"]);
                if is_v22 {
                    ask(&["KEYS", &format!("{key}:opening-hours*")]);
                }
                thread::sleep(Duration::from_millis(100));
            }
        };
        Self(stop, Some(thread::spawn(work)))
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        drop(self.1.take().unwrap().join());
    }
}

/// World 6: v22 in production.
#[test]
fn v22_in_production_is_rolled_back_within_a_minute_naming_keys_and_what_changed() {
    let production = Production::new();
    let sink = SinkServer::start(&[Reaction::Status(200)]);
    production.tells(&sink);
    let quiet = Traffic::start(&production.redis, false);
    let watching = production.watch(&["--after-release", "v22", "--for", "5m"]);
    thread::sleep(scaled(Duration::from_secs(3)));
    production.runs(&v22());
    watching.wait_for("production changed: stock-import v21 -> v22 (+1)");
    let changed = Instant::now();
    drop(quiet);
    let _traffic = Traffic::start(&production.redis, true);
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(changed.elapsed() < scaled(Duration::from_secs(60)), "{said}");
    for word in [
        "  redis/cache  KEYS ",
        " new: ",
        "ROLL BACK v22: redis/cache ",
        "KEYS, new since stock-import v21 -> v22 (+1) (exit 1, after ",
        "NEXT  roll production back to v21",
        "envparity checklist --after-rollback v22",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let listed = production.list();
    assert!(listed.says("after-release") && listed.says("NO-GO"), "{listed}");
    // Somebody is told, at once and once.
    let told = sink.heard();
    assert_eq!(told.len(), 1, "{told:?}");
    let notice = told[0].json();
    assert_eq!((text(&notice["event"]), text(&notice["release"])), ("roll-back", "v22"));
    for word in ["ROLL BACK", "production", "KEYS"] {
        assert!(text(&notice["text"]).contains(word), "{word}: {notice:#}");
    }
    production.world.command_without_profiles(&["history", "verify"]).expect(0);
}

/// World 7: the fix in production.
#[test]
fn the_fix_in_production_holds_and_the_rollback_is_watched_to_its_end() {
    let production = Production::new();
    let _traffic = Traffic::start(&production.redis, false);
    // A developer has typed KEYS before, for once: it is not new.
    production.redis.command(&["KEYS", "nothing:*"]);
    let file = production.world.profiles.path("after.json");
    let output = format!("json={}", file.display());
    let watching = production.watch(&["--after-release", "v22", "--for", "8s", "-o", &output]);
    thread::sleep(scaled(Duration::from_secs(2)));
    production.runs(&v22());
    watching.wait_for("production runs all 3 of v22 (2 changed)");
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("HOLDING v22: production holds v22"), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((text(&report["verdict"]), text(&report["end"])), ("go", "holding"));
    assert!(report["rounds"].as_u64().unwrap() >= 3, "{report:#}");
    assert!(report["run"]["history"]["digest"].is_string(), "{report:#}");
    // Back again.
    let watching = production.watch(&["--after-rollback", "v22", "--for", "5s"]);
    thread::sleep(scaled(Duration::from_secs(2)));
    production.runs(&v21());
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("BACK v21: production runs v21 again"), "{said}");
    assert!(production.list().says("after-rollback"));
}

/// World 6 where KEYS was called before: how busy the hour before was, a real Prometheus tells.
#[test]
fn a_prometheus_tells_how_busy_the_hour_before_was() {
    let redis = full_redis();
    let exporter = Running::exporter(redis.port(), free_port());
    drop(scrape(&exporter));
    let quiet = scrape(&exporter);
    for _ in 0..30 {
        redis.command(&["KEYS", "nothing:*"]);
    }
    let busy = scrape(&exporter);
    let now = now().parse::<Timestamp>().unwrap().as_second();
    let phases = vec![(now - 3 * 3_600, quiet), (now - 1_800, busy)];
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    blocks_of(&openmetrics(&[("production", phases)], now + 60, 15), &data);
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").unwrap();
    let prometheus = Running::prometheus(&config, &data, &[]);
    let load = format!(
        ", load: {{prometheus: {{url: \"{}\", match: {{job: redis, instance: production}}, deadline: \
         60s}}}}",
        prometheus.url()
    );
    let production = Production::over(redis, &load);
    let _traffic = Traffic::start(&production.redis, true);
    // Less than ten seconds of watching say nothing of before.
    let watching = production.watch(&["--after-release", "v22", "--for", "5m"]);
    thread::sleep(Duration::from_secs(3));
    production.runs(&v22());
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(1), "{said}");
    let told = said.lines().find(|line| line.contains("walk share >= ")).unwrap();
    let before = told.split("before ").nth(1).unwrap().split(' ').next().unwrap();
    let before: f64 = before.parse().unwrap();
    assert!(before > 0.05 && before < 5.0, "{said}");
    assert!(said.contains("KEYS") && said.contains("since stock-import v21 -> v22"), "{said}");
    assert!(!said.contains(", new"), "it was called before: {said}");
}

#[test]
fn what_is_asked_while_watching_is_info_at_the_interval() {
    let production = Production::new();
    let before = production.redis.command(&["INFO", "commandstats"]);
    assert!(!before.contains("cmdstat_ping"), "{before}");
    let watching = production.watch(&["--after-release", "v22", "--for", "60s", "--within", "6s"]);
    let (code, said, took) = watching.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("UNCHANGED v22: production did not change to v22"), "{said}");
    let stats = production.redis.command(&["INFO", "commandstats"]);
    let names: Vec<&str> =
        stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next()).collect();
    let allowed = ["info", "hello", "auth", "ping", "client|setinfo", "client", "debug", "dbsize"];
    assert!(names.iter().all(|name| allowed.contains(name)), "{stats}");
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_info:calls="));
    let calls: u64 = calls.unwrap().split(',').next().unwrap().parse().unwrap();
    // One a round and those of this test; the capture of the releases asked a recording.
    assert!(calls <= took.as_secs() + 4, "{calls} in {took:?}: {stats}");
}

#[test]
fn an_interrupted_watch_ends_with_130_and_leaves_nothing() {
    let production = Production::new();
    let watching = production.watch(&["--after-release", "v22"]);
    thread::sleep(scaled(Duration::from_secs(2)));
    send_signal("INT", &watching.child);
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(!production.world.history().exists(), "it kept something");
}

#[test]
fn what_cannot_be_watched_is_told_before_anything_is_asked() {
    let production = Production::new();
    let refused = |arguments: &[&str], words: &str| {
        let ended = production.world.command(&[&["checklist"], arguments].concat());
        assert!(ended.expect(2).stderr.contains(words), "{words}: {ended}");
    };
    refused(&["--after-release", "v2"], "did you mean");
    refused(&["--after-release", "v21"], "does not say what changed");
    refused(&["--after-rollback", "v21"], "does not say what ran before it");
    refused(&["--after-release", "v22", "--watch", "2m"], "from 1s to 60s");
    refused(&["--after-release", "v22", "-o", "html"], "yaml or json");
    refused(&["--after-release", "v22", "--release", "v22"], "cannot be used with");
    refused(&["--release", "v22", "--watch", "15s"], "cannot be used with");
    refused(&["--after-release", "v22", "--recorded-only"], "cannot be used with");
}
