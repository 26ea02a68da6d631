//! An interrupted program ends at once, whatever it is waiting for, and leaves nothing half
//! written.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::profiles::Profiles;
use crate::support::cli::send_signal;
use crate::support::cli::slowness::{deadline, scaled, wait_until};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, User};

/// A deadline that no test waits for.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_signal_ends_audit_and_collect_within_a_second() {
    for command in [&["audit", "-o", "json=OUT"][..], &["collect", "production", "--to", "OUT"]] {
        for signal in ["INT", "TERM", "HUP", "QUIT"] {
            let silent = Hostile::start(Behaviour::Silent);
            let target = json!({"name": "cache", "url": format!("redis://{}", silent.address())});
            let profiles = Profiles::new(&[(
                "production",
                json!({"deadline": deadline(LONG), "targets": {"redis": [target]}}),
            )]);
            let mut child = start(&profiles, command);
            wait_until("the server is asked", || silent.received() > 0);
            let took = interrupted(signal, &mut child);

            let output = child.wait_with_output().expect("it has ended");
            println!("SIG{signal} ended {} after {} ms", command[0], took.as_millis());
            assert_eq!(output.status.code(), Some(130), "SIG{signal} {command:?}: {output:?}");
            assert!(took < at_once(), "SIG{signal} {command:?}: {took:?}");
            assert!(output.stdout.is_empty(), "SIG{signal} {command:?}: {output:?}");
            assert_eq!(
                files(&profiles),
                ["audit.yaml", "production.yaml"],
                "SIG{signal} {command:?}"
            );
        }
    }
}

/// Nothing beside the profiles: neither the output nor what is written before it.
fn files(profiles: &Profiles) -> Vec<String> {
    let entries = std::fs::read_dir(profiles.folder()).expect("it is ours");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it is ours").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A plugin that a kubeconfig names, and what that has started, end with the program.
#[test]
fn a_signal_leaves_no_child_behind() {
    use std::os::unix::fs::PermissionsExt;
    for signal in ["INT", "TERM", "HUP", "QUIT"] {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (path, told) = (folder.path().join("plugin"), folder.path().join("pids"));
        let script = format!("#!/bin/sh\nsleep 60 &\necho $$ $! . > {}\nwait\n", told.display());
        std::fs::write(&path, script).expect("our folder");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
        let server = ApiServer::start(Cluster::recorded());
        let kubeconfig = server.kubeconfig().user(User::Exec(path)).write(folder.path());
        let target = json!({"name": "mks", "kubeconfig": kubeconfig});
        let targets = json!({"deadline": deadline(LONG), "targets": {"kubernetes": [target]}});
        let profiles = Profiles::new(&[("production", targets)]);
        let mut child = start(&profiles, &["audit"]);
        let pids = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until("the plugin has started", || pids().contains('.'));
        let took = interrupted(signal, &mut child);
        assert!(took < at_once(), "SIG{signal}: {took:?}");
        assert_eq!(child.wait().expect("it has ended").code(), Some(130), "SIG{signal}");
        for pid in pids().split_whitespace().filter(|pid| *pid != ".") {
            let status_line =
                || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // a process that was killed is gone once somebody has asked for its end
            wait_until("the child is gone", || {
                status_line().is_empty() || status_line().contains(") Z ")
            });
        }
    }
}

/// What counts as at once, for a person who has pressed Ctrl-C.
fn at_once() -> Duration {
    scaled(Duration::from_secs(1))
}

/// `OUT` stands for a file in the folder of the profiles.
fn start(profiles: &Profiles, arguments: &[&str]) -> Child {
    let out = profiles.path("out").display().to_string();
    let arguments: Vec<String> =
        arguments.iter().map(|argument| argument.replace("OUT", &out)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    profiles.command(&arguments).start()
}

/// Sends the signal; the time until the program has ended.
#[track_caller]
fn interrupted(signal: &str, child: &mut Child) -> Duration {
    let start = Instant::now();
    send_signal(signal, child);
    wait_until("the program ends", || child.try_wait().expect("wait for the program").is_some());
    start.elapsed()
}
