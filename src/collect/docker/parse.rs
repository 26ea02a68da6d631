//! The Docker Engine API's answers, as evidence. Pure; opens no socket.
//!
//! Shapes: Docker Engine API v1.24 to v1.5x, `/version`, `/info`, `/containers/json`,
//! `/images/json`. Only the fields named here are read; environment variables, commands and
//! mounts never are. An item of a list that cannot be read costs itself, and is counted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::config::SelectionConfig;
use crate::collect::patterns::globs;
use crate::model::{
    Failure, FailureKind, Field, Glob, ImageUse, Locator, RunState, TargetEvidence,
};

const COMPOSE_PROJECT: &str = "com.docker.compose.project";
const COMPOSE_SERVICE: &str = "com.docker.compose.service";
const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// States in which a container counts.
const RUNNING: &[&str] = &["running", "paused", "restarting"];

/// States in which it does not; the last four are Podman's. (Podman also says `unknown`, which
/// tells nothing.)
const NOT_RUNNING: &[&str] =
    &["created", "exited", "dead", "removing", "configured", "initialized", "stopped", "stopping"];

/// Patterns of containers.
#[derive(Debug, Default)]
pub(super) struct Selection {
    projects: Vec<Glob>,
    names: Vec<Glob>,
    labels: Vec<Glob>,
}

impl Selection {
    pub(super) fn new(config: &SelectionConfig) -> Self {
        Self {
            projects: globs(&config.projects),
            names: globs(&config.names),
            labels: globs(&config.labels),
        }
    }

    fn selects(&self, container: &Container) -> bool {
        let any = |globs: &[Glob], text: &str| globs.iter().any(|glob| glob.is_match(text));
        let project = container.label(COMPOSE_PROJECT);
        any(&self.projects, project)
            || any(&self.names, container.name())
            || container
                .labels
                .iter()
                .any(|(k, v)| any(&self.labels, k) || any(&self.labels, &format!("{k}={v}")))
    }
}

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default, deserialize_with = "null_as_default")]
    names: Vec<String>,
    image: String,
    #[serde(default, rename = "ImageID", deserialize_with = "null_as_default")]
    image_id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_as_default")]
    repo_digests: Vec<String>,
}

/// The engine writes `null` for an empty list or map.
fn null_as_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

impl Container {
    fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }

    /// Without the leading slash.
    fn name(&self) -> &str {
        self.names.first().map_or("", |name| name.trim_start_matches('/'))
    }
}

fn answer<'a, T: Deserialize<'a>>(body: &'a [u8], path: &str) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|e| {
        let what = if e.is_data() { "is not what a Docker Engine says" } else { "is no JSON" };
        Failure::new(FailureKind::Protocol, format!("the answer to GET {path} {what}"))
    })
}

