//! What the machine does not give, files that are none, and defects of our own: each is told in a
//! line, costs no more than it must, and never hangs.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "support/cli.rs"]
mod cli;
#[path = "support/fault_table.rs"]
mod fault_table;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;

use cli::slowness::deadline;
use cli::{ENVPARITY, Ended, Profiles, envparity, make_fifo, program, recorded_info};
use fault_table::Row;

const SECRET: &str = "Zq9-never-to-be-seen-tr0ub4dor";

/// Production with a recorded Redis, and one that is live, where nobody listens.
fn profiles(live: &str) -> Profiles {
    let profiles = Profiles::of(&["prod"]);
    let info = recorded_info("redis-7.0.15");
    let allowed = deadline(Duration::from_secs(2));
    profiles.environment(
        "prod",
        &format!(
            "max-age: 36500d\ntargets:\n  recorded:\n  - {{name: cache, path: {}}}\n  redis:\n  \
             - {{name: live, deadline: {allowed}, {live}}}\n",
            info.display()
        ),
    );
    profiles
}

const PLAIN: &str = "url: \"redis://127.0.0.1:1\"";
const TLS: &str = "url: \"rediss://127.0.0.1:1\"";
const GUARDED: &str = "url: \"redis://127.0.0.1:1\", password: \"${env:ENVPARITY_SICK}\"";

/// A row: the failure of the live target, or else what stderr says.
fn row(name: &str, ended: &Ended) -> Row {
    assert!(!ended.says("panicked") && !ended.says(SECRET), "{name}: {ended}");
    let name = name.to_owned();
    if ended.code == Some(2) {
        let message = ended.stderr.lines().find(|line| line.starts_with("error: "));
        let message = message.unwrap_or_else(|| panic!("{name}: {ended}")).to_owned();
        return Row { name, kind: "exit 2".to_owned(), message, advice: String::new() };
    }
    let report = ended.report(3);
    let failures = report.failures("prod", "redis/live");
    let failure = failures.first().unwrap_or_else(|| panic!("{name}: {report}"));
    assert!(report.is_read("prod", "redis/cache"), "{name}: {report}");
    let of = |field: &str| failure[field].as_str().unwrap().to_owned();
    Row { name, kind: of("kind"), message: of("message"), advice: of("advice") }
}

/// The audit as JSON, of which stderr is not part of the report.
fn audit(profiles: &Profiles, variables: &[(&str, &OsStr)]) -> Ended {
    let mut command = profiles.command(&["audit", "-o", "json"]).within(Duration::from_secs(15));
    for (name, value) in variables {
        command = command.env(name, value);
    }
    command.run()
}

#[test]
fn what_the_machine_lacks_is_told() {
    let mut rows = Vec::new();
    rows.extend(authorities());
    rows.extend(secrets());
    rows.extend(limits());
    rows.push(defect());
    fault_table::check("machine", &rows);
}

