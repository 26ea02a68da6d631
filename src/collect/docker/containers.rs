//! The engine's list of containers, as images in use. Pure; opens no socket.
//!
//! Which of them count is the profile's word (`include`, `exclude`); those that nobody deployed
//! never do.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};

use super::account::Account;
use super::config::SelectionConfig;
use super::list::{ItemTally, ListKind};
use super::parse::{all_read, typed_id};
use crate::collect::patterns::globs;
use crate::model::{Failure, FailureKind, Glob, ImageUse, RunState, TargetEvidence};

/// States in which a container counts.
const RUNNING: &[&str] = &["running", "paused", "restarting"];

/// States in which it does not; the last four are Podman's. (Podman also says `unknown`, which
/// tells nothing.)
const NOT_RUNNING: &[&str] =
    &["created", "exited", "dead", "removing", "configured", "initialized", "stopped", "stopping"];

/// Patterns of containers.
#[derive(Debug)]
pub(super) struct ContainerSelection {
    projects: Vec<Glob>,
    names: Vec<Glob>,
    labels: Vec<Glob>,
}

impl ContainerSelection {
    /// No container.
    pub(super) const fn nothing() -> Self {
        Self { projects: Vec::new(), names: Vec::new(), labels: Vec::new() }
    }

    pub(super) fn new(config: &SelectionConfig) -> Self {
        Self {
            projects: globs(&config.projects),
            names: globs(&config.names),
            labels: globs(&config.labels),
        }
    }

    fn selects(&self, container: &EngineContainer) -> bool {
        let any = |globs: &[Glob], text: &str| globs.iter().any(|glob| glob.is_match(text));
        any(&self.projects, container.project())
            || container.names.iter().any(|name| any(&self.names, name.trim_start_matches('/')))
            || container
                .labels
                .iter()
                .any(|(k, v)| any(&self.labels, k) || any(&self.labels, &format!("{k}={v}")))
    }
}

/// What the profile wants of the list.
pub(super) struct Selections<'a> {
    pub(super) include: Option<&'a ContainerSelection>,
    pub(super) exclude: &'a ContainerSelection,
}

/// A container that runs, or once did.
pub(super) struct EngineContainer {
    names: Vec<String>,
    pub(super) image: String,
    pub(super) image_id: String,
    labels: HashMap<String, String>,
    /// In the engine's own word.
    state: String,
}

impl From<ContainerSummary> for EngineContainer {
    fn from(summary: ContainerSummary) -> Self {
        let state = match summary.state {
            Some(state) if state != ContainerSummaryStateEnum::EMPTY => state.to_string(),
            // One that bollard does not know: `fields` has put the engine's word there.
            _ => summary.status.unwrap_or_default(),
        };
        Self {
            names: summary.names.unwrap_or_default(),
            image: summary.image.unwrap_or_default(),
            image_id: summary.image_id.unwrap_or_default(),
            labels: summary.labels.unwrap_or_default(),
            state,
        }
    }
}

impl EngineContainer {
    pub(super) fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }

    /// Without the leading slash. Links of other containers add names like `/other/alias`, in any
    /// place of the list; its own has one slash.
    pub(super) fn name(&self) -> &str {
        let own = self.names.iter().find(|name| !name.trim_start_matches('/').contains('/'));
        own.or(self.names.first()).map_or("", |name| name.trim_start_matches('/'))
    }

    fn image_use(self) -> ImageUse {
        ImageUse {
            locator: self.locator(),
            reference: self.image,
            image_id: typed_id(&self.image_id),
            repo_digests: Vec::new(),
            repo_tags: Vec::new(),
            runtime: String::new(),
            version_label: String::new(),
            ref_name: String::new(),
            app_version: String::new(),
            chart: String::new(),
            state: if RUNNING.contains(&self.state.as_str()) {
                RunState::Running
            } else {
                RunState::NotRunning(self.state)
            },
        }
    }
}

/// What all containers that are kept may take until they stand in a report: some 16,000, or 7,300
/// of an image each.
const MAX_KEPT: usize = 40 * 1024 * 1024;

/// What one takes besides its texts, until then. Measured (`docs/BENCHMARKS.md`).
const KEPT: usize = 1792;

/// How often each text of it is held until then.
const COPIES: usize = 5;

/// What the first container of an image takes more than the others: a component of its own.
const OF_NEW_IMAGE: usize = 3072;

/// What the kept containers take.
struct KeptContainers {
    account: Account,
    /// References that have been met; no text of them is kept.
    known: HashSet<u64>,
    hasher: RandomState,
}

impl KeptContainers {
    fn new() -> Self {
        let what = format!("the answer to GET {}", ListKind::Containers.path());
        let account = Account::new(MAX_KEPT, what);
        Self { account, known: HashSet::new(), hasher: RandomState::new() }
    }

