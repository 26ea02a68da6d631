//! A writer that is killed, a hundred times: what was committed stays.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::world::{audit, evidence, file, now, open, save};

/// Where the child writes; without it, there is no child.
const PATH: &str = "ENVPARITY_TEST_KILLED_HISTORY";

/// The child: it writes runs until it is killed, and says so of each.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let evidence = evidence();
    let mut store = open(path.as_ref());
    loop {
        let saved = save(&mut store, audit(now(), &evidence));
        println!("\nsaved {} {}", saved.id, saved.digest);
    }
}

#[test]
fn a_writer_that_is_killed_a_hundred_times_loses_at_most_its_last_run() {
    let (_folder, path) = file();
    let mut runs = 0;
    for round in 0..100_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::writes_until_it_is_killed", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last: Option<(i64, String)> = None;
        let mut take = |line: Option<Result<String, std::io::Error>>| {
            let line = line?.unwrap();
            if let Some(rest) = line.strip_prefix("saved ") {
                let (id, digest) = rest.split_once(' ').unwrap();
                last = Some((id.parse().unwrap(), digest.to_owned()));
            }
            Some(last.is_some())
        };
        // It has begun: now at any moment.
        while take(told.next()) == Some(false) {}
        std::thread::sleep(Duration::from_micros((round * 7_919) % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        while take(told.next()).is_some() {}
        let (id, digest) = last.unwrap();
        let mut store = open(&path);
        let verified = store.verify(Some(&digest)).unwrap().unwrap();
        // What it told of is there; of one more it could not tell any more.
        assert!((id..=id + 1).contains(&verified.runs), "{round}: {id} of {}", verified.runs);
        assert!(verified.runs > runs);
        runs = verified.runs;
    }
}
