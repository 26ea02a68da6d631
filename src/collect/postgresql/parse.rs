//! What the rows of a PostgreSQL server say. Pure.

use crate::collect::expression::checked_version;
use crate::collect::texts::MAX_FACT;
use crate::model::{Failure, FailureKind, Field};

use super::config::{INSTANCE, PostgresqlPart};

/// Extensions of one database, or settings: real ones have some dozens.
const MAX_ROWS: usize = 1_000;

/// Settings that have to be alike; never sizes, which differ between environments on purpose.
const SETTINGS: &str = "'DateStyle', 'TimeZone', 'data_checksums', 'default_transaction_isolation', \
    'password_encryption', 'server_encoding', 'ssl', 'standard_conforming_strings', \
    'synchronous_commit', 'wal_level'";

/// One row: its columns as text.
pub(super) type TextRow = Vec<Option<String>>;

/// The one statement that asks for a part.
pub(super) fn question(part: PostgresqlPart) -> String {
    match part {
        PostgresqlPart::Server => {
            "SELECT pg_catalog.version(), pg_catalog.current_setting('server_version')".to_owned()
        }
        PostgresqlPart::Identity => "SELECT system_identifier, pg_catalog.date_part('epoch', \
             pg_catalog.pg_postmaster_start_time()), pg_catalog.pg_is_in_recovery() \
             FROM pg_catalog.pg_control_system()"
            .to_owned(),
        PostgresqlPart::Extensions => {
            "SELECT extname, extversion FROM pg_catalog.pg_extension ORDER BY extname".to_owned()
        }
        PostgresqlPart::Settings => format!(
            "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ({SETTINGS}) \
             ORDER BY name"
        ),
    }
}

/// The facts in the answer.
pub(super) fn facts(part: PostgresqlPart, rows: &[TextRow]) -> Result<Vec<Field>, Failure> {
    match part {
        PostgresqlPart::Server => server(rows),
        PostgresqlPart::Identity => identity(rows),
        PostgresqlPart::Extensions => named(rows, "extension"),
        PostgresqlPart::Settings => named(rows, "setting"),
    }
}

fn strange(what: &str) -> Failure {
    Failure::new(FailureKind::Protocol, format!("the server's answer {what}"))
        .advise("find out what answers there: no PostgreSQL server says this")
}

fn texts<const N: usize>(row: &TextRow) -> Result<[&str; N], Failure> {
    let texts: Option<Vec<&str>> = row.iter().map(|text| text.as_deref()).collect();
    let texts = texts.and_then(|texts| <[&str; N]>::try_from(texts).ok());
    let texts = texts.ok_or_else(|| strange("has other columns than were asked for"))?;
    if texts.iter().any(|text| text.len() > MAX_FACT || text.chars().any(char::is_control)) {
        return Err(strange("holds a text that is longer than any, or no line"));
    }
    Ok(texts)
}

fn server(rows: &[TextRow]) -> Result<Vec<Field>, Failure> {
    let [row] = rows else { return Err(strange("tells no version")) };
    let [own, setting] = texts(row)?;
    let (product, version) = product_of(own, setting);
    let version = checked_version(version, "the server's answer", "declare the fact instead")?;
    Ok(vec![Field::of_target("product", product), Field::of_target("version", version)])
}

/// Products that speak the protocol and are not PostgreSQL: what `version()` says of them, and the
/// word before their own version.
const RELATIVES: [(&str, &str, &str); 5] = [
    ("CockroachDB", "cockroachdb", " v"),
    ("Redshift", "redshift", "Redshift "),
    ("-YB-", "yugabytedb", "-YB-"),
    ("Greenplum", "greenplum", "Greenplum Database "),
    ("EnterpriseDB", "edb-postgres", "EnterpriseDB "),
];

/// The product and the text of its version: one that imitates PostgreSQL is itself, in a version
/// that nobody knows if it does not tell it.
fn product_of<'t>(own: &'t str, setting: &'t str) -> (String, &'t str) {
    for (mark, product, before) in RELATIVES {
        if own.contains(mark) {
            let behind = own.split_once(before).map_or("", |(_, rest)| rest);
            let version = behind.split([' ', ',', ')']).next().unwrap_or_default();
            return (product.to_owned(), version);
        }
    }
    match own.split_once(' ') {
        // Behind it may stand how a distribution has packed it: 15.4 (Debian 15.4-1).
        Some(("PostgreSQL", _)) => {
            ("postgresql".to_owned(), setting.split(' ').next().unwrap_or_default())
        }
        Some((first, rest)) => {
            (first.to_lowercase(), rest.split([' ', ',']).next().unwrap_or_default())
        }
        None => (own.to_lowercase(), ""),
    }
}

