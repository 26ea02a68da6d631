//! Programs that tell their versions: on this machine, and behind a real sshd.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::profiles::{Profiles, Report, text};
use crate::support::cli::send_signal;
use crate::support::cli::slowness::{deadline, scaled, wait_until};
use crate::support::ssh::Sshd;

fn profiles(targets: &[Value]) -> Profiles {
    let environment = json!({
        "allow-commands": true,
        "deadline": deadline(Duration::from_secs(10)),
        "targets": {"command": targets},
    });
    Profiles::new(&[("production", environment)])
}

/// A script in the folder of the profiles.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("our folder");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
    path
}

fn read(report: &Report, component: &str) -> Vec<String> {
    report.readings(component, "production")
}

#[test]
fn real_programs_tell_their_versions() {
    let said = std::process::Command::new("git").arg("--version").output().expect("git is there");
    let said = String::from_utf8(said.stdout).expect("text");
    let version = said.trim().trim_start_matches("git version ").to_owned();
    let profiles = profiles(&[
        json!({"name": "git", "program": "git", "arguments": ["--version"],
            "regex": "version (?<version>\\S+)"}),
        json!({"name": "ssh", "program": "/usr/bin/ssh", "arguments": ["-V"], "output": "stderr",
            "regex": "OpenSSH_(?<version>[0-9.]+p[0-9]+)", "component": "openssh/client"}),
    ]);
    let report = profiles.audit().any_report();
    assert_eq!(read(&report, "command/git"), [format!("- {version} program ×1")]);
    assert!(report.is_read("production", "command/ssh"), "{report}");
    assert_eq!(read(&report, "openssh/client").len(), 1);
}

/// What the program was given, and nothing else.
#[test]
fn a_program_sees_its_arguments_no_input_and_no_variables_but_a_list() {
    let profiles = profiles(&[]);
    let heard = profiles.path("heard");
    let told = heard.display();
    let text = format!(
        "{{ for word; do printf '%s\\n' \"<$word>\"; done; env | sort; readlink /proc/self/fd/0; pwd; \
         ps -o pgid= -p $$; echo $$; }} > {told}\necho v1.2.3"
    );
    let program = script(profiles.folder(), "tool", &text);
    let target = json!({
        "name": "tool", "program": program, "regex": "v(?<version>.+)",
        "arguments": ["--version", "$HOME", "a b; echo c", "*"], "environment": ["LISTED", "UNSET"],
    });
    let environment = json!({"apiVersion": "envparity/v1", "kind": "Environment",
        "name": "production", "allow-commands": true, "targets": {"command": [target]}});
    profiles.write("production.yaml", &environment.to_string());
    let variables = [("LISTED", "value-of-listed"), ("HIDDEN", "x"), ("LD_PRELOAD", "")];
    let ended = profiles.run_with(&["audit", "-o", "json"], &variables);
    assert_eq!(read(&ended.any_report(), "command/tool"), ["- 1.2.3 program ×1"], "{ended}");
    let heard = fs::read_to_string(heard).expect("it was started");
    let lines: Vec<&str> = heard.lines().collect();
    assert_eq!(lines[..4], ["<--version>", "<$HOME>", "<a b; echo c>", "<*>"], "{heard}");
    let variables: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        // A shell adds these itself.
        .filter(|name| !["PWD", "_", "OLDPWD", "SHLVL"].contains(name))
        .collect();
    assert_eq!(variables, ["LC_ALL", "LISTED", "PATH"], "{heard}");
    let [.., input, directory, group, own] = lines[..] else { panic!("{heard}") };
    assert_eq!((input, directory), ("/dev/null", "/"), "{heard}");
    assert_eq!(group.trim(), own, "the program does not lead a group: {heard}");
    // What a variable holds may be a credential.
    assert!(!ended.says("value-of-listed"));
}

#[test]
fn nothing_is_started_unless_the_environment_says_so() {
    let profiles = profiles(&[]);
    let heard = profiles.path("heard");
    let program = script(profiles.folder(), "tool", &format!("touch {}", heard.display()));
    let target = json!({"name": "tool", "program": program, "regex": "v(?<version>.+)"});
    for allowed in [None, Some(false)] {
        let mut environment = json!({"apiVersion": "envparity/v1", "kind": "Environment",
            "name": "production", "targets": {"command": [target]}});
        if let Some(allowed) = allowed {
            environment["allow-commands"] = json!(allowed);
        }
        profiles.write("production.yaml", &environment.to_string());
        for command in
            [&["audit"][..], &["collect", "production", "--to", "x"], &["check-profiles"]]
        {
            let ended = profiles.run(command);
            assert_eq!(ended.code, Some(2), "{ended}");
            assert!(ended.says("allow-commands: true"), "{ended}");
        }
    }
    assert!(!heard.exists(), "a program was started");
}

