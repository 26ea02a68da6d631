//! The waivers that people write: what they accept, why, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::super::metas::{is_on_versions, is_unwaivable};
use crate::model::{Requirement, Waiver};
use crate::wire::deceptive::is_blank;
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::problem::Problem;
use crate::wire::waivers::WaiverConfig;
use crate::wire::yaml::Located;

/// How far ahead a waiver may expire, unless the policy says otherwise.
pub const DEFAULT_SPAN: Duration = Duration::from_secs(365 * 24 * 3600);

/// `kind: Waivers`: findings that somebody accepts for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiversConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Waivers`.
    pub kind: FileKind,
    /// One for each thing that is accepted.
    #[serde(default, deserialize_with = "none_is_empty")]
    pub waivers: Vec<WaiverConfig>,
}

/// What remains of a list whose last item was commented out.
fn none_is_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<WaiverConfig>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl WaiversConfig {
    /// Everything that is wrong with it, given the ids of the rules that exist, the day in UTC, and
    /// how far ahead a waiver may expire.
    pub fn find_problems(&self, rule_ids: &[&str], today: Date, span: Duration) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut seen = BTreeMap::new();
        for waiver in &self.waivers {
            if let Some(line) = seen.insert(waiver.id.as_str(), waiver.id.line) {
                let message = format!("there are two waivers named {:?}", waiver.id.as_str());
                problems.push(Problem::at(
                    &waiver.id,
                    message,
                    format!("the other is in line {line}: rename one of them"),
                ));
            }
            problems.extend(waiver.find_problems(rule_ids));
            problems.extend(waiver.check_expiry(today, span));
        }
        problems
    }

    /// Waivers that are bound to every version, and so to none: they cover nothing in an audit.
    pub fn unbound_problems(&self) -> Vec<Problem> {
        self.waivers.iter().flat_map(WaiverConfig::unbound_versions).collect()
    }

    /// The waivers of a checked file, in its order.
    pub fn waivers(&self) -> Vec<Waiver> {
        self.waivers.iter().filter_map(WaiverConfig::to_waiver).collect()
    }
}

impl WaiverConfig {
    fn find_problems(&self, rule_ids: &[&str]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let named = [
            (&self.id, "id"),
            (&self.reason, "reason"),
            (&self.owner, "owner"),
            (&self.component, "component"),
        ];
        for (text, key) in named.into_iter().filter(|(text, _)| is_blank(text)) {
            problems.push(Problem::at(
                text,
                format!("the {key} is empty"),
                "fill it in: others will read it",
            ));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !self.id.chars().all(fits) {
            problems.push(Problem::at(
                &self.id,
                "this cannot be the id of a waiver",
                "use letters, digits, - _ and .",
            ));
        }
        if is_unwaivable(&self.rule) {
            problems.push(Problem::at(
                &self.rule,
                "a waiver cannot be waived",
                "renew it, fix it, or remove it",
            ));
        } else {
            problems.extend(super::super::config::unknown_rule(&self.rule, rule_ids));
        }
        if self.component.contains(['*', '?', '{', '[']) {
            problems.push(Problem::at(
                &self.component,
                "a waiver names one component",
                "write one waiver for each",
            ));
        }
        let mut seen = BTreeSet::new();
        for name in self.environments.iter().filter(|name| !seen.insert(name.as_str())) {
            problems.push(Problem::at(name, "the environment stands twice", "name it once"));
        }
        if self.environments.is_empty() {
            problems.push(Problem::at(
                &self.id,
                "environments: is empty",
                "name those of the finding, all of them",
            ));
        }
        problems.extend(self.check_versions());
        problems
    }

    fn check_versions(&self) -> Vec<Problem> {
        let rule = self.rule.as_str();
        if !is_on_versions(rule) {
            let problem = |(environment, range): (&String, &Located<String>)| {
                let message =
                    format!("{rule} is not about versions, but {environment} has one here");
                Problem::at(range, message, "remove versions: from this waiver")
            };
            return self.versions.iter().next().map(problem).into_iter().collect();
        }
        let mut problems = Vec::new();
        for name in
            self.environments.iter().filter(|name| !self.versions.contains_key(name.as_str()))
        {
            let message =
                format!("{rule} is about versions, but {:?} has none here", name.as_str());
            problems.push(Problem::at(
                name,
                message,
                "write versions: {ENVIRONMENT: \"7.2.x\"} with one for each",
            ));
        }
        for (environment, range) in &self.versions {
            if !self.environments.iter().any(|name| name.as_str() == environment) {
                let message =
                    format!("versions: names {environment:?}, which environments: does not");
                problems.push(Problem::at(range, message, "name the same environments in both"));
            }
            if let Err(error) = range.parse::<Requirement>() {
                problems.push(Problem::at(
                    range,
                    error.to_string(),
                    "write 7.2.4, 7.2.x or \">=7.0, <8\"",
                ));
            }
        }
        problems
    }

    /// What in it is bound to every version.
    pub fn unbound_versions(&self) -> Vec<Problem> {
        let admits_everything = |range: &&Located<String>| {
            range.parse::<Requirement>().is_ok_and(|wanted| wanted.admits_everything())
        };
        let problem = |range: &Located<String>| {
            let message =
                format!("{:?} matches every version, so it covers nothing", range.as_str());
            Problem::at(range, message, "write what runs, as 7.2.4, 7.2.x or \">=7.0, <8\"")
        };
        self.versions.values().filter(admits_everything).map(problem).collect()
    }

    fn check_expiry(&self, today: Date, span: Duration) -> Option<Problem> {
        // Nothing but a day: a time of day or a zone would be passed over.
        let is_day = self.expires.len() == "2026-12-31".len()
            && self.expires.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let Some(expires) = self.expires.parse::<Date>().ok().filter(|_| is_day) else {
            let message = format!("{:?} is not a date", self.expires.as_str());
            return Some(Problem::at(
                &self.expires,
                message,
                "write the last day on which it counts, as 2026-12-31",
            ));
        };
        let days = i64::try_from(span.as_secs() / 86_400).unwrap_or(i64::MAX);
        let ahead = (expires - today).get_days();
        let message = || {
            format!(
                "the waiver expires {ahead} days ahead, and the limit is {days} days (waiver-span)"
            )
        };
        let advice = "choose an earlier date and renew it later";
        (i64::from(ahead) > days).then(|| Problem::at(&self.expires, message(), advice))
    }

    fn to_waiver(&self) -> Option<Waiver> {
        let mut environments: Vec<_> =
            self.environments.iter().map(|name| name.as_str().into()).collect();
        environments.sort();
        let versions = self
            .versions
            .iter()
            .map(|(name, range)| Some((name.as_str().into(), range.parse().ok()?)));
        Some(Waiver {
            id: self.id.value.clone(),
            rule: self.rule.value.clone(),
            component: self.component.as_str().into(),
            environments,
            subject: self.subject.as_ref().map(|subject| subject.value.clone()),
            versions: versions.collect::<Option<_>>()?,
            reason: self.reason.value.clone(),
            owner: self.owner.value.clone(),
            expires: self.expires.parse().ok()?,
        })
    }
}
