//! `envparity doctor`

use anyhow::anyhow;

use super::args::DoctorArguments;
use super::exit::Exit;
use super::progress::RunProgress;
use super::{CommandError, clock, output, problems};
use crate::collect::Target;
use crate::model::{
    Failure, FailureKind, Outcome, Source, TLS_UNVERIFIED, TargetEvidence, TargetId, count,
    failures_of, meant_and_known,
};
use crate::pipeline;
use crate::profile::{Environment, Profiles};
use crate::report::escape::terminal;

/// What comes before a part can be read, in its order.
const STEPS: [&str; 5] = ["secret", "address", "connection", "tls", "login"];

/// Reads each target once, as an audit does, and tells how far that went and what to grant.
pub(super) async fn run(arguments: DoctorArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let wanted = environments(&profiles, &arguments.environments)?;
    let asked: Vec<(&Environment, bool)> =
        wanted.iter().map(|environment| (*environment, true)).collect();
    let collected = {
        let bar = RunProgress::new();
        let deadline = arguments.deadline.map(|text| text.0);
        pipeline::collect(&asked, None, &profiles.folder, deadline, clock(), &bar).await
    };
    let (mut text, mut unread, mut all) = (String::new(), 0, 0);
    for (environment, evidence) in wanted.iter().zip(&collected) {
        text.push_str(&format!("{}\n", terminal(environment.name.as_str())));
        for target in &evidence.targets {
            let own = target_of(environment, &target.id);
            text.push_str(&examined(target, own));
            all += 1;
            unread += usize::from(!failures_of(&target.parts).is_empty());
        }
    }
    text.push_str(&match unread {
        0 => format!("{} read completely\n", count(all, "target")),
        _ => format!("{unread} of {} not read completely\n", count(all, "target")),
    });
    output::print(&text)?;
    Ok(if unread == 0 { Exit::Done } else { Exit::Incomplete })
}

fn environments<'p>(
    profiles: &'p Profiles,
    names: &[String],
) -> Result<Vec<&'p Environment>, CommandError> {
    if names.is_empty() {
        return Ok(profiles.environments.iter().collect());
    }
    let known: Vec<&str> = profiles.environments.iter().map(|one| one.name.as_str()).collect();
    let mut found = Vec::new();
    for name in names {
        let one = profiles.environments.iter().find(|one| one.name.as_str() == name);
        found.push(one.ok_or_else(|| {
            anyhow!("unknown environment {name:?}; {}", meant_and_known(name, &known))
        })?);
    }
    Ok(found)
}

fn target_of<'e>(environment: &'e Environment, id: &TargetId) -> Option<&'e dyn Target> {
    let mut all = environment.targets.all();
    all.find(|target| TargetId::new(target.kind().name, target.name()) == *id)
}

/// How far reading a target went.
fn examined(evidence: &TargetEvidence, target: Option<&dyn Target>) -> String {
    let mut text = format!("  {}  {}\n", evidence.id, terminal(&evidence.endpoint));
    if let Source::Recorded { instead_of: Some(failure), .. } = &evidence.source {
        text.push_str(&line("failed", "live", &format!("a file stands in: {failure}")));
        text.push_str(&advice_line(&failure.advice));
    }
    let is_live = evidence.source == Source::Live;
    let whole = failures_of(&evidence.parts);
    let ended = match whole.as_slice() {
        [(None, failure)] => step_of(failure).map(|step| (step, *failure)),
        _ => None,
    };
    if is_live {
        text.push_str(&steps(evidence, ended));
    }
    if let Some((_, failure)) = ended {
        text.push_str(&advice_line(&failure.advice));
        text.push_str(&grant_lines(failure, target, None));
        return text;
    }
    for (part, outcome) in &evidence.parts {
        match outcome {
            Outcome::Complete => text.push_str(&line("ok", part.as_str(), "")),
            Outcome::LeftOut => text.push_str(&line("-", part.as_str(), "left out by the profile")),
            Outcome::Failed(failure) => {
                text.push_str(&line("failed", part.as_str(), &failure.message));
                text.push_str(&advice_line(&failure.advice));
                text.push_str(&grant_lines(failure, target, Some(part.as_str())));
            }
        }
    }
    text
}

/// The steps up to the one that failed, if one did.
fn steps(evidence: &TargetEvidence, ended: Option<(usize, &Failure)>) -> String {
    let until = evidence.fields.iter().find(|field| field.name == "tls_not_after");
    let unverified = evidence.field(TLS_UNVERIFIED);
    let mut text = String::new();
    for (index, step) in STEPS.iter().enumerate() {
        match ended {
            Some((failed, failure)) if failed == index => {
                return text + &line("failed", step, &failure.message);
            }
            _ => {}
        }
        let note = match (*step, until, unverified) {
            ("tls", Some(until), _) => format!("certificate is valid until {}", until.value),
            ("tls", _, Some(how)) => format!("nobody checks the certificate: {how}"),
            // Whether there is any is known where the server tells.
            ("tls" | "secret", ..) => continue,
            _ => String::new(),
        };
        text.push_str(&line("ok", step, &note));
    }
    text
}

/// The step that a failure of the whole target is of; `None` if it was let in.
fn step_of(failure: &Failure) -> Option<usize> {
    use FailureKind as K;
    let step = match failure.kind {
        K::Secret => "secret",
        K::Unreachable | K::Unsupported => "address",
        K::Refused | K::Timeout | K::Cut => "connection",
        K::Tls | K::HostKey => "tls",
        K::Authentication => "login",
        _ => return None,
    };
    STEPS.iter().position(|name| *name == step)
}

fn line(state: &str, step: &str, note: &str) -> String {
    format!("    {state:<7} {step:<12} {}", terminal(note)).trim_end().to_owned() + "\n"
}

fn advice_line(advice: &str) -> String {
    if advice.is_empty() {
        String::new()
    } else {
        format!("            help: {}\n", terminal(advice))
    }
}

/// What has to be granted, where a failure is about that.
fn grant_lines(failure: &Failure, target: Option<&dyn Target>, part: Option<&str>) -> String {
    use FailureKind as K;
    if !matches!(failure.kind, K::Authentication | K::Permission) {
        return String::new();
    }
    let grants = target.and_then(|target| target.grant(part)).unwrap_or_default();
    let lines = grants.lines().map(|grant| format!("            grant: {}\n", terminal(grant)));
    lines.collect()
}
