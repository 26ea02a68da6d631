//! Images in use: which component they are, which product, and which version.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use super::named::{Name, reference_name};
use super::product::{Product, TextReader};
use super::{Builder, Nature, label};
use crate::model::{
    Class, ComponentName, Digest, Globs, ImageUse, Instance, Locator, OfPlatform, ReadingSource,
    RunningImage, TargetEvidence,
};
use crate::version::{self, Body, Level, Levels, Reading, Scheme, difference_of};

/// Images of a target that were met: the same runs in many places, and is read once.
#[derive(Default)]
pub(super) struct KnownImages<'a>(HashMap<ImageUse, NamedImage<'a>>);

/// What its name says.
struct NamedImage<'a> {
    name: Name,
    product: Option<&'a Product>,
    /// What it says as each component that the catalogue makes of it, mostly one.
    told: Vec<(ComponentName, ImageReading)>,
}

/// What an image says, wherever it runs.
#[derive(Clone)]
struct ImageReading {
    nature: Nature,
    product: Option<Arc<str>>,
    reading: Arc<Reading>,
    source: ReadingSource,
    contradicted_by: Option<Arc<Reading>>,
    image: Arc<RunningImage>,
}

impl<'a> KnownImages<'a> {
    /// Adds what runs at one place.
    pub(super) fn add_image_use(
        &mut self,
        builder: &mut Builder<'a>,
        target: &TargetEvidence,
        mut image_use: ImageUse,
    ) {
        // What is left is of the image.
        let (own, state) = (mem::take(&mut image_use.locator), mem::take(&mut image_use.state));
        image_use.chart.clear();
        let mut image = match self.0.remove_entry(&image_use) {
            Some((known, image)) => {
                image_use = known;
                image
            }
            None => NamedImage::new(builder, &image_use, &own),
        };
        let locator = builder.map_locator(own.clone());
        let component = image.component_name(builder, &locator);
        let told = image.told_of(builder, target, &image_use, &component);
        if !image.name.is_of_place {
            self.0.insert(image_use, image);
        }
        if builder.counts_as_instance(&component, &told.nature, target, (&own, &state)) {
            let instance = Instance {
                target: target.id.clone(),
                locator,
                site: Arc::default(),
                product: told.product,
                reading: told.reading,
                source: told.source,
                contradicted_by: told.contradicted_by,
                image: Some(told.image),
            };
            builder.add_instance(&component, told.nature, instance);
        }
    }
}

impl<'a> NamedImage<'a> {
    fn new(builder: &Builder<'a>, image_use: &ImageUse, locator: &Locator) -> Self {
        let name = reference_name(builder, image_use, locator);
        let product = builder.normalizer.products.by_image(&name.full, &name.short);
        Self { name, product, told: Vec::new() }
    }

    /// Which component it is at that place.
    fn component_name(&self, builder: &Builder<'a>, locator: &Locator) -> ComponentName {
        let Self { name, product, .. } = self;
        let matched = builder.normalizer.matches.first_match([&name.full, &name.short], locator);
        match (matched, product) {
            (Some(matched), _) => matched.component.clone(),
            (None, Some(product)) => format!("image/{}", product.family).into(),
            (None, None) => format!("image/{}", name.short).into(),
        }
    }

    /// What it says as that component.
    fn told_of(
        &mut self,
        builder: &mut Builder<'a>,
        target: &TargetEvidence,
        image_use: &ImageUse,
        component: &ComponentName,
    ) -> ImageReading {
        if let Some((_, told)) = self.told.iter().find(|(known, _)| known == component) {
            return told.clone();
        }
        let Self { name, product, .. } = self;
        let reader = builder.normalizer.reader_for(component, *product);
        // A container that is what is a target elsewhere: `redis/cache`.
        let is_image = component.as_str().starts_with("image/");
        let class = classify_name(&builder.normalizer.own, name, product.is_some() || !is_image);
        let nature = Nature { class, levels: reader.levels() };
        let products = &builder.normalizer.products;
        let inherited = label::is_inherited(products, image_use, &name.short, &reader);
        let label = if inherited { "" } else { &image_use.version_label };
        let told = running_image(builder, target, image_use, name, label, nature, &reader);
        self.told.push((component.clone(), told.clone()));
        told
    }
}

/// Own services are what `own:` of the catalogue says; without it, what no product data know.
fn classify_name(own: &Globs, name: &Name, is_product: bool) -> Class {
    let is_own = if own.is_empty() {
        !is_product
    } else {
        own.is_match(&name.full) || own.is_match(&name.short)
    };
    if is_own { Class::Service } else { Class::Platform }
}

