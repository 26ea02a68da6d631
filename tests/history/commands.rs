//! The commands: an audit is kept, and the past can be referred to where files are.

use serde_json::Value;
use std::path::PathBuf;

use crate::cli::{Ended, Profiles, envparity, program, recorded_info};

/// Two environments, and a history among their files.
fn profiles() -> Profiles {
    let profiles = Profiles::of(&["qualif", "prod"]);
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
    profiles.recorded("prod", &recorded_info("redis-7.0.15"));
    let audit = profiles.read("audit.yaml");
    profiles.write("audit.yaml", &format!("{audit}history: {{path: past/envparity.db}}\n"));
    std::fs::create_dir(profiles.path("past")).unwrap();
    profiles
}

fn audit_at(profiles: &Profiles, at: &str) -> Value {
    profiles.run(&["audit", "-o", "json", "--at", at]).expect(1).json()
}

/// Makes qualif the same as prod, and another server.
fn catch_up(profiles: &Profiles) {
    let info = std::fs::read_to_string(recorded_info("redis-7.0.15")).unwrap();
    let ids = ["run_id:", "master_replid:"];
    let other = |line: &str| match ids.iter().find(|id| line.starts_with(**id)) {
        Some(id) => format!("{id}{}", "5a".repeat(20)),
        None => line.to_owned(),
    };
    let lines: Vec<String> = info.lines().map(other).collect();
    profiles.write("twin.txt", &lines.join("\n"));
    profiles.recorded("qualif", &profiles.path("twin.txt"));
}

const MONDAY: &str = "2026-11-23T06:00:00Z";
const TUESDAY: &str = "2026-11-24T06:00:00Z";

fn head(report: &Value) -> String {
    report["run"]["history"]["digest"].as_str().unwrap().to_owned()
}

#[test]
fn an_audit_is_kept_and_its_report_has_the_head_of_the_chain() {
    let profiles = profiles();
    let (monday, tuesday) = (audit_at(&profiles, MONDAY), audit_at(&profiles, TUESDAY));
    assert_eq!(
        (&monday["run"]["history"]["run"], &tuesday["run"]["history"]["run"]),
        (&1.into(), &2.into())
    );
    let ended = profiles.run(&["history", "verify", "--head", &head(&monday)]);
    let wanted = format!("2 runs, all as written; head {}\n", head(&tuesday));
    assert_eq!(ended.expect(0).stdout, wanted);
    let listed = profiles.run(&["history", "list"]);
    let lines: Vec<&str> = listed.expect(0).stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[1].starts_with(&format!("run:{}", &head(&tuesday)[..6])), "{listed}");
    assert!(lines[1].contains("NO-GO") && lines[1].ends_with("prod, qualif"), "{listed}");
    let shown = profiles.run(&["history", "show", &format!("run:{}", &head(&monday)[..8])]);
    let text = &shown.expect(0).stdout;
    assert!(text.contains(&head(&monday)) && text.contains("redis/cache"), "{shown}");
    // A report says nothing of a history where there is none.
    let other = Profiles::of(&["qualif", "prod"]);
    other.recorded("qualif", &recorded_info("redis-6.2.5"));
    other.recorded("prod", &recorded_info("redis-7.0.15"));
    assert!(other.audit().expect(1).json()["run"].get("history").is_none());
}

/// What is said of a database where nobody listens.
const DATABASE: &str = if cfg!(feature = "postgres") {
    "postgres://127.0.0.1:1/x refused the connection"
} else {
    "this build cannot keep a history in PostgreSQL"
};

#[test]
fn a_report_is_written_whatever_becomes_of_the_history() {
    let profiles = profiles();
    let with = |history: &str| {
        let path = profiles.path("report.json");
        let output = format!("json={}", path.display());
        let ended = profiles.run(&["audit", "-o", &output, "--at", MONDAY, "--history", history]);
        let report: Value = serde_json::from_str(&profiles.read("report.json")).unwrap();
        assert_eq!(report["verdict"]["is"], "no-go");
        assert!(report["run"].get("history").is_none());
        std::fs::remove_file(path).unwrap();
        ended.expect(2).clone()
    };
    profiles.write("letter.db", &"this is not a database, it is a letter\n".repeat(40));
    for (history, said) in [
        (profiles.path("past"), "not a regular file"),
        (profiles.path("nowhere/x.db"), "cannot be opened"),
        (profiles.path("letter.db"), "not an envparity history"),
        (PathBuf::from("postgres://u@127.0.0.1:1/x"), DATABASE),
    ] {
        let ended = with(history.to_str().unwrap());
        let is_told = ended.stderr.contains(said) && ended.stderr.contains("help: ");
        assert!(is_told, "{ended}");
        let shown =
            profiles.run(&["audit", "--at", MONDAY, "--history", history.to_str().unwrap()]);
        assert!(shown.expect(2).stdout.contains("(exit 2: a report or history"), "{shown}");
    }
}

