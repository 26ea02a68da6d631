//! An engine behind ssh, as Docker's own client reaches it: `ssh … docker system dial-stdio`, whose
//! input and output are a connection to the engine there.
//!
//! The program `ssh` of this machine is started, with the user's own configuration, keys and known
//! hosts. It never asks anybody: what it would ask for is a failure. It ends with the connection.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, Join, join};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::collect::io::ssh_address::SshAddress;
use crate::collect::io::ssh_failure::{self, OWN_FAILURE, SaidFailure};
use crate::collect::io::system::without_errno;
use crate::model::{Failure, FailureKind};

/// Bytes of what `ssh` says about itself that are kept.
const MAX_SAID: u64 = 8 * 1024;

/// How long an `ssh` that has closed its output may take to end and say why.
const GRACE: Duration = Duration::from_secs(2);

/// What a shell ends with that knows no program of that name.
const NO_PROGRAM: i32 = 127;

/// An `ssh` that runs. It is killed when this is dropped.
pub(super) struct Program {
    child: Child,
    errors: Option<ChildStderr>,
    shown: String,
}

/// Starts it.
pub(super) fn dial(
    address: &SshAddress,
) -> Result<(Join<ChildStdout, ChildStdin>, Program), Failure> {
    let mut command = Command::new("ssh");
    command
        .args(address.arguments())
        .args(["docker", "system", "dial-stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| {
        let message = format!("ssh cannot be started: {}", without_errno(&e));
        Failure::new(FailureKind::Unsupported, message).advise(
            "install OpenSSH's client on this machine, or name the engine by a socket or tcp://",
        )
    })?;
    let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(Failure::new(
            FailureKind::Cut,
            "ssh was started without standard input and output",
        ));
    };
    let errors = child.stderr.take();
    Ok((join(output, input), Program { child, errors, shown: address.shown() }))
}

impl Program {
    /// Why the connection that it was has failed, in its own words where it has any.
    pub(super) async fn explain(&mut self, failure: Failure) -> Failure {
        if failure.kind != FailureKind::Cut {
            return failure;
        }
        let ended = timeout(GRACE, async {
            let said = self.said().await;
            self.child.wait().await.ok().map(|status| (status, said))
        });
        match ended.await {
            Ok(Some((status, said))) => explained(&self.shown, status, &said).unwrap_or(failure),
            Ok(None) | Err(_) => failure,
        }
    }

    async fn said(&mut self) -> String {
        let mut said = Vec::new();
        if let Some(errors) = self.errors.take() {
            // What was read before an error counts.
            let _ = errors.take(MAX_SAID).read_to_end(&mut said).await;
        }
        String::from_utf8_lossy(&said).into_owned()
    }
}

/// Parts of what the program there says, once `ssh` is in.
const BY_DOCKER: &[SaidFailure] = &[
    (
        "permission denied",
        FailureKind::Permission,
        "that user may not use the engine's socket there",
        "let the user there read and write the engine's socket, for example by the group docker",
    ),
    (
        "Cannot connect to the Docker daemon",
        FailureKind::Refused,
        "docker is installed there, but no engine answers it",
        "check that the engine runs on that host",
    ),
    // dial-stdio, of a socket that is not there or that nobody listens on
    (
        "failed to open the raw stream connection",
        FailureKind::Refused,
        "docker is installed there, but no engine answers it",
        "check that the engine runs on that host",
    ),
    (
        "failed to connect to the docker API",
        FailureKind::Refused,
        "docker is installed there, but no engine answers it",
        "check that the engine runs on that host",
    ),
    (
        "is not a docker command",
        FailureKind::Unsupported,
        "docker on that host is too old: it has no docker system dial-stdio",
        "it takes Docker 18.09 or newer on that host",
    ),
];

fn explained(shown: &str, status: ExitStatus, said: &str) -> Option<Failure> {
    let code = status.code()?;
    let known = match code {
        OWN_FAILURE => ssh_failure::known(shown, said),
        _ => ssh_failure::find(BY_DOCKER, shown, said),
    };
    if known.is_some() {
        return known;
    }
    if code == NO_PROGRAM {
        let failure = Failure::new(
            FailureKind::Unreachable,
            format!("docker not found on that host: {shown}"),
        );
        return Some(failure.advise(
            "ssh works; install Docker's client there, or put it on the PATH of commands run \
             through ssh",
        ));
    }
    let last = ssh_failure::last_line(said);
    let last = last.unwrap_or_else(|| format!("it ended with code {code}"));
    let failure = Failure::new(FailureKind::Unreachable, format!("ssh reached no engine: {last}"));
    Some(failure.advise("try it by hand: ssh -o BatchMode=yes USER@HOST docker system dial-stdio"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn of(code: i32, said: &str) -> Failure {
        explained("host:22", ExitStatus::from_raw(code << 8), said).unwrap()
    }

    #[test]
    fn what_ssh_and_docker_say_is_told_apart() {
        use FailureKind as K;
        for (code, said, kind, mentions) in [
            (
                255,
                "No ED25519 host key is known for h.\r\nHost key verification failed.\r\n",
                K::HostKey,
                "not in known_hosts",
            ),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification \
                 failed.",
                K::HostKey,
                "has changed",
            ),
            (255, "me@host: Permission denied (publickey).", K::Authentication, "keys"),
            (
                255,
                "ssh: Could not resolve hostname h: Name or service not known",
                K::Unreachable,
                "no such host",
            ),
            (255, "ssh: connect to host h port 22: Connection refused", K::Refused, "host:22"),
            (
                127,
                "bash: line 1: docker: command not found",
                K::Unreachable,
                "docker not found on that host",
            ),
            (
                1,
                "permission denied while trying to connect to the Docker daemon socket",
                K::Permission,
                "may not use",
            ),
            (
                1,
                "Cannot connect to the Docker daemon at unix:///x. Is it running?",
                K::Refused,
                "no engine answers",
            ),
            (1, "", K::Unreachable, "ended with code 1"),
            (255, "first\nsomething new\n\n", K::Unreachable, "something new"),
        ] {
            let failure = of(code, said);
            assert_eq!(failure.kind, kind, "{said}");
            assert!(failure.message.contains(mentions), "{failure:?}");
        }
        assert!(of(1, &"x".repeat(5000)).message.len() < 300);
    }
}
