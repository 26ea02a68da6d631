//! Many targets, some of which never answer: the time is that of the deadline, not of their number.

use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, list, text};
use crate::support::cli::slowness::{deadline, scaled};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::redis::{Binary, RedisServer};

const TARGETS: usize = 200;
const SILENT: usize = 10;
/// On an idle machine.
const DEADLINE: Duration = Duration::from_secs(2);

#[test]
fn two_hundred_redis_with_ten_silent_end_within_twice_the_deadline() {
    let server = RedisServer::start(Binary::Redis70, &[]);
    let silent: Vec<Hostile> = (0..SILENT).map(|_| Hostile::start(Behaviour::Silent)).collect();
    let targets: Vec<Value> = (0..TARGETS)
        .map(|i| {
            // spread evenly: the first, the 21st …
            let (sick, is_silent) = (i / (TARGETS / SILENT), i % (TARGETS / SILENT) == 0);
            let port = if is_silent { silent[sick].port() } else { server.port() };
            json!({"name": format!("cache-{i:03}"), "url": format!("redis://127.0.0.1:{port}")})
        })
        .collect();
    let profiles = Profiles::new(&[(
        "production",
        json!({"deadline": deadline(DEADLINE), "targets": {"redis": targets}}),
    )]);
    let ended = profiles.audit();
    println!(
        "{TARGETS} Redis targets, {SILENT} of them silent: {:.2?} (deadline {:?})",
        ended.took,
        scaled(DEADLINE)
    );

    let report = ended.report(3);
    assert!(ended.took < 2 * scaled(DEADLINE), "{:?}", ended.took);
    assert_eq!(report["environments"][0]["complete"], format!("{} of {TARGETS}", TARGETS - SILENT));
    let failures: Vec<&Value> = list(&report["environments"][0]["targets"])
        .flat_map(|target| list(&target["parts"]))
        .map(|part| &part["failure"])
        .filter(|failure| !failure.is_null())
        .collect();
    assert_eq!(failures.len(), SILENT);
    assert!(failures.iter().all(|failure| text(&failure["kind"]) == "timeout"), "{failures:#?}");
    assert!(silent.iter().all(|server| server.accepted() > 0), "a silent server was not asked");
}
