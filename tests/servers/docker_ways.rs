//! The ways to an engine besides its socket: contexts, TLS with a client's certificate, a proxy
//! that allows four requests.

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report, text};
use crate::support::docker::{self, Contexts};
use crate::support::guard::Guard;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::tls::{Certs, Leaf};
use crate::support::tls_front::TlsFront;

/// What an audit asks of an engine, and so what a proxy in front of it has to allow.
const FOUR: &[&str] = &["/version", "/info", "/containers/json?all=true", "/images/json"];

/// Variables by which Docker's own client would go elsewhere, and come back with nothing.
const ELSEWHERE: [(&str, &str); 5] = [
    ("DOCKER_HOST", "tcp://127.0.0.1:1"),
    ("DOCKER_CONTEXT", "elsewhere"),
    ("DOCKER_TLS_VERIFY", "1"),
    ("DOCKER_CERT_PATH", "/nowhere"),
    ("DOCKER_API_VERSION", "1.12"),
];

/// One environment with this engine, without the containers that other tests make.
fn audit(mut target: Value, variables: &[(&str, &str)]) -> Report {
    target["name"] = json!("edge");
    target["exclude"] = json!({"projects": ["sandbox-*"]});
    let profiles = Profiles::new(&[("production", json!({"targets": {"docker": [target]}}))]);
    profiles.run_with(&["audit", "-o", "json"], variables).any_report()
}

#[track_caller]
fn read(target: Value, variables: &[(&str, &str)]) -> Report {
    let report = audit(target, variables);
    assert!(report.is_read("production", "docker/edge"), "{report}");
    report
}

fn endpoint(report: &Report) -> &str {
    text(&report.target("production", "docker/edge")["endpoint"])
}

fn unix() -> String {
    format!("unix://{}", docker::socket().display())
}

#[test]
fn a_context_is_the_engine_that_its_host_is() {
    let contexts = Contexts::new();
    contexts.create("edge", &format!("host={}", unix()));
    let home = tempfile::tempdir().expect("a temporary directory");
    std::os::unix::fs::symlink(contexts.folder(), home.path().join(".docker"))
        .expect("a folder of ours");
    let by_host = read(json!({"host": unix()}), &[]);
    let by_config = read(json!({"context": "edge"}), &[("DOCKER_CONFIG", &contexts.variable())]);
    let home = home.path().display().to_string();
    let by_home = read(json!({"context": "edge"}), &[("HOME", &home), ("DOCKER_CONFIG", "")]);
    for by_context in [&by_config, &by_home] {
        assert_eq!(by_context["matrix"], by_host["matrix"]);
        assert_eq!(endpoint(by_context), format!("{} (context edge)", unix()));
    }
}

#[test]
fn no_other_variable_of_dockers_matters() {
    let contexts = Contexts::new();
    contexts.create("edge", &format!("host={}", unix()));
    contexts.create("elsewhere", "host=tcp://127.0.0.1:1");
    let config = contexts.variable();
    let variables = [&ELSEWHERE[..], &[("DOCKER_CONFIG", config.as_str())]].concat();
    let tcp = format!("tcp://{}", docker::tcp());
    let expected = read(json!({"host": tcp}), &[]);
    for target in [json!({"host": unix()}), json!({"host": tcp}), json!({"context": "edge"})] {
        assert_eq!(read(target.clone(), &variables)["matrix"], expected["matrix"], "{target}");
    }
}

#[test]
fn the_default_context_is_the_socket_of_this_machine() {
    let report = audit(json!({"context": "default"}), &ELSEWHERE);
    let shown = endpoint(&report);
    assert!(
        shown == "unix:///var/run/docker.sock (context default)" || shown == "context default",
        "{shown}"
    );
    let said = report.target("production", "docker/edge").to_string();
    assert!(!said.contains("127.0.0.1"), "{said}");
}

#[test]
fn an_engine_that_demands_a_certificate_is_shown_one() {
    let certs = Certs::new();
    let Leaf { cert, key } = &certs.client;
    let expected = read(json!({"host": unix()}), &[]);
    let front = TlsFront::start(docker::tcp(), &certs.server, Some(&certs.ca));
    let host = format!("tcp://{}", front.address());
    let by_profile =
        read(json!({"host": host, "tls": {"ca": certs.ca, "cert": cert, "key": key}}), &[]);
    assert_eq!(by_profile["matrix"], expected["matrix"]);

    let contexts = Contexts::new();
    let own = format!("cert={},key={}", cert.display(), key.display());
    contexts.create("edge", &format!("host={host},ca={},{own}", certs.ca.display()));
    let config = contexts.variable();
    let by_context = read(json!({"context": "edge"}), &[("DOCKER_CONFIG", &config)]);
    assert_eq!(by_context["matrix"], expected["matrix"]);

    // as its maker has asked for, and the report says so
    let expired = TlsFront::start(docker::tcp(), &certs.expired, Some(&certs.ca));
    contexts.create(
        "careless",
        &format!("host=tcp://{},skip-tls-verify=true,{own}", expired.address()),
    );
    let careless = read(json!({"context": "careless"}), &[("DOCKER_CONFIG", &config)]);
    assert!(
        endpoint(&careless).contains("its certificate is not verified"),
        "{}",
        endpoint(&careless)
    );
}

#[test]
fn what_a_context_lacks_is_told_before_anything_is_connected_to() {
    let server = Hostile::start(Behaviour::Silent);
    let certs = Certs::new();
    let Leaf { cert, key } = &certs.client;
    let contexts = Contexts::new();
    let host = format!("host=tcp://{}", server.address());
    contexts.create(
        "edge",
        &format!("{host},ca={},cert={},key={}", certs.ca.display(), cert.display(), key.display()),
    );
    std::fs::remove_file(contexts.tls("edge").join("key.pem")).expect("the client wrote it");
    let report = audit(json!({"context": "edge"}), &[("DOCKER_CONFIG", &contexts.variable())]);
    let [failure, ..] = report.failures("production", "docker/edge")[..] else {
        panic!("{report}")
    };
    assert_eq!(failure["kind"], "file", "{failure:#}");
    assert_eq!(server.accepted(), 0, "it was connected to without its key");
}

/// The proxy of `examples/docker`, but for what it is made of.
#[test]
fn a_proxy_that_allows_four_requests_suffices() {
    let guard = Guard::start(&docker::socket(), FOUR);
    let host = format!("tcp://{}", guard.address());
    let through = read(json!({"host": host}), &[]);
    assert_eq!(through["matrix"], read(json!({"host": unix()}), &[])["matrix"]);
    let mut heard = guard.heard();
    heard.passed.sort();
    let mut four = FOUR.iter().map(|target| format!("GET {target}")).collect::<Vec<_>>();
    four.sort();
    assert_eq!((heard.passed, heard.refused), (four, Vec::new()));
}

#[test]
fn a_proxy_that_allows_less_costs_what_it_refuses() {
    let guard = Guard::start(&docker::socket(), &["/version", "/containers/json?all=true"]);
    let report = audit(json!({"host": format!("tcp://{}", guard.address())}), &[]);
    assert_eq!(report.failed_parts("production", "docker/edge"), ["engine", "images"]);
    assert_eq!(report.cell("image/redis", "production")["state"], "present");
    assert_eq!(guard.heard().refused, ["GET /info", "GET /images/json"]);
}
