//! Image references as Docker and containerd read them.
//!
//! The grammar is `distribution/reference`'s, with Docker's defaults (`docker.io`, `library/`) and
//! what Docker refuses besides: a bare name of 64 hexadecimal characters, and digests of an
//! unknown algorithm.

use super::number::is_digits;

/// The longest path below a registry, and the longest tag.
const MAX_PATH: usize = 255;
const MAX_TAG: usize = 128;

const DOCKER_HUB: &str = "docker.io";

/// A reference in Docker's familiar form, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageReference {
    /// Host and port, `docker.io` where none is written.
    pub registry: String,
    /// Path below the registry, with `library/` where Docker adds it.
    pub repository: String,
    /// As written; a missing tag is not `latest` here.
    pub tag: Option<String>,
    /// `algorithm:hex`.
    pub digest: Option<String>,
}

/// The text is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an image reference")]
pub struct ImageReferenceError;

impl ImageReference {
    /// Reads a reference as `docker pull` would.
    ///
    /// # Errors
    /// Where Docker refuses the name, tag or digest.
    pub fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        if is_bare_identifier(text) {
            return Err(ImageReferenceError);
        }
        let (registry, rest) = split_registry(text);
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(known_digest(digest)?)),
            None => (rest, None),
        };
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        let official = registry == DOCKER_HUB && !path.contains('/');
        let repository = if official { format!("library/{path}") } else { path.to_owned() };
        if is_host(registry) && is_path(&repository) && tag.is_none_or(is_tag) {
            return Ok(Self {
                registry: registry.to_owned(),
                repository,
                tag: tag.map(ToOwned::to_owned),
                digest,
            });
        }
        Err(ImageReferenceError)
    }
}

/// The first part is a registry if it looks like a host: a dot, a port, `localhost`, or upper
/// case, which a repository cannot have.
fn split_registry(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            let registry = if first == "index.docker.io" { DOCKER_HUB } else { first };
            (registry, rest)
        }
        _ => (DOCKER_HUB, text),
    }
}

/// A domain name or an IPv6 address in brackets, perhaps with a port.
fn is_host(text: &str) -> bool {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let fits =
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return fits && (port.is_empty() || port.strip_prefix(':').is_some_and(is_digits));
    }
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        let fits = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    name.split('.').all(is_label) && port.is_none_or(is_digits)
}

/// Components of lower-case letters and digits, with a dot, one or two underscores or any number
/// of hyphens between.
fn is_path(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separates =
        |run: &str| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-');
    let is_component = |component: &str| {
        component.starts_with(alphanumeric)
            && component.ends_with(alphanumeric)
            && component.split(alphanumeric).all(separates)
    };
    text.len() <= MAX_PATH && text.split('/').all(is_component)
}

fn is_tag(text: &str) -> bool {
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    fits && !text.is_empty() && text.len() <= MAX_TAG && !text.starts_with(['.', '-'])
}

fn is_bare_identifier(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn known_digest(digest: &str) -> Result<String, ImageReferenceError> {
    let (algorithm, hex) = digest.split_once(':').ok_or(ImageReferenceError)?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(ImageReferenceError),
    };
    let valid = hex.len() == length
        && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if valid { Ok(digest.to_owned()) } else { Err(ImageReferenceError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String, Option<String>)> {
        ImageReference::parse(text).ok().map(|r| (r.registry, r.repository, r.tag))
    }

    fn expected(
        registry: &str,
        repository: &str,
        tag: Option<&str>,
    ) -> (String, String, Option<String>) {
        (registry.into(), repository.into(), tag.map(Into::into))
    }

    #[test]
    fn defaults_are_dockers() {
        assert_eq!(
            parts("redis:7.2.4"),
            Some(expected("docker.io", "library/redis", Some("7.2.4")))
        );
        assert_eq!(parts("bitnami/redis"), Some(expected("docker.io", "bitnami/redis", None)));
        assert_eq!(
            parts("localhost:5000/team/app:v22"),
            Some(expected("localhost:5000", "team/app", Some("v22")))
        );
        assert_eq!(parts("[::1]:5000/app"), Some(expected("[::1]:5000", "app", None)));
        assert_eq!(
            parts("index.docker.io/redis"),
            Some(expected("docker.io", "library/redis", None))
        );
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        let hex = "a".repeat(64);
        for text in [
            "", "Redis", "docker/Docker", "-docker/docker", "a//b", &hex, "redis@md5:abcd",
            "[fc00::1]:5000",
        ] {
            assert_eq!(ImageReference::parse(text), Err(ImageReferenceError), "{text}");
        }
    }

    #[test]
    fn lengths_are_of_the_path_and_of_the_tag() {
        let long = |path: usize, tag: usize| {
            format!("example.com/{}:{}", "a".repeat(path), "t".repeat(tag))
        };
        assert!(ImageReference::parse(&long(255, 128)).is_ok());
        assert!(ImageReference::parse(&long(256, 1)).is_err());
        assert!(ImageReference::parse(&long(1, 129)).is_err());
    }

    #[test]
    fn tag_and_digest_stand_together() {
        let text = format!("redis:7@sha256:{}", "0".repeat(64));
        let reference = ImageReference::parse(&text).unwrap();
        assert_eq!(reference.tag.as_deref(), Some("7"));
        assert!(reference.digest.is_some());
    }
}
