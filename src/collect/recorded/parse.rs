//! The text of a recorded file, as evidence of its targets. Pure; opens no file.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::collect::config::COLLECTORS;
use crate::collect::kubernetes::kubectl::{looks_like_kubectl, parse_kubectl};
use crate::collect::kubernetes::scope::ClusterScope;
use crate::collect::redis::lines::tidied;
use crate::collect::redis::parse::{looks_like_info, mark_unsaid, parse_info, server_time};
use crate::collect::redis::parts::{INFO_PART, NODE};
use crate::collect::redis::recording::{Recording, several};
use crate::collect::redis::servers::is_identity;
use crate::model::{
    EnvironmentName, Failure, FailureKind, Field, Outcome, Source, TargetEvidence, TargetId,
    TimeSource,
};
use crate::wire;

use super::{pasted, yaml};

/// What is known of a file besides its text.
pub(super) struct File<'a> {
    /// Path as the profile names it.
    pub(super) shown: &'a str,
    /// Name of the target.
    pub(super) name: &'a str,
    /// What of a cluster counts.
    pub(super) scope: &'a ClusterScope,
    /// When it was last written.
    pub(super) modified: Timestamp,
}

/// A file's bytes as text. What a Redis was told may not be UTF-8, and INFO repeats it: there, and
/// only there, what is not one is replaced.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"PK\x03\x04") {
        return Err(Failure::new(FailureKind::File, "the file is compressed")
            .with_advice("unpack it: gunzip FILE, or unzip FILE"));
    }
    let is_marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    // ASCII in two bytes each, without the mark.
    let mut beginning = bytes.iter().take(64);
    let is_wide = bytes.len() > 64 && beginning.by_ref().filter(|byte| **byte == 0).count() == 32;
    if is_marked || is_wide {
        return Err(Failure::new(FailureKind::File, "the file is UTF-16 and not UTF-8")
            .with_advice(
                "PowerShell's > writes UTF-16: record it again by | Out-File -Encoding utf8 FILE",
            ));
    }
    let text = String::from_utf8(bytes).or_else(|error| {
        let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
        if looks_like_info(&lossy) {
            Ok(lossy)
        } else {
            Err(Failure::new(FailureKind::File, "the file is not text"))
        }
    })?;
    // Some programs write a mark of the encoding first.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    // So old programs end lines.
    let text = if text.contains('\n') { text } else { text.replace('\r', "\n") };
    Ok(pasted::without_colours(text))
}

/// The targets that the file holds.
pub(super) fn targets(
    text: &str,
    file: &File<'_>,
    environment: &EnvironmentName,
) -> Result<Vec<TargetEvidence>, Failure> {
    if pasted::is_ours(text) {
        return evidence(text, file, environment);
    }
    if let Some(failure) = pasted::json(text) {
        return Err(failure);
    }
    if let Some(text) = info_text(text) {
        let nodes = several(&text)?;
        let told = if nodes.is_empty() { info(&text, file) } else { infos(nodes, file) };
        return Ok(vec![told]);
    }
    if looks_like_kubectl(text) {
        let mut evidence = recorded("kubernetes", file);
        return parse_kubectl(text, file.scope, &mut evidence).map(|()| vec![evidence]);
    }
    if let Some(failure) = pasted::text(text) {
        return Err(failure);
    }
    if let Some(json) = yaml::as_json(text) {
        let mut evidence = recorded("kubernetes", file);
        json.and_then(|json| parse_kubectl(&json, file.scope, &mut evidence))
            .map_err(yaml::advised)?;
        yaml::advise(&mut evidence);
        return Ok(vec![evidence]);
    }
    if !text.contains("apiVersion") {
        let message = "the file is neither evidence, nor INFO text, nor output of kubectl -o json";
        return Err(Failure::new(FailureKind::File, message).with_advice(
            "check the path; record a Redis by redis-cli -h HOST INFO everything > FILE, a cluster \
             by kubectl get pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A \
             -o json > FILE, all else by envparity collect ENVIRONMENT --to FILE",
        ));
    }
    evidence(text, file, environment)
}

/// What `envparity collect` wrote.
fn evidence(
    text: &str,
    file: &File<'_>,
    environment: &EnvironmentName,
) -> Result<Vec<TargetEvidence>, Failure> {
    if let Some(failure) = pasted::report(text) {
        return Err(failure);
    }
    let evidence = wire::evidence::read_evidence(text, file.shown, COLLECTORS).map_err(|e| {
        let message =
            format!("not an evidence file: {} (line {}, column {})", e.message, e.line, e.column);
        Failure::new(FailureKind::File, message).with_advice(wire::evidence::shape_advice(&e))
    })?;
    if evidence.environment != *environment {
        let message =
            format!("the file was collected from {}, not from {environment}", evidence.environment);
        return Err(Failure::new(FailureKind::WrongEnvironment, message));
    }
    if evidence.targets.is_empty() {
        return Err(Failure::new(FailureKind::File, "the file holds no target"));
    }
    Ok(evidence.targets)
}

/// The text of INFO, if it is one, as a server writes it.
fn info_text(text: &str) -> Option<String> {
    let head = pasted::head(text);
    let is_other = head.trim_start().starts_with('{')
        || head.lines().any(|line| line.starts_with("apiVersion:"));
    (!is_other && looks_like_info(&tidied(head))).then(|| tidied(text))
}

