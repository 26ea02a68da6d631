//! The master that Sentinels name: real ones, and scripted ones where real ones would not say it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{bulk, scripted};
use crate::profiles::{Profiles, Report, cache, list, redis, sorted, text};
use crate::support::cli::slowness::deadline;
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, DEFAULT_PASSWORD, RedisServer};
use crate::support::tls::Certs;

/// On an idle machine.
const DEADLINE: Duration = Duration::from_secs(2);

const PASSWORD: &str = "${env:ENVPARITY_REDIS_PASSWORD}";

fn by_sentinel(urls: &[String]) -> Value {
    json!({"name": "cache", "deadline": deadline(DEADLINE), "sentinel": {"service": "mymaster", "urls": urls}})
}

fn audit(target: &Value, code: i32) -> Report {
    Profiles::new(&[("production", redis(std::slice::from_ref(target)))]).audit().report(code)
}

/// A Sentinel that says just this of `mymaster`.
fn says(address: &str, status: &str) -> Hostile {
    let info = format!(
        "# Sentinel\r\nsentinel_masters:1\r\nmaster0:name=mymaster,status={status},address={address},"
    );
    scripted(&bulk(&format!("{info}slaves=0,sentinels=1\r\n")))
}

fn url(server: &Hostile) -> String {
    format!("redis://{}", server.address())
}

/// The failure of one part.
#[track_caller]
fn failure<'a>(report: &'a Report, part: &str) -> &'a Value {
    let parts = &report.target("production", "redis/cache")["parts"];
    let found = list(parts)
        .find(|p| p["part"] == part)
        .unwrap_or_else(|| panic!("no part {part}: {parts:#}"));
    &found["failure"]
}

#[test]
fn the_master_that_a_sentinel_names_is_read_on_every_server() {
    for binary in Binary::ALL {
        let [qualif, production] = [(); 2].map(|()| RedisServer::start(binary, &[]));
        let sentinel = RedisServer::start_sentinel(
            binary,
            &[("other", 1), ("mymaster", production.port())],
            &[],
        );
        let profiles = Profiles::new(&[
            ("qualif", cache(&qualif.url())),
            ("production", redis(&[by_sentinel(&[sentinel.url()])])),
        ]);
        let report = profiles.audit().report(0);
        assert_eq!(report.verdict(), "go", "{binary:?}: {report}");
        assert!(report.is_read("production", "redis/cache"), "{binary:?}: {report}");
        let product = if binary == Binary::Valkey80 { "valkey" } else { "redis" };
        let reading = format!("{product} {} program ×1", binary.version());
        assert_eq!(report.readings("redis/cache", "production"), [reading]);

        profiles.collect("production", "evidence.txt").expect(0);
        let evidence =
            std::fs::read_to_string(profiles.path("evidence.txt")).expect("evidence was written");
        let named = format!("127.0.0.1:{},status=ok,replicas=0", production.port());
        assert!(evidence.contains(&named), "{binary:?}: {named} is not in {evidence}");
        let recorded =
            json!({"targets": {"recorded": [{"name": "cache", "path": "evidence.txt"}]}});
        profiles.write(
            "production.yaml",
            &json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": "production",
                "targets": recorded["targets"]})
            .to_string(),
        );
        let again = profiles.audit().report(0);
        assert_eq!(
            again.readings("redis/cache", "production"),
            report.readings("redis/cache", "production")
        );
        assert!(again.is_read("production", "redis/cache"), "{again}");
    }
}

#[test]
fn the_auditor_of_the_documentation_suffices_on_sentinels_and_servers() {
    for binary in [Binary::Redis70, Binary::Valkey80] {
        let master = RedisServer::with_acl(binary);
        let user = format!("user {AUDITOR} on >other-secret -@all +hello +auth +ping +info");
        let auth = format!("sentinel auth-pass mymaster {DEFAULT_PASSWORD}");
        let lines = [auth.as_str(), &user, "user default off"];
        let sentinel = RedisServer::start_sentinel(binary, &[("mymaster", master.port())], &lines);
        let mut target = by_sentinel(&[sentinel.url()]);
        target["sentinel"]["username"] = json!(AUDITOR);
        target["sentinel"]["password"] = json!("${env:ENVPARITY_SENTINEL_PASSWORD}");
        target["username"] = json!(AUDITOR);
        target["password"] = json!(PASSWORD);
        let profiles = Profiles::new(&[("production", redis(&[target.clone()]))])
            .with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD)
            .with_variable("ENVPARITY_SENTINEL_PASSWORD", "other-secret");
        assert!(profiles.audit().report(0).is_read("production", "redis/cache"), "{binary:?}");
        // the servers' password is not that of the Sentinels
        target["sentinel"]["password"] = json!(PASSWORD);
        let profiles = Profiles::new(&[("production", redis(&[target]))])
            .with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD);
        let report = profiles.audit().report(3);
        assert_eq!(failure(&report, "sentinel")["kind"], "authentication", "{binary:?}: {report}");
    }
}

