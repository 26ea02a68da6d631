//! What bollard has read of an engine, as evidence. Pure; opens no socket.

use bollard::models::{ImageSummary, SystemInfo, SystemVersion};

use super::account::Account;
use super::list::ItemTally;
use crate::model::{Failure, FailureKind, Field, ImageUse, TargetEvidence};

const VERSION_LABEL: &str = "org.opencontainers.image.version";
const REF_NAME_LABEL: &str = "org.opencontainers.image.ref.name";

/// Digests, tags and labels that the containers of an engine have together. One image may be that
/// of many containers.
const MAX_OF_IMAGES: usize = 8 * 1024 * 1024;

/// Engine, API, containerd and runc.
pub(super) fn version(
    version: SystemVersion,
    evidence: &mut TargetEvidence,
) -> Result<(), Failure> {
    let engine = version.version.unwrap_or_default();
    if engine.trim().is_empty() {
        return Err(Failure::new(
            FailureKind::Protocol,
            "the answer to GET /version has no version",
        ));
    }
    // Of a name that stands twice the first counts.
    let mut add = |name: &str, value: String| {
        if !value.is_empty() && evidence.field(name).is_none() {
            evidence.fields.push(Field::of_target(name, value));
        }
    };
    add("engine", engine);
    add("api", version.api_version.unwrap_or_default());
    let components = version.components.unwrap_or_default();
    // Old engines do not tell what they are made of.
    if components.is_empty() {
        add("components", "not listed".to_owned());
    }
    for component in components {
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
pub(super) fn info(info: SystemInfo, evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let is_podman = evidence.field("product") == Some("podman");
    let mut add = |place: &str, name: &str, value: String| {
        if !value.is_empty() {
            evidence.fields.push(Field { place: place.to_owned(), name: name.to_owned(), value });
        }
    };
    let id = info.id.unwrap_or_default();
    let identified = !id.trim().is_empty();
    // Podman makes up another one for each answer, which would tell one engine from itself.
    if !is_podman {
        add("", "id", id);
    }
    // There the ID of an image is that of a manifest, and not of a configuration.
    let pairs = info.driver_status.unwrap_or_default();
    let is_snapshotter = |text: &String| text.starts_with("io.containerd.snapshotter");
    if pairs.iter().any(|pair| pair.get(1).is_some_and(is_snapshotter)) {
        add("", "image_store", "containerd".to_owned());
    }
    let host = info.name.filter(|name| !name.is_empty()).unwrap_or_else(|| "host".to_owned());
    add(&host, "kernel", info.kernel_version.unwrap_or_default());
    add(&host, "os", info.operating_system.unwrap_or_default());
    add(&host, "architecture", info.architecture.unwrap_or_default());
    // Without it nothing tells whether two environments have one engine; a kernel may be missing.
    if identified {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Protocol, "the answer to GET /info has no engine ID"))
}

/// How many containers run or are paused, as `/info` counts them; very old engines do not.
pub(super) fn running(info: &SystemInfo) -> Option<u64> {
    let count = |number: i64| u64::try_from(number).ok();
    let paused = info.containers_paused.and_then(count).unwrap_or(0);
    Some(count(info.containers_running?)?.saturating_add(paused))
}

/// An image's ID with its algorithm, which some engines leave out of one list and not of the other.
pub(super) fn typed_id(id: &str) -> String {
    let is_bare = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_bare { format!("sha256:{}", id.to_ascii_lowercase()) } else { id.to_owned() }
}

/// The images of the containers that are known already, as they come.
pub(super) struct Images<'a> {
    uses: &'a mut [ImageUse],
    /// Places in `uses`, by the ID of the image.
    by_id: Vec<usize>,
    account: Account,
}

impl<'a> Images<'a> {
    pub(super) fn of(evidence: &'a mut TargetEvidence) -> Self {
        let uses = evidence.images.as_mut_slice();
        let mut by_id: Vec<usize> = (0..uses.len()).collect();
        by_id.sort_by(|a, b| uses[*a].image_id.cmp(&uses[*b].image_id));
        let account = Account::new(MAX_OF_IMAGES, "digests, tags and labels of the images");
        Self { uses, by_id, account }
    }

