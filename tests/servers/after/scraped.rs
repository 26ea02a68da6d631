//! The same worlds by a real Prometheus that scrapes a real redis_exporter: the Redis itself cannot
//! be reached from where the release is watched.

use super::*;

/// Scrapes an exporter each second.
fn scraping(exporter: &Running, dir: &std::path::Path) -> Running {
    let config = dir.join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: redis\n  static_configs:\n  - \
         {{targets: ['127.0.0.1:{}'], labels: {{instance: production}}}}\n",
        exporter.port()
    );
    std::fs::write(&config, text).unwrap();
    Running::prometheus(&config, &dir.join("data"), &[])
}

/// Where the load of production's Redis is kept, as a profile says it.
fn load_of(prometheus: &Running) -> String {
    format!(
        ", load: {{prometheus: {{url: \"{}\", match: {{job: redis, instance: production}}, deadline: \
         60s}}}}",
        prometheus.url()
    )
}

/// Production whose Redis nobody reaches, and a Prometheus that scrapes it.
struct Unreachable {
    production: Production,
    _exporter: Running,
    prometheus: Running,
    _dir: tempfile::TempDir,
}

impl Unreachable {
    fn new() -> Self {
        let redis = full_redis();
        let exporter = Running::exporter(redis.port(), free_port());
        let dir = tempfile::tempdir().unwrap();
        let prometheus = scraping(&exporter, dir.path());
        let url = format!("redis://127.0.0.1:{}", free_port());
        let production = Production::at(redis, &url, &load_of(&prometheus));
        Self { production, _exporter: exporter, prometheus, _dir: dir }
    }
}

/// World 6.
#[test]
fn v22_is_rolled_back_within_a_minute_by_what_a_prometheus_scrapes() {
    let world = Unreachable::new();
    let quiet = Traffic::start(&world.production.redis, false);
    let watching = world.production.watch(&["--after-release", "v22", "--for", "5m"]);
    watching.wait_for("redis/cache is read by prometheus http://");
    // Builds were seen after that, too, so that the counters are of before the release.
    world.production.runs(&v21());
    thread::sleep(scaled(Duration::from_secs(4)));
    world.production.runs(&v22());
    watching.wait_for("production changed: stock-import v21 -> v22 (+1)");
    let changed = Instant::now();
    drop(quiet);
    let _traffic = Traffic::start(&world.production.redis, true);
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(changed.elapsed() < scaled(Duration::from_secs(60)), "{said}");
    assert!(
        said.contains("KEYS, new since stock-import v21 -> v22 (+1) (exit 1, after "),
        "{said}"
    );
}

/// World 7; and when the Prometheus goes, nobody knows any more.
#[test]
fn the_fix_holds_by_what_a_prometheus_scrapes_until_that_is_gone() {
    let mut world = Unreachable::new();
    let _traffic = Traffic::start(&world.production.redis, false);
    let watching = world.production.watch(&["--after-release", "v22", "--for", "8s"]);
    watching.wait_for("redis/cache is read by prometheus http://");
    world.production.runs(&v22());
    watching.wait_for("production runs all 3 of v22 (2 changed)");
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("HOLDING v22: production holds v22"), "{said}");
    world.prometheus.stop();
    let watching = world.production.watch(&["--after-release", "v22", "--for", "5s"]);
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("redis/cache is not read"), "{said}");
}

/// On 6.2 one CONFIG of an exporter makes zeros of INFO doubtful: series prove them.
#[test]
fn series_prove_what_is_new_on_a_redis_6_2_beside_an_exporter() {
    let redis = RedisServer::start(Binary::Redis62, &[]);
    redis.command(&["DEBUG", "POPULATE", KEYS, "timetable"]);
    let exporter = Running::exporter(redis.port(), free_port());
    drop(scrape(&exporter));
    let quiet = scrape(&exporter);
    let now = now().parse::<Timestamp>().unwrap().as_second();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let phases = vec![(now - 3 * 3_600, quiet)];
    blocks_of(&openmetrics(&[("production", phases)], now + 60, 15), &data);
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").unwrap();
    let prometheus = Running::prometheus(&config, &data, &[]);
    let production = Production::over(redis, &load_of(&prometheus));
    let watching = production.watch(&["--after-release", "v22", "--for", "5m"]);
    thread::sleep(scaled(Duration::from_secs(3)));
    production.runs(&v22());
    let _traffic = Traffic::start(&production.redis, true);
    let (code, said, _) = watching.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("KEYS, new since stock-import v21 -> v22 (+1)"), "{said}");
}
