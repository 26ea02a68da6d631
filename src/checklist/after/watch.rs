//! Round by round: what happened, and whether that is the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::besides::{changes_besides, moment_before};
use super::builds::{BuildsSeen, change_in_words, seen};
use super::redis::{Breach, RedisWatch};
use super::rounds::{AfterAsked, AfterRound};
use super::targets::TargetsRead;
use crate::checklist::EnvironmentState;
use crate::checklist::digest_of;
use crate::checklist::recent::EnvironmentMoment;
use crate::checklist::trial::Counters;
use crate::model::{
    AfterEnd, AfterEvent, AfterKind, AfterResult, ComponentName, ItemFigure, Run, TargetCounters,
    Train, first_three,
};
use crate::trend::CommandLists;

/// What is read in one round is read at one time, as far as this goes.
const TOGETHER: SignedDuration = SignedDuration::from_secs(2);

/// Whether a Redis had counted so by a moment.
pub fn is_counted_by(counters: &TargetCounters, moment: Timestamp) -> bool {
    counters.servers.iter().all(|server| server.taken <= later(moment))
}

fn later(moment: Timestamp) -> Timestamp {
    moment.checked_add(TOGETHER).unwrap_or(moment)
}

/// How a watch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ending {
    end: AfterEnd,
    because: String,
    next: Vec<(String, String)>,
}

/// The watch of a release.
#[derive(Debug)]
pub struct AfterWatch {
    asked: AfterAsked,
    lists: CommandLists,
    started: Option<Timestamp>,
    now: Timestamp,
    /// When the first build of the release was there, or all were back.
    changed: Option<Timestamp>,
    /// Since when nothing is breached.
    quiet: Option<Timestamp>,
    is_complete: bool,
    /// Builds before the change, as they were watched, and when.
    prior: Option<(Timestamp, Arc<EnvironmentState>)>,
    /// What each Redis had counted in rounds before the change, oldest first.
    counted: Vec<Counters>,
    /// What production was in this round.
    latest: Option<EnvironmentMoment>,
    /// What changed, in words.
    change: String,
    redis: BTreeMap<ComponentName, RedisWatch>,
    read: TargetsRead,
    events: Vec<AfterEvent>,
    rounds: usize,
    ending: Option<Ending>,
}

impl AfterWatch {
    /// A watch that has seen nothing yet.
    pub fn new(asked: AfterAsked) -> Self {
        Self {
            asked,
            lists: CommandLists::builtin_lists(),
            started: None,
            now: Timestamp::UNIX_EPOCH,
            changed: None,
            quiet: None,
            is_complete: false,
            prior: None,
            counted: Vec::new(),
            latest: None,
            change: String::new(),
            redis: BTreeMap::new(),
            read: TargetsRead::default(),
            events: Vec::new(),
            rounds: 0,
            ending: None,
        }
    }

    /// Takes what production answered; true if that is the end.
    pub fn take(&mut self, round: &AfterRound) -> bool {
        self.now = round.at;
        self.started.get_or_insert(round.at);
        self.rounds += 1;
        self.latest = Some(EnvironmentMoment {
            at: round.at,
            state: round.state.clone(),
            counters: round.counters.clone(),
        });
        self.read.note_round(round);
        self.tell_notes(&round.notes);
        self.ending = match self.asked.kind {
            AfterKind::Release => self.release_round(round),
            AfterKind::Rollback => self.rollback_round(round),
        };
        self.ending = self.ending.take().or_else(|| self.lost());
        self.ending.is_some()
    }

    /// What happened so far, oldest first.
    pub fn events(&self) -> &[AfterEvent] {
        &self.events
    }

    /// Where it stands, for who waits.
    pub fn state(&self) -> String {
        let release = &self.asked.release.name;
        let Some(changed) = self.changed else {
            let wanted = match self.asked.kind {
                AfterKind::Release => {
                    format!("waiting for {release} in {}", self.asked.environment)
                }
                AfterKind::Rollback => format!("waiting for {} to be back", self.asked.target.name),
            };
            return wanted;
        };
        let since = self.quiet.unwrap_or(changed);
        let minutes = self.now.duration_since(since).as_mins();
        let redis = self.redis.iter().map(|(name, one)| one.in_words(name.as_str()));
        format!("{minutes} of {} min; {}", self.asked.hold.as_mins(), first_three(redis, "; "))
    }

