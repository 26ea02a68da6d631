//! Programs that do not tell their version.

use serde_json::{Value, json};

use super::{Fault, check_all};
use crate::support::hostile::{Behaviour, Hostile};
use crate::support::ssh::Sshd;

#[test]
fn a_faulty_command_costs_its_own_target_only() {
    let faults = [starts(), ends(), outputs(), over_ssh()];
    check_all("command", faults.into_iter().flatten());
}

/// What a shell would do with this line.
fn line(line: &str) -> Value {
    json!({"program": "/bin/sh", "arguments": ["-c", line], "regex": "v(?<version>.+)"})
}

fn fault(name: &'static str, text: &str, kind: &'static str) -> Fault {
    Fault::command(name, line(text), &[kind])
}

fn starts() -> Vec<Fault> {
    let of = |program: &str| json!({"program": program, "regex": "v(?<version>.+)"});
    vec![
        Fault::command("no such program", of("envparity-has-no-such"), &["unreachable"])
            .mentioning("not found on this machine"),
        Fault::command("no such path", of("/nowhere/at/all"), &["unreachable"]),
        Fault::command("a file that is not a program", of("/etc/passwd"), &["permission"]),
        Fault::command("a folder", of("/etc"), &["permission"]),
    ]
}

fn ends() -> Vec<Fault> {
    vec![
        fault("exit code 3, though it told a version", "echo v1.2.3; exit 3", "protocol")
            .mentioning("exit code 3"),
        fault("ended by a signal", "echo v1.2.3; kill -9 $$", "protocol").mentioning("signal 9"),
        fault("never ends", "echo v1.2.3; sleep 600", "timeout"),
        fault("waits for input", "read x && echo v1.2.3", "protocol").mentioning("exit code 1"),
        fault("closes its output and never ends", "exec >&- 2>&-; sleep 600", "timeout"),
        fault("ends, and leaves a child with its output", "sleep 600 & echo v1.2.3", "protocol")
            .mentioning("left a process behind"),
    ]
}

fn outputs() -> Vec<Fault> {
    vec![
        fault("prints nothing", "true", "protocol").mentioning("is empty"),
        fault("prints no version", "echo hello", "protocol").mentioning("finds nothing"),
        fault("prints it to the other output", "echo v1.2.3 >&2", "protocol")
            .mentioning("output: stderr"),
        fault("prints something else than a version", "echo vlatest", "protocol")
            .mentioning("is not a version"),
        fault("prints a version of 1 KB", "printf v1; printf '%01000d' 1", "protocol"),
        fault("prints what is not text", "printf 'v\\377\\376'", "protocol").mentioning("not text"),
        fault("prints without end", "while :; do echo v1.2.3; done", "too-large"),
        fault("prints 20 MB to the other output", "head -c 20000000 /dev/zero >&2", "too-large"),
    ]
}

fn over_ssh() -> Vec<Fault> {
    let sshd = Sshd::start(&[]);
    let gone = Hostile::start(Behaviour::Refuses);
    let host = sshd.url().trim_start_matches("ssh://").to_owned();
    let at = |host: &str, program: &str, arguments: &[&str]| {
        let regex = "v(?<version>.+)";
        json!({"program": program, "arguments": arguments, "regex": regex, "ssh": host})
    };
    let known = sshd.path();
    let over = |name, target: Value, path: &str, kind| {
        Fault::command(name, target, &[kind]).with_variable("PATH", path)
    };
    let fine = at(&host, "echo", &["v1.2.3"]);
    vec![
        over("ssh: refused", at(&gone.address().to_string(), "echo", &["v1"]), &known, "refused"),
        over("ssh: a host that nobody knows", fine.clone(), &sshd.path_to_unknown(), "host-key"),
        over(
            "ssh: a host whose key has changed",
            fine.clone(),
            &sshd.path_to_changed(),
            "host-key",
        ),
        over(
            "ssh: a key that the host does not know",
            fine.clone(),
            &sshd.path_of_stranger(),
            "authentication",
        ),
        over("ssh: no ssh on this machine", fine, "/nowhere", "unsupported"),
        over(
            "ssh: no such program there",
            at(&host, "no-such-program", &[]),
            &known,
            "unreachable",
        ),
        over("ssh: exit code 3 there", at(&host, "sh", &["-c", "exit 3"]), &known, "protocol")
            .mentioning("exit code 3"),
        over("ssh: never ends there", at(&host, "sleep", &["30"]), &known, "timeout")
            .with((sshd, gone)),
    ]
}
