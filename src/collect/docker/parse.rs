//! The Docker Engine API's answers, as evidence. Pure; opens no socket.
//!
//! Shapes: Docker Engine API v1.24 to v1.5x, `/version`, `/info`, `/containers/json`,
//! `/images/json`. Only the fields named here are read; environment variables, commands and
//! mounts never are. An item of a list that cannot be read costs itself, and is counted.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Failure, FailureKind, Field, TargetEvidence};
use crate::wire::json::{self, JsonError};

const VERSION_LABEL: &str = "org.opencontainers.image.version";
const REF_NAME_LABEL: &str = "org.opencontainers.image.ref.name";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    version: String,
    #[serde(default, deserialize_with = "null_as_default")]
    api_version: String,
    #[serde(default, deserialize_with = "null_as_default")]
    components: Vec<VersionComponent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionComponent {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InfoAnswer {
    #[serde(default, rename = "ID", deserialize_with = "null_as_default")]
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    kernel_version: String,
    #[serde(default, deserialize_with = "null_as_default")]
    operating_system: String,
    #[serde(default, deserialize_with = "null_as_default")]
    architecture: String,
    /// Pairs of texts; what else stands there is no matter of ours.
    #[serde(default)]
    driver_status: Value,
}

/// How many containers run, as `/info` counts them; very old engines do not.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counts {
    containers_running: u64,
    #[serde(default)]
    containers_paused: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_as_default")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    repo_tags: Vec<String>,
}

/// The engine writes `null` for an empty list or map.
pub(super) fn null_as_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

fn answer<'a, T: Deserialize<'a>>(body: &'a [u8], path: &str) -> Result<T, Failure> {
    json::read(body).map_err(|e| {
        let what = match &e {
            JsonError::Duplicate(_) => format!("does not say one thing: {e}"),
            _ if e.is_data() => "is not what a Docker Engine says".to_owned(),
            JsonError::Json(_) => "is no JSON".to_owned(),
        };
        let failure =
            Failure::new(FailureKind::Protocol, format!("the answer to GET {path} {what}"));
        match e {
            JsonError::Duplicate(_) => failure
                .advise("an engine never does that: look for what alters its answers in between"),
            JsonError::Json(_) => failure,
        }
    })
}

/// A list, which some engines write as `null` when it is empty.
pub(super) fn list(body: &[u8], path: &str) -> Result<Vec<Value>, Failure> {
    answer::<Option<Vec<Value>>>(body, path).map(Option::unwrap_or_default)
}