    /// How it ended; incomplete where nothing has ended it.
    pub fn result(&self, run: Run) -> AfterResult {
        let ending = self.ending.clone().unwrap_or(Ending {
            end: AfterEnd::Incomplete,
            because: "it was not watched to its end".to_owned(),
            next: vec![self.again()],
        });
        AfterResult {
            kind: self.asked.kind,
            release: self.asked.release.name.clone(),
            digest: digest_of(&crate::checklist::bound_builds(&self.asked.release)),
            target: self.asked.target.name.clone(),
            environment: self.asked.environment.clone(),
            end: ending.end,
            because: ending.because,
            next: ending.next,
            started: self.started.unwrap_or(self.now),
            changed: self.changed,
            ended: self.now,
            events: self.events.clone(),
            figures: self.figures(),
            rounds: self.rounds,
            run,
        }
    }

    fn figures(&self) -> Vec<ItemFigure> {
        let criteria = &self.asked.criteria;
        self.redis.iter().flat_map(|(name, one)| one.figures(name.as_str(), criteria)).collect()
    }

    fn tell_notes(&mut self, notes: &[String]) {
        for note in notes {
            if !self.events.iter().any(|event| event.text == *note) {
                self.tell(note.clone());
            }
        }
    }

    fn tell(&mut self, text: String) {
        self.events.push(AfterEvent { at: self.now, text });
    }

    /// A target that has not answered for two minutes ends the watch: nobody knows.
    fn lost(&self) -> Option<Ending> {
        let (because, advice) = self.read.lost_target(self.now)?;
        let next = vec![(advice, "a minute".to_owned()), self.again()];
        Some(Ending { end: AfterEnd::Lost, because, next })
    }

    fn again(&self) -> (String, String) {
        let flag = match self.asked.kind {
            AfterKind::Release => "after-release",
            AfterKind::Rollback => "after-rollback",
        };
        let minutes = self.asked.hold.as_mins().max(1);
        let command = format!("envparity checklist --{flag} {}", self.asked.release.name);
        (command, format!("{minutes} min"))
    }

    /// Takes what each Redis counted.
    fn take_counters(&mut self, round: &AfterRound) {
        for (name, counters) in &round.counters {
            let watch = self.redis.entry(name.clone()).or_insert_with(|| {
                let before = self.asked.before.as_ref();
                let before = before.and_then(|before| before.counters.get(name)).cloned();
                let past = self.asked.past.get(name).cloned().unwrap_or_default();
                let until = self.asked.before.as_ref().map(|before| before.at);
                RedisWatch::new((before, until), past)
            });
            let is_whole = watch.take(counters, self.changed.is_some(), &self.lists);
            if !is_whole && self.rounds > 1 {
                self.read.note_stale(name);
            }
        }
    }

    fn release_round(&mut self, round: &AfterRound) -> Option<Ending> {
        let builds = seen(&self.asked.release.changed, &round.state.train, false);
        if self.changed.is_none() && !builds.there.is_empty() {
            self.note_change(round, &builds);
        }
        self.take_counters(round);
        let Some(changed) = self.changed else {
            self.counted.push(round.counters.clone());
            if round.is_train_whole {
                self.prior = Some((round.seen, round.state.clone()));
                self.forget();
            }
            return self.unchanged(&builds);
        };
        let is_complete = builds.is_complete() && round.is_train_whole;
        if is_complete && !self.is_complete {
            let release = &self.asked.release;
            let all = release.train.len().max(builds.complete);
            let text = format!(
                "{} runs all {} of {} ({} changed)",
                self.asked.environment, all, release.name, builds.complete
            );
            self.tell(text);
        }
        self.is_complete = is_complete;
        if let Some(breach) = self.breach() {
            return Some(self.roll_back(&breach));
        }
        if builds.there.is_empty() && builds.unknown.is_empty() && round.is_train_whole {
            return Some(self.taken_back());
        }
        let has_held = self.now.duration_since(changed) >= self.asked.hold;
        has_held.then(|| self.held(&builds))
    }

