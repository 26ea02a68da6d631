//! One sample for each server of a target, with its own run ID, role and counters, and what they
//! come to.

use std::time::{Duration, Instant};

use envparity::collect::config::COLLECTORS;
use envparity::model::{Sample, TargetEvidence};
use envparity::wire;
use serde_json::{Value, json};

use crate::profiles::{Profiles, redis};
use crate::support::redis::{Binary, RedisServer};

/// The target as `collect` wrote it.
fn collected(profiles: &Profiles) -> TargetEvidence {
    profiles.collect("production", "evidence.txt").expect(0);
    let text = std::fs::read_to_string(profiles.path("evidence.txt")).expect("it was written");
    let mut evidence =
        wire::evidence::read_evidence(&text, "evidence.txt", COLLECTORS).expect("it is evidence");
    evidence.targets.remove(0)
}

fn production(target: &Value) -> Profiles {
    Profiles::new(&[("production", redis(std::slice::from_ref(target)))])
}

/// What the server itself says in a line of INFO.
fn says(server: &RedisServer, name: &str) -> String {
    let info = server.command(&["INFO"]);
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("no {name} in {info}")).trim().to_owned()
}

#[track_caller]
fn sample<'a>(target: &'a TargetEvidence, server: &RedisServer, role: &str) -> &'a Sample {
    let place = format!("127.0.0.1:{}", server.port());
    let found: Vec<&Sample> = target.samples.iter().filter(|s| s.place == place).collect();
    let [sample] = found[..] else { panic!("{} samples of {place}", found.len()) };
    assert_eq!((sample.run_id.as_str(), sample.role.as_str()), (&*says(server, "run_id"), role));
    assert_eq!(sample.target, target.id);
    assert!(sample.taken <= target.taken, "{} is after {}", sample.taken, target.taken);
    let port = sample.counters.figures().get("tcp_port");
    assert!(port.is_none(), "a port is not a counter");
    sample
}

fn number(sample: &Sample, group: &str, name: &str) -> Option<f64> {
    sample.counters.groups().get(group)?.get(name).copied()
}

/// Cells of the table under the heading of the target's figures: KEYS calls, and up with keys.
fn figures(profiles: &Profiles) -> [String; 2] {
    let ended = profiles.run(&["audit", "-v"]);
    let heading = "REDIS/CACHE SINCE ITS START";
    let (_, rest) = ended.stdout.split_once(heading).unwrap_or_else(|| panic!("{ended}"));
    ["  KEYS calls", "  up, keys"].map(|name| {
        let cell = rest.lines().find_map(|line| line.strip_prefix(name));
        cell.unwrap_or_else(|| panic!("{ended}")).trim().to_owned()
    })
}

/// Until a command is answered so.
fn until(server: &RedisServer, command: &[&str], answer: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let said = server.command(command);
        if said.contains(answer) {
            return;
        }
        assert!(Instant::now() < deadline, "{command:?}: {said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Two primaries that share the slots, and a replica of the first.
fn cluster(binary: Binary) -> [RedisServer; 3] {
    let nodes = [(); 3].map(|()| {
        let extra = ["--cluster-enabled", "yes", "--repl-diskless-sync-delay", "0"];
        RedisServer::start(binary, &extra)
    });
    for (node, slots) in nodes.iter().zip([0..8_192, 8_192..16_384]) {
        let slots: Vec<String> = slots.map(|slot: u32| slot.to_string()).collect();
        let slots: Vec<&str> = slots.iter().map(String::as_str).collect();
        assert_eq!(node.command(&[&["CLUSTER", "ADDSLOTS"], &slots[..]].concat()), "OK");
    }
    for (epoch, node) in ["1", "2", "3"].iter().zip(&nodes) {
        node.command(&["CLUSTER", "SET-CONFIG-EPOCH", epoch]);
    }
    for other in &nodes[1..] {
        nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]);
    }
    let id = nodes[0].command(&["CLUSTER", "MYID"]);
    until(&nodes[2], &["CLUSTER", "NODES"], id.trim());
    until(&nodes[2], &["CLUSTER", "REPLICATE", id.trim()], "OK");
    nodes.iter().for_each(|node| until(node, &["CLUSTER", "INFO"], "cluster_state:ok"));
    nodes[2].wait_for("master_link_status:up");
    nodes
}

