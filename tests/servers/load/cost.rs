//! What sampling costs a Redis, beside redis_exporter: printed, for docs/BENCHMARKS.md.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

/// Questions of each kind in one round. The system counts CPU in ticks of 10 ms: a round has to
/// take many of them.
const QUESTIONS: u32 = 400;

/// Rounds, in turns: what the machine does besides differs from one to the next.
const ROUNDS: usize = 5;

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

/// So that its statistics have some commands.
fn call_commands(redis: &RedisServer) {
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
}

#[test]
fn sampling_costs_a_redis_no_more_than_an_exporter_does() {
    let redis = RedisServer::start(Binary::Redis70, &["--enable-debug-command", "yes"]);
    redis.command(&["DEBUG", "POPULATE", "100000"]);
    call_commands(&redis);
    let profiles = Profiles::new(&[(
        "qualif",
        json!({"targets": {"redis": [{"name": "cache", "url": redis.url()}]}}),
    )]);
    let history = profiles.path("load.db");
    let exporter = Running::exporter(redis.port(), free_port());
    let meter = Meter { redis: &redis };
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let loaded = profile::load(profiles.folder(), &pipeline::rule_ids(), today).expect("right");
    let environments: Vec<&profile::Environment> = loaded.environments.iter().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let sample = || {
        let mut store = Store::open(&history, &SqliteOptions::default()).expect("it is made");
        for _ in 0..QUESTIONS {
            let clock: envparity::collect::Clock = Arc::new(now);
            let sampler =
                pipeline::Sampler::new(&environments, &loaded.folder, None, clock.clone());
            let answers = runtime.block_on(sampler.ask_once());
            let kept: Vec<_> = answers.into_iter().map(|one| one.into_evidence(&clock)).collect();
            assert_eq!(kept[0].targets[0].samples.len(), 1);
            pipeline::keep_samples(&mut store, &kept, now(), BucketLength::DEFAULT)
                .expect("it is written");
        }
    };
    let scrape = || {
        for _ in 0..QUESTIONS {
            let text = scraped(exporter.port());
            assert!(text.contains("redis_commands_total"), "{text}");
        }
    };
    let (mut ours, mut exporters) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let idle = meter.spent(|| std::thread::sleep(Duration::from_secs(3)));
        let rate = idle.cpu / idle.wall;
        ours.push(meter.spent(sample).per_question(rate));
        exporters.push(meter.spent(scrape).per_question(rate));
    }
    print(&[("envparity", &ours), ("redis_exporter", &exporters)]);
    let (ours, exporters) = (median(&ours, |one| one.1), median(&exporters, |one| one.1));
    assert!(ours <= exporters, "{ours} commands, and an exporter {exporters}");
    assert!(ours < 3.0, "HELLO and INFO, and nothing else: {ours}");
}

impl Spent {
    /// CPU seconds and commands of one question, without what the idle server takes.
    fn per_question(&self, idle_rate: f64) -> (f64, f64) {
        let cpu = (self.cpu - idle_rate * self.wall) / f64::from(QUESTIONS);
        (cpu, self.calls / f64::from(QUESTIONS))
    }
}

fn median(rounds: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Medians of all rounds, and between which the CPU was.
#[expect(clippy::print_stdout, reason = "what it costs is to be read")]
fn print(all: &[(&str, &Vec<(f64, f64)>)]) {
    println!("medians of {ROUNDS} rounds of {QUESTIONS} questions, in turns, idle CPU taken off");
    let heads = ["CPU a sample", "from, to", "commands", "one a second", "one a minute"];
    println!(
        "{:16}{:>14}{:>16}{:>10}{:>16}{:>16}",
        "", heads[0], heads[1], heads[2], heads[3], heads[4]
    );
    for (name, rounds) in all {
        let cpu = median(rounds, |one| one.0);
        let least = rounds.iter().map(|one| one.0).fold(f64::INFINITY, f64::min);
        let most = rounds.iter().map(|one| one.0).fold(0.0, f64::max);
        let between = format!("{:.0}, {:.0} µs", least * 1e6, most * 1e6);
        let (calls, second) = (median(rounds, |one| one.1), cpu * 100.0);
        println!(
            "{name:<16}{:>11.0} µs{between:>16}{calls:>10.1}{second:>14.4} %{:>14.5} %",
            cpu * 1e6,
            second / 60.0
        );
    }
}

fn scraped(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("it answers");
    String::from_utf8_lossy(&text).into_owned()
}
