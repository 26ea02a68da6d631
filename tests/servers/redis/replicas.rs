//! Replicas that a master names, each read; those that cannot be, and those that are none.

use std::time::Duration;

use serde_json::{Value, json};

use super::{bulk, scripted};
use crate::profiles::{Profiles, Report, list, redis, text};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, DEFAULT_PASSWORD, RedisServer};

/// On an idle machine.
const DEADLINE: Duration = Duration::from_secs(2);

fn with_replicas(url: &str) -> Value {
    json!({"name": "cache", "url": url, "deadline": deadline(DEADLINE), "replicas": true})
}

fn audit(target: &Value, code: i32) -> Report {
    Profiles::new(&[("production", redis(std::slice::from_ref(target)))]).audit().report(code)
}

fn master(binary: Binary) -> RedisServer {
    RedisServer::start(binary, &["--repl-diskless-sync-delay", "0"])
}

fn replica_of(master: &RedisServer, binary: Binary, extra: &[&str]) -> RedisServer {
    let port = master.port().to_string();
    RedisServer::start(binary, &[&["--replicaof", "127.0.0.1", &port], extra].concat())
}

fn part(port: u16) -> String {
    format!("replica 127.0.0.1:{port}")
}

/// Part and failure of the one part that failed.
#[track_caller]
fn one_failure(report: &Report) -> (String, Value) {
    let parts = &report.target("production", "redis/cache")["parts"];
    let failed: Vec<&Value> = list(parts).filter(|part| part["outcome"] == "failed").collect();
    let [part] = failed[..] else { panic!("not one part failed: {parts:#}") };
    (text(&part["part"]).to_owned(), part["failure"].clone())
}

#[test]
fn both_replicas_of_a_master_are_instances() {
    for binary in Binary::ALL {
        let master = master(binary);
        let replicas = [(); 2].map(|()| replica_of(&master, binary, &[]));
        master.wait_for("connected_slaves:2");
        master.wait_for("slave1:");
        let report = audit(&with_replicas(&master.url()), 0);
        let product = if binary == Binary::Valkey80 { "valkey" } else { "redis" };
        let three = [format!("{product} {} program ×3", binary.version())];
        assert_eq!(report.readings("redis/cache", "production"), three, "{binary:?}");
        let parts = &report.target("production", "redis/cache")["parts"];
        for replica in &replicas {
            assert!(list(parts).any(|p| p["part"] == part(replica.port())), "{parts:#}");
        }
        // without being told to, it follows none
        let report = audit(&json!({"name": "cache", "url": master.url()}), 0);
        assert_eq!(
            report.readings("redis/cache", "production"),
            [format!("{product} {} program ×1", binary.version())]
        );
    }
}

#[test]
fn a_replica_in_another_version_splits_and_its_own_replica_is_followed() {
    let master = master(Binary::Redis62);
    let newer = replica_of(&master, Binary::Redis70, &["--repl-diskless-sync-delay", "0"]);
    let below = replica_of(&newer, Binary::Redis70, &[]);
    master.wait_for("state=online");
    newer.wait_for("connected_slaves:1");
    let profiles = Profiles::new(&[("production", redis(&[with_replicas(&master.url())]))]);
    let report = profiles.audit().any_report();
    assert_eq!(report.findings("version-split").len(), 1, "{report}");
    assert!(report.is_read("production", "redis/cache"), "{report}");
    assert_eq!(
        report.readings("redis/cache", "production"),
        [
            format!("redis {} program ×1", Binary::Redis62.version()),
            format!("redis {} program ×2", Binary::Redis70.version())
        ]
    );
    let _ = below;
}

#[test]
fn the_auditor_of_the_documentation_reads_replicas_too() {
    for binary in [Binary::Redis70, Binary::Valkey80] {
        let user = [
            "--requirepass",
            DEFAULT_PASSWORD,
            "--masterauth",
            DEFAULT_PASSWORD,
            "--user",
            AUDITOR,
            "on",
            &format!(">{AUDITOR_PASSWORD}"),
            "resetkeys",
            "-@all",
            "+hello",
            "+auth",
            "+ping",
            "+info",
        ]
        .map(str::to_owned);
        let master = RedisServer::with_acl(binary);
        let user: Vec<&str> = user.iter().map(String::as_str).collect();
        let replica = replica_of(&master, binary, &user);
        master.wait_for("slave0:");
        let mut target = with_replicas(&master.url());
        target["username"] = json!(AUDITOR);
        target["password"] = json!("${env:ENVPARITY_REDIS_PASSWORD}");
        let profiles = Profiles::new(&[("production", redis(&[target]))])
            .with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD);
        let report = profiles.audit().report(0);
        assert!(report.is_read("production", "redis/cache"), "{binary:?}: {report}");
        let parts = &report.target("production", "redis/cache")["parts"];
        assert!(list(parts).any(|p| p["part"] == part(replica.port())), "{parts:#}");
    }
}