fn running_image(
    builder: &mut Builder<'_>,
    target: &TargetEvidence,
    image_use: &ImageUse,
    name: &Name,
    label: &str,
    nature: Nature,
    reader: &TextReader<'_>,
) -> ImageReading {
    let tag = name.tag.as_deref().map(|tag| reader.read_tag(tag));
    // `postgresql-15-c9s:latest` says in its name what its tag does not.
    let named = reader.read_repository(&name.short).or_else(|| tag.clone());
    let said = |text: &str| {
        let reading =
            Some(text).filter(|text| !text.is_empty()).map(|text| reader.read_text(None, text));
        reading.filter(Reading::is_proven)
    };
    let label = said(label);
    let is_pinned = name.digest.is_some();
    let (mut reading, mut source, contradicted_by) = if reader.product.is_some() {
        of_product(&reader.levels(), label, named)
    } else {
        of_service(label, named)
    };
    // A chart may be installed with another image than it speaks of: it counts only where nothing
    // else tells.
    let untold = matches!(reading.body(), Body::Floating | Body::Opaque);
    if let (true, Some(told)) = (untold, said(&image_use.app_version)) {
        (reading, source) = (told, ReadingSource::WorkloadLabel);
    }
    ImageReading {
        nature,
        product: reader.product.map(|p| p.name.as_str().into()),
        reading: builder.share_reading(reading),
        source,
        contradicted_by: contradicted_by.map(Arc::new),
        image: Arc::new(RunningImage {
            repository: name.short.clone(),
            tag: tag.map(|tag| builder.share_reading(tag)),
            digests: digests_of(target, image_use, name.digest.clone()),
            is_pinned,
        }),
    }
}

type ChosenReading = (Reading, ReadingSource, Option<Reading>);

/// The label before the tag; a tag that says otherwise is kept beside it, because a difference
/// must not hide behind a label.
fn of_product(levels: &Levels, label: Option<Reading>, tag: Option<Reading>) -> ChosenReading {
    let Some(label) = label else { return of_tag(tag) };
    let says_otherwise = |tag: &Reading| {
        let agrees = matches!(
            difference_of(levels, &label, tag).level,
            Level::Equal | Level::WithinPrecision | Level::Build
        );
        !matches!(tag.body(), Body::Floating) && !agrees
    };
    let contradiction = tag.filter(says_otherwise);
    (label, ReadingSource::Label, contradiction)
}

/// An own service inherits the labels of its base image: whatever its tag says counts, and the
/// label only where the tag moves or is missing.
fn of_service(label: Option<Reading>, tag: Option<Reading>) -> ChosenReading {
    match (label, tag) {
        (Some(label), None) => (label, ReadingSource::Label, None),
        (Some(label), Some(tag)) if *tag.body() == Body::Floating => {
            (label, ReadingSource::Label, None)
        }
        (_, tag) => of_tag(tag),
    }
}

/// A reference by digest alone says no version.
fn of_tag(tag: Option<Reading>) -> ChosenReading {
    (tag.unwrap_or_else(|| version::read(Scheme::ImageTag, "")), ReadingSource::Tag, None)
}

/// Digests of the engine's list, else that of the reference, then the configuration's. What runs
/// may be another image than the one that the reference is pinned to.
fn digests_of(
    target: &TargetEvidence,
    image_use: &ImageUse,
    referenced: Option<String>,
) -> Vec<Digest> {
    let of = |digest: &str| OfPlatform {
        digest: digest.to_owned(),
        architecture: only_architecture(target),
    };
    let listed = image_use.repo_digests.iter().filter_map(|text| Some(text.split_once('@')?.1));
    let listed: Vec<Digest> = listed
        .map(|digest| match image_use.runtime.as_str() {
            "cri-o" => Digest::Manifest(of(digest)),
            _ => Digest::Repository(digest.to_owned()),
        })
        .collect();
    let referenced = referenced.filter(|_| listed.is_empty());
    let is_configuration = target.field("image_store") != Some("containerd");
    let id = Some(image_use.image_id.as_str())
        .filter(|id| is_configuration && id.starts_with("sha256:"));
    let id = id.map(|id| Digest::Configuration(of(id)));
    let mut found: Vec<Digest> =
        referenced.into_iter().map(Digest::Repository).chain(listed).chain(id).collect();
    found.sort();
    found.dedup();
    found
}

