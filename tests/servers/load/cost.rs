//! What sampling costs a Redis, beside redis_exporter: printed, for docs/BENCHMARKS.md.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

/// Questions of each kind.
const ROUNDS: u32 = 300;

struct Spent {
    cpu: f64,
    calls: f64,
    wall: f64,
}

struct Meter<'a> {
    redis: &'a RedisServer,
}

impl Meter<'_> {
    fn figure(&self, name: &str) -> f64 {
        let info = self.redis.command(&["INFO"]);
        let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
        line.trim_start_matches(':').trim().parse().expect("a number")
    }

    fn spent(&self, work: impl FnOnce()) -> Spent {
        let cpu = || self.figure("used_cpu_user") + self.figure("used_cpu_sys");
        let (before, calls, start) =
            (cpu(), self.figure("total_commands_processed"), Instant::now());
        work();
        let wall = start.elapsed().as_secs_f64();
        let after = cpu();
        // Three questions of ours stand between the two counts.
        let calls = self.figure("total_commands_processed") - calls - 3.0;
        Spent { cpu: after - before, calls, wall }
    }
}

#[test]
fn sampling_costs_a_redis_no_more_than_an_exporter_does() {
    let redis = RedisServer::start(Binary::Redis70, &["--enable-debug-command", "yes"]);
    redis.command(&["DEBUG", "POPULATE", "100000"]);
    for command in [
        &["GET", "a"][..],
        &["SET", "a", "1"],
        &["HSET", "h", "a", "1"],
        &["HGETALL", "h"],
        &["LPUSH", "l", "1"],
        &["SADD", "s", "1"],
        &["SMEMBERS", "s"],
        &["EXPIRE", "a", "100"],
        &["INCR", "n"],
        &["SCAN", "0"],
        &["KEYS", "nothing"],
        &["DEL", "n"],
        &["TTL", "a"],
    ] {
        redis.command(command);
    }
    let profiles = Profiles::new(&[(
        "qualif",
        json!({"targets": {"redis": [{"name": "cache", "url": redis.url()}]}}),
    )]);
    let history = profiles.path("load.db");
    let exporter = Running::exporter(redis.port(), free_port());
    let meter = Meter { redis: &redis };
    let idle = meter.spent(|| std::thread::sleep(Duration::from_secs(5)));
    let idle_rate = idle.cpu / idle.wall;
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let loaded = profile::load(profiles.folder(), &pipeline::rule_ids(), today).expect("right");
    let environments: Vec<&profile::Environment> = loaded.environments.iter().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let ours = meter.spent(|| {
        let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is made");
        for _ in 0..ROUNDS {
            let clock: envparity::collect::Clock = Arc::new(now);
            let silent = &super::sampled::Silent;
            let sampling = pipeline::sample(&environments, &loaded.folder, None, clock, silent);
            let sampled = runtime.block_on(sampling);
            assert_eq!(sampled.samples, 1);
            sampled.keep(&mut store, now(), BucketLength::DEFAULT).expect("it is written");
        }
    });
    let exporters = meter.spent(|| {
        for _ in 0..ROUNDS {
            let text = scraped(exporter.port());
            assert!(text.contains("redis_commands_total"), "{text}");
        }
    });
    println!("one question of {ROUNDS}, idle CPU taken off ({:.2} ms/s)", idle_rate * 1e3);
    println!(
        "{:<16}{:>14}{:>16}{:>18}{:>18}",
        "", "CPU a sample", "commands", "one a second", "one a minute"
    );
    let per = |spent: &Spent| {
        ((spent.cpu - idle_rate * spent.wall) / f64::from(ROUNDS), spent.calls / f64::from(ROUNDS))
    };
    for (name, spent) in [("envparity", &ours), ("redis_exporter", &exporters)] {
        let (cpu, calls) = per(spent);
        println!(
            "{name:<16}{:>11.0} µs{calls:>16.1}{:>15.4} %{:>15.5} %",
            cpu * 1e6,
            cpu * 100.0,
            cpu * 100.0 / 60.0
        );
    }
    assert!(per(&ours).1 <= per(&exporters).1, "more commands than an exporter");
    assert!(per(&ours).1 < 3.0, "HELLO and INFO, and nothing else");
}

fn scraped(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("it answers");
    String::from_utf8_lossy(&text).into_owned()
}
