//! What cannot be written, and who stops listening: the exit code says so, nothing is left half
//! written, and what can be written still is. Then programs that are interrupted while they write.
//!
//! Full and read-only file systems are real ones, in a mount namespace of the program's own.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;
#[path = "support/fault_table.rs"]
mod fault_table;

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cli::slowness::{scaled, wait_until};
use cli::{
    ENVPARITY, Ended, envparity, make_fifo, program, recorded_info, repository, send_signal,
};
use fault_table::Row;
use tempfile::TempDir;

const AUDIT: &str = "audit --profiles profiles --at 2026-11-22T21:00:00Z";
const COLLECT: &str = "collect prod --profiles profiles --to";

/// Prepares the folder `disk`, where the program's own namespace may have a file system of its own.
const MISSING: &str = "rmdir disk";
const FILE: &str = "rmdir disk; echo old > disk";
const READ_ONLY: &str = "mount -t tmpfs -o ro,size=64k tmpfs disk";
/// A file can be made there, and nothing written into it.
const FULL: &str = "mount -t tmpfs -o size=64k tmpfs disk; echo kind: Evidence > disk/old; head -c 61440 /dev/zero > disk/filler";
const FOLDER: &str = "mkdir disk/old";

/// A way of not being able to write: name, preparation, the arguments behind which `disk` stands,
/// what stderr says.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const REPORTS: &[Case] = &[
    ("report into a folder that is missing", MISSING, "yaml=disk/report", "no such file or directory"),
    ("report into a file as if it were a folder", FILE, "yaml=disk/report", "not a directory"),
    ("report into a read-only file system", READ_ONLY, "yaml=disk/report", "read-only file system"),
    ("report onto a folder", FOLDER, "yaml=disk/old", "is a directory"),
    ("report onto a full disk", FULL, "yaml=disk/report", "no space left on device"),
    ("report in place of an older one on a full disk", FULL, "yaml=disk/old", "no space left on device"),
    ("report to a device that is full", "true", "yaml=/dev/full", "no space left on device"),
];

#[rustfmt::skip]
const EVIDENCE: &[Case] = &[
    ("evidence into a folder that is missing", MISSING, "disk/evidence", "no such file or directory"),
    ("evidence into a file as if it were a folder", FILE, "disk/evidence", "not a directory"),
    ("evidence into a read-only file system", READ_ONLY, "disk/evidence", "read-only file system"),
    ("evidence onto a full disk", FULL, "disk/evidence", "no space left on device"),
    ("evidence in place of older on a full disk", FULL, "disk/old", "no space left on device"),
    ("evidence to a device that is full", "true", "/dev/full", "no space left on device"),
];

/// A folder with profiles of two equal environments, recorded from real servers, and an empty
/// folder `disk`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["profiles", "disk"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join("profiles").join(name), text).unwrap()
    };
    write(
        "audit.yaml",
        "apiVersion: envparity/v1\nkind: Audit\nbaseline: prod\nenvironments: [qualif, prod]\n",
    );
    let info = fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
    for (name, run_id) in [("qualif", "run_id:1"), ("prod", "run_id:f")] {
        // more settings than fit into what is free on the full disk
        let commands: String =
            (0..200).map(|i| format!("cmdstat_command{i}:calls={i},usec=1\n")).collect();
        let info = info.replace("run_id:", run_id);
        let info = info.replace("master_replid:", &run_id.replace("run_id", "master_replid"));
        write(&format!("{name}.txt"), &(info + "\n# Commandstats\n" + &commands));
        let target = format!("targets:\n  recorded:\n  - {{name: cache, path: {name}.txt}}\n");
        let head =
            format!("apiVersion: envparity/v1\nkind: Environment\nname: {name}\nmax-age: 36500d\n");
        write(&format!("{name}.yaml"), &(head + &target));
    }
    folder
}

/// A script in a mount namespace of its own; anyone who is not root gets one with a user namespace.
fn script(folder: &Path, text: &str) -> Ended {
    let apart = |more: &[&str]| {
        program("unshare")
            .args(["--mount"])
            .args(more)
            .current_dir(folder)
            .env("ENVPARITY", ENVPARITY)
    };
    let is_allowed = apart(&["true"]).run().code == Some(0);
    let more: &[&str] = if is_allowed { &[] } else { &["--map-root-user"] };
    apart(more).args(["bash", "-c", text]).within(Duration::from_secs(20)).run()
}

#[test]
fn what_cannot_be_written_costs_the_exit_code_only() {
    let mut rows = Vec::new();
    for (command, cases) in [(AUDIT, REPORTS), (COLLECT, EVIDENCE)] {
        for case @ (name, ..) in cases {
            let message = unwritten(command, *case);
            rows.push(Row {
                name: (*name).to_owned(),
                kind: "exit 2".to_owned(),
                message,
                advice: String::new(),
            });
        }
    }
    rows.extend(deaf());
    fault_table::check("outputs", &rows);
}

