//! `envparity rehearse`: runs somebody's own load under a release, and keeps what it cost Redis.
//!
//! The command has a process group of its own; signals that we get are passed on to it.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::args::RehearseArguments;
use super::exit::Exit;
use super::mark::{known_environment, work_name};
use super::past::HistoryPlace;
use super::progress::{NoProgress, Waiting};
use super::release::named;
use super::{CommandError, author, clock, output, problems, runtime};
use crate::model::{RehearsalOutcome, Release};
use crate::pipeline::{self, NewRehearsal, Recorder};
use crate::profile::{Environment, Profiles};
use crate::report::escape::terminal;

/// How often INFO is read.
const EVERY: Duration = Duration::from_secs(5);

/// How often what was seen is told, and how often the builds are looked at.
const TOLD_EVERY: u32 = 6;
const BUILDS_EVERY: u32 = 12;

/// How long a command may take to end when its time is over.
const GRACE: Duration = Duration::from_secs(5);

pub(super) async fn run(arguments: RehearseArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let release = named(&profiles, &arguments.release)?;
    let gate = pipeline::gate_of(&profiles, release).map_err(|error| anyhow!("{error}"))?;
    let environment = known_environment(gate.from.as_str(), &profiles)?;
    let (work, count) = (work_name(&arguments.work.0)?, arguments.work.1);
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    place.open_to_write().map_err(|error| place.failed(&error))?;
    check_builds(&profiles, environment, release).await?;
    let before = pipeline::read_work(environment, &profiles.folder, None, clock());
    let mut recorder = Recorder::new(&profiles, before.await);
    if let Some(why) = recorder.unread().first() {
        let why = terminal(why);
        return Err(anyhow!("{} cannot be read before: {why}", environment.name).into());
    }
    let rehearsing =
        Rehearsing { arguments: &arguments, profiles: &profiles, environment, release };
    let from = clock()();
    let ended = rehearsing.attend(&mut recorder).await?;
    let to = clock()();
    let after = pipeline::read_work(environment, &profiles.folder, None, clock());
    recorder.add(after.await);
    let outcome = rehearsing.outcome(&ended, &recorder).await;
    let new = NewRehearsal {
        release,
        work,
        count,
        command: &arguments.command,
        exit_code: ended.status.code(),
        by: author::claimed(),
        outcome: &outcome,
        from,
        to,
    };
    let saved = place
        .open_to_write()
        .and_then(|mut history| pipeline::keep_rehearsal(&mut history, &recorder, &new, clock()()))
        .map_err(|error| place.failed(&error))?;
    tell(&new, &saved.digest, &environment.name.to_string(), count)?;
    if ended.signal.is_some() {
        output::print_error_line(&format!(
            "kept: {} readings of INFO until then, as a failed rehearsal, which proves nothing; run \
             it again",
            recorder.readings()
        ));
    }
    Ok(match outcome {
        _ if ended.signal.is_some() => Exit::Interrupted,
        RehearsalOutcome::Valid => Exit::Done,
        RehearsalOutcome::Failed(_) | RehearsalOutcome::Invalid(_) => Exit::NoGo,
    })
}

fn tell(new: &NewRehearsal<'_>, digest: &str, environment: &str, count: u64) -> anyhow::Result<()> {
    let reason = match new.outcome.reason() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let seconds = new.to.duration_since(new.from).as_secs();
    let line = format!(
        "run:{digest:.8} rehearses {} in {environment}: {count} {} in {seconds} s, {}{reason}",
        new.release.name,
        new.work,
        new.outcome.as_str()
    );
    output::print(&(terminal(&line) + "\n"))
}

/// Refuses where the builds of the release do not run: nothing would be proven.
async fn check_builds(
    profiles: &Profiles,
    environment: &Environment,
    release: &Release,
) -> anyhow::Result<()> {
    let found = pipeline::runs_release(profiles, environment, release, clock(), &NoProgress).await;
    found.map_err(|why| {
        let (name, from) = (terminal(&release.name), &environment.name);
        anyhow!(
            "{from} does not run {name}: {}: deploy it; only if what runs there is {name}, built \
             anew: envparity release capture {name} --from {from} --force",
            terminal(&why)
        )
    })
}

/// A rehearsal under way.
struct Rehearsing<'a> {
    arguments: &'a RehearseArguments,
    profiles: &'a Profiles,
    environment: &'a Environment,
    release: &'a Release,
}

/// How the command ended.
struct Ended {
    status: ExitStatus,
    /// A signal that we got and passed on.
    signal: Option<Signal>,
    is_over_time: bool,
    /// Why the builds are not the release's any more.
    other_builds: Option<String>,
}