fn authorities() -> Vec<Row> {
    let tls = profiles(TLS);
    make_fifo(&tls.path("fifo"));
    tls.write("no-pem", "this is not PEM");
    let of =
        |name: &str, variable: &str, path: &OsStr| row(name, &audit(&tls, &[(variable, path)]));
    let path = |name: &str| tls.path(name).into_os_string();
    vec![
        of("SSL_CERT_FILE is a FIFO", "SSL_CERT_FILE", &path("fifo")),
        of("SSL_CERT_FILE is a device without end", "SSL_CERT_FILE", OsStr::new("/dev/zero")),
        of("SSL_CERT_FILE is a file of the kernel", "SSL_CERT_FILE", OsStr::new("/proc/kmsg")),
        of("SSL_CERT_FILE is missing", "SSL_CERT_FILE", &path("missing")),
        of("SSL_CERT_FILE is not PEM", "SSL_CERT_FILE", &path("no-pem")),
        {
            let own = profiles(&format!("{TLS}, tls: {{ca: no-pem}}"));
            own.write("no-pem", "this is not PEM");
            row("tls.ca is not PEM", &audit(&own, &[]))
        },
        {
            let own = profiles(&format!("{TLS}, tls: {{ca: broken}}"));
            own.write("broken", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
            row("tls.ca is PEM of something else", &audit(&own, &[]))
        },
    ]
}

fn secrets() -> Vec<Row> {
    let guarded = profiles(GUARDED);
    let of = |name: &str, value: &[u8]| {
        let value = OsStr::from_bytes(value);
        row(name, &audit(&guarded, &[("ENVPARITY_SICK", value)]))
    };
    vec![of("variable that is not UTF-8", b"\xff\xfe"), of("variable that is empty", b"")]
}

/// By the shell, whose limits the program inherits.
fn limits() -> Vec<Row> {
    let plain = profiles(PLAIN);
    let limited = |limit: &str| {
        let line = format!("ulimit {limit}; exec \"$0\" audit -o json --profiles \"$1\"");
        let folder = plain.folder().to_str().unwrap();
        program("bash").args(["-c", &line, ENVPARITY, folder]).run()
    };
    for files in 4..24 {
        let ended = limited(&format!("-n {files}"));
        assert!(matches!(ended.code, Some(0 | 2 | 3)), "{files} files: {ended}");
        assert!(!ended.says("panicked") && !ended.says("defect"), "{files} files: {ended}");
        assert!(ended.code != Some(0) || ended.says("incomplete"), "{files} files: {ended}");
    }
    let mut rows = vec![row("6 open files at most", &limited("-n 6"))];
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        for processes in 1..8 {
            let ended = as_nobody(&plain, processes);
            assert!(!ended.says("panicked") && !ended.says("defect"), "{processes}: {ended}");
            if processes == 2 {
                rows.push(row("2 processes at most, of a user", &ended));
            }
        }
    }
    rows
}

/// As a user of whom nothing else runs. Root has no limit of processes.
fn as_nobody(profiles: &Profiles, processes: u32) -> Ended {
    let binary = profiles.path("binary");
    fs::copy(ENVPARITY, &binary).unwrap();
    for path in [profiles.folder(), &binary] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let line = format!("ulimit -u {processes}; exec \"$0\" audit -o json --profiles \"$1\"");
    program("setpriv")
        .args(["--reuid=65531", "--regid=65531", "--clear-groups", "bash", "-c", &line])
        .args([&binary, profiles.folder()])
        .run()
}

/// A collector that panics over a text with a secret in it.
fn defect() -> Row {
    let plain = profiles(PLAIN);
    let panics = format!("redis/live {SECRET}");
    let ended = audit(&plain, &[("ENVPARITY_TEST_PANIC", OsStr::new(&panics))]);
    assert!(ended.stderr.contains("a defect of envparity, in src/"), "{ended}");
    row("a defect of envparity in one target", &ended)
}

/// Such a file looks regular; anyone who reads it waits, and takes what others would have read.
#[test]
fn a_profile_that_links_to_a_file_of_the_kernel_is_not_read() {
    let profiles = profiles(PLAIN);
    for file in ["/proc/kmsg", "/proc/self/environ", "/dev/kmsg", "/dev/zero"] {
        let link = profiles.path("linked.yaml");
        symlink(file, &link).unwrap();
        let ended = profiles.command(&["check-profiles"]).within(Duration::from_secs(5)).run();
        assert!(ended.expect(2).stderr.contains("not a regular file"), "{file}: {ended}");
        fs::remove_file(link).unwrap();
    }
}

