//! Real PostgreSQL servers, from the profile to the report.

use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report};
use crate::support::cli::slowness::deadline;
use crate::support::postgres::{PASSWORD, PostgresServer, WRITER, give};
use crate::support::tls::Certs;

/// A database of a server, asked as a role that may do nothing but log in.
fn target(server: &PostgresServer) -> Value {
    json!({
        "name": "orders", "url": format!("postgres://127.0.0.1:{}/orders", server.port()),
        "username": WRITER, "password": "${env:ENVPARITY_PG_PASSWORD}",
    })
}

fn environment(target: &Value) -> Value {
    json!({"deadline": deadline(Duration::from_secs(10)), "targets": {"postgresql": [target]}})
}

fn audit(environments: &[(&str, Value)]) -> Report {
    let environments: Vec<(&str, Value)> =
        environments.iter().map(|(name, target)| (*name, environment(target))).collect();
    let profiles = Profiles::new(&environments);
    let profiles = profiles.with_variable("ENVPARITY_PG_PASSWORD", PASSWORD);
    let ended = profiles.audit();
    assert!(!ended.says(PASSWORD), "{ended}");
    ended.any_report()
}

fn orders(settings: &[&str]) -> PostgresServer {
    let server = PostgresServer::start_with(settings);
    server.database("orders");
    server
}

#[test]
fn a_server_tells_version_extensions_settings_and_hears_nothing_but_reading() {
    let settings = ["log_statement=all", "log_connections=on", "log_disconnections=on"];
    let server = orders(&settings);
    server.sql("orders", "CREATE EXTENSION hstore");
    let before = server.log();
    let report = audit(&[("production", target(&server))]);
    let version = server.sql("orders", "SHOW server_version");
    let version = version.split(' ').next().expect("a version").to_owned();
    assert!(report.is_read("production", "postgresql/orders"), "{report}");
    let readings = report.readings("postgresql/orders", "production");
    assert_eq!(readings, [format!("postgresql {version} program ×1")]);
    let extension = "postgresql/orders/extension/hstore";
    assert_eq!(report.cell(extension, "production")["state"], "present", "{report}");

    // What the server heard, by its own log.
    let log = server.log();
    let heard = &log[before.len()..];
    let own: Vec<&str> = heard
        .lines()
        .filter_map(|line| line.split_once("LOG:  statement: "))
        .map(|(_, statement)| statement)
        .take(4)
        .collect();
    assert_eq!(own.len(), 4, "{heard}");
    for statement in own {
        let begin = "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = '30s'; SELECT ";
        assert!(statement.starts_with(begin) && statement.ends_with("; COMMIT"), "{statement}");
        assert_eq!(statement.matches(';').count(), 3, "{statement}");
    }
    let mine = |what: &str| heard.lines().filter(|line| line.contains(what)).count();
    assert_eq!(mine("connection authorized: user=envparity database=orders"), 1, "{heard}");
    assert!(!heard.contains("unexpected EOF"), "{heard}");
}

#[test]
fn one_server_in_two_environments_is_told_and_a_copy_is_a_note() {
    let server = orders(&[]);
    let report = audit(&[("qualif", target(&server)), ("production", target(&server))]);
    let [(severity, summary)] = report.summaries("shared-instance")[..] else { panic!("{report}") };
    assert_eq!(severity, "critical");
    assert!(summary.contains("PostgreSQL server"), "{summary}");
    assert!(report.findings("shared-data").is_empty(), "{report}");

    let other = orders(&[]);
    let report = audit(&[("qualif", target(&other)), ("production", target(&server))]);
    assert!(report.findings("shared-instance").is_empty(), "{report}");
    assert!(report.findings("shared-data").is_empty(), "{report}");

    // Its files, started as another server.
    let copy = server.copied("orders", false);
    let report = audit(&[("qualif", target(&copy)), ("production", target(&server))]);
    let [(severity, summary)] = report.summaries("shared-data")[..] else { panic!("{report}") };
    assert_eq!(severity, "info");
    assert!(summary.contains("come from one cluster"), "{summary}");
    drop(copy);

    let standby = server.copied("orders", true);
    let report = audit(&[("qualif", target(&standby)), ("production", target(&server))]);
    assert_eq!(report.verdict(), "no-go", "{report}");
    let [(severity, summary)] = report.summaries("shared-data")[..] else { panic!("{report}") };
    assert_eq!(severity, "critical");
    assert!(summary.contains("hold the same data"), "{summary}");
}

#[test]
fn settings_that_differ_are_told_and_sizes_are_not() {
    let own = orders(&["synchronous_commit=off", "work_mem=8MB"]);
    let other = orders(&[]);
    let report = audit(&[("qualif", target(&own)), ("production", target(&other))]);
    let told = report.summaries("setting-drift");
    let [(_, summary)] = told[..] else { panic!("{report}") };
    assert_eq!(summary, "synchronous_commit is off in qualif, on in production");
}

#[test]
fn what_a_role_may_not_read_can_be_left_out() {
    let server = orders(&[]);
    server.sql("orders", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    let report = audit(&[("production", target(&server))]);
    assert_eq!(report.failed_parts("production", "postgresql/orders"), ["identity"], "{report}");
    let [failure] = &report.failures("production", "postgresql/orders")[..] else { panic!() };
    assert_eq!(failure["kind"], "permission", "{failure}");
    assert_eq!(report.verdict(), "incomplete", "{report}");
    let mut without = target(&server);
    without["read"] = json!(["server", "extensions", "settings"]);
    let report = audit(&[("production", without)]);
    assert_eq!(report.verdict(), "go", "{report}");
}

#[test]
fn tls_is_checked_against_the_own_authority() {
    let certs = Certs::new();
    let readable = tempfile::tempdir().expect("a temporary directory");
    let start = |leaf: &crate::support::tls::Leaf| {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path, mode| {
            let set = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
            set.expect("a file of ours");
        };
        mode(readable.path(), 0o711);
        let (cert, key) = (readable.path().join("cert.pem"), readable.path().join("key.pem"));
        for (from, to) in [(&leaf.cert, &cert), (&leaf.key, &key)] {
            std::fs::copy(from, to).expect("a file of ours");
            mode(to, 0o600);
            give(to);
        }
        let files = [("ssl_cert_file", cert), ("ssl_key_file", key)];
        let settings = files.map(|(name, path)| format!("{name}={}", path.display()));
        orders(&["ssl=on", &settings[0], &settings[1]])
    };
    let over_tls = |server: &PostgresServer, ca: &std::path::Path| {
        let mut target = target(server);
        target["tls"] = json!({"ca": ca});
        target
    };
    let server = start(&certs.server);
    let report = audit(&[("production", over_tls(&server, &certs.ca))]);
    assert!(report.is_read("production", "postgresql/orders"), "{report}");
    for (server, ca) in [
        (server, &certs.other_ca),
        (start(&certs.wrong_name), &certs.ca),
        (start(&certs.expired), &certs.ca),
    ] {
        let report = audit(&[("production", over_tls(&server, ca))]);
        let failures = report.failures("production", "postgresql/orders");
        assert!(!failures.is_empty(), "{report}");
        assert!(failures.iter().all(|failure| failure["kind"] == "tls"), "{report}");
    }
}
