//! An engine behind a real sshd.

use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report, text};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::docker::{self, Contexts};
use crate::support::ssh::Sshd;

fn audit(mut target: Value, variables: &[(&str, &str)]) -> Report {
    target["name"] = json!("edge");
    target["exclude"] = json!({"projects": ["sandbox-*"]});
    let environment =
        json!({"deadline": deadline(Duration::from_secs(20)), "targets": {"docker": [target]}});
    let profiles = Profiles::new(&[("production", environment)]);
    profiles.run_with(&["audit", "-o", "json"], variables).any_report()
}

/// Whose `docker` finds the engine of the tests.
fn with_engine() -> Sshd {
    let host = format!("unix://{}", docker::socket().display());
    Sshd::start(&[("DOCKER_HOST", &host)])
}

fn endpoint(report: &Report) -> &str {
    text(&report.target("production", "docker/edge")["endpoint"])
}

#[test]
fn an_engine_behind_ssh_is_the_engine_that_its_socket_is() {
    let sshd = with_engine();
    let path = sshd.path();
    let by_socket = audit(json!({"host": format!("unix://{}", docker::socket().display())}), &[]);
    let by_host = audit(json!({"host": sshd.url()}), &[("PATH", &path)]);
    let contexts = Contexts::new();
    contexts.create("remote", &format!("host={}", sshd.url()));
    let variables = [("PATH", path.as_str()), ("DOCKER_CONFIG", &contexts.variable())];
    let by_context = audit(json!({"context": "remote"}), &variables);
    for (report, note) in [(by_host, ""), (by_context, " (context remote)")] {
        assert!(report.is_read("production", "docker/edge"), "{report}");
        assert_eq!(report["matrix"], by_socket["matrix"]);
        let shown = sshd.url().replace("root@", "");
        assert_eq!(endpoint(&report), format!("{shown}{note}"));
    }
}

#[test]
fn what_is_in_the_way_is_told() {
    let sshd = with_engine();
    let bare = Sshd::start(&[("PATH", "/nowhere")]);
    let idle = Sshd::start(&[("DOCKER_HOST", "unix:///no/such/docker.sock")]);
    for (name, sshd, path, kind, mentions) in [
        ("unknown host", &sshd, sshd.path_to_unknown(), "host-key", "not in known_hosts"),
        ("changed host", &sshd, sshd.path_to_changed(), "host-key", "has changed"),
        ("wrong key", &sshd, sshd.path_of_stranger(), "authentication", "accepts none"),
        ("no docker", &bare, bare.path(), "unreachable", "docker not found on that host"),
        ("no engine", &idle, idle.path(), "refused", "no engine answers"),
        ("no ssh", &sshd, "/nowhere".to_owned(), "unsupported", "ssh cannot be started"),
    ] {
        let report = audit(json!({"host": sshd.url()}), &[("PATH", &path)]);
        let failures = report.failures("production", "docker/edge");
        for failure in &failures {
            assert_eq!(failure["kind"], kind, "{name}: {failure:#}");
            assert!(text(&failure["message"]).contains(mentions), "{name}: {failure:#}");
            assert!(!failure.to_string().contains("root@"), "{name}: {failure:#}");
        }
        assert!(!failures.is_empty(), "{name}: {report}");
        assert_eq!(report.verdict(), "incomplete", "{name}");
    }
}

/// The host accepts, and says nothing: the deadline holds, and no `ssh` is left behind.
#[test]
fn a_silent_host_costs_its_deadline() {
    use crate::support::hostile::{Behaviour, Hostile};
    let server = Hostile::start(Behaviour::Silent);
    let sshd = with_engine();
    let target = json!({"name": "edge", "host": format!("ssh://root@{}", server.address())});
    let limit = Duration::from_secs(2);
    let profiles = Profiles::new(&[(
        "production",
        json!({"deadline": deadline(limit), "targets": {"docker": [target]}}),
    )]);
    let ended = profiles.run_with(&["audit", "-o", "json"], &[("PATH", &sshd.path())]);
    assert!(ended.took < 2 * scaled(limit), "{:?}", ended.took);
    let report = ended.any_report();
    let failures = report.failures("production", "docker/edge");
    assert!(!failures.is_empty(), "{report}");
    assert!(failures.iter().all(|failure| failure["kind"] == "timeout"), "{failures:#?}");
}
