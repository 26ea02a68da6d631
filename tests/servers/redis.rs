//! Redis and Valkey, live: identity, verdicts, credentials and protocol versions.

mod answers;
mod nodes;
mod replicas;
mod samples;
mod sentinel;

use std::time::Duration;

use serde_json::json;

use crate::profiles::{Profiles, cache, redis, sorted, text};
use crate::support::cli::slowness::deadline;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, DEFAULT_PASSWORD, RedisServer};
use crate::support::tls::Certs;

/// Dev Redis 7.0, qualif Redis 6.2, production Valkey 8.0.
struct ThreeProducts {
    production: RedisServer,
    profiles: Profiles,
    _others: [RedisServer; 2],
}

impl ThreeProducts {
    fn start() -> Self {
        let [qualif, dev, production] = Binary::ALL.map(|binary| RedisServer::start(binary, &[]));
        let profiles = Profiles::new(&[
            ("dev", cache(&dev.url())),
            ("qualif", cache(&qualif.url())),
            ("production", cache(&production.url())),
        ]);
        Self { production, profiles, _others: [dev, qualif] }
    }
}

#[test]
fn each_pair_is_told_with_product_level_and_direction() {
    let report = ThreeProducts::start().profiles.audit().report(1);
    assert_eq!(report.verdict(), "no-go");
    for (environment, product, binary) in [
        ("dev", "redis", Binary::Redis70),
        ("qualif", "redis", Binary::Redis62),
        ("production", "valkey", Binary::Valkey80),
    ] {
        let reading = format!("{product} {} program ×1", binary.version());
        assert_eq!(report.readings("redis/cache", environment), [reading], "{environment}");
        let cell = report.cell("redis/cache", environment);
        // Between two products there is no distance.
        assert!(cell["level"].is_null() && cell["direction"].is_null(), "{environment}: {cell:#}");
        assert_eq!(cell["other-product"] == true, product == "redis", "{environment}: {cell:#}");
    }

    let findings = report.findings("product-differs");
    assert_eq!(findings.len(), 2, "{report}");
    for (environment, binary, severity, in_gate) in
        [("dev", Binary::Redis70, "medium", false), ("qualif", Binary::Redis62, "high", true)]
    {
        let pair = [environment, "production"];
        let finding = findings.iter().find(|f| sorted(&f["environments"]).contains(&environment));
        let finding = finding.unwrap_or_else(|| panic!("no finding on {pair:?}: {report}"));
        assert_eq!(
            (&finding["component"], &finding["severity"]),
            (&json!("redis/cache"), &json!(severity))
        );
        assert_eq!(finding["in-gate"], in_gate, "{finding:#}");
        assert!(finding["level"].is_null() && finding["direction"].is_null(), "{finding:#}");
        let summary = text(&finding["summary"]);
        for word in [
            &format!("redis {}", binary.version()),
            &format!("valkey {}", Binary::Valkey80.version()),
        ] {
            assert!(summary.contains(word), "{word:?} is not in {summary:?}");
        }
    }
}

#[test]
fn a_stopped_production_is_incomplete_and_named() {
    let mut three = ThreeProducts::start();
    three.production.stop();
    let report = three.profiles.audit().report(3);
    assert_eq!(report.verdict(), "incomplete");
    assert!(report.reasons("blocks").is_empty(), "{report}");
    let [reason] = report.reasons("incomplete")[..] else { panic!("not one reason: {report}") };
    assert!(reason.starts_with("production redis/cache") && reason.contains("refused"), "{reason}");

    let [failure] = report.failures("production", "redis/cache")[..] else {
        panic!("not one failure: {report}")
    };
    assert_eq!(failure["kind"], "refused");
    assert!(!text(&failure["advice"]).is_empty(), "{failure:#}");
    // unknown is neither equal nor gone
    assert_eq!(report.cell("redis/cache", "production")["state"], "unobserved");
    assert!(
        report.findings("product-differs").is_empty()
            && report.findings("missing-component").is_empty()
    );
    assert!(report.is_read("dev", "redis/cache") && report.is_read("qualif", "redis/cache"));
}