#[test]
fn sentinels_that_do_not_answer_are_told_and_do_no_harm() {
    let master = RedisServer::start(Binary::Redis70, &[]);
    let sentinel =
        RedisServer::start_sentinel(Binary::Redis70, &[("mymaster", master.port())], &[]);
    let (gone, silent) = (Hostile::start(Behaviour::Refuses), Hostile::start(Behaviour::Silent));
    let stranger = scripted(&bulk("# Sentinel\r\nsentinel_masters:0\r\n"));
    let target = by_sentinel(&[url(&gone), url(&silent), url(&stranger), sentinel.url()]);
    let profiles = Profiles::new(&[("production", redis(&[target]))]);
    let report = profiles.audit().report(0);
    assert_eq!(report.verdict(), "go");
    let notes = sorted(&report.target("production", "redis/cache")["notes"]).join("\n");
    // a Sentinel has half of the deadline
    let late = format!("no whole answer within {}", deadline(DEADLINE / 2));
    for (server, why) in [(&gone, "refused"), (&silent, &late), (&stranger, "it watches none")] {
        let place = server.address().to_string();
        assert!(
            notes.lines().any(|note| note.contains(&place) && note.contains(why)),
            "{place} {why}: {notes}"
        );
    }
    let table = profiles.audit_table();
    assert!(
        table.stdout.contains(&format!("the Sentinel {} did not tell", gone.address())),
        "{table}"
    );

    let report = audit(&by_sentinel(&[url(&gone), url(&silent)]), 3);
    let [one] = report.reasons("incomplete")[..] else {
        panic!("one reason is told once: {report}")
    };
    assert!(
        one.contains("no Sentinel named the master") && one.contains(&gone.address().to_string()),
        "{one}"
    );
    assert!(one.contains(&silent.address().to_string()), "{one}");
}

#[test]
fn a_service_that_no_sentinel_knows_is_told_with_those_that_there_are() {
    let sentinel =
        RedisServer::start_sentinel(Binary::Redis70, &[("orders", 1), ("cache-main", 2)], &[]);
    let report = audit(&by_sentinel(&[sentinel.url()]), 3);
    let failure = failure(&report, "sentinel");
    let message = text(&failure["message"]);
    assert!(
        message.contains("\"mymaster\"")
            && message.contains("orders")
            && message.contains("cache-main"),
        "{message}"
    );
    assert!(text(&failure["advice"]).contains("service:"), "{failure:#}");
}

#[test]
fn a_dead_master_is_named_by_the_sentinel_and_by_itself() {
    for binary in [Binary::Redis70, Binary::Valkey80] {
        let mut master = RedisServer::start(binary, &[]);
        let sentinel = RedisServer::start_sentinel(binary, &[("mymaster", master.port())], &[]);
        master.stop();
        sentinel.wait_for("status=odown");
        let report = audit(&by_sentinel(&[sentinel.url()]), 3);
        let place = format!("127.0.0.1:{}", master.port());
        let said = failure(&report, "sentinel");
        assert!(
            text(&said["message"]).contains("\"odown\"") && text(&said["message"]).contains(&place),
            "{said:#}"
        );
        let info = failure(&report, "info");
        assert_eq!(info["kind"], "refused", "{info:#}");
        assert!(text(&info["advice"]).contains(&format!("the Sentinels name {place}")), "{info:#}");
    }
}

