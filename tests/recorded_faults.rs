//! Recorded evidence that is broken, or not of now: an outcome of its target, and of nothing beside
//! it.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;
#[path = "support/fault_table.rs"]
mod fault_table;

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use cli::{Profiles, make_fifo};
use fault_table::Row;
use serde_json::Value;

/// Of every audit; what stands beside the fault was taken a few minutes before.
const NOW: &str = "2026-11-22T21:00:00Z";

/// Name, what the file holds, kind, and what message or advice mentions.
type Case = (&'static str, Vec<u8>, &'static str, &'static str);

fn fixture(path: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Evidence of two containers in production, as `collect` writes it.
fn evidence() -> String {
    let image = |name: &str| {
        format!(
            "  - reference: {name}\n    image-id: sha256:1\n    state: running\n    container: {name:?}\n"
        )
    };
    format!(
        "apiVersion: envparity/v1\nkind: Evidence\nenvironment: prod\ntaken: \"2026-11-22T20:50:00Z\"\ntargets:\n\
         - id: docker/edge\n  endpoint: unix:///run/docker.sock\n  taken: \"2026-11-22T20:50:00Z\"\n  parts:\n    \
         containers: complete\n    engine: complete\n    images: complete\n  fields:\n    engine: 27.3.1\n    id: A\n  \
         images:\n{}{}end:\n  targets: 1\n  images: 2\n",
        image("redis:7.2.4"),
        image("nginx:1.27.3")
    )
}

/// The text up to a mark, and it.
fn until(mark: &str) -> Vec<u8> {
    let text = evidence();
    let end = text.find(mark).unwrap() + mark.len();
    text[..end].into()
}

fn edited(from: &str, to: &str) -> Vec<u8> {
    let text = evidence();
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into()
}

#[expect(clippy::too_many_lines, reason = "a table of files, each with what is said of it")]
fn contents() -> Vec<Case> {
    let kubectl = |part: &str| {
        let pods = String::from_utf8(fixture("kubernetes/pods-page1.json")).unwrap();
        pods.as_bytes()[..pods.find(part).unwrap()].to_vec()
    };
    let laughs: String = (1..10)
        .map(|i| format!("- &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")))
        .collect();
    let bomb = format!(
        "apiVersion: envparity/v1\nkind: Evidence\nenvironment: prod\ntargets:\n- &a0 [lol]\n{laughs}"
    );
    let repeated: String = (0..10_000).map(|i| format!("    k{i}: *a\n")).collect();
    let repeated = edited("    id: A\n", &format!("    id: &a {}\n{repeated}", "A".repeat(10_000)));
    let deep = format!(
        "apiVersion: envparity/v1\nkind: Evidence\ntargets: {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let json = format!("{{\"kind\": \"List\", \"items\": {}", "[".repeat(100_000));
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(evidence().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut latin = evidence().into_bytes();
    latin.extend(b"# \xe9t\xe9\n");
    vec![
        ("file that is empty", Vec::new(), "file", "is empty"),
        ("file of something else", b"hello\n".to_vec(), "file", "neither"),
        ("cut behind its head", until("kind: Evidence\n"), "file", "collect it again"),
        ("cut in the list of targets", until("targets:\n"), "file", "collect it again"),
        ("cut in the parts of a target", until("engine: complete\n"), "file", "collect it again"),
        (
            "cut between two images",
            until("container: \"redis:7.2.4\"\n"),
            "file",
            "collect it again",
        ),
        ("cut in a text", until("container: \"ng"), "file", "collect it again"),
        (
            "cut before its totals",
            until("container: \"nginx:1.27.3\"\n"),
            "file",
            "collect it again",
        ),
        ("cut in its totals", until("targets: 1\n"), "file", "collect it again"),
        (
            "an image was taken out by hand",
            edited("  images: 2\n", "  images: 3\n"),
            "file",
            "was cut off or edited",
        ),
        (
            "of a later version of the format",
            edited("envparity/v1", "envparity/v2"),
            "file",
            "the version of envparity that wrote it",
        ),
        (
            "of a later major format",
            edited("kind: Evidence\n", "kind: Evidence\nformat: \"2.0\"\n"),
            "file",
            "the version of envparity that wrote it",
        ),
        (
            "of an invalid format",
            edited("kind: Evidence\n", "kind: Evidence\nformat: newest\n"),
            "file",
            "is not a format",
        ),
        (
            "of another kind",
            edited("kind: Evidence", "kind: Policy"),
            "file",
            "expected kind Evidence",
        ),
        (
            "of another environment",
            edited("environment: prod", "environment: qualif"),
            "wrong-environment",
            "qualif",
        ),
        ("older than max-age", edited("2026-11-22T20:50", "2026-11-21T20:50"), "stale", "max-age"),
        ("six minutes ahead", edited("2026-11-22T20:50", "2026-11-22T21:06"), "future", "clocks"),
        (
            "with an unknown key",
            edited("  endpoint:", "  colour: red\n  endpoint:"),
            "file",
            "colour",
        ),
        ("two targets of one name", twice(), "file", "the same id"),
        ("entities that grow without end", bomb.into_bytes(), "file", ""),
        ("a text that is repeated by reference", repeated, "file", ""),
        ("a hundred thousand brackets", deep.into_bytes(), "file", ""),
        ("a hundred thousand brackets of JSON", json.into_bytes(), "file", ""),
        ("not UTF-8", latin, "file", "not text"),
        ("UTF-16, as PowerShell writes it", utf16, "file", "Out-File -Encoding utf8"),
        (
            "INFO of two servers, and of which",
            [fixture("redis/redis-7.0.15.txt"), fixture("redis/redis-8.0.2.txt")].concat(),
            "file",
            "a file of its own",
        ),
        ("INFO without a version", b"# Server\r\nos:Linux\r\n".to_vec(), "file", "version"),
        ("kubectl's JSON, cut in its head", kubectl("\"items\""), "file", "broke off"),
        ("kubectl's JSON, cut in a pod", kubectl("\"containers\""), "file", "broke off"),
        ("JSON of something else", br#"{"a": 1}"#.to_vec(), "file", "record it again"),
    ]
}

/// The one target, once more.
fn twice() -> Vec<u8> {
    let text = evidence();
    let (head, rest) = text.split_once("targets:\n").unwrap();
    let (target, _) = rest.split_once("end:\n").unwrap();
    format!("{head}targets:\n{target}{target}end:\n  targets: 2\n  images: 4\n").into()
}

/// Production with a recorded Redis, and the fault beside it.
fn profiles() -> Profiles {
    let profiles = Profiles::of(&["prod"]);
    let targets =
        "targets:\n  recorded:\n  - {name: well, path: well.txt}\n  - {name: sick, path: sick}\n";
    profiles.environment("prod", &format!("max-age: 24h\n{targets}"));
    profiles.write_bytes("well.txt", &fixture("redis/redis-7.0.15.txt"));
    profiles
}

/// What stands behind the path, which the second argument is: made by the function.
type Special = (&'static str, fn(&Path), &'static str);

const SPECIAL: &[Special] = &[
    ("file that is missing", |_| {}, "no such file"),
    ("folder", |path| fs::create_dir(path).unwrap(), "not a regular file"),
    ("FIFO", make_fifo, "not a regular file"),
    (
        "device without end",
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        "not a regular file",
    ),
    ("link to itself", |path| std::os::unix::fs::symlink("sick", path).unwrap(), "symbolic links"),
    (
        "300 MB of zeros",
        |path| File::create(path).unwrap().set_len(300_000_000).unwrap(),
        "exceeds",
    ),
    (
        "200 MB of zeros",
        |path| File::create(path).unwrap().set_len(200_000_000).unwrap(),
        "neither",
    ),
];

/// The row of a case, which is checked.
fn outcome(name: &str, profiles: &Profiles, kind: &str, mentions: &str) -> Row {
    let audit = profiles.command(&["audit", "-o", "json", "--at", NOW]);
    let ended = audit.within(Duration::from_secs(15)).run();
    assert!(ended.expect(3).stderr.is_empty(), "{name}: {ended}");
    let report = ended.json();
    let targets = report["environments"][0]["targets"].as_array().unwrap();
    let (well, sick): (Vec<&Value>, Vec<&Value>) =
        targets.iter().partition(|target| target["target"] == "redis/well");
    assert_eq!(well[0]["parts"][0]["outcome"], "complete", "{name}: {report:#}");
    let parts = sick[0]["parts"].as_array().unwrap();
    let failure =
        parts.iter().map(|part| &part["failure"]).chain([&sick[0]["stale"]]).find(|f| !f.is_null());
    let failure = failure.unwrap_or_else(|| panic!("{name}: {report:#}"));
    let of = |field: &str| failure[field].as_str().unwrap().to_owned();
    let (message, advice) = (of("message"), of("advice"));
    assert_eq!(failure["kind"], kind, "{name}: {message}");
    assert!(format!("{message} -> {advice}").contains(mentions), "{name}: {message} -> {advice}");
    assert!(!advice.is_empty() && message.len() < 300, "{name}: {message} -> {advice}");
    Row { name: name.to_owned(), kind: kind.to_owned(), message, advice }
}

#[test]
fn evidence_that_is_none_costs_its_own_target_only() {
    let mut rows = Vec::new();
    for (name, make, mentions) in SPECIAL {
        let profiles = profiles();
        make(&profiles.path("sick"));
        rows.push(outcome(name, &profiles, "file", mentions));
    }
    for (name, bytes, kind, mentions) in contents() {
        let profiles = profiles();
        profiles.write_bytes("sick", &bytes);
        rows.push(outcome(name, &profiles, kind, mentions));
    }
    fault_table::check("recorded", &rows);
}

/// The same evidence, whole, is none of these faults; nor with the mark that some editors write
/// first.
#[test]
fn whole_evidence_is_read() {
    let later = evidence()
        .replace("kind: Evidence\n", "kind: Evidence\nformat: \"1.9\"\ncolour: red\n")
        .replace("  images: 2\n", "  images: 2\n  samples: 0\n");
    for text in [evidence(), format!("\u{feff}{}", evidence()), later] {
        let profiles = profiles();
        profiles.write("sick", &text);
        profiles.run(&["audit", "--at", NOW]).expect(0);
    }
}

/// A server's clock counts for a recorded INFO, since nothing else tells when it was taken: an hour
/// ahead it is from the future, an hour behind it is an hour older than it is.
#[test]
fn a_recorded_server_whose_clock_is_off_is_never_younger_than_now() {
    let info = String::from_utf8(fixture("redis/redis-7.0.15.txt")).unwrap();
    let line = info.lines().find(|line| line.starts_with("server_time_usec:")).unwrap().to_owned();
    let own: i64 = line.trim_start_matches("server_time_usec:").trim().parse().unwrap();
    let shifted = |hours: i64| {
        info.replace(&line, &format!("server_time_usec:{}", own + hours * 3_600_000_000))
    };
    let profiles = profiles();
    profiles.write("sick", &shifted(1));
    assert_eq!(outcome("an hour ahead", &profiles, "future", "clocks").kind, "future");
    profiles.write("sick", &shifted(-24));
    assert_eq!(outcome("a day behind", &profiles, "stale", "max-age").kind, "stale");
    profiles.write("sick", &shifted(-1).replace("run_id:", "run_id:f"));
    profiles.run(&["audit", "-o", "json", "--at", NOW]).expect(0);
}

/// `redis-cli … | envparity audit`: what is piped is read once, by one target, with the time of
/// now.
#[test]
fn what_is_piped_is_a_recorded_file() {
    let info = String::from_utf8(fixture("redis/redis-7.0.15.txt")).unwrap();
    let told = info.lines().filter(|line| !line.starts_with("server_time_usec:"));
    let info: String = told.map(|line| format!("{line}\n")).collect();
    let piped = "targets:\n  recorded:\n  - {name: cache, path: /dev/stdin}\n";
    let profiles = Profiles::of(&["prod"]);
    profiles.environment("prod", piped);
    let audit = || profiles.command(&["audit", "-o", "json"]);
    let report = audit().stdin(info.as_str()).run().expect(0).json();
    assert_eq!(report["environments"][0]["targets"][0]["parts"][0]["outcome"], "complete");
    // The same from a file, and nothing from an empty pipe.
    let empty = audit().stdin("").run();
    assert!(empty.expect(3).says("the file is empty"), "{empty}");
    let checked = profiles.command(&["check-profiles", "--strict"]).run();
    assert!(!checked.says("there is no file"), "{checked}");
}

/// Who never ends to write costs the target its deadline, and the run no more.
#[test]
fn a_pipe_that_never_ends_costs_its_target_only() {
    let profiles = Profiles::of(&["prod"]);
    let body = "deadline: 1s\ntargets:\n  recorded:\n  - {name: cache, path: /dev/stdin}\n";
    profiles.config("prod.yaml", &format!("kind: Environment\nname: prod\n{body}"));
    let mut command = std::process::Command::new(cli::ENVPARITY);
    command.args(["audit", "-o", "json", "--profiles"]).arg(profiles.folder());
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let start = std::time::Instant::now();
    let mut child = command.spawn().unwrap();
    let open = child.stdin.take().unwrap();
    let output = child.wait_with_output().unwrap();
    drop(open);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"]["is"], "incomplete", "{report:#}");
    assert!(report.to_string().contains("what was piped cannot be read"), "{report:#}");
    assert!(start.elapsed() < cli::slowness::scaled(Duration::from_secs(10)));
}