impl Rehearsing<'_> {
    /// Starts the command, and reads until it has ended.
    async fn attend(&self, recorder: &mut Recorder) -> anyhow::Result<Ended> {
        let mut signals = signals()?;
        let mut child = self.start()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let limit = self.arguments.long.map(|long| long.0);
        let end = limit.map(|limit| Instant::now() + limit);
        let bar = Waiting::beside_output();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;
        let (mut heard, mut is_over_time, mut other_builds) = (None, false, None);
        let mut count = 0;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.context("the command was lost")?,
                Some(signal) = signals.recv() => {
                    heard = heard.or(Some(signal));
                    pass_on(group, signal);
                }
                () = over(end), if !is_over_time => {
                    is_over_time = true;
                    pass_on(group, Signal::TERM);
                }
                () = over(end.map(|end| end + GRACE)), if is_over_time => {
                    pass_on(group, Signal::KILL);
                    break child.wait().await.context("the command was lost")?;
                }
                _ = ticks.tick() => {
                    count += 1;
                    self.read(recorder, count, &bar).await;
                    if count.is_multiple_of(BUILDS_EVERY) && other_builds.is_none() {
                        other_builds = self.other_builds().await;
                    }
                }
            }
        };
        // What it left running goes on loading.
        pass_on(group, Signal::TERM);
        Ok(Ended { status, signal: heard, is_over_time, other_builds })
    }

    fn start(&self) -> anyhow::Result<Child> {
        let [program, arguments @ ..] = self.arguments.command.as_slice() else {
            return Err(anyhow!("write the command behind --"));
        };
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        child.with_context(|| format!("{} cannot be started", terminal(program)))
    }

    async fn read(&self, recorder: &mut Recorder, count: u32, bar: &Waiting) {
        let folder = &self.profiles.folder;
        let read = pipeline::read_work(self.environment, folder, None, clock()).await;
        let worst = recorder.add(read);
        let seconds = u64::from(count) * EVERY.as_secs();
        if bar.is_shown() {
            let limit = self.arguments.long.map(|long| format!(" of {} s", long.0.as_secs()));
            let walk = worst.map(|(component, share)| {
                format!(", {component} walk share {:.1} % of the last seconds", share * 100.0)
            });
            let (limit, walk) = (limit.unwrap_or_default(), walk.unwrap_or_default());
            bar.show(&format!("rehearsing {}: {seconds} s{limit}{walk}", self.release.name));
        } else if let Some((component, share)) = worst.filter(|_| count.is_multiple_of(TOLD_EVERY))
        {
            output::print_error_line(&terminal(&format!(
                "rehearse: {seconds} s, {component} walk share {:.1} % of the last seconds",
                share * 100.0
            )));
        }
    }

    async fn other_builds(&self) -> Option<String> {
        let (profiles, release) = (self.profiles, self.release);
        let runs =
            pipeline::runs_release(profiles, self.environment, release, clock(), &NoProgress);
        runs.await.err()
    }

    async fn outcome(&self, ended: &Ended, recorder: &Recorder) -> RehearsalOutcome {
        use RehearsalOutcome as O;
        if let Some(signal) = ended.signal {
            return O::Failed(format!("it was interrupted by signal {}", signal.as_raw()));
        }
        if ended.is_over_time {
            let limit = self.arguments.long.map(|long| long.0).unwrap_or_default();
            return O::Failed(format!("the command had not ended after {} s", limit.as_secs()));
        }
        if !ended.status.success() {
            return O::Failed(match ended.status.code() {
                Some(code) => format!("the command ended with {code}"),
                None => "a signal ended the command".to_owned(),
            });
        }
        if let Some(why) = &ended.other_builds {
            return O::Invalid(format!("other builds on the way: {why}"));
        }
        if let Some(why) = self.other_builds().await {
            return O::Invalid(format!("other builds at the end: {why}"));
        }
        match recorder.unread().first() {
            Some(why) => O::Invalid(format!("not read at the end: {why}")),
            None => O::Valid,
        }
    }
}

async fn over(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// A group that is gone has heard enough.
fn pass_on(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
}

/// What ends programs, as it comes.
fn signals() -> anyhow::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for kind in runtime::ending() {
        let mut stream = signal(kind).context("signals cannot be heard")?;
        let (sender, signal) = (sender.clone(), of_kind(kind));
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if sender.send(signal).is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}

fn of_kind(kind: SignalKind) -> Signal {
    [Signal::INT, Signal::QUIT, Signal::HUP]
        .into_iter()
        .find(|signal| signal.as_raw() == kind.as_raw_value())
        .unwrap_or(Signal::TERM)
}
