//! `schedule:`, `serve:` and `sample:` in the file of kind `Audit`: what is done at its time, and
//! where people find it.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::times::CronTimes;
use crate::model::{Glob, Globs, meant_or_known, near};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
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

/// Where what was found is served: `{listen: "127.0.0.1:9464", public-url: "https://parity.internal/"}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServeConfig {
    /// Where `envparity serve` listens (default: 127.0.0.1:9464). Another address than one of the
    /// machine's own needs `token:`.
    #[serde(default)]
    pub listen: Option<Located<String>>,
    /// `${env:NAME}` or `${file:PATH}`: what readers must show, but for `/healthz` and `/readyz`.
    #[serde(default)]
    pub token: Option<SecretReference>,
    /// Where people find the newest report; notices link to it: `https://parity.internal/`.
    #[serde(default)]
    pub public_url: Option<Located<String>>,
}

/// What `envparity serve` samples: `{every: 60s, targets: ["redis/*"]}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SampleConfig {
    /// How often each server is asked for its INFO (default: 60s; once a second is the most).
    #[serde(default)]
    pub every: Option<Located<DurationText>>,
    /// Which Redis targets, in every environment (default: all): `redis/*`.
    #[serde(default)]
    pub targets: Vec<Located<String>>,
}

impl SampleConfig {
    /// How often where nothing is said.
    pub const EVERY: Duration = Duration::from_secs(60);
    /// More often than this a server would be asked for nothing but samples.
    const LEAST: Duration = Duration::from_secs(1);
    /// Less often, a bucket of five minutes would have too few of them.
    const MOST: Duration = Duration::from_secs(150);

    /// How often a server is asked.
    pub fn every(&self) -> Duration {
        self.every.as_ref().map_or(Self::EVERY, |every| every.value.0)
    }

    /// Whether it is about a target: `redis/cache`.
    pub fn covers(&self, target: &str) -> bool {
        let globs: Vec<Glob> = self.targets.iter().filter_map(|one| Glob::new(one).ok()).collect();
        globs.is_empty() || Globs::new(&globs).is_match(target)
    }

    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for target in &self.targets {
            if let Err(error) = Glob::new(target) {
                found.push(Problem::at(target, error.to_string(), "write redis/*"));
            }
        }
        let every = self.every.as_ref();
        let wrong = every.filter(|every| !(Self::LEAST..=Self::MOST).contains(&every.value.0));
        found.extend(wrong.map(|every| {
            let message = "samples are taken every 1s to 150s";
            Problem::at(every, message, "write every: 60s")
        }));
        found
    }
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
    let advice = match near(zone, zones.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "write one like Europe/Paris".to_owned(),
    };
    Problem::at(zone, format!("unknown time zone {:?}", zone.as_str()), advice)
}

impl ServeConfig {
    /// Where it listens if nothing is said.
    pub const LISTEN: &str = "127.0.0.1:9464";

    /// What is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let listen = self.listen.as_ref().and_then(|listen| self.check_listen(listen));
        listen.into_iter().chain(self.public_url.as_ref().and_then(check_public_url)).collect()
    }

    fn check_listen(&self, listen: &Located<String>) -> Option<Problem> {
        let Ok(address) = listen.parse::<SocketAddr>() else {
            let message = "this is not an address and a port";
            return Some(Problem::at(listen, message, "write \"127.0.0.1:9464\""));
        };
        (!address.ip().is_loopback() && self.token.is_none()).then(|| {
            let message = "other machines reach this address, and no token is asked for";
            let advice = "add token: \"${env:SERVE_TOKEN}\", or listen on 127.0.0.1";
            Problem::at(listen, message, advice)
        })
    }
}

fn check_public_url(text: &Located<String>) -> Option<Problem> {
    let wrong = |message: &str| Some(Problem::at(text, message, "write https://parity.internal/"));
    let Ok(url) = Url::parse(text) else { return wrong("invalid URL") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return wrong("this is not the URL of a page");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("the URL holds a user name or password, and everybody is sent it");
    }
    None
}