/// Checks one case; what stderr said of it.
fn unwritten(command: &str, (name, prepare, output, said): Case) -> String {
    let folder = folder();
    let arguments = match command {
        AUDIT => format!("{AUDIT} -o {output} -o json=json -o table"),
        _ => format!("{COLLECT} {output}"),
    };
    let listing = "ls -A disk > listed 2>&1; cat disk/old > kept 2>/dev/null";
    let ended = script(
        folder.path(),
        &format!("({prepare}) || exit 99; $ENVPARITY {arguments}; code=$?; {listing}; exit $code"),
    );
    assert_eq!(ended.code, Some(2), "{name}: {ended}");
    let Ended { stdout, stderr, .. } = ended;
    let path = output.trim_start_matches("yaml=");
    let line =
        stderr.lines().find(|line| line.starts_with(&format!("error: failed to write {path}: ")));
    let line = line.unwrap_or_else(|| panic!("{name}: {stderr}"));
    assert!(line.contains(said), "{name}: {stderr}");
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap_or_default();
    let listed = read("listed");
    let left: Vec<&str> = listed.lines().filter(|file| !["old", "filler"].contains(file)).collect();
    let nothing_to_list = left.len() == 1 && (left[0] == "disk" || left[0].starts_with("ls: "));
    assert!(left.is_empty() || nothing_to_list, "{name} left {left:?}");
    if prepare == FULL {
        assert_eq!(read("kept"), "kind: Evidence\n", "{name}");
    }
    if command == AUDIT {
        assert!(read("json").contains("DriftReport"), "{name}: the other file is not there");
        assert!(stdout.contains("GO: "), "{name}: {stdout}");
    }
    line.to_owned()
}

/// Standard output that nobody reads: exit code and stderr of each, and rows for people.
fn deaf() -> Vec<Row> {
    let folder = folder();
    let mut rows = Vec::new();
    for (name, line, code, said) in [
        (
            "stdout is full, of an audit",
            format!("$ENVPARITY {AUDIT} > /dev/full"),
            2,
            "failed to write to standard output",
        ),
        (
            "stdout is full, of evidence",
            format!("$ENVPARITY {COLLECT} - > /dev/full"),
            2,
            "failed to write to standard output",
        ),
        (
            "stdout is full, of a schema",
            "$ENVPARITY schema report > /dev/full".to_owned(),
            2,
            "failed to write to standard output",
        ),
        ("stdout is full, of help", "$ENVPARITY --help > /dev/full".to_owned(), 0, ""),
        ("stdout is closed", format!("$ENVPARITY {AUDIT} >&-"), 0, ""),
        ("stdout and stderr are closed", format!("$ENVPARITY {AUDIT} >&- 2>&-"), 0, ""),
        (
            "stderr is full, and there is something to say",
            format!("$ENVPARITY {AUDIT} -o yaml=/nowhere/x 2> /dev/full"),
            2,
            "",
        ),
        // the reader is gone before the first byte
        (
            "the reader of stdout has gone",
            format!("$ENVPARITY {AUDIT} | head -0; exit ${{PIPESTATUS[0]}}"),
            0,
            "",
        ),
        (
            "the reader of evidence has gone",
            format!("$ENVPARITY {COLLECT} - | head -0; exit ${{PIPESTATUS[0]}}"),
            0,
            "",
        ),
    ] {
        let ended = script(folder.path(), &line);
        assert_eq!(ended.code, Some(code), "{name}: {ended}");
        let stderr = ended.stderr;
        assert!(stderr.contains(said) && !stderr.contains("panicked"), "{name}: {stderr}");
        assert!(stderr.is_empty() || !said.is_empty(), "{name}: {stderr}");
        let message = stderr.lines().next().unwrap_or_default().to_owned();
        rows.push(Row {
            name: name.to_owned(),
            kind: format!("exit {code}"),
            message,
            advice: String::new(),
        });
    }
    rows
}

fn start(folder: &Path, arguments: &str) -> Child {
    envparity(arguments.split(' ')).current_dir(folder).start()
}

/// Sends the signal and waits for the end: the exit code, and the time until then.
fn interrupted(signal: &str, child: &mut Child) -> (Option<i32>, Duration) {
    let start = Instant::now();
    send_signal(signal, child);
    wait_until("the program ends", || child.try_wait().unwrap().is_some());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), None);
    (status.code(), start.elapsed())
}

/// What counts as at once, for a person who has pressed Ctrl-C.
fn at_once() -> Duration {
    scaled(Duration::from_secs(3))
}

/// Whether the program catches both signals by now: one that comes earlier just kills it.
fn handles_signals(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap_or_default().trim(), 16).unwrap_or(0);
    // SIGINT is 2, SIGTERM is 15; the lowest bit is signal 1
    let both = (1 << 1) | (1 << 14);
    caught & both == both
}

/// What an interrupted program leaves in its folder besides what was there.
fn left(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !["profiles", "disk", "fifo"].contains(&name.as_str())).collect()
}

