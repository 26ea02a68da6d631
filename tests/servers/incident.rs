//! The incident of 13 April 2026 on real Redis servers: what the checklist says of each world, from
//! INFO alone and from a history of it. Marks and rehearsals are made by the built binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use envparity::collect::config::COLLECTORS;
use envparity::history::{NewRun, SqliteOptions, Store};
use envparity::model::{BucketLength, Evidence, Sample, TargetEvidence, TargetId};
use envparity::pipeline::load::keep_samples;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::cli::slowness::scaled;
use crate::support::cli::{ENVPARITY, Ended, Profiles, envparity, list, program, repository, text};
use crate::support::redis::{Binary, RedisServer};

mod played;
mod rehearsing;
pub(crate) mod scraped;
mod scraped_days;
mod variants;
mod worlds;

#[expect(clippy::disallowed_methods, reason = "the tests stand in real time, as the servers do")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The example's driver, built once.
fn driver() -> &'static Path {
    static DRIVER: OnceLock<PathBuf> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(folder).expect("a folder of the tests");
        let path = folder.join("incident");
        let aside = folder.join(format!("incident-{}", std::process::id()));
        let source = repository("examples/incident-2026-04-13/driver.rs");
        let changed = |path: &Path| std::fs::metadata(path).and_then(|of| of.modified());
        if changed(&path).is_ok_and(|built| changed(&source).is_ok_and(|source| source < built)) {
            return path;
        }
        let status = Command::new("rustc")
            .args(["--edition", "2024", "-O", "-o"])
            .args([&aside, &source])
            .status();
        assert!(status.expect("rustc starts").success(), "the driver is not built");
        std::fs::rename(&aside, &path).expect("put the driver in place");
        path
    })
}

/// Qualif and production, each with a Redis and own services.
pub(crate) struct Play {
    profiles: Profiles,
    qualif: RedisServer,
    production: RedisServer,
}

impl Play {
    /// Both run v21, which is captured; qualif has 20,000 keys, production five times as many.
    fn new(binary: Binary) -> Self {
        let (qualif, production) =
            (RedisServer::start(binary, &[]), RedisServer::start(binary, &[]));
        let of = |name: &str, redis: &RedisServer| {
            json!({"targets": {
                "redis": [{"name": "cache", "url": redis.url()}],
                "recorded": [{"name": "app", "path": format!("{name}-app.evidence")}],
            }})
        };
        let profiles = Profiles::new(&[
            ("qualif", of("qualif", &qualif)),
            ("production", of("production", &production)),
        ]);
        let play = Self { profiles, qualif, production };
        play.units(10_000);
        play.deploy("qualif", "v21");
        play.deploy("production", "v21");
        Play::drive(&play.qualif, &["--keys", "20000"]);
        Play::drive(&play.production, &["--keys", "300000", "--batches", "1", "--locations", "2"]);
        play.run(&["release", "capture", "v21", "--from", "production"]).expect(0);
        play
    }

    /// How many units come at once, and how many are enough.
    fn units(&self, at_once: u64) {
        self.profiles.config(
            "checklist.yaml",
            &format!(
                "kind: Checklist\nrequired-units: {{stock-location: 10}}\nitems:\n- {{item: \
                 projected-load, at-once: {{stock-location: {at_once}}}}}\n- {{item: performance, \
                 windows: [24h]}}\n"
            ),
        );
    }

    /// What a container engine would tell of both services.
    fn deploy(&self, environment: &str, version: &str) {
        Self::deploy_to(&self.profiles, environment, version);
    }

