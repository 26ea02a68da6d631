//! `/metrics`, read by those who will read it: Prometheus' own check, both parsers of
//! `prometheus_client`, and the Datadog agent's OpenMetrics check by its own code.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use envparity::daemon::pages::render_metrics;
use serde_json::Value;

use crate::cli::repository;
use crate::common::python;
use crate::reports::{hostile, rich};
use crate::serve_world::status;

/// What `promtool check metrics` says: nothing, if it has nothing to say.
pub(crate) fn promtool(text: &str) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, of Debian's prometheus");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
pub(crate) fn promtool_takes_them_and_has_nothing_to_say() {
    for status in [status(None, false), status(Some(rich()), false), status(Some(hostile()), true)]
    {
        assert_eq!(promtool(&render_metrics(&status)), (true, String::new()));
    }
}

#[test]
fn both_parsers_read_every_family() {
    let text = render_metrics(&status(Some(rich()), false));
    let read = python("openmetrics.py", &[], &text);
    let value = |name: &str, wanted: &[(&str, &str)]| {
        let families = read["openmetrics"].as_array().unwrap();
        let family = families.iter().find(|family| family["name"] == name);
        let samples = family.unwrap_or_else(|| panic!("{name}"))["samples"].as_array().unwrap();
        let has = |sample: &&Value| wanted.iter().all(|(name, is)| sample["labels"][name] == *is);
        samples.iter().find(has).map(|sample| sample["value"].as_f64().unwrap())
    };
    let cache = [("environment", "ovh-production"), ("target", "redis/cache")];
    assert_eq!(value("envparity_verdict", &[("is", "no-go")]), Some(1.0));
    assert_eq!(value("envparity_redis_walk_share", &cache), Some(0.34), "the busiest counts");
    assert_eq!(value("envparity_redis_cpu_share", &cache), Some(0.97));
    assert_eq!(value("envparity_sample_age_seconds", &cache), Some(1.0));
    assert_eq!(value("envparity_incidents", &cache), Some(1.0));
    let nightly = [("schedule", "nightly")];
    assert_eq!(value("envparity_schedule_missed_runs", &nightly), Some(2.0));
    let next = value("envparity_schedule_next_run_timestamp_seconds", &nightly);
    assert_eq!(next, Some(1_776_143_400.0), "2026-04-14T05:10:00Z");
    assert_eq!(value("envparity_notifications_failed", &[]), Some(1.0));
    // Of a server that does not answer the load is not known, and that is told.
    let qualif = [("environment", "qualif"), ("target", "redis/cache")];
    assert_eq!(value("envparity_redis_walk_share", &qualif), None);
    assert_eq!(
        value("envparity_sampled_servers", &[qualif[0], qualif[1], ("up", "false")]),
        Some(1.0)
    );
    for family in read["openmetrics"].as_array().unwrap() {
        assert_eq!(family["type"], "gauge", "{family}");
    }
}

/// Names of series are those of the profiles: whatever servers say, and however many there are.
#[test]
fn no_address_digest_or_path_names_a_series() {
    let mut many = status(None, true);
    let one = many.samples[0].clone();
    many.samples.extend((0..500).map(|number| {
        let mut other = one.clone();
        other.place = format!("10.1.{}.{}:6379", number / 250, number % 250);
        other.failure = Some(format!("refused by {number}"));
        other
    }));
    let text = render_metrics(&many);
    let series = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    assert_eq!(series(&text), series(&render_metrics(&status(None, true))));
    assert!(!text.contains("10.1.") && !text.contains("3f2a6c01") && !text.contains("refused"));
}

/// Before the first audit there is no verdict at all: an alert on its absence fires.
#[test]
fn without_an_audit_there_is_no_verdict() {
    let text = render_metrics(&status(None, false));
    assert!(!text.contains("envparity_verdict{"), "{text}");
    assert!(text.contains("envparity_serve_start_timestamp_seconds "), "{text}");
}

/// Answers each GET of one address with a text, as long as the test runs.
pub(crate) fn serve_text(text: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &text);
        }
    });
    format!("http://{address}/metrics")
}

fn answer(mut stream: TcpStream, text: &str) {
    let mut head = [0; 4_096];
    let _ = stream.read(&mut head);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
}

/// The agent's check with the configuration of `examples/datadog`, which asks by HTTP.
#[test]
fn the_check_of_the_datadog_agent_reads_them() {
    let endpoint = serve_text(render_metrics(&status(Some(rich()), false)));
    let conf =
        std::fs::read_to_string(repository("examples/datadog/conf.d/openmetrics.d/conf.yaml"));
    let read = python("datadog.py", &[&endpoint], &conf.unwrap());
    let submitted = read["metrics"].as_array().unwrap();
    let value = |name: &str, tag: &str| {
        let has = |one: &&Value| {
            one["name"] == name && one["tags"].as_array().unwrap().iter().any(|own| own == tag)
        };
        submitted.iter().find(has).map(|one| one["value"].as_f64().unwrap())
    };
    assert_eq!(value("envparity.verdict", "is:no-go"), Some(1.0));
    assert_eq!(value("envparity.redis_walk_share", "environment:ovh-production"), Some(0.34));
    assert_eq!(value("envparity.incidents", "target:redis/cache"), Some(1.0));
    assert_eq!(value("envparity.schedule_missed_runs", "schedule:nightly"), Some(2.0));
    assert_eq!(read["health"], 0, "{read}");
    let named: BTreeSet<&str> = submitted.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(named.len() > 25, "{named:?}");
}
