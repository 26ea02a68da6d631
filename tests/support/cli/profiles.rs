//! A folder of profiles of its own, and the binary run over them.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::slowness::{deadline, scaled, slowness};
use super::{Ended, Invocation, Report, envparity, kib};

/// How every file of profiles begins.
const HEAD: &str = "apiVersion: envparity/v1\n";

/// A folder of profiles, gone when dropped.
#[derive(Debug)]
pub(crate) struct Profiles {
    folder: TempDir,
    variables: Vec<(&'static str, &'static str)>,
}

impl Profiles {
    /// An audit of these environments in promotion order, whose profiles are yet to be written.
    /// The last is the baseline.
    pub(crate) fn of(environments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let profiles = Self { folder, variables: Vec::new() };
        let baseline = environments.last().expect("one environment at least");
        let names = environments.join(", ");
        // With one environment there is no gate to judge.
        let gates = if environments.len() == 1 { "gates: []\n" } else { "" };
        profiles.config(
            "audit.yaml",
            &format!("kind: Audit\nbaseline: {baseline}\nenvironments: [{names}]\n{gates}"),
        );
        profiles
    }

    /// One file for each environment: its name, and all of its profile but the header. They are
    /// written as JSON, which YAML contains. On a busy machine the deadline is longer than the
    /// collectors' own, unless the body says one.
    pub(crate) fn new(environments: &[(&str, Value)]) -> Self {
        let names: Vec<&str> = environments.iter().map(|(name, _)| *name).collect();
        let profiles = Self::of(&names);
        for (name, body) in environments {
            let mut file =
                json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": name});
            if slowness() > 1 {
                file["deadline"] = json!(generous_deadline());
            }
            let fields = body.as_object().expect("an environment is an object").clone();
            file.as_object_mut().expect("made above").extend(fields);
            profiles.write(&format!("{name}.yaml"), &file.to_string());
        }
        profiles
    }

    /// The profile of an environment: the YAML behind its name, from line 4 on. On a busy machine
    /// a longer deadline follows, where the lines of the body stay what they are.
    pub(crate) fn environment(&self, name: &str, body: &str) {
        let end = if body.ends_with('\n') { "" } else { "\n" };
        let deadline = match slowness() {
            1 => String::new(),
            _ => format!("{end}deadline: {}\n", generous_deadline()),
        };
        let text = format!("kind: Environment\nname: {name}\n{body}{deadline}");
        self.config(&format!("{name}.yaml"), &text);
    }

    /// A profile with one recorded target `cache`, the answer of a server to INFO.
    pub(crate) fn recorded(&self, name: &str, info: &Path) {
        let path = info.display();
        let target = format!("targets:\n  recorded:\n  - {{name: cache, path: \"{path}\"}}\n");
        self.environment(name, &format!("max-age: 36500d\n{target}"));
    }

    /// Another file of profiles: `kind: …` and what follows.
    pub(crate) fn config(&self, name: &str, text: &str) {
        self.write(name, &format!("{HEAD}{text}"));
    }

    /// Any other file in the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    /// The same with what may not be text.
    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("write into a directory of ours");
    }

    /// The text of a file in the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Every run sees this environment variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Any command that reads profiles, before it runs.
    pub(crate) fn command(&self, arguments: &[&str]) -> Invocation {
        envparity(arguments).profiles(self.folder()).envs(&self.variables)
    }

    /// Any command that reads profiles.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).run()
    }

    /// The same with environment variables of this run only.
    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        self.command(arguments).envs(variables).run()
    }

    /// `envparity audit` with the report as JSON on stdout.
    #[track_caller]
    pub(crate) fn audit(&self) -> Ended {
        self.run(&["audit", "-o", "json"])
    }

    /// What `envparity audit` shows to people.
    #[track_caller]
    pub(crate) fn audit_table(&self) -> Ended {
        self.run(&["audit"])
    }

    /// Writes evidence of the environment to a file in the folder.
    #[track_caller]
    pub(crate) fn collect(&self, environment: &str, file: &str) -> Ended {
        let path = self.path(file);
        let path = path.to_str().expect("temporary paths are UTF-8");
        self.run(&["collect", environment, "--to", path])
    }

    /// An audit's time, its peak of resident memory in KiB as far as it was seen, and its report.
    pub(crate) fn measured(&self) -> (Duration, u64, Report) {
        let out = self.path("report.out");
        let output = format!("json={}", out.display());
        let start = Instant::now();
        let mut child = self.command(&["audit", "-o", &output]).start();
        let peak = peak_of(&mut child);
        let took = start.elapsed();
        let report = std::fs::read_to_string(out).expect("the report was written");
        (took, peak, Report::parse(&report))
    }
}

/// The peak of resident memory of the binary until it ends, in KiB as far as it was seen.
pub(crate) fn peak_of(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it is ours").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        // Before it has its own program it has the memory of this one.
        if text.starts_with("Name:\tenvparity\n") {
            peak = peak.max(kib(&text, "VmHWM:").unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// At least the longest of the collectors' defaults, and the shortest of them scaled.
fn generous_deadline() -> String {
    let (shortest, longest) = (Duration::from_secs(5), Duration::from_secs(60));
    if scaled(shortest) < longest { "60s".to_owned() } else { deadline(shortest) }
}