/// Engine, API, containerd and runc.
pub(super) fn version(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let version: VersionAnswer = answer(body, "/version")?;
    if version.version.trim().is_empty() {
        return Err(Failure::new(
            FailureKind::Protocol,
            "the answer to GET /version names no version",
        ));
    }
    // Of a name that stands twice the first counts.
    let mut add = |name: &str, value: String| {
        if !value.is_empty() && evidence.field(name).is_none() {
            evidence.fields.push(Field::of_target(name, value));
        }
    };
    add("engine", version.version);
    add("api", version.api_version);
    // Old engines do not tell what they are made of.
    if version.components.is_empty() {
        add("components", "not listed".to_owned());
    }
    for component in version.components {
        match component.name.as_str() {
            name @ ("containerd" | "runc") => add(name, component.version),
            // Podman's own name for its engine and its runtimes.
            "Podman Engine" => add("product", "podman".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

/// Identity, host name, kernel and operating system.
pub(super) fn info(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let mut info: InfoAnswer = answer(body, "/info")?;
    let is_podman = evidence.field("product") == Some("podman");
    let mut add = |place: &str, name: &str, value: String| {
        if !value.is_empty() {
            evidence.fields.push(Field { place: place.to_owned(), name: name.to_owned(), value });
        }
    };
    let identified = !info.id.trim().is_empty();
    // Podman makes up another one for each answer, which would tell one engine from itself.
    if is_podman {
        info.id.clear();
    }
    add("", "id", info.id);
    // There the ID of an image is that of a manifest, and not of a configuration.
    let pairs = info.driver_status.as_array().into_iter().flatten();
    if pairs.into_iter().any(|pair| {
        pair[1].as_str().is_some_and(|text| text.starts_with("io.containerd.snapshotter"))
    }) {
        add("", "image_store", "containerd".to_owned());
    }
    let host = if info.name.is_empty() { "host" } else { info.name.as_str() };
    add(host, "kernel", info.kernel_version);
    add(host, "os", info.operating_system);
    add(host, "architecture", info.architecture);
    // Without it nothing tells whether two environments have one engine; a kernel may be missing.
    if identified {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Protocol, "the answer to GET /info names no ID of the engine"))
}

/// How many containers run or are paused, as `/info` counts them.
pub(super) fn running(info: &[u8]) -> Option<u64> {
    let counts: Counts = json::read(info).ok()?;
    Some(counts.containers_running.saturating_add(counts.containers_paused))
}

/// An image's ID with its algorithm, which some engines leave out of one list and not of the other.
pub(super) fn typed_id(id: String) -> String {
    let is_bare = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_bare { format!("sha256:{}", id.to_ascii_lowercase()) } else { id }
}

/// Digests and labels, for the containers that are known already.
pub(super) fn images(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let items = list(body, "/images/json")?;
    let (total, mut unread) = (items.len(), 0);
    let mut by_id = BTreeMap::new();
    for item in items {
        match serde_json::from_value::<Image>(item) {
            Ok(image) => _ = by_id.insert(typed_id(image.id.clone()), image),
            Err(_) => unread += 1,
        }
    }
    for image_use in &mut evidence.images {
        let Some(image) = by_id.get(&image_use.image_id) else { continue };
        image_use.repo_digests.clone_from(&image.repo_digests);
        image_use.repo_digests.retain(|digest| !digest.starts_with("<none>"));
        image_use.repo_digests.sort();
        if image_use.is_named_by_id() {
            image_use.repo_tags.clone_from(&image.repo_tags);
            image_use.repo_tags.retain(|tag| !tag.starts_with("<none>"));
            image_use.repo_tags.sort();
        }
        let label = |key| image.labels.get(key).cloned().unwrap_or_default();
        image_use.version_label = label(VERSION_LABEL);
        image_use.ref_name = label(REF_NAME_LABEL);
    }
    all_read(unread, total, "images")
}

pub(super) fn all_read(unread: usize, total: usize, what: &str) -> Result<(), Failure> {
    if unread == 0 {
        return Ok(());
    }
    let failure = Failure::new(
        FailureKind::Protocol,
        format!("{unread} of {total} {what} could not be read"),
    );
    Err(failure.advise(
        "the others were read; if the engine is newer than this version of envparity, use a newer one, \
         else look for what alters its answers in between",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::docker::containers::{Selection, Selections, containers};
    use crate::model::RunState;
    use jiff::Timestamp;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/docker/{name}.json", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
    }

    fn empty() -> TargetEvidence {
        TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH)
    }

    const NOTHING: &Selection = &Selection::nothing();

    fn everything() -> Selections<'static> {
        Selections { include: None, exclude: NOTHING }
    }

    fn listed(body: &[u8]) -> (TargetEvidence, Result<u64, Failure>) {
        let mut evidence = empty();
        let result = containers(body, &everything(), &mut evidence);
        (evidence, result)
    }

    #[test]
    fn a_store_of_containerd_is_told() {
        let store = |driver: &str| {
            let mut evidence = empty();
            let body =
                format!(r#"{{"ID": "x", "DriverStatus": [7, ["driver-type", "{driver}"]]}}"#);
            info(body.as_bytes(), &mut evidence).unwrap();
            evidence.field("image_store").map(str::to_owned)
        };
        assert_eq!(store("io.containerd.snapshotter.v1").as_deref(), Some("containerd"));
        assert_eq!(store("overlay2"), None);
    }

    #[test]
    fn what_a_real_engine_says_is_read_whole() {
        let mut evidence = empty();
        version(&fixture("version"), &mut evidence).unwrap();
        info(&fixture("info"), &mut evidence).unwrap();
        containers(&fixture("containers"), &everything(), &mut evidence).unwrap();
        images(&fixture("images"), &mut evidence).unwrap();
        assert_eq!(evidence.field("engine"), Some("20.10.24+dfsg1"));
        assert_eq!(evidence.field("containerd"), Some("1.6.20~ds1"));
        assert!(evidence.field("id").is_some_and(|id| id.starts_with("CZNB")));
        let states: Vec<_> =
            evidence.images.iter().map(|i| (i.reference.as_str(), &i.state)).collect();
        assert!(states.contains(&("redis:7.0.15", &RunState::Running)), "{states:?}");
        let app = evidence.images.iter().find(|i| i.reference.ends_with("team/app:9.9.9")).unwrap();
        assert_eq!(
            (app.version_label.as_str(), &app.state),
            ("9.9.9", &RunState::NotRunning("exited".into()))
        );
    }

    #[test]
    fn an_engine_without_a_version_or_an_identity_is_a_failure() {
        let failed = |result: Result<(), Failure>| result.unwrap_err().message;
        assert!(failed(version(br#"{"Version":""}"#, &mut empty())).contains("no version"));
        assert!(
            failed(info(br#"{"Name":"h","KernelVersion":"6.1"}"#, &mut empty())).contains("no ID")
        );
        info(br#"{"ID":"A"}"#, &mut empty()).unwrap();
    }

    #[test]
    fn null_is_an_empty_list() {
        assert!(listed(b"null").1.is_ok());
        images(b"null", &mut empty()).unwrap();
        version(br#"{"Version":"1","ApiVersion":null,"Components":null}"#, &mut empty()).unwrap();
        info(br#"{"ID":"A","Name":null,"KernelVersion":null}"#, &mut empty()).unwrap();
    }

    #[test]
    fn what_vanished_in_between_is_kept_without_its_image() {
        let mut evidence =
            listed(br#"[{"Image":"redis:7.2.4","ImageID":"sha256:1","State":"running"}]"#).0;
        images(
            br#"[{"Id":"sha256:2","RepoTags":null,"RepoDigests":["<none>@<none>"],"Labels":null}]"#,
            &mut evidence,
        )
        .unwrap();
        assert_eq!(evidence.images[0].reference, "redis:7.2.4");
        assert!(evidence.images[0].repo_digests.is_empty());
    }

    #[test]
    fn an_image_is_that_of_the_id_with_or_without_its_algorithm() {
        let id = "1".repeat(64);
        for (container, image) in
            [("", "sha256:"), ("sha256:", ""), ("", ""), ("sha256:", "sha256:")]
        {
            let body = format!(
                r#"[{{"Image":"a","ImageID":"{container}{id}","State":"running"}},
                    {{"Image":"{id}","ImageID":"{container}{id}","State":"running"}}]"#
            );
            let mut evidence = listed(body.as_bytes()).0;
            let body = format!(
                r#"[{{"Id":"{image}{id}","RepoTags":["a:1"],"RepoDigests":["a@sha256:2"]}}]"#
            );
            images(body.as_bytes(), &mut evidence).unwrap();
            for seen in &evidence.images {
                assert_eq!(seen.repo_digests, ["a@sha256:2"], "{container} {image}");
                assert_eq!(seen.image_id, format!("sha256:{id}"));
            }
            let named: Vec<_> = evidence.images.iter().filter(|i| i.is_named_by_id()).collect();
            assert_eq!(named[0].repo_tags, ["a:1"], "{container} {image}");
        }
    }

    #[test]
    fn what_podman_says_is_read_but_its_identity() {
        let mut evidence = empty();
        version(&fixture("podman/version"), &mut evidence).unwrap();
        info(&fixture("podman/info"), &mut evidence).unwrap();
        containers(&fixture("podman/containers"), &everything(), &mut evidence).unwrap();
        images(&fixture("podman/images"), &mut evidence).unwrap();
        assert_eq!(
            (evidence.field("product"), evidence.field("engine")),
            (Some("podman"), Some("4.3.1"))
        );
        assert_eq!(evidence.field("id"), None);
        assert_eq!(evidence.images[0].state, RunState::NotRunning("created".into()));
        assert_eq!(evidence.images[0].repo_digests.len(), 1);
    }

    #[test]
    fn the_wrong_shape_is_a_protocol_failure() {
        for body in [&b"{}"[..], b"[", b"\"x\"", b""] {
            assert_eq!(listed(body).1.unwrap_err().kind, FailureKind::Protocol);
        }
    }
}
