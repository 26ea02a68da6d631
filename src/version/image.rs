//! Image references as Docker and containerd read them.
//!
//! The grammar is `distribution/reference`'s, by the crate `container_image_dist_ref`; this
//! adds Docker's defaults (`docker.io`, `library/`) and refuses what Docker refuses besides:
//! a bare name of 64 hexadecimal characters, and digests of an unknown algorithm.

use container_image_dist_ref::ImgRef;

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

/// The text is no image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an image reference")]
pub struct ImageReferenceError;

impl ImageReference {
    /// Reads a reference as `docker pull` would.
    ///
    /// # Errors
    /// Where Docker refuses the name, tag or digest.
    pub fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        let (registry, path) = split_registry(text);
        let remainder = if registry == "docker.io" && !name_of(path).contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        if is_bare_identifier(text) {
            return Err(ImageReferenceError);
        }
        let canonical = format!("{registry}/{remainder}");
        let parsed = ImgRef::new(&canonical).map_err(|_| ImageReferenceError)?;
        let digest = match parsed.digest() {
            Some(digest) => Some(known_digest(digest.to_str())?),
            None => None,
        };
        Ok(Self {
            registry: registry.to_owned(),
            repository: parsed.name().path().to_str().to_owned(),
            tag: parsed.tag().map(|tag| (*tag).to_owned()),
            digest,
        })
    }
}

/// The first part is a registry if it looks like a host: a dot, a port, `localhost`, or upper
/// case, which a repository cannot have.
fn split_registry(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == "localhost" || first.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            let registry = if first == "index.docker.io" { "docker.io" } else { first };
            (registry, rest)
        }
        _ => ("docker.io", text),
    }
}

/// The path without tag and digest.
fn name_of(path: &str) -> &str {
    path.split(['@', ':']).next().unwrap_or(path)
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
    let valid = hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if valid { Ok(digest.to_owned()) } else { Err(ImageReferenceError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String, Option<String>)> {
        ImageReference::parse(text).ok().map(|r| (r.registry, r.repository, r.tag))
    }

    fn expected(registry: &str, repository: &str, tag: Option<&str>) -> (String, String, Option<String>) {
        (registry.into(), repository.into(), tag.map(Into::into))
    }

    #[test]
    fn defaults_are_dockers() {
        assert_eq!(parts("redis:7.2.4"), Some(expected("docker.io", "library/redis", Some("7.2.4"))));
        assert_eq!(parts("bitnami/redis"), Some(expected("docker.io", "bitnami/redis", None)));
        assert_eq!(parts("localhost:5000/team/app:v22"), Some(expected("localhost:5000", "team/app", Some("v22"))));
        assert_eq!(parts("[::1]:5000/app"), Some(expected("[::1]:5000", "app", None)));
        assert_eq!(parts("index.docker.io/redis"), Some(expected("docker.io", "library/redis", None)));
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        let hex = "a".repeat(64);
        for text in ["", "Redis", "docker/Docker", "-docker/docker", "a//b", &hex, "redis@md5:abcd", "[fc00::1]:5000"] {
            assert_eq!(ImageReference::parse(text), Err(ImageReferenceError), "{text}");
        }
    }

    #[test]
    fn tag_and_digest_stand_together() {
        let text = format!("redis:7@sha256:{}", "0".repeat(64));
        let reference = ImageReference::parse(&text).unwrap();
        assert_eq!(reference.tag.as_deref(), Some("7"));
        assert!(reference.digest.is_some());
    }
}
