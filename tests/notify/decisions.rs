//! What is told besides gates: waivers, incidents, missed runs.

use envparity::notify::{
    Board, Incident, MissedRuns, Notice, NoticeKind, ObservedRun, ObservedWaiver, decide,
};
use jiff::{SignedDuration, Timestamp};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn run_at(at: &str) -> ObservedRun {
    ObservedRun { began: time(at), at: time(at), ..ObservedRun::default() }
}

/// Id and last day.
fn waiver(id: &str, expires: &str) -> ObservedWaiver {
    ObservedWaiver {
        id: id.to_owned(),
        component: "redis/cache".to_owned(),
        owner: "platform".to_owned(),
        expires: expires.parse().unwrap(),
    }
}

/// Each run with what it tells.
fn told(runs: Vec<ObservedRun>) -> Vec<Vec<Notice>> {
    let mut board = Board::default();
    let mut all = Vec::new();
    for run in runs {
        let (next, notices) = decide(&board, &run, &[]);
        board = serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap();
        all.push(notices);
    }
    all
}

#[test]
fn a_waiver_is_told_seven_days_and_one_day_before_its_end() {
    // It counts until the end of 30 April in UTC.
    let runs = [
        ("2026-04-20T00:00:00Z", 0),
        ("2026-04-23T23:59:59Z", 0),
        ("2026-04-24T00:00:00Z", 1),
        ("2026-04-25T00:00:00Z", 0),
        ("2026-04-29T23:00:00Z", 0),
        ("2026-04-30T00:00:00Z", 1),
        ("2026-04-30T12:00:00Z", 0),
        ("2026-05-01T00:00:00Z", 0),
        ("2026-05-09T00:00:00Z", 0),
    ];
    let seen = |at| ObservedRun { waivers: vec![waiver("one", "2026-04-30")], ..run_at(at) };
    let told = told(runs.iter().map(|(at, _)| seen(at)).collect());
    for ((at, wanted), notices) in runs.iter().zip(&told) {
        assert_eq!(notices.len(), *wanted, "{at}: {notices:?}");
    }
    let first = &told[2][0];
    assert_eq!(first.kind, NoticeKind::WaiverExpiry);
    assert_eq!(first.lines, ["one (redis/cache, owner platform): its last day is 2026-04-30"]);
}

#[test]
fn a_waiver_that_is_prolonged_is_told_anew_and_one_seen_late_once() {
    let late = |at, expires| ObservedRun { waivers: vec![waiver("one", expires)], ..run_at(at) };
    let told = told(vec![
        // First seen on its last day: one notice, not two.
        late("2026-04-30T06:00:00Z", "2026-04-30"),
        late("2026-04-30T07:00:00Z", "2026-04-30"),
        late("2026-04-30T08:00:00Z", "2026-05-06"),
        late("2026-04-30T09:00:00Z", "2026-05-06"),
        late("2026-05-06T09:00:00Z", "2026-05-06"),
    ]);
    let counts: Vec<usize> = told.iter().map(Vec::len).collect();
    assert_eq!(counts, [1, 0, 1, 0, 1]);
}

#[test]
fn waivers_that_end_together_are_one_notice() {
    let many = (0..9).map(|n| waiver(&format!("w{n}"), "2026-04-30")).collect();
    let told = told(vec![ObservedRun { waivers: many, ..run_at("2026-04-28T00:00:00Z") }]);
    let [notice] = told[0].as_slice() else { panic!("{told:?}") };
    assert_eq!(notice.title, "9 WAIVERS end soon");
    assert_eq!(notice.lines.last().unwrap(), "and 3 more");
}

