//! A history that may be read and not written: the user is another one, the disk is read only.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::cli::{ENVPARITY, Ended, program};
use crate::world::{audit, evidence, file, now, open, save};

/// As a user who owns nothing, whoever we are.
fn run(arguments: &[&str], history: &Path) -> Ended {
    let is_root = rustix::process::geteuid().is_root();
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    let before: &[&str] = if is_root { &nobody } else { &["--"] };
    let flag = ["--history", history.to_str().unwrap()];
    program("setpriv").args(before).args([ENVPARITY]).args(arguments).args(flag).run()
}

fn chmod(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn it_is_read_from_a_folder_or_a_file_that_may_not_be_written() {
    let (folder, path) = file();
    let evidence = evidence();
    let mut store = open(&path);
    save(&mut store, audit(now(), &evidence));
    let head = save(&mut store, audit(now(), &evidence)).digest;
    drop(store);
    let read = || {
        let wanted = format!("2 runs, all as written; head {head}\n");
        assert_eq!(run(&["history", "verify", "--head", &head], &path).expect(0).stdout, wanted);
        assert_eq!(run(&["history", "list"], &path).expect(0).stdout.lines().count(), 3);
        run(&["history", "show", &format!("run:{}", &head[..8])], &path).expect(0);
        run(&["history", "export", "--to", "-"], &path).expect(0);
        assert!(run(&["diff", "qualif", "dev"], &path).stdout.contains("qualif"));
        // Nothing was left beside it, and nothing can be written.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let pruned = run(&["history", "prune"], &path);
        assert!(pruned.expect(2).stderr.contains("may not be written"), "{pruned}");
    };
    // The folder is not ours, or nobody's to write; the file is.
    chmod(folder.path(), 0o555);
    chmod(&path, 0o666);
    read();
    chmod(&path, 0o444);
    read();
    // The other way round.
    chmod(folder.path(), 0o777);
    read();
    chmod(folder.path(), 0o755);
}

#[test]
fn runs_that_are_in_its_log_alone_are_read_too() {
    let (folder, path) = file();
    let mut writer = open(&path);
    let head = save(&mut writer, audit(now(), &evidence())).digest;
    // The writer goes on: log and index lie beside the file.
    assert!(path.with_extension("db-wal").metadata().unwrap().len() > 0);
    chmod(folder.path(), 0o555);
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        chmod(&folder.path().join(name), 0o444);
    }
    run(&["history", "verify", "--head", &head], &path).expect(0);
    let second = save(&mut writer, audit(now(), &[])).digest;
    run(&["history", "verify", "--head", &second], &path).expect(0);
    chmod(folder.path(), 0o755);
}

#[test]
fn an_import_that_fails_leaves_nothing_and_one_that_works_a_whole_file() {
    let (folder, path) = file();
    let mut store = open(&path);
    let head = save(&mut store, audit(now(), &evidence())).digest;
    let mut lines = Vec::new();
    store.export(&mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let there = tempfile::tempdir().unwrap();
    let into = there.path().join("new.db");
    let import = |text: &str| {
        let flag = ["history", "import", "--from", "-", "--history", into.to_str().unwrap()];
        crate::cli::envparity(flag).stdin(text).run()
    };
    let broken = text.lines().take(3).collect::<Vec<_>>().join("\n");
    let ended = import(&broken);
    assert!(ended.expect(2).stderr.contains("the end is missing"), "{ended}");
    assert_eq!(std::fs::read_dir(there.path()).unwrap().count(), 0);
    import(&text).expect(0);
    assert_eq!(std::fs::read_dir(there.path()).unwrap().count(), 1);
    open(&into).verify(Some(&head)).unwrap().unwrap();
    assert!(import(&text).expect(2).stderr.contains("not empty"));
    // While another one writes, nothing is mixed.
    std::fs::remove_file(&into).unwrap();
    let other = rusqlite::Connection::open(&into).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = import(&text);
    assert!(locked.expect(2).stderr.contains("has been writing to it for 5 s"), "{locked}");
    drop(other);
    drop(folder);
}

#[test]
fn a_few_digits_of_a_head_are_refused() {
    let (_folder, path) = file();
    let head = save(&mut open(&path), audit(now(), &evidence())).digest;
    for few in [&head[..4], &head[..7], "0123456", "zzzzzzzzzz"] {
        let ended = run_own(&["history", "verify", "--head", few], &path);
        assert!(ended.expect(2).stderr.contains("at least 8 digits"), "{ended}");
        assert!(!ended.says("was cut"), "{ended}");
    }
    run_own(&["history", "verify", "--head", &head[..8]], &path).expect(0);
    run_own(&["history", "verify", "--head", &head.to_uppercase()], &path).expect(0);
}

fn run_own(arguments: &[&str], history: &Path) -> Ended {
    crate::cli::envparity(arguments).args(["--history", history.to_str().unwrap()]).run()
}