#[test]
fn what_is_no_sentinel_and_what_is_one_are_told() {
    let server = RedisServer::start(Binary::Redis70, &[]);
    let report = audit(&by_sentinel(&[server.url()]), 3);
    let message = text(&failure(&report, "sentinel")["message"]).to_owned();
    assert!(
        message.contains("not a Sentinel, but a server in the mode \"standalone\""),
        "{message}"
    );

    for binary in Binary::ALL {
        let sentinel = RedisServer::start_sentinel(binary, &[("mymaster", server.port())], &[]);
        let report = audit(&json!({"name": "cache", "url": sentinel.url()}), 3);
        let failure = failure(&report, "info");
        assert!(
            text(&failure["message"]).contains("this is a Sentinel"),
            "{binary:?}: {failure:#}"
        );
        assert!(text(&failure["advice"]).contains("sentinel: {service"), "{failure:#}");
    }
}

#[test]
fn sentinels_that_disagree_name_no_master() {
    let (one, other) = (says("127.0.0.1:1", "ok"), says("127.0.0.1:2", "ok"));
    let report = audit(&by_sentinel(&[url(&one), url(&other)]), 3);
    let [reason] = report.reasons("incomplete")[..] else {
        panic!("one reason is told once: {report}")
    };
    for word in ["disagree", "127.0.0.1:1 by", "127.0.0.1:2 by", &one.address().to_string()] {
        assert!(reason.contains(word), "{word} is not in {reason}");
    }
}

#[test]
fn a_master_that_is_a_replica_by_now_is_told() {
    let master = RedisServer::start(Binary::Redis70, &[]);
    let replica = RedisServer::start(
        Binary::Redis70,
        &["--replicaof", &format!("127.0.0.1 {}", master.port())],
    );
    let stale = says(&format!("127.0.0.1:{}", replica.port()), "ok");
    let report = audit(&by_sentinel(&[url(&stale)]), 3);
    assert_eq!(report.failed_parts("production", "redis/cache"), ["sentinel"]);
    assert!(
        text(&failure(&report, "sentinel")["message"]).contains("says that it is a slave"),
        "{report}"
    );
}

#[test]
fn the_presence_of_tls_says_that_the_servers_behind_sentinels_speak_it() {
    let certs = Certs::new();
    let master = RedisServer::start_tls(Binary::Valkey80, &certs, &certs.server);
    let sentinel = says(&format!("127.0.0.1:{}", master.port()), "ok");
    let mut target = by_sentinel(&[url(&sentinel)]);
    target["tls"] = json!({"ca": certs.ca});
    let report = audit(&target, 0);
    let notes = sorted(&report.target("production", "redis/cache")["notes"]).join("\n");
    assert!(notes.contains("certificate is valid until"), "{notes}");
    let plain = audit(&by_sentinel(&[url(&sentinel)]), 3);
    assert!(
        text(&failure(&plain, "info")["message"]).contains("TLS")
            || failure(&plain, "info")["kind"] == "cut"
    );

    let report =
        audit(&json!({"name": "cache", "nodes": [master.url()], "tls": {"ca": certs.ca}}), 0);
    let notes = sorted(&report.target("production", "redis/cache")["notes"]).join("\n");
    assert!(
        notes.contains(&format!("127.0.0.1:{} certificate is valid until", master.port())),
        "{notes}"
    );
}

#[test]
fn a_replica_that_is_down_is_missed_by_the_sentinel() {
    let master = RedisServer::start(Binary::Redis70, &["--repl-diskless-sync-delay", "0"]);
    let port = master.port().to_string();
    let mut replica = RedisServer::start(Binary::Redis70, &["--replicaof", "127.0.0.1", &port]);
    master.wait_for("state=online");
    let sentinel =
        RedisServer::start_sentinel(Binary::Redis70, &[("mymaster", master.port())], &[]);
    sentinel.wait_for("slaves=1");
    let mut target = by_sentinel(&[sentinel.url()]);
    target["replicas"] = json!(true);
    let report = audit(&target, 0);
    assert_eq!(
        report.readings("redis/cache", "production"),
        [format!("redis {} program ×2", Binary::Redis70.version())]
    );

    replica.stop();
    master.wait_for("connected_slaves:0");
    let report = audit(&target, 3);
    assert_eq!(report.failed_parts("production", "redis/cache"), ["replicas"]);
    assert!(
        text(&failure(&report, "replicas")["message"]).contains("know of 1 replicas, and 0"),
        "{report}"
    );
}
