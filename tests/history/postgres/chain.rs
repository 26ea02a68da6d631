//! The chain of runs where several write it, are killed, or edit it behind our back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};

use envparity::collect::config::COLLECTORS;

use super::{open, try_open};
use crate::killed::{kill_writers, told, writer};
use crate::postgres_server::PostgresServer;
use crate::tampering::{Lot, TABLES, full};
use crate::world::{audit, evidence, key, now, sample, save};

#[test]
fn eight_processes_make_one_chain() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let writers: Vec<_> = (0..8).map(|_| writer(&url, 20)).collect();
    let mut all = BTreeSet::new();
    for mut child in writers {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let own: Vec<_> = lines.filter_map(|line| told(&line.unwrap())).collect();
        assert!(child.wait().unwrap().success() && own.len() == 20, "{own:?}");
        all.extend(own);
    }
    let mut store = open(&url);
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 160);
    let ids: Vec<i64> = all.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=160).collect::<Vec<_>>());
    let (_, digest) = all.first().unwrap();
    store.verify(Some(digest)).unwrap().unwrap();
}

#[test]
fn a_writer_that_is_killed_again_and_again_loses_at_most_its_last_run() {
    let server = PostgresServer::start();
    kill_writers(&server.database("past"), 30);
}

#[test]
fn a_backend_that_dies_costs_the_run_that_it_was_writing_and_no_more() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let evidence = evidence();
    let mut store = open(&url);
    let first = save(&mut store, audit(now(), &evidence));
    let backends = "FROM pg_stat_activity WHERE application_name = 'envparity'";
    // Between two transactions: the next one connects again.
    server.sql("past", &format!("SELECT pg_terminate_backend(pid) {backends}"));
    let second = save(&mut store, audit(now(), &evidence));
    assert_eq!((first.id, second.id), (1, 2));
    // In the middle of one: what was inserted is not kept, and the next run is whole.
    for end in ["SELECT pg_terminate_backend(pid)", "kill -9"] {
        let lock = server.session("past", "LOCK TABLE run IN ACCESS EXCLUSIVE MODE");
        let saving = std::thread::spawn({
            let (url, evidence) = (url.clone(), evidence.clone());
            move || open(&url).save_run(audit(now(), &evidence), COLLECTORS)
        });
        let waits = format!("{backends} AND wait_event_type = 'Lock'");
        let pid = loop {
            let pid = server.sql("past", &format!("SELECT pid {waits}"));
            if let Ok(pid) = pid.parse::<u32>() {
                break pid;
            }
        };
        if end == "kill -9" {
            crate::postgres_server::signal("KILL", pid);
        } else {
            server.sql("past", &format!("{end} {waits}"));
        }
        let error = saving.join().unwrap().unwrap_err();
        assert!(super::told(&error).contains("the connection to the database ended"), "{error}");
        drop(lock);
    }
    // The server has started anew meanwhile: killing one of its processes ends them all.
    let third = loop {
        let saved =
            try_open(&url, true).and_then(|mut s| s.save_run(audit(now(), &evidence), COLLECTORS));
        match saved {
            Ok(saved) => break saved,
            Err(error) => assert!(
                super::told(&error).contains("start") || super::told(&error).contains("ended"),
                "{error}"
            ),
        }
    };
    assert_eq!(third.id, 3);
    assert_eq!(open(&url).verify(Some(&first.digest)).unwrap().unwrap().runs, 3);
}

/// Rows of each table, and the types of its columns.
struct Columns(BTreeMap<String, String>);

impl Columns {
    fn of(server: &PostgresServer) -> Self {
        let told = server.sql(
            "past",
            "SELECT table_name || '.' || column_name, data_type FROM information_schema.columns \
             WHERE table_schema = 'public'",
        );
        let pairs = told.lines().filter_map(|line| line.split_once('|'));
        Self(pairs.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect())
    }
}

/// An edit of one row, as a statement, and the table; which row and how is drawn by lot.
fn edit(columns: &Columns, lot: &mut Lot) -> (&'static str, String) {
    let (table, names) = TABLES[lot.draw(TABLES.len())];
    let names: Vec<&str> = names.split(", ").collect();
    let row = format!("(SELECT count(*) * {} / 1000 FROM {table})", lot.draw(1_000));
    let one = format!("ctid = (SELECT ctid FROM {table} ORDER BY ctid LIMIT 1 OFFSET {row})");
    if lot.draw(4) == 0 {
        return (table, format!("DELETE FROM {table} WHERE {one}"));
    }
    let column = names[lot.draw(names.len())];
    let new = match columns.0[&format!("{table}.{column}")].as_str() {
        "bigint" => format!("{column} + 1"),
        "double precision" => format!("{column} + 0.25"),
        _ => {
            let place = format!("(1 + {} % greatest(length({column}), 1))", lot.draw(9_999));
            format!(
                "CASE WHEN {column} = '' THEN 'x' ELSE overlay({column} placing \
                 CASE WHEN substr({column}, {place}, 1) = 'e' THEN 'f' ELSE 'e' END \
                 from {place} for 1) END"
            )
        }
    };
    (table, format!("UPDATE {table} SET {column} = {new} WHERE {one}"))
}

