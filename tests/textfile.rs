//! A report in a folder that node_exporter's textfile collector reads: whole at any time, readable
//! by its user, and never seen under another name that ends in `.prom`.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Enough components for a report whose writing is seen.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["profiles", "metrics"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let write = |name: &str, text: String| {
        fs::write(folder.path().join("profiles").join(name), text).unwrap()
    };
    let head = "apiVersion: envparity/v1\nkind:";
    write("audit.yaml", format!("{head} Audit\nbaseline: prod\nenvironments: [prod]\n"));
    let fact = |i| {
        format!(
            "  - {{component: pg/{i}, version: '1.{i}', by: x, on: 2026-01-01, expires: 2027-01-01}}\n"
        )
    };
    let facts: String = (0..1_500).map(fact).collect();
    write("prod.yaml", format!("{head} Environment\nname: prod\ntargets:\n  declared:\n{facts}"));
    folder
}

fn start(folder: &Path, umask: &str, at: &str) -> Child {
    let line = format!(
        "umask {umask}; exec '{}' audit --profiles profiles --report-only --at {at} -o openmetrics=metrics/envparity.prom",
        env!("CARGO_BIN_EXE_envparity")
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &line])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

fn run(folder: &Path, umask: &str, at: &str) {
    assert!(start(folder, umask, at).wait().unwrap().success());
}

#[test]
fn whoever_may_read_is_as_for_other_files_and_stays() {
    let folder = folder();
    let path = folder.path().join("metrics/envparity.prom");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    run(folder.path(), "022", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o644, "node_exporter is another user");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    run(folder.path(), "022", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o640);
    fs::remove_file(&path).unwrap();
    run(folder.path(), "077", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_reader_gets_the_whole_text_of_one_run() {
    let folder = folder();
    let path = folder.path().join("metrics/envparity.prom");
    run(folder.path(), "022", "2026-04-01T00:00:00Z");
    let (before, inode) = (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap().ino());
    let mut open = fs::File::open(&path).unwrap();
    run(folder.path(), "022", "2026-04-02T00:00:00Z");
    let mut still = String::new();
    open.read_to_string(&mut still).unwrap();
    assert_eq!(still, before, "who had opened it reads on");
    assert_ne!(fs::metadata(&path).unwrap().ino(), inode, "it was replaced, not written over");
    let after = fs::read_to_string(&path).unwrap();
    assert!(after != before && after.ends_with("\n# EOF\n"));
}

#[test]
fn what_is_half_written_has_no_name_that_node_exporter_reads() {
    let folder = folder();
    let metrics = folder.path().join("metrics");
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let mut child = start(folder.path(), "022", "2026-04-01T00:00:00Z");
        while child.try_wait().unwrap().is_none() {
            let names = fs::read_dir(&metrics)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap());
            seen.extend(names);
        }
        if seen.len() > 1 {
            break;
        }
    }
    seen.remove("envparity.prom");
    assert!(!seen.is_empty(), "the file beside was never seen: this test shows nothing");
    assert!(
        !seen.iter().any(|name| Path::new(name).extension().is_some_and(|end| end == "prom")),
        "{seen:?}"
    );
}
