//! A day in the life of a Redis, in buckets of ten seconds of an idle machine: scraped by real
//! servers every second, and asked by INFO at the end of each bucket.

use envparity::model::PlaceLoad;

use super::*;
use crate::support::cli::slowness::slowness;
use crate::support::prometheus::{Running, free_port};
use crate::support::redis::{Binary, RedisServer};

/// Half a minute at most, so that a test ends within minutes.
fn length() -> BucketLength {
    BucketLength::new(10 * i64::from(slowness().min(3)))
}

/// What INFO said when a bucket ended.
#[derive(Default)]
struct Said {
    /// Calls and microseconds.
    commands: BTreeMap<String, (f64, f64)>,
    run_id: String,
    keys: f64,
    cpu: f64,
    processed: f64,
}

fn info(server: &RedisServer) -> Said {
    let text = server.command(&["INFO", "everything"]);
    let number = |line: &str, name: &str| {
        let (_, rest) = line.split_once(name).unwrap_or_else(|| panic!("{line}"));
        let digits = rest.split(',').next().expect("a number");
        digits.trim().parse::<f64>().unwrap_or_else(|_| panic!("{line}"))
    };
    let mut said = Said::default();
    for line in text.lines() {
        let Some((name, rest)) = line.trim().split_once(':') else { continue };
        match name {
            "run_id" => rest.clone_into(&mut said.run_id),
            "db0" => said.keys = number(rest, "keys="),
            "used_cpu_user" | "used_cpu_sys" => said.cpu += number(rest, ""),
            "total_commands_processed" => said.processed = number(rest, ""),
            _ => {}
        }
        if let Some(name) = name.strip_prefix("cmdstat_") {
            let told = (number(rest, "calls="), number(rest, "usec="));
            said.commands.insert(name.to_owned(), told);
        }
    }
    said
}

fn sleep_until(at: i64, millis: u64) {
    while seconds_now() < at {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(millis));
}

fn config(dir: &Path, jobs: &str) -> std::path::PathBuf {
    let path = dir.join("prometheus.yml");
    let global = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
    std::fs::write(&path, format!("{global}{jobs}")).expect("write the configuration");
    path
}

struct World {
    redis: RedisServer,
    /// The exporter, and the port that another one takes over on.
    exporter: Running,
    first: u16,
    second: u16,
    prometheus: Running,
    victoria: Running,
    said: BTreeMap<i64, Said>,
    /// End of the bucket under way.
    at: i64,
    _dir: tempfile::TempDir,
}

impl World {
    fn start(binary: Binary) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let redis = RedisServer::start(binary, &[]);
        let (first, second) = (free_port(), free_port());
        let exporter = Running::exporter(redis.port(), first);
        let jobs = format!(
            "- job_name: redis\n  static_configs: [{{targets: ['127.0.0.1:{first}', '127.0.0.1:{second}']}}]\n\
             - job_name: again\n  static_configs: [{{targets: ['127.0.0.1:{first}']}}]\n\
             - job_name: dropped\n  static_configs: [{{targets: ['127.0.0.1:{first}']}}]\n  \
               metric_relabel_configs: [{{source_labels: [cmd], regex: keys, action: drop}}]\n"
        );
        let config = config(dir.path(), &jobs);
        let prometheus = Running::prometheus(&config, &dir.path().join("prometheus"), &[]);
        let victoria = Running::victoria_metrics(&config, &dir.path().join("victoria"));
        let at = length().ceil(seconds_now() + 3) + length().seconds();
        Self {
            redis,
            exporter,
            first,
            second,
            prometheus,
            victoria,
            said: BTreeMap::new(),
            at,
            _dir: dir,
        }
    }

    /// Lets `work` happen in the middle of a bucket, and asks at its end. Gives the bucket's end.
    fn bucket(&mut self, work: impl FnOnce(&mut Self)) -> i64 {
        let at = self.at;
        sleep_until(at - length().seconds(), 2500);
        work(self);
        assert!(seconds_now() < at - 2, "the machine is too slow for this test");
        sleep_until(at, 50);
        self.said.insert(at, info(&self.redis));
        self.at += length().seconds();
        at
    }

    fn run(&self, command: &[&str]) {
        self.redis.command(command);
    }

    /// What INFO says of a command between the ends of two buckets.
    fn difference(&self, name: &str, at: i64) -> (f64, f64) {
        let at_end = |at: i64| self.said[&at].commands.get(name).copied().unwrap_or_default();
        let (before, after) = (at_end(at - length().seconds()), at_end(at));
        (after.0 - before.0, after.1 - before.1)
    }
}

