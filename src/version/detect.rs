//! Which scheme a text is most likely of.

use super::grammar::kubernetes;
use super::number::is_digits;
use super::scheme::Scheme;

impl Scheme {
    /// The scheme that a text is most likely of, told by its form alone.
    pub fn detect(text: &str) -> Self {
        let text = text.trim();
        let stage = |word: &str| {
            text.starts_with('v') && kubernetes::read_api(text).is_some() && text.contains(word)
        };
        let is_uri = || {
            let name = text.split_once("://").map(|(name, _)| name);
            name.is_some_and(|name| !name.contains(char::is_whitespace))
        };
        if text.starts_with("RELEASE.") || text.starts_with("minio version RELEASE.") {
            Self::MinIo
        } else if is_uri() {
            Self::RuntimeUri
        } else if stage("alpha") || stage("beta") {
            Self::KubernetesApi
        } else if text.split_once(':').is_some_and(|(epoch, _)| is_digits(epoch)) {
            Self::Debian
        } else if text.starts_with("PostgreSQL ") {
            Self::PostgreSql
        } else if text.contains("mysql_aurora") || text.contains("-MariaDB") {
            Self::MySql
        } else {
            Self::Generic
        }
    }
}
