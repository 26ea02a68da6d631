//! The words of a checklist, once for every format.

use jiff::Timestamp;

use super::figures::uptime_words;
use crate::model::{
    CameTime, Checklist, ChecklistItem, ItemOutcome, ItemSection, Override, ReleaseType, Settle,
    Verdict, count,
};

/// `GO`, `NO-GO`: as on screens.
pub(in crate::report) fn outcome(outcome: ItemOutcome) -> String {
    match outcome {
        ItemOutcome::NotApplicable | ItemOutcome::Skipped => outcome.as_str().to_owned(),
        _ => outcome.as_str().to_uppercase(),
    }
}

/// The heading of a section.
pub(in crate::report) fn heading(section: ItemSection, checklist: &Checklist) -> String {
    let name = &checklist.release.name;
    match section {
        ItemSection::Environments => "ENVIRONMENTS".to_owned(),
        ItemSection::Release => "RELEASE".to_owned(),
        ItemSection::Redis => format!("REDIS UNDER {name} ({})", checklist.gate.from),
        ItemSection::Production => {
            let runs = checklist.release.previous.as_deref().map_or_else(
                || checklist.gate.to.to_string(),
                |previous| format!("runs {previous}"),
            );
            format!("PRODUCTION BASELINE ({runs}: healthy or not, it says nothing about {name})")
        }
        ItemSection::People => "PEOPLE".to_owned(),
    }
}

/// Its name in a sentence.
pub(in crate::report) fn section_name(section: ItemSection) -> &'static str {
    match section {
        ItemSection::Environments => "Environments",
        ItemSection::Release => "Release",
        ItemSection::Redis => "Redis",
        ItemSection::Production => "Production",
        ItemSection::People => "People",
    }
}

/// The items with their numbers, in the order in which they are shown.
pub(in crate::report) fn numbered(checklist: &Checklist) -> Vec<(usize, &ChecklistItem)> {
    let of = |section| checklist.items.iter().filter(move |item| item.section == section);
    (1..).zip(ItemSection::ALL.into_iter().flat_map(of)).collect()
}

/// A time as people read it where they are.
pub(in crate::report) fn local_time(checklist: &Checklist, at: Timestamp) -> String {
    let there = at.to_zoned(checklist.run.timezone.clone());
    there.strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// Names of what changed that are shown.
const CHANGED: usize = 3;

/// What is judged: `v22: 6 of 41 services changed (timemachine, +5)`.
pub(in crate::report) fn subject(checklist: &Checklist) -> String {
    let release = &checklist.release;
    let kind = match release.kind {
        ReleaseType::Standard => String::new(),
        other => format!(" ({})", other.as_str()),
    };
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut names: Vec<String> =
        release.changed.iter().take(CHANGED).map(|name| short(name.as_str())).collect();
    if release.changed.len() > CHANGED {
        names.push(format!("+{}", release.changed.len() - CHANGED));
    }
    let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    let changed = release.changed.len();
    let services = match release.services {
        0 => format!("{} changed", count(changed, "service")),
        all => format!("{changed} of {} changed", count(all, "service")),
    };
    let came = release.came.first.map_or(String::new(), |CameTime { at, by }| {
        let since = local_time(checklist, at);
        let seconds = checklist.run.at.duration_since(at).as_secs_f64().max(0.0);
        let (from, by) = (&checklist.gate.from, by.in_words());
        format!(" · in {from} since {since} ({}, {by})", uptime_words(seconds))
    });
    format!("{}{kind}: {services}{names}{came}", release.name)
}

/// By what it was judged, and what was not.
pub(in crate::report) fn judged_by(checklist: &Checklist) -> String {
    let mut told = match checklist.load.as_slice() {
        [] => "judged without load evidence: counters since each server's start".to_owned(),
        sources => format!("judged with load: {}", sources.join(" · ")),
    };
    if !checklist.windows_left_out.is_empty() {
        let left_out = checklist.windows_left_out.join(", ");
        told.push_str(&format!("; windows left out: {left_out}"));
    }
    match &checklist.release.baseline {
        Some(name) => {
            let why = &checklist.release.baseline_told;
            told.push_str(&format!("; compared with {name} ({why})"));
        }
        None if checklist.load.is_empty() => {}
        None => told.push_str(&format!("; {}", checklist.release.baseline_told)),
    }
    told
}

/// Earlier checklists that somebody overrode, a line each: they are told for ever.
pub(in crate::report) fn overridden(checklist: &Checklist) -> Vec<String> {
    let line = |one: &Override| {
        let judged = local_time(checklist, one.judged);
        let at = local_time(checklist, one.at);
        format!(
            "overridden: run {:.8} ({}, {judged}) at {at} {}",
            one.of,
            one.verdict,
            one.in_words()
        )
    };
    checklist.overrides.iter().map(line).collect()
}

/// What settles items, and which: each thing to do once.
pub(in crate::report) fn next_steps(checklist: &Checklist) -> Vec<(&Settle, Vec<&str>)> {
    let mut found: Vec<(&Settle, Vec<&str>)> = Vec::new();
    let mut items: Vec<&ChecklistItem> = checklist.items.iter().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.outcome()));
    for item in items {
        let Some(settle) = &item.settle else { continue };
        match found.iter_mut().find(|(known, _)| *known == settle) {
            Some((_, names)) => names.push(&item.id),
            None => found.push((settle, vec![&item.id])),
        }
    }
    found
}

/// `NO-GO v22: new-command; not proven: freeze`.
pub(crate) fn sentence(checklist: &Checklist) -> String {
    let (blocking, open) =
        (checklist.with(ItemOutcome::NoGo).join(", "), checklist.with(ItemOutcome::Incomplete));
    let open = match open.as_slice() {
        [] => String::new(),
        names => format!("not proven: {}", names.join(", ")),
    };
    let rest = match checklist.verdict {
        Verdict::Go if checklist.load.is_empty() => {
            "every item is as it must be, without load evidence".to_owned()
        }
        Verdict::Go => "every item is as it must be".to_owned(),
        Verdict::NoGo if open.is_empty() => blocking,
        Verdict::NoGo => format!("{blocking}; {open}"),
        Verdict::Incomplete => open,
    };
    format!("{} {}: {rest}", checklist.verdict, checklist.release.name)
}
