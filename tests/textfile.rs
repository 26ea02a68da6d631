//! A report in a folder that node_exporter's textfile collector reads: whole at any time, readable
//! by its user, and never seen under another name that ends in `.prom`.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use cli::{ENVPARITY, Invocation, Profiles, program};

/// Enough components for a report whose writing is seen, and a folder `metrics`.
fn profiles() -> Profiles {
    let profiles = Profiles::of(&["prod"]);
    fs::create_dir(profiles.path("metrics")).unwrap();
    let fact = |i| {
        format!(
            "  - {{component: pg/{i}, version: '1.{i}', by: x, on: 2026-01-01, expires: 2027-01-01}}\n"
        )
    };
    let facts: String = (0..1_500).map(fact).collect();
    profiles.environment("prod", &format!("targets:\n  declared:\n{facts}"));
    profiles
}

/// An audit, started by a shell that sets the umask.
fn audit(profiles: &Profiles, umask: &str, at: &str) -> Invocation {
    let line = format!(
        "umask {umask}; exec '{ENVPARITY}' audit --profiles . --report-only --at {at} -o openmetrics=metrics/envparity.prom"
    );
    program("sh").args(["-c", &line]).current_dir(profiles.folder())
}

fn run(profiles: &Profiles, umask: &str, at: &str) {
    audit(profiles, umask, at).run().expect(0);
}

#[test]
fn whoever_may_read_is_as_for_other_files_and_stays() {
    let profiles = profiles();
    let path = profiles.path("metrics/envparity.prom");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    run(&profiles, "022", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o644, "node_exporter is another user");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    run(&profiles, "022", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o640);
    fs::remove_file(&path).unwrap();
    run(&profiles, "077", "2026-04-01T00:00:00Z");
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_reader_gets_the_whole_text_of_one_run() {
    let profiles = profiles();
    let path = profiles.path("metrics/envparity.prom");
    run(&profiles, "022", "2026-04-01T00:00:00Z");
    let (before, inode) = (fs::read_to_string(&path).unwrap(), fs::metadata(&path).unwrap().ino());
    let mut open = fs::File::open(&path).unwrap();
    run(&profiles, "022", "2026-04-02T00:00:00Z");
    let mut still = String::new();
    open.read_to_string(&mut still).unwrap();
    assert_eq!(still, before, "who had opened it reads on");
    assert_ne!(fs::metadata(&path).unwrap().ino(), inode, "it was replaced, not written over");
    let after = fs::read_to_string(&path).unwrap();
    assert!(after != before && after.ends_with("\n# EOF\n"));
}

#[test]
fn what_is_half_written_has_no_name_that_node_exporter_reads() {
    let profiles = profiles();
    let metrics = profiles.path("metrics");
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let mut child = audit(&profiles, "022", "2026-04-01T00:00:00Z").start();
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
