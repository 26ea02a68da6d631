//! `envparity doctor` against real servers: how far each target was read, and what to grant.

use serde_json::json;

use crate::profiles::{Profiles, redis};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{AUDITOR, AUDITOR_PASSWORD, Binary, RedisServer};

#[test]
fn each_target_is_examined_step_by_step_with_what_to_grant() {
    let open = RedisServer::start(Binary::Redis70, &[]);
    let closed = RedisServer::with_acl(Binary::Redis70);
    let gone = Hostile::start(Behaviour::Refuses);
    let profiles = Profiles::new(&[(
        "production",
        redis(&[
            json!({"name": "open", "url": open.url()}),
            json!({"name": "closed", "url": closed.url(), "username": AUDITOR,
                "password": "${env:ENVPARITY_WRONG}"}),
            json!({"name": "gone", "url": format!("redis://{}", gone.address())}),
            json!({"name": "unset", "url": open.url(), "password": "${env:ENVPARITY_UNSET}"}),
        ]),
    )]);
    let ended = profiles.run_with(&["doctor"], &[("ENVPARITY_WRONG", "Zq9-wrong")]);
    ended.expect(3);
    let text = &ended.stdout;
    let of = |name: &str| {
        let (_, behind) = text.split_once(&format!("  redis/{name}  ")).expect(name);
        behind.split("  redis/").next().expect("its lines").to_owned()
    };
    let line = |text: &str, state: &str, step: &str| {
        let has = text.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.starts_with(&[state, step])
        });
        assert!(has, "no {state} {step}:\n{text}");
    };
    line(&of("open"), "ok", "connection");
    line(&of("open"), "ok", "info");
    assert!(!of("open").contains("failed"), "{text}");
    line(&of("closed"), "ok", "connection");
    line(&of("closed"), "failed", "login");
    let grant =
        format!("grant: ACL SETUSER {AUDITOR} on >SECRET resetkeys -@all +hello +auth +ping +info");
    assert!(of("closed").contains(&grant), "{text}");
    assert!(of("closed").contains("ovh_cloud_project_database_valkey_user"), "{text}");
    line(&of("gone"), "failed", "connection");
    assert!(!of("gone").contains("login") && !of("gone").contains("grant"), "{text}");
    line(&of("unset"), "failed", "secret");
    assert!(text.ends_with("3 of 4 targets not read completely\n"), "{text}");
    assert!(!ended.says("Zq9-wrong"), "{ended}");

    // What it says to grant is enough.
    let line = format!(
        "ACL SETUSER {AUDITOR} on >{AUDITOR_PASSWORD} resetkeys -@all +hello +auth +ping +info"
    );
    let server = RedisServer::start(Binary::Redis70, &[]);
    server.command(&line.split(' ').collect::<Vec<_>>());
    let target = json!({"name": "cache", "url": server.url(), "username": AUDITOR,
        "password": "${env:ENVPARITY_RIGHT}"});
    let profiles = Profiles::new(&[("production", redis(&[target]))]);
    let ended =
        profiles.run_with(&["doctor", "production"], &[("ENVPARITY_RIGHT", AUDITOR_PASSWORD)]);
    ended.expect(0);
    assert!(ended.stdout.ends_with("1 target read completely\n"), "{ended}");
    let unknown = profiles.run(&["doctor", "prodution"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.says("production"), "{unknown}");
}
