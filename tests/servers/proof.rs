//! The proof that an audit cannot hurt what it audits: witnesses stand between it and every server,
//! and write down all that they hear.

mod redis;

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report};
use crate::support::docker;
use crate::support::proxy::RecordingProxy;
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, RedisServer};

/// All that Redis may hear.
const MAY_HEAR: [&str; 4] = ["AUTH", "HELLO", "INFO", "PING"];

/// All that Docker may hear, and how often: once each.
const DOCKER_REQUESTS: [&str; 4] =
    ["/containers/json?all=true", "/images/json", "/info", "/version"];

/// One server behind a witness.
struct Witnessed {
    _server: RedisServer,
    witness: RecordingProxy,
    target: Value,
}

impl Witnessed {
    fn new(server: RedisServer, mut target: Value) -> Self {
        let witness = RecordingProxy::tcp_to(([127, 0, 0, 1], server.port()).into());
        target["url"] = json!(format!("redis://{}", witness.address()));
        Self { _server: server, witness, target }
    }

    /// `open` asks for nothing, `closed` for a password, and the `old` ones know no HELLO.
    fn all(binary: Binary) -> [Self; 4] {
        const OLD: [&str; 3] = ["--rename-command", "HELLO", ""];
        const PASSWORD: &str = "${env:ENVPARITY_REDIS_PASSWORD}";
        let old_closed = [&OLD[..], &["--requirepass", AUDITOR_PASSWORD]].concat();
        [
            Self::new(RedisServer::start(binary, &[]), json!({"name": "open"})),
            Self::new(
                RedisServer::with_acl(binary),
                json!({"name": "closed", "username": AUDITOR, "password": PASSWORD}),
            ),
            Self::new(RedisServer::start(binary, &OLD), json!({"name": "old-open"})),
            Self::new(
                RedisServer::start(binary, &old_closed),
                json!({"name": "old-closed", "password": PASSWORD}),
            ),
        ]
    }
}

#[test]
fn a_whole_audit_says_nothing_but_hello_auth_ping_info_and_get() {
    let environments =
        [("dev", Binary::Redis70), ("qualif", Binary::Redis62), ("production", Binary::Valkey80)];
    let servers = environments.map(|(environment, binary)| (environment, Witnessed::all(binary)));
    let engine = RecordingProxy::tcp_to_unix(&docker::socket());
    let profiles: Vec<(&str, Value)> = servers
        .iter()
        .map(|(environment, servers)| {
            let redis: Vec<&Value> = servers.iter().map(|server| &server.target).collect();
            let docker = [json!({"name": "edge", "host": format!("tcp://{}", engine.address())})];
            // one engine, and so one environment that has it
            let docker = if *environment == "production" { &docker[..] } else { &[] };
            (*environment, json!({"targets": {"redis": redis, "docker": docker}}))
        })
        .collect();
    let profiles =
        Profiles::new(&profiles).with_variable("ENVPARITY_REDIS_PASSWORD", AUDITOR_PASSWORD);
    let report = profiles.audit().report(1);

    for (environment, servers) in &servers {
        for server in servers {
            let name =
                format!("redis/{}", server.target["name"].as_str().expect("each has a name"));
            assert!(
                report.is_read(environment, &name),
                "{environment} {name} was not read: {report}"
            );
            let heard = server.witness.redis_commands();
            println!("{environment} {name} heard {}", heard.join(" "));
            let forbidden: Vec<&String> =
                heard.iter().filter(|word| !MAY_HEAR.contains(&word.as_str())).collect();
            assert!(forbidden.is_empty(), "{environment} {name} heard {forbidden:?}");
            assert!(
                heard.iter().any(|word| word == "INFO"),
                "{environment} {name} heard {heard:?}: not our witness?"
            );
        }
    }
    println!("docker heard {}", four_gets(&engine, &report));
}

#[test]
fn docker_hears_four_requests_whatever_the_number_of_containers() {
    const MANY: usize = 40;
    let _containers = docker::create_containers("sandbox-many", MANY);
    let engine = RecordingProxy::tcp_to_unix(&docker::socket());
    let target = json!({"name": "edge", "host": format!("tcp://{}", engine.address())});
    let report = Profiles::new(&[("production", json!({"targets": {"docker": [target]}}))])
        .audit()
        .any_report();
    let created = report.cell("image/redis", "production")["not-running"]["created"].as_u64();
    assert!(created >= Some(MANY as u64), "{created:?} of {MANY} containers were seen: {report}");
    println!("with {MANY} more containers docker heard {}", four_gets(&engine, &report));
}

/// What the engine heard: each of the four requests once, and nothing else.
#[track_caller]
fn four_gets(engine: &RecordingProxy, report: &Report) -> String {
    assert!(report.is_read("production", "docker/edge"), "{report}");
    let mut heard = engine.http_requests();
    heard.sort_unstable();
    assert_eq!(heard, DOCKER_REQUESTS.map(|path| format!("GET {path}")));
    heard.join(", ")
}
