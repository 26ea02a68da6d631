//! Edits behind the history's back: each of what a run rests on is found.

use std::path::Path;

use envparity::history::{HistoryError, JudgedBuckets, JudgedSource, SqliteOptions, Store};
use envparity::model::{LoadSpan, SpanMark};
use jiff::SignedDuration;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::world::{audit, buckets, evidence, file, key, now, open, save};

/// A history in which every table holds something that a run rests on; its head.
pub(crate) fn full(mut store: Store) -> String {
    let mut evidence = evidence();
    for hours in 0..4 {
        for target in evidence.iter_mut().flat_map(|evidence| &mut evidence.targets) {
            target.set_taken(now() + SignedDuration::from_hours(hours));
        }
        let at = now() + SignedDuration::from_hours(hours);
        let mut run = audit(at, &evidence);
        let first = 300 + 3_600 * hours;
        store.add_buckets(&[(key("ops"), buckets(first, 12))]).unwrap();
        run.judged = vec![
            JudgedBuckets {
                key: key("ops"),
                from: first - 300,
                to: first + 3_300,
                from_source: JudgedSource::History,
            },
            JudgedBuckets {
                key: key("cpu"),
                from: first - 300,
                to: first + 3_300,
                from_source: JudgedSource::Outside {
                    source: "prometheus https://prom".to_owned(),
                    query: "q".to_owned(),
                    answer: "cd".repeat(32),
                    buckets: buckets(first, 12),
                },
            },
        ];
        save(&mut store, run);
        let mark = SpanMark {
            span: LoadSpan { from: hours, to: hours + 1 },
            label: format!("mark {hours}"),
            by: "ops".to_owned(),
            is_excluded: hours == 1,
        };
        store.mark_span(&"qualif".into(), &mark, at).unwrap();
    }
    store.verify(None).unwrap().unwrap().head
}

/// Numbers that look drawn by lot and are the same each time.
pub(crate) struct Lot(pub(crate) u64);

impl Lot {
    pub(crate) fn draw(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

pub(crate) const TABLES: [(&str, &str); 6] = [
    ("run", "id, kind, at, verdict, body, prev, digest"),
    ("inventory", "digest, body"),
    ("seen", "environment, target, part, at, digest, outcome"),
    ("sample", "environment, target, place, at, run_id, role, body"),
    ("bucket", "series, at, covered, a, b, flags"),
    ("mark", "run, environment, kind, since, until, label, body"),
];

/// Another value of the same type.
fn changed(value: &Value, lot: &mut Lot) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number + 1 + i64::from(lot.draw(9) == 0) * 999),
        Value::Real(number) => Value::Real(number + 0.25),
        Value::Text(text) if text.is_empty() => Value::Text("x".to_owned()),
        Value::Text(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let place = lot.draw(characters.len());
            characters[place] = if characters[place] == 'e' { 'f' } else { 'e' };
            Value::Text(characters.into_iter().collect())
        }
        other => panic!("{other:?}"),
    }
}

/// Changes or deletes one row, and says which; `None` if a key forbids it.
fn edit(path: &Path, lot: &mut Lot) -> Option<String> {
    let connection = Connection::open(path).unwrap();
    let (table, columns) = TABLES[lot.draw(TABLES.len())];
    let columns: Vec<&str> = columns.split(", ").collect();
    let rows: i64 =
        connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |r| r.get(0)).unwrap();
    let row = lot.draw(usize::try_from(rows).unwrap());
    let order: Vec<String> = (1..=columns.len()).map(|n| n.to_string()).collect();
    let select = format!(
        "SELECT {} FROM {table} ORDER BY {} LIMIT 1 OFFSET {row}",
        columns.join(", "),
        order.join(", ")
    );
    let read = |r: &rusqlite::Row<'_>| (0..columns.len()).map(|i| r.get(i)).collect();
    let own: Result<Vec<Value>, _> =
        connection.query_row(&select, [], |row| Ok(read(row))).unwrap();
    let own = own.unwrap();
    let wheres: Vec<String> =
        columns.iter().enumerate().map(|(i, column)| format!("{column} = ?{}", i + 1)).collect();
    let wheres = wheres.join(" AND ");
    let same = rusqlite::params_from_iter(own.iter());
    if lot.draw(4) == 0 {
        let done =
            connection.execute(&format!("DELETE FROM {table} WHERE {wheres}"), same).unwrap();
        assert!(done > 0);
        return Some(format!("row {row} of {table} deleted: {own:?}"));
    }
    let column = lot.draw(columns.len());
    let new = changed(&own[column], lot);
    let set = format!("UPDATE {table} SET {} = ?{}", columns[column], columns.len() + 1);
    let values = rusqlite::params_from_iter(own.iter().chain([&new]));
    let done = connection.execute(&format!("{set} WHERE {wheres}"), values).ok()?;
    assert!(done > 0);
    Some(format!("{} of row {row} of {table}: {new:?}", columns[column]))
}