/// Why the builds of a target's images cannot be compared with those of another, in words: CRI-O
/// tells the digest of the manifest for one platform, which is another on each.
pub(super) fn incomparable_builds(target: &TargetEvidence) -> Option<String> {
    let is_crio = |image: &&ImageUse| image.runtime == "cri-o" && !image.repo_digests.is_empty();
    let count = target.images.iter().filter(is_crio).count();
    if count == 0 || only_architecture(target).is_some() {
        return None;
    }
    let is_told = target.fields.iter().any(|field| field.name == "architecture");
    let why = if is_told {
        "the nodes are of several architectures".to_owned()
    } else {
        "no node tells the architecture: record nodes, too".to_owned()
    };
    let containers = if count == 1 { "container" } else { "containers" };
    Some(format!(
        "whether {count} {containers} of CRI-O run the builds of other environments is not known: \
         {why}"
    ))
}

/// The one architecture of all hosts of a target, by Go's name for it.
fn only_architecture(target: &TargetEvidence) -> Option<String> {
    let mut all =
        target.fields.iter().filter(|field| field.name == "architecture").map(|field| &field.value);
    let first = all.next()?;
    let name = match first.as_str() {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    all.all(|other| other == first).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Normalizer;
    use super::super::config::CatalogueConfig;
    use crate::collect::config::COLLECTORS;
    use crate::model::{
        Evidence, ImageUse, Locator, ReadingSource, RunState, Snapshot, TargetEvidence,
    };
    use crate::wire::yaml::{self, Origin};
    use jiff::Timestamp;

    fn image_use(reference: &str) -> ImageUse {
        ImageUse {
            locator: Locator { workload: "cache".into(), ..Locator::default() },
            reference: reference.into(),
            image_id: format!("sha256:{}", "1".repeat(64)),
            repo_digests: Vec::new(),
            repo_tags: Vec::new(),
            runtime: String::new(),
            version_label: String::new(),
            ref_name: String::new(),
            app_version: String::new(),
            chart: String::new(),
            state: RunState::Running,
        }
    }

    fn seen(images: Vec<ImageUse>, catalogue: &str) -> Snapshot {
        let mut target = TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH);
        target.images = images;
        let evidence = Evidence {
            environment: "dev".into(),
            taken: Timestamp::UNIX_EPOCH,
            targets: vec![target],
        };
        let head = "apiVersion: envparity/v1\nkind: Catalogue\n";
        let catalogue: CatalogueConfig =
            yaml::read(&format!("{head}{catalogue}"), Origin::Person).unwrap();
        Normalizer::new(Some(&catalogue), COLLECTORS)
            .build_snapshot(evidence, crate::model::Globs::default())
    }

    fn names(references: &[&str], catalogue: &str) -> Vec<String> {
        let snapshot = seen(references.iter().map(|r| image_use(r)).collect(), catalogue);
        snapshot.components.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_family_is_one_component_whatever_registry_and_packager() {
        let all = [
            "redis:7",
            "bitnami/redis:7.2.4",
            "valkey/valkey:8.0.1",
            "registry.local:5000/library/redis:6",
        ];
        assert_eq!(names(&all, ""), ["image/redis"]);
        assert_eq!(names(&["registry.local:5000/team/app:v1"], ""), ["image/team/app"]);
    }

    #[test]
    fn mirrors_and_matches_of_the_catalogue_count() {
        let mirrored = "mirrors: {registry.ovh.example/mirror/library: docker.io/library}\n";
        assert_eq!(
            names(&["registry.ovh.example/mirror/library/redis:7"], mirrored),
            ["image/redis"]
        );
        let renamed = "components:\n- {component: image/cache, match: [{image: \"*/redis\", \
            workload: cache}]}\n";
        assert_eq!(names(&["redis:7", "nginx:1"], renamed), ["image/cache", "image/nginx"]);
    }

    #[test]
    fn an_image_whose_tag_has_moved_is_named_by_its_digest() {
        let mut moved = image_use(&format!("sha256:{}", "1".repeat(64)));
        moved.repo_digests = vec![format!("localhost:5000/team/app@sha256:{}", "2".repeat(64))];
        let snapshot = seen(vec![moved], "");
        let component = &snapshot.components[&"image/team/app".into()];
        assert_eq!(component.instances[0].image.as_ref().unwrap().tag, None);
        assert!(!component.instances[0].reading.is_proven());
    }

    #[test]
    fn an_image_without_any_name_is_named_by_its_service() {
        assert_eq!(names(&[&"1".repeat(12)], ""), ["image/cache"]);
        // Hexadecimal, but a name.
        assert_eq!(names(&["11"], ""), ["image/11"]);
    }

    #[test]
    fn the_label_of_a_product_is_believed_but_a_tag_that_says_otherwise_is_not_forgotten() {
        let of = |reference: &str, label: &str| {
            let snapshot =
                seen(vec![ImageUse { version_label: label.into(), ..image_use(reference) }], "");
            let instance = snapshot.components.into_values().next().unwrap().instances.remove(0);
            let contradiction = instance.contradicted_by.map(|r| r.text().to_owned());
            (instance.reading.text().to_owned(), instance.source, contradiction)
        };
        let is = |text: &str, source, contradiction: Option<&str>| {
            (text.to_owned(), source, contradiction.map(str::to_owned))
        };
        assert_eq!(of("nginx:latest", "1.27.3"), is("1.27.3", ReadingSource::Label, None));
        assert_eq!(of("redis:7.2", "7.2.4"), is("7.2.4", ReadingSource::Label, None));
        assert_eq!(of("redis:7.2.4", "unknown"), is("7.2.4", ReadingSource::Tag, None));
        assert_eq!(of("redis:7.2.5", "7.2.4"), is("7.2.4", ReadingSource::Label, Some("7.2.5")));
        assert_eq!(
            of("redis:deadbeef", "7.2.4"),
            is("7.2.4", ReadingSource::Label, Some("deadbeef"))
        );
        // So do products that are built on Ubuntu's.
        assert_eq!(of("mongo:7.0.12", "22.04"), is("7.0.12", ReadingSource::Tag, None));
        assert_eq!(of("ubuntu:latest", "22.04"), is("22.04", ReadingSource::Label, None));
        // An own service inherits labels from its base image.
        assert_eq!(of("team/app:v21", "22.04"), is("v21", ReadingSource::Tag, None));
        assert_eq!(of("team/app:deadbeef", "22.04"), is("deadbeef", ReadingSource::Tag, None));
        assert_eq!(of("team/app:latest", "22.04"), is("latest", ReadingSource::Tag, None));
        assert_eq!(of("team/app:latest", "1.4.2"), is("1.4.2", ReadingSource::Label, None));
    }

    #[test]
    fn an_id_of_a_manifest_is_no_configuration() {
        let mut target = TargetEvidence::new("docker/laptop".into(), "", Timestamp::UNIX_EPOCH);
        assert_eq!(super::digests_of(&target, &image_use("redis:7.2.4"), None).len(), 1);
        target.fields.push(crate::model::Field::of_target("image_store", "containerd"));
        assert!(super::digests_of(&target, &image_use("redis:7.2.4"), None).is_empty());
    }

    #[test]
    fn digests_are_of_one_type_and_one_architecture() {
        let of = |architectures: &[&str], digest: &str, id: &str, runtime: &str| {
            let mut target =
                TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH);
            let field = |(i, value): (usize, &&str)| crate::model::Field {
                place: format!("node-{i}"),
                name: "architecture".into(),
                value: (*value).into(),
            };
            target.fields = architectures.iter().enumerate().map(field).collect();
            let repo_digests =
                Some(format!("redis@sha256:{digest}")).filter(|_| !digest.is_empty());
            let seen = ImageUse {
                image_id: if id.is_empty() { String::new() } else { format!("sha256:{id}") },
                repo_digests: repo_digests.into_iter().collect(),
                runtime: runtime.into(),
                ..image_use("redis:7.2.4")
            };
            let digests = super::digests_of(&target, &seen, None);
            super::RunningImage { repository: "redis".into(), tag: None, digests, is_pinned: false }
        };
        let containerd = of(&["amd64"], "1", "", "containerd");
        assert_eq!(containerd.same_content(&of(&["arm64"], "2", "", "docker")), Some(false));
        assert_eq!(containerd.same_content(&of(&["amd64"], "2", "", "cri-o")), None);
        assert_eq!(
            of(&["amd64"], "1", "", "cri-o").same_content(&of(&["amd64"], "2", "", "cri-o")),
            Some(false)
        );
        let docker = |architectures: &[&str], id: &str| of(architectures, "", id, "docker");
        assert_eq!(docker(&["x86_64"], "1").same_content(&docker(&["amd64"], "2")), Some(false));
        assert_eq!(docker(&["amd64"], "1").same_content(&docker(&["arm64"], "2")), None);
        assert_eq!(
            docker(&["amd64", "arm64"], "1").same_content(&docker(&["amd64", "arm64"], "2")),
            None
        );
        assert_eq!(docker(&["amd64"], "1").same_content(&docker(&["arm64"], "1")), Some(true));
    }

    #[test]
    fn what_does_not_run_is_counted_apart() {
        let stopped =
            ImageUse { state: RunState::NotRunning("exited".into()), ..image_use("redis:6.0.20") };
        let snapshot = seen(vec![stopped], "");
        let component = &snapshot.components[&"image/redis".into()];
        assert!(component.instances.is_empty());
        assert_eq!(component.not_running["exited"], 1);
    }
}
