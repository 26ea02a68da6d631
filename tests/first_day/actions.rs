//! A team in GitHub Actions: a job for each environment collects with that environment's secrets, a
//! last one audits what they recorded, without any secret, and hands the reports to GitHub.

use serde_json::{Value, json};

use crate::support::cli::{Ended, Profiles};
use crate::support::hostile::{Behaviour, Hostile};
use crate::{check, compare, compare_screen, info, on_terminal, tells};

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
    fn profile(&self, secret: &str) -> String {
        let Self { cache, api, web } = self;
        let [cache, api, web] = [cache, api, web].map(Hostile::address);
        format!(
            "targets:\n  redis:\n  - name: cache\n    url: redis://{cache}\n    \
             username: auditor\n    password: ${{env:{secret}}}\n  http:\n  \
             - {{name: api, url: \"http://{api}/health\", pointer: /version}}\n  \
             - {{name: web, url: \"http://{web}/health\", pointer: /version}}\n"
        )
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
    let live = Profiles::of(&["staging", "production"]);
    live.environment("staging", &staging.profile("STAGING_REDIS_PASSWORD"));
    live.environment("production", &production.profile("PRODUCTION_REDIS_PASSWORD"));
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
    let profiles = Profiles::of(&["staging", "production"]);
    for name in ["staging", "production"] {
        let target = format!("  - name: artifact\n    path: evidence/{name}.yaml\n");
        profiles.environment(name, &format!("targets:\n  recorded:\n{target}"));
    }
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
    let checked = check(&team.live, &SECRETS);
    compare("actions-check", &checked.stdout);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked}");
    let checked = check(&both(), &[]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{checked}");
}

/// As in a pull request of a fork, and before any job has collected.
#[test]
fn a_check_warns_of_secrets_and_evidence_that_are_missing() {
    for (profiles, wanted) in [
        (team().live, "variable STAGING_REDIS_PASSWORD is not set"),
        (audited(None, None), "no file \"evidence/staging.yaml\""),
    ] {
        let checked = check(&profiles, &[]);
        assert_eq!(checked.code, Some(0), "{checked}");
        assert!(checked.stderr.contains(wanted), "{checked}");
        tells(&checked.stdout, &["in order, with 2 warnings"], &[]);
        let strict = profiles.run(&["check-profiles", "--strict"]);
        assert_eq!(strict.code, Some(1), "{strict}");
    }
}

const TOLD: [&str; 3] = [
    "staging 2.15.0 is a minor ahead of production 2.14.1",
    "staging 8.0.6 is a major ahead of production 7.0.15",
    "3 of 3 components of production have a counterpart in staging",
];

#[test]
fn the_log_tells_what_blocks() {
    let ended = on_terminal(&both(), &["audit", "--at", AT]);
    compare_screen("actions", &ended);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended}");
    tells(&ended.stdout, &TOLD, &["INCOMPLETE"]);
    tells(&ended.stdout, &["NO-GO: 2 high (exit 1)"], &[]);
}

/// One run writes the summary of the job and what is uploaded, and its exit code stops the job.
#[test]
fn the_summary_and_the_uploads_tell_the_same() {
    let profiles = both();
    let file = |name: &str| profiles.path(name).display().to_string();
    let outputs = [
        format!("markdown={}", file("summary.md")),
        format!("sarif={}", file("envparity.sarif")),
        format!("junit={}", file("envparity.xml")),
    ];
    let mut arguments = vec!["audit", "--at", AT];
    for output in &outputs {
        arguments.extend(["-o", output]);
    }
    let ended = profiles.run(&arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended}");

    let summary = profiles.read("summary.md");
    compare("actions-summary", &summary);
    assert!(summary.starts_with("## envparity: NO-GO"), "{summary}");
    tells(&summary, &TOLD, &[]);

    let sarif: Value =
        serde_json::from_str(&profiles.read("envparity.sarif")).expect("SARIF is JSON");
    let run = &sarif["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true, "{sarif:#}");
    let results = run["results"].as_array().expect("it has results");
    let errors = results.iter().filter(|result| result["level"] == "error").count();
    assert_eq!(errors, 2, "{sarif:#}");

    let junit = profiles.read("envparity.xml");
    assert_eq!(junit.matches("<failure message=\"high version-skew ").count(), 2, "{junit}");
    assert!(!junit.contains("<error "), "{junit}");
}

/// A service that is released from here is ahead in staging before each release. Nothing tells the
/// program so of a service that is read by HTTP; a row of the policy does.
#[test]
fn a_service_ahead_is_a_release_on_the_second_day() {
    let profiles = both();
    let rows = "kind: Policy\nrules:\n\
        - {rule: version-skew, components: [\"http/*\"], direction: ahead, severity: info}\n\
        - {rule: version-skew, components: [redis/cache], severity: medium}\n";
    profiles.config("policy.yaml", rows);
    let ended = on_terminal(&profiles, &["audit", "--at", AT]);
    assert_eq!(ended.code, Some(0), "{ended}");
    tells(&ended.stdout, &[TOLD[2], "GO: nothing at or above high in a gate"], &["NO-GO"]);
}

#[test]
fn a_secret_that_is_missing_is_named_by_the_job_and_by_the_audit() {
    let team = team();
    let (ended, staging) = collect(&team, "staging", &[]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let wanted = "environment variable STAGING_REDIS_PASSWORD is not set";
    tells(&ended.stderr, &[wanted], &[]);
    let (_, production) = collect(&team, "production", &SECRETS[1..]);
    let ended = on_terminal(&audited(Some(&staging), Some(&production)), &["audit", "--at", AT]);
    compare_screen("actions-without-secret", &ended);
    assert_eq!(ended.code, Some(1), "{ended}");
    tells(
        &ended.stdout,
        &[
            wanted,
            "COMPARED 2 of 3 components of production have a counterpart in staging (not there: \
             redis/cache); not proven: 1 gap",
            "NO-GO, and INCOMPLETE: 1 high; staging redis/cache not read",
        ],
        &["not judged: none"],
    );
}

#[test]
fn a_gate_without_evidence_is_incomplete() {
    let ended = on_terminal(&audited(None, None), &["audit", "--at", AT]);
    compare_screen("actions-nothing-read", &ended);
    assert_eq!(ended.code, Some(3), "{ended}");
    let wanted = [
        "recorded/artifact: the file cannot be read",
        "help: check the path; it is relative to the profile's folder",
        "COMPARED 0 of 0 components of production have a counterpart in staging: none was seen",
        "INCOMPLETE: staging recorded/artifact not read",
    ];
    tells(&ended.stdout, &wanted, &["not judged: none", "GO:"]);
}
