//! Nothing that is written takes the place of what is read, by whatever flag, path or link; and
//! what is replaced keeps what it is.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;
#[path = "support/fault_table.rs"]
mod fault_table;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use cli::{Ended, Profiles, envparity, program, recorded_info};
use fault_table::Row;

/// What production reads, each from a file of its own, and where nobody listens.
const TARGETS: &str = r#"max-age: 36500d
targets:
  recorded:
  - {name: cache, path: evidence/cache.txt}
  redis:
  - {name: live, url: "rediss://127.0.0.1:1", password: "${file:secrets/redis}", else-recorded: evidence/later.txt, tls: {ca: certs/ca.pem}}
  http:
  - {name: orders, url: "http://127.0.0.1:1/", pointer: "", token: "${file:secrets/token}"}
  docker:
  - {name: edge, host: "tcp://127.0.0.1:1", tls: {cert: certs/cert.pem, key: certs/key.pem}}
  kubernetes:
  - {name: mks, kubeconfig: kube/config}
"#;

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n\
    clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\", certificate-authority: ca.pem}}]\n\
    users: [{name: a, user: {tokenFile: token}}]\n";

const EVIDENCE: &str = "apiVersion: envparity/v1\nkind: Evidence\nenvironment: prod\ntaken: \"2026-11-22T20:50:00Z\"\n\
    targets: []\nend:\n  targets: 0\n  images: 0\n";

/// Every file that is read; each holds its own path, or what it must be.
const READ: [&str; 14] = [
    "audit.yaml", "prod.yaml", "evidence/cache.txt", "evidence/here", "secrets/redis",
    "secrets/token", "certs/ca.pem", "certs/cert.pem", "certs/key.pem", "kube/config",
    "kube/ca.pem", "kube/token", "cycles.json", "earlier.json",
];

