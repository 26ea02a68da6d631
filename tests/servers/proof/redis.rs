//! The same proof for what a Redis target leads to: Sentinels, the master that they name, nodes,
//! replicas.

use serde_json::{Value, json};

use super::MAY_HEAR;
use crate::profiles::{Profiles, redis};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::proxy::RecordingProxy;
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, RedisServer};

fn witness(port: u16) -> RecordingProxy {
    RecordingProxy::tcp_to(([127, 0, 0, 1], port).into())
}

fn url(witness: &RecordingProxy) -> String {
    format!("redis://{}", witness.address())
}

/// Audits the target, which must be read whole, and what each witness heard.
#[track_caller]
fn heard(target: &Value, witnesses: &[&RecordingProxy]) {
    let profiles = Profiles::new(&[("production", redis(std::slice::from_ref(target)))])
        .with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD);
    let report = profiles.audit().any_report();
    assert!(report.is_read("production", "redis/cache"), "{report}");
    for witness in witnesses {
        let heard = witness.redis_commands();
        assert!(heard.iter().any(|word| word == "INFO"), "{heard:?}: not our witness?");
        let forbidden: Vec<&String> =
            heard.iter().filter(|word| !MAY_HEAR.contains(&word.as_str())).collect();
        assert!(forbidden.is_empty(), "heard {forbidden:?}");
    }
}

#[test]
fn a_sentinel_hears_no_sentinel_command() {
    for binary in Binary::ALL {
        let master = RedisServer::start(binary, &[]);
        let sentinel = RedisServer::start_sentinel(binary, &[("mymaster", master.port())], &[]);
        let witness = witness(sentinel.port());
        let by = json!({"service": "mymaster", "urls": [url(&witness)]});
        heard(&json!({"name": "cache", "sentinel": by}), &[&witness]);
        // The name of the service is not told either: INFO has no argument for it.
        let said = witness.sent().concat();
        assert!(!String::from_utf8_lossy(&said).contains("mymaster"), "{binary:?}");
    }
}

#[test]
fn a_master_that_a_sentinel_names_hears_no_more_than_any_server() {
    for binary in Binary::ALL {
        let master = RedisServer::with_acl(binary);
        let witness = witness(master.port());
        // A real Sentinel would speak to the witness, too.
        let masters = format!(
            "sentinel_masters:1\r\nmaster0:name=m,status=ok,address={},slaves=0\r\n",
            witness.address()
        );
        let info = format!("${}\r\n{masters}\r\n", masters.len()).into_bytes();
        let sentinel = Hostile::start(Behaviour::Script(vec![b"%0\r\n".to_vec(), info]));
        let by = json!({"service": "m", "urls": [format!("redis://{}", sentinel.address())]});
        let password = "${env:ENVPARITY_REDIS_PASSWORD}";
        heard(
            &json!({"name": "cache", "sentinel": by, "username": AUDITOR, "password": password}),
            &[&witness],
        );
    }
}

#[test]
fn nodes_hear_no_cluster_command() {
    for binary in Binary::ALL {
        let nodes = [(); 3].map(|()| RedisServer::start(binary, &["--cluster-enabled", "yes"]));
        let witnesses = nodes.each_ref().map(|node| witness(node.port()));
        let urls = witnesses.each_ref().map(url);
        heard(&json!({"name": "cache", "nodes": urls}), &witnesses.each_ref());
    }
}

#[test]
fn replicas_and_their_master_hear_no_role_or_config() {
    for binary in Binary::ALL {
        let master = RedisServer::start(binary, &["--repl-diskless-sync-delay", "0"]);
        let port = master.port().to_string();
        let replica = RedisServer::start(binary, &["--replicaof", "127.0.0.1", &port]);
        let (to_master, to_replica) = (witness(master.port()), witness(replica.port()));
        let announced = to_replica.port().to_string();
        // The witness is what the replica announces; the master itself never calls there.
        assert_eq!(replica.command(&["CONFIG", "SET", "replica-announce-port", &announced]), "OK");
        assert_eq!(replica.command(&["REPLICAOF", "NO", "ONE"]), "OK");
        assert_eq!(replica.command(&["REPLICAOF", "127.0.0.1", &port]), "OK");
        master.wait_for(&format!("port={announced}"));
        heard(
            &json!({"name": "cache", "url": url(&to_master), "replicas": true}),
            &[&to_master, &to_replica],
        );
    }
}
