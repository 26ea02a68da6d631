//! `envparity waiver`: accept a finding for a while, and look after what is accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::time::{Instant, sleep};

use super::args::{Expiry, WaiverAddArguments, WaiverListArguments};
use super::audit::facts;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::real;
use super::progress::RunProgress;
use super::{CommandError, clock, output, problems, reports};
use crate::model::{Requirement, Waiver, WaiverState, count};
use crate::pipeline::{self, AuditOptions};
use crate::policy;
use crate::policy::waiver::config::{DEFAULT_SPAN, WaiversConfig};
use crate::policy::waiver::state_by_date;
use crate::profile::Profiles;
use crate::report::{self, escape::terminal};
use crate::version::{self, Containment, Levels, Range, Scheme};
use crate::wire::file;
use crate::wire::report::{Cell, DriftReport, Finding, Reading};
use crate::wire::waivers::{WaiverConfig, append_waiver};
use crate::wire::yaml::{self, Origin};

/// Shorter beginnings of an id would name another finding tomorrow.
const SHORTEST: usize = 4;

/// As much as a file of profiles may have.
const MAX_WAIVERS: u64 = 4 * 1024 * 1024;

pub(super) async fn add(
    arguments: WaiverAddArguments,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    let folder = &arguments.profiles.profiles;
    let profiles = problems::load_at(folder, arguments.at)?;
    let report = match &arguments.report {
        Some(path) => reports::read(path)?,
        None => {
            let options = AuditOptions { at: arguments.at, ..AuditOptions::default() };
            let bar = RunProgress::new();
            report::public(
                &pipeline::audit(&profiles, &options, facts(folder), clock(), &bar).await?,
            )
        }
    };
    let finding = find(&report, &arguments.finding)?;
    // From here to the end nobody else adds one: what stands in the file is read anew.
    let place = |profiles: &Profiles| {
        profiles.waivers_path.clone().unwrap_or_else(|| folder.join("waivers.yaml"))
    };
    let _lock = lock(&place(&profiles)).await?;
    let profiles = problems::load_at(folder, arguments.at)?;
    refuse_twice(finding, &profiles, today(arguments.at))?;
    let mut entry = entry(&arguments, finding, &report, &profiles);
    entry.expires = last_day(arguments.expires, today(arguments.at))?.to_string().into();
    check_binding(&entry, &profiles)?;
    let path = place(&profiles);
    let text = read(&path, profiles.waivers_path.is_some())?;
    let edited = append_waiver(text.as_deref(), &entry)?;
    check_text(&edited, &entry, &profiles, today(arguments.at))?;
    files.write(&path, &edited)?;
    let versions: Vec<String> =
        entry.versions.iter().map(|(name, range)| format!("{name} {range}")).collect();
    let names: Vec<&str> = entry.environments.iter().map(|name| name.as_str()).collect();
    let bound = match versions.as_slice() {
        [] => ", whatever versions run".to_owned(),
        versions => format!(", bound to {}", versions.join("; ")),
    };
    output::print(&terminal_lines(&format!(
        "added {} to {}: {} of {} in {}{bound}, through {}\nrun envparity audit for the verdict\n",
        entry.id,
        path.display(),
        entry.rule,
        terminal(&entry.component),
        names.join(", "),
        entry.expires,
    )))?;
    Ok(Exit::Done)
}

/// How long another `waiver add` may take with the file.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The right to write a file of waivers, until it is dropped. The file itself is replaced by each
/// of those who write it, so that the folder around it is what they lock.
async fn lock(path: &Path) -> anyhow::Result<File> {
    let path = real(path);
    let folder = path.parent().unwrap_or(Path::new("."));
    let shown = terminal(&folder.display().to_string());
    let handle = File::open(folder).with_context(|| format!("failed to open {shown}"))?;
    let end = Instant::now() + MAX_WAIT;
    loop {
        match handle.try_lock() {
            Ok(()) => return Ok(handle),
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                sleep(Duration::from_millis(20)).await;
            }
            Err(TryLockError::WouldBlock) => bail!(
                "another waiver add has locked {shown} for {}s: nothing was added; try again",
                MAX_WAIT.as_secs()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| {
                    format!("failed to lock {shown}, so two could write at once; nothing was added")
                });
            }
        }
    }
}

fn terminal_lines(text: &str) -> String {
    crate::report::escape::terminal_lines(text) + "\n"
}

