//! Two thousand targets, most of which never answer, and an INFO behind which the server closes.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Served, bulk, hello, honest, info};
use crate::support::cli::Profiles;
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::listen;

#[test]
fn of_two_thousand_targets_the_ten_that_answer_are_read() {
    const DEADLINE: Duration = Duration::from_secs(4);
    const TARGETS: usize = 2_000;
    // Its clients wait in the queue of the socket, which is never asked for them.
    let (_silent, silent) = listen();
    let honest = honest();
    let targets: Vec<Value> = (0..TARGETS)
        .map(|n| {
            let url = if n % 200 == 199 { honest.redis_url() } else { format!("redis://{silent}") };
            json!({"name": format!("cache-{n:04}"), "url": url})
        })
        .collect();
    let body = json!({"deadline": deadline(DEADLINE), "targets": {"redis": targets}});
    let ended = Profiles::new(&[("production", body)]).audit();
    println!("{TARGETS} targets, 10 of which answer: {:.2?} (deadline {DEADLINE:?})", ended.took);
    let report = ended.report(3);
    assert_eq!(report["environments"][0]["complete"], format!("10 of {TARGETS}"));
    assert!(ended.took < 2 * scaled(DEADLINE), "{:?}", ended.took);
}

/// The first bytes are late, so that every place is given up before they come.
#[test]
fn the_baseline_comes_first() {
    const DEADLINE: Duration = Duration::from_secs(4);
    let (_silent, silent) = listen();
    let honest = honest();
    let many: Vec<Value> = (0..1_000)
        .map(|n| json!({"name": format!("cache-{n:04}"), "url": format!("redis://{silent}")}))
        .collect();
    let body = |redis: &Value, required: bool| json!({"deadline": deadline(DEADLINE), "required": required, "targets": {"redis": redis}});
    let one = json!([{"name": "cache", "url": honest.redis_url()}]);
    let profiles =
        Profiles::new(&[("dev", body(&json!(many), false)), ("production", body(&one, true))]);
    let report = profiles.audit().any_report();
    assert!(report.is_read("production", "redis/cache"), "{report}");
}

#[test]
fn a_whole_info_behind_which_the_server_closes_is_read() {
    let closing = Served::each(|mut stream| {
        let mut buffer = [0; 4096];
        for reply in [hello(), bulk(&info(""))] {
            if !matches!(stream.read(&mut buffer), Ok(1..)) || stream.write_all(&reply).is_err() {
                return;
            }
        }
        _ = stream.shutdown(Shutdown::Both);
    });
    let targets: Vec<Value> = (0..50)
        .map(|n| json!({"name": format!("cache-{n}"), "url": closing.redis_url()}))
        .collect();
    let report = Profiles::new(&[("production", json!({"targets": {"redis": targets}}))]).audit();
    let report = report.any_report();
    assert_eq!(report["environments"][0]["complete"], "50 of 50", "{report}");
}

/// An engine's connections are deep below a client of its own: their silence is heard, and so is
/// their first byte.
#[test]
fn an_engine_that_is_silent_gives_up_its_place_and_one_that_has_begun_keeps_it() {
    const DEADLINE: Duration = Duration::from_secs(8);
    const SILENT: usize = 600;
    let (_silent, silent) = listen();
    // It says that it answers at once, and the answer long after an eighth of the deadline.
    let slow = Served::each(|mut stream| {
        let mut buffer = [0; 4096];
        if !matches!(stream.read(&mut buffer), Ok(1..)) {
            return;
        }
        let asked = String::from_utf8_lossy(&buffer);
        let body = if asked.contains("/version") {
            json!({"Version": "28.1.1"})
        } else if asked.contains("/info") {
            json!({"ID": "AAAA", "Name": "host", "ContainersRunning": 0})
        } else {
            json!([])
        };
        let (body, pause) = (body.to_string(), scaled(DEADLINE / 6));
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        std::thread::sleep(if asked.contains("/version") { pause } else { Duration::ZERO });
        _ = write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len());
    });
    let honest = honest();
    let engine = |n: usize, address| json!({"name": format!("e-{n:04}"), "host": format!("tcp://{address}")});
    let docker: Vec<Value> = std::iter::once(engine(0, slow.address()))
        .chain((1..=SILENT).map(|n| engine(n, silent)))
        .collect();
    let redis = json!([{"name": "cache", "url": honest.redis_url()}]);
    let targets = json!({"docker": docker, "redis": redis});
    let body = json!({"deadline": deadline(DEADLINE), "targets": targets});
    let ended = Profiles::new(&[("production", body)]).audit();
    let report = ended.report(3);
    assert!(report.is_read("production", "docker/e-0000"), "{}", report["environments"][0]);
    assert!(report.is_read("production", "redis/cache"), "{}", report["environments"][0]);
    assert_eq!(report["environments"][0]["complete"], format!("2 of {}", SILENT + 2));
    let told = report.to_string().matches("while other targets were waiting").count();
    println!("{told} of {SILENT} silent engines gave up their places within {:.2?}", ended.took);
    assert!(told > 0, "{report}");
    assert!(ended.took < 2 * scaled(DEADLINE), "{:?}", ended.took);
}
