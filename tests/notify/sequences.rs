//! The table of `sequences.txt`, each row from an empty history. What is known goes through the form
//! in which the history keeps it after each run, as restarts make it.

use std::collections::BTreeSet;

use envparity::notify::{
    Board, NoticeKind, ObservedReason, ObservedRun, ObservedSubject, SubjectVerdict, decide,
};
use jiff::{SignedDuration, Timestamp};

/// How long after the run before it a run ends, unless the row says so.
const APART: SignedDuration = SignedDuration::from_mins(30);

struct Step {
    apart: SignedDuration,
    /// It began before the one before it ended.
    is_beside: bool,
    verdict: SubjectVerdict,
    is_incomplete: bool,
    blocking: BTreeSet<String>,
}

fn step(text: &str) -> Step {
    let (apart, state) = match text.split_once('/') {
        Some((apart, state)) => {
            let hours: i64 = apart.trim_end_matches('h').parse().unwrap();
            (SignedDuration::from_hours(hours), state)
        }
        None => (APART, text),
    };
    let (is_beside, state) = match state.strip_prefix('&') {
        Some(state) => (true, state),
        None => (false, state),
    };
    let (word, ids) = state.split_once(':').unwrap_or((state, ""));
    let (verdict, is_incomplete) = match word {
        "go" => (SubjectVerdict::Go, false),
        "no" => (SubjectVerdict::NoGo, false),
        "no?" => (SubjectVerdict::NoGo, true),
        "inc" => (SubjectVerdict::Incomplete, true),
        "rb" => (SubjectVerdict::RollBack, false),
        other => panic!("{other}"),
    };
    let ids = ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned);
    Step { apart, is_beside, verdict, is_incomplete, blocking: ids.collect() }
}

fn seen(step: &Step, last: Timestamp, at: Timestamp) -> ObservedRun {
    let reason = |id: &String| ObservedReason {
        id: id.clone(),
        text: format!("{id} blocks"),
        limit: "under high".to_owned(),
    };
    let subject = ObservedSubject {
        key: "qualif -> production".to_owned(),
        verdict: step.verdict,
        is_incomplete: step.is_incomplete,
        blocking: step.blocking.clone(),
        reasons: step.blocking.iter().map(reason).collect(),
        environments: vec!["qualif".to_owned(), "production".to_owned()],
        release: None,
    };
    // A run takes ten seconds; one beside another began before that ended.
    let began = if step.is_beside { last } else { at } - SignedDuration::from_secs(10);
    ObservedRun { began, at, subjects: vec![subject], ..ObservedRun::default() }
}

/// What each run of a row tells.
fn told(runs: &str) -> Vec<String> {
    let mut at: Timestamp = "2026-04-13T06:00:00Z".parse().unwrap();
    let mut board = Board::default();
    let mut told = Vec::new();
    for text in runs.split_whitespace() {
        let (step, last) = (step(text), at);
        at += step.apart;
        let (next, notices) = decide(&board, &seen(&step, last, at), &[]);
        assert!(notices.len() <= 1, "{runs}");
        told.push(notices.first().map_or("-", |notice| notice.kind.as_str()).to_owned());
        if let Some(notice) = notices.first() {
            let new = notice.lines.first().map(String::as_str);
            let is_new = notice.kind == NoticeKind::NewBlocking;
            assert!(!is_new || new.is_some_and(|line| line.contains("blocks")), "{notice:?}");
        }
        board = serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap();
        assert_eq!(board, next);
    }
    told
}

#[test]
fn sequences_tell_what_the_table_says() {
    let table = include_str!("sequences.txt");
    let rows: Vec<&str> =
        table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let (runs, wanted) = row.split_once(" | ").unwrap();
        let told = told(runs).join(" ");
        if told != wanted.trim() {
            wrong.push(format!("{runs}\n  wanted {wanted}\n  told   {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gates_do_not_know_of_each_other() {
    let at: Timestamp = "2026-04-13T06:00:00Z".parse().unwrap();
    let run = |states: [&str; 2], minutes: i64| {
        let at = at + SignedDuration::from_mins(minutes);
        let subjects = states.iter().zip(["dev -> qualif", "qualif -> production"]);
        let subjects = subjects.map(|(state, key)| {
            let of = seen(&step(state), at, at).subjects.remove(0);
            ObservedSubject { key: key.to_owned(), ..of }
        });
        ObservedRun { began: at, at, subjects: subjects.collect(), ..ObservedRun::default() }
    };
    let mut board = Board::default();
    for (minutes, states, wanted) in [
        (10, ["go", "no:a"], &["qualif -> production no-go"][..]),
        (20, ["inc", "no:a"], &[]),
        (30, ["inc", "go"], &["dev -> qualif incomplete", "qualif -> production go"]),
        (40, ["go", "go"], &["dev -> qualif recovered"]),
    ] {
        let (next, notices) = decide(&board, &run(states, minutes), &[]);
        let told: Vec<String> =
            notices.iter().map(|notice| format!("{} {}", notice.about, notice.kind)).collect();
        assert_eq!(told, wanted);
        board = next;
    }
}
