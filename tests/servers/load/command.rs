//! `envparity sample` as a command, on real servers.

use std::process::Child;

use super::*;
use crate::support::cli::send_signal;
use crate::support::cli::slowness::wait_until;
use crate::support::hostile::{Behaviour, Hostile};

/// Profiles of one environment with these Redis targets, and the path of a history.
fn world(targets: &Value) -> (Profiles, String) {
    let profiles = Profiles::new(&[("qualif", json!({"targets": {"redis": targets}}))]);
    let history = profiles.path("load.db").display().to_string();
    (profiles, history)
}

fn target(name: &str, url: &str) -> Value {
    json!({"name": name, "url": url, "deadline": "2s"})
}

/// Samples of a target in the history.
fn kept(history: &str, target: &str) -> usize {
    let options = SqliteOptions { create: false, ..SqliteOptions::default() };
    let Ok(mut store) = Store::open(Path::new(history), &options) else { return 0 };
    let all = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    let target = TargetId::new("redis", target);
    store.read_samples(&"qualif".into(), &target, all.0, all.1).map_or(0, |samples| samples.len())
}

fn sampling(profiles: &Profiles, history: &str, lasting: &str) -> Child {
    let run = ["sample", "--every", "1s", "--for", lasting, "--history", history];
    profiles.command(&run).start()
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_was_not_sampled_once_is_incomplete() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let (profiles, history) = world(&json!([target("cache", &redis.url())]));
    let once = ["sample", "--history", &history];
    let done = profiles.run(&once);
    assert_eq!(done.expect(0).stdout, "kept: 1 sample of 1 target\n");
    assert!(done.stderr.is_empty(), "{done}");

    // Beside one that answers, alone, and where it is not required.
    let gone = target("gone", "redis://127.0.0.1:1");
    let (profiles, history) = world(&json!([target("cache", &redis.url()), gone]));
    let both = profiles.run(&["sample", "--history", &history]);
    let told = "kept: 1 sample of 2 targets\n  qualif redis/gone: 0 of 1 times\n";
    assert_eq!(both.expect(3).stdout, told);
    assert!(both.says("not sampled: qualif redis/gone: "), "{both}");
    assert!(both.says("incomplete: no sample of qualif redis/gone"), "{both}");
    let mut spare = target("gone", "redis://127.0.0.1:1");
    spare["required"] = false.into();
    let (profiles, history) = world(&json!([target("cache", &redis.url()), spare]));
    profiles.run(&["sample", "--history", &history]).expect(0);
    let (profiles, history) = world(&json!([spare]));
    let nothing = profiles.run(&["sample", "--history", &history]);
    assert!(nothing.expect(3).says("incomplete: no sample of any target"), "{nothing}");

    // A password that the server does not take, and INFO that it does not allow.
    let locked = RedisServer::with_acl(Binary::Redis70);
    let (profiles, history) = world(&json!([target("cache", &locked.url())]));
    profiles.run(&["sample", "--history", &history]).expect(3);

    // No target at all is a mistake.
    let other = Profiles::of(&["qualif"]);
    other.recorded("qualif", &crate::support::cli::recorded_info("redis-7.0.15"));
    let none = other.run(&["sample", "--history", &history]);
    assert!(none.expect(2).says("nothing to sample: no live Redis target"), "{none}");
}

/// What stands in for a target in an audit is no sample of now.
#[test]
fn a_recorded_answer_is_no_sample() {
    let recorded = crate::support::cli::recorded_info("redis-7.0.15");
    let mut gone = target("cache", "redis://127.0.0.1:1");
    gone["else-recorded"] = recorded.display().to_string().into();
    let (profiles, history) = world(&json!([gone]));
    profiles.run(&["sample", "--history", &history]).expect(3);
    assert_eq!(kept(&history, "cache"), 0);
}

