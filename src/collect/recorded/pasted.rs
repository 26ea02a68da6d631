//! What people paste in place of what can be read: it is named, with the command that records it
//! rightly. Pure.

use crate::collect::kubernetes::kubectl::ADVICE;
use crate::collect::kubernetes::stray;
use crate::model::{Failure, FailureKind};

const DOCKER: &str = "docker's output cannot be used: name the engine as a docker target of a \
    profile, and record it where it can be reached, by envparity collect ENVIRONMENT --to FILE";
const INFO: &str =
    "record the text as the server sends it: redis-cli -h HOST INFO everything > FILE";

/// Where a file tells what it is.
const HEAD: usize = 64 * 1024;

fn refuse(what: &str, advice: &str) -> Failure {
    Failure::new(FailureKind::File, format!("the file {what}")).with_advice(advice)
}

/// The beginning of a text: one line may be all of a large file.
pub(super) fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a text says that it is a file of envparity, in whatever style of YAML or JSON.
pub(super) fn is_ours(text: &str) -> bool {
    first_value(text, "apiVersion").is_some_and(|value| value.starts_with("envparity/"))
}

/// A report, which holds no evidence.
pub(super) fn report(text: &str) -> Option<Failure> {
    let is_report = first_value(text, "kind")?.starts_with("DriftReport");
    let advice = "collect evidence: envparity collect ENVIRONMENT --to FILE";
    is_report.then(|| refuse("is an envparity report, not evidence", advice))
}

/// What stands behind a key where it is met first: deeper in, objects of a cluster may quote others.
fn first_value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    const QUOTES: [char; 2] = ['"', '\''];
    let (_, behind) = head(text).split_once(key)?;
    let value = behind.trim_start_matches(QUOTES).trim_start().strip_prefix(':')?;
    Some(value.trim_start().trim_start_matches(QUOTES))
}

/// INFO that a program has taken apart or written as a literal: no text of INFO is left in it.
/// Else JSON that neither kubectl nor envparity writes. `None` if it may be one of theirs.
pub(super) fn json(text: &str) -> Option<Failure> {
    let head = head(text.trim_start());
    let has = |keys: &[&str]| keys.iter().any(|key| head.contains(&format!("\"{key}\"")));
    // `[fd00::1]:6379` is the address of a server.
    let is_array = head
        .strip_prefix('[')
        .is_some_and(|items| items.trim_start().starts_with(['{', '[', '"', '\'', ']']));
    let is_literal = is_array
        || head.starts_with(['{', '"', '\''])
        || head.starts_with("b'")
        || head.starts_with("b\"");
    if !is_literal {
        return None;
    }
    if head.contains("\"Status\"") && has(&["code"]) && has(&["message"]) && !has(&["items"]) {
        return Some(refuse(
            "is an error from a Kubernetes API server (kind Status), not a list",
            ADVICE,
        ));
    }
    if has(&["apiVersion"]) && head.starts_with('{') {
        return None;
    }
    let is_info = ["redis_version", "valkey_version"].iter().any(|line| head.contains(line));
    if is_info && !has(&["kind", "metadata"]) {
        return Some(refuse(
            "is INFO that a program has parsed (JSON or Python), not INFO text",
            INFO,
        ));
    }
    if is_array && has(&["kind", "metadata"]) {
        let advice = format!("the list itself is needed, without jq; {ADVICE}");
        return Some(refuse(
            "is an array of objects, as from jq .items, not a list from kubectl",
            &advice,
        ));
    }
    if has(&["podSandboxId"]) {
        return Some(refuse("is what crictl prints", ADVICE));
    }
    if has(&["app_version", "chart"]) && !has(&["kind"]) {
        return Some(refuse("is output of helm, which has no images", ADVICE));
    }
    let is_docker = !has(&["kind", "metadata", "serverVersion", "clientVersion"])
        && has(&[
            "Image", "ImageID", "HostConfig", "RepoTags", "repoTags", "Repository", "Names",
            "Containers", "ServerVersion", "Server", "Client",
        ]);
    if is_docker {
        return Some(refuse("is JSON that docker prints (inspect, ps, images, info)", DOCKER));
    }
    is_array.then(|| refuse("is a JSON array, neither evidence nor a list from kubectl", ADVICE))
}

/// Text that is neither INFO nor JSON nor evidence, if it is known.
pub(super) fn text(text: &str) -> Option<Failure> {
    let trimmed = head(text.trim_start());
    if trimmed.is_empty() {
        let advice =
            "the command that was to write it failed or printed to elsewhere: record it again";
        return Some(refuse("is empty", advice));
    }
    if trimmed.starts_with('<') {
        return Some(refuse(
            "is HTML or XML: a page, not a server's answer",
            "look at what it holds, and record it again",
        ));
    }
    before_json(trimmed)
        .or_else(|| table(trimmed))
        .or_else(|| errors(trimmed))
        .or_else(|| lines(trimmed))
}