/// Ends of the buckets in which something happened.
struct Happened {
    idle: i64,
    once: i64,
    burst: i64,
    restart: i64,
    reset: i64,
    exporter: i64,
    last: i64,
}

fn live(world: &mut World) -> Happened {
    let fill = "for i = 1, 20000 do redis.call('SET', 'key:' .. i, i) end";
    world.bucket(|world| world.run(&["EVAL", fill, "0"]));
    let idle = world.bucket(|_| ());
    let once = world.bucket(|world| world.run(&["KEYS", "*"]));
    let burst = world.bucket(|world| (0..60).for_each(|_| world.run(&["KEYS", "nothing*"])));
    world.bucket(|_| ());
    let restart = world.bucket(|world| {
        (0..5).for_each(|_| world.run(&["KEYS", "*"]));
        std::thread::sleep(Duration::from_millis(1300));
        world.redis.restart();
        (0..9).for_each(|_| world.run(&["KEYS", "*"]));
    });
    world.bucket(|_| ());
    let reset = world.bucket(|world| {
        (0..3).for_each(|_| world.run(&["KEYS", "*"]));
        std::thread::sleep(Duration::from_millis(1300));
        world.run(&["CONFIG", "RESETSTAT"]);
        (0..2).for_each(|_| world.run(&["KEYS", "*"]));
    });
    world.bucket(|_| ());
    let exporter = world.bucket(|world| {
        world.exporter.stop();
        world.exporter = Running::exporter(world.redis.port(), world.second);
    });
    let last = world.bucket(|world| (0..4).for_each(|_| world.run(&["KEYS", "*"])));
    sleep_until(last, 2500);
    Happened { idle, once, burst, restart, reset, exporter, last }
}

fn check(world: &World, happened: &Happened, url: &str) {
    let Happened { idle, once, burst, restart, reset, exporter, last } = *happened;
    let span = LoadSpan { from: idle, to: last };
    let keys = format!("url: '{url}', match: {{job: redis}}");
    let run_id = &world.said[&last].run_id;
    let read = |keys: &str, live: &[(&str, &str)]| {
        read_within(keys, span, length(), live, Duration::from_secs(60))
    };
    let load = read(&keys, &[("", run_id)]).unwrap_or_else(|failure| panic!("{url}: {failure:?}"));
    assert_eq!(load.facts.warnings, Vec::<String>::new(), "{url}");
    assert!(load.facts.clock_ahead.is_some_and(|ahead| ahead.abs() < 5.0), "{:?}", load.facts);
    assert_eq!(load.facts.held_since, Some(idle), "{url}");
    let place = &load.places[""];
    assert_eq!(place.identity, envparity::model::LoadIdentity::Proven, "{url}");
    let other = read(&keys, &[("", "0123")]).expect("the same");
    let found = &other.places[""].identity;
    assert!(matches!(found, envparity::model::LoadIdentity::AnotherServer { .. }), "{found:?}");
    check_steps(world, happened, place, url);
    let made = make_buckets(load, &lists());
    let keys_at = |at: i64| command(&made, "keys", at).map(|row| (row.a, row.b));
    assert_eq!(keys_at(once), Some(world.difference("keys", once)), "{url}");
    assert_eq!(keys_at(once).map(|told| told.0), Some(1.0), "{url}: one KEYS ever counts 1");
    let (calls, micros) = world.difference("keys", burst);
    assert_eq!((calls, keys_at(burst)), (60.0, Some((calls, micros))), "{url}: the share is exact");
    let at_least = |at: i64, wanted: [f64; 2], kind: BucketFlags| {
        let row = command(&made, "keys", at).unwrap_or_else(|| panic!("{url}: nothing at {at}"));
        assert!((wanted[0]..=wanted[1]).contains(&row.a), "{url}: {row:?}");
        assert!(row.flags.contains(BucketFlags::AT_LEAST | kind), "{url}: {row:?}");
    };
    at_least(restart, [9.0, 14.0], BucketFlags::RESTART);
    at_least(reset, [2.0, 5.0], BucketFlags::RESET);
    assert_eq!(keys_at(exporter), None, "{url}: an exporter's restart is no load");
    assert_eq!(keys_at(last).map(|told| told.0), Some(4.0), "{url}");
    let up = bucket(&made, &Series::Up, exporter).expect("it was scraped");
    for flag in [BucketFlags::RESTART, BucketFlags::RESET, BucketFlags::UNPROVEN] {
        assert!(!up.flags.contains(flag), "{url}: {up:?}");
    }
    assert!(zeros(&made, once) && zeros(&made, burst + length().seconds()), "{url}");
    check_scrapers(span, happened, world.first, url);
}

