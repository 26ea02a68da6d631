//! By which load a release is judged, in words for the head of a checklist.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Trial;
use crate::model::JudgedLoad;
use crate::trend::WindowKind;

/// Each source of load on the release's way, with whose it is; none if nothing is known of load.
pub fn load_sources(trial: &Trial<'_>) -> Vec<String> {
    let sides = [&trial.gate.from, &trial.gate.to];
    let loads = trial.audit.load.iter().filter(|load| sides.contains(&&load.environment));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for load in loads {
        let Some(source) = source_of(load) else { continue };
        found.entry(source).or_default().push(format!("{} {}", load.environment, load.target));
    }
    let told = found.into_iter().map(|(source, of)| format!("{source} of {}", of.join(", ")));
    told.collect()
}

/// Where the newest window is from, whose it is and since when it is held.
fn source_of(load: &JudgedLoad) -> Option<String> {
    let window = load.windows.iter().find(|window| {
        !window.source.is_empty() && window.servers.iter().any(|server| server.samples > 0.0)
    })?;
    let identity = match window.identity {
        "proven" => "identity proven",
        "by-labels" => "identity by labels",
        "another-server" => "of another server",
        _ => "identity not known",
    };
    let held = window.held_since.and_then(|at| Timestamp::from_second(at).ok());
    let held =
        held.map_or(String::new(), |at| format!(", held since {}", at.strftime("%F %H:%MZ")));
    Some(format!("{}, {identity}{held},", window.source))
}

/// Windows that the profiles leave out.
pub fn windows_left_out(trial: &Trial<'_>) -> Vec<&'static str> {
    let wanted = &trial.rules.windows;
    let left_out = WindowKind::OF_CHECKLIST.into_iter().filter(|kind| !wanted.contains(kind));
    left_out.map(WindowKind::as_str).collect()
}