fn identity(rows: &[TextRow]) -> Result<Vec<Field>, Failure> {
    let [row] = rows else { return Err(strange("tells no identity")) };
    let [system, start, recovery] = texts(row)?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(system) || !matches!(recovery, "t" | "f") || start.parse::<f64>().is_err() {
        return Err(strange("tells an identity that is none"));
    }
    Ok(vec![
        Field::of_target(INSTANCE, format!("{system}@{start}")),
        Field::of_target("system_identifier", system),
        Field::of_target("in_recovery", if recovery == "t" { "true" } else { "false" }),
    ])
}

fn named(rows: &[TextRow], what: &str) -> Result<Vec<Field>, Failure> {
    if rows.len() > MAX_ROWS {
        let message = format!("the database has more than {MAX_ROWS} {what}s");
        return Err(Failure::new(FailureKind::TooLarge, message));
    }
    let mut fields = Vec::with_capacity(rows.len());
    for row in rows {
        let [name, value] = texts(row)?;
        if name.is_empty() || name.contains('/') {
            return Err(strange("holds a name that is none"));
        }
        fields.push(Field::of_target(format!("{what}/{name}"), value));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(texts: &[&str]) -> TextRow {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn a_relative_is_itself() {
        for (own, setting, product, version) in [
            (
                "PostgreSQL 15.4 (Debian 15.4-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc",
                "15.4 (Debian 15.4-1.pgdg120+1)",
                "postgresql",
                "15.4",
            ),
            ("PostgreSQL 17beta2 on aarch64", "17beta2", "postgresql", "17beta2"),
            (
                "CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27)",
                "13.0.0",
                "cockroachdb",
                "23.1.11",
            ),
            (
                "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.63269",
                "8.0.2",
                "redshift",
                "1.0.63269",
            ),
            (
                "PostgreSQL 11.2-YB-2.18.3.0-b0 on x86_64",
                "11.2-YB-2.18.3.0-b0",
                "yugabytedb",
                "2.18.3.0-b0",
            ),
            (
                "PostgreSQL 9.4.26 (Greenplum Database 6.25.3 build commit:367edc6)",
                "9.4.26",
                "greenplum",
                "6.25.3",
            ),
            ("QuestDB 7.3 x", "7.3", "questdb", "7.3"),
        ] {
            let fields = server(&[row(&[own, setting])]).unwrap();
            let values: Vec<&str> = fields.iter().map(|field| field.value.as_str()).collect();
            assert_eq!(values, [product, version], "{own}");
        }
        assert!(server(&[row(&["CockroachDB", "13.0.0"])]).is_err());
    }

    #[test]
    fn mutated_rows_of_postgresql() {
        use crate::mutation::{MUTATIONS, attacks, enter};
        let seeds = [
            "PostgreSQL 15.4 on x86_64|15.4",
            "7312345678901234567|1700000000.123456|f",
            "plpgsql|1.0\npg_stat_statements|1.10",
            "wal_level|replica\nssl|on",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let entry = |data: &[u8]| {
            let text = String::from_utf8_lossy(data);
            let rows: Vec<TextRow> =
                text.lines().map(|line| row(&line.split('|').collect::<Vec<_>>())).collect();
            for part in PostgresqlPart::ALL {
                for field in facts(part, &rows).into_iter().flatten() {
                    assert!(field.value.len() <= 2 * MAX_FACT, "{field:?}");
                    assert!(!field.value.chars().any(char::is_control), "{field:?}");
                }
            }
        };
        enter(entry, &seeds, MUTATIONS);
    }

    #[test]
    fn nothing_but_reading_is_asked() {
        for part in PostgresqlPart::ALL {
            let question = question(part);
            assert!(question.starts_with("SELECT ") && !question.contains(';'), "{question}");
        }
    }
}