/// The one finding whose id begins so.
fn find<'a>(report: &'a DriftReport, id: &str) -> anyhow::Result<&'a Finding> {
    let begins = |finding: &&Finding| finding.id.starts_with(&id.to_lowercase());
    if id.len() < SHORTEST {
        bail!("{:?} is too short for an id: give at least {SHORTEST} digits", terminal(id));
    }
    let found: Vec<&Finding> = report.findings.iter().filter(begins).collect();
    match found.as_slice() {
        [one] if policy::is_unwaivable(&one.rule) => {
            bail!(
                "{} is about a waiver, which cannot be waived: renew, change or remove it",
                one.id
            )
        }
        [one] => Ok(one),
        [] => match report.waived.iter().find(begins) {
            Some(covered) => {
                bail!(
                    "{} is waived already, by {}",
                    covered.id,
                    terminal(covered.waiver.as_deref().unwrap_or_default())
                )
            }
            None => bail!(
                "unknown finding {:?}: the report has {}; its table shows their ids behind the \
                 severities",
                terminal(id),
                report.findings.len()
            ),
        },
        several => {
            let all: Vec<String> = several
                .iter()
                .map(|f| format!("{} ({} of {})", f.id, f.rule, terminal(&f.component)))
                .collect();
            bail!(
                "{:?} is the beginning of {}: {}",
                terminal(id),
                count(several.len(), "id"),
                all.join(", ")
            )
        }
    }
}

/// The report may be older than the file: what is accepted there already needs no second waiver.
fn refuse_twice(finding: &Finding, profiles: &Profiles, today: Date) -> anyhow::Result<()> {
    let waivers = profiles.waivers.as_ref().map(WaiversConfig::waivers).unwrap_or_default();
    let is_same = |waiver: &&Waiver| {
        waiver.rule == finding.rule
            && *waiver.component.as_str() == finding.component
            && waiver
                .environments
                .iter()
                .map(|name| name.as_str())
                .eq(finding.environments.iter().map(String::as_str))
            && waiver.subject.as_ref().is_none_or(|subject| *subject == finding.subject)
            && waiver.expires >= today
    };
    match waivers.iter().find(is_same) {
        Some(waiver) => bail!(
            "{} already covers the same, in line {} of its file: change or remove that one first",
            terminal(&waiver.id),
            profiles
                .waivers
                .iter()
                .flat_map(|w| &w.waivers)
                .find(|w| *w.id == waiver.id)
                .map_or(0, |w| w.id.line)
        ),
        None => Ok(()),
    }
}

fn entry(
    arguments: &WaiverAddArguments,
    finding: &Finding,
    report: &DriftReport,
    profiles: &Profiles,
) -> WaiverConfig {
    let is_on_versions = policy::is_on_versions(&finding.rule);
    let versions = if is_on_versions && arguments.exact {
        exact(finding, report)
    } else {
        finding.versions.clone()
    };
    WaiverConfig {
        id: arguments.id.clone().unwrap_or_else(|| name(finding, profiles)).into(),
        rule: finding.rule.clone().into(),
        component: finding.component.clone().into(),
        environments: finding.environments.iter().cloned().map(Into::into).collect(),
        subject: Some(finding.subject.clone())
            .filter(|subject| !subject.is_empty())
            .map(Into::into),
        versions: versions.into_iter().map(|(name, range)| (name, range.into())).collect(),
        reason: arguments.reason.clone().into(),
        owner: arguments.owner.clone().into(),
        expires: String::new().into(),
    }
}

/// The day that is asked for.
fn last_day(asked: Expiry, today: Date) -> anyhow::Result<Date> {
    match asked {
        Expiry::On(date) => Ok(date),
        Expiry::After(days) => Ok(today.checked_add(i64::from(days).days())?),
    }
}

/// The texts that are read in each environment of a finding, by the report's matrix; without those
/// to which nothing can be bound, and those that take no part in it.
fn exact(finding: &Finding, report: &DriftReport) -> BTreeMap<String, String> {
    let cells = report
        .matrix
        .iter()
        .filter(|row| row.component == finding.component)
        .flat_map(|row| &row.cells);
    let cells = cells.filter(|cell| finding.environments.contains(&cell.environment));
    let of = |cell: &Cell| {
        let bound = finding.versions.get(&cell.environment);
        let bound = bound.and_then(|bound| bound.parse::<Requirement>().ok());
        let takes_part = |reading: &&Reading| {
            let product = reading.product.as_deref();
            let text = version::read(Scheme::Generic, &reading.version);
            bound.as_ref().is_none_or(|bound| {
                bound.admits(product, &Levels::DEFAULT, &text) != Containment::Outside
            })
        };
        let texts = cell.readings.iter().filter(takes_part).flat_map(|reading| {
            let versions =
                [Some(&reading.version), reading.contradicted_by.as_ref()].into_iter().flatten();
            versions.map(|version| {
                let is_exact = version.parse::<Range>().is_ok_and(|range| range.is_exact());
                Requirement::binding(reading.product.as_deref(), version).filter(|_| is_exact)
            })
        });
        let texts = texts.collect::<Option<BTreeSet<String>>>()?;
        (!texts.is_empty())
            .then(|| (cell.environment.clone(), texts.into_iter().collect::<Vec<_>>().join(" || ")))
    };
    cells.filter_map(of).collect()
}

