//! `docs/SECURITY.md` names a test for each of its lines, and each of them is there.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of its tables, without their heads.
fn rows(text: &str) -> Vec<&str> {
    let is_row = |line: &&str| line.starts_with('|') && !line.starts_with("|---");
    text.lines().filter(is_row).filter(|line| !line.ends_with("| shown by |")).collect()
}

/// `path::name`, as the last cell of a row names tests.
fn named(row: &str) -> Vec<(&str, &str)> {
    let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
    let tests = cell.split('`').filter(|part| part.contains("::"));
    tests.map(|test| test.rsplit_once("::").unwrap()).collect()
}

#[test]
fn every_line_names_tests_that_are_there() {
    let text = read("docs/SECURITY.md");
    assert!(rows(&text).len() > 20);
    for row in rows(&text) {
        assert!(!named(row).is_empty(), "no test shows this: {row}");
        for (path, name) in named(row) {
            let source = read(path);
            let attribute = format!("fn {name}()");
            let (before, _) = source
                .split_once(&attribute)
                .unwrap_or_else(|| panic!("{path} has no {attribute}: {row}"));
            let tail = before.rsplit("\n}\n").next().unwrap();
            assert!(tail.contains("#[test]"), "{path}::{name} is not a test");
        }
    }
}