/// One that accepts and says nothing takes its whole deadline each time; the other one is asked
/// each second as if it were alone.
#[test]
fn a_target_that_hangs_delays_no_other_and_is_asked_less_often() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let silent = Hostile::start(Behaviour::Silent);
    let mut hung = target("hung", &format!("redis://{}", silent.address()));
    hung["deadline"] = "4s".into();
    let (profiles, history) = world(&json!([target("cache", &redis.url()), hung]));
    let (code, stdout, stderr) = ended(sampling(&profiles, &history, "12s"));
    assert_eq!(code, Some(3), "{stderr}");
    // Thirteen moments; a busy machine may be late for some.
    let samples = kept(&history, "cache");
    assert!((8..=13).contains(&samples), "{samples}: {stdout}");
    assert!(stdout.contains("qualif redis/hung: 0 of "), "{stdout}");
    // Told once, however often it was asked.
    assert_eq!(stderr.matches("not sampled: qualif redis/hung").count(), 1, "{stderr}");
    assert!(silent.received() > 0);
}

#[test]
fn a_server_that_restarts_in_between_is_sampled_again_and_that_is_seen() {
    let mut redis = RedisServer::start(Binary::Redis70, &[]);
    let (profiles, history) = world(&json!([target("cache", &redis.url())]));
    let child = sampling(&profiles, &history, "20s");
    wait_until("it is sampled", || kept(&history, "cache") >= 2);
    redis.stop();
    std::thread::sleep(Duration::from_secs(3));
    let before = kept(&history, "cache");
    redis.restart();
    wait_until("it is sampled again", || kept(&history, "cache") > before);
    let (code, stdout, stderr) = ended(child);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("not sampled: qualif redis/cache: "), "{stderr}");
    assert!(stderr.contains("sampled again: qualif redis/cache"), "{stderr}");
    assert!(stdout.contains("  qualif redis/cache: "), "{stdout}");
    let mut store = Store::open(Path::new(&history), &SqliteOptions::default()).expect("it is");
    let target = TargetId::new("redis", "cache");
    let span = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    let samples =
        store.read_samples(&"qualif".into(), &target, span.0, span.1).expect("it can be read");
    let mut runs: Vec<&str> = samples.iter().map(|sample| sample.run_id.as_str()).collect();
    runs.dedup();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(store.verify(None).expect("it can be read").is_ok());
}

/// Another program writes for longer than is waited for: samples are held, and kept afterwards.
#[test]
fn a_history_that_is_locked_for_a_while_loses_no_sample() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let (profiles, history) = world(&json!([target("cache", &redis.url())]));
    let child = sampling(&profiles, &history, "15s");
    wait_until("it is sampled", || kept(&history, "cache") >= 1);
    let other = rusqlite::Connection::open(&history).expect("it is there");
    other.busy_timeout(Duration::from_secs(5)).expect("a time");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let before = kept(&history, "cache");
    std::thread::sleep(Duration::from_secs(7));
    other.execute_batch("ROLLBACK").expect("no lock");
    drop(other);
    let (code, stdout, stderr) = ended(child);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("not kept yet: the history"), "{stderr}");
    assert!(stderr.contains("kept again"), "{stderr}");
    let after = kept(&history, "cache");
    assert!(stdout.contains(&format!("kept: {after} samples")), "{after}: {stdout}");
    // While it was locked, too.
    assert!(after >= before + 6, "{before}, {after}");
}

#[test]
fn a_history_that_can_never_be_written_ends_it_at_once() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    let (profiles, history) = world(&json!([target("cache", &redis.url())]));
    std::fs::write(&history, "not a database, and long enough to be taken for one".repeat(40))
        .expect("a file of ours");
    let child = sampling(&profiles, &history, "60s");
    let (code, stdout, stderr) = ended(child);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("1 sample not kept: the history"), "{stderr}");
    assert_eq!(stdout, "kept: 0 samples of 1 target\n");
}

#[test]
fn a_signal_ends_it_and_what_was_sampled_stays() {
    let redis = RedisServer::start(Binary::Redis70, &[]);
    for signal in ["TERM", "INT"] {
        let (profiles, history) = world(&json!([target("cache", &redis.url())]));
        let child = sampling(&profiles, &history, "60s");
        wait_until("it is sampled", || kept(&history, "cache") >= 2);
        send_signal(signal, &child);
        let start = Instant::now();
        let (code, _, stderr) = ended(child);
        assert_eq!(code, Some(130), "{stderr}");
        assert!(start.elapsed() < scaled(Duration::from_secs(2)), "{:?}", start.elapsed());
        assert!(kept(&history, "cache") >= 2);
        let mut store = Store::open(Path::new(&history), &SqliteOptions::default()).expect("it is");
        assert!(store.verify(None).expect("it can be read").is_ok());
    }
}