/// A waiver on versions says those of every environment, and no more than a finding of ours would
/// be bound to: the report is a file like any other.
fn check_binding(entry: &WaiverConfig, profiles: &Profiles) -> anyhow::Result<()> {
    if let Some(name) = entry.environments.iter().find(|name| {
        let name = name.as_str();
        !profiles.environments.iter().any(|environment| environment.name.as_str() == name)
    }) {
        bail!(
            "the report has an environment {:?} that the profiles do not have",
            terminal(name.as_str())
        );
    }
    if !policy::is_on_versions(&entry.rule) {
        return Ok(());
    }
    for environment in &entry.environments {
        let Some(range) = entry.versions.get(environment.as_str()) else {
            bail!(
                "the version that {} runs is unknown or ambiguous, so no waiver can be bound to \
                 it; give it a version, or write the waiver by hand",
                terminal(environment)
            )
        };
        if !range.parse::<Requirement>().is_ok_and(|wanted| wanted.is_narrow()) {
            bail!(
                "the report binds {} to {:?}, which is neither a version nor a minor",
                terminal(environment),
                terminal(range)
            );
        }
    }
    Ok(())
}

/// `redis-cache-version-skew`, with a number where that name is taken.
fn name(finding: &Finding, profiles: &Profiles) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let base: String =
        format!("{}-{}", finding.component, finding.rule).chars().map(plain).collect();
    let taken: BTreeSet<&str> =
        profiles.waivers.iter().flat_map(|w| &w.waivers).map(|w| w.id.as_str()).collect();
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name.as_str()))
        .unwrap_or(base)
}

/// The file as it stands; none if there is none yet.
fn read(path: &Path, is_loaded: bool) -> anyhow::Result<Option<String>> {
    if is_loaded {
        return file::read_text(path, MAX_WAIVERS)
            .map(Some)
            .with_context(|| format!("failed to read {}", path.display()));
    }
    if path.exists() {
        bail!("{} exists and is not a file of kind Waivers: rename it", path.display());
    }
    Ok(None)
}

/// The new file must be one that the next audit accepts.
fn check_text(
    text: &str,
    entry: &WaiverConfig,
    profiles: &Profiles,
    today: Date,
) -> anyhow::Result<()> {
    let config: WaiversConfig = yaml::read(text, Origin::Person)?;
    if entry.expires.parse::<Date>().is_ok_and(|expires| expires < today) {
        bail!("{} is in the past: choose a later day", entry.expires);
    }
    let own = config.waivers.iter().filter(|waiver| *waiver.id == *entry.id);
    let mut problems = config.find_problems(&pipeline::rule_ids(), today, span(profiles));
    problems.extend(own.flat_map(WaiverConfig::unbound_versions));
    match problems.first() {
        Some(problem) => {
            Err(anyhow!("{}; {}", terminal(&problem.message), terminal(&problem.advice)))
        }
        None => Ok(()),
    }
}

fn span(profiles: &Profiles) -> Duration {
    profiles
        .policy
        .as_ref()
        .and_then(|policy| policy.waiver_span)
        .map_or(DEFAULT_SPAN, |text| text.0)
}

fn today(at: Option<Timestamp>) -> Date {
    at.unwrap_or_else(|| clock()()).to_zoned(TimeZone::UTC).date()
}

pub(super) fn list(arguments: &WaiverListArguments) -> Result<Exit, CommandError> {
    let listed = ListedWaivers::new(arguments)?;
    let mut text: String = listed.waivers.iter().map(lines).collect();
    text.push_str(&listed.tally());
    output::print(&text)?;
    Ok(Exit::Done)
}