    fn charge(&mut self, image: &ImageUse) -> Result<(), Failure> {
        let ImageUse { locator, reference, image_id, .. } = image;
        let texts =
            [&locator.namespace, &locator.workload, &locator.container, reference, image_id];
        let texts: usize = texts.into_iter().map(String::len).sum();
        let is_new = self.known.insert(self.hasher.hash_one((reference, image_id)));
        let component = if is_new { OF_NEW_IMAGE + COPIES * reference.len() } else { 0 };
        self.account.charge(KEPT + COPIES * texts + component)
    }
}

/// The containers that the profile wants, as they come.
pub(super) struct Containers<'a> {
    wanted: &'a Selections<'a>,
    account: KeptContainers,
    images: Vec<ImageUse>,
    left_out: usize,
    /// Of the whole list.
    running: u64,
    included: usize,
    kept: usize,
    /// A state that is not known, the first by name.
    unknown: Option<String>,
}

impl<'a> Containers<'a> {
    pub(super) fn new(wanted: &'a Selections<'a>) -> Self {
        Self {
            wanted,
            account: KeptContainers::new(),
            images: Vec::new(),
            left_out: 0,
            running: 0,
            included: 0,
            kept: 0,
            unknown: None,
        }
    }

    /// # Errors
    /// If all together take too much: then nothing of the list counts.
    pub(super) fn add(&mut self, summary: ContainerSummary) -> Result<(), Failure> {
        let container = EngineContainer::from(summary);
        let Selections { include, exclude } = *self.wanted;
        self.running += u64::from(RUNNING.contains(&container.state.as_str()));
        let is_included = include.is_none_or(|include| include.selects(&container));
        self.included += usize::from(is_included);
        if !is_included || exclude.selects(&container) {
            self.left_out += 1;
            return Ok(());
        }
        self.kept += 1;
        if container.is_aside() {
            self.left_out += 1;
            return Ok(());
        }
        let state = container.state.as_str();
        let is_known = RUNNING.contains(&state) || NOT_RUNNING.contains(&state);
        if !is_known && self.unknown.as_deref().is_none_or(|first| state < first) {
            self.unknown = Some(state.to_owned());
        }
        let image = container.image_use();
        self.account.charge(&image)?;
        self.images.push(image);
        Ok(())
    }

    /// `Ok` is how many of the whole list run.
    pub(super) fn finish(
        mut self,
        tally: ItemTally,
        evidence: &mut TargetEvidence,
    ) -> Result<u64, Failure> {
        // Their order is that of their creation, which says nothing.
        self.images.sort_by(|a, b| (&a.locator, &a.reference).cmp(&(&b.locator, &b.reference)));
        evidence.images.append(&mut self.images);
        evidence.left_out += self.left_out;
        all_read(tally, "containers")?;
        if self.wanted.include.is_some() && self.kept == 0 {
            return Err(nothing_selected(tally.total, self.included));
        }
        match self.unknown {
            None => Ok(self.running),
            // It may run: nobody shall take it for one that does not.
            Some(state) => Err(Failure::new(
                FailureKind::Unsupported,
                format!("a container is in the state {state:?}, which envparity does not know"),
            )
            .with_advice(
                "look at the container; if the engine is newer than this version of \
                envparity, use a newer one",
            )),
        }
    }
}

/// A profile that names what it wants, and gets nothing, is mostly mistaken: of a container that
/// was renamed nobody may hear "nothing differs".
fn nothing_selected(total: usize, included: usize) -> Failure {
    let message = if included == 0 {
        format!("include: selects none of {total} containers, running or not")
    } else {
        format!("exclude: leaves none of the {included} containers that include: selects")
    };
    Failure::new(FailureKind::NothingSelected, message).with_advice(
        "compare the patterns in the profile with docker ps -a; names are without the leading \
         slash",
    )
}

/// Whether the list cannot be whole: `/info` counts far more running containers than it has. Some
/// may have ended between the two answers: two are always allowed, and one in ten; but not all.
pub(super) fn is_short(listed: u64, counted: u64) -> bool {
    let missing = counted.saturating_sub(listed);
    missing > 0 && (listed == 0 || missing > 2.max(counted / 10))
}

