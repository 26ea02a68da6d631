//! Hours of `serve` at one sample a second: neither memory nor descriptors grow.

use super::*;
use crate::support::cli::kib;
use crate::support::redis::{Binary, RedisServer};
use crate::support::serving::{Chosen, InProcess, TurnedClock, file_access};

fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    kib(&status, "VmRSS:").expect("memory")
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

#[test]
#[ignore = "memory grows until a day is kept: each audit reads every sample of the last day at once"]
fn neither_memory_nor_descriptors_grow_over_hours() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let target = json!({"name": "cache", "url": redis.url()});
    let profiles = Profiles::new(&[("production", json!({"targets": {"redis": [target]}}))]);
    let audit = profiles.read("audit.yaml");
    let more = "history: {path: history.db}\nwatch: [production]\nschedule:\n- {id: hourly, audit: \
                \"0 * * * *\"}\n";
    profiles.write("audit.yaml", &(audit + more));
    let clock = TurnedClock::at("2026-04-13T00:00:00Z");
    let (told, turned) = (clock.clone(), clock.clone());
    let every = Duration::from_millis(10);
    // A second passes with each sample.
    let ticking = std::thread::spawn(move || {
        for _ in 0..seconds() {
            std::thread::sleep(every);
            turned.turn(1);
        }
    });
    let chosen = Chosen {
        clock: Arc::new(move || told.now()),
        history: file_access(&profiles.path("history.db")),
        every,
        length: 300,
        token: None,
    };
    let served = InProcess::start(&profiles, chosen);
    let page = || get(served.address, "/metrics").body.len() + get(served.address, "/").body.len();
    let mut seen = Vec::new();
    while !ticking.is_finished() {
        std::thread::sleep(Duration::from_secs(2));
        assert!(page() > 0);
        seen.push((memory(), descriptors()));
    }
    served.end().expect("it ends");
    println!("{seen:?}");
    // The first third fills caches.
    let third = seen.len() / 3;
    let (begins, ends) = (&seen[third], seen.last().expect("seen"));
    assert!(ends.0 < begins.0 + 16 * 1024, "memory grows: {seen:?}");
    assert!(ends.1 <= begins.1 + 4, "descriptors grow: {seen:?}");
}

/// How many seconds are lived through: four hours, or what the variable says.
fn seconds() -> u64 {
    let asked = std::env::var("ENVPARITY_SERVE_SECONDS").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(4 * 3_600)
}
