//! Where commands that wait run: until they are done, or until a signal ends them. What the machine
//! does not give, and our own defects, are told here; neither shows what was being read.

use std::future::Future;
use std::io;
use std::panic;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CommandError;
use super::exit::Exit;
use super::files::OutputFiles;
use super::output;
use crate::wire::file;

/// How long what was begun may take to be dropped: programs that we started are ended then.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(300);

const WORKERS: usize = 2;

/// Threads without which nothing can be read: the workers, and some for files and names.
const THREADS: usize = WORKERS + 2;

/// Files that the runtime and one target have open.
const OPEN_FILES: usize = 10;

/// A panic is a defect of ours. Of it the place is told, and not its words: they may quote an
/// answer, and that a secret.
pub(super) fn tell_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        output::print_error_line(&format!(
            "error: this is a defect of envparity, in {place}: please report it, with the command"
        ));
    }));
}

/// Runs until done, or until a signal that ends programs; nothing of it outlives this, and no file
/// that it is given to write stays half written.
pub(super) fn interruptible<F>(work: impl FnOnce(OutputFiles) -> F) -> Result<Exit, CommandError>
where
    F: Future<Output = Result<Exit, CommandError>> + Send + 'static,
{
    check_files()?;
    check_threads()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let files = OutputFiles::default();
    let work = work(files.clone());
    let done = runtime.block_on(async {
        // A file that may not grow any more is told by the one who writes it; unheard, this signal
        // would end the program in the middle of that.
        let _file_size = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
        let mut signals = signals()?;
        // A task of its own: writing to a pipe that nobody reads must not keep a signal from being
        // heard.
        let task = tokio::spawn(work);
        let heard = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        tokio::select! {
            done = task => done.unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                Err(_) => Ok(Exit::Interrupted),
            }),
            _ = futures::future::select_all(heard) => Ok(Exit::Interrupted),
        }
    });
    if matches!(done, Ok(Exit::Interrupted)) {
        files.abandon();
        runtime.shutdown_timeout(SHUTDOWN_GRACE);
    } else {
        // A name look-up in progress cannot be interrupted: it is left behind.
        runtime.shutdown_background();
    }
    done
}

/// Runs until done. Signals are the work's own business: it passes them on to what it started.
pub(super) fn attended<F>(work: F) -> Result<Exit, CommandError>
where
    F: Future<Output = Result<Exit, CommandError>> + Send + 'static,
{
    check_files()?;
    check_threads()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let done = runtime.block_on(async {
        tokio::spawn(work).await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(_) => Ok(Exit::Interrupted),
        })
    });
    runtime.shutdown_background();
    done
}

/// What ends programs: a person, a supervisor, and a terminal that is gone, unless our parent
/// wants that to be ignored (`nohup`).
fn signals() -> io::Result<Vec<Signal>> {
    ending().into_iter().map(signal).collect()
}

/// The kinds of signals that end programs.
pub(super) fn ending() -> Vec<SignalKind> {
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit()];
    if !ignores_hangup() {
        kinds.push(SignalKind::hangup());
    }
    kinds
}

/// By the mask of ignored signals that we were started with; SIGHUP is the first.
fn ignores_hangup() -> bool {
    let status = file::of_system("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// The runtime panics where it gets no file; asked first, that is an error that says what to do.
fn check_files() -> anyhow::Result<()> {
    let open = |_| std::fs::File::open("/dev/null");
    let opened: io::Result<Vec<_>> = (0..OPEN_FILES).map(open).collect();
    match opened {
        Err(error) if rustix::io::Errno::from_io_error(&error).is_some_and(is_limit) => Err(
            anyhow!(error),
        )
        .context("the limit of open files is too low to read anything: raise it (ulimit -n)"),
        _ => Ok(()),
    }
}

fn is_limit(error: rustix::io::Errno) -> bool {
    matches!(error, rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)
}

/// The same for threads: all of them at once, as they are needed.
fn check_threads() -> anyhow::Result<()> {
    let mut held = Vec::new();
    for _ in 0..THREADS {
        let (release, until) = mpsc::channel::<()>();
        let started = thread::Builder::new().spawn(move || until.recv());
        let started = started.context(
            "this user cannot start enough threads to read anything: raise the limit (ulimit -u)",
        )?;
        held.push((release, started));
    }
    for (release, started) in held {
        drop(release);
        // It only waited.
        let _ = started.join();
    }
    Ok(())
}
