//! `docs/FAULTS.md`: what goes wrong and what is then said, written down by the tests that make it
//! go wrong.
//!
//! Each test has a section of its own, and fails where the file says something else.
//! `ENVPARITY_REGEN=1` writes the section anew.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;

/// One fault; empty texts are left out.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What is wrong.
    pub(crate) name: String,
    /// The kind of failure, or the exit code.
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) advice: String,
}

/// Compares a section with the file, or writes it.
///
/// # Panics
/// If the file says something else.
pub(crate) fn check(section: &str, rows: &[Row]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FAULTS.md");
    let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- /{section} -->\n"));
    let wanted = table(rows);
    let split = |text: &str| -> (String, String, String) {
        let place = format!("docs/FAULTS.md has no {}", begin.trim());
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{place}"));
        let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{place}"));
        (before.to_owned(), found.to_owned(), after.to_owned())
    };
    if std::env::var_os("ENVPARITY_REGEN").is_some() {
        // tests run at the same time, each in a process of its own
        let folder = File::open(path.parent().expect("docs")).expect("docs is there");
        folder.lock().expect("a lock of ours");
        let (before, _, after) =
            split(&fs::read_to_string(&path).expect("docs/FAULTS.md is there"));
        fs::write(&path, format!("{before}{begin}{wanted}{end}{after}"))
            .expect("write docs/FAULTS.md");
    }
    let (_, found, _) = split(&fs::read_to_string(&path).expect("docs/FAULTS.md is there"));
    let differing = wanted.lines().find(|line| !found.lines().any(|other| other == *line));
    assert!(
        found == wanted,
        "docs/FAULTS.md is not what happened; ENVPARITY_REGEN=1 writes it anew. First line that it lacks: {differing:?}"
    );
}

fn table(rows: &[Row]) -> String {
    let mut text = "| what is wrong | told as | message | advice |\n|---|---|---|---|\n".to_owned();
    for Row { name, kind, message, advice } in rows {
        writeln!(text, "| {} | `{kind}` | {} | {} |", cell(name), cell(message), cell(advice))
            .expect("to memory");
    }
    text
}

/// Text as Markdown shows it in a table: what differs from run to run is left out, and nothing
/// acts.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for c in redacted(text).chars() {
        match c {
            '|' | '<' | '*' | '`' | '\\' => safe.extend(['\\', c]),
            c if c.is_control() => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// Ports, and folders of this machine or of one run.
fn redacted(text: &str) -> String {
    let ports =
        replace_after(text, "127.0.0.1:", |c| c.is_ascii_digit(), |_| "127.0.0.1:PORT".to_owned());
    let in_path = |c: char| !c.is_whitespace() && !",;:()\"'".contains(c);
    let short = |path: &str| {
        let last = path.rsplit('/').next().unwrap_or_default();
        let random = path.matches('/').count() < 3
            || last.starts_with(".tmp")
            || last.starts_with("envparity-");
        if random { "…".to_owned() } else { format!("…/{last}") }
    };
    [env!("CARGO_MANIFEST_DIR"), "/tmp/"]
        .into_iter()
        .fold(ports, |text, root| replace_after(&text, root, in_path, short))
}

/// Replaces each `start` and what fits behind it.
fn replace_after(
    text: &str,
    start: &str,
    fits: impl Fn(char) -> bool,
    by: impl Fn(&str) -> String,
) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(start) {
        let behind = &rest[at + start.len()..];
        let end = behind.find(|c| !fits(c)).unwrap_or(behind.len());
        out.push_str(&rest[..at]);
        out.push_str(&by(&rest[at..at + start.len() + end]));
        rest = &behind[end..];
    }
    out + rest
}
