//! A history that cannot be read or written says why, and what to do; what it holds stays.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use envparity::collect::config::COLLECTORS;
use envparity::history::{HistoryError, SqliteOptions, Store};
use envparity::trend;
use rusqlite::Connection;

use crate::world::{audit, evidence, file, key, now, open, save};

fn options() -> SqliteOptions {
    SqliteOptions::default()
}

fn error_of(path: &Path, options: &SqliteOptions) -> HistoryError {
    match Store::open(path, options) {
        Err(error) => error,
        Ok(mut store) => store.save_run(audit(now(), &evidence()), COLLECTORS).unwrap_err(),
    }
}

#[test]
fn who_only_reads_makes_no_file() {
    let (_folder, path) = file();
    let reading = SqliteOptions { create: false, ..options() };
    assert_eq!(error_of(&path, &reading), HistoryError::Missing(path.clone()));
    assert!(!path.exists());
}

#[test]
fn a_newer_schema_is_read_and_never_written() {
    let (_folder, path) = file();
    let head = save(&mut open(&path), audit(now(), &evidence())).digest;
    let connection = Connection::open(&path).unwrap();
    let newer = "UPDATE meta SET schema = 2, tool = 'envparity 9.0.0'";
    assert_eq!(connection.execute(newer, []).unwrap(), 1);
    connection.execute("ALTER TABLE run ADD COLUMN later TEXT", []).unwrap();
    drop(connection);
    let mut store = open(&path);
    let error = store.save_run(audit(now(), &[]), COLLECTORS).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("envparity 9.0.0, schema 2; this one writes 1"), "{text}");
    assert!(
        store.prune(now(), &trend::hours_of).is_err()
            && store.add_buckets(&[(key("up"), vec![])]).is_err()
    );
    assert_eq!(store.newest_runs(10).unwrap().len(), 1);
    assert_eq!(store.evidence_of_run(1, COLLECTORS).unwrap().len(), 3);
    assert_eq!(store.verify(Some(&head)).unwrap().unwrap().runs, 1);
}

#[test]
fn a_lock_is_waited_for_and_then_told() {
    let (_folder, path) = file();
    save(&mut open(&path), audit(now(), &[]));
    let mut store =
        Store::open(&path, &SqliteOptions { wait: Duration::from_millis(200), ..options() })
            .unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    let error = store.save_run(audit(now(), &[]), COLLECTORS).unwrap_err();
    assert!(matches!(error, HistoryError::Locked(_)), "{error}");
    assert!(begin.elapsed() >= Duration::from_millis(200), "it was not waited for");
    // Reading is not kept from anybody.
    assert_eq!(store.newest_runs(10).unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    save(&mut store, audit(now(), &[]));
    assert_eq!(options().wait, Duration::from_secs(5));
}

#[test]
fn several_writers_make_one_chain() {
    let (_folder, path) = file();
    let evidence = evidence();
    let write = || {
        let mut store = open(&path);
        (0..10).map(|_| save(&mut store, audit(now(), &evidence)).digest).collect::<Vec<_>>()
    };
    let all: Vec<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3).map(|_| scope.spawn(write)).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let mut store = open(&path);
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 30);
    assert!(all.iter().all(|digest| store.verify(Some(digest)).unwrap().is_ok()));
}

#[test]
fn a_full_file_takes_a_whole_run_or_nothing_of_it() {
    let (_folder, path) = file();
    let mut store =
        Store::open(&path, &SqliteOptions { max_pages: Some(80), ..options() }).unwrap();
    let evidence = evidence();
    let mut saved = 0;
    let error = loop {
        match store.save_run(audit(now(), &evidence), COLLECTORS) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 1_000, "80 pages are never full");
    };
    assert!(matches!(error, HistoryError::Full(_)), "{error}");
    assert!(error.advice().contains("prune"));
    assert_eq!(store.verify(None).unwrap().unwrap().runs, saved);
    assert_eq!(open(&path).newest_runs(1_000).unwrap().len(), usize::try_from(saved).unwrap());
}

#[test]
fn a_network_file_system_is_refused_before_anything_is_written() {
    let (_folder, path) = file();
    let nfs = SqliteOptions { file_system: Some(0x6969), ..options() };
    let error = error_of(&path, &nfs);
    assert_eq!(error, HistoryError::NetworkFileSystem("NFS"));
    assert!(error.advice().contains("PostgreSQL") && !path.exists());
}

