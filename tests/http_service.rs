//! Services that tell their version over HTTP, on real sockets, from the profile to the report.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

mod support;

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use support::hostile::{Behaviour, Hostile};
use support::tls::Certs;
use support::tls_front::TlsFront;
use tempfile::TempDir;

const HEAD: &str = "apiVersion: envparity/v1\nkind: ";
const TOKEN: &str = "Zq9-never-to-be-seen-tr0ub4dor";

/// One environment with these targets, which is its own baseline.
fn folder(targets: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("audit.yaml", format!("{HEAD}Audit\nbaseline: prod\nenvironments: [prod]\n"));
    write("prod.yaml", format!("{HEAD}Environment\nname: prod\ntargets:\n{targets}"));
    folder
}

fn run(folder: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envparity"));
    command.args(args).arg("--profiles").arg(folder.path());
    command.env("ENVPARITY_TEST_TOKEN", TOKEN).output().unwrap()
}

fn audit(targets: &str) -> Value {
    let output = run(&folder(targets), &["audit", "-o", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"))
}

/// Component and version of everything that was seen.
fn seen(report: &Value) -> Vec<(String, String)> {
    let rows = report["matrix"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let versions = |row: &Value| {
        let readings = row["cells"][0]["readings"].as_array().cloned().unwrap_or_default();
        readings.iter().map(|reading| text(&reading["version"])).collect::<Vec<_>>().join(" ")
    };
    rows.map(|row| (text(&row["component"]), versions(row))).collect()
}

fn disagreements(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"] == "source-disagreement")
        .map(|finding| format!("{}: {}", finding["component"], finding["summary"]))
        .collect()
}

fn orders() -> Hostile {
    Hostile::start(Behaviour::HttpByPath(vec![
        ("/info", 200, "{\"build\": {\"version\": \"16.4\"}}".to_owned()),
        ("/page", 200, "<h1>nginx/1.25.3</h1>".to_owned()),
    ]))
}

#[test]
fn a_version_is_found_by_pointer_by_regex_and_in_a_header() {
    let server = orders();
    let header = Hostile::start(Behaviour::CutAfter(
        b"HTTP/1.1 200 OK\r\nX-Version: 2.10.0\r\nContent-Length: 2\r\n\r\nok".to_vec(),
    ));
    let (at, header_at) = (server.address(), header.address());
    let report = audit(&format!(
        "  http:\n  - {{name: orders, url: \"http://{at}/info\", pointer: /build/version}}\n  \
         - {{name: web, url: \"http://{at}/page\", regex: 'nginx/([\\d.]+)', product: nginx}}\n  \
         - {{name: edge, url: \"http://{header_at}/\", header: X-Version, component: proxy/edge}}\n"
    ));
    let expected = [("http/orders", "16.4"), ("http/web", "1.25.3"), ("proxy/edge", "2.10.0")];
    assert_eq!(seen(&report), expected.map(|(c, v)| (c.to_owned(), v.to_owned())), "{report:#}");
}

#[test]
fn tls_is_checked_against_the_own_authority() {
    let certs = Certs::new();
    let server = orders();
    let front = TlsFront::start(server.address(), &certs.server, None);
    let report = audit(&format!(
        "  http:\n  - {{name: orders, url: \"https://{}/info\", pointer: /build/version, tls: {{ca: {}}}}}\n",
        front.address(),
        certs.ca.display(),
    ));
    assert_eq!(seen(&report), [("http/orders".to_owned(), "16.4".to_owned())], "{report:#}");
}

#[test]
fn a_token_is_sent_and_never_told() {
    let server = orders();
    let targets = format!(
        "  http:\n  - {{name: orders, url: \"http://{}/info?key=hunter2\", pointer: /build/version, \
         token: \"${{env:ENVPARITY_TEST_TOKEN}}\"}}\n",
        server.address()
    );
    let output = run(&folder(&targets), &["audit", "-vvv", "-o", "yaml"]);
    let all = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(all.contains("16.4"), "{all}");
    assert!(!all.contains(TOKEN) && !all.contains("hunter2"), "{all}");
    assert!(server.received() > TOKEN.len() + 100, "no token was sent");
}

#[test]
fn a_file_that_holds_the_token_is_looked_for_beside_the_profile() {
    let server = orders();
    let folder = folder(&format!(
        "  http:\n  - {{name: orders, url: \"http://{}/info\", pointer: /build/version, \
         token: \"${{file:token.txt}}\"}}\n",
        server.address()
    ));
    fs::write(folder.path().join("token.txt"), format!("{TOKEN}\n")).unwrap();
    let output = run(&folder, &["audit", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen(&report), [("http/orders".to_owned(), "16.4".to_owned())], "{report:#}");
}

#[test]
fn a_live_service_wins_over_a_declared_fact_of_its_component() {
    let server = orders();
    let report = |fact: &str| {
        audit(&format!(
            "  http:\n  - {{name: orders, url: \"http://{}/info\", pointer: /build/version, \
             component: postgresql/orders}}\n  declared:\n  - {{component: postgresql/orders, \
             version: '{fact}', by: platform, on: 2026-01-01, expires: 2099-01-01}}\n",
            server.address()
        ))
    };
    let agreed = report("16.4");
    let only = [("postgresql/orders".to_owned(), "16.4".to_owned())];
    assert_eq!(seen(&agreed), only, "{agreed:#}");
    assert_eq!(disagreements(&agreed), Vec::<String>::new());
    let differing = report("15.2");
    assert_eq!(seen(&differing), only, "{differing:#}");
    let said =
        "\"postgresql/orders\": \"in prod the program says 16.4, a declared fact says 15.2\"";
    assert_eq!(disagreements(&differing), [said]);
}

#[test]
fn a_recorded_redis_wins_over_a_declared_fact() {
    let info = format!("{}/tests/fixtures/redis/redis-7.0.15.txt", env!("CARGO_MANIFEST_DIR"));
    let report = audit(&format!(
        "  recorded:\n  - {{name: cache, path: {info}}}\n  declared:\n  - {{component: redis/cache, \
         version: '7.2.4', by: platform, on: 2026-01-01, expires: 2099-01-01}}\n"
    ));
    assert_eq!(seen(&report), [("redis/cache".to_owned(), "7.0.15".to_owned())], "{report:#}");
    assert_eq!(disagreements(&report).len(), 1, "{report:#}");
}

#[test]
fn mistakes_in_a_profile_are_told_with_their_place() {
    let targets = "  http:\n  - name: a\n    url: http://u:hunter2@h/\n    pointer: v\n  - name: b\n    \
                   url: http://h/\n    regex: '('\n";
    let output = run(&folder(targets), &["check-profiles"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    for said in [
        "holds a user name or password",
        "prod.yaml:7:10",
        "invalid JSON pointer",
        "prod.yaml:8:14",
        "prod.yaml:11:12",
    ] {
        assert!(errors.contains(said), "{said}: {errors}");
    }
    assert!(!errors.contains("hunter2"), "{errors}");
}
