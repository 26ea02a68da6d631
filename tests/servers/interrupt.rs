//! An interrupted program ends at once, whatever it is waiting for, and leaves nothing half
//! written.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::profiles::{ENVPARITY, Profiles};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::kubernetes::{ApiServer, Cluster, User};

#[test]
fn a_signal_ends_audit_and_collect_within_a_second() {
    for command in [&["audit", "-o", "json=OUT"][..], &["collect", "production", "--to", "OUT"]] {
        for signal in ["INT", "TERM"] {
            let silent = Hostile::start(Behaviour::Silent);
            let target = json!({"name": "cache", "url": format!("redis://{}", silent.address())});
            let profiles = Profiles::new(&[(
                "production",
                json!({"deadline": "60s", "targets": {"redis": [target]}}),
            )]);
            let mut child = start(&profiles, command);
            wait_until(|| silent.received() > 0);
            let start = Instant::now();
            send(signal, &child);
            wait_until(|| child.try_wait().expect("wait for the program").is_some());
            let took = start.elapsed();

            let output = child.wait_with_output().expect("it has ended");
            println!("SIG{signal} ended {} after {} ms", command[0], took.as_millis());
            assert_eq!(output.status.code(), Some(130), "SIG{signal} {command:?}: {output:?}");
            assert!(took < Duration::from_secs(1), "SIG{signal} {command:?}: {took:?}");
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
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (path, told) = (folder.path().join("plugin"), folder.path().join("pids"));
        let script = format!("#!/bin/sh\nsleep 60 &\necho $$ $! . > {}\nwait\n", told.display());
        std::fs::write(&path, script).expect("our folder");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a file of ours");
        let server = ApiServer::start(Cluster::recorded());
        let kubeconfig = server.kubeconfig().user(User::Exec(path)).write(folder.path());
        let target = json!({"name": "mks", "kubeconfig": kubeconfig});
        let targets = json!({"deadline": "60s", "targets": {"kubernetes": [target]}});
        let profiles = Profiles::new(&[("production", targets)]);
        let mut child = start(&profiles, &["audit"]);
        let pids = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until(|| pids().contains('.'));
        send(signal, &child);
        let start = Instant::now();
        wait_until(|| child.try_wait().expect("wait for the program").is_some());
        assert!(start.elapsed() < Duration::from_secs(1), "SIG{signal}: {:?}", start.elapsed());
        assert_eq!(child.wait().expect("it has ended").code(), Some(130), "SIG{signal}");
        for pid in pids().split_whitespace().filter(|pid| *pid != ".") {
            let status_line =
                || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // a process that was killed is gone once somebody has asked for its end
            wait_until(|| status_line().is_empty() || status_line().contains(") Z "));
        }
    }
}

/// `OUT` stands for a file in the folder of the profiles.
fn start(profiles: &Profiles, arguments: &[&str]) -> Child {
    let out = profiles.path("out").display().to_string();
    let arguments = arguments.iter().map(|argument| argument.replace("OUT", &out));
    let mut command = Command::new(ENVPARITY);
    command.args(arguments).arg("--profiles").arg(profiles.folder());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// By the shell, which has `kill` built in.
fn send(signal: &str, child: &Child) {
    let status =
        Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(status.expect("the shell starts").success());
}

#[track_caller]
fn wait_until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited for ten seconds");
        thread::sleep(Duration::from_millis(2));
    }
}