#[test]
fn each_of_fifty_edits_is_found() {
    let (folder, path) = file();
    full(open(&path));
    let mut lot = Lot(20_260_413);
    let mut tables = std::collections::BTreeSet::new();
    for number in 0..50 {
        let copy = folder.path().join(format!("{number}.db"));
        std::fs::copy(&path, &copy).unwrap();
        let edits = std::iter::from_fn(|| Some(edit(&copy, &mut lot)));
        let what = edits.flatten().next().unwrap();
        tables.insert(what.split(" of ").nth(1).unwrap_or_default().to_owned());
        // What cannot be read any more is found, too.
        let found = open(&copy).verify(None);
        assert!(!matches!(found, Ok(Ok(_))), "not found: {what}");
        std::fs::remove_file(&copy).unwrap();
    }
    assert!(tables.len() > 5, "{tables:?}");
}

#[test]
fn rows_that_no_run_knows_are_found() {
    let (folder, path) = file();
    full(open(&path));
    for (number, added) in [
        "INSERT INTO seen SELECT environment, target, part, at + 1, digest, outcome FROM seen LIMIT 1",
        "INSERT INTO seen SELECT * FROM seen LIMIT 1",
        "INSERT INTO mark SELECT 999, environment, kind, since, until, label, body FROM mark LIMIT 1",
        "INSERT INTO bucket SELECT series, at - 1, covered, a, b, flags FROM bucket WHERE at = 600",
        "UPDATE series SET name = 'logins' WHERE name = 'ops'",
    ]
    .iter()
    .enumerate()
    {
        let copy = folder.path().join(format!("{number}.db"));
        std::fs::copy(&path, &copy).unwrap();
        assert!(Connection::open(&copy).unwrap().execute(added, []).unwrap() > 0);
        assert!(!matches!(open(&copy).verify(None), Ok(Ok(_))), "not found: {added}");
    }
}

#[test]
fn the_first_break_is_named() {
    let (_folder, path) = file();
    full(open(&path));
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE run SET verdict = 'go' WHERE id IN (3, 5)", []).unwrap();
    drop(connection);
    let found = open(&path).verify(None).unwrap().unwrap_err();
    assert_eq!((found.run, found.at), (3, Some(now() + SignedDuration::from_hours(1))));
    let text = found.to_string();
    assert_eq!(
        text,
        "run 3 of 2026-11-23T01:06:00Z: it is not what was written: its digest is another"
    );
}

#[test]
fn a_tail_that_was_cut_is_found_by_its_head() {
    let (_folder, path) = file();
    let head = full(open(&path));
    let connection = Connection::open(&path).unwrap();
    let last: i64 = connection.query_row("SELECT MAX(id) FROM run", [], |r| r.get(0)).unwrap();
    connection.execute("DELETE FROM mark WHERE run = ?1", [last]).unwrap();
    connection.execute("DELETE FROM run WHERE id = ?1", [last]).unwrap();
    drop(connection);
    let mut store: Store = open(&path);
    // What is left is whole in itself: only who knows the head can tell.
    let left = store.verify(None).unwrap().unwrap();
    assert_eq!(left.runs, last - 1);
    let found = store.verify(Some(&head)).unwrap().unwrap_err();
    assert!(found.to_string().contains("was cut"), "{found}");
    assert!(store.verify(Some(&head[..12])).unwrap().is_err());
    assert!(store.verify(Some(&left.head[..12])).unwrap().is_ok());
    // A few digits are not proof of anything.
    for few in [&left.head[..4], &head[..7], "", "not-hex-digits"] {
        let error = store.verify(Some(few)).unwrap_err();
        assert!(matches!(error, HistoryError::Head(_)), "{error}");
    }
}

#[test]
fn a_table_that_is_gone_and_a_trigger_are_found() {
    let (folder, path) = file();
    full(open(&path));
    let copy = folder.path().join("copy.db");
    for edit in [
        "DROP TABLE bucket",
        "DROP TABLE due",
        "DROP TABLE seen",
        "CREATE TRIGGER late AFTER INSERT ON run BEGIN DELETE FROM sample; END",
    ] {
        let _ = std::fs::remove_file(&copy);
        std::fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(edit).unwrap();
        let error = open(&copy).verify(None).unwrap_err();
        assert!(matches!(error, HistoryError::Damaged(_)), "{edit}: {error}");
    }
}

