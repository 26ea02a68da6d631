//! `/metrics`: OpenMetrics text, gauges only.
//!
//! Beside what an audit found, labels are names that the profiles have: no address, digest, path or
//! text of a server names a series, so that their number is bounded. What is not known has no
//! series, and what is overdue has one that grows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::daemon::status::{IncidentStatus, SampledServer, ScheduleStatus, ServeStatus};
use crate::model::{Checklist, Verdict};
use crate::report::openmetrics::{Family, audit_families, build_info, encode_text};

/// Words of a last run.
const VERDICTS: [&str; 4] = ["go", "no-go", "incomplete", "failed"];

/// The metrics as OpenMetrics text.
pub fn render_metrics(status: &ServeStatus) -> String {
    let mut families = vec![build_info()];
    if let Some(audit) = &status.audit {
        families.extend(audit_families(audit));
        families.push(single(
            "envparity_audit_timestamp_seconds",
            "When the audit that the other figures are of ended, in seconds since 1970.",
            audit.run.at.as_second(),
        ));
    }
    families.extend(process_families(status));
    families.extend(schedule_families(&status.schedules));
    families.extend(checklist_families(status));
    families.extend(sample_families(status));
    families.push(incident_family(&status.samples, &status.incidents));
    // Only a name that is not one can fail, and all of them are ours.
    encode_text(families).unwrap_or_else(|_| "# EOF\n".to_owned())
}

fn single(name: &'static str, help: &'static str, value: i64) -> Family {
    let mut family = Family::new(name, help);
    family.set_sample(&[], value);
    family
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn process_families(status: &ServeStatus) -> Vec<Family> {
    vec![
        single(
            "envparity_serve_start_timestamp_seconds",
            "When this process began to serve, in seconds since 1970.",
            status.started.as_second(),
        ),
        single(
            "envparity_leader",
            "1 if this process runs schedules, samples and watches; of several over one history \
             one does.",
            i64::from(status.is_leader),
        ),
        single(
            "envparity_history_up",
            "1 if the history can be read and written, 0 if not: then what runs is not kept.",
            i64::from(status.history_failure.is_none()),
        ),
        single(
            "envparity_failed_runs",
            "Runs that failed in a row: what they were to find is not known.",
            i64::from(status.failed_runs),
        ),
        single(
            "envparity_notifications_failed",
            "Notices that a sink did not take since this process began.",
            whole(status.notifications_failed),
        ),
    ]
}

/// A family with a sample for each schedule that has a value.
fn of_schedules(
    name: &'static str,
    help: &'static str,
    schedules: &[ScheduleStatus],
    value: impl Fn(&ScheduleStatus) -> Option<i64>,
) -> Family {
    let mut family = Family::new(name, help);
    for one in schedules {
        if let Some(value) = value(one) {
            family.set_sample(&[("schedule", one.id.as_str())], value);
        }
    }
    family
}

fn schedule_families(schedules: &[ScheduleStatus]) -> Vec<Family> {
    let mut verdicts = Family::new(
        "envparity_schedule_last_verdict",
        "1 for how the last run of a schedule ended, 0 for the others: go, no-go, incomplete, \
         failed. No series before the first.",
    );
    for one in schedules {
        let Some(last) = &one.last else { continue };
        for word in VERDICTS {
            let labels = [("schedule", one.id.as_str()), ("is", word)];
            verdicts.set_sample(&labels, i64::from(last.verdict == word));
        }
    }
    let second = |at: Timestamp| at.as_second();
    vec![
        of_schedules(
            "envparity_schedule_last_run_timestamp_seconds",
            "When the last run of a schedule ended, in seconds since 1970; 0 before the first.",
            schedules,
            |one| Some(one.last.as_ref().map_or(0, |last| second(last.at))),
        ),
        of_schedules(
            "envparity_schedule_next_run_timestamp_seconds",
            "When a schedule is due next, in seconds since 1970.",
            schedules,
            |one| one.next.map(second),
        ),
        of_schedules(
            "envparity_schedule_running_since_timestamp_seconds",
            "Since when a run of a schedule is in progress. No series where none is.",
            schedules,
            |one| one.running_since.map(second),
        ),
        of_schedules(
            "envparity_schedule_missed_runs",
            "Times of a schedule at which nobody was there to run it.",
            schedules,
            |one| Some(whole(one.missed)),
        ),
        of_schedules(
            "envparity_schedule_skipped_runs",
            "Times of a schedule at which another run was in progress.",
            schedules,
            |one| Some(whole(one.skipped)),
        ),
        verdicts,
    ]
}

fn checklist_families(status: &ServeStatus) -> [Family; 2] {
    let mut verdicts = Family::new(
        "envparity_checklist_verdict",
        "1 for the verdict of the newest checklist of a release, 0 for the two others.",
    );
    let mut times = Family::new(
        "envparity_checklist_timestamp_seconds",
        "When the newest checklist of a release was made, in seconds since 1970.",
    );
    for checklist in &status.checklists {
        let Checklist { release, verdict, run, .. } = &**checklist;
        for word in [Verdict::Go, Verdict::NoGo, Verdict::Incomplete] {
            let labels = [("release", release.name.as_str()), ("is", word.as_str())];
            verdicts.set_sample(&labels, i64::from(*verdict == word));
        }
        times.set_sample(&[("release", &release.name)], run.at.as_second());
    }
    [verdicts, times]
}

/// The servers of each target.
type Targets<'a> = BTreeMap<(&'a str, String), Vec<&'a SampledServer>>;

