//! The inputs of a case become a folder of profiles, and servers for what is live.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::hostile::{Behaviour, Hostile};

const HEAD: &str = "apiVersion: envparity/v1\nkind: ";

/// When recorded files were taken, unless something is live; the audit is ten minutes later.
const TAKEN: &str = "2026-11-22T20:50:00Z";

/// What production answers unless the case says it.
const REDIS: &str = "# Server\nredis_version:7.2.4\nredis_mode:standalone\n\
                     run_id:b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\n";

/// Profiles of one case, and what its targets are served by.
pub(crate) struct Inputs {
    folder: TempDir,
    taken: Timestamp,
    servers: Vec<Hostile>,
    /// Keys of every target.
    select: Map<String, Value>,
    /// By environment and collector.
    targets: BTreeMap<&'static str, BTreeMap<&'static str, Vec<Value>>>,
}

impl Inputs {
    pub(crate) fn of(case: &Path) -> Self {
        let files = Files::of(case);
        let is_live = files
            .0
            .keys()
            .any(|suffix| suffix.ends_with(".docker.json") || suffix.ends_with(".redis.json"));
        let mut inputs = Self {
            folder: tempfile::tempdir().unwrap(),
            taken: if is_live { clock() } else { TAKEN.parse().unwrap() },
            servers: Vec::new(),
            select: files
                .text("input-select.json")
                .map_or_else(Map::new, |text| serde_json::from_str(&text).unwrap()),
            targets: BTreeMap::new(),
        };
        for suffix in files.0.keys() {
            inputs.add(suffix, &files);
        }
        inputs.write_profiles();
        inputs
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The time of the audit: the clock's, if something answers live.
    pub(crate) fn time(&self) -> Vec<String> {
        if self.servers.is_empty() {
            let at = self.taken + SignedDuration::from_mins(10);
            vec!["--at".to_owned(), at.to_string()]
        } else {
            Vec::new()
        }
    }

    /// What one file of the case stands for.
    fn add(&mut self, suffix: &str, files: &Files) {
        let text = || files.text(suffix).unwrap();
        match suffix {
            "expect" | "input-select.json" => {}
            "input-catalogue.yaml" => self.write("catalogue.yaml", &text()),
            "input-waivers.yaml" => self.write("waivers.yaml", &text()),
            "input-policy.yaml" => self.write("policy.yaml", &text()),
            "input" => {
                let baseline = files.text("input.baseline");
                self.add_recorded("qualif", "cache", "txt", &text());
                self.add_recorded("prod", "cache", "txt", baseline.as_deref().unwrap_or(REDIS));
            }
            "input.baseline" => assert!(files.0.contains_key("input"), "a baseline of nothing"),
            _ => {
                let place = suffix.strip_prefix("input-").and_then(|s| s.strip_suffix(".json"));
                let place = place.unwrap_or_else(|| panic!("no input of a case: {suffix}"));
                let (place, server) = place.split_once('.').unwrap_or((place, ""));
                let (environment, target) = place.split_once('@').unwrap_or((place, "k"));
                let environment = known(environment);
                match server {
                    "docker" => self.add_engine(environment, target, &text()),
                    "redis" => self.add_redis(environment, target, &text()),
                    "" => self.add_recorded(environment, target, "json", &text()),
                    _ => panic!("no server of a case: {suffix}"),
                }
            }
        }
    }

    fn add_recorded(&mut self, environment: &'static str, name: &str, ending: &str, text: &str) {
        let file = format!("{environment}-{name}.{ending}");
        self.write(&file, text);
        let target = json!({"name": name, "path": file, "taken": self.taken.to_string()});
        self.target(environment, "recorded", target);
    }

    fn add_engine(&mut self, environment: &'static str, name: &str, text: &str) {
        let answers: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
        let answers = answers.into_iter().map(|(path, body)| {
            let path: &'static str = Box::leak(path.into_boxed_str());
            (path, 200, body.to_string())
        });
        let engine = Hostile::start(Behaviour::HttpByPath(answers.collect()));
        let target = json!({"name": name, "host": format!("tcp://{}", engine.address())});
        self.servers.push(engine);
        self.target(environment, "docker", target);
    }

    /// A server that answers one INFO after the other; what begins with `-` is an error.
    fn add_redis(&mut self, environment: &'static str, name: &str, text: &str) {
        let answers: Vec<String> = serde_json::from_str(text).unwrap();
        let hello = b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n".to_vec();
        let answers = answers.into_iter().map(|answer| match answer.strip_prefix('-') {
            Some(error) => format!("-{error}\r\n").into_bytes(),
            None => format!("${}\r\n{answer}\r\n", answer.len()).into_bytes(),
        });
        let replies = std::iter::once(hello).chain(answers).collect();
        let server = Hostile::start(Behaviour::Script(replies));
        let target = json!({"name": name, "url": format!("redis://{}", server.address())});
        self.servers.push(server);
        self.target(environment, "redis", target);
    }

    fn target(&mut self, environment: &'static str, collector: &'static str, target: Value) {
        let Value::Object(mut target) = target else { unreachable!("it is made above") };
        target.extend(self.select.clone());
        let of_environment = self.targets.entry(environment).or_default();
        of_environment.entry(collector).or_default().push(target.into());
    }

    fn write_profiles(&self) {
        let audit = "Audit\nbaseline: prod\nenvironments: [qualif, prod]\n";
        self.write("audit.yaml", &format!("{HEAD}{audit}"));
        for (environment, targets) in &self.targets {
            // JSON is YAML.
            let targets = serde_json::to_string(targets).unwrap();
            let text = format!("{HEAD}Environment\nname: {environment}\ntargets: {targets}\n");
            self.write(&format!("{environment}.yaml"), &text);
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a server answers now, whatever a case says")]
fn clock() -> Timestamp {
    Timestamp::now()
}

fn known(environment: &str) -> &'static str {
    match environment {
        "qualif" => "qualif",
        "prod" => "prod",
        _ => panic!("no environment of a case: {environment}"),
    }
}

/// The files of a case by what stands behind its name: `input-prod.json`.
struct Files(BTreeMap<String, PathBuf>);

impl Files {
    fn of(case: &Path) -> Self {
        let start = format!("{}.", case.file_name().unwrap().to_str().unwrap());
        let all = std::fs::read_dir(case.parent().unwrap()).unwrap();
        let files = all.filter_map(|file| {
            let path = file.unwrap().path();
            let suffix = path.file_name()?.to_str()?.strip_prefix(&start)?.to_owned();
            let is_own = suffix == "expect" || suffix.starts_with("input");
            is_own.then_some((suffix, path))
        });
        Self(files.collect())
    }

    fn text(&self, suffix: &str) -> Option<String> {
        Some(std::fs::read_to_string(self.0.get(suffix)?).unwrap())
    }
}