/// Nobody reads: the program waits in the middle of its output.
#[test]
fn a_signal_ends_what_waits_for_a_reader() {
    for signal in ["INT", "TERM", "HUP", "QUIT"] {
        for arguments in [format!("{COLLECT} fifo"), format!("{AUDIT} -o yaml=fifo -o table")] {
            let folder = folder();
            make_fifo(&folder.path().join("fifo"));
            let mut child = start(folder.path(), &arguments);
            wait_until("signals are handled", || handles_signals(&child));
            sleep(scaled(Duration::from_millis(200)));
            assert!(child.try_wait().unwrap().is_none(), "{arguments} did not wait");
            let (code, took) = interrupted(signal, &mut child);
            assert_eq!(code, Some(130), "SIG{signal} {arguments}");
            assert!(took < at_once(), "SIG{signal} {arguments}: {took:?}");
            assert_eq!(left(folder.path()), Vec::<String>::new(), "SIG{signal} {arguments}");
            let mut out = String::new();
            child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            assert_eq!(out, "", "SIG{signal} {arguments}");
        }
    }
}

/// As soon as the file beside the output is seen, when it is half written: it is whole afterwards,
/// or was never there.
#[test]
fn a_signal_leaves_no_file_half_written() {
    let folder = folder();
    let images: String = (0..8_000)
        .map(|i| {
            format!("  - reference: registry.example/team/service-{i}:1.0.0\n    state: running\n    container: c{i}\n")
        })
        .collect();
    let evidence = format!(
        "apiVersion: envparity/v1\nkind: Evidence\nenvironment: prod\ntaken: 2026-11-22T20:00:00Z\ntargets:\n- id: docker/x\n  \
         endpoint: x\n  taken: 2026-11-22T20:00:00Z\n  parts: {{engine: complete, containers: complete, images: complete}}\n  \
         images:\n{images}end: {{targets: 1, images: 8000}}\n"
    );
    fs::write(folder.path().join("profiles/prod.txt"), evidence).unwrap();
    let mut cut_short = 0;
    for round in 0..6_u64 {
        let mut child = start(folder.path(), &format!("{COLLECT} evidence"));
        let end = Instant::now() + scaled(Duration::from_secs(10));
        while left(folder.path()).is_empty() && Instant::now() < end {
            sleep(Duration::from_micros(200));
        }
        sleep(Duration::from_micros(round * 200));
        let (code, took) = interrupted("TERM", &mut child);
        assert!(took < at_once(), "{took:?}");
        match (code, &left(folder.path())[..]) {
            (Some(130), []) => cut_short += 1,
            // too late: it had its name already
            (Some(0 | 130), [name]) if name == "evidence" => {
                let text = fs::read_to_string(folder.path().join("evidence")).unwrap();
                assert!(text.ends_with("images: 8000\n  samples: 0\n"), "half a file");
                fs::remove_file(folder.path().join("evidence")).unwrap();
            }
            other => panic!("round {round}: {other:?}"),
        }
    }
    println!("interrupted while writing: {cut_short} of 6");
}

#[test]
fn no_report_replaces_what_the_audit_reads() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    program("cp").args(["-r"]).args([&repository("examples/review"), &profiles]).run().expect(0);
    let before = fs::read_to_string(profiles.join("qualif.yaml")).unwrap();
    for (outputs, says) in [
        (vec!["yaml=profiles/qualif.yaml"], "in the profiles folder"),
        (vec!["json=profiles/new.yml"], "in the profiles folder"),
        (
            vec!["csv=./profiles/evidence/../evidence/qualif-cache.txt"],
            "evidence of a recorded target",
        ),
        (vec!["yaml=same", "json=./same"], "two formats go to"),
    ] {
        let outputs = outputs.iter().flat_map(|output| ["-o", output]);
        let ended = envparity(["audit"]).args(outputs).current_dir(folder.path()).run();
        assert!(ended.expect(2).stderr.contains(says), "{ended}");
    }
    assert_eq!(fs::read_to_string(profiles.join("qualif.yaml")).unwrap(), before);
    assert!(!folder.path().join("same").exists());
}

/// Evidence of ten days ago proves nothing of now, no matter who tells of it.
#[test]
fn no_format_calls_what_is_too_old_read_or_equal() {
    let report = |format: &str| {
        let audit = envparity(["audit", "--at", "2026-12-03T00:06:00Z", "-o", format]);
        audit.profiles(&repository("examples/quickstart")).run().stdout
    };
    let json: serde_json::Value = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(
        (&json["verdict"]["is"], &json["summary"]["targets"]),
        (&"no-go".into(), &"1 of 9".into())
    );
    assert_eq!(json["summary"]["equal"], "0 of 27");
    let row = json["matrix"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["component"] == "docker/engine")
        .unwrap();
    assert!(row["cells"].as_array().unwrap().iter().all(|cell| cell["stale"] == true), "{row}");
    assert!(report("markdown").contains("1 of 9 targets read completely"));
    assert!(report("html").contains("1 of 9"));
    let metrics = report("openmetrics");
    let levels = metrics.lines().filter(|line| line.starts_with("envparity_drift_level{"));
    let wrong: Vec<&str> = levels.filter(|line| !line.ends_with(" -2")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(metrics.contains("envparity_last_success_timestamp_seconds 0\n"), "{metrics}");
}
