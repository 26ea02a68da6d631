//! What `serve` could know of an estate: schedules, samples, incidents, and three months of sixty
//! components in three environments.

use std::sync::Arc;

use envparity::daemon::status::{
    BucketStatus, IncidentStatus, LastRun, PastRun, SampledServer, ScheduleStatus, ServeStatus,
    Timeline, TimelineMark, TimelineMarkKind, TimelineRow, TimelineSpan, TimelineStrip,
};
use envparity::model::Audit;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub(crate) const ENVIRONMENTS: [&str; 3] = ["dev", "qualif", "ovh-production"];

pub(crate) fn now() -> Timestamp {
    "2026-04-13T20:10:00Z".parse().unwrap()
}

fn before(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// Texts in which something stands that would act if it were not escaped, or plain ones.
fn text(hostile: bool, plain: &str) -> String {
    let attack = "</title><script>window.hit=1</script><img src=x onerror=window.hit=1>\
                  \"'&amp;\u{202e}\u{1b}[31m";
    if hostile { format!("{plain}{attack}") } else { plain.to_owned() }
}

fn sampled(environment: &str, place: &str, walk: f64) -> SampledServer {
    SampledServer {
        environment: environment.into(),
        target: "redis/cache".into(),
        place: place.to_owned(),
        last: Some(now() - SignedDuration::from_secs(1)),
        failure: None,
        is_watched: environment == "ovh-production",
        bucket: Some(BucketStatus {
            at: before(0).as_second() - 300,
            walk_share: Some(walk),
            cpu: Some(0.97),
        }),
    }
}

fn schedules(hostile: bool) -> Vec<ScheduleStatus> {
    let nightly = ScheduleStatus {
        id: "nightly".to_owned(),
        what: "audit".to_owned(),
        last: Some(LastRun { at: before(13), verdict: "no-go".to_owned(), failure: None }),
        running_since: None,
        next: Some(now() + SignedDuration::from_hours(9)),
        missed: 2,
        skipped: 0,
    };
    let checklist = ScheduleStatus {
        id: "before-v22".to_owned(),
        what: "checklist of v22".to_owned(),
        last: Some(LastRun {
            at: before(2),
            verdict: "failed".to_owned(),
            failure: Some(text(hostile, "the history is locked")),
        }),
        running_since: Some(before(0)),
        ..nightly.clone()
    };
    vec![nightly, checklist]
}

fn incident(hostile: bool) -> IncidentStatus {
    IncidentStatus {
        id: "incident-1".to_owned(),
        environment: "ovh-production".into(),
        target: "redis/cache".into(),
        title: text(hostile, "walk share 0.0 % -> 34 % (limit 5 %)"),
        lines: vec![
            text(hostile, "new command KEYS, 412 calls, 83 ms each; CPU 31 % -> 97 %"),
            text(hostile, "changed in the hour before: timemachine v21 -> v22 at 22:04"),
        ],
        since: now() - SignedDuration::from_mins(5),
        until: None,
    }
}

/// What `serve` knows, with an audit or before the first.
pub(crate) fn status(mut audit: Option<Audit>, hostile: bool) -> ServeStatus {
    if let Some(audit) = &mut audit {
        audit.run.at = before(13);
    }
    let mut silent = sampled("qualif", "10.0.0.2:6379", 0.0);
    silent.failure = Some(text(hostile, "connection refused"));
    silent.bucket = None;
    let runs = (0..20).map(|number| PastRun {
        at: before(13 + 24 * number),
        kind: if number % 4 == 0 { "checklist" } else { "audit" }.to_owned(),
        release: (number % 4 == 0).then(|| text(hostile, "v22")),
        verdict: ["no-go", "go", "incomplete"][usize::try_from(number % 3).unwrap()].to_owned(),
        run: "3f2a6c01".to_owned(),
    });
    ServeStatus {
        now: now(),
        started: before(300),
        timezone: zone(),
        is_leader: true,
        is_stopping: false,
        history_failure: hostile.then(|| text(true, "database is locked")),
        failed_runs: 1,
        audit: audit.map(Arc::new),
        checklists: Vec::new(),
        schedules: schedules(hostile),
        runs: runs.collect(),
        samples: vec![
            sampled("ovh-production", "10.0.0.1:6379", 0.34),
            sampled("ovh-production", "10.0.0.3:6379", 0.01),
            silent,
        ],
        incidents: vec![
            incident(hostile),
            IncidentStatus {
                id: "incident-0".to_owned(),
                until: Some(before(200)),
                since: before(201),
                ..incident(hostile)
            },
        ],
        notifications_failed: 1,
        public_url: Some("https://parity.internal/".to_owned()),
    }
}

/// Versions of a component: one in each `every` days, which comes to the next environment later.
fn strip(number: usize, environment: usize, every: usize) -> TimelineStrip {
    let delay = i64::try_from(environment).unwrap() * 72;
    let step = i64::try_from(every).unwrap() * 24;
    let mut spans = Vec::new();
    let mut begin = 90 * 24;
    let mut release = 0;
    while begin > 0 {
        let end = (begin - step - if release == 0 { delay } else { 0 }).max(0);
        // Nobody looked for two days, in production.
        let looked = if environment == 2 && release == 1 { end + 48 } else { end };
        spans.push(TimelineSpan {
            from: before(begin),
            to: before(looked.min(begin)),
            version: format!("{}.{}.{release}", 1 + number % 7, number % 10),
        });
        begin = end;
        release += 1;
    }
    TimelineStrip { environment: ENVIRONMENTS[environment].into(), spans }
}

fn mark(hours: i64, kind: TimelineMarkKind, environment: &str, label: &str) -> TimelineMark {
    let environment = (!environment.is_empty()).then(|| environment.into());
    TimelineMark { at: before(hours), until: None, kind, environment, label: label.to_owned() }
}

/// Ninety days of that many components.
pub(crate) fn timeline(components: usize, hostile: bool) -> Timeline {
    let mut rows: Vec<TimelineRow> = Vec::new();
    for number in 0..components {
        let is_own = number % 3 != 0;
        let name = if is_own {
            format!("image/service-{number:02}")
        } else {
            format!("redis/cache-{number:02}")
        };
        let every = if is_own { 7 + number % 9 } else { 200 };
        let mut strips: Vec<TimelineStrip> =
            (0..3).map(|environment| strip(number, environment, every)).collect();
        if number == 1 {
            // It was taken away in dev, and was never anywhere else.
            strips.truncate(1);
            strips[0].spans.last_mut().unwrap().version = String::new();
        }
        if hostile {
            strips[0].spans[0].version = text(true, "1.0");
        }
        rows.push(TimelineRow { component: text(hostile && number == 0, &name), is_own, strips });
    }
    rows.sort_by(|a, b| a.component.cmp(&b.component));
    let mut marks = Vec::new();
    for day in (0..90).rev() {
        let kind = match day {
            0..6 => TimelineMarkKind::NoGo,
            30..33 => TimelineMarkKind::Incomplete,
            _ => TimelineMarkKind::Go,
        };
        marks.push(mark(day * 24 + 13, kind, "", &format!("audit {}", kind.as_str())));
    }
    for (number, days) in [80, 66, 45, 31, 17, 3].into_iter().enumerate() {
        for (environment, name) in ENVIRONMENTS.iter().enumerate() {
            let hours = days * 24 + 48 - i64::try_from(environment).unwrap() * 24;
            let label = text(hostile, &format!("v{}", 17 + number));
            marks.push(mark(hours, TimelineMarkKind::Release, name, &label));
        }
        marks.push(mark(days * 24 + 20, TimelineMarkKind::Go, "", "checklist v20 go"));
    }
    let label = text(hostile, "redis/cache: walk share 0.0 % -> 34 %");
    let mut over = mark(500, TimelineMarkKind::Incident, "ovh-production", &label);
    over.until = Some(before(480));
    marks.push(over);
    marks.push(mark(0, TimelineMarkKind::Incident, "ovh-production", &label));
    marks.sort_by_key(|mark| mark.at);
    Timeline {
        from: before(90 * 24),
        to: now(),
        timezone: zone(),
        environments: ENVIRONMENTS.iter().map(|name| (*name).into()).collect(),
        rows,
        marks,
        notes: if hostile { vec![text(true, "not read")] } else { Vec::new() },
    }
}
