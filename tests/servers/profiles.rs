//! Profiles written into a folder of their own, the built binary run over them, and what it
//! answered.

use std::fmt;
use std::ops::Index;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary under test.
pub(crate) const ENVPARITY: &str = env!("CARGO_BIN_EXE_envparity");

/// A folder of profiles, gone when dropped.
pub(crate) struct Profiles {
    folder: TempDir,
    variables: Vec<(&'static str, &'static str)>,
}

impl Profiles {
    /// One file for each environment, in promotion order: its name, and all of its profile but the
    /// header. The last is the baseline. They are written as JSON, which YAML contains.
    pub(crate) fn new(environments: &[(&str, Value)]) -> Self {
        let profiles = Self {
            folder: tempfile::tempdir().expect("a temporary directory"),
            variables: Vec::new(),
        };
        let names: Vec<&str> = environments.iter().map(|(name, _)| *name).collect();
        let audit = json!({
            "apiVersion": "envparity/v1", "kind": "Audit", "baseline": names.last(), "environments": names,
        });
        profiles.write("audit.yaml", &audit.to_string());
        for (name, body) in environments {
            let mut file =
                json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": name});
            let fields = body.as_object().expect("an environment is an object").clone();
            file.as_object_mut().expect("made above").extend(fields);
            profiles.write(&format!("{name}.yaml"), &file.to_string());
        }
        profiles
    }

    /// The program sees this environment variable.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Writes another file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("write into a directory of ours");
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `envparity audit` with the report as JSON on stdout.
    pub(crate) fn audit(&self) -> Ended {
        self.run(&["audit", "-o", "json"])
    }

    /// What `envparity audit` shows to people.
    pub(crate) fn audit_table(&self) -> Ended {
        self.run(&["audit"])
    }

    /// Writes evidence of the environment to a file in the folder.
    pub(crate) fn collect(&self, environment: &str, file: &str) -> Ended {
        let path = self.path(file);
        self.run(&[
            "collect",
            environment,
            "--to",
            path.to_str().expect("temporary paths are UTF-8"),
        ])
    }

    /// An audit's time, its peak of resident memory in KiB as far as it was seen, and its report.
    pub(crate) fn measured(&self) -> (Duration, u64, Report) {
        let out = self.path("report.out");
        let mut command = Command::new(ENVPARITY);
        command
            .args(["audit", "-o", &format!("json={}", out.display()), "--profiles"])
            .arg(self.folder());
        let start = Instant::now();
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().expect("it is ours").is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            peak = peak.max(kib(&text, "VmHWM:").unwrap_or(0));
            std::thread::sleep(Duration::from_millis(2));
        }
        (
            start.elapsed(),
            peak,
            Report::parse(&std::fs::read_to_string(out).expect("the report was written")),
        )
    }

    /// Any command that reads profiles.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[])
    }

    /// The same with environment variables of this run only.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let profiles =
            ["--profiles", self.folder.path().to_str().expect("temporary paths are UTF-8")];
        run(&[arguments, &profiles[..]].concat(), &[&self.variables, variables].concat())
    }
}

/// Any command; one that does not end within a minute is killed, and has no exit code then.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = assert_cmd::Command::new(ENVPARITY);
    // What the machine of the tests has must not lead to other servers.
    for name in [
        "KUBECONFIG", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY",
        "no_proxy",
    ] {
        command.env_remove(name);
    }
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DOCKER_"))
    {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).timeout(Duration::from_secs(60));
    let start = Instant::now();
    let output = command.output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ended {
        took: start.elapsed(),
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// How the program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ended {
    /// The JSON report, if the program ended with this code.
    #[track_caller]
    pub(crate) fn report(&self, code: i32) -> Report {
        self.expect(code);
        self.any_report()
    }

    /// The JSON report on stdout.
    #[track_caller]
    pub(crate) fn any_report(&self) -> Report {
        Report(
            serde_json::from_str(&self.stdout)
                .unwrap_or_else(|error| panic!("no JSON report: {error}\n{self}")),
        )
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self}");
    }

    /// Where tables have the verdict.
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, took } = self;
        write!(f, "exit {code:?} after {took:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A report as its readers see it: parsed JSON and nothing of the program's own types.
pub(crate) struct Report(Value);

impl Index<&str> for Report {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.0[field]
    }
}

