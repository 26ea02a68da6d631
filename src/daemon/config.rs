//! `schedule:` and `serve:` in the file of kind `Audit`: what is done at its time, and where people
//! find it.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::times::CronTimes;
use crate::model::{meant_or_known, nearest_name};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// What is run at which times: `{id: nightly, audit: "0 7 * * 1-5", timezone: Europe/Paris}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Its name: `nightly`.
    pub id: Located<String>,
    /// When an audit is due: minute, hour, day, month and weekday, as cron has them, `"0 7 * * 1-5"`.
    #[serde(default)]
    pub audit: Option<Located<String>>,
    /// When a checklist of `release` is due, in the same way.
    #[serde(default)]
    pub checklist: Option<Located<String>>,
    /// The release that the checklist is of: `v22`.
    #[serde(default)]
    pub release: Option<Located<String>>,
    /// The zone of these times (default: `timezone:` of the file, else UTC): `Europe/Paris`.
    #[serde(default)]
    pub timezone: Option<Located<String>>,
    /// A run begins up to so much later, so that many do not begin at once (default: 0s): `60s`.
    #[serde(default)]
    pub jitter: Option<DurationText>,
}

/// Where what was found is served.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServeConfig {
    /// Where people find the newest report; notices link to it: `https://parity.internal/`.
    pub public_url: Located<String>,
}

impl ScheduleConfig {
    /// The five fields, whatever they start.
    pub fn fields(&self) -> Option<&Located<String>> {
        self.audit.as_ref().or(self.checklist.as_ref())
    }

    /// The times at which it is due; `None` of a schedule that is not checked.
    pub fn times(&self, default: &TimeZone) -> Option<CronTimes> {
        CronTimes::parse(self.fields()?, &self.zone(default)?).ok()
    }

    /// `None` if there is no such zone.
    fn zone(&self, default: &TimeZone) -> Option<TimeZone> {
        match &self.timezone {
            Some(name) => TimeZone::get(name).ok(),
            None => Some(default.clone()),
        }
    }

    /// What it starts, in words: `audit`, `checklist of v22`.
    pub fn what(&self) -> String {
        match &self.release {
            Some(release) => format!("checklist of {}", release.as_str()),
            None => "audit".to_owned(),
        }
    }

    /// Everything that is wrong with the schedules of a file. `releases` are those that there are;
    /// `None` if not all of them could be read.
    pub fn check(
        schedules: &[Self],
        default: &TimeZone,
        releases: Option<&[&str]>,
    ) -> Vec<Problem> {
        let mut found = Vec::new();
        for (at, schedule) in schedules.iter().enumerate() {
            found.extend(schedule.check_one(default, releases));
            let id = &schedule.id;
            if schedules[..at].iter().any(|other| *other.id == **id) {
                let message = format!("there are two schedules named {:?}", id.as_str());
                found.push(Problem::at(id, message, "name them apart"));
            }
        }
        found
    }

    fn check_one(&self, default: &TimeZone, releases: Option<&[&str]>) -> Vec<Problem> {
        let mut found = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.id.is_empty() || !self.id.chars().all(fits) {
            let message = "this cannot be the name of a schedule";
            found.push(Problem::at(&self.id, message, "use letters, digits, - _ and ."));
        }
        found.extend(self.check_shape(releases));
        let Some(zone) = self.zone(default) else {
            found.extend(self.timezone.as_ref().map(unknown_zone));
            return found;
        };
        let Some(fields) = self.fields() else { return found };
        match CronTimes::parse(fields, &zone) {
            Err(error) => found.push(Problem::at(fields, error.to_string(), error.advice())),
            Ok(times) => found.extend(self.check_jitter(&times, fields)),
        }
        found
    }

    fn check_shape(&self, releases: Option<&[&str]>) -> Option<Problem> {
        const ONE: &str = "write audit: \"0 7 * * 1-5\", or checklist: with release:";
        match (&self.audit, &self.checklist, &self.release) {
            (None, None, _) => Some(Problem::at(&self.id, "the schedule starts nothing", ONE)),
            (Some(_), Some(checklist), _) => {
                let message = "a schedule starts an audit or a checklist, and not both";
                Some(Problem::at(checklist, message, "write two schedules"))
            }
            (Some(_), None, Some(release)) => {
                let message = "an audit is of no release";
                Some(Problem::at(release, message, "leave release: out, or write checklist:"))
            }
            (None, Some(checklist), None) => {
                let message = "the checklist is of no release";
                Some(Problem::at(checklist, message, "name it: release: v22"))
            }
            (None, Some(_), Some(release)) => {
                let known = releases?;
                let is_known = known.contains(&release.as_str());
                (!is_known).then(|| {
                    let message = format!("unknown release {:?}", release.as_str());
                    Problem::at(release, message, meant_or_known(release, known))
                })
            }
            (Some(_), None, None) => None,
        }
    }

    fn check_jitter(&self, times: &CronTimes, place: &Located<String>) -> Option<Problem> {
        let jitter = SignedDuration::try_from(self.jitter?.0).ok()?;
        let shortest = times.shortest_interval()?;
        (jitter >= shortest).then(|| {
            let message = "the jitter is as long as the time between two runs, or longer";
            Problem::at(place, message, "write a shorter jitter:")
        })
    }
}

fn unknown_zone(zone: &Located<String>) -> Problem {
    let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let advice = match nearest_name(zone, zones.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "write one like Europe/Paris".to_owned(),
    };
    Problem::at(zone, format!("unknown time zone {:?}", zone.as_str()), advice)
}

impl ServeConfig {
    /// What is wrong with it.
    pub fn check(&self) -> Option<Problem> {
        let wrong = |message: &str| {
            Some(Problem::at(&self.public_url, message, "write https://parity.internal/"))
        };
        let Ok(url) = Url::parse(&self.public_url) else { return wrong("invalid URL") };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return wrong("this is not the URL of a page");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("the URL holds a user name or password, and everybody is sent it");
        }
        None
    }
}