/// A limit of 16 KiB (of 512 bytes each) is told by a signal that ends anyone who does not expect
/// it.
#[test]
fn a_limit_of_file_size_costs_the_history_and_not_the_report() {
    let profiles = profiles();
    let line = "ulimit -f 32; exec \"$0\" audit -o yaml --at \"$2\" --profiles \"$1\"";
    let folder = profiles.folder().to_str().unwrap();
    let ended = program("sh").args(["-c", line, crate::cli::ENVPARITY, folder, MONDAY]).run();
    assert_eq!(ended.expect(2).yaml()["verdict"]["is"], "no-go");
    assert!(ended.stderr.contains("no space left"), "{ended}");
    assert!(ended.stderr.contains("prune"), "{ended}");
    // Nothing of it is there, and the next one is whole.
    let report = audit_at(&profiles, MONDAY);
    assert_eq!(report["run"]["history"]["run"], 1);
    profiles.run(&["history", "verify"]).expect(0);
}

#[test]
fn the_past_is_referred_to_where_files_are() {
    let profiles = profiles();
    let monday = audit_at(&profiles, MONDAY);
    catch_up(&profiles);
    let tuesday = profiles.run(&["audit", "-o", "json", "--at", TUESDAY]).expect(0).json();
    let diff = |a: &str, b: &str| profiles.run(&["diff", a, b, "-o", "json"]);
    let changed = |ended: &Ended| ended.json()["summary"]["findings"].clone();
    let then = format!("qualif@{MONDAY}");
    let (a, b) = (head(&monday), head(&tuesday));
    let by_time = diff(&then, "qualif");
    let by_run = diff(&format!("run:{}/qualif", &a[..10]), &format!("run:{}/qualif", &b[..10]));
    assert_eq!(by_time.code, by_run.code, "{by_time}{by_run}");
    assert_eq!(changed(&by_time), changed(&by_run));
    let matrix = by_time.json()["matrix"].to_string();
    assert!(matrix.contains("6.2.5") && matrix.contains("7.0.15"), "{matrix}");
    // A file beside the past.
    profiles.collect("qualif", "now.txt").expect(0);
    let file = profiles.path("now.txt");
    assert_eq!(diff(&then, file.to_str().unwrap()).code, by_time.code);
    // The same under `history`.
    let same = profiles.run(&["history", "diff", &then, "qualif", "-o", "json"]);
    assert_eq!(changed(&same), changed(&by_time));
    for (reference, code, said) in [
        ("qualif@2026-11-22T00:00Z", 3, "the oldest is of 2026-11-23T06:00:00Z"),
        ("staging", 3, "it has evidence of prod, qualif"),
        ("run:000000000000", 2, "no run begins with 000000000000"),
        ("run:12", 2, "at least 4 digits"),
        (&format!("run:{}", &a[..10]), 2, "say which, as in run:"),
        ("qualif@2026-11-23T06:00", 2, "has no offset"),
        ("qualif@2026-04-13T20:00[CET]", 2, "CET is +01:00; Paris was at +02:00 that day"),
        ("./missing.yaml", 2, "missing.yaml"),
    ] {
        let ended = diff(reference, "qualif");
        assert!(ended.stderr.contains(said), "{reference}: {ended}");
        assert_eq!(ended.code, Some(code), "{reference}: {ended}");
    }
}

