//! `envparity history`: one file for each command of it.

mod list;
mod prune;
mod show;
mod transfer;
mod verify;

use super::args::HistoryCommand;
use super::exit::Exit;
use super::files::OutputFiles;
use super::{CommandError, diff};

pub(super) fn run(
    command: &HistoryCommand,
    verbose: u8,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    match command {
        HistoryCommand::List(arguments) => list::run(arguments),
        HistoryCommand::Show(arguments) => show::run(arguments),
        HistoryCommand::Diff(arguments) => diff::run(arguments, verbose, files),
        HistoryCommand::Verify(arguments) => verify::run(arguments),
        HistoryCommand::Prune(arguments) => prune::run(arguments),
        HistoryCommand::Export(arguments) => transfer::export(arguments, files),
        HistoryCommand::Import(arguments) => transfer::import(arguments),
    }
}
