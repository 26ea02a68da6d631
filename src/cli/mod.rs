//! The command line: one file for each command, and what they share.
//!
//! This is the edge: here are the clock, the environment, standard output and exit codes, and
//! nothing is decided that a stage decides.

mod after;
mod args;
mod audit;
mod author;
mod check_profiles;
mod checklist;
mod clock;
mod collect;
mod database_url;
mod diff;
mod doctor;
mod dossier;
mod eol;
mod evidence;
pub mod exit;
mod explain;
mod explain_policy;
mod files;
mod history;
mod inputs;
mod mark;
mod notify;
mod output;
mod overriding;
mod past;
mod problems;
mod progress;
pub mod reference;
mod rehearse;
mod release;
mod reports;
mod runtime;
mod sample;
mod schema;
mod secret;
mod serve;
mod stderr;
mod trend;
mod version;
mod waiver;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command, WaiverCommand};
use clock::clock;
use exit::{CommandError, Exit};
use runtime::interruptible;

/// Parses the command line, runs the command, and says how it ended.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    start_log(arguments.verbose);
    runtime::tell_panics();
    let exit = match catch_unwind(AssertUnwindSafe(|| dispatch(arguments))) {
        Ok(Ok(exit)) => exit,
        Ok(Err(CommandError(error))) => {
            output::print_error_line(&format!("error: {error:#}"));
            Exit::Error
        }
        // What it was about is told already.
        Err(_) => Exit::Error,
    };
    ExitCode::from(exit.code())
}

fn usage(error: &clap::Error) -> ExitCode {
    if lacks_a_side(error) {
        output::print_error_line(
            "error: give FROM and TO, as in envparity audit qualif production; for one \
             environment and the baseline, --env NAME",
        );
        return ExitCode::from(Exit::Error.code());
    }
    // Failing to print help is no worse than having nobody read it.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Error.code() } else { Exit::Done.code() })
}

/// Whether `audit` was given one environment of two.
fn lacks_a_side(error: &clap::Error) -> bool {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let names = |value: &ContextValue| value.to_string().contains("FROM TO");
    error.kind() == ErrorKind::WrongNumberOfValues
        && error.get(ContextKind::InvalidArg).is_some_and(names)
}

fn dispatch(arguments: Arguments) -> Result<Exit, CommandError> {
    let verbose = arguments.verbose;
    match arguments.command {
        Command::Audit(command) => interruptible(|files| audit::run(command, verbose, files)),
        Command::Collect(command) => interruptible(|files| collect::run(command, files)),
        Command::Diff(command) => {
            interruptible(|files| async move { diff::run(&command, verbose, &files) })
        }
        Command::History(command) => {
            interruptible(|files| async move { history::run(&command.command, verbose, &files) })
        }
        Command::Doctor(command) => interruptible(|_| doctor::run(command)),
        Command::Mark(command) => interruptible(|_| mark::run(command.command)),
        Command::Notify(command) => interruptible(|_| notify::run(command)),
        Command::Rehearse(command) => runtime::attended(rehearse::run(command)),
        Command::Trend(command) => interruptible(|files| trend::run(command, files)),
        Command::Checklist(command) => {
            interruptible(|files| checklist::run(command, verbose, files))
        }
        Command::Dossier(command) => interruptible(|_| async move { dossier::run(&command) }),
        Command::Release(command) => {
            interruptible(|files| async move { release::run(command.command, files).await })
        }
        Command::Explain(command) => explain::run(&command),
        Command::ExplainPolicy(command) => explain_policy::run(&command),
        Command::CheckProfiles(command) => check_profiles::run(&command),
        Command::Sample(command) => interruptible(|_| sample::run(command)),
        Command::Serve(command) => runtime::attended(serve::run(command)),
        Command::Schema(command) => schema::run(&command),
        Command::Version(command) => version::run(&command.command),
        Command::Waiver(command) => match command.command {
            WaiverCommand::Add(command) => interruptible(|files| waiver::add(command, files)),
            WaiverCommand::List(command) => waiver::list(&command),
            WaiverCommand::Check(command) => waiver::check(&command),
        },
    }
}

/// `-vv` logs what we do, `-vvv` in detail. Libraries are kept to warnings: they log bodies.
fn start_log(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = match verbose {
        0 | 1 => return,
        2 => "debug",
        _ => "trace",
    };
    // The Kubernetes client would say again, as an error, what becomes an outcome.
    let filter = EnvFilter::new(format!("warn,kube_client=off,envparity={level}"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}

/// The command line as clap sees it, for REFERENCE.md.
pub fn command() -> clap::Command {
    Arguments::command()
}
