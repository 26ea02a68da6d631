//! The fields of an engine's answers that are used, as bollard's models. Pure.
//!
//! Shapes: Docker Engine API v1.24 to v1.5x, and Podman's. An answer is read into the few fields
//! named here, and these are put into bollard's models: what a model demands and nobody uses may be
//! missing from the answer. Environment variables, commands and mounts are never kept.

use std::collections::HashMap;

use bollard::models::{
    ContainerSummary, ContainerSummaryStateEnum, ImageSummary, SystemInfo, SystemVersion,
    SystemVersionComponents,
};
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Failure, FailureKind};
use crate::wire::json::{self, JsonError};

/// The engine writes `null` for an empty list or map.
fn null_as_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    version: String,
    #[serde(default, deserialize_with = "null_as_default")]
    api_version: String,
    #[serde(default, deserialize_with = "null_as_default")]
    components: Vec<EngineComponent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EngineComponent {
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
    #[serde(default)]
    containers_running: Value,
    #[serde(default)]
    containers_paused: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedContainer {
    #[serde(default, deserialize_with = "null_as_default")]
    names: Vec<String>,
    image: String,
    #[serde(default, rename = "ImageID", deserialize_with = "null_as_default")]
    image_id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: HashMap<String, String>,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedImage {
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: HashMap<String, String>,
    #[serde(default, deserialize_with = "null_as_default")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    repo_tags: Vec<String>,
}

/// The answer to `/version`.
pub(super) fn version(body: &[u8]) -> Result<SystemVersion, Failure> {
    let version: VersionAnswer = json::read_json(body).map_err(|e| unreadable(&e, "/version"))?;
    let components = version.components.into_iter().map(|EngineComponent { name, version }| {
        SystemVersionComponents { name, version, ..SystemVersionComponents::default() }
    });
    Ok(SystemVersion {
        version: Some(version.version),
        api_version: Some(version.api_version),
        components: Some(components.collect()),
        ..SystemVersion::default()
    })
}

/// The answer to `/info`.
pub(super) fn info(body: &[u8]) -> Result<SystemInfo, Failure> {
    let info: InfoAnswer = json::read_json(body).map_err(|e| unreadable(&e, "/info"))?;
    let pairs = info.driver_status.as_array().into_iter().flatten();
    let pairs = pairs.map(|pair| {
        let texts = pair.as_array().into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    });
    Ok(SystemInfo {
        id: Some(info.id),
        name: Some(info.name),
        kernel_version: Some(info.kernel_version),
        operating_system: Some(info.operating_system),
        architecture: Some(info.architecture),
        driver_status: Some(pairs.collect()),
        containers_running: info.containers_running.as_i64(),
        containers_paused: info.containers_paused.as_i64(),
        ..SystemInfo::default()
    })
}

/// An item of `/containers/json`. A state that bollard does not know (Podman has several) is left
/// empty; the engine's own word for it is the status.
pub(super) fn container(item: &[u8]) -> Result<ContainerSummary, JsonError> {
    let container: ListedContainer = json::read_json(item)?;
    let state = container.state.parse().unwrap_or(ContainerSummaryStateEnum::EMPTY);
    Ok(ContainerSummary {
        names: Some(container.names),
        image: Some(container.image),
        image_id: Some(container.image_id),
        labels: Some(container.labels),
        state: Some(state),
        status: Some(container.state),
        ..ContainerSummary::default()
    })
}

/// An item of `/images/json`.
pub(super) fn image(item: &[u8]) -> Result<ImageSummary, JsonError> {
    let image: ListedImage = json::read_json(item)?;
    Ok(ImageSummary {
        id: image.id,
        labels: image.labels,
        repo_digests: image.repo_digests,
        repo_tags: image.repo_tags,
        ..ImageSummary::default()
    })
}

/// Why an answer as a whole cannot be read.
pub(super) fn unreadable(error: &JsonError, path: &str) -> Failure {
    match error {
        JsonError::Duplicate(_) => refused(path, &format!("does not say one thing: {error}"))
            .with_advice(
                "Docker Engine does not answer like this: look for something in between that \
                alters its answers",
            ),
        _ if error.is_data() => other_shape(path),
        JsonError::Json(_) => not_json(path),
    }
}

pub(super) fn other_shape(path: &str) -> Failure {
    refused(path, "is not what a Docker Engine says")
}

pub(super) fn not_json(path: &str) -> Failure {
    refused(path, "is not JSON")
}

fn refused(path: &str, what: &str) -> Failure {
    Failure::new(FailureKind::Protocol, format!("the answer to GET {path} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As bollard reads what was made of it.
    fn by_bollard(item: &str) -> ContainerSummary {
        let made = container(item.as_bytes()).unwrap();
        serde_json::from_slice(&serde_json::to_vec(&made).unwrap()).unwrap()
    }

    #[test]
    fn every_state_comes_through_whatever_bollard_knows() {
        for state in
            ["running", "dead", "stopping", "stopped", "configured", "initialized", "new", ""]
        {
            let read = by_bollard(&format!(r#"{{"Image": "a", "State": "{state}"}}"#));
            assert_eq!(read.status.as_deref(), Some(state));
        }
        let state =
            |text: &str| by_bollard(&format!(r#"{{"Image": "a", "State": "{text}"}}"#)).state;
        assert_eq!(state("paused"), Some(ContainerSummaryStateEnum::PAUSED));
        assert_eq!(state("initialized"), Some(ContainerSummaryStateEnum::EMPTY));
    }

    #[test]
    fn what_nobody_uses_may_be_missing_or_odd() {
        by_bollard(
            r#"{"Image": "a", "State": "running", "Ports": 7, "Created": "x", "Mounts": {}}"#,
        );
        let made = image(br#"{"Id": "a", "Size": null, "RepoTags": null}"#).unwrap();
        let read: ImageSummary =
            serde_json::from_slice(&serde_json::to_vec(&made).unwrap()).unwrap();
        assert_eq!((read.id.as_str(), read.repo_tags.len()), ("a", 0));
        let info =
            info(br#"{"ContainersRunning": "x", "ContainersPaused": 2, "DriverStatus": [7]}"#);
        let info = info.unwrap();
        assert_eq!((info.containers_running, info.containers_paused), (None, Some(2)));
    }

    #[test]
    fn commands_variables_and_mounts_are_not_kept() {
        let item = r#"{"Image": "a", "State": "running", "Command": "hunter2", "Env": ["hunter2"],
            "Mounts": [{"Source": "hunter2"}], "HostConfig": {"Annotations": {"a": "hunter2"}}}"#;
        let made = serde_json::to_string(&container(item.as_bytes()).unwrap()).unwrap();
        assert!(!made.contains("hunter2"), "{made}");
    }
}
