//! Every way in which a Prometheus fails an audit: its target's load is lost, and the report says
//! so; nothing else is touched. What it told before it is doubted still counts as far as it is
//! certain.

use super::altered::{Altered, AlteringProxy};
use super::kept::{audited, load_of, metrics, prometheus, row, run_id};
use super::*;
use crate::support::hostile::{Behaviour, Hostile};

fn http(head: &str, body: &[u8]) -> Behaviour {
    let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len());
    Behaviour::Script(vec![[head.as_bytes(), body].concat()])
}

/// A Prometheus's way to fail, the kind of the failure, and words that people read.
fn ways() -> Vec<(&'static str, Behaviour, &'static str, &'static str)> {
    let success = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let huge = format!("{success}{}", " ".repeat(20 * 1024 * 1024));
    let html = b"<html>Sign in</html>";
    vec![
        ("silent", Behaviour::Silent, "timeout", "no whole answer within"),
        ("closes", Behaviour::ClosesAtOnce, "cut", "without an answer"),
        ("401", Behaviour::HttpStatus(401, "{}".into()), "authentication", "401"),
        ("503", Behaviour::HttpStatus(503, "{}".into()), "unavailable", "503"),
        ("HTML", http("", html), "protocol", "not that of a Prometheus"),
        ("20 MB", http("", huge.as_bytes()), "too-large", "exceeds 16 MiB"),
        ("truncated", http("", &success.as_bytes()[..30]), "cut", "its JSON has no end"),
        ("empty", http("", success.as_bytes()), "nothing-selected", "no series"),
    ]
}

#[test]
fn every_way_in_which_a_prometheus_fails_is_told_and_costs_its_targets_load_alone() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    for (way, behaviour, kind, said) in ways() {
        let server = Hostile::start(behaviour);
        let url = format!("http://{}", server.address());
        let mut load = load_of(&url);
        load["prometheus"]["deadline"] = json!("3s");
        let profiles = profiles(&qualif, &production, Some(load));
        let ended = profiles.audit();
        // Both servers were read and compared, as without it.
        let report = ended.report(0);
        let load = &report["run"]["load"][0];
        assert_eq!(text(&load["target"]), "redis/cache", "{way}: {load}");
        let failure = &load["failed"][0]["failure"];
        assert_eq!(text(&failure["kind"]), kind, "{way}: {load}");
        assert!(text(&failure["message"]).contains(said), "{way}: {failure}");
        assert!(!text(&failure["advice"]).is_empty(), "{way}: {failure}");
        for indicator in ["walk-share", "cpu"] {
            for window in list(&row(load, indicator)["windows"]) {
                assert_eq!(text(&window["outcome"]), "unknown", "{way}: {window}");
            }
        }
        let table = profiles.audit_table();
        table.expect(0);
        assert!(table.says(&format!("prometheus {url} told nothing:")), "{way}: {table:?}");
        // The report that is kept beside the profiles says the same.
        let yaml = profiles.run(&["audit", "-o", "yaml"]);
        let yaml = yaml.expect(0).yaml();
        let told = &yaml["run"]["load"][0]["failed"][0]["failure"];
        assert_eq!(text(&told["kind"]), kind, "{way}: {yaml}");
        assert!(text(&told["message"]).contains(said), "{way}: {told}");
    }
}

#[test]
fn a_prometheus_that_warns_or_is_an_hour_off_is_told_and_a_breach_in_it_counts() {
    let (qualif, production) =
        (RedisServer::start(Binary::Redis70, &[]), RedisServer::start(Binary::Redis70, &[]));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let breached = prometheus(dir.path(), &run_id(&qualif));
    let quiet_dir = tempfile::tempdir().expect("a temporary directory");
    let quiet = quiet(quiet_dir.path(), &run_id(&qualif));
    for (altered, why, note) in [
        (
            Altered::Warning("store 2 is down"),
            "the source warned: store 2 is down",
            "warned: store 2",
        ),
        (Altered::Clock(3_600), "s ahead", "s ahead of ours"),
        (Altered::Clock(-75), "s behind", "s behind ours"),
    ] {
        // What is missing only adds, and what stands at another time happened all the same.
        let proxy = AlteringProxy::start(breached.port(), altered.clone());
        let report = audited(&profiles(&qualif, &production, Some(load_of(&proxy.url()))), 1);
        let load = &report["run"]["load"][0];
        let walk = row(load, "walk-share");
        assert_eq!(text(&walk["windows"][0]["outcome"]), "breached", "{altered:?}: {walk}");
        assert!(list(&load["notes"]).any(|told| text(told).contains(note)), "{load}");
        // Where there is no breach, nobody knows, and the report says why.
        let proxy = AlteringProxy::start(quiet.port(), altered.clone());
        let profiles = profiles(&qualif, &production, Some(load_of(&proxy.url())));
        let report = audited(&profiles, 0);
        let load = &report["run"]["load"][0];
        let day = &row(load, "walk-share")["windows"][0];
        assert_eq!(text(&day["outcome"]), "unknown", "{altered:?}: {day}");
        assert!(list(&day["unknown"]).any(|told| text(told).contains(why)), "{day}");
        let table = profiles.audit_table();
        table.expect(0);
        assert!(table.says(note), "{altered:?}: {}", table.stdout);
    }
}

/// A Prometheus that keeps nine days without a burst in the last.
fn quiet(dir: &Path, run_id: &str) -> Running {
    let end = now().as_second() / 300 * 300 + 300;
    super::kept::keeping(dir, &metrics(run_id, (end - 9 * 86_400, end), end + 1, 60))
}