/// Each step has what INFO said then: calls, time, keys and CPU.
fn check_steps(world: &World, happened: &Happened, place: &PlaceLoad, url: &str) {
    let Happened { restart, reset, exporter, .. } = *happened;
    for (row, step) in place.steps.rows().iter().enumerate() {
        let at = step.at_millis / 1000;
        let said = &world.said[&at];
        assert_eq!(place.steps.run_id(row), Some(said.run_id.as_str()), "{url} {at}");
        assert_eq!(place.steps.keys().get(row), Some(said.keys), "{url} {at}");
        // Between the last sample and INFO the exporters may have asked again.
        let processed = place.steps.processed().get(row).expect("a step has it");
        assert!((0.0..100.0).contains(&(said.processed - processed)), "{url} {at}: {processed}");
        let cpu = place.steps.cpu().get(row).expect("a step has it") / 1e6;
        assert!((-1e-5..2.0).contains(&(said.cpu - cpu)), "{url} {at}: {cpu}, not {}", said.cpu);
        for name in ["keys", "set", "eval"] {
            let columns = place.steps.commands().get(name);
            let told = columns.and_then(|c| Some((c.calls.get(row)?, c.micros.get(row)?)));
            // What has vanished is told until the bucket ends.
            if ![restart, reset].contains(&at) || said.commands.contains_key(name) {
                assert_eq!(told, said.commands.get(name).copied(), "{url} {name} at {at}");
            }
        }
        let is_usual = (0.7..1.3).contains(&(f64::from(step.samples) / length().as_f64()));
        assert!(is_usual || [restart, exporter].contains(&at), "{step:?}");
    }
}

/// Whether commands that have no row are proven not to have been called.
fn zeros(made: &BucketedLoad, at: i64) -> bool {
    bucket(made, &Series::Up, at).is_some_and(|up| up.flags.contains(BucketFlags::ZEROS))
}

/// Two scrapers are refused, and counters that a scraper drops are unknown.
fn check_scrapers(span: LoadSpan, happened: &Happened, port: u16, url: &str) {
    let read = |keys: &str| {
        let keys = format!("url: '{url}', {keys}");
        read_within(&keys, span, length(), &[], Duration::from_secs(60))
    };
    let failure = read("match: {job: nothing}");
    assert!(failure.expect_err("no such job").message.starts_with("no series"), "{url}");
    let both = format!("match: {{instance: '127.0.0.1:{port}'}}");
    let failure = read(&both).expect_err("two jobs scrape it");
    assert!(failure.message.contains("job=\"again\""), "{url}: {failure}");
    let dropped = read("match: {job: dropped}").expect("it is kept");
    assert!(!dropped.places[""].steps.commands().contains_key("keys"));
    let dropped = make_buckets(dropped, &lists());
    let Happened { once, burst, .. } = *happened;
    assert!(!zeros(&dropped, once) && !zeros(&dropped, burst), "{url}: KEYS may have been called");
}

fn lives(binary: Binary) {
    let mut world = World::start(binary);
    let happened = live(&mut world);
    check(&world, &happened, &world.prometheus.url());
    check(&world, &happened, &world.victoria.url());
}

#[test]
fn prometheus_tells_what_info_says_of_redis_70() {
    lives(Binary::Redis70);
}

#[test]
fn prometheus_tells_what_info_says_of_redis_62() {
    lives(Binary::Redis62);
}