    /// The same beside other profiles.
    pub(crate) fn deploy_to(profiles: &Profiles, environment: &str, version: &str) {
        let now = now();
        let mut out = format!(
            "apiVersion: envparity/v1\nkind: Evidence\nenvironment: {environment}\ntaken: \
             \"{now}\"\ntargets:\n- id: docker/app\n  endpoint: unix:///var/run/docker.sock\n  taken: \
             \"{now}\"\n  parts: {{containers: complete, engine: complete, images: complete}}\n  \
             fields: {{engine: 20.10.24, id: \"ENGINE:{environment}\"}}\n  images:\n"
        );
        for (service, digit) in [("timemachine", 'a'), ("stock-import", 'b')] {
            let repository = format!("registry.example/team/{service}");
            let hex: String = version.bytes().map(|byte| format!("{byte:02x}")).collect();
            let digest = format!("{hex}{}", String::from(digit).repeat(64 - hex.len()));
            out += &format!(
                "  - reference: {repository}:{version}\n    repo-digests: \
                 [\"{repository}@sha256:{digest}\"]\n    state: running\n    namespace: app\n    \
                 workload: {service}\n    container: app-{service}-1\n"
            );
        }
        out += "end: {targets: 1, images: 2}\n";
        profiles.write(&format!("{environment}-app.evidence"), &out);
    }

    /// v22 comes to qualif.
    fn release(&self) {
        // It came in a second of its own.
        std::thread::sleep(Duration::from_millis(1_100));
        self.deploy("qualif", "v22");
        let capture = ["release", "capture", "v22", "--from", "qualif", "--previous", "v21"];
        self.run(&capture).expect(0);
    }

    pub(crate) fn drive(redis: &RedisServer, arguments: &[&str]) {
        let address = format!("127.0.0.1:{}", redis.port());
        let status = Command::new(driver()).args(["--redis", &address]).args(arguments).status();
        assert!(status.expect("the driver starts").success());
    }

    fn history(&self) -> PathBuf {
        self.profiles.path("history.db")
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.run_in(&self.history(), arguments)
    }

    fn run_in(&self, history: &Path, arguments: &[&str]) -> Ended {
        let split = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
        let command = envparity(&arguments[..split]).profiles(self.profiles.folder());
        let command = command.args(["--history".as_ref(), history.as_os_str()]);
        command.args(&arguments[split..]).within(scaled(Duration::from_secs(120))).run()
    }

    /// A rehearsal by the driver: batches of five locations.
    fn rehearse(&self, release: &str, behaviour: &str, batches: u64) -> Ended {
        let (units, batches) = (format!("stock-location={}", batches * 5), batches.to_string());
        let address = format!("127.0.0.1:{}", self.qualif.port());
        let driver = driver().display().to_string();
        let mut command = vec!["rehearse", release, "--work", &units, "--", &driver];
        command.extend(["--redis", &address, "--behaviour", behaviour]);
        command.extend(["--batches", &batches, "--locations", "5"]);
        self.run(&command)
    }

    fn checklist(&self) -> Judged {
        Judged(self.run(&["checklist", "--release", "v22", "-o", "json"]).json())
    }
}

/// A checklist, as its readers see it.
struct Judged(Value);

impl Judged {
    fn item(&self, name: &str) -> &Value {
        let found = list(&self.0["items"]).find(|item| item["item"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:#}", self.0))
    }

    fn told(&self, name: &str) -> String {
        let item = self.item(name);
        let seen: Vec<&str> = list(&item["seen"]).map(|seen| text(&seen["text"])).collect();
        format!("{}\n{}", seen.join("\n"), item["settle"]["command"].as_str().unwrap_or_default())
    }

    /// Fails unless the item has this outcome and tells each of these.
    #[track_caller]
    fn expect(&self, item: &str, outcome: &str, words: &[&str]) -> &Self {
        let told = self.told(item);
        assert_eq!(text(&self.item(item)["outcome"]), outcome, "{item}: {told}");
        for word in words {
            assert!(told.contains(word), "{item} does not say {word:?}: {told}");
        }
        self
    }

    /// Names of the items with an outcome.
    fn with(&self, outcome: &str) -> Vec<&str> {
        let all = list(&self.0["items"]).filter(|item| item["outcome"] == outcome);
        all.map(|item| text(&item["item"])).collect()
    }
}
