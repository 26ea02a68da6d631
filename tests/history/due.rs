//! Due times in any history: no run twice, none lost, and what did not run is told.

use std::thread;

use envparity::daemon::{CronTimes, DueTaken, Fate, KIND, take};
use envparity::history::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::world::{file, open, stores};

fn time(text: &str) -> Timestamp {
    format!("2026-11-23T{text}Z").parse().unwrap()
}

fn due(store: &mut Store, now: &str, running: Option<&str>) -> DueTaken {
    let hourly = CronTimes::parse("0 * * * *", &TimeZone::UTC).unwrap();
    let since = time("05:30:00");
    take(store, ("hourly", &hourly), since, time(now), running.map(time)).unwrap()
}

fn fates(taken: &DueTaken) -> Vec<String> {
    let told = taken.others.iter().map(|due| format!("{} {}", due.at, due.fate.as_str()));
    told.collect()
}

#[test]
fn each_due_time_is_run_skipped_or_missed_and_only_once() {
    for (name, mut store, _folder) in stores() {
        assert_eq!(due(&mut store, "05:59:59", None), DueTaken::default(), "{name}");
        assert_eq!(due(&mut store, "06:00:02", None).run, Some(time("06:00:00")), "{name}");
        // A restart, or another process.
        assert_eq!(due(&mut store, "06:00:02", None), DueTaken::default(), "{name}");
        let skipped = due(&mut store, "07:00:01", Some("06:00:02"));
        assert_eq!(skipped.run, None);
        assert_eq!(fates(&skipped), ["2026-11-23T07:00:00Z skipped"], "{name}");
        assert_eq!(due(&mut store, "07:30:00", None), DueTaken::default(), "{name}");
        // After a downtime one runs, and the others are missed.
        let back = due(&mut store, "10:20:00", None);
        assert_eq!(back.run, Some(time("10:00:00")), "{name}");
        let missed = ["2026-11-23T08:00:00Z missed", "2026-11-23T09:00:00Z missed"];
        assert_eq!(fates(&back), missed, "{name}");
        assert!(back.others.iter().all(|one| one.fate == Fate::Missed));
        // What did not run is in the chain; what runs has a run of its own.
        let runs = store.newest_runs(100).unwrap();
        assert_eq!(runs.len(), 2, "{name}");
        assert!(runs.iter().all(|run| run.kind == KIND && run.facts["schedule"] == "hourly"));
        let said = store.runs_of_kind(KIND).unwrap();
        assert_eq!(said[1].1["times"][0]["fate"], "missed", "{name}");
        assert_eq!(store.last_claimed("hourly").unwrap(), Some(time("10:00:00").as_second()));
        assert_eq!(store.last_claimed("nightly").unwrap(), None);
        store.verify(None).unwrap().unwrap();
    }
}

#[test]
fn of_twelve_processes_at_once_one_runs() {
    let (_folder, path) = file();
    drop(open(&path));
    let taken: Vec<DueTaken> = thread::scope(|scope| {
        let run = || due(&mut open(&path), "08:10:00", None);
        let runs: Vec<_> = (0..12).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let ran: Vec<Timestamp> = taken.iter().filter_map(|taken| taken.run).collect();
    assert_eq!(ran, [time("08:00:00")]);
    assert_eq!(taken.iter().map(|taken| taken.others.len()).sum::<usize>(), 2);
}
