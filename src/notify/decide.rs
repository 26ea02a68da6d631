//! What a run is worth telling: what is known, what it saw and the time in, notices out. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::board::{Board, WaiverTold};
use super::gate;
use super::notice::{Notice, NoticeKind};
use super::seen::{ObservedRun, ObservedWaiver};

/// Days before the end of a waiver at which somebody is told.
const WAIVER_DAYS: [i64; 2] = [1, 7];

/// Missed runs of a schedule that are told.
const MOST_MISSED: usize = 2;

/// What was not seen for longer is forgotten: checklists of old releases.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Runs of a schedule that did not happen since its last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedRuns {
    /// Id of the schedule.
    pub schedule: String,
    /// When they were due, oldest first.
    pub due: Vec<Timestamp>,
}

/// What is known after a run, and what is told of it.
pub fn decide(before: &Board, seen: &ObservedRun, missed: &[MissedRuns]) -> (Board, Vec<Notice>) {
    let mut board = before.clone();
    let mut notices = Vec::new();
    for subject in &seen.subjects {
        let (state, notice) = gate::next(board.gates.get(&subject.key), subject, seen);
        board.gates.insert(subject.key.clone(), state);
        notices.extend(notice);
    }
    let at = seen.at;
    board.gates.retain(|_, state| at.duration_since(state.at) < FORGOTTEN);
    notices.extend(incidents(&mut board, seen));
    notices.extend(waivers(&mut board, seen));
    notices.extend(missed.iter().filter_map(|runs| of_schedule(&mut board, runs, seen)));
    (board, notices)
}

/// Incidents that are new, and those that are over. What was not watched changes nothing.
fn incidents(board: &mut Board, seen: &ObservedRun) -> Vec<Notice> {
    let Some(found) = &seen.incidents else { return Vec::new() };
    let mut notices = Vec::new();
    for incident in found {
        if board.incidents.insert(incident.id.clone(), incident.title.clone()).is_some() {
            continue;
        }
        let title = format!("INCIDENT {}", incident.title);
        let notice = Notice::new(NoticeKind::Incident, &incident.id, &title, seen);
        let environments = incident.environments.clone();
        notices.push(Notice { environments, ..notice.with_lines(incident.lines.clone()) });
    }
    let is_over = |id: &String| !found.iter().any(|incident| incident.id == *id);
    let over: Vec<String> = board.incidents.keys().filter(|id| is_over(id)).cloned().collect();
    for id in over {
        let name = board.incidents.remove(&id).unwrap_or_default();
        let title = format!("END of the incident {name}");
        notices.push(Notice::new(NoticeKind::IncidentEnd, &id, &title, seen));
    }
    notices
}

/// Waivers that end within a week, and once more those that end within a day: in one notice.
fn waivers(board: &mut Board, seen: &ObservedRun) -> Option<Notice> {
    let mut ending = Vec::new();
    for waiver in &seen.waivers {
        let Some(left) = time_left(waiver, seen.at) else { continue };
        let within = |days: &i64| left <= SignedDuration::from_hours(24 * days);
        let Some(days) = WAIVER_DAYS.into_iter().find(within) else { continue };
        let told = WaiverTold { expires: waiver.expires, days };
        let known = board.waivers.get(&waiver.id);
        if known.is_some_and(|known| known.expires == told.expires && known.days <= days) {
            continue;
        }
        board.waivers.insert(waiver.id.clone(), told);
        ending.push((waiver.expires, waiver));
    }
    let is_there = |id: &String| seen.waivers.iter().any(|waiver| waiver.id == *id);
    if !seen.waivers.is_empty() {
        board.waivers.retain(|id, _| is_there(id));
    }
    if ending.is_empty() {
        return None;
    }
    ending.sort_by_key(|(expires, waiver)| (*expires, &waiver.id));
    let lines = ending.iter().map(|(_, waiver)| {
        let ObservedWaiver { id, component, owner, expires } = waiver;
        format!("{id} ({component}, owner {owner}): its last day is {expires}")
    });
    let title = match ending.as_slice() {
        [(_, one)] => format!("WAIVER {} ends soon", one.id),
        many => format!("{} WAIVERS end soon", many.len()),
    };
    let notice = Notice::new(NoticeKind::WaiverExpiry, "waivers", &title, seen);
    Some(notice.with_lines(lines))
}

/// How long a waiver still counts; `None` if it does not.
fn time_left(waiver: &ObservedWaiver, now: Timestamp) -> Option<SignedDuration> {
    let behind = waiver.expires.checked_add(1.day()).ok()?;
    let end = behind.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let left = end.duration_since(now);
    left.is_positive().then_some(left)
}

/// Two missed runs or more, each time told once.
fn of_schedule(board: &mut Board, runs: &MissedRuns, seen: &ObservedRun) -> Option<Notice> {
    let (first, last) = (runs.due.first()?, *runs.due.last()?);
    let known = board.missed.get(&runs.schedule);
    if runs.due.len() < MOST_MISSED || known.is_some_and(|known| *known >= last) {
        return None;
    }
    board.missed.insert(runs.schedule.clone(), last);
    let count = runs.due.len();
    let title = format!("MISSED: {count} runs of the schedule {}", runs.schedule);
    let line = format!("due from {first} to {last}, and not run; look at what starts envparity");
    let about = format!("schedule {}", runs.schedule);
    Some(Notice::new(NoticeKind::MissedRuns, &about, &title, seen).with_lines([line]))
}