#[test]
fn what_is_new_is_told_since_a_run_of_the_past() {
    let profiles = profiles();
    catch_up(&profiles);
    profiles.run(&["audit", "--at", MONDAY]).expect(0);
    profiles.recorded("qualif", &recorded_info("redis-6.2.5"));
    let since = format!("qualif@{MONDAY}");
    let arguments = ["audit", "-o", "json", "--at", TUESDAY, "--since", &since];
    let report = profiles.run(&arguments).expect(1).json();
    assert_eq!(report["since"]["at"], MONDAY);
    let findings = report["findings"].as_array().unwrap();
    let skew = findings.iter().find(|finding| finding["rule"] == "version-skew").unwrap();
    assert_eq!(skew["since"], "new");
    // Today's profiles judged then, too: nothing of that has changed.
    assert_eq!(report["since"]["changed"], serde_json::json!([]), "{report}");
    let absent = ["audit", "--at", TUESDAY, "--since", "qualif@2020-01-01T00:00Z"];
    profiles.run(&absent).expect(3);
}

#[test]
fn an_edit_is_named_and_ends_with_one() {
    let profiles = profiles();
    audit_at(&profiles, MONDAY);
    let path = profiles.path("past/envparity.db");
    let edit = rusqlite::Connection::open(&path).unwrap();
    edit.execute("UPDATE run SET verdict = 'go'", []).unwrap();
    drop(edit);
    let ended = profiles.run(&["history", "verify"]);
    assert!(ended.expect(1).stdout.contains("run 1 of 2026-11-23T06:00:00Z"), "{ended}");
    let cut = profiles.run(&["history", "verify", "--head", &"ab".repeat(32)]);
    cut.expect(1);
}

#[test]
fn a_history_moves_by_lines_and_the_default_is_told() {
    let profiles = profiles();
    let digest = head(&audit_at(&profiles, MONDAY));
    let lines = profiles.path("lines.jsonl");
    let lines = lines.to_str().unwrap();
    profiles.run(&["history", "export", "--to", lines]).expect(0);
    let there = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| envparity(arguments).current_dir(there.path()).run();
    let missing = run(&["history", "list"]);
    assert!(missing.expect(2).stderr.contains("using ./envparity.db"), "{missing}");
    assert!(missing.stderr.contains("it does not exist yet") && missing.stderr.contains("help:"));
    run(&["history", "import", "--from", lines]).expect(0);
    run(&["history", "verify", "--head", &digest]).expect(0);
    let again = run(&["history", "import", "--from", lines]);
    assert!(again.expect(2).stderr.contains("not empty"), "{again}");
    let pruned = run(&["history", "prune"]);
    assert!(pruned.expect(0).stdout.contains("0 buckets"), "{pruned}");
    let streamed = run(&["history", "export", "--to", "-"]);
    assert_eq!(streamed.expect(0).stdout, std::fs::read_to_string(lines).unwrap());
}

#[test]
fn a_history_that_the_profiles_get_wrong_is_a_problem_with_its_place() {
    for (written, said) in [
        ("history: {}", "does not say where it is"),
        ("history: {path: a.db, postgres: \"${env:DSN}\"}", "two histories"),
        ("history: {path: \"\"}", "is empty"),
        ("history: {path: past.yaml}", "ends as profiles do"),
        ("history: {postgres: \"postgres://u:hunter2@db/x\"}", "clear text"),
    ] {
        let profiles = profiles();
        let audit = profiles.read("audit.yaml");
        let audit = audit.replace("history: {path: past/envparity.db}", written);
        profiles.write("audit.yaml", &audit);
        let ended = profiles.run(&["check-profiles"]);
        let is_told = ended.stderr.contains(said) && ended.stderr.contains("audit.yaml:");
        assert!(is_told && !ended.says("hunter2"), "{ended}");
        assert_eq!(ended.code, Some(2));
    }
}

