//! What people paste in place of what can be read: it is named, with the command that records it
//! rightly. Pure.

use crate::collect::kubernetes::kubectl::ADVICE;
use crate::collect::kubernetes::stray;
use crate::model::{Failure, FailureKind};

const DOCKER: &str = "what docker prints is not read: name the engine as a docker target of a profile, and record it \
                      where it can be reached, by envparity collect ENVIRONMENT --to FILE";
const INFO: &str =
    "record the text as the server sends it: redis-cli -h HOST INFO everything > FILE";

/// Where a file tells what it is.
const HEAD: usize = 64 * 1024;

fn refuse(what: &str, advice: &str) -> Failure {
    Failure::new(FailureKind::File, format!("the file {what}")).advise(advice)
}

/// The beginning of a text: one line may be all of a large file.
pub(super) fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
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
    if !is_literal || has(&["apiVersion"]) && head.starts_with('{') {
        return None;
    }
    let is_info = ["redis_version", "valkey_version"].iter().any(|line| head.contains(line));
    if is_info && !has(&["kind", "metadata"]) {
        return Some(refuse(
            "is INFO as a program has taken it apart (JSON, or a value of Python), and no text of INFO",
            INFO,
        ));
    }
    if is_array && has(&["kind", "metadata"]) {
        let advice = format!("the list itself is needed, without jq; {ADVICE}");
        return Some(refuse(
            "is an array of objects, as jq .items leaves it, and no list of kubectl",
            &advice,
        ));
    }
    if has(&["podSandboxId"]) {
        return Some(refuse("is what crictl prints", ADVICE));
    }
    if has(&["app_version", "chart"]) && !has(&["kind"]) {
        return Some(refuse("is what helm prints, which tells no images", ADVICE));
    }
    let is_docker = !has(&["kind", "metadata", "serverVersion", "clientVersion"])
        && has(&[
            "Image", "ImageID", "HostConfig", "RepoTags", "Repository", "Names", "Containers",
            "ServerVersion", "Server", "Client",
        ]);
    if is_docker {
        return Some(refuse("is JSON that docker prints (inspect, ps, images, info)", DOCKER));
    }
    is_array.then(|| refuse("is a JSON array, and neither evidence nor a list of kubectl", ADVICE))
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
            "is HTML or XML: a page, and no answer of a server",
            "record it again, and look at what it holds",
        ));
    }
    before_json(trimmed).or_else(|| table(trimmed)).or_else(|| errors(trimmed))
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
        if line.starts_with("Name:") && text.lines().any(|line| line.starts_with("Namespace:")) {
            return Some(refuse("is what kubectl describe prints", ADVICE));
        }
        if line.starts_with("Server Version:")
            || line.starts_with("Client Version:") && text.contains("\nServer Version:")
        {
            return Some(refuse(
                "is the text of kubectl version",
                "record it again, by kubectl version -o json",
            ));
        }
        if line.starts_with("Client:") && text.contains("\nServer:") {
            return Some(refuse("is what docker version or docker info prints", DOCKER));
        }
        if !is_heading || words.len() < 2 {
            return None;
        }
        if has("CONTAINER") && has("POD") {
            return Some(refuse("is the table of crictl ps", ADVICE));
        }
        if has("CONTAINER") || has("REPOSITORY") || has("IMAGE") && has("SERVICE") {
            return Some(refuse("is a table of docker (ps, images, compose ps)", DOCKER));
        }
        if has("REVISION") && has("CHART") {
            return Some(refuse("is the table of helm list, which tells no images", ADVICE));
        }
        let is_kubectl =
            has("NAME") && ["READY", "STATUS", "AGE", "ROLES", "SCHEDULE"].iter().any(|w| has(w));
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
    ];
    let first = text.lines().next()?.trim();
    let shown: String = first.chars().take(160).collect();
    if REDIS.iter().any(|start| first.starts_with(start)) {
        let what = format!("holds an error of a server or redis-cli, and no INFO: {shown:?}");
        return Some(refuse(&what, INFO));
    }
    stray::is_error(first).then(|| {
        refuse(&format!("holds an error of kubectl, and no list: {shown:?}"), stray::STDOUT_ALONE)
    })
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

    #[test]
    fn what_was_pasted_is_named() {
        for (pasted, what, command) in [
            ("", "is empty", "record it again"),
            (" \n", "is empty", "record it again"),
            ("<!DOCTYPE html><html>", "HTML", "record it again"),
            (r#"{"redis_version": "7.2.4"}"#, "INFO as a program", "INFO everything"),
            ("{'redis_version': '7.2.4'}", "INFO as a program", "INFO everything"),
            (r"b'# Server\r\nredis_version:7.2.4\r\n'", "INFO as a program", "INFO everything"),
            (r#"[{"Id":"a","Image":"x","Config":{}}]"#, "docker prints", "envparity collect"),
            (
                r#"{"Command":"x","ID":"1","Image":"redis:7","Names":"c"}"#,
                "docker prints",
                "envparity collect",
            ),
            (r#"{"Client":{},"Server":{"Version":"27"}}"#, "docker prints", "envparity collect"),
            (r#"[{"apiVersion":"v1","kind":"Pod","metadata":{}}]"#, "jq .items", "-o json"),
            (
                r#"[{"metadata":{},"spec":{"containers":[{"image":"redis"}]}}]"#,
                "jq .items",
                "-o json",
            ),
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
            ("NOAUTH Authentication required.\n", "NOAUTH", "INFO everything"),
            ("Could not connect to Redis at h:1: refused", "Could not connect", "INFO everything"),
            ("Error from server (Forbidden): x", "Forbidden", "-o json"),
            (
                "$ kubectl get pods -o json\n{\n\"apiVersion\": \"v1\"",
                "does not begin with JSON",
                "2>&1",
            ),
            ("E0411 09:00:00.1 1 memcache.go:265] no\n{\"kind\":\"List\"}", "memcache.go", "2>&1"),
        ] {
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
            "[fd00::1]:6379\n# Server\nredis_version:7.2.4\n",
            "hello",
        ] {
            assert_eq!(json(pasted).or_else(|| text(pasted)), None, "{pasted}");
        }
    }

    #[test]
    fn colours_go() {
        let of = |text: &str| without_colours(text.to_owned());
        assert_eq!(of("\u{1b}[1;32m# Server\u{1b}[0m\nredis"), "# Server\nredis");
        assert_eq!(of("a\u{1b}"), "a");
        assert_eq!(of("a\u{1b}[3"), "a");
        assert_eq!(of("a\u{1b}[Kb"), "ab");
    }
}
