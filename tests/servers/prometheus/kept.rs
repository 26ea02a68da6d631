//! Days that a Prometheus keeps: made of text, so that they need not be waited for.

use super::*;
use crate::support::prometheus::{Running, blocks_of};
use crate::support::tls::Certs;

const LENGTH: BucketLength = BucketLength::DEFAULT;

/// Metrics of one Redis, sampled every minute: behind full minutes, as scrapes are.
struct Text(String);

impl Text {
    fn add(&mut self, name: &str, labels: &str, at: i64, value: f64) {
        self.0 += &format!("redis_{name}{{job=\"redis\"{labels}}} {value} {at}.25\n");
    }
}

fn type_of(name: &str) -> String {
    format!("# TYPE redis_{name} unknown\n")
}

/// What a Redis of so many hours told. Each minute has ten GETs; each night at 02:00 five KEYS that
/// take a second each.
fn metrics(from: i64, to: i64, commands: usize) -> String {
    let mut text = Text(String::new());
    let steps = || (from..to).step_by(60);
    let minutes = |at: i64| f64::from(u32::try_from((at - from) / 60).expect("a few days"));
    // The burst of a night is seen by the first sample after it.
    let nights = |at: i64| {
        let days = (at + 75_600).div_euclid(86_400) - (from + 75_600).div_euclid(86_400);
        f64::from(u32::try_from(days).expect("a few days"))
    };
    let names: Vec<String> = (0..commands).map(|i| format!("c{i}")).collect();
    text.0 += &type_of("up");
    steps().for_each(|at| text.add("up", "", at, 1.0));
    text.0 += &type_of("commands_total");
    for name in &names {
        let label = format!(",cmd=\"{name}\"");
        steps().for_each(|at| text.add("commands_total", &label, at, 10.0 * minutes(at)));
    }
    steps().for_each(|at| text.add("commands_total", ",cmd=\"keys\"", at, 5.0 * nights(at)));
    text.0 += &type_of("commands_duration_seconds_total");
    let key = ",cmd=\"keys\"";
    steps().for_each(|at| text.add("commands_duration_seconds_total", key, at, 5.0 * nights(at)));
    text.0 += &type_of("commands_processed_total");
    for at in steps() {
        let count = f64::from(u32::try_from(commands).expect("few"));
        let all = 10.0 * minutes(at) * count + 5.0 * nights(at);
        text.add("commands_processed_total", "", at, all);
    }
    text.0 += "# EOF\n";
    text.0
}

#[test]
fn prometheus_that_keeps_less_than_the_window_says_since_when() {
    let end = LENGTH.floor(seconds_now() - 7200);
    let begin = end - 9 * 86_400;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    blocks_of(&metrics(begin, end, 3), &data);
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").expect("write the configuration");
    let prometheus = Running::prometheus(&config, &data, &["--storage.tsdb.retention.time=400d"]);
    let keys = format!("url: '{}', match: {{job: redis}}", prometheus.url());
    // Thirty days in five requests each, of which nine are kept.
    let span = LoadSpan { from: end - 30 * 86_400, to: end };
    let load = read(&keys, span, LENGTH).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(load.facts.held_since, Some(begin + 300));
    assert_eq!(load.facts.interval, Some(60.0));
    assert_eq!(load.places[""].identity, envparity::model::LoadIdentity::ByLabels);
    assert_eq!(load.places[""].steps.rows().len(), 9 * 288, "each bucket once");
    let made = make_buckets(load, &lists());
    let place = &made.places[""];
    let bursts = &place.buckets[&Series::Command("keys".to_owned())];
    let told: Vec<_> = bursts.iter().map(|row| (row.a, row.b, row.flags)).collect();
    let night = (5.0, 5e6, BucketFlags::NONE);
    assert!((8..=9).contains(&told.len()), "{told:?}");
    assert!(told.iter().all(|row| *row == night), "{told:?}");
    assert!(bursts.windows(2).all(|pair| pair[1].at - pair[0].at == 86_400), "{bursts:?}");
    let zeros = place.buckets[&Series::Up].iter();
    assert!(zeros.clone().all(|up| up.flags.contains(BucketFlags::ZEROS) && up.covered >= 300.0));
    let gets = &place.buckets[&Series::Command("c0".to_owned())];
    assert!(gets.iter().all(|row| (row.a - 50.0).abs() < 1e-9), "{:?}", gets.first());
}