    /// The first build of the release is there.
    fn note_change(&mut self, round: &AfterRound, builds: &BuildsSeen) {
        self.changed = Some(round.at);
        let changed = &self.asked.release.changed;
        let mut names = builds.there.clone();
        let rest = changed.keys().filter(|name| !builds.there.contains(name));
        names.extend(rest.cloned().collect::<Vec<_>>());
        let was_there = self.prior.is_none();
        let before = match (&self.prior, &self.asked.before) {
            (Some((_, state)), _) => state.train.clone(),
            (None, Some(before)) => before.state.train.clone(),
            (None, None) => Train::new(),
        };
        self.change = change_in_words(&before, changed, &names);
        let environment = &self.asked.environment;
        let text = if was_there {
            let known = match &self.asked.before {
                Some(before) => format!("the history has it without at {:.0}", before.at),
                None => "the history does not have it without".to_owned(),
            };
            format!("{environment} has it already: {}; {known}", self.change)
        } else {
            format!("{environment} changed: {}", self.change)
        };
        self.tell(text);
        self.set_before();
    }

    /// What was counted just before the change says best what is new. The change came behind the
    /// last time that the builds before were seen, which with a recording is not the last round.
    fn set_before(&mut self) {
        let Some((seen, _)) = &self.prior else { return };
        for (name, watch) in &mut self.redis {
            let mut counted = self.counted.iter().filter_map(|counters| counters.get(name));
            if let Some(before) = counted.rfind(|one| is_counted_by(one, *seen)) {
                watch.before = Some(before.clone());
            }
            watch.until = Some(*seen);
            watch.came_behind(later(*seen).as_millisecond());
        }
    }

    /// Of rounds that are older than the last that counts nothing is needed.
    fn forget(&mut self) {
        let Some((seen, _)) = &self.prior else { return };
        let is_old = |round: &Counters| round.values().all(|one| is_counted_by(one, *seen));
        let last = self.counted.iter().rposition(is_old).unwrap_or(0);
        self.counted.drain(..last);
    }

    fn unchanged(&self, builds: &BuildsSeen) -> Option<Ending> {
        let started = self.started?;
        if self.now.duration_since(started) < self.asked.within {
            return None;
        }
        let (environment, name) = (&self.asked.environment, &self.asked.release.name);
        let minutes = self.asked.within.as_mins();
        let mut because = format!("{environment} did not change to {name} within {minutes} min");
        if let Some(unknown) = builds.unknown.first() {
            because.push_str(&format!("; {unknown}"));
        }
        let deploy = (format!("deploy {name}"), "as long as that takes".to_owned());
        Some(Ending { end: AfterEnd::Unchanged, because, next: vec![deploy, self.again()] })
    }

    /// What must not be, with its line told.
    fn breach(&mut self) -> Option<Breach> {
        let (max_call, criteria) = (self.asked.max_call, &self.asked.criteria);
        let mut found = self.redis.iter().find_map(|(name, watch)| {
            watch.breach(name.as_str(), &self.change, max_call, criteria)
        })?;
        self.tell(found.line.clone());
        if let Some((since, besides)) = self.besides(&found) {
            self.tell(format!("also changed since {since:.0}: {besides}"));
            found.because.push_str(&format!("; also changed: {besides}"));
        }
        Some(found)
    }

    /// What else changed there, and since when that was looked at.
    fn besides(&self, breach: &Breach) -> Option<(Timestamp, String)> {
        let counted = self
            .redis
            .iter()
            .filter_map(|(name, watch)| Some((name.clone(), watch.before.clone()?)));
        let watched = self.prior.as_ref().map(|(at, state)| EnvironmentMoment {
            at: *at,
            state: state.clone(),
            counters: counted.collect(),
        });
        let before = moment_before(self.asked.before.as_ref(), watched, self.changed?)?;
        let besides = changes_besides(&before, self.latest.as_ref()?, &self.asked.release, breach)?;
        Some((before.at, besides))
    }

    fn roll_back(&self, breach: &Breach) -> Ending {
        let AfterAsked { release, environment, .. } = &self.asked;
        let back = match &release.previous {
            Some(previous) => format!(
                "roll {environment} back to {previous}: envparity release show {previous} has its \
                 digests"
            ),
            None => format!("roll {environment} back to what ran before"),
        };
        let after = format!("envparity checklist --after-rollback {}", release.name);
        let next = vec![(back, "minutes".to_owned()), (after, "5 min once it is back".to_owned())];
        Ending { end: AfterEnd::RollBack, because: breach.because.clone(), next }
    }

    fn taken_back(&self) -> Ending {
        let AfterAsked { release, environment, .. } = &self.asked;
        let because = format!("no build of {} runs in {environment} any more", release.name);
        let after = format!("envparity checklist --after-rollback {}", release.name);
        let next = vec![(after, "5 min".to_owned())];
        Ending { end: AfterEnd::TakenBack, because, next }
    }

