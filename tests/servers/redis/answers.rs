//! Answers to INFO as no server gives them, and as few do: what is understood, and what each other
//! costs.

use std::time::Duration;

use serde_json::json;

use super::{bulk, scripted};
use crate::profiles::{Profiles, cache, redis, sorted, text};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{Binary, RedisServer};
use crate::support::tls::Certs;

/// On an idle machine.
const DEADLINE: Duration = Duration::from_secs(1);

const INFO: &str = include_str!("../../fixtures/redis/redis-7.0.15.txt");

fn url(server: &Hostile) -> String {
    format!("redis://{}", server.address())
}

#[test]
fn an_answer_in_another_shape_is_still_read() {
    let push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n".to_vec();
    let attribute = b"|1\r\n+ttl\r\n:3600\r\n".to_vec();
    let verbatim = format!("={}\r\ntxt:{INFO}\r\n", INFO.len() + 4).into_bytes();
    let odd = INFO.replace(
        "# Clients\r\n",
        "# Nonsense\r\nno_such_field:1\r\nhello\r\n\u{1}:\u{2}\r\n# Clients\r\n",
    );
    let not_utf8 = [b"# \xff\xfe\r\nx\xff:\xff\r\n", INFO.as_bytes()].concat();
    let raw = |bytes: &[u8]| [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    for (name, answer) in [
        ("LF only", bulk(&INFO.replace("\r\n", "\n"))),
        ("unknown sections and lines", bulk(&odd)),
        ("not UTF-8", raw(&not_utf8)),
        (
            "a key twice, of which the first counts",
            bulk(&format!("{INFO}redis_version:9.9.9\r\nrun_id:x\r\n")),
        ),
        ("verbatim", verbatim),
        ("push first", [push, bulk(INFO)].concat()),
        ("attribute first", [attribute, bulk(INFO)].concat()),
    ] {
        let server = scripted(&answer);
        let ended = Profiles::new(&[("production", cache(&url(&server)))]).audit();
        assert_eq!(ended.code, Some(0), "{name}: {ended}");
        assert_eq!(
            ended.any_report().readings("redis/cache", "production"),
            ["redis 7.0.15 program ×1"],
            "{name}"
        );
    }
}

#[test]
fn an_answer_that_is_none_is_told_in_time() {
    let script = |answer: &[u8]| Behaviour::Script(vec![super::hello(), answer.to_vec()]);
    let half = INFO.split("# Memory").next().expect("a first half");
    for (name, answer, kinds) in [
        ("CR only", bulk(&INFO.replace("\r\n", "\r")), &["protocol"][..]),
        ("without its end", bulk(half), &["protocol"]),
        ("without a version", bulk(&INFO.replace("redis_version", "some_name")), &["protocol"]),
        ("length too large", format!("$99999\r\n{INFO}\r\n").into_bytes(), &["timeout"]),
        (
            "length far too large",
            format!("$99999999999999999999\r\n{INFO}\r\n").into_bytes(),
            &["protocol", "timeout"],
        ),
        ("length too small", format!("$40\r\n{INFO}\r\n").into_bytes(), &["protocol"]),
        ("length negative", format!("$-7\r\n{INFO}\r\n").into_bytes(), &["protocol", "timeout"]),
        ("length of letters", b"$abc\r\nabc\r\n".to_vec(), &["protocol"]),
        ("array", [b"*2\r\n".to_vec(), bulk(INFO), bulk(INFO)].concat(), &["protocol"]),
        ("arrays in arrays without end", b"*1\r\n".repeat(20_000), &["protocol", "cut", "timeout"]),
        ("map", b"%1\r\n+redis_version\r\n+7.0.15\r\n".to_vec(), &["protocol"]),
        ("push and nothing else", b">1\r\n+x\r\n".to_vec(), &["timeout"]),
        (
            "attributes without end",
            b"|1\r\n+a\r\n:1\r\n".repeat(2_000),
            &["protocol", "cut", "timeout"],
        ),
        (
            "binary",
            [b"$1000\r\n".to_vec(), (0..=255).cycle().take(1000).collect(), b"\r\n".to_vec()]
                .concat(),
            &["protocol"],
        ),
    ] {
        let server = Hostile::start(script(&answer));
        let target = json!({"name": "cache", "url": url(&server), "deadline": deadline(DEADLINE)});
        let ended = Profiles::new(&[("production", redis(&[target]))]).audit();
        ended.expect(3);
        assert!(ended.took < 3 * scaled(DEADLINE), "{name}: {:?}", ended.took);
        let report = ended.any_report();
        let [failure] = report.failures("production", "redis/cache")[..] else {
            panic!("{name}: {report}")
        };
        assert!(kinds.contains(&text(&failure["kind"])), "{name}: {failure:#}");
        assert!(!text(&failure["advice"]).is_empty(), "{name}: {failure:#}");
    }
}

#[test]
fn two_hundred_megabytes_are_capped_in_time_and_in_memory() {
    const SIZE: usize = 200 * 1024 * 1024;
    let huge = [format!("${SIZE}\r\n").into_bytes(), vec![b'x'; SIZE], b"\r\n".to_vec()].concat();
    let server = Hostile::start(Behaviour::Script(vec![super::hello(), huge]));
    // the silent one keeps the process there long enough to be asked for its peak
    let silent = Hostile::start(Behaviour::Silent);
    let target = |name: &str, server: &Hostile| json!({"name": name, "url": url(server), "deadline": deadline(2 * DEADLINE)});
    let targets = [target("cache", &server), target("silent", &silent)];
    let profiles = Profiles::new(&[("production", redis(&targets))]);
    let (took, most, report) = profiles.measured();
    assert!(took < 4 * scaled(DEADLINE), "{took:?}");
    let kind = &report["environments"][0]["targets"][0]["parts"][0]["failure"]["kind"];
    assert_eq!(kind, "too-large", "{report}");
    println!("200 MiB of INFO cost {most} KiB");
    assert!((1..100 * 1024).contains(&most), "{most} KiB");
}

#[test]
fn the_end_of_a_certificate_is_told_and_the_server_name_of_the_profile_holds() {
    let certs = Certs::new();
    let server = RedisServer::start_tls(Binary::Valkey80, &certs, &certs.wrong_name);
    let target = |name: &str| json!({"name": "cache", "url": server.url(), "tls": {"ca": certs.ca, "server-name": name}});
    let profiles = Profiles::new(&[("production", redis(&[target("elsewhere.invalid")]))]);
    let report = profiles.audit().report(0);
    let notes = sorted(&report.target("production", "redis/cache")["notes"]).join("\n");
    let end = notes.strip_prefix("certificate is valid until ").expect("a note on the certificate");
    // ten years, by tests/support/tls.rs
    assert!(end.len() == 20 && end.starts_with("20") && end.ends_with('Z'), "{end}");
    let evidence = profiles.run(&["collect", "production", "--to", "-"]);
    assert!(
        evidence.stdout.contains("tls_not_after") && evidence.stdout.contains(end),
        "{evidence}"
    );
    assert!(!profiles.audit_table().stdout.contains("valid until"));
    assert!(
        profiles.run(&["audit", "-v"]).stdout.contains("redis/cache: certificate is valid until"),
        "-v"
    );

    let report = Profiles::new(&[("production", redis(&[target("127.0.0.1")]))]).audit().report(3);
    let [failure] = report.failures("production", "redis/cache")[..] else {
        panic!("not one failure: {report}")
    };
    assert_eq!(failure["kind"], "tls");
    assert!(text(&failure["advice"]).contains("tls.server-name"), "{failure:#}");
}
