//! What an image is called: by its reference, by tags and digests that the engine lists, or by the
//! place that it runs at.

use super::Builder;
use crate::model::{ImageUse, Locator};
use crate::version::{self, ImageReference, Scheme};

/// What a reference, or failing that a digest of the image, says of its name.
pub(super) struct Name {
    /// `docker.io/library/redis`.
    pub(super) full: String,
    /// Without registry and `library/`: `redis`.
    pub(super) short: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
    /// Whether the place gave it its name.
    pub(super) is_of_place: bool,
}

/// The name in the reference. A container that a kubelet has started, or whose tag has moved on,
/// names its image by ID: then the name is that of a tag which its very content has, else the
/// repository is that of a digest of it, and the tag is not known. Without a digest it is named by
/// its service or container, so that it has one name from build to build.
pub(super) fn reference_name(
    builder: &Builder<'_>,
    image_use: &ImageUse,
    locator: &Locator,
) -> Name {
    let own = if image_use.is_named_by_id() {
        None
    } else {
        ImageReference::parse(&image_use.reference).ok()
    };
    let listed =
        || image_use.repo_digests.iter().find_map(|digest| ImageReference::parse(digest).ok());
    let tagged = || of_tags(builder, &image_use.repo_tags);
    let Some(reference) = own.or_else(tagged).or_else(listed) else {
        let Locator { workload, container, .. } = locator;
        let short = [workload, container].into_iter().find(|name| !name.is_empty());
        let short = short.map_or("unnamed", String::as_str).to_owned();
        let is_of_place = true;
        return Name { full: short.clone(), short, tag: None, digest: None, is_of_place };
    };
    let full = without_mirror(builder, format!("{}/{}", reference.registry, reference.repository));
    let full = of_docker_hub(&full).unwrap_or(full);
    let path = full.split_once('/').map_or(full.as_str(), |(_, path)| path);
    let short = path.strip_prefix("library/").unwrap_or(path).to_owned();
    let untagged = reference.tag.is_none() && reference.digest.is_none();
    // Docker reads a bare name as `latest`.
    let tag = if untagged {
        Some("latest".to_owned())
    } else {
        reference.tag.filter(|tag| !tag.is_empty())
    };
    Name { full, short, tag, digest: reference.digest, is_of_place: false }
}

/// `registry.example/proxy/library/redis` is Docker Hub's `redis`, whatever the registry: nobody
/// else has a namespace of that name.
fn of_docker_hub(full: &str) -> Option<String> {
    let (_, name) = full.rsplit_once("/library/")?;
    (!name.contains('/')).then(|| format!("docker.io/library/{name}"))
}

/// The one of several tags of one content that tells most: of a product that is known, then the one
/// with the most numbers. Tags that count differently tell the name alone.
fn of_tags(builder: &Builder<'_>, tags: &[String]) -> Option<ImageReference> {
    let references: Vec<ImageReference> =
        tags.iter().filter_map(|tag| ImageReference::parse(tag).ok()).collect();
    let is_known = |reference: &&ImageReference| {
        let short = reference.repository.trim_start_matches("library/");
        builder.normalizer.products.by_image(&reference.repository, short).is_some()
    };
    let named = references.iter().find(is_known).or(references.first())?.clone();
    let is_named =
        |r: &&ImageReference| (&r.registry, &r.repository) == (&named.registry, &named.repository);
    let release = |reference: &ImageReference| {
        let tag = reference.tag.as_deref().unwrap_or_default();
        version::read(Scheme::ImageTag, tag)
            .version()
            .map(|v| v.release.clone())
            .unwrap_or_default()
    };
    let mut all: Vec<&ImageReference> = references.iter().filter(is_named).collect();
    all.sort_by_key(|r| (std::cmp::Reverse(release(r).len()), r.tag.as_ref().map(String::len)));
    let best = release(all.first()?);
    let agrees = |reference: &&ImageReference| best.starts_with(&release(reference));
    Some(match all.first() {
        Some(first) if all.iter().all(agrees) => (*first).clone(),
        // No text of these may count; a reference without tag would be read as `latest`.
        _ => ImageReference { tag: Some(String::new()), ..named },
    })
}

fn without_mirror(builder: &Builder<'_>, full: String) -> String {
    for (prefix, stands_for) in &builder.normalizer.mirrors {
        if let Some(rest) = full.strip_prefix(prefix.as_str()).filter(|rest| rest.starts_with('/'))
        {
            return format!("{stands_for}{rest}");
        }
    }
    full
}
