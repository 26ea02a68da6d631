//! Databases that say more than a version: MySQL and its kin, PostgreSQL.

use super::super::reading::{Body, Detail};
use super::generic;

/// `8.0.36-0ubuntu0.22.04.1`, `5.5.5-10.11.6-MariaDB-log`, `8.0.35-27` of Percona.
pub(in super::super) fn read_mysql(text: &str) -> Body {
    let lower = text.to_ascii_lowercase();
    let flavor = if lower.contains("mariadb") {
        "MariaDB"
    } else if lower.contains("percona") {
        "Percona"
    } else {
        "MySQL"
    };
    // MariaDB pretends to be 5.5.5 to old clients and says its own version behind it.
    let own = text
        .strip_prefix("5.5.5-")
        .filter(|rest| flavor == "MariaDB" && generic::split(rest).is_some());
    match generic::read(own.unwrap_or(text)) {
        Body::Version(mut version) => {
            version.detail = Detail::Flavor(flavor);
            Body::Version(version)
        }
        other => other,
    }
}

/// `16.4`, `17beta1`, `PostgreSQL 16.4 (Debian 16.4-1.pgdg120+1) on x86_64-pc-linux-gnu, …`.
pub(in super::super) fn read_postgresql(text: &str) -> Body {
    let named =
        text.strip_prefix("PostgreSQL ").or_else(|| Some(text.split_once(" (PostgreSQL) ")?.1));
    let word =
        named.unwrap_or(text).split_whitespace().next().unwrap_or_default().trim_end_matches(',');
    generic::read(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(body: Body) -> Option<String> {
        let Body::Version(version) = body else { return None };
        let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
        Some(numbers.join("."))
    }

    #[test]
    fn databases_say_their_version_in_sentences() {
        assert_eq!(numbers(read_postgresql("psql (PostgreSQL) 16.4")).as_deref(), Some("16.4"));
        assert_eq!(
            numbers(read_postgresql("PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc"))
                .as_deref(),
            Some("16.4")
        );
        assert_eq!(numbers(read_mysql("5.5.5-10.11.6-MariaDB-log")).as_deref(), Some("10.11.6"));
    }
}