    fn held(&self, builds: &BuildsSeen) -> Ending {
        let mut open = self.doubts();
        open.extend(builds.unknown.iter().chain(&builds.open).cloned());
        if !self.is_complete && open.is_empty() {
            open.push(format!("{} was not read whole", self.asked.environment));
        }
        if !open.is_empty() {
            let because = first_three(&open, "; ");
            return Ending { end: AfterEnd::Incomplete, because, next: vec![self.again()] };
        }
        let minutes = self.asked.hold.as_mins();
        let without = if self.redis.is_empty() { ", without load evidence: no Redis" } else { "" };
        let because = format!(
            "{} holds {} for {minutes} min: no new call that walks and takes long, no limit \
             reached{without}",
            self.asked.environment, self.asked.release.name
        );
        Ending { end: AfterEnd::Holding, because, next: Vec::new() }
    }

    /// What is not known of load, and of what was not read just now.
    fn doubts(&self) -> Vec<String> {
        let (max_call, criteria) = (self.asked.max_call, &self.asked.criteria);
        let since = self.quiet.or(self.changed).unwrap_or(self.now);
        let span = (since.as_millisecond(), self.now.as_millisecond());
        let of_redis = self.redis.iter().flat_map(|(name, one)| {
            let mut found = one.gaps(name.as_str(), span);
            found.extend(one.doubts(name.as_str(), max_call, criteria));
            found
        });
        of_redis.chain(self.read.unread_in_words()).collect()
    }

    fn rollback_round(&mut self, round: &AfterRound) -> Option<Ending> {
        let builds = seen(&self.asked.target.train, &round.state.train, true);
        let is_back = builds.is_complete() && round.is_train_whole;
        self.take_counters(round);
        match (self.changed, is_back) {
            (None, true) => {
                self.changed = Some(self.now);
                self.start_quiet();
                self.change = format!("{} is back", self.asked.target.name);
                let text = format!(
                    "{} runs {} again: {} of {}",
                    self.asked.environment,
                    self.asked.target.name,
                    builds.complete,
                    builds.complete
                );
                self.tell(text);
            }
            (Some(_), false) if round.is_train_whole => {
                self.changed = None;
                let what = builds.open.iter().chain(&builds.unknown);
                let text = format!(
                    "{} is not back any more: {}",
                    self.asked.target.name,
                    first_three(what, "; ")
                );
                self.tell(text);
            }
            _ => {}
        }
        let waited = self.now.duration_since(self.started?);
        let Some(quiet) = self.quiet.filter(|_| self.changed.is_some()) else {
            return (waited >= self.asked.within).then(|| self.not_back(&builds));
        };
        if let Some(breach) = self.breach() {
            self.start_quiet();
            let is_late = waited >= self.asked.within.saturating_add(self.asked.hold);
            let next = vec![self.again()];
            let because = breach.because;
            return is_late.then_some(Ending { end: AfterEnd::NotBack, because, next });
        }
        (self.now.duration_since(quiet) >= self.asked.hold).then(|| self.back())
    }

    /// From now on nothing may be breached.
    fn start_quiet(&mut self) {
        self.quiet = Some(self.now);
        self.redis.values_mut().for_each(RedisWatch::begin_anew);
    }

    fn not_back(&self, builds: &BuildsSeen) -> Ending {
        let AfterAsked { target, environment, .. } = &self.asked;
        let (open, unknown) = (&builds.open, &builds.unknown);
        let (end, what) = if open.is_empty() {
            (AfterEnd::Incomplete, unknown)
        } else {
            (AfterEnd::NotBack, open)
        };
        let what = match what.as_slice() {
            [] => "it was not read whole".to_owned(),
            some => first_three(some, "; "),
        };
        let because = format!("{environment} does not run {}: {what}", target.name);
        let deploy = (format!("deploy {} there", target.name), "minutes".to_owned());
        Ending { end, because, next: vec![deploy, self.again()] }
    }

    fn back(&self) -> Ending {
        let open = self.doubts();
        if !open.is_empty() {
            let because = first_three(&open, "; ");
            return Ending { end: AfterEnd::Incomplete, because, next: vec![self.again()] };
        }
        let minutes = self.asked.hold.as_mins();
        let without = if self.redis.is_empty() { ", without load evidence: no Redis" } else { "" };
        let because = format!(
            "{} runs {} again, and nothing was breached for {minutes} min{without}",
            self.asked.environment, self.asked.target.name
        );
        Ending { end: AfterEnd::Back, because, next: Vec::new() }
    }
}