pub(super) fn short(listed: u64, counted: u64) -> Failure {
    Failure::new(
        FailureKind::Protocol,
        format!(
            "GET /containers/json lists {listed} running containers, and GET /info counts {counted}"
        ),
    )
    .with_advice(
        "look for a proxy or cache in between that truncates the list; if many containers were \
         starting or stopping, audit again",
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::collect::docker::list::ListKind;
    use crate::collect::docker::list::tests::batches;
    use jiff::Timestamp;

    /// A whole answer.
    pub(in crate::collect::docker) fn read(
        body: &[u8],
        wanted: &Selections<'_>,
        evidence: &mut TargetEvidence,
    ) -> Result<u64, Failure> {
        let (batches, tally) = batches(ListKind::Containers, body, 7)?;
        let mut containers = Containers::new(wanted);
        batches.into_iter().flatten().try_for_each(|container| containers.add(container))?;
        containers.finish(tally, evidence)
    }

    const NOTHING: ContainerSelection = ContainerSelection::nothing();

    fn listed(
        body: &[u8],
        include: Option<&ContainerSelection>,
        exclude: &ContainerSelection,
    ) -> (TargetEvidence, Result<u64, Failure>) {
        let mut evidence = TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH);
        let result = read(body, &Selections { include, exclude }, &mut evidence);
        (evidence, result)
    }

    fn glob(text: &str) -> Vec<Glob> {
        vec![Glob::new(text).unwrap()]
    }

    #[test]
    fn one_bad_item_costs_itself() {
        let (evidence, result) = listed(
            br#"[{"Image":"a","State":"running"},{"Image":7},null,{"Image":"b","State":"dead","Labels":null,"Names":null}]"#,
            None,
            &NOTHING,
        );
        assert_eq!(result.unwrap_err().message, "2 of 4 containers could not be read");
        let states: Vec<_> = evidence.images.iter().map(|i| i.state.clone()).collect();
        assert_eq!(states, [RunState::Running, RunState::NotRunning("dead".into())]);
    }

    #[test]
    fn an_unknown_state_is_not_known_not_to_run() {
        let (evidence, result) = listed(
            br#"[{"Image":"a","State":"running"},{"Image":"b","State":"sleepwalking"}]"#,
            None,
            &NOTHING,
        );
        let failure = result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unsupported);
        assert!(failure.message.contains("\"sleepwalking\""), "{failure:?}");
        assert_eq!(evidence.images.len(), 2);
        assert!(listed(br#"[{"Image":"a","State":"stopped"}]"#, None, &NOTHING).1.is_ok());
        assert!(listed(br#"[{"Image":"a","State":""}]"#, None, &NOTHING).1.is_err());
    }

    #[test]
    fn excluded_containers_are_counted_not_kept() {
        let body = br#"[
            {"Image":"a","State":"running","Names":["/x"],"Labels":{"com.docker.compose.project":"sandbox-1"}},
            {"Image":"b","State":"running","Names":["/y"],"Labels":{"team":"red"}},
            {"Image":"c","State":"running","Names":["/z"]}]"#;
        let exclude =
            ContainerSelection { projects: glob("sandbox-*"), labels: glob("team=r*"), ..NOTHING };
        let (evidence, result) = listed(body, None, &exclude);
        assert_eq!((evidence.left_out, evidence.images.len(), result), (2, 1, Ok(3)));
        let include = ContainerSelection { names: glob("y"), ..NOTHING };
        let (evidence, _) = listed(body, Some(&include), &NOTHING);
        assert_eq!((evidence.left_out, evidence.images[0].reference.as_str()), (2, "b"));
    }

    #[test]
    fn an_include_that_leaves_nothing_is_a_gap() {
        let body = br#"[{"Image":"a","State":"running","Names":["/x"]},{"Image":"a","State":"exited","Names":["/y"]}]"#;
        let named = |name| ContainerSelection { names: glob(name), ..NOTHING };
        let said = |include, exclude: &ContainerSelection| {
            listed(body, Some(&named(include)), exclude).1.unwrap_err().message
        };
        assert_eq!(said("z", &NOTHING), "include: selects none of 2 containers, running or not");
        assert!(said("x", &named("x")).contains("leaves none of the 1 containers"));
        assert!(
            listed(body, Some(&named("y")), &NOTHING).1.is_ok(),
            "one that does not run is one"
        );
        assert!(listed(b"[]", Some(&named("y")), &NOTHING).1.is_err());
        assert!(listed(body, None, &named("*")).1.is_ok());
    }

    #[test]
    fn a_link_gives_a_container_a_name_and_not_its_own() {
        let body =
            br#"[{"Image":"a","State":"running","Names":["/other/db","/mysql","/third/x"]}]"#;
        for name in ["mysql", "other/db", "third/*"] {
            let named = ContainerSelection { names: glob(name), ..NOTHING };
            let (evidence, _) = listed(body, Some(&named), &NOTHING);
            assert_eq!(evidence.images[0].locator.container, "mysql", "{name}");
            assert!(listed(body, None, &named).0.images.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_list_may_lack_what_has_just_ended_and_no_more() {
        for (listed, counted, short) in [
            (3, 3, false),
            (9, 3, false),
            (1, 3, false),
            (1, 4, true),
            (0, 0, false),
            (0, 1, true),
            (90, 100, false),
            (89, 100, true),
        ] {
            assert_eq!(is_short(listed, counted), short, "{listed} of {counted}");
        }
    }
}
