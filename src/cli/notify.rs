//! `envparity notify test`, and what audits and checklists do when their report is written.

use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::args::{NotifyArguments, NotifyCommand};
use super::exit::Exit;
use super::past::HistoryPlace;
use super::{CommandError, clock, output, problems};
pub(super) use crate::daemon::RunOf;
use crate::daemon::{Telling, link_of, sinks_of};
use crate::model::count;
use crate::notify::{Delivered, DeliveryTimes, ObservedRun, PendingSend, deliver, test_notice};
use crate::profile::Profiles;
use crate::report::escape::terminal;

pub(super) async fn run(arguments: NotifyArguments) -> Result<Exit, CommandError> {
    let NotifyCommand::Test(arguments) = arguments.command;
    let profiles = problems::load(&arguments.profiles)?;
    let sinks = sinks_of(&profiles);
    if sinks.is_empty() {
        return Err(CommandError(anyhow!(
            "nobody is to be told: add notify: [{{webhook: {{url: \"${{env:SLACK_WEBHOOK}}\", \
             format: slack}}}}] to audit.yaml"
        )));
    }
    let now = clock()();
    let sends = sinks.iter().zip(1..).map(|(sink, id)| PendingSend {
        id,
        sink: sink.name.clone(),
        notice: test_notice(now),
        taken: Some(now),
        runs: 0,
    });
    let sends: Vec<PendingSend> = sends.collect();
    let times = DeliveryTimes::DEFAULT.once();
    let became = deliver(&sends, &sinks, link_of(&profiles), times, (&sleep, &|| clock()())).await;
    let mut exit = Exit::Done;
    for (sink, (_, became)) in sinks.iter().zip(became) {
        let said = match became {
            Delivered::Sent(status) => format!("it took the test ({status})"),
            Delivered::Refused(why) | Delivered::Failed(why) => {
                exit = Exit::Error;
                why
            }
            Delivered::Untried => continue,
        };
        output::print(&format!("{}\n", terminal(&format!("{}: {said}", sink.name))))?;
    }
    Ok(exit)
}

/// Tells those whom the profiles name what is new, if the run was kept: else what was told is not
/// known either. It never fails: whatever goes wrong is told on standard error, and neither report
/// nor exit code know of it.
pub(super) async fn after(
    place: &HistoryPlace,
    profiles: &Profiles,
    is_kept: bool,
    (seen, of): (ObservedRun, RunOf<'_>),
) {
    if profiles.notify.is_empty() {
        return;
    }
    if !is_kept {
        tell("nobody was told: what was told before is kept in the history, and the run was not");
        return;
    }
    let telling = Telling {
        history: &place.access(),
        profiles,
        clock: &clock(),
        sleep: &sleep,
        times: DeliveryTimes::DEFAULT,
        warn: &tell,
    };
    telling.tell(&seen, of).await;
}

pub(super) fn tell(text: &str) {
    output::print_error_line(&format!("warning: {}", terminal(text)));
}

pub(super) fn sleep(wait: Duration) -> BoxFuture<'static, ()> {
    tokio::time::sleep(wait).boxed()
}

/// A line for each schedule, with its next times.
pub(super) fn next_times(profiles: &Profiles, now: Timestamp) -> String {
    const NEXT: usize = 5;
    let mut text = String::new();
    for schedule in &profiles.schedule {
        let Some(times) = schedule.times(&profiles.timezone) else { continue };
        let fields = schedule.fields().map_or("", |fields| fields.as_str());
        let zone = times.zone().iana_name().unwrap_or("UTC");
        let (id, what) = (schedule.id.as_str(), schedule.what());
        text.push_str(&format!("  schedule {id}: {what} at {fields:?} {zone}, next\n"));
        for at in times.next(now, NEXT) {
            let there = at.to_zoned(times.zone().clone());
            text.push_str(&format!("    {}\n", there.strftime("%a %Y-%m-%d %H:%M %:z")));
        }
    }
    if !profiles.notify.is_empty() {
        text.push_str(&format!("  {} told of changes\n", count(profiles.notify.len(), "sink")));
    }
    text
}
