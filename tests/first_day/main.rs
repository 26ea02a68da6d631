//! What three teams see on their first day, with the profiles that a newcomer writes after README:
//! one with three clusters, 40 services of its own and 8 Redis; one with compose and one server;
//! one that audits in GitHub Actions.
//!
//! Each whole screen stands in a file beside this one. Verdict, exit code and what must be told are
//! asked for by hand as well, since a stored screen is only as right as the person who stored it.

#[path = "../support/mod.rs"]
mod support;

mod actions;
mod cluster;
mod compose;
mod three_clusters;

use std::fs;

use support::cli::{Ended, Profiles, repository};

/// What a terminal has today.
const SCREEN: usize = 50;

/// Compares a screen with the stored one, or stores it.
#[track_caller]
fn compare(name: &str, screen: &str) {
    let path = repository(&format!("tests/first_day/{name}.txt"));
    let screen = &without_digest(screen);
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        fs::write(&path, screen).expect("write into the repository");
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == *screen,
        "tests/first_day/{name}.txt is not what is printed; ENVPARITY_REGEN=1 cargo test --test \
         first_day writes it anew\n{screen}"
    );
}

/// The profiles' digest has another value where a busy machine has longer deadlines.
fn without_digest(screen: &str) -> String {
    let lines = screen.split_inclusive('\n').map(|line| {
        let Some(at) = line.find("· profiles ") else { return line.to_owned() };
        let (head, digest) = line.split_at(at);
        let hide = |c: char| if c.is_ascii_digit() || ('a'..='f').contains(&c) { '0' } else { c };
        let (word, digest) = digest.split_at("· profiles ".len());
        format!("{head}{word}{}", digest.chars().map(hide).collect::<String>())
    });
    lines.collect()
}

/// The same for a screen of one command, which fits a terminal.
#[track_caller]
fn compare_screen(name: &str, ended: &Ended) {
    assert!(ended.stdout.lines().count() <= SCREEN, "more than {SCREEN} lines\n{ended}");
    compare(name, &ended.stdout);
}

/// What a terminal of 120 columns shows.
fn on_terminal(profiles: &Profiles, arguments: &[&str]) -> Ended {
    profiles.command(arguments).env("COLUMNS", "120").run()
}

/// What `check-profiles` says, problems too.
fn check(profiles: &Profiles, secrets: &[(&str, &str)]) -> Ended {
    let mut checked = profiles.run_with(&["check-profiles"], secrets);
    for text in [&mut checked.stdout, &mut checked.stderr] {
        *text = text.replace(&profiles.folder().display().to_string(), "profiles");
    }
    checked
}

/// In one line and with single blanks, so that it does not matter where a line was broken.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a screen must tell and what it must not.
#[track_caller]
fn tells(screen: &str, wanted: &[&str], unwanted: &[&str]) {
    let screen_flat = flat(screen);
    for words in wanted {
        assert!(screen_flat.contains(words), "{words:?} is not told\n{screen}");
    }
    for words in unwanted {
        assert!(!screen_flat.contains(words), "{words:?} is told\n{screen}");
    }
}

/// INFO of a real server as another instance would answer: its own identity, at this time.
fn info(recorded: &str, instance: &str, seconds: i64) -> String {
    let text = fs::read_to_string(support::cli::recorded_info(recorded)).expect("it is recorded");
    let identity = &cluster::sha256(instance)[..40];
    let facts = [
        ("run_id", identity.to_owned()),
        ("master_replid", cluster::sha256(identity)[..40].to_owned()),
        ("server_time_usec", (seconds * 1_000_000).to_string()),
        ("uptime_in_seconds", (20 * 86_400).to_string()),
        ("uptime_in_days", "20".to_owned()),
    ];
    let line = |line: &str| {
        let key = line.trim_end().split(':').next().unwrap_or_default();
        match facts.iter().find(|(name, _)| *name == key) {
            Some((name, value)) => format!("{name}:{value}\r\n"),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}
