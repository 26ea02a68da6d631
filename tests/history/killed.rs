//! A writer that is killed, a hundred times: what was committed stays.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use envparity::history::Store;

use crate::world::{audit, evidence, file, now, open, save};

/// Where the child writes; without it, there is no child.
const PATH: &str = "ENVPARITY_TEST_KILLED_HISTORY";

/// How many runs it writes, unless it is killed before.
const RUNS: &str = "ENVPARITY_TEST_KILLED_RUNS";

/// A file, or a URL where there is a server.
fn open_either(place: &str) -> Store {
    #[cfg(all(feature = "postgres", feature = "real-servers"))]
    if place.starts_with("postgres://") {
        return crate::postgres::open(place);
    }
    open(place.as_ref())
}

/// A process that writes runs and says so of each.
pub(crate) fn writer(place: &str, runs: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::writes_until_it_is_killed", "--nocapture"])
        .envs([(PATH, place), (RUNS, &runs.to_string())])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs that a writer told of.
pub(crate) fn told(line: &str) -> Option<(i64, String)> {
    let (id, digest) = line.strip_prefix("saved ")?.split_once(' ')?;
    Some((id.parse().unwrap(), digest.to_owned()))
}

/// The child: it writes runs until it is killed, and says so of each.
#[test]
fn writes_until_it_is_killed() {
    let Ok(place) = std::env::var(PATH) else { return };
    let runs: usize = std::env::var(RUNS).unwrap().parse().unwrap();
    let evidence = evidence();
    let mut store = open_either(&place);
    for _ in 0..runs {
        let saved = save(&mut store, audit(now(), &evidence));
        println!("\nsaved {} {}", saved.id, saved.digest);
    }
}

#[test]
fn a_writer_that_is_killed_a_hundred_times_loses_at_most_its_last_run() {
    let (_folder, path) = file();
    kill_writers(path.to_str().unwrap(), 100);
}

/// Kills writers again and again, each at another moment, and looks whether what they told of is
/// there.
pub(crate) fn kill_writers(place: &str, rounds: u64) {
    let mut runs = 0;
    for round in 0..rounds {
        let mut child = writer(place, usize::MAX);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last: Option<(i64, String)> = None;
        let mut take = |line: Option<Result<String, std::io::Error>>| {
            let line = line?.unwrap();
            last = told(&line).or_else(|| last.take());
            Some(last.is_some())
        };
        // It has begun: now at any moment.
        while take(lines.next()) == Some(false) {}
        std::thread::sleep(Duration::from_micros((round * 7_919) % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        while take(lines.next()).is_some() {}
        let (id, digest) = last.unwrap();
        let mut store = open_either(place);
        let verified = store.verify(Some(&digest)).unwrap().unwrap();
        // What it told of is there; of one more it could not tell any more.
        assert!((id..=id + 1).contains(&verified.runs), "{round}: {id} of {}", verified.runs);
        assert!(verified.runs > runs);
        runs = verified.runs;
    }
}