#[test]
fn a_replica_that_hangs_costs_itself_and_no_more_than_the_deadline() {
    let master = master(Binary::Redis70);
    let [_well, hung] = [(); 2].map(|()| replica_of(&master, Binary::Redis70, &[]));
    master.wait_for("slave1:");
    hung.signal("STOP");
    let profiles = Profiles::new(&[("production", redis(&[with_replicas(&master.url())]))]);
    let ended = profiles.audit();
    hung.signal("CONT");
    let report = ended.report(3);
    assert!(ended.took < 2 * scaled(DEADLINE), "{:?}", ended.took);
    let (failed, failure) = one_failure(&report);
    assert_eq!((failed, &failure["kind"]), (part(hung.port()), &json!("timeout")), "{failure:#}");
    assert_eq!(
        report.readings("redis/cache", "production"),
        [format!("redis {} program ×2", Binary::Redis70.version())]
    );
}

#[test]
fn an_announced_address_that_leads_elsewhere_is_told() {
    let gone = Hostile::start(Behaviour::Refuses);
    let stranger = RedisServer::start(Binary::Redis70, &[]);
    let foreign = replica_of(&stranger, Binary::Redis70, &[]);
    foreign.wait_for("master_link_status:up");
    let master = master(Binary::Redis70);
    for (announced, kind, word) in [
        (gone.port(), "refused", "connection refused"),
        (stranger.port(), "protocol", "role master"),
        (foreign.port(), "protocol", "replica of another master"),
        (master.port(), "protocol", "same server as"),
    ] {
        let announce = [
            "--replica-announce-ip",
            "127.0.0.1",
            "--replica-announce-port",
            &announced.to_string(),
        ];
        let replica = replica_of(&master, Binary::Redis70, &announce);
        master.wait_for(&format!("port={announced}"));
        let (failed, failure) = one_failure(&audit(&with_replicas(&master.url()), 3));
        assert_eq!((failed, &failure["kind"]), (part(announced), &json!(kind)), "{failure:#}");
        assert!(text(&failure["message"]).contains(word), "{failure:#}");
        assert!(text(&failure["advice"]).contains("replica-announce-ip"), "{failure:#}");
        drop(replica);
        master.wait_for("connected_slaves:0");
    }
}

/// What a master with these lines of replicas says.
fn master_with(lines: &str) -> Hostile {
    let whole = include_str!("../../fixtures/redis/redis-7.0.15.txt");
    scripted(&bulk(&whole.replace("connected_slaves:0\r\n", lines)))
}

#[test]
fn more_replicas_than_are_followed_are_told() {
    let gone = Hostile::start(Behaviour::Refuses);
    let replica = |i: u16| {
        format!(
            "slave{i}:ip=127.0.0.{},port={},state=online,offset=1,lag=1\r\n",
            i + 1,
            gone.port()
        )
    };
    let lines = format!("connected_slaves:40\r\n{}", (0..40).map(replica).collect::<String>());
    let master = master_with(&lines);
    let report = audit(&with_replicas(&format!("redis://{}", master.address())), 3);
    let failed = report.failed_parts("production", "redis/cache");
    assert_eq!(failed.len(), 33, "32 replicas and that there are more: {failed:?}");
    assert!(
        report.reasons("incomplete").iter().any(|reason| reason.contains("more than 32 replicas")),
        "{report}"
    );
}

#[test]
fn replicas_that_are_not_named_or_cannot_be_asked_are_told() {
    for (lines, word) in [
        ("connected_slaves:2\r\n", "names 2 fewer replicas than it counts"),
        (
            "connected_slaves:1\r\nslave0:ip=127.0.0.1,port=0,state=online,offset=1,lag=1\r\n",
            "without a port",
        ),
        ("connected_slaves:1\r\nslave0:ip=\x1b[31m,port=1,state=online\r\n", "without a port"),
    ] {
        let master = master_with(lines);
        let (failed, failure) =
            one_failure(&audit(&with_replicas(&format!("redis://{}", master.address())), 3));
        assert_eq!(failed, "replicas");
        assert!(text(&failure["message"]).contains(word), "{failure:#}");
    }
}
