//! What a recorded file may cost: a few times its own size, whatever stands in it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::support::cli::{Profiles, envparity, is_optimised, memory_limit, peak_of, text};
use crate::{MIB, nothing};

/// Of each file.
fn size() -> usize {
    if is_optimised() { 200 << 20 } else { 2 << 20 }
}

/// How many times its size a file may take.
const TIMES: u64 = 3;

/// What it may take besides: values are made of YAML first, 3,000,000 at most, in KiB.
fn besides(name: &str) -> u64 {
    if name.starts_with("YAML") || name.starts_with("evidence") { 224 * MIB } else { 0 }
}

/// Larger files of YAML are refused before they are read.
fn yaml_size() -> usize {
    size().min(30 << 20)
}

/// `item` again and again between a beginning and an end.
fn filled(begin: &str, item: &str, end: &str, size: usize) -> String {
    let mut text = begin.to_owned();
    text.reserve(size);
    while text.len() + item.len() < size {
        text.push_str(item);
    }
    text.push_str(end);
    text
}

fn kubectl(kind: &str, item: &str) -> String {
    let begin = format!(r#"{{"apiVersion":"v1","kind":"{kind}","metadata":{{}},"items":[0"#);
    filled(&begin, &format!(",{item}"), "]}", size())
}

/// Pods that differ, and of which nothing is too much.
fn pods() -> String {
    let mut text = r#"{"apiVersion":"v1","kind":"PodList","metadata":{},"items":[0"#.to_owned();
    for n in 0.. {
        if text.len() > size() {
            break;
        }
        write!(
            text,
            r#",{{"metadata":{{"name":"p{n}","namespace":"n"}},"spec":{{"containers":[{{"name":"c","image":"a:{n}"}}]}},"status":{{"phase":"Running","containerStatuses":[{{"name":"c","state":{{"running":{{}}}}}}]}}}}"#
        )
        .expect("to memory");
    }
    text + "]}"
}

fn evidence(field: &str, item: &str, size: usize) -> String {
    let begin = format!(
        "apiVersion: envparity/v1\nkind: Evidence\nformat: '1.1'\nenvironment: production\n\
         taken: 2026-04-01T00:00:00Z\ntargets:\n- id: docker/x\n  endpoint: x\n  \
         taken: 2026-04-01T00:00:00Z\n  parts: {{}}\n  {field}:\n"
    );
    filled(&begin, item, "end: {targets: 1, images: 1}\n", size)
}

fn files() -> Vec<(&'static str, String)> {
    let info = "# Server\r\nredis_version:7.0.15\r\n";
    let yaml = "apiVersion: v1\nkind: List\nitems: [0";
    vec![
        ("numbers for pods", kubectl("PodList", "0")),
        ("pods that are {}", kubectl("PodList", "{}")),
        ("objects without a kind", kubectl("List", "{}")),
        ("objects that are only a kind", kubectl("List", r#"{"kind":"Pod"}"#)),
        ("one pod again and again", kubectl("List", r#"{"kind":"Pod","metadata":{"name":"a"}}"#)),
        ("pods of a kind each", pods()),
        ("documents that are {}", filled("{\"kind\":\"List\"}", "{}", "", size())),
        ("documents of one pod", filled("", r#"{"kind":"Pod"}"#, "", size())),
        ("nested without end", filled(r#"{"apiVersion":"v1","items":"#, "[", "", size())),
        ("objects in objects", filled(r#"{"apiVersion":"v1","items":"#, r#"{"a":"#, "", size())),
        ("lists in lists that end", {
            let half = size() / 2;
            let open = filled(r#"{"apiVersion":"v1","kind":"List","items":"#, "[", "", half);
            open + &"]".repeat(half - 60) + "}"
        }),
        ("INFO of modules", filled(info, "module:name=m,ver=1\r\n", "", size())),
        ("INFO of commands", filled(info, "cmdstat_a:calls=1\r\n", "", size())),
        ("INFO of short lines", filled(info, "a:\n", "", size())),
        ("INFO of one line", filled(&format!("{info}redis_mode:"), "x", "\r\n", size())),
        ("INFO of headings", filled(info, "# A\n", "", size())),
        ("evidence of images", evidence("images", "  - {reference: a, state: running}\n", size())),
        ("evidence of nothing", evidence("images", "  - {}\n", size())),
        ("evidence of fields", evidence("declared", "  - a\n", size())),
        ("YAML of numbers", filled(yaml, ",0", "]\n", yaml_size())),
        ("YAML of lists", filled(yaml, ",[]", "]\n", yaml_size())),
        ("YAML nested without end", filled(yaml, ",[", "", yaml_size())),
        ("text without an end", filled("apiVersion: \"", "x", "", size())),
        ("colours", filled("# Server\r\nredis_version:7.0.15\r\n", "\u{1b}[1m", "", size())),
    ]
}

#[test]
fn a_recorded_file_takes_a_few_times_its_size() {
    let wanted = std::env::var("FILE").unwrap_or_default();
    let nothing = nothing();
    let least = memory_limit(|| nothing);
    let mut wrong = Vec::new();
    for (name, content) in files() {
        if !name.contains(&wanted) {
            continue;
        }
        let profiles = Profiles::of(&["production"]);
        profiles.write("file", &content);
        let size = content.len() as u64 >> 10;
        drop(content);
        let deadline = if is_optimised() { "20s" } else { "60s" };
        let body = json!({"apiVersion": "envparity/v1", "kind": "Environment", "name": "production",
            "deadline": deadline, "targets": {"recorded": [{"name": "x", "path": "file"}]}});
        profiles.write("production.yaml", &body.to_string());
        let (took, peak, report) = profiles.measured();
        let parts = report["environments"][0]["targets"].to_string();
        let told: String =
            text(&report["environments"][0]["targets"][0]["parts"][0]["failure"]["message"])
                .chars()
                .take(100)
                .collect();
        let (size_mib, peak_mib) = (size / MIB, peak / MIB);
        println!(
            "{peak_mib:>4} MiB of {size_mib:>3} {:>5.1} s  {name}: {told}",
            took.as_secs_f64()
        );
        let is_late = took > 2 * Duration::from_secs(if is_optimised() { 20 } else { 60 });
        if peak > TIMES * size + least + besides(name) || is_late {
            wrong.push(format!("{name}: {peak_mib} MiB of {size_mib}, {took:?}: {parts:.300}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// One row after another, however many there are: what is held goes with the longest.
#[test]
fn an_import_holds_some_times_its_longest_row() {
    const ROW: usize = 60 << 20;
    const ROWS: usize = 6;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (lines, made) = (folder.path().join("lines"), folder.path().join("made.db"));
    let mut file = std::fs::File::create(&lines).expect("our folder");
    let head = json!({"apiVersion": "envparity/v1", "kind": "History", "schema": 1, "tool": "x"});
    let body = "x".repeat(ROW);
    writeln!(file, "{head}").expect("our file");
    for row in 0..ROWS {
        writeln!(file, r#"["inventory",["digest-{row}","{body}"]]"#).expect("our file");
    }
    writeln!(file, r#"{{"end":{}}}"#, ROWS + 1).expect("our file");
    drop(body);
    let run = envparity(["history", "import", "--from"]).args([&lines]);
    let mut child = run.args(["--history"]).args([&made]).start();
    let peak = peak_of(&mut child);
    println!("{:>3} MiB: an import of {ROWS} rows of {} MiB", peak / MIB, ROW >> 20);
    assert!(child.wait().expect("it is ours").success());
    assert!(std::fs::metadata(&made).is_ok_and(|made| made.len() > (ROWS * ROW) as u64));
    assert!(peak < 256 * MIB, "{} MiB", peak / MIB);
}
