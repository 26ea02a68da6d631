//! A release, and two beside each other, for people.

use super::escape::terminal;
use crate::model::{Build, Release, Train, TrainDifference, count, train_differences};

/// What a release consists of.
pub fn release_text(release: &Release) -> String {
    let kind = release.kind.map(|kind| format!(" ({})", kind.as_str())).unwrap_or_default();
    let after = release.previous.as_ref().map(|name| format!(", after {name}")).unwrap_or_default();
    let mut text = format!(
        "{}{kind}{after}: {}{}\n",
        release.name,
        count(release.train.len(), "service"),
        changed_since(release)
    );
    for (environment, at) in &release.came {
        text.push_str(&format!("in {environment} since {at}\n"));
    }
    if let Some(freeze) = &release.freeze {
        text.push_str(&format!("freeze of {} from {}\n", freeze.environment, freeze.from));
    }
    for one in &release.exceptions {
        text.push_str(&format!(
            "exception: {} {}, by {}, approved by {}, {}: {}\n",
            one.component,
            one.build.in_words(),
            one.by,
            one.approved_by,
            one.at,
            one.reason
        ));
    }
    let train = if release.train.is_empty() { &release.changed } else { &release.train };
    let width = train.keys().map(|name| name.as_str().len()).max().unwrap_or_default();
    for (name, builds) in train {
        let mark = if release.changed.contains_key(name) { "changed" } else { "" };
        let words: Vec<String> = builds.iter().map(Build::in_words).collect();
        let line = format!("  {:width$}  {}  {mark}", name.as_str(), words.join(" and "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    super::escape::terminal_lines(&text) + "\n"
}

/// `, 2 of them changed since v21`; nothing is known of a release without one before it.
fn changed_since(release: &Release) -> String {
    let changed = release.changed.len();
    match &release.previous {
        Some(previous) => format!(", {changed} of them changed since {previous}"),
        None if changed > 0 => format!(", {changed} of them changed"),
        None => String::new(),
    }
}

/// What differs between two releases.
pub fn difference_text(from: &Release, to: &Release) -> String {
    let mut text = String::new();
    let mut equal = 0;
    let width = |train: &Train| train.keys().map(|name| name.as_str().len()).max();
    let width = width(&from.train).max(width(&to.train)).unwrap_or_default();
    for (name, found) in train_differences(&from.train, &to.train) {
        let words = match found {
            TrainDifference::Same => {
                equal += 1;
                continue;
            }
            TrainDifference::Differs(was, is) => format!("{was} -> {is}"),
            TrainDifference::Missing(was) => format!("{was} -> not in {}", to.name),
            TrainDifference::Unexpected(is) => format!("not in {} -> {is}", from.name),
            TrainDifference::NotProven(is) => {
                format!("{is}: no digests of one kind, so nobody knows whether it changed")
            }
        };
        text.push_str(&terminal(&format!("  {:width$}  {words}", name.as_str())));
        text.push('\n');
    }
    let head = format!("{} -> {}: {} equal", from.name, to.name, count(equal, "service"));
    format!("{}\n{text}", terminal(&head))
}
