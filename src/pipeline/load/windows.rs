//! The one way from sources to windows.

use super::asked::LoadAsked;
use super::outside::{OutsideLoad, read_outside};
use super::told::{SourceLoad, TargetLoad};
use super::{kept, selected};
use crate::collect::Clock;
use crate::history::{HistoryError, Store};
use crate::model::{BucketedLoad, Failure, FailureKind, Load};
use crate::trend::{CommandLists, make_buckets, read_windows};

/// Reads the load of one target from the history and from what its profile names, and the windows
/// of it. The future is not `Send` while a history is read: see [`read_outside`] and
/// [`put_together`] for the two halves.
pub async fn windows_of_target(
    asked: &LoadAsked<'_>,
    history: Option<&mut Store>,
    clock: Clock,
) -> TargetLoad {
    let outside = match asked.prometheus {
        Some(config) => Some(read_outside(asked, config, &clock).await),
        None => None,
    };
    put_together(asked, history.map(Ok), outside)
}

/// The windows of what was read outside and of what the history holds, or why it cannot be read.
pub fn put_together(
    asked: &LoadAsked<'_>,
    history: Option<Result<&mut Store, &HistoryError>>,
    outside: Option<OutsideLoad>,
) -> TargetLoad {
    let lists = CommandLists::builtin_lists();
    let (mut sources, mut marks) = (Vec::new(), Vec::new());
    if let Some(history) = history {
        let told = match history {
            Ok(store) => {
                kept::read_history(asked, store, &lists).map_err(|error| history_failure(&error))
            }
            Err(error) => Err(history_failure(error)),
        };
        let told = told.map(|(load, marked)| {
            marks = marked;
            load
        });
        sources.push((kept::LABEL.to_owned(), told));
    }
    if let Some(OutsideLoad { label, told }) = outside {
        let told = told.map(|load: Load| make_buckets(asked.live.identify_load(load), &lists));
        sources.push((label, told));
    }
    let read = |(label, told): (String, Result<BucketedLoad, Failure>)| {
        let windows = told.as_ref().ok();
        let windows = windows.map(|load| read_windows(load.clone(), asked.windows, &marks, &lists));
        SourceLoad { label, told, windows }
    };
    let sources: Vec<SourceLoad> = sources.into_iter().map(read).collect();
    let (windows, by_source) = selected::select_windows(asked, &sources);
    TargetLoad {
        environment: asked.environment.clone(),
        target: asked.target.clone(),
        sources,
        windows,
        by_source,
        marks,
    }
}

/// A history that cannot be read costs what it holds, and not the audit.
fn history_failure(error: &HistoryError) -> Failure {
    Failure::new(FailureKind::File, format!("the history: {error}")).with_advice(error.advice())
}
