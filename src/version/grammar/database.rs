//! Databases that say more than a version: MySQL and its kin, PostgreSQL.

use super::super::reading::{Body, Detail, Version};
use super::generic;

const MYSQL: &str = "MySQL";
const MARIADB: &str = "MariaDB";
const PERCONA: &str = "Percona";
pub(in super::super) const FLAVOURS: &[&str] = &[MYSQL, MARIADB, PERCONA];

/// What Amazon writes between MySQL's version and Aurora's.
const AURORA: &str = ".mysql_aurora.";

/// `8.0.36-0ubuntu0.22.04.1`, `5.5.5-10.11.6-MariaDB-log`, `8.0.35-27` of Percona,
/// `8.0.mysql_aurora.3.05.2`, `mysqld  Ver 8.0.36 for Linux`.
pub(in super::super) fn read_mysql(text: &str) -> Body {
    let lower = text.to_ascii_lowercase();
    let word = version_word(text);
    // MariaDB pretends to be 5.5.5 to old clients and says its own version behind it.
    let own = word.strip_prefix("5.5.5-").filter(|rest| {
        let first =
            generic::split_version(rest).and_then(|(version, _)| version.release[0].to_u64());
        lower.contains("mariadb") && first.is_some() || first.is_some_and(|first| first >= 10)
    });
    let flavor = if own.is_some() || lower.contains("mariadb") {
        MARIADB
    } else if lower.contains("percona") {
        PERCONA
    } else {
        MYSQL
    };
    // The binary log is a setting.
    let word = own.unwrap_or(word);
    let word = word.strip_suffix("-log").unwrap_or(word);
    let (word, service) = word.split_once(AURORA).unwrap_or((word, ""));
    let Body::Version(mut version) = generic::read_generic(word) else { return Body::Opaque };
    if !service.is_empty() {
        let Some((numbers, tail)) = generic::leading_numbers(service) else { return Body::Opaque };
        version.more_mut().service = numbers;
        version.packaging = format!("mysql_aurora.{service}");
        tail.trim_start_matches(['-', '.', '_']).clone_into(&mut version.variant);
    }
    // It is said once, in the flavor.
    let others = version.packaging.split('-').filter(|part| !part.eq_ignore_ascii_case(flavor));
    version.packaging = others.collect::<Vec<_>>().join("-");
    if version.detail == Detail::None {
        version.detail = Detail::Flavor(flavor);
    }
    Body::Version(version)
}

/// What stands behind `Distrib` or `Ver` where a program says its version in a sentence.
fn version_word(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text;
    }
    let behind = |word: &str| Some(text.split_once(word)?.1.trim_start());
    let found = behind("Distrib ").or_else(|| behind("Ver "));
    let end = |text: &str| text.find([' ', ',']).unwrap_or(text.len());
    found.map_or(text, |rest| &rest[..end(rest)])
}

/// `16.4`, `17beta1`, `16.4-R1` of RDS, `160004` of `server_version_num`,
/// `PostgreSQL 16.4 (Debian 16.4-1.pgdg120+1) on x86_64-pc-linux-gnu, …`.
pub(in super::super) fn read_postgresql(text: &str) -> Body {
    let named =
        text.strip_prefix("PostgreSQL ").or_else(|| Some(text.split_once(" (PostgreSQL) ")?.1));
    let word =
        named.unwrap_or(text).split_whitespace().next().unwrap_or_default().trim_end_matches(',');
    match word.parse::<u64>() {
        // Two digits for each of three numbers, and since 10 four for the second of two.
        Ok(number @ 80_000..1_000_000) if word.len() < 7 => {
            let release = if number < 100_000 {
                vec![number / 10_000, number / 100 % 100, number % 100]
            } else {
                vec![number / 10_000, number % 10_000]
            };
            let release = release.into_iter().map(Into::into).collect();
            Body::Version(Version { release, ..Version::default() })
        }
        _ => generic::read_generic(word),
    }
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