#[test]
fn no_command_writes_over_a_history_or_over_what_is_not_its_own() {
    let profiles = profiles();
    audit_at(&profiles, MONDAY);
    let history = profiles.path("past/envparity.db");
    let before = std::fs::read(&history).unwrap();
    let link = profiles.path("past/link.db");
    std::os::unix::fs::symlink(&history, &link).unwrap();
    let beside = profiles.path("past/envparity.db-wal");
    for output in [&history, &link, &beside] {
        let output = output.to_str().unwrap();
        let yaml = format!("yaml={output}");
        let diff: &[&str] = &["diff", "prod", "qualif", "-o", &yaml];
        let audit: &[&str] = &["audit", "-o", &yaml];
        for arguments in [&["history", "export", "--to", output], diff, audit] {
            let ended = profiles.run(arguments);
            assert!(ended.expect(2).stderr.contains("part of the history"), "{ended}");
        }
    }
    assert_eq!(std::fs::read(&history).unwrap(), before);
    profiles.write("letter.txt", "dear all\n");
    for (name, said) in [
        ("letter.txt", "not an export"),
        ("audit.yaml", "in the profiles folder"),
        ("new.yaml", "in the profiles folder"),
    ] {
        let before = std::fs::read(profiles.path(name)).ok();
        let to = profiles.path(name);
        let ended = profiles.run(&["history", "export", "--to", to.to_str().unwrap()]);
        assert!(ended.expect(2).stderr.contains(said), "{ended}");
        assert_eq!(std::fs::read(&to).ok(), before);
    }
    // An export of before is replaced, and what is not a file stays what it is.
    let lines = profiles.path("lines.jsonl");
    for _ in 0..2 {
        profiles.run(&["history", "export", "--to", lines.to_str().unwrap()]).expect(0);
    }
    let fifo = profiles.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let reading = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::read(fifo).unwrap()
    });
    profiles.run(&["history", "export", "--to", fifo.to_str().unwrap()]).expect(0);
    assert_eq!(reading.join().unwrap(), std::fs::read(&lines).unwrap());
}

#[test]
fn a_history_is_not_made_where_it_would_be_taken_for_a_profile() {
    let profiles = profiles();
    let ended = profiles.run(&["audit", "--history", "new.yml"]);
    assert!(ended.expect(2).stderr.contains("not YAML"), "{ended}");
    assert!(!profiles.path("new.yml").exists());
    profiles.run(&["check-profiles"]).expect(0);
}

#[test]
fn a_limit_of_no_time_is_refused() {
    let profiles = profiles();
    for arguments in
        [&["audit", "--deadline", "0s"][..], &["collect", "prod", "--to", "-", "--deadline", "0ms"]]
    {
        let ended = profiles.run(arguments);
        assert!(ended.expect(2).stderr.contains("more than 0s"), "{ended}");
    }
    let prod = profiles.read("prod.yaml");
    for limit in ["deadline", "max-age"] {
        let lines = prod.lines().filter(|line| !line.starts_with(limit));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        profiles.write(
            "prod.yaml",
            &text.replace("name: prod\n", &format!("name: prod\n{limit}: 0s\n")),
        );
        let ended = profiles.run(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains("more than 0s"), "{ended}");
    }
}

#[test]
fn a_folder_that_is_called_as_an_environment_hides_no_evidence() {
    let profiles = profiles();
    audit_at(&profiles, MONDAY);
    std::fs::create_dir(profiles.path("qualif")).unwrap();
    profiles.run(&["history", "show", "qualif"]).expect(0);
}

#[test]
fn each_text_ends_with_its_line() {
    let profiles = profiles();
    let head = head(&audit_at(&profiles, MONDAY));
    for run in [
        &["history", "list"][..],
        &["history", "show", "prod"],
        &["history", "verify"],
        &["history", "prune"],
        &["history", "export", "--to", "-"],
    ] {
        let ended = profiles.run(run);
        assert!(ended.expect(0).stdout.ends_with('\n'), "{run:?}: {ended}");
    }
    let cut = profiles.run(&["history", "verify", "--head", &head.replace(|_: char| true, "a")]);
    assert!(cut.expect(1).stdout.ends_with('\n'), "{cut}");
}

/// A reader who goes away early has read enough, and what is wrong with a file is said of it.
#[test]
fn what_is_wrong_with_a_transfer_is_said_of_the_file() {
    let profiles = profiles();
    audit_at(&profiles, MONDAY);
    let history = profiles.path("past/envparity.db");
    let script = "(sleep 0.5; \"$0\" history export --history \"$1\" --to -; echo $? >&2) | true";
    let export = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_envparity")])
        .arg(&history)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&export.stderr), "0\n");
    profiles.write("broken.jsonl", "{}\n");
    for (from, said) in [
        ("broken.jsonl", "broken.jsonl: line 1: not a file that envparity history export wrote"),
        ("none.jsonl", "none.jsonl"),
        (".", "Is a directory"),
    ] {
        let from = profiles.path(from).display().to_string();
        let run = ["history", "import", "--from", &from, "--history", "new.db"];
        let ended = profiles.command(&run).current_dir(profiles.folder()).run();
        assert!(ended.expect(2).says(said), "{from}: {ended}");
        assert!(!ended.says("the history"), "{from}: {ended}");
        assert!(!profiles.path("new.db").exists());
    }
}
