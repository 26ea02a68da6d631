//! Other ways to make the same mistake, and what is none: each as the one command of a unit that v21
//! does not have, on real servers.

use super::*;

/// A unit of work in one line of a shell: what v21 does, and what else.
fn unit(play: &Play, behaviour: &str, others: &str) -> Vec<String> {
    let address = format!("127.0.0.1:{}", play.qualif.port());
    let driver = driver().display().to_string();
    let base = format!("{driver} --redis {address}");
    let mut line = format!("{base} --behaviour {behaviour} --batches 2 --locations 5");
    if !others.is_empty() {
        line += &format!("; {base} --calls 10 --others {others}");
    }
    vec!["sh".to_owned(), "-c".to_owned(), line]
}

impl Play {
    /// Rehearses ten units.
    fn rehearse_units(&self, release: &str, behaviour: &str, others: &str) {
        let mut command = vec!["rehearse", release, "--work", "stock-location=10", "--"];
        let line = unit(self, behaviour, others);
        command.extend(line.iter().map(String::as_str));
        self.run(&command).expect(0);
    }

    /// Large collections on both sides, which production reads piece by piece alone.
    fn collections(&self) {
        let fill = "for i=1,100000 do redis.call('HSET','large:hash',i,i) \
                    redis.call('SADD','large:set',i) redis.call('RPUSH','large:list',100000-i) end";
        for redis in [&self.qualif, &self.production] {
            redis.command(&["EVAL", fill, "0"]);
        }
    }
}

#[test]
fn other_commands_that_walk_are_a_no_go_as_keys_is() {
    let cases: [(&str, &[(&str, &str)]); 7] = [
        ("'SCAN 0 COUNT 100000000'", &[("cost-per-unit", "SCAN 1.0 (v21 0)")]),
        (
            "'HGETALL large:hash'",
            &[("cost-per-unit", "HGETALL 1.0 (v21 0)"), ("cost-per-call", "HGETALL")],
        ),
        ("'SMEMBERS large:set'", &[("cost-per-unit", "SMEMBERS 1.0 (v21 0)")]),
        ("'LRANGE large:list 0 -1'", &[("cost-per-unit", "LRANGE 1.0 (v21 0)")]),
        ("'SORT large:list'", &[("cost-per-unit", "SORT 1.0 (v21 0)"), ("cost-per-call", "SORT")]),
        (
            "\"EVAL return#redis.call('KEYS','stock:1') 0\"",
            &[
                ("new-command", "KEYS 10 calls in qualif by the work"),
                ("cost-per-call", "KEYS"),
                ("cost-per-unit", "KEYS 1.0 (v21 0)"),
            ],
        ),
        // What is in no list is told by its time.
        ("'HRANDFIELD large:hash -20000'", &[("cost-per-unit", "Redis time ")]),
    ];
    let play = Play::new(Binary::Redis70);
    play.collections();
    play.rehearse_units("v21", "v21", "");
    play.release();
    for (others, wanted) in cases {
        play.rehearse_units("v22", "v21", others);
        let told = play.checklist();
        for (item, words) in wanted {
            told.expect(item, "no-go", &[words]);
        }
        assert_eq!(text(&told.0["verdict"]), "no-go", "{others}");
        // What was rehearsed since does not do it any more; one KEYS of before is told, and cleared.
        play.rehearse_units("v22", "v21", "");
        let told = play.checklist();
        assert!(told.with("no-go").is_empty(), "{others}: {:?}", told.with("no-go"));
    }
}

#[test]
fn a_flush_is_a_no_go_at_the_keys_that_were_there_before_it() {
    let play = Play::new(Binary::Valkey80);
    play.rehearse_units("v21", "v21", "");
    play.release();
    play.rehearse_units("v22", "v21", "'FLUSHALL ASYNC'");
    let told = play.checklist();
    told.expect("new-command", "no-go", &["FLUSHALL 10 calls in qualif by the work"]);
    // The 20,000 keys that were there, and not those that are left.
    assert!(
        told.told("cost-per-call").contains("ms at 20 k keys"),
        "{}",
        told.told("cost-per-call")
    );
}

