//! `envparity mark`: one file for each thing that can be said of the past.

mod span;

pub(super) use span::told;

use super::CommandError;
use super::args::MarkCommand;
use super::exit::Exit;

pub(super) fn run(command: &MarkCommand) -> Result<Exit, CommandError> {
    match command {
        MarkCommand::Span(arguments) => span::run(arguments),
    }
}
