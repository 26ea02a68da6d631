//! A team in GitHub Actions: a job for each environment collects with that environment's secrets, a
//! last one audits what they recorded, without any secret, and hands the reports to GitHub.

use serde_json::{Value, json};

use crate::support::cli::{Ended, Profiles};
use crate::support::hostile::{Behaviour, Hostile};
use crate::{compare, compare_screen, info, tells, without_folder};

const AT: &str = "2026-11-22T21:00:00Z";
const TAKEN: &str = "2026-11-22T20:45:00Z";
const TAKEN_SECONDS: i64 = 1_795_380_300;

const SECRETS: [(&str, &str); 2] = [
    ("STAGING_REDIS_PASSWORD", "s3cret-of-staging"),
    ("PRODUCTION_REDIS_PASSWORD", "s3cret-of-prod"),
];

/// A Redis that lets the auditor in and answers INFO.
fn redis(recorded: &str, instance: &str) -> Hostile {
    let text = info(recorded, instance, TAKEN_SECONDS);
    let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len()).into_bytes();
    let hello = b"%3\r\n+server\r\n+redis\r\n+version\r\n+7.2.4\r\n+proto\r\n:3\r\n".to_vec();
    Hostile::start(Behaviour::Script(vec![hello, bulk(&text)]))
}

fn service(version: &str) -> Hostile {
    let body = json!({"status": "ok", "version": version}).to_string();
    Hostile::start(Behaviour::HttpByPath(vec![("/health", 200, body)]))
}

/// What is reachable from the runners of each environment.
struct Estate {
    cache: Hostile,
    api: Hostile,
    web: Hostile,
}

impl Estate {
    /// As the profiles of the collecting jobs name it.
    fn profile(&self, secret: &str) -> Value {
        let health = |server: &Hostile| format!("http://{}/health", server.address());
        json!({"targets": {
            "redis": [{
                "name": "cache", "url": format!("redis://{}", self.cache.address()),
                "username": "auditor", "password": format!("${{env:{secret}}}"),
            }],
            "http": [
                {"name": "api", "url": health(&self.api), "pointer": "/version"},
                {"name": "web", "url": health(&self.web), "pointer": "/version"},
            ],
        }})
    }
}

struct Team {
    live: Profiles,
    _estates: [Estate; 2],
}

fn team() -> Team {
    let staging = Estate {
        cache: redis("redis-8.0.6", "cache of staging"),
        api: service("2.15.0"),
        web: service("2.14.1"),
    };
    let production = Estate {
        cache: redis("redis-7.0.15", "cache of production"),
        api: service("2.14.1"),
        web: service("2.14.1"),
    };
    let live = Profiles::new(&[
        ("staging", staging.profile("STAGING_REDIS_PASSWORD")),
        ("production", production.profile("PRODUCTION_REDIS_PASSWORD")),
    ]);
    Team { live, _estates: [staging, production] }
}

/// The job of one environment: it has that one secret.
fn collect(team: &Team, environment: &str, secrets: &[(&str, &str)]) -> (Ended, String) {
    let file = format!("{environment}.evidence");
    let path = team.live.path(&file);
    let to = path.to_str().expect("temporary paths are UTF-8");
    let ended = team.live.run_with(&["collect", environment, "--to", to], secrets);
    let text = team.live.read(&file);
    for (_, secret) in secrets {
        assert!(!text.contains(secret) && !ended.says(secret), "a secret is told");
    }
    let mut evidence: Value = serde_yaml::from_str(&text).expect("evidence is YAML");
    evidence["taken"] = json!(TAKEN);
    for target in evidence["targets"].as_array_mut().expect("it has targets") {
        target["taken"] = json!(TAKEN);
    }
    (ended, evidence.to_string())
}

/// The profiles of the last job: the artifacts of those before it.
fn audited(staging: Option<&str>, production: Option<&str>) -> Profiles {
    let artifact = |name: &str| {
        let path = format!("evidence/{name}.yaml");
        json!({"targets": {"recorded": [{"name": "artifact", "path": path}]}})
    };
    let profiles =
        Profiles::new(&[("staging", artifact("staging")), ("production", artifact("production"))]);
    std::fs::create_dir(profiles.path("evidence")).expect("a folder of ours");
    for (name, text) in [("staging", staging), ("production", production)] {
        if let Some(text) = text {
            profiles.write(&format!("evidence/{name}.yaml"), text);
        }
    }
    profiles
}

fn both() -> Profiles {
    let team = team();
    let [(first, staging), (second, production)] =
        [("staging", &SECRETS[..1]), ("production", &SECRETS[1..])]
            .map(|(environment, secrets)| collect(&team, environment, secrets));
    for ended in [first, second] {
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended}");
    }
    audited(Some(&staging), Some(&production))
}

#[test]
fn the_profiles_are_valid() {
    let team = team();
    let checked = team.live.run_with(&["check-profiles"], &SECRETS);
    compare("actions-check", &without_folder(&checked.stdout, &team.live));
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked}");
    // In a pull request of a fork there are no secrets.
    let checked = team.live.run(&["check-profiles"]);
    compare("actions-check-without-secrets", &without_folder(&checked.stdout, &team.live));
    assert_eq!(checked.code, Some(0), "{checked}");
}

#[test]
fn the_summary_of_the_job_and_the_log_tell_the_same() {
    let profiles = both();
    let ended = profiles.run(&["audit", "--at", AT, "-o", "table", "-o", "markdown=summary.md"]);
    println!("{ended}");
}

#[test]
fn the_summary() {
    let profiles = both();
    let ended = profiles.run(&["audit", "--at", AT]);
    compare_screen("actions", &ended);
    assert_eq!(ended.code, Some(1), "{ended}");
    let markdown = profiles.run(&["audit", "--at", AT, "-o", "markdown"]);
    compare("actions-summary", &markdown.stdout);
    assert_eq!(markdown.code, Some(1), "{markdown}");
    tells(&markdown.stdout, &[], &[]);
}

#[test]
fn a_secret_that_is_missing() {
    let team = team();
    let (ended, staging) = collect(&team, "staging", &[]);
    let (_, production) = collect(&team, "production", &SECRETS[1..]);
    println!("{ended}");
    let audit = audited(Some(&staging), Some(&production)).run(&["audit", "--at", AT]);
    compare_screen("actions-without-secret", &audit);
}

#[test]
fn a_gate_without_evidence_is_incomplete() {
    let ended = audited(None, None).run(&["audit", "--at", AT]);
    compare_screen("actions-nothing-read", &ended);
    assert_eq!(ended.code, Some(3), "{ended}");
}
