//! A program that is started, heard and ended: no input, so much output, and a process group of its
//! own, which ends with it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::silence;

/// How long the output of a program that has ended may stay open: a process that it has left behind
/// may hold it for ever.
const GRACE: Duration = Duration::from_millis(500);

/// How often a program is looked at that says nothing.
const PERIOD: Duration = Duration::from_millis(10);

/// Why a program told nothing.
#[derive(Debug)]
pub(in crate::collect) enum ProgramError {
    /// It could not be started.
    NotStarted(io::Error),
    /// It said more than may be kept.
    TooLarge,
    /// It ended, and left a process behind that holds its output open.
    LeftOpen,
    /// Its output or its end could not be had.
    Broken(io::Error),
}

/// What ended a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) enum ProgramEnd {
    /// Itself, with this exit code.
    Code(i32),
    /// A signal of this number.
    Signal(i32),
}

impl ProgramEnd {
    fn of(status: ExitStatus) -> Self {
        let signal = || Self::Signal(status.signal().unwrap_or_default());
        status.code().map_or_else(signal, Self::Code)
    }
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(in crate::collect) struct Ended {
    pub(in crate::collect) end: ProgramEnd,
    pub(in crate::collect) output: Vec<u8>,
    pub(in crate::collect) errors: Vec<u8>,
}

/// Runs a program to its end, which whoever waits within a deadline decides: dropping the future
/// ends the program and all of its group. At most `cap` bytes of each output are kept.
///
/// # Errors
/// If it could not be started, or not be heard to its end.
pub(in crate::collect) async fn run_to_end(
    mut command: Command,
    cap: u64,
) -> Result<Ended, ProgramError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(ProgramError::NotStarted)?;
    let group = ProcessGroup::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut read = std::pin::pin!(async {
        tokio::try_join!(read_capped(stdout, cap), read_capped(stderr, cap))
    });
    let (output, errors) = tokio::select! {
        biased;
        read = &mut read => read?,
        ended = has_ended(&group) => {
            ended.map_err(ProgramError::Broken)?;
            timeout(GRACE, read).await.map_err(|_| ProgramError::LeftOpen)??
        }
    };
    has_ended(&group).await.map_err(ProgramError::Broken)?;
    // Nobody has asked for its end yet, so that no other process has its number.
    drop(group);
    let status = child.wait().await.map_err(ProgramError::Broken)?;
    Ok(Ended { end: ProgramEnd::of(status), output, errors })
}

async fn read_capped(
    stream: Option<impl AsyncRead + Unpin>,
    cap: u64,
) -> Result<Vec<u8>, ProgramError> {
    let mut bytes = Vec::new();
    let Some(stream) = stream else { return Ok(bytes) };
    let read = stream.take(cap.saturating_add(1)).read_to_end(&mut bytes).await;
    read.map_err(ProgramError::Broken)?;
    silence::broken();
    if bytes.len() as u64 > cap { Err(ProgramError::TooLarge) } else { Ok(bytes) }
}

/// Waits until the leader of a group has ended, and leaves its end for others to ask for.
async fn has_ended(group: &ProcessGroup) -> io::Result<()> {
    let Some(leader) = group.0 else { return Ok(()) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(leader), options) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => sleep(PERIOD).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends a program and all that it started, unless it has ended by itself.
pub(in crate::collect) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// That of a child, which leads it.
    pub(in crate::collect) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }

    /// Nothing is ended any more.
    pub(in crate::collect) fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
