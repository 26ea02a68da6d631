//! The examples for those who run it, held against the tools that they are for: promtool and a real
//! Prometheus, the schemas of Kubernetes, GitHub and GitLab, systemd. Jobs are run, too.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use envparity::daemon::pages::render_metrics;
use envparity::wire::yaml::{self, Origin};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::repository;
use crate::cli::slowness::scaled;
use crate::common::variable;
use crate::metrics::serve_text;
use crate::reports::rich;
use crate::serve_world::status;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a program says, which must be content.
#[track_caller]
fn content(program: impl AsRef<Path>, arguments: &[&str], folder: &Path) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let Output { status, stdout, stderr } =
        output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{} {arguments:?}: {said}", program.display());
    said
}

/// A program of the readers' environment.
fn beside_python(name: &str) -> PathBuf {
    Path::new(&variable("ENVPARITY_TEST_PYTHON")).with_file_name(name)
}

#[test]
fn promtool_takes_the_rules_and_each_alert_fires_for_what_it_is_about() {
    let folder = repository("examples/prometheus");
    content("promtool", &["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], &folder);
    content("promtool", &["check", "config", "scrape.yml"], &folder);
    content("promtool", &["test", "rules", "rules-test.yml"], &folder);
    // Each alert stands in a test, and each figure of a rule is one that serve tells.
    let (rules, tests) =
        (read("examples/prometheus/rules.yml"), read("examples/prometheus/rules-test.yml"));
    let told = render_metrics(&status(Some(rich()), false));
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let untested: Vec<&str> = alerts.filter(|name| !tests.contains(name)).collect();
    assert_eq!(untested, Vec::<&str>::new());
    for name in metric_names(&rules) {
        let is_told = told.contains(&format!("\n{name}")) || CHECKLISTS.contains(&name.as_str());
        assert!(is_told, "{name} is not told");
    }
}

/// Told where there is a checklist, which this world has not.
const CHECKLISTS: [&str; 1] = ["envparity_checklist_verdict"];

/// What in a text looks like a metric of ours.
fn metric_names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("envparity_")).map(ToOwned::to_owned).collect()
}