#[test]
fn the_table_ends_with_what_is_missing() {
    let mut three = ThreeProducts::start();
    three.production.stop();
    let ended = three.profiles.audit_table();
    ended.expect(3);
    let line = ended.last_line();
    assert!(line.starts_with("INCOMPLETE: production redis/cache"), "{ended}");
    assert!(line.contains("connection refused") && line.ends_with("(exit 3)"), "{ended}");
    let advice = ended
        .stdout
        .lines()
        .find(|line| line.contains("redis/cache: connection refused") && line.contains("help:"));
    assert!(advice.is_some(), "no line of READ with advice\n{ended}");
}

#[test]
fn two_equal_servers_are_go() {
    let [qualif, production] = [(); 2].map(|()| RedisServer::start(Binary::Redis70, &[]));
    let profiles = Profiles::new(&[
        ("qualif", cache(&qualif.url())),
        ("production", cache(&production.url())),
    ]);
    let report = profiles.audit().report(0);
    assert_eq!(report.verdict(), "go");
    assert!(report.all_findings().is_empty(), "{report}");
    assert_eq!(report.cell("redis/cache", "qualif")["level"], "equal");

    let table = profiles.audit_table();
    table.expect(0);
    assert!(
        table.last_line().starts_with("GO: ") && table.last_line().ends_with("(exit 0)"),
        "{table}"
    );
}

#[test]
fn one_server_in_two_environments_is_a_shared_instance() {
    let server = RedisServer::start(Binary::Redis70, &[]);
    // two addresses of it, so that the address cannot be what tells
    let other = format!("redis://localhost:{}", server.port());
    let report = Profiles::new(&[("qualif", cache(&server.url())), ("production", cache(&other))])
        .audit()
        .report(1);
    assert_eq!(report.verdict(), "no-go");
    let [finding] = report.findings("shared-instance")[..] else {
        panic!("not one finding: {report}")
    };
    assert_eq!(finding["severity"], "critical");
    assert_eq!(sorted(&finding["environments"]), ["production", "qualif"]);
    assert!(
        report.reasons("blocks").iter().any(|reason| reason.contains("shared-instance")),
        "{report}"
    );
}

#[test]
fn the_documented_acl_user_suffices_on_every_server() {
    for binary in Binary::ALL {
        let [dev, qualif, production] = [(); 3].map(|()| RedisServer::with_acl(binary));
        let target = |server: &RedisServer, username: &str, password: &str| {
            redis(&[
                json!({"name": "cache", "url": server.url(), "username": username, "password": password}),
            ])
        };
        let profiles = Profiles::new(&[
            ("dev", redis(&[json!({"name": "cache", "url": dev.url(), "password": "${file:secrets/default}"})])),
            ("qualif", target(&qualif, AUDITOR, "${env:ENVPARITY_REDIS_PASSWORD}")),
            ("production", target(&production, AUDITOR, "${file:secrets/auditor}")),
        ])
        .with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD);
        std::fs::create_dir(profiles.path("secrets")).expect("create a directory");
        profiles.write("secrets/default", DEFAULT_PASSWORD);
        // as editors and `echo` write files
        profiles.write("secrets/auditor", &format!("{AUDITOR_PASSWORD}\n"));

        let report = profiles.audit().report(0);
        assert_eq!(report.verdict(), "go", "{binary:?}: {report}");
        for (environment, server) in
            [("dev", &dev), ("qualif", &qualif), ("production", &production)]
        {
            assert!(
                report.is_read(environment, "redis/cache"),
                "{binary:?} {environment}: {report}"
            );
            let errors = server.command(&["INFO", "errorstats"]);
            assert!(
                !errors.contains("errorstat_"),
                "{binary:?} refused something in {environment}: {errors}"
            );
        }
        let evidence = profiles.run(&["collect", "production", "--to", "-", "-vvv"]);
        evidence.expect(0);
        assert!(
            !evidence.to_string().contains(AUDITOR_PASSWORD),
            "{binary:?}: a password stands in {evidence}"
        );
    }
}

