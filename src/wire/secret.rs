//! References to secrets: `${env:NAME}` and `${file:PATH}`. A literal secret is refused.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Where a secret is to be had.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// An environment variable.
    Variable(String),
    /// A file; one newline at its end does not count.
    File(PathBuf),
}

impl SecretReference {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Variable(_) => None,
        }
    }

    /// The same with a path that holds from anywhere.
    #[must_use]
    pub fn relative_to(&self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            Self::Variable(name) => Self::Variable(name.clone()),
        }
    }

    /// Reads `${env:NAME}` or `${file:PATH}`.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("${")?.strip_suffix('}')?;
        match inner.split_once(':')? {
            ("env", name) if !name.is_empty() => Some(Self::Variable(name.to_owned())),
            ("file", path) if !path.is_empty() => Some(Self::File(path.into())),
            _ => None,
        }
    }
}

/// Shows the reference, which is not a secret.
impl fmt::Debug for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{}}}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The text never goes into the error: it may be the secret itself.
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            serde::de::Error::custom(
                "a secret stands here in clear text: write ${env:NAME} or ${file:PATH}",
            )
        })
    }
}

/// Reads an optional secret whose key is there: a value of nothing (`password:`, or only a tag) is
/// not a reference, where `Option` alone would take it for none given.
///
/// # Errors
/// If it is not a reference.
pub fn deserialize_given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretReference>, D::Error> {
    SecretReference::deserialize(deserializer).map(Some)
}

impl JsonSchema for SecretReference {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretReference".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^\\$\\{(env|file):.+\\}$",
            "examples": ["${env:REDIS_PASSWORD}", "${file:/run/secrets/redis}"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_are_read() {
        let variable = SecretReference::Variable("REDIS_PASSWORD".into());
        assert_eq!(SecretReference::parse("${env:REDIS_PASSWORD}"), Some(variable));
        assert_eq!(
            SecretReference::parse("${file:/run/x}"),
            Some(SecretReference::File("/run/x".into()))
        );
        for text in ["hunter2", "${env:}", "${HOME}", "$env:X", "${vault:x}"] {
            assert_eq!(SecretReference::parse(text), None, "{text}");
        }
    }
}