fn profiles() -> Profiles {
    let profiles = Profiles::of(&["prod"]);
    profiles.environment("prod", TARGETS);
    for folder in ["evidence", "secrets", "certs", "kube"] {
        fs::create_dir(profiles.path(folder)).unwrap();
    }
    for path in READ.iter().filter(|path| !profiles.path(path).exists()) {
        profiles.write(path, path);
    }
    fs::copy(recorded_info("redis-7.0.15"), profiles.path("evidence/cache.txt")).unwrap();
    profiles.write("kube/config", KUBECONFIG);
    profiles.write("cycles.json", r#"[{"cycle":"7.4","eol":false}]"#);
    profiles.write("evidence/here", EVIDENCE);
    let report = run(&profiles, &["audit", "-o", "json"]);
    profiles.write("earlier.json", &report.stdout);
    profiles
}

/// In the folder, so that paths are those of a person.
fn run(profiles: &Profiles, arguments: &[&str]) -> Ended {
    let command = envparity(arguments).current_dir(profiles.folder());
    let command = if arguments[0] == "diff" { command } else { command.args(["--profiles", "."]) };
    command.within(Duration::from_secs(20)).run()
}

/// What all of these files hold.
fn contents(profiles: &Profiles) -> Vec<String> {
    READ.iter().map(|path| profiles.read(path)).collect()
}

/// A row of `docs/FAULTS.md`: how it is refused, and that nothing has changed.
fn refused(profiles: &Profiles, name: &str, arguments: &[&str], says: &str) -> Row {
    let before = contents(profiles);
    let ended = run(profiles, arguments);
    assert_eq!(ended.code, Some(2), "{name}: {ended}");
    assert!(ended.stderr.contains(says), "{name}: {ended}");
    assert_eq!(contents(profiles), before, "{name}");
    let message = ended.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    let (name, message) = (name.to_owned(), message.to_owned());
    Row { name, kind: "exit 2".to_owned(), message, advice: String::new() }
}

#[test]
fn nothing_that_is_read_is_written_over() {
    let profiles = profiles();
    fs::hard_link(profiles.path("secrets/redis"), profiles.path("hard")).unwrap();
    symlink("secrets/redis", profiles.path("soft")).unwrap();
    symlink("evidence/later.txt", profiles.path("dangling")).unwrap();
    fs::create_dir(profiles.path(".git")).unwrap();
    let mut rows = Vec::new();
    for (name, output, says) in [
        ("report over a profile", "prod.yaml", "in the profiles folder"),
        ("report beside the profiles, as YAML", "new.yaml", "in the profiles folder"),
        ("report over recorded evidence", "evidence/cache.txt", "recorded/cache"),
        ("report where else-recorded: will be", "evidence/later.txt", "redis/live"),
        ("report over a secret", "secrets/redis", "redis/live"),
        ("report over a secret, by a hard link", "hard", "redis/live"),
        ("report over a secret, by a link", "soft", "redis/live"),
        ("report where else-recorded: will be, by a link", "dangling", "redis/live"),
        ("report over a token", "secrets/token", "http/orders"),
        ("report over an authority", "certs/ca.pem", "redis/live"),
        ("report over a client's key", "certs/key.pem", "docker/edge"),
        ("report over a kubeconfig", "kube/config", "kubernetes/mks"),
        ("report over the authority of a kubeconfig", "kube/ca.pem", "kubernetes/mks"),
        ("report over the token of a kubeconfig", "kube/token", "kubernetes/mks"),
        ("report over support cycles", "cycles.json", "--eol-data"),
        ("report over the earlier report", "./evidence/../earlier.json", "--since"),
        ("report into a git repository", ".git/config", "git repository"),
    ] {
        let (cycles, earlier) = (["--eol-data", "cycles.json"], ["--since", "earlier.json"]);
        let output = format!("json={output}");
        let arguments = [&["audit", "-o", &output][..], &cycles, &earlier].concat();
        rows.push(refused(&profiles, name, &arguments, says));
    }
    for (name, output, says) in [
        ("evidence over a profile", "prod.yaml", "not an evidence file"),
        ("evidence beside the profiles, as YAML", "new.yml", "in the profiles folder"),
        ("evidence over a secret", "secrets/redis", "not an evidence file"),
        ("evidence where else-recorded: will be", "evidence/later.txt", "redis/live"),
    ] {
        rows.push(refused(&profiles, name, &["collect", "prod", "--to", output], says));
    }
    fs::write(profiles.path("other"), EVIDENCE.replace("prod", "qualif")).unwrap();
    let other = ["collect", "prod", "--to", "other"];
    rows.push(refused(&profiles, "evidence over that of another environment", &other, "qualif"));
    let diff = ["diff", "evidence/here", "evidence/here", "-o", "yaml=evidence/here"];
    rows.push(refused(
        &profiles,
        "comparison over what is compared",
        &diff,
        "an input of this command",
    ));
    fault_table::check("inputs", &rows);
}

/// A history that neither a profile nor a flag of the command names, and what SQLite keeps beside
/// it.
#[test]
fn a_history_that_nobody_names_is_not_written_over() {
    let profiles = profiles();
    run(&profiles, &["audit", "--history", "kept.db", "-o", "table=table"]);
    let before = fs::read(profiles.path("kept.db")).unwrap();
    assert!(before.starts_with(b"SQLite format 3"));
    fs::hard_link(profiles.path("kept.db"), profiles.path("hard")).unwrap();
    symlink("kept.db", profiles.path("soft")).unwrap();
    for output in ["kept.db", "./kept.db", "hard", "soft", "kept.db-wal", "kept.db-shm"] {
        let report = format!("json={output}");
        for (arguments, says) in [
            (vec!["audit", "-o", &report], "belongs to an SQLite database"),
            (
                vec!["diff", "evidence/here", "evidence/cache.txt", "-o", &report],
                "belongs to an SQLite database",
            ),
            (vec!["collect", "prod", "--to", output], ""),
        ] {
            let is_new = output.contains("db-") && arguments[0] == "collect";
            let ended = run(&profiles, &arguments);
            assert_eq!(ended.code, Some(2), "{arguments:?}: {ended}");
            assert!(is_new || ended.stderr.contains(says), "{arguments:?}: {ended}");
            let after = fs::read(profiles.path("kept.db")).unwrap();
            assert!(after == before, "{arguments:?}: {ended}");
        }
    }
    // A name that only ends so is anybody's.
    let ended = run(&profiles, &["audit", "-o", "json=other.db-wal"]);
    assert!(profiles.read("other.db-wal").contains("DriftReport"), "{ended}");
}

#[test]
fn an_input_that_is_open_already_is_not_written_over() {
    let profiles = profiles();
    let before = contents(&profiles);
    for output in ["/dev/fd/7", "/proc/self/fd/7"] {
        let line = format!("exec \"$0\" audit --profiles . -o json={output} 7<>secrets/redis");
        let ended = program("bash")
            .args(["-c", &line, cli::ENVPARITY])
            .current_dir(profiles.folder())
            .run();
        assert!(ended.expect(2).stderr.contains("redis/live"), "{ended}");
        assert_eq!(contents(&profiles), before, "{output}");
    }
    // What is open and no input is written to as it is, and not replaced behind its opener's back.
    let line = "exec 7>out; \"$0\" audit --profiles . -o json=/dev/fd/7; exec 7>&-; ls -i out";
    let ended =
        program("bash").args(["-c", line, cli::ENVPARITY]).current_dir(profiles.folder()).run();
    let inode = fs::metadata(profiles.path("out")).unwrap().ino();
    assert!(ended.stdout.contains(&format!("{inode} out")), "{ended}");
    assert!(profiles.read("out").contains("DriftReport"));
}

#[test]
fn a_replaced_file_keeps_its_owner_and_mode_or_says_so() {
    let profiles = profiles();
    let out = profiles.path("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        std::os::unix::fs::chown(&out, Some(65_534), Some(65_534)).unwrap();
    }
    let before = fs::metadata(&out).unwrap();
    run(&profiles, &["audit", "-o", "json=out", "-o", "table=table"]);
    let after = fs::metadata(&out).unwrap();
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert_eq!(after.mode() & 0o7777, 0o640);
    assert!(profiles.read("out").contains("DriftReport"));
    if is_root {
        other_user_says_so(&profiles, &out);
    }
}

/// Another user may write the folder, and not give the file to its owner.
fn other_user_says_so(profiles: &Profiles, out: &Path) {
    std::os::unix::fs::chown(out, Some(0), Some(0)).unwrap();
    open_to_all(profiles.folder());
    let binary = profiles.path("binary");
    fs::copy(cli::ENVPARITY, &binary).unwrap();
    let ended = program("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args([binary.to_str().unwrap(), "audit", "--profiles", ".", "-o", "json=out"])
        .current_dir(profiles.folder())
        .run();
    let says = "warning: out could not keep its group (0) and its owner (0)";
    assert!(ended.stderr.contains(says) || ended.stderr.contains("could not keep its"), "{ended}");
    assert_eq!(fs::metadata(out).unwrap().uid(), 65_534, "{ended}");
}

/// Everything in a folder may be read and written by everybody.
fn open_to_all(folder: &Path) {
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if !metadata.is_symlink() && !path.ends_with("out") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        }
    }
}