#[test]
fn every_node_of_a_cluster_gives_its_own_sample_and_the_table_their_sum() {
    for binary in Binary::ALL {
        let nodes = cluster(binary);
        // "a" is of the second half of the slots, "b" of the first.
        for (node, tag) in [(&nodes[0], "b"), (&nodes[1], "a")] {
            for i in 0..30 {
                let key = format!("{{{tag}}}{i}");
                assert_eq!(node.command(&["SET", &key, "1"]), "OK", "{binary:?}: {key}");
            }
        }
        until(&nodes[2], &["DBSIZE"], "30");
        nodes[0].command(&["KEYS", "*"]);
        (0..2).for_each(|_| drop(nodes[1].command(&["KEYS", "*"])));
        nodes[2].command(&["KEYS", "*"]);

        let urls = nodes.each_ref().map(RedisServer::url);
        let profiles = production(&json!({"name": "cache", "deadline": "5s", "nodes": urls}));
        let target = collected(&profiles);
        assert_eq!(target.samples.len(), 3, "{binary:?}");
        for ((node, role), walks) in
            nodes.iter().zip(["master", "master", "slave"]).zip([1.0, 2.0, 1.0])
        {
            let sample = sample(&target, node, role);
            assert_eq!(number(sample, "cmdstat_keys", "calls"), Some(walks), "{binary:?} {role}");
            assert_eq!(number(sample, "db0", "keys"), Some(30.0), "{binary:?} {role}");
            for section in ["Commandstats", "Keyspace", "CPU", "Memory", "Stats", "Clients"] {
                assert!(sample.counters.sections().contains(section), "{binary:?}: {section}");
            }
            assert_eq!(sample.counters.left_out(), 0);
        }
        let [walks, keys] = figures(&profiles);
        assert_eq!(walks, "4", "of every role");
        assert!(keys.ends_with(" s, 60"), "keys of the primaries: {keys}");
        let recorded = json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": "production",
            "targets": {"recorded": [{"name": "cache", "path": "evidence.txt"}]}});
        profiles.write("production.yaml", &recorded.to_string());
        let [walks, keys] = figures(&profiles);
        assert_eq!(walks, "4");
        assert!(keys.ends_with(" s, 60"), "{keys}");
    }
}

#[test]
fn a_cluster_of_which_a_node_is_down_has_at_least_what_the_others_have() {
    let [one, mut down] = [(); 2].map(|()| RedisServer::start(Binary::Redis70, &[]));
    one.command(&["SET", "k", "1"]);
    one.command(&["KEYS", "*"]);
    down.stop();
    let target = json!({"name": "cache", "deadline": "2s", "nodes": [one.url(), down.url()]});
    let [walks, keys] = figures(&production(&target));
    assert_eq!(walks, "at least 1");
    assert!(keys.ends_with(" s, at least 1"), "{keys}");
}

#[test]
fn a_master_by_sentinels_its_replicas_and_the_sentinels_give_one_sample_each() {
    for binary in Binary::ALL {
        let master = RedisServer::start(binary, &["--repl-diskless-sync-delay", "0"]);
        let port = master.port().to_string();
        let replicas =
            [(); 2].map(|()| RedisServer::start(binary, &["--replicaof", "127.0.0.1", &port]));
        master.wait_for("slave1:");
        let sentinels = [(); 2]
            .map(|()| RedisServer::start_sentinel(binary, &[("mymaster", master.port())], &[]));
        sentinels.iter().for_each(|sentinel| sentinel.wait_for("slaves=2"));
        replicas.iter().for_each(|replica| replica.wait_for("master_link_status:up"));
        master.command(&["KEYS", "*"]);

        // One Sentinel by two addresses is one.
        let [first, second] = sentinels.each_ref().map(RedisServer::url);
        let again = format!("redis://localhost:{}", sentinels[0].port());
        let by = json!({"service": "mymaster", "urls": [first, again, second]});
        let profiles = production(
            &json!({"name": "cache", "deadline": "5s", "sentinel": by, "replicas": true}),
        );
        let target = collected(&profiles);
        assert_eq!(target.samples.len(), 5, "{binary:?}");
        let of_master = sample(&target, &master, "master");
        assert_eq!(number(of_master, "cmdstat_keys", "calls"), Some(1.0));
        for replica in &replicas {
            let sample = sample(&target, replica, "slave");
            assert_eq!(number(sample, "cmdstat_keys", "calls"), None, "it was not asked");
        }
        for sentinel in &sentinels {
            let sample = sample(&target, sentinel, "sentinel");
            assert!(sample.counters.figures().contains_key("total_commands_processed"));
        }
        let [walks, keys] = figures(&profiles);
        assert_eq!(walks, "1");
        assert!(keys.ends_with(" s, 0"), "{keys}");
    }
}

#[test]
fn a_server_alone_has_one_sample_with_its_address_and_another_run_id_after_a_restart() {
    for binary in Binary::ALL {
        let mut server = RedisServer::start(binary, &[]);
        let profiles = production(&json!({"name": "cache", "url": server.url()}));
        let before = collected(&profiles);
        let run_id = sample(&before, &server, "master").run_id.clone();
        server.restart();
        let after = collected(&profiles);
        assert_ne!(sample(&after, &server, "master").run_id, run_id, "{binary:?}");
        assert_eq!((before.samples.len(), after.samples.len()), (1, 1));
    }
}