impl Report {
    /// A report from a file.
    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the report is JSON"))
    }

    /// `go`, `no-go` or `incomplete`.
    pub(crate) fn verdict(&self) -> &str {
        text(&self.0["verdict"]["is"])
    }

    /// The texts of the verdict's reasons of a kind: `blocks` or `incomplete`.
    pub(crate) fn reasons(&self, kind: &str) -> Vec<&str> {
        list(&self.0["verdict"]["reasons"])
            .filter(|reason| reason["kind"] == kind)
            .map(|r| text(&r["text"]))
            .collect()
    }

    /// The findings of a rule.
    pub(crate) fn findings(&self, rule: &str) -> Vec<&Value> {
        list(&self.0["findings"]).filter(|finding| finding["rule"] == rule).collect()
    }

    /// `rule component` of every finding but those that come with time: the servers here grow old.
    pub(crate) fn all_findings(&self) -> Vec<String> {
        let lasting = list(&self.0["findings"]).filter(|f| f["rule"] != "end-of-life");
        lasting.map(|f| format!("{} {}", text(&f["rule"]), text(&f["component"]))).collect()
    }

    /// The names of all components.
    pub(crate) fn components(&self) -> Vec<&str> {
        list(&self.0["matrix"]).map(|row| text(&row["component"])).collect()
    }

    /// The cell of a component in an environment.
    #[track_caller]
    pub(crate) fn cell(&self, component: &str, environment: &str) -> &Value {
        let row = list(&self.0["matrix"]).find(|row| row["component"] == component);
        let cell =
            row.and_then(|row| list(&row["cells"]).find(|cell| cell["environment"] == environment));
        cell.unwrap_or_else(|| {
            panic!("no cell of {component} in {environment}: {:#}", self.0["matrix"])
        })
    }

    /// `product version source ×instances` of each reading in a cell; a component without a product
    /// says `-`.
    #[track_caller]
    pub(crate) fn readings(&self, component: &str, environment: &str) -> Vec<String> {
        let told = |r: &Value| {
            let product = r["product"].as_str().unwrap_or("-");
            format!("{product} {} {} ×{}", text(&r["version"]), text(&r["source"]), r["instances"])
        };
        list(&self.cell(component, environment)["readings"]).map(told).collect()
    }

    /// The coverage of a target.
    #[track_caller]
    pub(crate) fn target(&self, environment: &str, target: &str) -> &Value {
        let environments = list(&self.0["environments"]).find(|e| e["name"] == environment);
        let found = environments.and_then(|e| list(&e["targets"]).find(|t| t["target"] == target));
        found.unwrap_or_else(|| {
            panic!("no target {target} in {environment}: {:#}", self.0["environments"])
        })
    }

    /// The failures of a target's parts.
    #[track_caller]
    pub(crate) fn failures(&self, environment: &str, target: &str) -> Vec<&Value> {
        list(&self.target(environment, target)["parts"])
            .map(|part| &part["failure"])
            .filter(|f| !f.is_null())
            .collect()
    }

    /// The names of a target's parts that failed.
    #[track_caller]
    pub(crate) fn failed_parts(&self, environment: &str, target: &str) -> Vec<&str> {
        let parts = list(&self.target(environment, target)["parts"]);
        parts.filter(|part| part["outcome"] == "failed").map(|part| text(&part["part"])).collect()
    }

    /// Whether every part of a target was read.
    #[track_caller]
    pub(crate) fn is_read(&self, environment: &str, target: &str) -> bool {
        let parts = &self.target(environment, target)["parts"];
        list(parts).count() > 0 && list(parts).all(|part| part["outcome"] == "complete")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

/// A line of `/proc/PID/status` that is a size.
pub(crate) fn kib(status: &str, line: &str) -> Option<u64> {
    status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok())
}

/// The items of a list; of anything else, none.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; of anything else, the empty one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list of texts, sorted.
pub(crate) fn sorted(value: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = list(value).map(text).collect();
    texts.sort_unstable();
    texts
}

/// An environment with one Redis, `redis/cache`.
pub(crate) fn cache(url: &str) -> Value {
    redis(&[json!({"name": "cache", "url": url})])
}

/// An environment with these Redis targets.
pub(crate) fn redis(targets: &[Value]) -> Value {
    json!({"targets": {"redis": targets}})
}
