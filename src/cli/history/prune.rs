//! `envparity history prune`

use crate::cli::args::HistoryPlaceArguments;
use crate::cli::exit::Exit;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, clock, output};
use crate::model::count;
use crate::trend;

pub(super) fn run(arguments: &HistoryPlaceArguments) -> Result<Exit, CommandError> {
    let (place, _) = HistoryPlace::of_command(arguments)?;
    let pruned =
        place.open_to_read().and_then(|mut history| history.prune(clock()(), &trend::hours_of));
    let pruned = pruned.map_err(|error| place.failed(&error))?;
    output::print(&format!(
        "deleted: {}, {}, {}\n",
        count(pruned.samples, "sample"),
        count(pruned.buckets, "bucket"),
        count(pruned.hours, "hour")
    ))?;
    Ok(Exit::Done)
}