fn before_json(text: &str) -> Option<Failure> {
    let is_json = text.lines().skip(1).any(|line| line.starts_with(['{', '[']))
        && ["\"apiVersion\"", "\"kind\"", "\"Image\"", "\"Id\""]
            .iter()
            .any(|key| text.contains(key));
    is_json.then(|| {
        let first = stray::line(text.lines().next().unwrap_or_default());
        refuse(&format!("does not begin with JSON, but with {first}"), stray::STDOUT_ALONE)
    })
}

/// The tables that people look at. A prompt may stand in front of them.
fn table(text: &str) -> Option<Failure> {
    text.lines().take(5).find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        let is_heading = words.iter().all(|word| !word.chars().any(|c| c.is_ascii_lowercase()));
        let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
        if line.starts_with("Name:") && (has_line("Namespace:") || has_line("Labels:")) {
            return Some(refuse("is what kubectl describe prints", ADVICE));
        }
        if line.starts_with("Server Version:") || line.starts_with("Client Version:") {
            return Some(refuse(
                "is the text of kubectl version",
                "record it again, by kubectl version -o json",
            ));
        }
        let is_program = ["Docker version ", "podman version ", "nerdctl version "]
            .iter()
            .any(|start| line.starts_with(start));
        if is_program || line.starts_with("Client:") && has_line("Server:") {
            return Some(refuse("is what docker version or docker info prints", DOCKER));
        }
        if line.starts_with("Client:") && line.contains("Podman")
            || line.starts_with("host:") && text.contains("buildahVersion")
        {
            return Some(refuse("is what podman version or podman info prints", DOCKER));
        }
        if words == ["Name", "Command", "State", "Ports"] {
            return Some(refuse("is a table of docker-compose ps", DOCKER));
        }
        if !is_heading || words.len() < 2 {
            return None;
        }
        if has("CONTAINER") && has("POD") {
            return Some(refuse("is the table of crictl ps", ADVICE));
        }
        if has("IMAGE") && has("TAG") && !has("REPOSITORY") {
            return Some(refuse("is the table of crictl images", ADVICE));
        }
        let is_of_images = has("IMAGE") && has("ID");
        if is_of_images || has("CONTAINER") || has("REPOSITORY") || has("IMAGE") && has("SERVICE") {
            return Some(refuse("is a table of docker (ps, images, service, compose ps)", DOCKER));
        }
        if has("REVISION") && has("CHART") {
            return Some(refuse("is the table of helm list, which has no images", ADVICE));
        }
        let is_kubectl = has("NAME") || has("OBJECT") && has("MESSAGE");
        is_kubectl.then(|| refuse("is the table that kubectl prints for people", ADVICE))
    })
}

/// Programs that failed, and whose messages were recorded in place of an answer.
fn errors(text: &str) -> Option<Failure> {
    const REDIS: &[&str] = &[
        "NOAUTH",
        "-NOAUTH",
        "NOPERM",
        "-NOPERM",
        "WRONGPASS",
        "-WRONGPASS",
        "(error)",
        "ERR ",
        "-ERR ",
        "Could not connect to Redis",
        "Could not connect to Valkey",
        "-LOADING",
        "LOADING",
        "-DENIED",
        "DENIED",
        "AUTH failed:",
    ];
    const ENGINE: &[&str] = &[
        "Cannot connect to the Docker daemon",
        "Cannot connect to Podman",
        "permission denied while trying to connect to the",
        "Got permission denied",
        "error during connect",
        "Error response from daemon",
    ];
    // A warning of the program may stand before them.
    let said = |starts: &[&str]| {
        let mut lines = text.lines().take(3).map(str::trim);
        let line = lines.find(|line| starts.iter().any(|start| line.starts_with(start)))?;
        Some(line.chars().take(160).collect::<String>())
    };
    if let Some(said) = said(REDIS) {
        let what = format!("holds an error from a server or redis-cli, not INFO: {said:?}");
        return Some(refuse(&what, INFO));
    }
    if let Some(said) = said(ENGINE) {
        let what = format!("holds an error from docker, not an answer: {said:?}");
        return Some(refuse(&what, DOCKER));
    }
    if said(&["No resources found"]).is_some() {
        return Some(refuse("says that kubectl found nothing", ADVICE));
    }
    let first = text.lines().next()?.trim();
    stray::is_error(first).then(|| {
        let shown: String = first.chars().take(160).collect();
        let what = format!("holds an error from kubectl, not a list: {shown:?}");
        refuse(&what, stray::STDOUT_ALONE)
    })
}

