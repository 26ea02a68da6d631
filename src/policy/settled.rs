//! Whether everything that could show something was read: only then does its absence say anything.

use jiff::Timestamp;

use super::{Subject, staleness};
use crate::compare::could_hold;
use crate::model::{ComponentName, Coverage, EnvironmentName, Outcome, PartName, TargetId};

/// What is looked for, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// Id of the rule that would find it.
    pub(super) rule: &'a str,
    /// The component that it would be found on.
    pub(super) component: &'a ComponentName,
    /// The environments that it would concern.
    pub(super) environments: &'a [EnvironmentName],
}

/// Whether all of the environments take part, and every part of them that could show what is asked for was read and is
/// of now.
pub(super) fn is_settled(question: Question<'_>, subjects: &[Subject<'_>], now: Timestamp) -> bool {
    question.environments.iter().all(|environment| {
        let subject = subjects.iter().find(|subject| subject.snapshot.environment == *environment);
        subject.is_some_and(|subject| {
            let is_ignored = subject.snapshot.ignore.iter().any(|glob| glob.is_match(question.component.as_str()));
            let mut asked = subject.snapshot.coverage.iter().filter(|target| concerns(question, target)).peekable();
            // Where nobody could tell, silence says nothing.
            let is_asked = !is_ignored && asked.peek().is_some();
            is_asked
                && asked.all(|target| is_whole(question, target) && staleness(target, subject.max_age, now).is_none())
        })
    })
}

/// Whether a part of a target could have told of what is asked for: of the component, or of what a rule needs besides.
pub(super) fn could_tell(question: Question<'_>, target: &TargetId, part: &PartName) -> bool {
    let name = question.component;
    // Labels and digests are told by the images, identities by any target.
    let is_image = target.collector() == "docker" && name.as_str().starts_with("image/");
    question.rule == "shared-instance" || is_image || could_hold(target, part, name)
}

fn concerns(question: Question<'_>, target: &Coverage) -> bool {
    target.parts.is_empty() || target.parts.keys().any(|part| could_tell(question, &target.target, part))
}

fn is_whole(question: Question<'_>, target: &Coverage) -> bool {
    let mut asked = target.parts.iter().filter(|(part, _)| could_tell(question, &target.target, part));
    asked.all(|(_, outcome)| *outcome == Outcome::Complete)
}
