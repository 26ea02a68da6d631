//! Servers that do not answer as a Prometheus should: each is one failure, told in time.

use super::*;
use crate::support::hostile::{Behaviour, Hostile};

const SPAN: LoadSpan = LoadSpan { from: 3_000_000, to: 3_003_000 };

fn failure(behaviour: Behaviour, more: &str) -> Failure {
    let server = Hostile::start(behaviour);
    let keys = format!("url: 'http://{}/base', match: {{job: redis}}{more}", server.address());
    let begun = Instant::now();
    let allowed = Duration::from_secs(3);
    let read = read_within(&keys, SPAN, BucketLength::DEFAULT, &[], allowed);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    read.expect_err("it does not answer as a Prometheus")
}

fn http(head: &str, body: &[u8]) -> Behaviour {
    let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len());
    Behaviour::Script(vec![[head.as_bytes(), body].concat()])
}

#[test]
fn a_faulty_prometheus_costs_its_own_target_only() {
    let success = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let huge = format!("{}{}", success, " ".repeat(20 * 1024 * 1024));
    let cut = &success[..30];
    for (behaviour, kind, said) in [
        (Behaviour::Silent, "timeout", "no whole answer within 3s"),
        (Behaviour::Refuses, "refused", "refused"),
        (Behaviour::ClosesAtOnce, "cut", "without an answer"),
        (Behaviour::Garbage, "protocol", "is not HTTP"),
        (Behaviour::EndlessHttpBody, "too-large", "exceeds 16 MiB"),
        (Behaviour::HttpStatus(401, "{}".into()), "authentication", "401"),
        (Behaviour::HttpStatus(403, "{}".into()), "permission", "403"),
        (Behaviour::HttpStatus(404, "{}".into()), "protocol", "404"),
        (Behaviour::HttpStatus(422, "{}".into()), "protocol", "422"),
        (Behaviour::HttpStatus(503, "{}".into()), "unavailable", "503"),
        (Behaviour::HttpStatus(200, "{}".into()), "protocol", "not that of a Prometheus"),
        (Behaviour::Redirect("http://elsewhere/".into()), "protocol", "redirects"),
        (http("", b"<html>Sign in</html>"), "protocol", "not that of a Prometheus"),
        (http("", huge.as_bytes()), "too-large", "exceeds 16 MiB"),
        (http("", cut.as_bytes()), "cut", "its JSON has no end"),
        (http("", success.as_bytes()), "nothing-selected", "no series"),
    ] {
        let name = format!("{behaviour:.60?}").chars().take(60).collect::<String>();
        let failure = failure(behaviour, "");
        assert_eq!(failure.kind.as_str(), kind, "{name}: {failure}");
        assert!(failure.message.contains(said), "{name}: {failure}");
        assert!(!failure.advice.is_empty(), "{name}");
    }
}

#[test]
fn what_a_prometheus_repeats_of_a_credential_is_hidden() {
    let secret = "s3cret-of-the-prometheus";
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("token");
    std::fs::write(&file, secret).expect("write the token");
    let body = format!(r#"{{"status":"error","error":"unknown token {secret}"}}"#);
    for key in [
        format!(", token: '${{file:{}}}'", file.display()),
        format!(", headers: {{X-Key: '${{file:{}}}'}}", file.display()),
        format!(", basic-auth: {{username: u, password: '${{file:{}}}'}}", file.display()),
    ] {
        let failure = failure(http("", body.as_bytes()), &key);
        assert!(failure.message.contains("unknown token [hidden]"), "{key}: {failure}");
    }
    let failure = failure(http("", b"{}"), ", token: '${env:ENVPARITY_NOT_SET_HERE}'");
    assert_eq!(failure.kind.as_str(), "secret", "{failure}");
}

/// Answers each query with this series at each step.
fn series(warnings: &str, date: &str) -> Behaviour {
    let values: Vec<String> =
        (0..=10).map(|i| format!("[{},\"{i}\"]", 3_000_000 + i * 300)).collect();
    let values = values.join(",");
    let series = format!(r#"{{"metric":{{"job":"redis"}},"values":[{values}]}}"#);
    let matrix = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}{warnings}}}"#
    );
    http(date, matrix.as_bytes())
}

#[test]
fn warnings_and_a_clock_that_is_off_are_told() {
    let server = Hostile::start(series(
        r#","warnings":["store eu-1 does not answer"],"isPartial":true"#,
        "Date: Mon, 13 Apr 2026 21:00:01 GMT\r\n",
    ));
    let keys = format!("url: 'http://{}', match: {{job: redis}}", server.address());
    let load = read(&keys, SPAN, BucketLength::DEFAULT).expect("it answers");
    let warnings = ["store eu-1 does not answer", "the answer is partial"];
    assert_eq!(load.facts.warnings, warnings);
    assert!(load.facts.clock_ahead.is_some_and(|ahead| ahead.abs() > 3000.0), "{:?}", load.facts);
}