#[test]
fn an_incident_is_told_once_and_its_end_once() {
    let incident = |id: &str| Incident {
        id: id.to_owned(),
        title: format!("production {id}: walk share 0.0 % -> 34 %"),
        lines: vec!["new command KEYS".to_owned()],
        environments: vec!["production".to_owned()],
    };
    let watched = |at, ids: &[&str]| {
        let found = ids.iter().map(|id| incident(id)).collect();
        ObservedRun { incidents: Some(found), ..run_at(at) }
    };
    let told = told(vec![
        watched("2026-04-13T22:05:00Z", &["redis/cache"]),
        watched("2026-04-13T22:10:00Z", &["redis/cache"]),
        // An audit watches nothing: it ends no incident.
        run_at("2026-04-13T22:11:00Z"),
        watched("2026-04-13T22:15:00Z", &["redis/cache", "redis/queue"]),
        watched("2026-04-13T22:20:00Z", &["redis/queue"]),
        watched("2026-04-13T22:25:00Z", &[]),
        watched("2026-04-13T22:30:00Z", &[]),
        watched("2026-04-14T22:05:00Z", &["redis/cache"]),
    ]);
    let kinds: Vec<Vec<&str>> =
        told.iter().map(|notices| notices.iter().map(|one| one.kind.as_str()).collect()).collect();
    let (new, end) = ("incident", "incident-end");
    let wanted: [&[&str]; 8] = [&[new], &[], &[], &[new], &[end], &[end], &[], &[new]];
    assert_eq!(kinds, wanted);
    assert!(told[4][0].title.contains("redis/cache"), "{:?}", told[4]);
    assert_eq!(told[0][0].environments, ["production"]);
}

#[test]
fn two_missed_runs_are_told_once_and_one_is_not() {
    let missed = |due: &[&str]| {
        let due = due.iter().map(|at| time(at)).collect();
        [MissedRuns { schedule: "hourly".to_owned(), due }]
    };
    let mut board = Board::default();
    for (due, wanted) in [
        (&["2026-04-13T05:00:00Z"][..], 0),
        (&["2026-04-13T05:00:00Z", "2026-04-13T06:00:00Z"], 1),
        // A run at the same time sees the same.
        (&["2026-04-13T05:00:00Z", "2026-04-13T06:00:00Z"], 0),
        (&[], 0),
        (&["2026-04-13T09:00:00Z"], 0),
        (&["2026-04-13T09:00:00Z", "2026-04-13T10:00:00Z", "2026-04-13T11:00:00Z"], 1),
    ] {
        let (next, notices) = decide(&board, &run_at("2026-04-13T12:00:00Z"), &missed(due));
        assert_eq!(notices.len(), wanted, "{due:?}: {notices:?}");
        board = next;
    }
}

#[test]
fn a_release_that_is_to_be_taken_back_is_told_with_what_it_does() {
    use envparity::notify::{ObservedReason, ObservedSubject, SubjectVerdict};
    let reason = ObservedReason {
        id: "redis/cache walk-share".to_owned(),
        text: "redis/cache spends 6.1 % of 5 min in KEYS, new since v22".to_owned(),
        limit: "<= 5 %".to_owned(),
    };
    let verdict = SubjectVerdict::RollBack;
    let of = ObservedSubject::after_release("v22", &"production".into(), verdict, vec![reason]);
    let run = ObservedRun { subjects: vec![of], ..run_at("2026-04-13T20:05:15Z") };
    let (_, notices) = decide(&Board::default(), &run, &[]);
    assert_eq!(notices[0].title, "ROLL BACK after v22: production");
    let line = "redis/cache spends 6.1 % of 5 min in KEYS, new since v22 (must be <= 5 %)";
    assert_eq!((notices[0].lines[0].as_str(), notices[0].kind), (line, NoticeKind::RollBack));
}

#[test]
fn a_checklist_that_is_not_run_any_more_is_forgotten() {
    use envparity::notify::{ObservedSubject, SubjectVerdict};
    let of = |key: &str, at: Timestamp| ObservedRun {
        began: at,
        at,
        subjects: vec![ObservedSubject {
            key: key.to_owned(),
            verdict: SubjectVerdict::Go,
            is_incomplete: false,
            blocking: [].into(),
            reasons: Vec::new(),
            environments: Vec::new(),
            release: None,
        }],
        ..ObservedRun::default()
    };
    let start = time("2026-04-13T12:00:00Z");
    let (mut board, mut largest) = (Board::default(), 0);
    for week in 0..60 {
        let at = start + SignedDuration::from_hours(24 * 7 * week);
        (board, _) = decide(&board, &of(&format!("checklist v{week}"), at), &[]);
        largest = largest.max(board.gates.len());
    }
    assert!((12..=14).contains(&largest), "{largest}");
}
