//! `/`: the verdict, incidents, the last runs, what is due next, and links.

use askama::Template;
use jiff::Timestamp;
use url::form_urlencoded::byte_serialize;

use super::frame::{Moment, PageFrame, local_time, verdict_tone};
use crate::daemon::status::{IncidentStatus, PastRun, SampledServer, ScheduleStatus, ServeStatus};
use crate::model::{Gate, count};
use crate::report::html::verdict_line;
use crate::report::{PROGRAM, checklist_sentence};

#[derive(Template)]
#[template(path = "index.html", config = "src/daemon/pages/askama.toml")]
struct IndexPage {
    frame: PageFrame,
    title: String,
    verdict: VerdictBlock,
    /// What keeps the page from being the truth of now.
    warnings: Vec<String>,
    incidents: Vec<IncidentBlock>,
    checklists: Vec<ChecklistLine>,
    schedules: Vec<ScheduleLine>,
    servers: Vec<ServerLine>,
    runs: Vec<RunLine>,
    facts: Vec<(&'static str, String)>,
}

struct VerdictBlock {
    tone: &'static str,
    headline: &'static str,
    sentence: String,
    at: Option<Moment>,
    gates: Vec<Gate>,
}

struct IncidentBlock {
    is_open: bool,
    place: String,
    title: String,
    lines: Vec<String>,
    since: Moment,
    until: Option<Moment>,
}

struct ChecklistLine {
    tone: &'static str,
    word: String,
    sentence: String,
    /// Its release, as an address has it.
    query: String,
    at: Moment,
}

struct ScheduleLine {
    id: String,
    what: String,
    last: Option<LastLine>,
    running: Option<Moment>,
    next: Option<Moment>,
    left_out: String,
}

struct LastLine {
    tone: &'static str,
    word: String,
    at: Moment,
    failure: Option<String>,
}

struct ServerLine {
    name: String,
    is_watched: bool,
    last: Option<Moment>,
    failure: Option<String>,
    walk_share: String,
    cpu: String,
}

struct RunLine {
    at: Moment,
    tone: &'static str,
    word: String,
    what: String,
    reference: String,
}

/// The page as HTML.
pub fn render_index(status: &ServeStatus) -> String {
    let moment = |at| Moment::new(at, status.now, &status.timezone);
    let verdict = verdict_block(status);
    let page = IndexPage {
        frame: PageFrame::new(""),
        title: format!("{}: envparity", verdict.headline),
        verdict,
        warnings: warnings(status),
        incidents: status.incidents.iter().map(|one| incident_block(one, &moment)).collect(),
        checklists: checklist_lines(status, &moment),
        schedules: status.schedules.iter().map(|one| schedule_line(one, &moment)).collect(),
        servers: status.samples.iter().map(|one| server_line(one, &moment)).collect(),
        runs: status.runs.iter().map(|one| run_line(one, &moment)).collect(),
        facts: page_facts(status),
    };
    page.render().unwrap_or_else(|error| format!("<!doctype html><title>{error}</title>"))
}

fn verdict_block(status: &ServeStatus) -> VerdictBlock {
    let Some(audit) = &status.audit else {
        return VerdictBlock {
            tone: "neutral",
            headline: "NO AUDIT YET",
            sentence: "nothing was compared: the first audit shows here when it has ended"
                .to_owned(),
            at: None,
            gates: Vec::new(),
        };
    };
    let line = verdict_line(audit);
    VerdictBlock {
        tone: line.tone,
        headline: line.headline,
        sentence: line.sentence,
        at: Some(Moment::new(audit.run.at, status.now, &status.timezone)),
        gates: line.gates,
    }
}

fn warnings(status: &ServeStatus) -> Vec<String> {
    let mut told = Vec::new();
    if status.is_stopping {
        told.push("this process is about to end".to_owned());
    }
    if !status.is_leader {
        told.push("another process runs schedules, samples and watches; this one answers".into());
    }
    if let Some(why) = &status.history_failure {
        told.push(format!("the history cannot be used, so that nothing is kept: {why}"));
    }
    if status.failed_runs > 0 {
        let runs = match status.failed_runs {
            1 => "the last run failed".to_owned(),
            many => format!("the last {many} runs failed"),
        };
        told.push(format!("{runs}: what is shown is of the run before"));
    }
    if status.notifications_failed > 0 {
        let failed = usize::try_from(status.notifications_failed).unwrap_or(usize::MAX);
        let since = local_time(status.started, &status.timezone);
        told.push(format!("{} not taken by a sink since {since}", count(failed, "notice")));
    }
    let silent = status.samples.iter().filter(|server| server.failure.is_some()).count();
    if silent > 0 {
        told.push(format!(
            "{} not answered: its load is not known now",
            match silent {
                1 => "a sampled server has".to_owned(),
                many => format!("{many} sampled servers have"),
            }
        ));
    }
    told
}

fn incident_block(
    incident: &IncidentStatus,
    moment: &impl Fn(Timestamp) -> Moment,
) -> IncidentBlock {
    IncidentBlock {
        is_open: incident.until.is_none(),
        place: format!("{} {}", incident.environment, incident.target),
        title: incident.title.clone(),
        lines: incident.lines.clone(),
        since: moment(incident.since),
        until: incident.until.map(moment),
    }
}

fn checklist_lines(
    status: &ServeStatus,
    moment: &impl Fn(Timestamp) -> Moment,
) -> Vec<ChecklistLine> {
    let line = |checklist: &std::sync::Arc<crate::model::Checklist>| {
        let sentence = checklist_sentence(checklist);
        let word = checklist.verdict.to_string();
        ChecklistLine {
            tone: verdict_tone(checklist.verdict.as_str()),
            sentence: sentence.strip_prefix(&word).unwrap_or(&sentence).trim().to_owned(),
            word,
            query: byte_serialize(checklist.release.name.as_bytes()).collect(),
            at: moment(checklist.run.at),
        }
    };
    status.checklists.iter().map(line).collect()
}

fn schedule_line(schedule: &ScheduleStatus, moment: &impl Fn(Timestamp) -> Moment) -> ScheduleLine {
    let last = schedule.last.as_ref().map(|last| LastLine {
        tone: verdict_tone(&last.verdict),
        word: last.verdict.to_uppercase(),
        at: moment(last.at),
        failure: last.failure.clone(),
    });
    let left_out = match (schedule.missed, schedule.skipped) {
        (0, 0) => "none".to_owned(),
        (missed, skipped) => format!("{missed} missed, {skipped} skipped"),
    };
    ScheduleLine {
        id: schedule.id.clone(),
        what: schedule.what.clone(),
        last,
        running: schedule.running_since.map(moment),
        next: schedule.next.map(moment),
        left_out,
    }
}

fn server_line(server: &SampledServer, moment: &impl Fn(Timestamp) -> Moment) -> ServerLine {
    let place = if server.place.is_empty() { String::new() } else { format!(" {}", server.place) };
    let share = |share: Option<f64>| {
        share.map_or_else(|| "not known".to_owned(), |share| format!("{:.1} %", share * 100.0))
    };
    ServerLine {
        name: format!("{} {}{place}", server.environment, server.target),
        is_watched: server.is_watched,
        last: server.last.map(moment),
        failure: server.failure.clone(),
        walk_share: share(server.bucket.and_then(|bucket| bucket.walk_share)),
        cpu: share(server.bucket.and_then(|bucket| bucket.cpu)),
    }
}

fn run_line(run: &PastRun, moment: &impl Fn(Timestamp) -> Moment) -> RunLine {
    let what = match &run.release {
        Some(release) => format!("{} of {release}", run.kind),
        None => run.kind.clone(),
    };
    RunLine {
        at: moment(run.at),
        tone: verdict_tone(&run.verdict),
        word: run.verdict.to_uppercase(),
        what,
        reference: run.run.clone(),
    }
}

fn page_facts(status: &ServeStatus) -> Vec<(&'static str, String)> {
    let time = |at| local_time(at, &status.timezone);
    let mut facts = vec![
        ("Time", time(status.now)),
        ("Serving since", time(status.started)),
        ("Program", PROGRAM.to_owned()),
    ];
    facts.extend(status.public_url.clone().map(|url| ("Address", url)));
    facts
}