/// Texts that are told by some of their lines.
fn lines(text: &str) -> Option<Failure> {
    let has_line = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    if text.lines().any(|line| line.starts_with("apiVersion:")) {
        return None;
    }
    if ["redis_version", "valkey_version"].iter().any(|name| text.contains(name)) {
        let what =
            "holds lines of INFO, but not as a server writes them (numbered, quoted, a table)";
        return Some(refuse(what, INFO));
    }
    if has_line("services:") && has_line("image:") {
        let what = "is a compose file, which says what should run, not what runs";
        return Some(refuse(what, DOCKER));
    }
    let is_helm = has_line("app_version:") || has_line("- app_version:");
    let is_helm = is_helm && has_line("chart:");
    is_helm.then(|| refuse("is output of helm, which has no images", ADVICE))
}

/// Without the colours of a terminal.
pub(super) fn without_colours(text: String) -> String {
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let Some(sequence) = behind.strip_prefix('[') else {
            rest = behind;
            continue;
        };
        let end = sequence.find(|c: char| !(c.is_ascii_digit() || matches!(c, ';' | ':' | '?')));
        rest = end.map_or("", |end| {
            let last = sequence[end..].chars().next().map_or(0, char::len_utf8);
            &sequence[end + last..]
        });
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pasted: &str) -> String {
        let failure = json(pasted).or_else(|| text(pasted));
        let failure = failure.unwrap_or_else(|| panic!("{pasted}"));
        assert_eq!(failure.kind, FailureKind::File);
        assert_ne!(failure.advice, FailureKind::File.advice(), "{pasted}");
        format!("{} -> {}", failure.message, failure.advice)
    }

    /// What was pasted, what it is called, and a part of the command that records it.
    const PASTED: &[(&str, &str, &str)] = &[
        ("", "is empty", "record it again"),
        (" \n", "is empty", "record it again"),
        ("<!DOCTYPE html><html>", "HTML", "record it again"),
        (r#"{"redis_version": "7.2.4"}"#, "INFO that a program has parsed", "INFO everything"),
        ("{'redis_version': '7.2.4'}", "INFO that a program has parsed", "INFO everything"),
        (
            r"b'# Server\r\nredis_version:7.2.4\r\n'",
            "INFO that a program has parsed",
            "INFO everything",
        ),
        (r#"[{"Id":"a","Image":"x","Config":{}}]"#, "docker prints", "envparity collect"),
        (
            r#"{"Command":"x","ID":"1","Image":"redis:7","Names":"c"}"#,
            "docker prints",
            "envparity collect",
        ),
        (r#"{"Client":{},"Server":{"Version":"27"}}"#, "docker prints", "envparity collect"),
        (r#"[{"apiVersion":"v1","kind":"Pod","metadata":{}}]"#, "jq .items", "-o json"),
        (r#"[{"metadata":{},"spec":{"containers":[{"image":"redis"}]}}]"#, "jq .items", "-o json"),
        (r#"{"containers":[{"id":"1","podSandboxId":"2"}]}"#, "crictl", "-o json"),
        (r#"[{"name":"a","chart":"redis-1","app_version":"7"}]"#, "helm", "-o json"),
        ("[\"a\"]", "JSON array", "-o json"),
        ("CONTAINER ID   IMAGE   COMMAND\n1 redis x", "docker", "envparity collect"),
        ("$ docker ps\nCONTAINER ID   IMAGE   COMMAND\n", "docker", "envparity collect"),
        ("REPOSITORY   TAG   IMAGE ID\n", "docker", "envparity collect"),
        ("NAME  IMAGE  COMMAND  SERVICE\n", "docker", "envparity collect"),
        ("NAMESPACE  NAME  READY  STATUS  RESTARTS  AGE\n", "for people", "-o json"),
        ("NAME  STATUS  ROLES  AGE  VERSION\nn1 Ready", "for people", "-o json"),
        ("NAME NAMESPACE REVISION UPDATED STATUS CHART APP VERSION\n", "helm", "-o json"),
        ("CONTAINER  IMAGE  CREATED  STATE  NAME  ATTEMPT  POD ID\n", "crictl", "-o json"),
        ("Name:  w\nNamespace:  shop\n", "describe", "-o json"),
        ("Client Version: v1.30.0\nServer Version: v1.29.1\n", "kubectl version", "-o json"),
        ("Client: Docker Engine\n\nServer: x\n", "docker version", "envparity collect"),
        ("Docker version 26.1.4, build 5650f9b\n", "docker version", "envparity collect"),
        ("Client:  Podman Engine\nVersion: 4.9.4\n", "podman", "envparity collect"),
        ("host:\n  arch: amd64\n  buildahVersion: 1.33\n", "podman", "envparity collect"),
        ("IMAGE  ID  DISK USAGE  CONTENT SIZE  EXTRA\n", "docker", "envparity collect"),
        ("ID  NAME  MODE  REPLICAS  IMAGE  PORTS\n", "docker", "envparity collect"),
        ("IMAGE  TAG  IMAGE ID  SIZE\n", "crictl", "-o json"),
        ("  Name   Command   State  Ports\n------\n", "docker-compose", "envparity collect"),
        (r#"{"images":[{"id":"a","repoTags":["redis:7"]}]}"#, "docker", "envparity collect"),
        ("services:\n  cache:\n    image: redis:7\n", "compose file", "envparity collect"),
        ("- app_version: 7.2.4\n  chart: redis-1\n", "helm", "-o json"),
        ("Name:  n1\nRoles:  <none>\nLabels:  a=b\n", "describe", "-o json"),
        ("Client Version: v1.30.0\nKustomize Version: v5\n", "kubectl version", "-o json"),
        ("LAST SEEN  TYPE  REASON  OBJECT  MESSAGE\n", "for people", "-o json"),
        ("NAME  IMAGE\nweb  nginx:1\n", "for people", "-o json"),
        ("No resources found in shop namespace.\n", "found nothing", "-o json"),
        (
            r#"{"kind":"Status","apiVersion":"v1","message":"no","code":403}"#,
            "kind Status",
            "-o json",
        ),
        ("Cannot connect to the Docker daemon at x\n", "error from docker", "envparity collect"),
        ("Warning: x\nNOAUTH Authentication required.\n", "NOAUTH", "INFO everything"),
        ("AUTH failed: WRONGPASS x\n", "AUTH failed", "INFO everything"),
        ("    1  # Server\n    2  redis_version:7.2.4\n", "numbered", "INFO everything"),
        ("| redis_version | 7.2.4 |\n", "a table", "INFO everything"),
        ("redis_version=7.2.4\n", "not as a server", "INFO everything"),
        ("NOAUTH Authentication required.\n", "NOAUTH", "INFO everything"),
        ("Could not connect to Redis at h:1: refused", "Could not connect", "INFO everything"),
        ("Error from server (Forbidden): x", "Forbidden", "-o json"),
        (
            "$ kubectl get pods -o json\n{\n\"apiVersion\": \"v1\"",
            "does not begin with JSON",
            "2>&1",
        ),
        ("E0411 09:00:00.1 1 memcache.go:265] no\n{\"kind\":\"List\"}", "memcache.go", "2>&1"),
    ];

    #[test]
    fn what_was_pasted_is_named() {
        for (pasted, what, command) in PASTED {
            let said = said(pasted);
            assert!(said.contains(what) && said.contains(command), "{pasted}: {said}");
        }
    }

    #[test]
    fn what_may_be_read_is_left_alone() {
        for pasted in [
            r#"{"apiVersion":"v1","kind":"List","items":[]}"#,
            r#"{"kind":"PodList","items":[{"spec":{"containers":[{"image":"a"}]}}]}"#,
            r#"{"clientVersion":{},"serverVersion":{"gitVersion":"v1.30.0"}}"#,
            "apiVersion: envparity/v1\nkind: Evidence\n",
            "---\napiVersion: v1\nitems:\n- apiVersion: v1\n",
            "hello",
        ] {
            assert_eq!(json(pasted).or_else(|| text(pasted)), None, "{pasted}");
        }
        // INFO is read before texts are named.
        assert_eq!(json("[fd00::1]:6379\n# Server\nredis_version:7.2.4\n"), None);
    }

    #[test]
    fn colours_go() {
        let of = |text: &str| without_colours(text.to_owned());
        assert_eq!(of("\u{1b}[1;32m# Server\u{1b}[0m\nredis"), "# Server\nredis");
        assert_eq!(of("a\u{1b}"), "a");
        assert_eq!(of("a\u{1b}[3"), "a");
        assert_eq!(of("a\u{1b}[Kb"), "ab");
    }

    #[test]
    fn files_of_envparity_are_told_in_any_style() {
        for text in [
            r#"{"apiVersion":"envparity/v1","kind":"Evidence","fields":{"redis_version":"7"}}"#,
            "{apiVersion: envparity/v1, kind: Evidence,\n  fields: {redis_version: 7.2.4}}",
            "# collected by hand\nkind: Evidence\n'apiVersion' : \"envparity/v1\"\n",
        ] {
            assert!(is_ours(text) && report(text).is_none(), "{text}");
        }
        for text in [
            "apiVersion: v1\nitems:\n- metadata: {annotations: {x: 'apiVersion: envparity/v1'}}",
            "redis_version:7.2.4\nos:apiVersion envparity/v1\n",
            "",
        ] {
            assert!(!is_ours(text), "{text}");
        }
        let told = report("apiVersion: envparity/v1\nkind: DriftReport\nverdict:\n").unwrap();
        assert!(
            told.message.contains("envparity report") && told.advice.contains("envparity collect")
        );
    }
}
