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
        if text.starts_with("RELEASE.") {
            Self::MinIo
        } else if text.contains("://") {
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