/// A list, which some engines write as `null` when it is empty.
fn list(body: &[u8], path: &str) -> Result<Vec<Value>, Failure> {
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

/// Every container that the profile selects.
pub(super) fn containers(
    body: &[u8],
    include: Option<&Selection>,
    exclude: &Selection,
    evidence: &mut TargetEvidence,
) -> Result<(), Failure> {
    let items = list(body, "/containers/json")?;
    let (total, mut unread, mut unknown) = (items.len(), 0, BTreeSet::new());
    for item in items {
        let Ok(container) = serde_json::from_value::<Container>(item) else {
            unread += 1;
            continue;
        };
        if exclude.selects(&container)
            || include.is_some_and(|include| !include.selects(&container))
        {
            evidence.left_out += 1;
            continue;
        }
        evidence.images.push(ImageUse {
            locator: Locator {
                namespace: container.label(COMPOSE_PROJECT).to_owned(),
                workload: container.label(COMPOSE_SERVICE).to_owned(),
                container: container.name().to_owned(),
            },
            reference: container.image,
            image_id: container.image_id,
            repo_digests: Vec::new(),
            runtime: String::new(),
            version_label: String::new(),
            app_version: String::new(),
            chart: String::new(),
            state: match container.state.as_str() {
                state if RUNNING.contains(&state) => RunState::Running,
                state => {
                    if !NOT_RUNNING.contains(&state) {
                        unknown.insert(state.to_owned());
                    }
                    RunState::NotRunning(container.state)
                }
            },
        });
    }
    // Their order is that of their creation, which says nothing.
    evidence.images.sort_by(|a, b| (&a.locator, &a.reference).cmp(&(&b.locator, &b.reference)));
    all_read(unread, total, "containers")?;
    match unknown.first() {
        None => Ok(()),
        // It may run: nobody shall take it for one that does not.
        Some(state) => Err(Failure::new(
            FailureKind::Unsupported,
            format!("a container is {state:?}, which is no state that envparity knows"),
        )
        .advise("look at the container; if the engine is newer than this version of envparity, use a newer one")),
    }
}

/// Digests and labels, for the containers that are known already.
pub(super) fn images(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let items = list(body, "/images/json")?;
    let (total, mut unread) = (items.len(), 0);
    let mut by_id = BTreeMap::new();
    for item in items {
        match serde_json::from_value::<Image>(item) {
            Ok(image) => _ = by_id.insert(image.id.clone(), image),
            Err(_) => unread += 1,
        }
    }
    for image_use in &mut evidence.images {
        let Some(image) = by_id.get(&image_use.image_id) else { continue };
        image_use.repo_digests.clone_from(&image.repo_digests);
        image_use.repo_digests.retain(|digest| !digest.starts_with("<none>"));
        image_use.repo_digests.sort();
        image_use.version_label = image.labels.get(VERSION_LABEL).cloned().unwrap_or_default();
    }
    all_read(unread, total, "images")
}

fn all_read(unread: usize, total: usize, what: &str) -> Result<(), Failure> {
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
    use jiff::Timestamp;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/docker/{name}.json", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
    }

    fn empty() -> TargetEvidence {
        TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH)
    }

    fn listed(body: &[u8]) -> (TargetEvidence, Result<(), Failure>) {
        let mut evidence = empty();
        let result = containers(body, None, &Selection::default(), &mut evidence);
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
        containers(&fixture("containers"), None, &Selection::default(), &mut evidence).unwrap();
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
    fn one_bad_item_costs_itself() {
        let (evidence, result) = listed(
            br#"[{"Image":"a","State":"running"},{"Image":7},null,{"Image":"b","State":"dead","Labels":null,"Names":null}]"#,
        );
        assert_eq!(result.unwrap_err().message, "2 of 4 containers could not be read");
        let states: Vec<_> = evidence.images.iter().map(|i| i.state.clone()).collect();
        assert_eq!(states, [RunState::Running, RunState::NotRunning("dead".into())]);
    }

    #[test]
    fn an_unknown_state_is_not_known_not_to_run() {
        let (evidence, result) =
            listed(br#"[{"Image":"a","State":"running"},{"Image":"b","State":"sleepwalking"}]"#);
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unsupported);
        assert!(failure.message.contains("\"sleepwalking\""), "{failure:?}");
        assert_eq!(evidence.images.len(), 2);
        assert!(listed(br#"[{"Image":"a","State":"stopped"}]"#).1.is_ok());
        assert!(listed(br#"[{"Image":"a","State":""}]"#).1.is_err());
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
    fn what_podman_says_is_read_but_its_identity() {
        let mut evidence = empty();
        version(&fixture("podman/version"), &mut evidence).unwrap();
        info(&fixture("podman/info"), &mut evidence).unwrap();
        containers(&fixture("podman/containers"), None, &Selection::default(), &mut evidence)
            .unwrap();
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
    fn excluded_containers_are_counted_not_kept() {
        let body = br#"[
            {"Image":"a","State":"running","Names":["/x"],"Labels":{"com.docker.compose.project":"sandbox-1"}},
            {"Image":"b","State":"running","Names":["/y"],"Labels":{"team":"red"}},
            {"Image":"c","State":"running","Names":["/z"]}]"#;
        let glob = |text: &str| vec![Glob::new(text).unwrap()];
        let exclude = Selection {
            projects: glob("sandbox-*"),
            labels: glob("team=r*"),
            ..Selection::default()
        };
        let mut evidence = empty();
        containers(body, None, &exclude, &mut evidence).unwrap();
        assert_eq!((evidence.left_out, evidence.images.len()), (2, 1));
        let include = Selection { names: glob("y"), ..Selection::default() };
        let mut evidence = empty();
        containers(body, Some(&include), &Selection::default(), &mut evidence).unwrap();
        assert_eq!((evidence.left_out, evidence.images[0].reference.as_str()), (2, "b"));
    }

    #[test]
    fn the_wrong_shape_is_a_protocol_failure() {
        for body in [&b"{}"[..], b"[", b"\"x\"", b""] {
            assert_eq!(listed(body).1.unwrap_err().kind, FailureKind::Protocol);
        }
    }
}
