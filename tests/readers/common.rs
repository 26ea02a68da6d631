//! Runs the program on recorded evidence, and a reader on what it wrote.

#![allow(dead_code, reason = "each format uses a part of this")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli;
pub(crate) use crate::cli::repository;

/// The time of every audit here: the quickstart's evidence is of then.
pub(crate) const AT: &str = "2026-11-23T00:06:00Z";

/// What `envparity` prints with these arguments, whatever its exit code but 2.
pub(crate) fn printed(arguments: &[&str]) -> String {
    let ended = cli::envparity(arguments).run();
    assert!(ended.code.is_some_and(|code| code != 2), "{ended}");
    ended.stdout
}

/// The report of an audit of a folder of profiles in `format`.
pub(crate) fn audit(profiles: &Path, format: &str) -> String {
    printed(&["audit", "--profiles", profiles.to_str().unwrap(), "--at", AT, "-o", format])
}

/// The report of the quickstart in `format`.
pub(crate) fn quickstart(format: &str) -> String {
    audit(&repository("examples/quickstart"), format)
}

/// The same as objects.
pub(crate) fn quickstart_json() -> serde_json::Value {
    serde_json::from_str(&quickstart("json")).unwrap()
}

/// Runs the script `tests/readers/NAME` on `text` and reads the JSON that it prints.
pub(crate) fn python(script: &str, arguments: &[&str], text: &str) -> serde_json::Value {
    let interpreter = variable("ENVPARITY_TEST_PYTHON");
    let mut child = Command::new(interpreter)
        .arg(repository("tests/readers").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {stderr}");
    writer.join().unwrap().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{script}: {e}: {stderr}"))
}

/// The value of a variable that `tests/run.sh` sets.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run.sh"))
}