/// One line, as a program writes it, with each kind of mistake far to the right.
#[test]
fn a_mistake_far_to_the_right_is_told_with_its_column() {
    let far = "x".repeat(70_000);
    for mistake in [
        "\"colour\": 3",
        "\"deadline\": \"soon\"",
        "\"targets\": {\"redis\": [{\"name\": \"a\", \"url\": \"ftp://h\"}]}",
        "\"targets\": {\"redis\": [{\"name\": \"a\", \"url\": \"redis://h\"}, {\"name\": \"a\", \"url\": \"redis://h\"}]}",
        "\"targets\": {\"docker\": [{\"name\": \"a\", \"host\": \"unix:///s\", \"exclude\": {\"names\": [\"[\"]}}]}",
        "\"name\": \"twice\"",
        "\"targets\": [",
        "\"expect\": [\"unclosed",
        "\"max-age\": *none",
        "\"max-age\": \"\\q\"",
        "\t\"max-age\": 1h: 2",
    ] {
        let profiles = Profiles::of(&["prod"]);
        profiles.write("prod.yaml", &format!(
            "{{\"apiVersion\": \"envparity/v1\", \"kind\": \"Environment\", \"name\": \"prod\", \"ignore\": [\"image/{far}\"], {mistake}}}"
        ));
        for command in ["check-profiles", "audit"] {
            let ended = profiles.run(&[command]);
            assert_eq!(ended.code, Some(2), "{mistake}: {ended}");
            assert!(!ended.says("panicked") && !ended.says("defect"), "{mistake}: {ended}");
            assert!(ended.stderr.contains("prod.yaml:1:7"), "{mistake}: {ended}");
        }
    }
}

#[test]
fn patterns_are_bounded() {
    let nested = |depth: usize| format!("{}a,b{}", "{a,".repeat(depth), "}".repeat(depth));
    let wide = (0..4_000).map(|n| format!("image/a{n}*?[a-z]")).collect::<Vec<_>>().join(",");
    for pattern in [nested(9), nested(200), nested(40_000), format!("{{{wide}}}"), "[a-".into()] {
        let profiles = Profiles::of(&["prod"]);
        let body = format!(
            "targets:\n  docker:\n  - {{name: a, host: \"unix:///s\", exclude: {{names: [\"{pattern}\"]}}}}\n"
        );
        profiles.environment("prod", &body);
        let ended = profiles.run(&["check-profiles"]);
        assert!(ended.expect(2).stderr.contains("not a pattern"), "{ended}");
        assert!(!ended.says("panicked") && !ended.says("defect"), "{ended}");
        let text = format!("kind: Catalogue\nshared: [\"{pattern}\"]\nown: [\"{pattern}\"]\n");
        let profiles = self::profiles(PLAIN);
        profiles.config("catalogue.yaml", &text);
        let ended = profiles.run(&["audit"]);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(!ended.says("panicked") && !ended.says("defect"), "{ended}");
    }
}

/// A reason that nobody can read is none.
#[test]
fn a_waiver_whose_reason_or_owner_shows_nothing_is_refused() {
    for blank in ["\u{3164}", "\u{2800} ", "\u{fe0f}", "\u{200b}\u{a0}", "\u{e0041}\u{115f}"] {
        for (reason, owner, key) in [(blank, "me", "reason"), ("because", blank, "owner")] {
            let profiles = profiles(PLAIN);
            profiles.config("waivers.yaml", &format!(
                "kind: Waivers\nwaivers:\n- {{id: a, rule: floating-tag, component: image/a, environments: [prod], reason: \"{reason}\", owner: \"{owner}\", expires: 2099-01-01}}\n"
            ));
            let ended = profiles.run(&["check-profiles"]);
            assert!(ended.expect(2).stderr.contains(&format!("the {key} is empty")), "{ended}");
        }
    }
}

/// What shows nothing is shown as what it is.
#[test]
fn invisible_characters_are_escaped() {
    let ended = envparity(["version", "compare", "1\u{3164}2", "1\u{2800}2\u{fe0f}"]).run();
    for c in ['\u{3164}', '\u{2800}', '\u{fe0f}'] {
        assert!(!ended.says(&c.to_string()), "{ended}");
        assert!(ended.says(&c.escape_unicode().to_string()), "{ended}");
    }
}