#[test]
fn prometheus_with_more_commands_than_one_request_holds_tells_all_of_them() {
    let end = LENGTH.floor(seconds_now() - 7200);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    blocks_of(&metrics(end - 7200, end, 333), &data);
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n").expect("write the configuration");
    let prometheus = Running::prometheus(&config, &data, &[]);
    let keys = format!("url: '{}', match: {{job: redis}}", prometheus.url());
    let span = LoadSpan { from: end - 3600, to: end };
    let load = read(&keys, span, LENGTH).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(load.facts.held_since, Some(end - 3600));
    let steps = &load.places[""].steps;
    assert_eq!((steps.commands().len(), steps.rows().len()), (334, 13));
    let made = make_buckets(load, &lists());
    let up = &made.places[""].buckets[&Series::Up];
    assert_eq!(up.len(), 12);
    assert!(up.iter().all(|row| row.flags.contains(BucketFlags::ZEROS)), "{up:?}");
}

/// Of `test` in bcrypt, as web.yml of Prometheus wants it.
const WEB_PASSWORD: &str = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";

#[test]
fn prometheus_below_a_path_behind_tls_and_a_password_is_read() {
    let end = LENGTH.floor(seconds_now() - 7200);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (data, certs) = (dir.path().join("data"), Certs::new());
    blocks_of(&metrics(end - 7200, end, 2), &data);
    let (config, web) = (dir.path().join("prometheus.yml"), dir.path().join("web.yml"));
    std::fs::write(&config, "scrape_configs: []\n").expect("write the configuration");
    let (cert, key) = (certs.server.cert.display(), certs.server.key.display());
    let tls = format!("tls_server_config: {{cert_file: '{cert}', key_file: '{key}'}}\n");
    let users = format!("basic_auth_users: {{auditor: '{WEB_PASSWORD}'}}\n");
    std::fs::write(&web, tls + &users).expect("write the web configuration");
    let web = format!("--web.config.file={}", web.display());
    let external = "--web.external-url=https://localhost/prom/base";
    let prometheus = Running::prometheus(&config, &data, &[&web, external]);
    let password = dir.path().join("password");
    let keys = |path: &str, said: &str, more: &str| {
        std::fs::write(&password, said).expect("write the password");
        let url = format!("https://localhost:{}{path}", prometheus.port());
        let auth = format!(
            "basic-auth: {{username: auditor, password: '${{file:{}}}'}}",
            password.display()
        );
        let tls = format!("tls: {{ca: '{}'}}", certs.ca.display());
        format!("url: '{url}', {auth}, {tls}, {more}")
    };
    let span = LoadSpan { from: end - 3600, to: end };
    let one = "match: {job: redis}";
    let load = read(&keys("/prom/base", "test", one), span, LENGTH);
    let load = load.unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(load.places[""].steps.rows().len(), 13);
    assert!(load.facts.source.ends_with("/prom/base"), "{}", load.facts.source);
    let failure = |keys: &str, span| read(keys, span, LENGTH).expect_err(keys);
    let refused = failure(&keys("/prom/base/", "wrong", one), span);
    assert_eq!(refused.kind, FailureKind::Authentication, "{refused}");
    let lost = failure(&keys("/elsewhere", "test", one), span);
    assert_eq!(lost.kind, FailureKind::Protocol, "{lost}");
    // One member has no series, which hides nothing of the other.
    let members = "match: {members: {'h:1': {job: redis}, 'h:2': {job: redes}}}";
    let load = read(&keys("/prom/base", "test", members), span, LENGTH).expect("one is there");
    assert_eq!(load.facts.warnings.len(), 1, "{:?}", load.facts.warnings);
    assert!(load.facts.warnings[0].starts_with("h:2: no series"), "{:?}", load.facts.warnings);
    let rows = ["h:1", "h:2"].map(|place| load.places[place].steps.rows().len());
    assert_eq!(rows, [13, 0]);
    // Known, and nothing of then.
    let before = LoadSpan { from: end - 90_000, to: end - 86_400 };
    let stale = failure(&keys("/prom/base", "test", one), before);
    assert_eq!(stale.message, "series without samples: {job=\"redis\"}");
    // Labels are matched as they are, not as expressions.
    let dot = failure(&keys("/prom/base", "test", "match: {job: 'r.dis'}"), span);
    assert!(dot.message.starts_with("no series"), "{dot}");
}
