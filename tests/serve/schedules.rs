//! Schedules: each time once, whatever happens meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use envparity::daemon::HistoryAccess;
use envparity::history::{RunSummary, SqliteOptions, Store};

use crate::endpoints::profiles;
use crate::support::cli::Profiles;
use crate::support::cli::slowness::{scaled, wait_until};
use crate::support::serving::{Chosen, InProcess, TurnedClock, file_access, get};

const HOURLY: &str = "schedule:\n- {id: hourly, audit: \"0 * * * *\"}\n";

fn chosen(profiles: &Profiles, clock: &TurnedClock) -> Chosen {
    let clock = clock.clone();
    Chosen {
        clock: Arc::new(move || clock.now()),
        history: file_access(&profiles.path("h.db")),
        every: Duration::from_secs(60),
        length: 300,
        token: None,
    }
}

/// Until a run that was kept has ended: what is due before is skipped.
fn settle() {
    std::thread::sleep(scaled(Duration::from_millis(300)));
}

fn runs(profiles: &Profiles, kind: &str) -> Vec<RunSummary> {
    let options = SqliteOptions { create: false, ..SqliteOptions::default() };
    let Ok(mut store) = Store::open(&profiles.path("h.db"), &options) else { return Vec::new() };
    let mut runs = store.newest_runs(1_000).unwrap();
    runs.retain(|run| run.kind == kind);
    runs
}

fn due(profiles: &Profiles) -> Vec<String> {
    let runs = runs(profiles, "audit");
    let mut due: Vec<String> = runs.iter().map(|run| run.facts["due"].clone()).collect();
    due.sort();
    due
}

fn told_fates(profiles: &Profiles) -> Vec<String> {
    let options = SqliteOptions { create: false, ..SqliteOptions::default() };
    let mut store = Store::open(&profiles.path("h.db"), &options).unwrap();
    let said = store.runs_of_kind("due").unwrap();
    let mut fates = Vec::new();
    for (_, said) in said {
        for time in said["times"].as_array().into_iter().flatten() {
            let text = |key: &str| time[key].as_str().unwrap_or_default().to_owned();
            fates.push(format!("{} {}", text("at"), text("fate")));
        }
    }
    fates
}

#[test]
fn each_time_is_run_once_and_what_is_late_is_told() {
    let profiles = profiles(HOURLY);
    let clock = TurnedClock::at("2026-04-13T06:30:00Z");
    let served = InProcess::start(&profiles, chosen(&profiles, &clock));
    wait_until("it leads", || served.told().contains("this process leads"));
    wait_until("the schedule is known", || !runs(&profiles, "due").is_empty());
    assert!(due(&profiles).is_empty(), "nothing is due before it was known");
    clock.turn(31 * 60);
    wait_until("seven is run", || due(&profiles).len() == 1);
    settle();
    clock.turn(3_600);
    wait_until("eight is run", || due(&profiles).len() == 2);
    wait_until("the page tells it", || get(served.address, "/report.html").status == 200);
    served.end().unwrap();
    // Three hours later: ten and nine are missed, eleven is a minute late.
    clock.turn(3 * 3_600);
    let again = InProcess::start(&profiles, chosen(&profiles, &clock));
    wait_until("eleven is run", || due(&profiles).len() == 3);
    assert_eq!(
        due(&profiles),
        ["2026-04-13T07:00:00Z", "2026-04-13T08:00:00Z", "2026-04-13T11:00:00Z"]
    );
    let missed = ["2026-04-13T09:00:00Z missed", "2026-04-13T10:00:00Z missed"];
    assert_eq!(told_fates(&profiles), missed);
    again.end().unwrap();
    // Once more at the same minute: nothing is left to do.
    let third = InProcess::start(&profiles, chosen(&profiles, &clock));
    wait_until("it leads", || third.told().contains("this process leads"));
    std::thread::sleep(Duration::from_millis(300));
    third.end().unwrap();
    assert_eq!(due(&profiles).len(), 3);
}

/// Opens the history, and panics when it is told to.
fn panicking(profiles: &Profiles, armed: &Arc<AtomicBool>) -> HistoryAccess {
    let (path, armed) = (profiles.path("h.db"), Arc::clone(armed));
    let opened = AtomicU32::new(0);
    HistoryAccess::new("h.db".to_owned(), move |create| {
        // The first that writes takes the time, and the second is the run's own.
        if create && armed.load(Ordering::SeqCst) && opened.fetch_add(1, Ordering::SeqCst) == 1 {
            opened.store(u32::MAX, Ordering::SeqCst);
            armed.store(false, Ordering::SeqCst);
            opened.store(0, Ordering::SeqCst);
            panic!("a defect, as a test wants it");
        }
        Store::open(&path, &SqliteOptions { create, ..SqliteOptions::default() })
    })
}

#[test]
fn a_panicking_run_has_failed_and_the_next_one_runs() {
    let profiles = profiles(HOURLY);
    let clock = TurnedClock::at("2026-04-13T06:30:00Z");
    let armed = Arc::new(AtomicBool::new(false));
    let history = panicking(&profiles, &armed);
    let served = InProcess::start(&profiles, Chosen { history, ..chosen(&profiles, &clock) });
    wait_until("the schedule is known", || !runs(&profiles, "due").is_empty());
    for failed in 1..=3 {
        armed.store(true, Ordering::SeqCst);
        clock.turn(3_600);
        let count = || told_fates(&profiles).iter().filter(|fate| fate.ends_with("failed")).count();
        wait_until("it has failed", || count() == failed);
        settle();
        let health = get(served.address, "/healthz").status;
        assert_eq!(health, if failed < 3 { 200 } else { 503 }, "{failed}");
    }
    clock.turn(3_600);
    wait_until("the next one is run", || due(&profiles).len() == 1);
    wait_until("all is well", || get(served.address, "/healthz").status == 200);
    served.end().unwrap();
}

#[test]
fn a_history_that_cannot_be_written_does_not_keep_a_run_from_being_made() {
    let profiles = profiles(HOURLY);
    let clock = TurnedClock::at("2026-04-13T06:30:00Z");
    let is_broken = Arc::new(AtomicBool::new(false));
    let (path, broken) = (profiles.path("h.db"), Arc::clone(&is_broken));
    let history = HistoryAccess::new("h.db".to_owned(), move |create| {
        if broken.load(Ordering::SeqCst) {
            return Err(envparity::history::HistoryError::ReadOnly);
        }
        Store::open(&path, &SqliteOptions { create, ..SqliteOptions::default() })
    });
    let served = InProcess::start(&profiles, Chosen { history, ..chosen(&profiles, &clock) });
    wait_until("the schedule is known", || !runs(&profiles, "due").is_empty());
    is_broken.store(true, Ordering::SeqCst);
    clock.turn(31 * 60);
    wait_until("the run was made", || get(served.address, "/report.html").status == 200);
    assert_eq!(get(served.address, "/readyz").status, 503);
    assert_eq!(get(served.address, "/healthz").status, 200);
    is_broken.store(false, Ordering::SeqCst);
    settle();
    clock.turn(3_600);
    wait_until("the next one is kept", || due(&profiles).len() == 1);
    wait_until("it is ready", || get(served.address, "/readyz").status == 200);
    served.end().unwrap();
}