struct Prometheus {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Prometheus with the example's configuration and rules that scrapes an endpoint each second.
fn prometheus(endpoint: &str) -> Prometheus {
    let folder = TempDir::new().unwrap();
    let target = endpoint.trim_start_matches("http://").trim_end_matches("/metrics");
    let config = read("examples/prometheus/scrape.yml")
        .replace("127.0.0.1:9464", target)
        .replace("scrape_interval: 30s", "scrape_interval: 1s");
    std::fs::write(folder.path().join("scrape.yml"), config).unwrap();
    std::fs::write(folder.path().join("rules.yml"), read("examples/prometheus/rules.yml")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", folder.path().join("scrape.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Debian's prometheus");
    let prometheus = Prometheus { child, url: format!("http://127.0.0.1:{port}"), _folder: folder };
    wait_until("Prometheus listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    prometheus
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + scaled(Duration::from_secs(40));
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Prometheus {
    /// The series that answer a query.
    #[track_caller]
    fn series(&self, query: &str) -> Vec<Value> {
        let said = content(
            "promtool",
            &["query", "instant", "-o", "json", &self.url, query],
            Path::new("."),
        );
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{query}: {error}: {said}"))
    }
}

/// The queries of a dashboard, with its panels' titles.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let of_panels = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().unwrap().iter();
        let title = panel["title"].as_str().unwrap();
        targets.map(move |one| (title.to_owned(), one["expr"].as_str().unwrap().to_owned()))
    });
    let annotations = dashboard["annotations"]["list"].as_array().unwrap().iter();
    of_panels
        .chain(annotations.map(|one| {
            (one["name"].as_str().unwrap().to_owned(), one["expr"].as_str().unwrap().to_owned())
        }))
        .collect()
}

/// A real Prometheus has scraped what serve tells of an estate in which everything happens.
#[test]
fn each_query_of_the_dashboard_is_answered_by_a_real_prometheus() {
    let endpoint = serve_text(render_metrics(&status(Some(rich()), false)));
    let prometheus = prometheus(&endpoint);
    wait_until("a scrape", || !prometheus.series("envparity_verdict").is_empty());
    let dashboard: Value = serde_json::from_str(&read("examples/grafana/envparity.json")).unwrap();
    let asked = queries(&dashboard);
    assert!(asked.len() > 15, "{asked:?}");
    for (title, query) in asked {
        let answer = prometheus.series(&query);
        let is_of_checklists = CHECKLISTS.iter().any(|name| query.contains(name));
        assert!(!answer.is_empty() || is_of_checklists, "{title}: {query} has no answer");
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: std::collections::BTreeSet<_> = panels.iter().map(|one| one["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len());
}

#[test]
fn the_schemas_of_kubernetes_take_the_manifests() {
    let folder = repository("examples/kubernetes");
    let names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    for version in ["1.29.0", "1.37.0"] {
        let mut arguments = vec!["--strict", "--kubernetes-version", version];
        arguments.extend(names.iter().map(String::as_str));
        let said = content(beside_python("kubernetes-validate"), &arguments, &folder);
        assert!(said.contains("deployment/envparity"), "{said}");
    }
}

/// Non-root, read-only, probed, bounded, secrets by reference.
#[test]
fn the_deployment_is_as_its_guide_says() {
    let documents: Vec<Value> =
        yaml::read_all(&read("examples/kubernetes/serve.yaml"), Origin::Person).unwrap();
    let of = |kind: &str| documents.iter().find(|one| one["kind"] == kind).unwrap();
    let pod = &of("Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let container = &pod["containers"][0];
    let security = &container["securityContext"];
    assert_eq!(security["readOnlyRootFilesystem"], true);
    assert_eq!(security["allowPrivilegeEscalation"], false);
    assert_eq!(security["capabilities"]["drop"][0], "ALL");
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    assert!(container["resources"]["limits"]["memory"].is_string());
    for variable in container["env"].as_array().unwrap() {
        assert!(variable["valueFrom"]["secretKeyRef"].is_object(), "{variable}");
    }
    assert!(container["image"].as_str().unwrap().contains("@sha256:"));
    // Who may ask is written down, and the policy is about these pods.
    let labels = &of("Deployment")["spec"]["template"]["metadata"]["labels"];
    let policy = &of("NetworkPolicy")["spec"];
    assert_eq!(policy["podSelector"]["matchLabels"], *labels);
    assert_eq!(of("Service")["spec"]["selector"], *labels);
    assert_eq!(policy["policyTypes"].as_array().unwrap().len(), 2);
}

#[test]
fn systemd_takes_the_unit_of_serve() {
    let folder = TempDir::new().unwrap();
    let unit = read("examples/systemd/envparity-serve.service")
        .replace("/usr/local/bin/envparity", env!("CARGO_BIN_EXE_envparity"));
    std::fs::write(folder.path().join("envparity-serve.service"), unit).unwrap();
    let arguments = ["verify", "--man=no", "--recursive-errors=no", "envparity-serve.service"];
    let said = content("/usr/bin/systemd-analyze", &arguments, folder.path());
    assert!(!said.lines().any(|line| line.contains("envparity-serve")), "{said}");
}

#[test]
fn the_schemas_of_github_and_gitlab_take_the_jobs() {
    let folder = repository("examples/ci");
    let check = beside_python("check-jsonschema");
    for (schema, name) in [
        ("vendor.github-workflows", "github.yml"),
        ("custom.github-workflows-require-timeout", "github.yml"),
        ("vendor.gitlab-ci", "gitlab.yml"),
    ] {
        content(&check, &["--builtin-schema", schema, name], &folder);
    }
}

fn job(path: &str) -> Value {
    yaml::read(&read(path), Origin::Person).unwrap()
}

/// Runs a script of a job as its runner does, in a folder with the quickstart's profiles.
fn run_job(script: &str, folder: &TempDir) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_envparity")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    content(
        "cp",
        &["-r", repository("examples/quickstart").to_str().unwrap(), "profiles"],
        folder.path(),
    );
    Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("GITHUB_OUTPUT", folder.path().join("output"))
        .output()
        .unwrap()
}

const WRITTEN: [&str; 3] = ["parity.md", "parity.sarif", "parity.xml"];

/// The audit is NO-GO: it is told in all three forms, and what ends the job knows it.
#[test]
fn the_job_of_github_tells_before_it_fails_and_its_gate_waits_for_go() {
    let workflow = job("examples/ci/github.yml");
    let steps = workflow["jobs"]["parity"]["steps"].as_array().unwrap();
    let audit = steps.iter().find(|step| step["id"] == "audit").unwrap();
    let folder = TempDir::new().unwrap();
    let ended = run_job(audit["run"].as_str().unwrap(), &folder);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(std::fs::read_to_string(folder.path().join("output")).unwrap(), "code=1\n");
    for name in WRITTEN {
        assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() > 100, "{name}");
    }
    // A mistake in the profiles ends the step at once.
    let broken = TempDir::new().unwrap();
    let script = format!("rm profiles/audit.yaml; {}", audit["run"].as_str().unwrap());
    assert!(!run_job(&script, &broken).status.success());
    let deploy = &workflow["jobs"]["deploy"];
    assert_eq!(deploy["needs"], "parity");
    assert!(deploy["if"].as_str().unwrap().contains("needs.parity.outputs.code == '0'"));
}

#[test]
fn the_job_of_gitlab_tells_before_it_fails() {
    let pipeline = job("examples/ci/gitlab.yml");
    let script = pipeline["parity"]["script"].as_array().unwrap();
    let script: Vec<&str> = script.iter().map(|line| line.as_str().unwrap()).collect();
    let folder = TempDir::new().unwrap();
    let ended = run_job(&script.join("\n"), &folder);
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    for name in WRITTEN {
        assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() > 100, "{name}");
    }
    assert_eq!(pipeline["deploy"]["needs"][0], "parity");
}
