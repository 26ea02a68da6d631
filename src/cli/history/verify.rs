//! `envparity history verify`

use crate::cli::args::HistoryVerifyArguments;
use crate::cli::exit::Exit;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, output};
use crate::history::HistoryError;
use crate::model::count;
use crate::report::escape::terminal_lines;

/// Ends with 1 if something is not what was written, a damaged file too.
pub(super) fn run(arguments: &HistoryVerifyArguments) -> Result<Exit, CommandError> {
    let (place, _) = HistoryPlace::of_command(&arguments.place)?;
    let verified =
        place.open_to_read().and_then(|mut history| history.verify(arguments.head.as_deref()));
    let text = match verified {
        Ok(Ok(verified)) => {
            let runs = count(usize::try_from(verified.runs).unwrap_or(0), "run");
            output::print(&format!("{runs}, all as written; head {}\n", verified.head))?;
            return Ok(Exit::Done);
        }
        Ok(Err(found)) => format!("not as written: {found}\n"),
        Err(error @ HistoryError::Damaged(_)) => {
            format!("not as written: {}\n", place.said(&error))
        }
        Err(error) => return Err(place.failed(&error).into()),
    };
    output::print(&(terminal_lines(&text) + "\n"))?;
    Ok(Exit::NoGo)
}
