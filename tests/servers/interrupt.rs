//! An interrupted program ends at once, whatever it is waiting for, and leaves nothing half written.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::profiles::{ENVPARITY, Profiles};
use crate::support::hostile::{Behaviour, Hostile};

#[test]
fn a_signal_ends_audit_and_collect_within_a_second() {
    for command in [&["audit", "-o", "json=OUT"][..], &["collect", "production", "--to", "OUT"]] {
        for signal in ["INT", "TERM"] {
            let silent = Hostile::start(Behaviour::Silent);
            let target = json!({"name": "cache", "url": format!("redis://{}", silent.address())});
            let profiles = Profiles::new(&[("production", json!({"deadline": "60s", "targets": {"redis": [target]}}))]);
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
            assert!(output.stdout.is_empty() && !profiles.path("out").exists(), "SIG{signal} {command:?}: {output:?}");
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
    let status = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(status.expect("the shell starts").success());
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited for ten seconds");
        thread::sleep(Duration::from_millis(2));
    }
}
