//! An incident in words. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::figure::{ServerBucket, WalkingCommand};
use super::incident::RisenFigure;
use crate::checklist::recent_in_words;
use crate::model::{EnvironmentName, TargetId};
use crate::pipeline::RecentChanges;
use crate::trend::shown_value;

/// What is known of an incident when it begins.
pub(super) struct IncidentFacts<'a> {
    pub(super) environment: &'a EnvironmentName,
    pub(super) target: &'a TargetId,
    /// What rose, the worst first; never empty.
    pub(super) risen: &'a [RisenFigure],
    /// What the worst server did.
    pub(super) bucket: &'a ServerBucket,
    /// Commands of it that were not called in the 24 hours before.
    pub(super) new_commands: &'a [String],
    /// When the bucket began.
    pub(super) since: Timestamp,
    /// What changed, or why that is not known.
    pub(super) changes: &'a Result<RecentChanges, String>,
    pub(super) zone: &'a TimeZone,
}

/// Commands that are named.
const COMMANDS: usize = 3;

impl IncidentFacts<'_> {
    /// `ovh-production redis/cache: walk share 0 % -> 34 %`.
    pub(super) fn title(&self) -> String {
        let Self { environment, target, risen, .. } = self;
        let figure = risen.first().map(rise).unwrap_or_default();
        format!("{environment} {target}: {figure}")
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.commands().into_iter().collect();
        lines.push(format!("since {}; {}", self.shown(self.since), self.limit()));
        lines.push(self.changed());
        let place = self.risen.first().map(|one| one.place.as_str()).unwrap_or_default();
        if !place.is_empty() {
            lines.push(format!("on {place}"));
        }
        let others: Vec<String> = self.risen.iter().skip(1).map(rise).collect();
        if !others.is_empty() {
            lines.push(format!("also {}", others.join(", ")));
        }
        lines
    }

    /// `KEYS took 33.9 % of the time, 1204 calls of 84.5 ms (not called in the 24 h before)`.
    fn commands(&self) -> Option<String> {
        let of = |command: &WalkingCommand| {
            let WalkingCommand { name, calls, share } = command;
            let seconds = share * self.bucket_seconds();
            let each = 1_000.0 * seconds / calls.max(1.0);
            let is_new = self.new_commands.contains(name);
            let new = if is_new { ", not called in the 24 h before" } else { "" };
            let share = shown_value(true, *share);
            let name = name.to_uppercase();
            format!("{name} took {share} of the time ({calls:.0} calls of {each:.1} ms{new})")
        };
        let named: Vec<String> = self.bucket.walking.iter().take(COMMANDS).map(of).collect();
        (!named.is_empty()).then(|| named.join(", "))
    }

    fn bucket_seconds(&self) -> f64 {
        self.bucket.seconds
    }

    fn limit(&self) -> String {
        let Some(worst) = self.risen.first() else { return String::new() };
        let shown = |value| worst.indicator.format_value(value);
        match worst.limit.usual {
            None => format!("the most is {}", shown(worst.limit.most)),
            Some(usual) => format!(
                "the most is {}, at this hour {} is usual ({} weeks)",
                shown(worst.limit.most),
                shown(usual.median),
                usual.weeks
            ),
        }
    }

    fn changed(&self) -> String {
        let found = match self.changes {
            Err(why) => return format!("what changed before is not known: {why}"),
            Ok(found) => found,
        };
        let Some(then) = found.since else {
            return "what changed before is not known: the history holds no evidence of before"
                .to_owned();
        };
        let since = self.shown(then);
        // What is older than two hours may have changed long before.
        let is_old = self.since.duration_since(then) > SignedDuration::from_hours(2);
        let old = if is_old { ", the newest evidence from before" } else { "" };
        if found.changes.is_empty() {
            return format!("nothing that was read has changed since {since}{old}");
        }
        format!("changed since {since}{old}: {}", recent_in_words(&found.changes))
    }

    fn shown(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string()
    }
}

/// `walk share 0 % -> 34 %`, `walk share at least 34 %`.
fn rise(risen: &RisenFigure) -> String {
    let shown = |value| risen.indicator.format_value(value);
    let least = if risen.is_at_least { "at least " } else { "" };
    let before = risen.before.or(risen.limit.usual.map(|usual| usual.median));
    let from = before.map(|value| format!("{} -> ", shown(value))).unwrap_or_default();
    format!("{} {from}{least}{}", risen.indicator.noun(), shown(risen.value))
}
