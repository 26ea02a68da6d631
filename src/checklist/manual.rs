//! Questions to people. An answer is bound to the builds that it was given for.

use super::digest_of;
use super::trial::Trial;
use crate::model::{
    Answer, ChecklistItem, ItemLine, ItemOutcome, ItemSection, KeptAnswer, Release, Settle, Train,
};

/// What became of a question.
pub fn judge_question(id: &str, question: &str, trial: &Trial<'_>) -> ChecklistItem {
    let line = line_of(id, question, trial);
    let settle = (line.outcome >= ItemOutcome::Incomplete).then(|| {
        let command = format!(
            "envparity checklist answer {id} --release {} --yes --by NAME --evidence LINK",
            trial.release.name
        );
        Settle::by(command, "as long as the answer takes")
    });
    ChecklistItem {
        id: id.to_owned(),
        section: ItemSection::People,
        lines: vec![line.must("yes")],
        figures: Vec::new(),
        settle,
    }
}

fn line_of(id: &str, question: &str, trial: &Trial<'_>) -> ItemLine {
    if let Some(why) = trial.history_break {
        let seen = format!("{question:?}: answers are not believed, {why}");
        return ItemLine::new(ItemOutcome::Incomplete, seen);
    }
    let digest = digest_of(&bound_builds(trial.release));
    // The last that was given counts, whatever time it claims; one of the future is not given yet.
    let newest = trial.answers.iter().rfind(|kept| is_answer_to(kept, id, trial));
    match newest {
        Some(KeptAnswer::Read(answer)) if answer.digest == digest => answer_line(question, answer),
        Some(KeptAnswer::Read(answer)) => {
            let seen = format!(
                "{question:?} was answered by {} at {} for other builds",
                answer.by, answer.at
            );
            ItemLine::new(ItemOutcome::Incomplete, seen)
        }
        Some(KeptAnswer::Unread { run, at, .. }) => {
            let seen = format!(
                "{question:?}: the last answer, run {run} of {at}, cannot be read: answer again"
            );
            ItemLine::new(ItemOutcome::Incomplete, seen)
        }
        None => ItemLine::new(ItemOutcome::Incomplete, format!("{question:?} is not answered")),
    }
}

/// Whether it answers this question of this release, or may do so.
fn is_answer_to(kept: &KeptAnswer, id: &str, trial: &Trial<'_>) -> bool {
    let name = trial.release.name.as_str();
    match kept {
        KeptAnswer::Read(Answer { item, release, at, .. }) => {
            item == id && release == name && *at <= trial.now
        }
        KeptAnswer::Unread { item, release, at, .. } => {
            item.as_deref().is_none_or(|item| item == id)
                && release.as_deref().is_none_or(|release| release == name)
                && *at <= trial.now
        }
    }
}

fn answer_line(question: &str, answer: &Answer) -> ItemLine {
    let outcome = if answer.is_yes { ItemOutcome::Go } else { ItemOutcome::NoGo };
    let word = if answer.is_yes { "yes" } else { "no" };
    let evidence = match answer.evidence.as_str() {
        "" => String::new(),
        text => format!(", {text}"),
    };
    let seen = format!("{question:?} {word}: {} (claimed), {}{evidence}", answer.by, answer.at);
    ItemLine::new(outcome, seen)
}

/// The builds that an answer is bound to: all of the release, or what its file has of them.
pub fn bound_builds(release: &Release) -> Train {
    let mut builds = release.changed.clone();
    builds.extend(release.train.clone());
    builds
}