/// Edits by somebody who knows the tables and calculates digests anew where they can.
#[test]
fn edits_by_someone_who_knows_the_tables_are_found() {
    let (folder, path) = file();
    full(open(&path));
    let twins = |table: &str, key: &str| {
        format!(
            "ALTER TABLE {table} RENAME TO old; CREATE TABLE {table} AS SELECT * FROM old; \
             INSERT INTO {table} SELECT * FROM old ORDER BY {key} LIMIT 1; DROP TABLE old;"
        )
    };
    let edits = [
        // Two runs change places, with their numbers or without.
        "UPDATE run SET id = -1 WHERE id = 3; UPDATE run SET id = 3 WHERE id = 5; \
         UPDATE run SET id = 5 WHERE id = -1"
            .to_owned(),
        "UPDATE run SET at = at + 7200000000 WHERE id = 1".to_owned(),
        "DELETE FROM run WHERE id = 1".to_owned(),
        "DELETE FROM mark WHERE run = 2; DELETE FROM run WHERE id <= 2; \
         UPDATE run SET id = id - 2"
            .to_owned(),
        // An inventory is another one's, or there under a digest that fits.
        "UPDATE inventory SET body = (SELECT body FROM inventory ORDER BY digest DESC LIMIT 1) \
         WHERE digest = (SELECT MIN(digest) FROM inventory)"
            .to_owned(),
        "UPDATE inventory SET body = body || ' ' WHERE digest = (SELECT MIN(digest) FROM inventory)"
            .to_owned(),
        // What was seen is another inventory that is right in itself.
        "UPDATE seen SET digest = (SELECT MAX(digest) FROM inventory) \
         WHERE rowid = (SELECT rowid FROM seen ORDER BY digest LIMIT 1)"
            .to_owned(),
        "UPDATE seen SET environment = 'qualif' WHERE environment = 'dev'".to_owned(),
        "DELETE FROM seen WHERE rowid IN (SELECT rowid FROM seen LIMIT 1)".to_owned(),
        // Marks: the body, the columns beside it, and whose it is.
        "UPDATE mark SET body = REPLACE(body, '\"by\":\"ops\"', '\"by\":\"lea\"')".to_owned(),
        "UPDATE mark SET until = until + 86400".to_owned(),
        "UPDATE mark SET run = run + 100 WHERE run = 8".to_owned(),
        "UPDATE mark SET kind = 'work' WHERE run = 2".to_owned(),
        // Buckets that runs rest on: figures, flags, one more, whose they are.
        "UPDATE bucket SET a = a + 1e-9 WHERE at = 600".to_owned(),
        "UPDATE bucket SET flags = 1 WHERE at = 900".to_owned(),
        "DELETE FROM bucket WHERE at = 900".to_owned(),
        "UPDATE series SET place = '10.0.0.1:6379'".to_owned(),
        "UPDATE series SET id = CASE id WHEN 1 THEN -2 ELSE id END; \
         UPDATE series SET id = 1 WHERE id = 2; UPDATE series SET id = 2 WHERE id = -2"
            .to_owned(),
        // A value of another type, that reads as the same text.
        "UPDATE sample SET role = CAST('master' AS BLOB)".to_owned(),
        "UPDATE sample SET run_id = 'x'".to_owned(),
        "DELETE FROM sample".to_owned(),
        // Tables without their keys, in which a row is there twice.
        twins("run", "id"),
        twins("mark", "run"),
        twins("inventory", "digest"),
        twins("bucket", "series"),
        "DROP INDEX seen_at".to_owned(),
        "ALTER TABLE run RENAME TO kept; CREATE VIEW run AS SELECT * FROM kept".to_owned(),
        "ALTER TABLE run ADD COLUMN note TEXT".to_owned(),
    ];
    for (number, edit) in edits.iter().enumerate() {
        let copy = folder.path().join(format!("{number}.db"));
        std::fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(edit).unwrap();
        let found = Store::open(&copy, &SqliteOptions::default()).and_then(|mut s| s.verify(None));
        assert!(!matches!(found, Ok(Ok(_))), "not found: {edit}");
        std::fs::remove_file(&copy).unwrap();
    }
    // As it was written it is still right.
    assert!(open(&path).verify(None).unwrap().is_ok());
}
