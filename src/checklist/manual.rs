//! Questions to people. An answer is bound to the builds that it was given for.

use super::digest_of;
use super::trial::Trial;
use crate::model::{
    Answer, ChecklistItem, ItemLine, ItemOutcome, ItemSection, Release, Settle, Train,
};

/// What became of a question.
pub fn judge_question(id: &str, question: &str, trial: &Trial<'_>) -> ChecklistItem {
    let of_release = |answer: &&Answer| answer.item == id && answer.release == trial.release.name;
    let digest = digest_of(&bound_builds(trial.release));
    // The last that was given counts, whatever time it claims; one of the future is not given yet.
    let given = |answer: &&Answer| answer.at <= trial.now;
    let newest = trial.answers.iter().filter(of_release).rfind(given);
    let line = match newest {
        Some(answer) if answer.digest == digest => answered(question, answer),
        Some(answer) => {
            let seen = format!(
                "{question:?} was answered by {} at {} for other builds",
                answer.by, answer.at
            );
            ItemLine::new(ItemOutcome::Incomplete, seen)
        }
        None => ItemLine::new(ItemOutcome::Incomplete, format!("{question:?} is not answered")),
    };
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

fn answered(question: &str, answer: &Answer) -> ItemLine {
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
