//! `envparity history`: one file for each command of it.

mod list;
mod prune;
mod show;
mod transfer;
mod verify;

use super::args::{HistoryCommand, HistoryPlaceArguments};
use super::exit::Exit;
use super::files::Files;
use super::past::Place;
use super::{Failed, diff, past, problems};
use crate::profile::Profiles;

pub(super) fn run(command: &HistoryCommand, verbose: u8, files: &Files) -> Result<Exit, Failed> {
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

/// Where the history is, and the profiles that may say so.
fn place(arguments: &HistoryPlaceArguments) -> anyhow::Result<(Place, Option<Profiles>)> {
    let profiles = match &arguments.history.history {
        // Named, it needs no profiles, and theirs may be wrong.
        Some(_) if arguments.profiles.is_none() => None,
        _ => problems::load_if_any(arguments.profiles.as_deref())?,
    };
    Ok((Place::of_or_default(&arguments.history, profiles.as_ref())?, profiles))
}
