//! What the program `ssh` says when it cannot get in, and what that means. Pure.

use crate::model::{Failure, FailureKind};

/// What `ssh` ends with if it fails itself; else it ends as the program there did.
pub(in crate::collect) const OWN_FAILURE: i32 = 255;

/// Part of what was said, what it means, and what helps.
pub(in crate::collect) type SaidFailure = (&'static str, FailureKind, &'static str, &'static str);

/// Parts of what `ssh` says when it fails itself, what they mean, and what helps.
const BY_SSH: &[SaidFailure] = &[
    (
        "IDENTIFICATION HAS CHANGED",
        FailureKind::HostKey,
        "the host's key has changed",
        "find out why before anything else: a new machine, or somebody in between; then \
         ssh-keygen -R HOST",
    ),
    (
        "Host key verification failed",
        FailureKind::HostKey,
        "the host's key is not in known_hosts",
        "connect once by ssh, compare the key's fingerprint with the host's own, and accept it",
    ),
    (
        "Permission denied",
        FailureKind::Authentication,
        "the host accepts none of the keys that ssh has here",
        "allow a key of this user there, or load it into ssh-agent: ssh -o BatchMode=yes must get \
         in without a question",
    ),
    (
        "Too many authentication failures",
        FailureKind::Authentication,
        "the host refused all keys that ssh offered",
        "name the right one by IdentityFile and IdentitiesOnly in ~/.ssh/config",
    ),
    ("Could not resolve hostname", FailureKind::Unreachable, "no such host name", ""),
    ("Connection refused", FailureKind::Refused, "connection refused", ""),
    ("No route to host", FailureKind::Unreachable, "no route to host", ""),
    ("Network is unreachable", FailureKind::Unreachable, "no route to host", ""),
    ("timed out", FailureKind::Timeout, "no answer to the connection", ""),
];

/// Why `ssh` did not get in, if what it said is known.
pub(in crate::collect) fn known(shown: &str, said: &str) -> Option<Failure> {
    find(BY_SSH, shown, said)
}

/// The first row of `table` that `said` holds.
pub(in crate::collect) fn find(table: &[SaidFailure], shown: &str, said: &str) -> Option<Failure> {
    let (_, kind, message, advice) = table.iter().find(|row| said.contains(row.0))?;
    let failure = Failure::new(*kind, format!("{message}: {shown}"));
    Some(if advice.is_empty() { failure } else { failure.advise(*advice) })
}

/// The last line that holds anything, shortened.
pub(in crate::collect) fn last_line(said: &str) -> Option<String> {
    const MAX: usize = 200;
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(last.chars().take(MAX).collect())
}
