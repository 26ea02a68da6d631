//! Two environments with own services and a Redis each, as recorded evidence.

#[path = "named.rs"]
mod named;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::cli::{Ended, Profiles, envparity, list, recorded_info, text};

/// When a release is judged, unless a test says otherwise.
pub(crate) const NOW: &str = "2026-04-13T18:40:00Z";
/// When the evidence was recorded.
pub(crate) const TAKEN: &str = "2026-04-13T18:39:00Z";
/// That in seconds.
const TAKEN_SECONDS: i64 = 1_776_105_540;

/// A digest that begins with these letters.
pub(crate) fn digest(begin: &str) -> String {
    format!("sha256:{begin}{}", "0".repeat(64 - begin.len()))
}

/// What INFO of a Redis says.
#[derive(Clone)]
pub(crate) struct Info {
    pub(crate) run_id: &'static str,
    pub(crate) days: i64,
    pub(crate) keys: u64,
    /// Command, calls, microseconds.
    pub(crate) commands: Vec<(&'static str, u64, u64)>,
    /// Commands that are processed and not told.
    pub(crate) untold: u64,
    pub(crate) tells_commands: bool,
    pub(crate) tells_keys: bool,
}

impl Info {
    fn text(&self) -> String {
        let recorded = std::fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
        let processed: u64 =
            self.commands.iter().map(|(_, calls, _)| calls).sum::<u64>() + self.untold;
        let mut out = String::new();
        for line in recorded.lines() {
            let line = line.trim_end();
            let name = line.split(':').next().unwrap();
            match name {
                "run_id" => writeln!(out, "run_id:{}", self.run_id.repeat(40)),
                "server_time_usec" => writeln!(out, "server_time_usec:{TAKEN_SECONDS}000000"),
                "uptime_in_seconds" => writeln!(out, "uptime_in_seconds:{}", self.days * 86_400),
                "total_commands_processed" => writeln!(out, "total_commands_processed:{processed}"),
                "db0" if self.tells_keys => {
                    writeln!(out, "db0:keys={},expires=0,avg_ttl=0", self.keys)
                }
                "# Keyspace" | "db0" if !self.tells_keys => Ok(()),
                "# Commandstats" if !self.tells_commands => Ok(()),
                _ if name.starts_with("cmdstat_") => Ok(()),
                _ => writeln!(out, "{line}"),
            }
            .unwrap();
            if name == "# Commandstats" && self.tells_commands {
                for (command, calls, usec) in &self.commands {
                    let each = usec / (*calls).max(1);
                    let figures = format!("calls={calls},usec={usec},usec_per_call={each}");
                    writeln!(out, "cmdstat_{command}:{figures},rejected_calls=0,failed_calls=0")
                        .unwrap();
                }
            }
        }
        out
    }