/// Whether a process of that number runs.
fn runs(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[test]
fn the_whole_group_ends_at_the_deadline_and_with_a_signal() {
    for (limit, signal) in [(1, None), (60, Some("TERM")), (60, Some("INT"))] {
        let profiles = profiles(&[]);
        let told = profiles.path("pids");
        let text = format!(
            "(sleep 600 & echo $! >> {0}; wait) & sleep 600 & echo $! $$ >> {0}\necho . >> {0}\nwait",
            told.display()
        );
        let program = script(profiles.folder(), "tool", &text);
        let target = json!({"name": "tool", "program": program, "regex": "v(?<version>.+)"});
        let environment = json!({"apiVersion": "envparity/v1", "kind": "Environment",
            "name": "production", "allow-commands": true, "targets": {"command": [target]},
            "deadline": deadline(Duration::from_secs(limit))});
        profiles.write("production.yaml", &environment.to_string());
        let mut child = profiles.command(&["audit"]).start();
        let pids = || fs::read_to_string(&told).unwrap_or_default();
        wait_until("the program has started", || pids().split_whitespace().count() >= 4);
        if let Some(signal) = signal {
            send_signal(signal, &child);
        }
        child.wait().expect("it is ours");
        for pid in pids().split_whitespace().filter(|pid| *pid != ".") {
            wait_until("all of its group has ended", || !runs(pid));
        }
    }
}

#[test]
fn ssh_runs_it_there_with_each_argument_as_it_is_written() {
    let sshd = Sshd::start(&[]);
    let profiles = profiles(&[]);
    let heard = profiles.path("heard");
    let text = format!(
        "for word; do printf '%s\\n' \"<$word>\"; done > {}\nhostname >/dev/null; echo v2.0.1; echo v9 >&2",
        heard.display()
    );
    let program = script(profiles.folder(), "it's a tool", &text);
    let arguments =
        ["--version", "$HOME", "it's", "`id`", "a;b|c&d>e", "*", "", "\"x\"", "\\n", "!1", "~"];
    let target = json!({
        "name": "tool", "program": program, "regex": "v(?<version>.+)", "arguments": arguments,
        "ssh": sshd.url().trim_start_matches("ssh://"),
    });
    let environment = json!({"apiVersion": "envparity/v1", "kind": "Environment",
        "name": "production", "allow-commands": true, "targets": {"command": [target]},
        "deadline": deadline(Duration::from_secs(10))});
    profiles.write("production.yaml", &environment.to_string());
    let ended = profiles.run_with(&["audit", "-o", "json"], &[("PATH", &sshd.path())]);
    let report = ended.any_report();
    assert_eq!(read(&report, "command/tool"), ["- 2.0.1 program ×1"], "{report}");
    let heard = fs::read_to_string(heard).expect("it was started");
    let words: Vec<&str> = heard.lines().map(|line| &line[1..line.len() - 1]).collect();
    assert_eq!(words, arguments);
    let endpoint = text_of(&report);
    assert!(endpoint.contains("by ssh, quoted for a POSIX login shell"), "{endpoint}");
    assert!(!endpoint.contains("root@") && !endpoint.contains("HOME"), "{endpoint}");
}

fn text_of(report: &Report) -> String {
    text(&report.target("production", "command/tool")["endpoint"]).to_owned()
}

/// One program of one machine in two environments is compared with itself.
#[test]
fn one_program_in_two_environments_is_told() {
    let target = |program: &str| {
        let regex = "version (?<version>\\S+)";
        json!({"name": "git", "program": program, "arguments": ["--version"], "regex": regex})
    };
    let of = |program: &str| {
        json!({"allow-commands": true, "deadline": deadline(Duration::from_secs(10)),
            "targets": {"command": [target(program)]}})
    };
    let profiles = Profiles::new(&[("qualif", of("git")), ("production", of("git"))]);
    let report = profiles.audit().any_report();
    assert_eq!(report.verdict(), "no-go", "{report}");
    let [(severity, summary)] = report.summaries("shared-instance")[..] else { panic!("{report}") };
    assert_eq!(severity, "critical");
    assert!(summary.contains("program of one machine"), "{summary}");
    let profiles = Profiles::new(&[("qualif", of("git")), ("production", of("/usr/bin/git"))]);
    let report = profiles.audit().any_report();
    assert!(report.findings("shared-instance").is_empty(), "{report}");
}

/// A silent host costs its deadline, and no `ssh` is left behind.
#[test]
fn a_silent_host_of_a_command_costs_its_deadline() {
    use crate::support::hostile::{Behaviour, Hostile};
    let server = Hostile::start(Behaviour::Silent);
    let sshd = Sshd::start(&[]);
    let target = json!({"name": "tool", "program": "true", "regex": "v(?<version>.+)",
        "ssh": format!("root@{}", server.address())});
    let limit = Duration::from_secs(2);
    let environment = json!({"allow-commands": true, "deadline": deadline(limit),
        "targets": {"command": [target]}});
    let profiles = Profiles::new(&[("production", environment)]);
    let ended = profiles.run_with(&["audit", "-o", "json"], &[("PATH", &sshd.path())]);
    assert!(ended.took < 2 * scaled(limit), "{:?}", ended.took);
    let report = ended.any_report();
    let failures = report.failures("production", "command/tool");
    assert!(failures.iter().any(|failure| failure["kind"] == "timeout"), "{report}");
}