/// Evidence of a file that says nothing of its time.
fn recorded(collector: &str, file: &File<'_>) -> TargetEvidence {
    let id = TargetId::new(collector, file.name);
    let source = Source::Recorded {
        path: file.shown.to_owned(),
        time: TimeSource::FileModified,
        instead_of: None,
    };
    TargetEvidence { source, ..TargetEvidence::new(id, file.shown, file.modified) }
}

fn info(text: &str, file: &File<'_>) -> TargetEvidence {
    let mut evidence = recorded("redis", file);
    let parsed = parse_info(text, &mut evidence);
    if let (Some(taken), Source::Recorded { time, .. }) =
        (server_time(&evidence), &mut evidence.source)
    {
        *time = TimeSource::Server;
        evidence.set_taken(taken);
    }
    // What a part of INFO says is kept: it is shown, and the target is incomplete.
    let parsed = parsed.map_err(in_a_file);
    evidence.set_part(INFO_PART, parsed.map_or_else(Outcome::Failed, |()| Outcome::Complete));
    mark_unsaid(&mut evidence);
    evidence
}

/// Several servers as nodes of one target, each a place in it with a part of its own. Of the times
/// that they tell the oldest counts.
fn infos(nodes: Vec<Recording>, file: &File<'_>) -> TargetEvidence {
    let mut evidence = recorded("redis", file);
    let mut seen = BTreeMap::new();
    let mut oldest = Some(Timestamp::MAX);
    for Recording { place, text } in nodes {
        let mut said = TargetEvidence::new(evidence.id.clone(), "", file.modified);
        let told = text.and_then(|text| parse_info(&text, &mut said));
        oldest = oldest.min(server_time(&said));
        let run_id = said.field("run_id").filter(|id| is_identity(id)).map(str::to_owned);
        let other = run_id.and_then(|run_id| seen.insert(run_id, place.clone()));
        // What was said twice is of one server, and nothing is known of the other.
        let outcome = match other {
            Some(other) => Err(Failure::new(
                FailureKind::File,
                format!("it is the INFO of the same server as {other} (one run_id)"),
            )
            .with_advice("record each server once, by an address that leads to no other")),
            None => {
                let of = |field| Field { place: place.clone(), ..field };
                evidence.fields.extend(said.fields.into_iter().map(of));
                told.map_err(in_a_file)
            }
        };
        let outcome = outcome.map_or_else(Outcome::Failed, |()| Outcome::Complete);
        evidence.set_part(&format!("{NODE}{place}"), outcome);
    }
    if let (Some(taken), Source::Recorded { time, .. }) = (oldest, &mut evidence.source) {
        (evidence.taken, *time) = (taken, TimeSource::Server);
    }
    mark_unsaid(&mut evidence);
    evidence
}

/// Nobody who recorded a file can check a port.
fn in_a_file(failure: Failure) -> Failure {
    let advice = if failure.advice == FailureKind::Protocol.advice() {
        "record it again: redis-cli -h HOST INFO everything > FILE".to_owned()
    } else {
        failure.advice
    };
    Failure { kind: FailureKind::File, advice, ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<TargetEvidence>, Failure> {
        let file = File {
            shown: "f",
            name: "cache",
            scope: &ClusterScope::default(),
            modified: Timestamp::UNIX_EPOCH,
        };
        targets(text, &file, &"dev".into())
    }

    #[test]
    fn info_named_cache_is_redis_cache_at_the_servers_time() {
        let found =
            read("# Server\r\nredis_version:7.0.1\r\nserver_time_usec:1795380292772340\r\n")
                .unwrap();
        assert_eq!(found[0].id.as_str(), "redis/cache");
        assert_eq!(found[0].taken.to_string(), "2026-11-22T20:44:52.77234Z");
        let found = read("redis_version:6.0.1\n").unwrap();
        assert!(matches!(
            &found[0].source,
            Source::Recorded { time: TimeSource::FileModified, .. }
        ));
    }

    #[test]
    fn only_info_may_hold_what_is_no_text() {
        assert!(text(b"redis_version:7.0.1\nmodule:\xe9\n".to_vec()).unwrap().contains('\u{fffd}'));
        assert_eq!(text(b"\xef\xbb\xbf{}".to_vec()).unwrap(), "{}");
        assert!(text(b"apiVersion: \xe9".to_vec()).unwrap_err().message.contains("not text"));
        assert!(text(b"\xff\xfe{\0".to_vec()).unwrap_err().message.contains("UTF-16"));
        let wide: Vec<u8> = "{}".repeat(80).bytes().flat_map(|byte| [byte, 0]).collect();
        assert!(text(wide).unwrap_err().message.contains("UTF-16"));
        assert!(text(b"\x1f\x8b\x08".to_vec()).unwrap_err().message.contains("compressed"));
        assert_eq!(
            text(b"# Server\rredis_version:1\r".to_vec()).unwrap(),
            "# Server\nredis_version:1\n"
        );
    }

    #[test]
    fn what_is_neither_is_an_outcome() {
        assert_eq!(read("hello").unwrap_err().kind, FailureKind::File);
        assert_eq!(
            read("apiVersion: envparity/v9\nkind: Evidence\n").unwrap_err().kind,
            FailureKind::File
        );
        let other = "apiVersion: envparity/v1\nkind: Evidence\nenvironment: qualif\ntaken: \
            2026-03-30T08:42:00Z\ntargets: []\nend: {targets: 0, images: 0}\n";
        assert_eq!(read(other).unwrap_err().kind, FailureKind::WrongEnvironment);
        assert_eq!(
            read(&other.replace("qualif", "dev")).unwrap_err().message,
            "the file holds no target"
        );
    }
}