pub(super) fn check(arguments: &WaiverListArguments) -> Result<Exit, CommandError> {
    let listed = ListedWaivers::new(arguments)?;
    let wanting = |state: WaiverState| matches!(state, WaiverState::Expired | WaiverState::Unused);
    let needs_somebody = |listed: &&ListedWaiver| wanting(listed.state) || listed.is_unknown;
    let mut text: String = listed.waivers.iter().filter(needs_somebody).map(lines).collect();
    text.push_str(&listed.tally());
    if listed.unknown > 0 {
        text.push_str(
            "audit again for a report that has all of them: envparity audit -o yaml=FILE\n",
        );
    }
    output::print(&text)?;
    let is_wanting = listed.waivers.iter().any(|listed| wanting(listed.state));
    Ok(match (is_wanting, listed.unknown) {
        (true, _) => Exit::NoGo,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Incomplete,
    })
}

/// A waiver and what became of it.
struct ListedWaiver {
    waiver: Waiver,
    state: WaiverState,
    /// Whether the report says that it covers nothing.
    covers_nothing: bool,
    /// Whether there is a report, and it does not have the waiver.
    is_unknown: bool,
}

/// Waivers and what became of them.
struct ListedWaivers {
    waivers: Vec<ListedWaiver>,
    /// How many the report does not have: of these it says nothing.
    unknown: usize,
    path: Option<PathBuf>,
}

impl ListedWaivers {
    fn new(arguments: &WaiverListArguments) -> anyhow::Result<Self> {
        let profiles = problems::load_at(&arguments.profiles.profiles, arguments.at)?;
        let report = arguments.report.as_deref().map(reports::read).transpose()?;
        let today = today(arguments.at);
        let told = |id: &str| {
            let state = &report.as_ref()?.waivers.iter().find(|waiver| waiver.id == id)?.state;
            WaiverState::ALL.into_iter().find(|known| known.as_str() == state)
        };
        let waivers = profiles.waivers.as_ref().map(WaiversConfig::waivers).unwrap_or_default();
        let is_unknown = |id: &str| report.is_some() && told(id).is_none();
        let unknown = waivers.iter().filter(|waiver| is_unknown(&waiver.id)).count();
        let waivers = waivers.into_iter().map(|waiver| {
            let by_date = state_by_date(&waiver, today);
            // Only an audit knows whether it is used; of the date, today's counts.
            let is_unused =
                told(&waiver.id) == Some(WaiverState::Unused) && by_date != WaiverState::Expired;
            let in_report = report.iter().flat_map(|report| &report.waivers);
            let covers_nothing =
                in_report.filter(|told| told.id == waiver.id).any(|told| told.findings.is_empty());
            let state = if is_unused { WaiverState::Unused } else { by_date };
            let is_unknown = is_unknown(&waiver.id);
            ListedWaiver { waiver, state, covers_nothing, is_unknown }
        });
        Ok(Self { waivers: waivers.collect(), unknown, path: profiles.waivers_path })
    }

    /// `3 waivers in profiles/waivers.yaml: 1 expired, 2 active`
    fn tally(&self) -> String {
        let Some(path) = &self.path else { return "no file of kind Waivers\n".to_owned() };
        let states = WaiverState::ALL.into_iter().filter_map(|state| {
            let n = self.waivers.iter().filter(|listed| listed.state == state).count();
            (n > 0).then(|| format!("{n} {state}"))
        });
        let states: Vec<String> = states.collect();
        let states =
            if states.is_empty() { String::new() } else { format!(": {}", states.join(", ")) };
        let path = terminal(&path.display().to_string());
        let unknown = match self.unknown {
            0 => String::new(),
            n => format!("; {n} not in the report, which may be older or of other profiles"),
        };
        format!("{} in {path}{states}{unknown}\n", count(self.waivers.len(), "waiver"))
    }
}

fn lines(listed: &ListedWaiver) -> String {
    let ListedWaiver { waiver, state, covers_nothing, is_unknown } = listed;
    let Waiver { id, rule, component, environments, subject, versions, reason, owner, expires } =
        waiver;
    let places = environments.iter().map(|environment| match versions.get(environment) {
        Some(range) => format!("{environment} {range}"),
        None => environment.to_string(),
    });
    let places = places.collect::<Vec<_>>().join("; ");
    let subject = subject.as_ref().map(|subject| format!(" ({subject})")).unwrap_or_default();
    let first = terminal(&format!("{state:<9} {id}   {rule} of {component}{subject} in {places}"));
    let counts = matches!(state, WaiverState::Active | WaiverState::Expiring);
    let so_far = match (is_unknown, *covers_nothing && counts) {
        (true, _) => "; not in the report",
        (false, true) => "; covers nothing so far",
        (false, false) => "",
    };
    let second = terminal(&format!("{owner}, through {expires}{so_far}: {reason}"));
    format!("{first}\n{:<9} {second}\n", "")
}
