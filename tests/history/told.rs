//! What was told is kept in any history: over restarts, by many runs at once, in an export.

use std::thread;

use envparity::history::Store;
use envparity::notify::config::SinkConfig;
use envparity::notify::{
    Delivered, KIND, ObservedReason, ObservedRun, ObservedSubject, PendingSend, Sink,
    SubjectVerdict, Told,
};
use envparity::wire::yaml::{self, Origin};
use jiff::{SignedDuration, Timestamp};

use crate::world::{audit, file, now, open, save, stores};

fn sinks(count: usize) -> Vec<Sink> {
    let sink = |n: usize| {
        let text = format!("webhook: {{url: \"${{env:HOOK{n}}}\", format: json}}");
        let config: SinkConfig = yaml::read(&text, Origin::Person).unwrap();
        Sink::new(&config, std::path::Path::new("."))
    };
    (0..count).map(sink).collect()
}

fn at(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn seen(verdict: SubjectVerdict, minutes: i64) -> ObservedRun {
    let blocking = match verdict {
        SubjectVerdict::NoGo => vec!["0a1b".to_owned()],
        _ => Vec::new(),
    };
    let reason = |id: &String| ObservedReason {
        id: id.clone(),
        text: "redis 6.2.5 is behind 7.0.15".to_owned(),
        limit: "under high".to_owned(),
    };
    let subject = ObservedSubject {
        key: "qualif -> production".to_owned(),
        verdict,
        is_incomplete: false,
        reasons: blocking.iter().map(reason).collect(),
        blocking: blocking.into_iter().collect(),
        environments: Vec::new(),
        release: None,
    };
    let began = at(minutes) - SignedDuration::from_secs(5);
    ObservedRun { began, at: at(minutes), subjects: vec![subject], ..ObservedRun::default() }
}

fn take(store: &mut Store, verdict: SubjectVerdict, minutes: i64) -> Vec<PendingSend> {
    let sinks = sinks(2);
    Told(store).take(&seen(verdict, minutes), |_| Vec::new(), &sinks, at(minutes)).unwrap()
}

fn settle(store: &mut Store, taken: &[PendingSend], became: &Delivered, minutes: i64) {
    let done: Vec<_> = taken.iter().map(|send| (send.id, became.clone())).collect();
    Told(store).settle(&done, at(minutes)).unwrap();
}

fn failed() -> Delivered {
    Delivered::Failed("it answered 500".to_owned())
}

#[test]
fn what_was_told_is_a_run_of_the_chain_and_nothing_is_kept_of_no_news() {
    for (name, mut store, _folder) in stores() {
        save(&mut store, audit(now(), &[]));
        assert_eq!(take(&mut store, SubjectVerdict::Go, 0), [], "{name}");
        let runs = |store: &mut Store| store.newest_runs(100).unwrap().len();
        assert_eq!(runs(&mut store), 2, "{name}");
        for minutes in 1..30 {
            assert_eq!(take(&mut store, SubjectVerdict::Go, minutes), []);
        }
        assert_eq!(runs(&mut store), 2, "{name}");
        let taken = take(&mut store, SubjectVerdict::NoGo, 31);
        assert_eq!(taken.len(), 2, "{name}");
        settle(&mut store, &taken, &Delivered::Sent(200), 32);
        assert_eq!(take(&mut store, SubjectVerdict::NoGo, 33), [], "{name}");
        assert_eq!(store.verify(None).unwrap().unwrap().runs, 4, "{name}");
        let last = &store.newest_runs(1).unwrap()[0];
        assert_eq!((last.kind.as_str(), last.verdict.as_str()), (KIND, ""));
        // Moved elsewhere, it is known there.
        let mut lines = Vec::new();
        store.export(&mut lines).unwrap();
        let (_folder, path) = file();
        let mut other = open(&path);
        other.import(&mut lines.as_slice()).unwrap();
        assert_eq!(take(&mut other, SubjectVerdict::NoGo, 34), []);
        assert_eq!(take(&mut other, SubjectVerdict::Go, 35).len(), 2);
    }
}

#[test]
fn what_could_not_be_sent_is_tried_by_one_more_run() {
    for (name, mut store, _folder) in stores() {
        let taken = take(&mut store, SubjectVerdict::NoGo, 0);
        settle(&mut store, &taken[..1], &Delivered::Sent(200), 1);
        settle(&mut store, &taken[1..], &failed(), 1);
        let again = take(&mut store, SubjectVerdict::NoGo, 2);
        assert_eq!(again.len(), 1, "{name}");
        assert_eq!((&again[0].sink, again[0].runs), (&taken[1].sink, 1));
        settle(&mut store, &again, &failed(), 3);
        assert_eq!(take(&mut store, SubjectVerdict::NoGo, 4), [], "{name}");
        // A refusal is final; what was not tried waits as if nothing had been.
        let taken = take(&mut store, SubjectVerdict::Go, 5);
        settle(&mut store, &taken[..1], &Delivered::Refused("it answered 404".to_owned()), 6);
        settle(&mut store, &taken[1..], &Delivered::Untried, 6);
        let again = take(&mut store, SubjectVerdict::Go, 7);
        assert_eq!((again.len(), again[0].runs), (1, 0), "{name}");
        settle(&mut store, &again, &Delivered::Sent(200), 8);
        assert_eq!(take(&mut store, SubjectVerdict::Go, 9), []);
    }
}

#[test]
fn a_run_that_was_killed_is_made_up_for_once_and_one_at_work_is_left_alone() {
    for (name, mut store, _folder) in stores() {
        assert_eq!(take(&mut store, SubjectVerdict::NoGo, 0).len(), 2, "{name}");
        assert_eq!(take(&mut store, SubjectVerdict::NoGo, 9), [], "{name}");
        let again = take(&mut store, SubjectVerdict::NoGo, 10);
        assert_eq!(again.iter().map(|send| send.runs).collect::<Vec<_>>(), [1, 1], "{name}");
        // Killed again: given up.
        assert_eq!(take(&mut store, SubjectVerdict::NoGo, 30), [], "{name}");
        assert_eq!(Told(&mut store).board().unwrap().pending, []);
    }
}

#[test]
fn a_sink_that_the_profiles_name_no_more_is_told_nothing() {
    for (name, mut store, _folder) in stores() {
        let taken = take(&mut store, SubjectVerdict::NoGo, 0);
        settle(&mut store, &taken, &failed(), 1);
        let one = &sinks(1);
        let run = seen(SubjectVerdict::NoGo, 2);
        let again = Told(&mut store).take(&run, |_| Vec::new(), one, at(2)).unwrap();
        assert_eq!(again.len(), 1, "{name}");
        assert_eq!(again[0].sink, one[0].name);
    }
}

/// Twelve at once, each over a connection of its own.
pub(crate) fn race(open: impl Fn() -> Store + Sync) {
    drop(open());
    let taken: Vec<usize> = thread::scope(|scope| {
        let open = &open;
        let run = |n: i64| move || take(&mut open(), SubjectVerdict::NoGo, n % 5).len();
        let runs: Vec<_> = (0..12).map(|n| scope.spawn(run(n))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().sum::<usize>(), 2, "{taken:?}");
    assert_eq!(open().verify(None).unwrap().unwrap().runs, 1);
}

#[test]
fn of_twelve_runs_at_once_one_tells() {
    let (_folder, path) = file();
    race(|| open(&path));
}