fn by_target(samples: &[SampledServer]) -> Targets<'_> {
    let mut targets = Targets::new();
    for server in samples {
        let key = (server.environment.as_str(), server.target.to_string());
        targets.entry(key).or_default().push(server);
    }
    targets
}

/// A sample for each target of which a value is known.
fn of_targets(
    family: &mut Family,
    targets: &Targets<'_>,
    value: impl Fn(&[&SampledServer]) -> Option<f64>,
) {
    for ((environment, target), servers) in targets {
        if let Some(value) = value(servers) {
            family.set_fraction(&[("environment", environment), ("target", target)], value);
        }
    }
}

/// The highest of what is known of a target's servers: one of several that is overloaded is.
fn highest(servers: &[&SampledServer], of: impl Fn(&SampledServer) -> Option<f64>) -> Option<f64> {
    servers.iter().filter_map(|server| of(server)).reduce(f64::max)
}

fn sample_families(status: &ServeStatus) -> Vec<Family> {
    let targets = by_target(&status.samples);
    let (now, started) = (status.now, status.started);
    let mut age = Family::new(
        "envparity_sample_age_seconds",
        "Seconds since the last answer of the server of a target that has been silent the \
         longest; of one that has never answered, since this process began.",
    );
    of_targets(&mut age, &targets, |servers| {
        highest(servers, |server| {
            let since = server.last.unwrap_or(started);
            Some(now.duration_since(since).as_secs_f64().max(0.0))
        })
    });
    let mut failing = Family::new(
        "envparity_sampled_servers",
        "Servers of a target that are sampled, by whether they answer now.",
    );
    for ((environment, target), servers) in &targets {
        let silent = servers.iter().filter(|server| server.failure.is_some()).count();
        for (up, count) in [("true", servers.len() - silent), ("false", silent)] {
            let labels = [("environment", *environment), ("target", target), ("up", up)];
            failing.set_sample(&labels, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    let mut walk = Family::new(
        "envparity_redis_walk_share",
        "Share of the time of the newest closed bucket that the busiest server of a target spent \
         in commands that walk the keyspace or whole collections: 0.05 is 5 percent.",
    );
    of_targets(&mut walk, &targets, |servers| highest(servers, |server| server.bucket?.walk_share));
    let mut cpu = Family::new(
        "envparity_redis_cpu_share",
        "Share of one CPU that the busiest server of a target took in the newest closed bucket.",
    );
    of_targets(&mut cpu, &targets, |servers| highest(servers, |server| server.bucket?.cpu));
    let mut bucket = Family::new(
        "envparity_redis_bucket_timestamp_seconds",
        "End of the newest closed bucket of a target, in seconds since 1970: of several servers \
         the oldest counts.",
    );
    for ((environment, target), servers) in &targets {
        let ends = servers.iter().filter_map(|server| server.bucket.map(|bucket| bucket.at));
        if let Some(end) = ends.min() {
            bucket.set_sample(&[("environment", environment), ("target", target)], end);
        }
    }
    vec![age, failing, walk, cpu, bucket]
}

/// Zero is named for what is watched: "none" and "not watched" are told apart.
fn incident_family(samples: &[SampledServer], incidents: &[IncidentStatus]) -> Family {
    let mut family =
        Family::new("envparity_incidents", "Incidents of a watched target that are not over.");
    let open = incidents.iter().filter(|incident| incident.until.is_none());
    for incident in open {
        let target = incident.target.to_string();
        let labels = [("environment", incident.environment.as_str()), ("target", target.as_str())];
        family.count_sample(&labels);
    }
    for server in samples.iter().filter(|server| server.is_watched) {
        let target = server.target.to_string();
        let labels = [("environment", server.environment.as_str()), ("target", target.as_str())];
        family.set_sample(&labels, 0);
    }
    family
}
