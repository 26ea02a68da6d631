//! Overrides and answers survive what any run survives, and of several who override one run at once
//! one succeeds.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use envparity::history::{HistoryError, NewRun, SqliteOptions, Store};
use envparity::model::{Answer, Override};
use envparity::pipeline::{self, OverrideAsked, OverrideError};
use rusqlite::Connection;

use crate::world::{audit, evidence, file, now, open, save, stores};

/// A checklist of v22 that says NO-GO.
fn checklist() -> NewRun<'static> {
    NewRun {
        kind: "checklist",
        at: now(),
        verdict: "no-go",
        facts: BTreeMap::from([("release".to_owned(), "v22".to_owned())]),
        evidence: &[],
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said: serde_json::json!({"release": {"name": "v22", "digest": "ab"}}),
    }
}

fn asked(digest: &str, by: &str) -> OverrideAsked {
    OverrideAsked {
        digits: digest.to_owned(),
        by: by.to_owned(),
        approved_by: "bob".to_owned(),
        reason: "customers wait".to_owned(),
        four_eyes: true,
        at: now(),
        claims: BTreeMap::from([("user".to_owned(), "ci".to_owned())]),
    }
}

fn over(store: &mut Store, digest: &str) -> Result<Override, OverrideError> {
    pipeline::keep_override(store, &asked(digest, "alice"))
}

fn answer(item: &str) -> Answer {
    Answer {
        item: item.to_owned(),
        release: "v22".to_owned(),
        digest: "ab".to_owned(),
        is_yes: true,
        by: "alice".to_owned(),
        evidence: String::new(),
        at: now(),
        claims: BTreeMap::new(),
    }
}

#[test]
fn an_override_is_a_run_like_any_other() {
    for (name, mut store, _folder) in stores() {
        let run = save(&mut store, checklist()).digest;
        let done = over(&mut store, &run[..12]).unwrap();
        assert_eq!((done.of.as_str(), done.release.as_str()), (run.as_str(), "v22"), "{name}");
        assert_eq!(pipeline::overrides(&mut store).unwrap(), std::slice::from_ref(&done), "{name}");
        // Once is enough, and what is no checklist, or says GO, is not overridden.
        assert!(matches!(over(&mut store, &run), Err(OverrideError::Already { .. })), "{name}");
        let other = save(&mut store, audit(now(), &[])).digest;
        let error = over(&mut store, &other).unwrap_err();
        assert!(matches!(error, OverrideError::OtherKind { .. }), "{name}: {error}");
        let go = save(&mut store, NewRun { verdict: "go", ..checklist() }).digest;
        assert!(matches!(over(&mut store, &go), Err(OverrideError::SaysGo { .. })), "{name}");
        assert!(matches!(over(&mut store, "00000000"), Err(OverrideError::Reference(_))), "{name}");
        // Nothing was written by those that failed.
        let verified = store.verify(Some(&done.run)).unwrap().unwrap();
        assert_eq!(verified.runs, 4, "{name}");
        // It is read back from an export, and never pruned.
        let mut lines = Vec::new();
        store.export(&mut lines).unwrap();
        store
            .prune(now() + jiff::SignedDuration::from_hours(24 * 900), &envparity::trend::hours_of)
            .unwrap();
        assert_eq!(pipeline::overrides(&mut store).unwrap().len(), 1, "{name}");
        for (_, mut other, _folder) in stores() {
            other.import(&mut lines.as_slice()).unwrap();
            assert_eq!(
                pipeline::overrides(&mut other).unwrap(),
                std::slice::from_ref(&done),
                "{name}"
            );
        }
    }
}

#[test]
fn digits_of_two_runs_override_none() {
    for (name, mut store, _folder) in stores() {
        let saved: Vec<String> = (0..17).map(|_| save(&mut store, checklist()).digest).collect();
        let twice = saved
            .iter()
            .find(|one| saved.iter().filter(|other| other[..1] == one[..1]).count() > 1);
        let error = over(&mut store, &twice.unwrap()[..1]).unwrap_err();
        assert!(error.to_string().contains("give more digits"), "{name}: {error}");
    }
}

#[test]
fn of_several_at_once_one_overrides() {
    let (_folder, path) = file();
    let run = save(&mut open(&path), checklist()).digest;
    let attempt = |index: usize| {
        let mut store = open(&path);
        let by = format!("person {index}x");
        pipeline::keep_answer(&mut store, &answer(&by)).unwrap();
        pipeline::keep_override(&mut store, &asked(&run, &by)).is_ok()
    };
    let done: Vec<bool> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|index| {
                scope.spawn({
                    let attempt = &attempt;
                    move || attempt(index)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|is_done| **is_done).count(), 1, "{done:?}");
    let mut store = open(&path);
    assert_eq!(pipeline::overrides(&mut store).unwrap().len(), 1);
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 1 + 4 + 1);
}