    /// One command more.
    pub(crate) fn with(mut self, command: &'static str, calls: u64, usec: u64) -> Self {
        self.commands.push((command, calls, usec));
        self
    }
}

impl Info {
    /// More of a command that is there.
    pub(crate) fn more(mut self, command: &'static str, calls: u64, usec: u64) -> Self {
        match self.commands.iter_mut().find(|(name, ..)| *name == command) {
            Some(known) => *known = (command, known.1 + calls, known.2 + usec),
            None => self.commands.push((command, calls, usec)),
        }
        self
    }
}

pub(crate) fn qualif_info() -> Info {
    Info {
        run_id: "a",
        days: 19,
        keys: 41_000,
        commands: vec![("get", 100_000, 100_000), ("set", 20_000, 40_000)],
        untold: 0,
        tells_commands: true,
        tells_keys: true,
    }
}

pub(crate) fn production_info() -> Info {
    Info { run_id: "b", days: 57, keys: 1_310_000, ..qualif_info() }
}

/// Own services: name, tag, the beginning of its digest (empty if none is told).
pub(crate) type Services = Vec<(&'static str, &'static str, &'static str)>;

pub(crate) fn v21() -> Services {
    vec![("timemachine", "v21", "a21"), ("stock-import", "v21", "b21"), ("web", "v21", "c21")]
}

pub(crate) fn v22() -> Services {
    vec![("timemachine", "v22", "a22"), ("stock-import", "v22", "b22"), ("web", "v21", "c21")]
}

/// Profiles of qualif and production, and a history.
pub(crate) struct World {
    pub(crate) profiles: Profiles,
}

impl World {
    /// Production runs v21 and qualif v22; both releases are captured.
    pub(crate) fn new() -> Self {
        let world = Self::without_releases();
        world.capture(&["v21", "--from", "production"]).expect(0);
        world.capture(&["v22", "--from", "qualif", "--previous", "v21"]).expect(0);
        world.came("2026-04-09T12:02:00Z");
        world
    }

    pub(crate) fn without_releases() -> Self {
        let world = Self { profiles: Profiles::of(&["qualif", "production"]) };
        for name in ["qualif", "production"] {
            let targets = "targets:\n  recorded:\n  - {name: app, path: NAME-app.yaml.txt}\n  - \
                           {name: cache, path: NAME-cache.txt}\n";
            world.profiles.environment(name, &targets.replace("NAME", name));
        }
        world.info("qualif", &qualif_info());
        world.info("production", &production_info());
        world.services("qualif", &v22(), TAKEN);
        world.services("production", &v21(), TAKEN);
        world
    }

    pub(crate) fn info(&self, environment: &str, info: &Info) {
        self.profiles.write(&format!("{environment}-cache.txt"), &info.text());
    }

    pub(crate) fn services(&self, environment: &str, services: &Services, taken: &str) {
        self.evidence(environment, services, taken, "complete");
    }

    /// What an engine answered, with what became of its containers.
    pub(crate) fn evidence(&self, environment: &str, services: &Services, taken: &str, part: &str) {
        let id = environment.to_uppercase();
        let mut out = format!(
            "apiVersion: envparity/v1\nkind: Evidence\nenvironment: {environment}\ntaken: \
             \"{taken}\"\ntargets:\n- id: docker/app\n  endpoint: unix:///var/run/docker.sock\n  \
             taken: \"{taken}\"\n  parts:\n    containers: {part}\n    engine: complete\n    images: \
             complete\n  fields:\n    engine: 20.10.24\n    id: {id}:2O22\n"
        );
        out.push_str(if services.is_empty() { "" } else { "  images:\n" });
        for (name, tag, begin) in services {
            writeln!(out, "  - reference: registry.example/team/{name}:{tag}").unwrap();
            if !begin.is_empty() {
                let repository = format!("registry.example/team/{name}@{}", digest(begin));
                write!(out, "    repo-digests:\n    - {repository}\n").unwrap();
            }
            write!(
                out,
                "    state: running\n    namespace: app\n    workload: {name}\n    container: \
                 app-{name}-1\n"
            )
            .unwrap();
        }
        write!(out, "end:\n  targets: 1\n  images: {}\n", services.len()).unwrap();
        self.profiles.write(&format!("{environment}-app.yaml.txt"), &out);
    }

    /// Since when v22 is in qualif.
    pub(crate) fn came(&self, at: &str) {
        self.edit_release("v22", |text| {
            let start = text.find("came:\n").unwrap();
            let end = start + text[start..].find("\nchanged:").unwrap();
            format!("{}came:\n  qualif: {at}{}", &text[..start], &text[end..])
        });
    }

    pub(crate) fn release_path(&self, name: &str) -> PathBuf {
        self.profiles.path(&format!("releases/{name}.yaml"))
    }

    pub(crate) fn edit_release(&self, name: &str, edit: impl FnOnce(&str) -> String) {
        let path = self.release_path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, edit(&text)).unwrap();
    }

    /// One more top-level key of a release.
    pub(crate) fn add_to_release(&self, name: &str, lines: &str) {
        self.edit_release(name, |text| format!("{text}{lines}"));
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.profiles.path("history.db")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Ended {
        let command = envparity(arguments).profiles(&self.profiles.path(""));
        command.args(["--history".as_ref(), self.history().as_os_str()]).run()
    }

    /// What needs nothing but the history.
    pub(crate) fn command_without_profiles(&self, arguments: &[&str]) -> Ended {
        let history = self.history();
        envparity(arguments).args(["--history".as_ref(), history.as_os_str()]).run()
    }

    /// What knows no `--history`.
    pub(crate) fn command_without_history(&self, arguments: &[&str]) -> Ended {
        envparity(arguments).profiles(&self.profiles.path("")).run()
    }

    /// The table on a terminal of so many columns.
    pub(crate) fn judge_in(&self, columns: usize) -> Ended {
        let base = ["checklist", "--release", "v22", "--at", NOW];
        let command = envparity(base).profiles(&self.profiles.path(""));
        let history = self.history();
        let command = command.args(["--history".as_ref(), history.as_os_str()]);
        command.env("COLUMNS", columns.to_string()).run()
    }

    pub(crate) fn capture(&self, arguments: &[&str]) -> Ended {
        self.command(&[&["release", "capture", "--at", NOW], arguments].concat())
    }

    pub(crate) fn judge(&self, arguments: &[&str]) -> Ended {
        let base = ["checklist", "--release", "v22", "--at", NOW];
        self.command(&[&base, arguments].concat())
    }

    /// The checklist of v22.
    pub(crate) fn checklist(&self) -> Judged {
        Judged::of(&self.judge(&["-o", "json"]))
    }
}

/// A checklist, as its readers see it.
#[derive(Debug)]
pub(crate) struct Judged(pub(crate) Value);

impl Judged {
    pub(crate) fn of(ended: &Ended) -> Self {
        Self(ended.json())
    }

    fn item(&self, name: &str) -> &Value {
        let found = list(&self.0["items"]).find(|item| item["item"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:#}", self.0))
    }

    pub(crate) fn outcome(&self, item: &str) -> &str {
        text(&self.item(item)["outcome"])
    }

    /// All that an item saw, and what settles it.
    pub(crate) fn told(&self, item: &str) -> String {
        let item = self.item(item);
        let seen: Vec<&str> = list(&item["seen"]).map(|seen| text(&seen["text"])).collect();
        format!("{}\n{}", seen.join("\n"), item["settle"]["command"].as_str().unwrap_or_default())
    }

    /// Fails unless the item has this outcome and tells each of these.
    #[track_caller]
    pub(crate) fn expect(&self, item: &str, outcome: &str, words: &[&str]) -> &Self {
        let told = self.told(item);
        assert_eq!(self.outcome(item), outcome, "{item}: {told}");
        for word in words {
            assert!(told.contains(word), "{item} does not say {word:?}: {told}");
        }
        let needs_help = matches!(outcome, "no-go" | "incomplete");
        let settle = &self.item(item)["settle"];
        assert_eq!(settle.is_object(), needs_help, "{item}: {settle}");
        if needs_help {
            let is_empty = |key: &str| settle[key].as_str().is_none_or(str::is_empty);
            assert!(!is_empty("command") && !is_empty("takes"), "{item}: {settle}");
            named::check_commands(text(&settle["command"]));
        }
        self
    }
}