#[test]
fn a_feature_with_a_command_more_and_a_transaction_are_none() {
    let play = Play::new(Binary::Redis70);
    play.rehearse_units("v21", "v21", "");
    play.release();
    for others in ["get", "'HMGET stock:none a b'", "'INCR counter'"] {
        play.rehearse_units("v22", "v21", others);
        let told = play.checklist();
        for item in ["new-command", "cost-per-call", "cost-per-unit", "projected-load"] {
            told.expect(item, "go", &[]);
        }
    }
}

/// The service reads a replica, which the profile does not: nobody knows what it calls there.
#[test]
fn a_replica_that_is_not_read_proves_no_zero() {
    let play = Play::new(Binary::Redis70);
    let master = play.qualif.port().to_string();
    let replica = RedisServer::start(Binary::Redis70, &["--replicaof", "127.0.0.1", &master]);
    replica.wait_for("master_link_status:up");
    play.rehearse_units("v21", "v21", "");
    play.release();
    let line = format!(
        "{}; {} --redis 127.0.0.1:{} --calls 10 --others keys",
        unit(&play, "v21", "")[2],
        driver().display(),
        replica.port()
    );
    let rehearse = ["rehearse", "v22", "--work", "stock-location=10", "--", "sh", "-c", &line];
    play.run(&rehearse).expect(0);
    let told = play.checklist();
    for item in ["new-command", "cost-per-unit", "projected-load"] {
        let settled = "have all servers of redis/cache read (replicas: true, or nodes:), then";
        told.expect(item, "incomplete", &["1 of its replicas were not read", settled]);
    }
    let mut profile: Value =
        serde_json::from_str(&play.profiles.read("qualif.yaml")).expect("a profile of ours");
    profile["targets"]["redis"][0]["replicas"] = json!(true);
    play.profiles.write("qualif.yaml", &profile.to_string());
    play.run(&rehearse).expect(0);
    let told = play.checklist();
    told.expect("new-command", "no-go", &["KEYS 10 calls in qualif by the work"]);
    told.expect("cost-per-call", "no-go", &["KEYS"]);
}

/// World 16: a failover while it is rehearsed; both members are counted.
#[test]
fn world_16_both_members_are_judged_over_a_failover() {
    let play = Play::new(Binary::Redis70);
    let master = play.qualif.port().to_string();
    let other = RedisServer::start(Binary::Redis70, &["--replicaof", "127.0.0.1", &master]);
    other.wait_for("master_link_status:up");
    let mut profile: Value =
        serde_json::from_str(&play.profiles.read("qualif.yaml")).expect("a profile of ours");
    profile["targets"]["redis"] =
        json!([{"name": "cache", "nodes": [play.qualif.url(), other.url()]}]);
    play.profiles.write("qualif.yaml", &profile.to_string());
    play.rehearse_units("v21", "v21", "");
    play.release();
    let at =
        |port: u16, rest: &str| format!("{} --redis 127.0.0.1:{port} {rest}", driver().display());
    let (old, new) = (play.qualif.port(), other.port());
    let line = [
        at(old, "--behaviour v22 --batches 1 --locations 5"),
        at(new, "--others 'REPLICAOF NO ONE'"),
        at(old, &format!("--others 'REPLICAOF 127.0.0.1 {new}'")),
        at(new, "--behaviour v22 --batches 1 --locations 5"),
    ]
    .join(" && ");
    play.run(&["rehearse", "v22", "--work", "stock-location=10", "--", "sh", "-c", &line])
        .expect(0);
    let told = play.checklist();
    told.expect("new-command", "no-go", &["KEYS 20 calls in qualif by the work"]);
    told.expect("cost-per-call", "no-go", &["KEYS"]);
    told.expect("cost-per-unit", "no-go", &["KEYS 2.0 (v21 0)"]);
}