#[test]
fn a_lock_and_a_full_file_leave_all_as_it_was() {
    let (_folder, path) = file();
    let run = save(&mut open(&path), checklist()).digest;
    let quick = SqliteOptions { wait: Duration::from_millis(200), ..SqliteOptions::default() };
    let mut store = Store::open(&path, &quick).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = over(&mut store, &run).unwrap_err();
    assert!(matches!(error, OverrideError::History(HistoryError::Locked(_))), "{error}");
    let error = pipeline::keep_answer(&mut store, &answer("a")).unwrap_err();
    assert!(matches!(error, HistoryError::Locked(_)), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(pipeline::overrides(&mut store).unwrap().is_empty());
    drop(store);
    // Full: answers until one does not fit, and then an override does not either.
    let full = SqliteOptions { max_pages: Some(40), ..SqliteOptions::default() };
    let mut store = Store::open(&path, &full).unwrap();
    let long = "x".repeat(20_000);
    let mut kept = 0;
    while pipeline::keep_answer(&mut store, &answer(&long)).is_ok() {
        kept += 1;
        assert!(kept < 1_000, "40 pages are never full");
    }
    let mut asked = asked(&run, "alice");
    asked.reason = long;
    let error = pipeline::keep_override(&mut store, &asked).unwrap_err();
    assert!(matches!(error, OverrideError::History(HistoryError::Full(_))), "{error}");
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 1 + kept);
    // With room again it is done.
    drop(store);
    over(&mut open(&path), &run).unwrap();
}

#[test]
fn what_was_altered_or_torn_is_not_overridden() {
    let alter = [
        "UPDATE run SET verdict = 'incomplete' WHERE id = 1",
        "UPDATE run SET at = at + 1 WHERE id = 1",
        "DELETE FROM run WHERE id = 2",
    ];
    for sql in alter {
        let (_folder, path) = file();
        let mut store = open(&path);
        let run = save(&mut store, checklist()).digest;
        save(&mut store, audit(now(), &evidence()));
        save(&mut store, audit(now(), &[]));
        drop(store);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let error = over(&mut open(&path), &run).unwrap_err();
        assert!(matches!(error, OverrideError::Tampered(_)), "{sql}: {error}");
    }
    // An override that was taken out, or made to say something else, is seen.
    for sql in ["DELETE FROM run WHERE id = 2", "UPDATE run SET body = replace(body, 'bob', 'eve')"]
    {
        let (_folder, path) = file();
        let mut store = open(&path);
        let run = save(&mut store, checklist()).digest;
        over(&mut store, &run).unwrap();
        let head = save(&mut store, audit(now(), &[])).digest;
        drop(store);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        assert!(open(&path).verify(Some(&head)).unwrap().is_err(), "{sql}");
    }
    let (folder, path) = file();
    let mut store = open(&path);
    let run = save(&mut store, checklist()).digest;
    save(&mut store, audit(now(), &evidence()));
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let torn = folder.path().join("torn.db");
    for page in 0..whole.len() / 4_096 {
        let mut bytes = whole.clone();
        bytes[page * 4_096..(page + 1) * 4_096].fill(0xa5);
        std::fs::write(&torn, bytes).unwrap();
        let done = Store::open(&torn, &SqliteOptions::default())
            .map_err(OverrideError::History)
            .and_then(|mut store| over(&mut store, &run));
        assert!(done.is_err(), "page {page}");
    }
}

/// Where the child writes; without it, there is no child.
const PLACE: &str = "ENVPARITY_TEST_KILLED_OVERRIDES";

fn open_either(place: &str) -> Store {
    #[cfg(all(feature = "postgres", feature = "real-servers"))]
    if place.starts_with("postgres://") {
        return crate::postgres::open(place);
    }
    open(place.as_ref())
}

/// The child: it makes checklists, overrides each, answers, and says so of each.
#[test]
fn overrides_until_it_is_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let mut store = open_either(&place);
    loop {
        let run = save(&mut store, checklist()).digest;
        let done = over(&mut store, &run).unwrap();
        pipeline::keep_answer(&mut store, &answer("a")).unwrap();
        println!("\noverrode {}", done.run);
    }
}

fn kill_overriders(place: &str, rounds: u64) {
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "overriding::overrides_until_it_is_killed", "--nocapture"])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = Vec::new();
        let mut take = |line: Option<Result<String, std::io::Error>>| {
            let line = line?.unwrap();
            told.extend(line.strip_prefix("overrode ").map(str::to_owned));
            Some(!told.is_empty())
        };
        while take(lines.next()) == Some(false) {}
        std::thread::sleep(Duration::from_micros((round * 7_919) % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        while take(lines.next()).is_some() {}
        let mut store = open_either(place);
        // All is there that it told of, and nothing is half there.
        let known = pipeline::overrides(&mut store).unwrap();
        for run in &told {
            assert!(known.iter().any(|one| one.run == *run), "round {round}: {run} is lost");
        }
        store.verify(told.last().map(String::as_str)).unwrap().unwrap();
    }
}

#[test]
fn who_is_killed_while_overriding_loses_nothing_that_was_told() {
    let (_folder, path) = file();
    kill_overriders(path.to_str().unwrap(), 25);
}

#[cfg(all(feature = "postgres", feature = "real-servers"))]
#[test]
fn postgresql_loses_no_override_either_and_lets_one_of_several_through() {
    let server = crate::postgres_server::PostgresServer::start();
    let url = server.database("past");
    kill_overriders(&url, 10);
    let run = save(&mut crate::postgres::open(&url), checklist()).digest;
    let attempt = |index: usize| {
        let mut store = crate::postgres::open(&url);
        pipeline::keep_override(&mut store, &asked(&run, &format!("person {index}x"))).is_ok()
    };
    let done: Vec<bool> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|index| {
                scope.spawn({
                    let attempt = &attempt;
                    move || attempt(index)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|is_done| **is_done).count(), 1, "{done:?}");
    crate::postgres::open(&url).verify(None).unwrap().unwrap();
}