#[test]
fn a_dangling_link_stays_one_and_its_target_is_made() {
    let profiles = profiles();
    symlink("made", profiles.path("first")).unwrap();
    symlink("first", profiles.path("second")).unwrap();
    symlink("missing/made", profiles.path("lost")).unwrap();
    symlink("round", profiles.path("round")).unwrap();
    run(&profiles, &["audit", "-o", "json=second", "-o", "table=table"]);
    assert!(profiles.read("made").contains("DriftReport"));
    for (output, says) in [("lost", "no such file"), ("round", "symbolic links")] {
        let ended = run(&profiles, &["audit", "-o", &format!("json={output}")]);
        assert!(ended.expect(2).stderr.contains(says), "{ended}");
    }
    for link in ["first", "second", "lost", "round"] {
        assert!(fs::symlink_metadata(profiles.path(link)).unwrap().is_symlink(), "{link}");
    }
}

/// Twelve people, or twelve jobs of one pipeline.
#[test]
fn waivers_that_are_added_at_once_are_all_there() {
    let profiles = Profiles::of(&["qualif", "prod"]);
    let declared = |major: u32| {
        let one = |n: usize| {
            format!(
                "  - {{component: tool/t{n}, product: redis, version: \"{major}.0.1\", by: me, on: 2026-01-01, expires: 2099-01-01}}\n"
            )
        };
        format!("targets:\n  declared:\n{}", (0..12).map(one).collect::<String>())
    };
    profiles.environment("qualif", &declared(6));
    profiles.environment("prod", &declared(7));
    let report = profiles.run(&["audit", "-o", "json"]).any_report();
    let report: serde_json::Value = serde_json::from_str(&report.to_string()).unwrap();
    profiles.write("report.json", &report.to_string());
    let findings = report["findings"].as_array().unwrap();
    let skew: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["rule"] == "version-skew")
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert_eq!(skew.len(), 12, "{report}");
    let path = profiles.path("report.json").display().to_string();
    let add = |id: &&str| -> Child {
        let more = ["--reason", "at once", "--owner", "me", "--expires", "30d", "--report", &path];
        profiles.command(&[&["waiver", "add", id][..], &more].concat()).start()
    };
    let children: Vec<Child> = skew.iter().map(add).collect();
    for child in children {
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    let text = profiles.read("waivers.yaml");
    assert_eq!(text.matches("rule: version-skew").count(), 12, "{text}");
    let listed = profiles.run(&["waiver", "list"]);
    assert_eq!(listed.expect(0).stdout.matches("tool/t").count(), 12, "{listed}");
}