    /// Tells its containers of an image.
    pub(super) fn add(&mut self, image: &ImageSummary) -> Result<(), Failure> {
        let id = typed_id(&image.id);
        let first = self.by_id.partition_point(|place| self.uses[*place].image_id < id);
        for place in &self.by_id[first..] {
            let image_use = &mut self.uses[*place];
            if image_use.image_id != id {
                break;
            }
            image_use.repo_digests = named(&image.repo_digests);
            image_use.repo_tags =
                if image_use.is_named_by_id() { named(&image.repo_tags) } else { Vec::new() };
            let label = |key| image.labels.get(key).cloned().unwrap_or_default();
            image_use.version_label = label(VERSION_LABEL);
            image_use.ref_name = label(REF_NAME_LABEL);
            self.account.charge(added(image_use))?;
        }
        Ok(())
    }
}

fn named(names: &[String]) -> Vec<String> {
    let mut names: Vec<String> =
        names.iter().filter(|name| !name.starts_with("<none>")).cloned().collect();
    names.sort();
    names
}

/// What each image costs that is matched with a container, whatever it says: a list may name one
/// image again and again.
const MATCH: usize = 64;

/// Bytes that the image added to its container.
fn added(image_use: &ImageUse) -> usize {
    let ImageUse { repo_digests, repo_tags, version_label, ref_name, .. } = image_use;
    let names = repo_digests.iter().chain(repo_tags);
    let names: usize = names.map(|name| size_of::<String>() + name.len()).sum();
    MATCH + names + version_label.len() + ref_name.len()
}

pub(super) fn all_read(ItemTally { total, unread }: ItemTally, what: &str) -> Result<(), Failure> {
    if unread == 0 {
        return Ok(());
    }
    let failure = Failure::new(
        FailureKind::Protocol,
        format!("{unread} of {total} {what} could not be read"),
    );
    Err(failure.with_advice(
        "the others were read; if the engine is newer than this version of envparity, use a newer \
         one, else look for something in between that alters its answers",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::docker::containers::tests::read as containers;
    use crate::collect::docker::containers::{ContainerSelection, Selections};
    use crate::collect::docker::fields;
    use crate::collect::docker::list::ListKind;
    use crate::collect::docker::list::tests::batches;
    use crate::model::RunState;
    use jiff::Timestamp;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/docker/{name}.json", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
    }

    fn empty() -> TargetEvidence {
        TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH)
    }

    const NOTHING: &ContainerSelection = &ContainerSelection::nothing();

    fn everything() -> Selections<'static> {
        Selections { include: None, exclude: NOTHING }
    }

    fn version(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
        super::version(fields::version(body)?, evidence)
    }

    fn info(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
        super::info(fields::info(body)?, evidence)
    }

    fn images(body: &[u8], evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let (batches, tally) = batches(ListKind::Images, body, 7)?;
        let mut images = Images::of(evidence);
        batches.iter().flatten().try_for_each(|image| images.add(image))?;
        all_read(tally, "images")
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
            failed(info(br#"{"Name":"h","KernelVersion":"6.1"}"#, &mut empty()))
                .contains("no engine ID")
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
    fn one_large_image_of_many_containers_is_not_held_as_often() {
        let container = r#"{"Image":"a","ImageID":"sha256:1","State":"running"}"#;
        let mut evidence = listed(format!("[{}]", vec![container; 1000].join(",")).as_bytes()).0;
        let digest = format!("\"a@sha256:{}\"", "1".repeat(100_000));
        let image = format!(r#"[{{"Id":"sha256:1","RepoDigests":[{digest}]}}]"#);
        let failure = images(image.as_bytes(), &mut evidence).unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
        let held: usize = evidence.images.iter().map(added).sum();
        assert!(held < MAX_OF_IMAGES + 200_000, "{held}");
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
