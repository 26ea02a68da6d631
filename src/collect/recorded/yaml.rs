//! What kubectl prints by `-o yaml`, as the JSON of the same objects. Pure.

use serde_json::{Map, Value};

use super::pasted;
use crate::collect::kubernetes::kubectl::ADVICE;
use crate::model::{Failure, FailureKind, Outcome, TargetEvidence};
use crate::wire::yaml::{self, Origin};

/// YAML takes several times as long as JSON, and more memory: a larger list is to be JSON.
const MAX: usize = 32 * 1024 * 1024;

/// Of `kubectl version`; `oc version` tells the last.
const VERSIONS: [&str; 4] =
    ["clientVersion", "kustomizeVersion", "serverVersion", "openshiftVersion"];

/// The documents of a text one after the other, if it is YAML of Kubernetes.
pub(super) fn as_json(text: &str) -> Option<Result<String, Failure>> {
    is_of_kubernetes(text).then(|| documents(text))
}

/// Whether a text begins as kubectl begins its YAML, and not as evidence of ours.
fn is_of_kubernetes(text: &str) -> bool {
    let mut lines = pasted::head(text).lines().map(|line| line.trim_start_matches(['-', ' ']));
    let told = lines.find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let is_version = VERSIONS.contains(&key) && value.trim().is_empty();
        (key == "apiVersion" || is_version).then(|| value.trim().trim_matches(['"', '\'']))
    });
    told.is_some_and(|version| !version.starts_with("envparity/"))
}

fn documents(text: &str) -> Result<String, Failure> {
    if text.len() > MAX {
        return Err(refuse(&format!("is more than {} MiB", MAX >> 20), ADVICE));
    }
    let documents = yaml::read_all::<Value>(text, Origin::Program).map_err(|error| {
        let place = format!("line {}, column {}", error.line, error.column);
        if error.message.contains("duplicate") {
            let advice = "put a line of --- between what two commands print; ".to_owned() + ADVICE;
            return refuse(&format!("has a key twice ({place})"), &advice);
        }
        refuse(&format!("cannot be read ({place})"), ADVICE)
    })?;
    let mut json = String::new();
    for document in documents {
        let Value::Object(mut object) = document else {
            let what = "is an array of objects, and no list of kubectl";
            return Err(refuse(what, &format!("the list itself is needed; {ADVICE}")));
        };
        // What two commands printed without `---` in between is one document.
        let version = object.contains_key("kind").then(|| versions(&mut object));
        for part in version.into_iter().chain([object]).filter(|part| !part.is_empty()) {
            json.push_str(&Value::Object(part).to_string());
            json.push('\n');
        }
    }
    Ok(json)
}

/// Takes out what `kubectl version` says.
fn versions(object: &mut Map<String, Value>) -> Map<String, Value> {
    VERSIONS.into_iter().filter_map(|key| object.remove_entry(key)).collect()
}

fn refuse(what: &str, advice: &str) -> Failure {
    let message = format!("the file is YAML of Kubernetes (kubectl -o yaml), and {what}");
    Failure::new(FailureKind::File, message).with_advice(advice)
}

/// Who records YAML may do so again.
pub(super) fn advised(failure: Failure) -> Failure {
    let advice = failure.advice.replace("-o json", "-o json (or -o yaml)");
    Failure { advice, ..failure }
}

/// The same of each part.
pub(super) fn advise(evidence: &mut TargetEvidence) {
    for outcome in evidence.parts.values_mut() {
        if let Outcome::Failed(failure) = outcome {
            *failure = advised(failure.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match as_json(text).unwrap() {
            Ok(json) => json,
            Err(failure) => format!("{} -> {}", failure.message, failure.advice),
        }
    }

    #[test]
    fn documents_are_the_same_in_json() {
        assert_eq!(
            said("apiVersion: v1\nitems:\n- kind: Pod\n  x: \"1.10\"\nkind: List\n"),
            "{\"apiVersion\":\"v1\",\"items\":[{\"kind\":\"Pod\",\"x\":\"1.10\"}],\"kind\":\"List\"}\n"
        );
        assert_eq!(said("---\napiVersion: v1\n---\nclientVersion:\n  a: b\n").lines().count(), 2);
        assert_eq!(
            said("clientVersion:\n  major: \"1\"\n"),
            "{\"clientVersion\":{\"major\":\"1\"}}\n"
        );
    }

    #[test]
    fn what_two_commands_print_without_a_separator_are_two_documents() {
        let both = "apiVersion: v1\nitems: []\nkind: List\nclientVersion: {}\nserverVersion:\n  gitVersion: v1.31.0\n";
        let lines: Vec<String> = said(both).lines().map(str::to_owned).collect();
        assert!(lines[0].contains("v1.31.0") && lines[1].contains("List"), "{lines:?}");
        let twice = said("apiVersion: v1\nkind: List\nitems: []\napiVersion: v1\n");
        assert!(twice.contains("key twice") && twice.contains("---"), "{twice}");
    }

    #[test]
    fn what_cannot_be_read_is_said_without_its_text() {
        let broken = said("apiVersion: v1\nx: \"s3cret\n");
        assert!(broken.contains("cannot be read (line") && !broken.contains("s3cret"), "{broken}");
        assert!(said("- apiVersion: v1\n  kind: Pod\n").contains("array"));
        assert!(said("apiVersion: v1\na: &a [x]\nb: *a\n").contains("cannot be read"));
        let large = format!("apiVersion: v1\n#{}", "x".repeat(MAX));
        assert!(said(&large).contains("32 MiB"));
    }

    #[test]
    fn evidence_and_other_texts_are_none() {
        for text in
            ["apiVersion: envparity/v1\nkind: Evidence\n", "hello", "# Server\nredis_version:7\n"]
        {
            assert!(as_json(text).is_none(), "{text}");
        }
    }
}