#[test]
fn each_of_fifty_edits_and_a_cut_tail_are_found() {
    let server = PostgresServer::start();
    let head = full(open(&server.database("past")));
    let columns = Columns::of(&server);
    let kept: String =
        TABLES.map(|(table, _)| format!("CREATE TABLE kept.{table} AS TABLE {table};")).concat();
    server.sql("past", &format!("CREATE SCHEMA kept; {kept}"));
    let mut lot = Lot(20_261_128);
    let mut tables = BTreeSet::new();
    while tables.len() < 50 {
        let (table, what) = edit(&columns, &mut lot);
        // A key forbids some.
        if server.try_sql("past", &what).is_err() {
            continue;
        }
        let found = open(&server.url("past")).verify(None);
        assert!(!matches!(found, Ok(Ok(_))), "not found: {what}");
        let back = format!("TRUNCATE {table}; INSERT INTO {table} SELECT * FROM kept.{table}");
        server.sql("past", &back);
        tables.insert((tables.len(), table));
    }
    let tables: BTreeSet<&str> = tables.into_iter().map(|(_, table)| table).collect();
    assert!(tables.len() > 5, "{tables:?}");
    server.sql("past", "DROP SCHEMA kept CASCADE");
    let last = "(SELECT max(id) FROM run)";
    server.sql("past", &format!("DELETE FROM mark WHERE run = {last}"));
    server.sql("past", &format!("DELETE FROM run WHERE id = {last}"));
    let mut store = open(&server.url("past"));
    store.verify(None).unwrap().unwrap();
    let cut = store.verify(Some(&head)).unwrap().unwrap_err();
    assert!(cut.to_string().contains("was cut"), "{cut}");
    // What changes rows from then on is told, too.
    server.sql(
        "past",
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER late BEFORE INSERT ON run FOR EACH ROW EXECUTE FUNCTION nothing()",
    );
    assert!(store.verify(None).unwrap_err().to_string().contains("trigger"));
}

#[test]
fn readers_do_not_wait_for_a_writer_and_see_one_time() {
    let server = PostgresServer::start();
    let url = server.database("past");
    let evidence = evidence();
    save(&mut open(&url), audit(now(), &evidence));
    let writing = std::thread::spawn({
        let (url, evidence) = (url.clone(), evidence.clone());
        move || {
            let mut store = open(&url);
            (0..60).for_each(|_| drop(save(&mut store, audit(now(), &evidence))));
        }
    });
    let mut store = open(&url);
    let mut rounds = 0;
    while !writing.is_finished() {
        store.verify(None).unwrap().unwrap();
        let mut lines = Vec::new();
        store.export(&mut lines).unwrap();
        rounds += 1;
    }
    writing.join().unwrap();
    assert!(rounds > 0);
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 61);
}

#[test]
fn any_text_and_figure_comes_back_as_it_was() {
    let server = PostgresServer::start();
    let mut store = open(&server.database("past"));
    let mut odd = sample(now(), 1.0);
    odd.place = "a\0b\u{10ffff}é".to_owned();
    odd.role = "\0".to_owned();
    let kept = envparity::history::KeptSample { environment: "qualif".into(), sample: odd.clone() };
    store.add_samples(&[kept]).unwrap();
    let target = "redis/cache".to_owned().into();
    let minute = jiff::SignedDuration::from_mins(1);
    let found = store.read_samples(&"qualif".into(), &target, now() - minute, now()).unwrap();
    assert_eq!(found, [odd]);
    let mut of_place = key("ops");
    of_place.place = "\0".to_owned();
    store.add_buckets(&[(of_place.clone(), crate::world::buckets(300, 2))]).unwrap();
    assert_eq!(store.read_buckets(&of_place, 0, 900).unwrap(), crate::world::buckets(300, 2));
}

#[test]
fn of_twelve_runs_at_once_one_tells() {
    let server = PostgresServer::start();
    let url = server.database("past");
    crate::told::race(|| open(&url));
}