#[test]
fn what_is_no_history_is_left_as_it_is() {
    let (folder, path) = file();
    std::fs::write(&path, "this is a letter, and no database at all\n".repeat(100)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(error_of(&path, &options()), HistoryError::Foreign(_)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let other = folder.path().join("other.db");
    // Of another program: in use, with tables of our names, and empty but marked.
    for made in [
        "CREATE TABLE bills (id INTEGER)",
        "CREATE TABLE meta (k TEXT); CREATE TABLE run (k TEXT); CREATE TABLE inventory (k TEXT)",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 3",
    ] {
        let _ = std::fs::remove_file(&other);
        Connection::open(&other).unwrap().execute_batch(made).unwrap();
        let before = std::fs::read(&other).unwrap();
        let reading = SqliteOptions { create: false, ..options() };
        for options in [options(), reading] {
            let error = error_of(&other, &options);
            let is_told = matches!(error, HistoryError::Foreign(_) | HistoryError::Database(_));
            assert!(is_told, "{made}: {error}");
            assert!(std::fs::read(&other).unwrap() == before, "{made}");
        }
    }
    assert!(matches!(error_of(folder.path(), &options()), HistoryError::Foreign(_)));
    let nowhere = folder.path().join("missing/history.db");
    assert!(matches!(error_of(&nowhere, &options()), HistoryError::Unopened(_)));
}

#[test]
fn an_empty_file_is_made_a_history_by_what_writes_alone() {
    let (_folder, path) = file();
    std::fs::write(&path, "").unwrap();
    let reading = SqliteOptions { create: false, ..options() };
    assert_eq!(error_of(&path, &reading), HistoryError::Missing(path.clone()));
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    assert_eq!(open(&path).verify(None).unwrap().unwrap().runs, 0);
}

#[test]
fn a_torn_file_is_told_and_never_taken_for_a_whole_one() {
    let (folder, path) = file();
    let evidence = evidence();
    let mut store = open(&path);
    (0..20).for_each(|_| drop(save(&mut store, audit(now(), &evidence))));
    let head = store.verify(None).unwrap().unwrap().head;
    drop(store);
    let mut whole = Vec::new();
    std::fs::File::open(&path).unwrap().read_to_end(&mut whole).unwrap();
    let torn = folder.path().join("torn.db");
    let pages = whole.len() / 4_096;
    for page in 0..pages {
        std::fs::write(&torn, &whole).unwrap();
        let mut file = std::fs::OpenOptions::new().write(true).open(&torn).unwrap();
        file.seek(SeekFrom::Start(page as u64 * 4_096)).unwrap();
        file.write_all(&[0xa5; 4_096]).unwrap();
        let verified = Store::open(&torn, &options()).and_then(|mut s| s.verify(Some(&head)));
        match verified {
            Err(error) => assert!(
                matches!(error, HistoryError::Damaged(_) | HistoryError::Foreign(_)),
                "page {page}: {error}"
            ),
            Ok(verified) => panic!("page {page} of {pages}: {verified:?}"),
        }
    }
    // Cut in the middle.
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    let verified = Store::open(&torn, &options()).and_then(|mut store| store.verify(Some(&head)));
    assert!(!matches!(verified, Ok(Ok(_))));
}

#[test]
fn a_file_that_may_not_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        // No right is kept from root.
        return;
    }
    let (_folder, path) = file();
    save(&mut open(&path), audit(now(), &[]));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(error_of(&path, &options()), HistoryError::ReadOnly);
}

#[test]
fn what_is_verified_or_exported_is_of_one_time_whoever_writes_meanwhile() {
    let (folder, path) = file();
    let evidence = evidence();
    save(&mut open(&path), audit(now(), &evidence));
    let writing = std::thread::spawn({
        let (path, evidence) = (path.clone(), evidence.clone());
        move || {
            let mut store = open(&path);
            (0..150).for_each(|_| drop(save(&mut store, audit(now(), &evidence))));
        }
    });
    let mut store = open(&path);
    let mut rounds = 0;
    while !writing.is_finished() {
        store.verify(None).unwrap().unwrap();
        let mut lines = Vec::new();
        store.export(&mut lines).unwrap();
        let copy = folder.path().join(format!("copy-{rounds}.db"));
        let mut copied = open(&copy);
        copied.import(&mut lines.as_slice()).unwrap();
        copied.verify(None).unwrap().unwrap();
        rounds += 1;
    }
    writing.join().unwrap();
    assert!(rounds > 0);
    assert_eq!(store.verify(None).unwrap().unwrap().runs, 151);
}

#[test]
fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
    let (_folder, path) = file();
    let mut endless = std::io::BufReader::new(std::io::repeat(b'0'));
    let error = open(&path).import(&mut endless).unwrap_err();
    assert_eq!(error.to_string(), "line 1: longer than 64 MiB");
}