#[test]
fn a_server_without_hello_is_read_by_the_older_protocol() {
    const NO_HELLO: [&str; 3] = ["--rename-command", "HELLO", ""];
    const PASSWORD: &str = "resp2-secret";
    for binary in Binary::ALL {
        let open = RedisServer::start(binary, &NO_HELLO);
        let closed =
            RedisServer::start(binary, &[&NO_HELLO[..], &["--requirepass", PASSWORD]].concat());
        let password = json!({"name": "cache", "url": closed.url(), "password": "${env:ENVPARITY_REDIS_PASSWORD}"});
        let profiles =
            Profiles::new(&[("qualif", cache(&open.url())), ("production", redis(&[password]))])
                .with_variable("ENVPARITY_REDIS_PASSWORD", PASSWORD);
        let report = profiles.audit().report(0);
        assert_eq!(report.verdict(), "go", "{binary:?}: {report}");
        assert!(
            report.is_read("qualif", "redis/cache") && report.is_read("production", "redis/cache"),
            "{report}"
        );
    }
}

#[test]
fn a_server_with_tls_is_read() {
    let certs = Certs::new();
    for binary in [Binary::Redis70, Binary::Valkey80] {
        let [qualif, production] =
            [(); 2].map(|()| RedisServer::start_tls(binary, &certs, &certs.server));
        let target = |url: &str, tls| redis(&[json!({"name": "cache", "url": url, "tls": tls})]);
        let by_name = format!("rediss://localhost:{}", production.port());
        let profiles = Profiles::new(&[
            ("qualif", target(&qualif.url(), json!({"ca": certs.ca}))),
            ("production", target(&by_name, json!({"ca": "ca.pem"}))),
        ]);
        std::fs::copy(&certs.ca, profiles.path("ca.pem"))
            .expect("copy the authority's certificate");
        assert_eq!(profiles.audit().report(0).verdict(), "go", "{binary:?}");
    }
}

#[test]
fn a_recorded_answer_stands_in_for_a_server_that_cannot_be_reached_and_for_no_other() {
    let info = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/redis/valkey-8.0.1.txt");
    let denied = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n".to_vec();
    for (behaviour, code, source, failure) in [
        (Behaviour::Refuses, 0, "recorded", "refused"),
        (Behaviour::Silent, 0, "recorded", "timeout"),
        (Behaviour::Script(vec![denied]), 3, "live", "authentication"),
    ] {
        let server = Hostile::start(behaviour.clone());
        let url = format!("redis://{}", server.address());
        let target = json!({"name": "cache", "url": url, "deadline": deadline(Duration::from_millis(500)), "else-recorded": info});
        // the file ages with the repository
        let production = json!({"max-age": "36500d", "targets": {"redis": [target]}});
        let report = Profiles::new(&[("production", production)]).audit().report(code);
        let target = report.target("production", "redis/cache");
        assert_eq!(target["source"], source, "{behaviour:?}: {target:#}");
        let told = if code == 0 {
            &target["instead-of"]
        } else {
            report.failures("production", "redis/cache")[0]
        };
        assert_eq!(told["kind"], failure, "{behaviour:?}: {target:#}");
        if code == 0 {
            assert_eq!(report.readings("redis/cache", "production"), ["valkey 8.0.1 program ×1"]);
        }
    }
}

/// The answer to HELLO, by the newer protocol.
fn hello() -> Vec<u8> {
    b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n".to_vec()
}

/// A bulk string.
fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

/// A server that answers HELLO, and then INFO by these bytes.
fn scripted(answer: &[u8]) -> Hostile {
    Hostile::start(Behaviour::Script(vec![hello(), answer.to_vec()]))
}
