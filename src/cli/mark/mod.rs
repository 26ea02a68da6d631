//! `envparity mark`: one file for each thing that can be said of the past.

mod span;
mod work;

pub(super) use span::told;
pub(super) use work::{known_environment, work_name};

use super::CommandError;
use super::args::MarkCommand;
use super::exit::Exit;

pub(super) async fn run(command: MarkCommand) -> Result<Exit, CommandError> {
    match command {
        MarkCommand::Span(arguments) => span::run(&arguments),
        MarkCommand::Work(arguments) => work::run(&arguments).await,
    }
}
