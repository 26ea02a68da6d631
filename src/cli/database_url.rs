//! The URL of a history in PostgreSQL: as a flag or a profile names it, and who must not see it.

use std::fmt;
use std::path::Path;

use anyhow::anyhow;

use super::inputs::Inputs;
use super::secret::look_up_secret;
use crate::history::{HistoryError, PostgresAddress, Store};
use crate::model::Secret;
use crate::report::escape::terminal;
use crate::wire::secret::SecretReference;

/// Holds the password of a URL that has none.
const PASSWORD: &str = "PGPASSWORD";

/// Where a database is, or what knows it.
#[derive(Clone, Debug)]
pub(super) enum DatabaseUrl {
    /// Without a password.
    Given(PostgresAddress),
    /// It may hold a password.
    Reference(SecretReference),
}

impl DatabaseUrl {
    /// Of `--history`; `None` if that names a file. Others can read the arguments of a program, so
    /// that a password has no place there.
    pub(super) fn of_flag(text: &str) -> anyhow::Result<Option<Self>> {
        if let Some(reference) = SecretReference::parse(text) {
            return Ok(Some(Self::Reference(reference)));
        }
        if !PostgresAddress::is_url(text) {
            // What is meant as one is not shown: a password may stand in it.
            if text.contains("://") || text.contains("password=") || text.contains("host=") {
                return Err(anyhow!(
                    "--history is neither a path nor a URL that begins with postgres://"
                ));
            }
            return Ok(None);
        }
        let address = PostgresAddress::parse(text)
            .map_err(|error| anyhow!("--history: {error}\n  help: {}", error.advice()))?;
        if address.has_password() {
            return Err(anyhow!(
                "--history {address}: a password stands in it, and others can read the arguments \
                 of a program\n  help: leave it out and set {PASSWORD}, or set a variable to the \
                 whole URL and write --history '${{env:NAME}}'"
            ));
        }
        Ok(Some(Self::Given(address)))
    }

    /// Of `history:` in the profiles, to whose folder a path is relative.
    pub(super) fn of_profile(reference: &SecretReference, folder: &Path) -> Self {
        Self::Reference(reference.relative_to(folder))
    }

    /// Keeps outputs away from the files by which it is reached.
    pub(super) fn protect(&self, inputs: &mut Inputs) {
        if let Self::Reference(SecretReference::File(path)) = self {
            inputs.add(path, "read by the history");
        }
        if let Ok(address) = self.address()
            && let Some(path) = address.authority()
        {
            inputs.add(path, "read by the history");
        }
    }

    /// Opens the history there; an empty database becomes one if `create` says so.
    pub(super) fn open(&self, create: bool) -> Result<Store, HistoryError> {
        open(&self.address()?, create)
    }

    fn address(&self) -> Result<PostgresAddress, HistoryError> {
        let password = || std::env::var(PASSWORD).ok().filter(|password| !password.is_empty());
        let address = match self {
            Self::Given(address) => address.clone(),
            Self::Reference(reference) => PostgresAddress::parse(url_of(reference)?.expose())?,
        };
        Ok(address.or_password(password().map(Secret::new)))
    }
}

/// What the URL is called, which is not a secret.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(address) => f.write_str(&terminal(&address.to_string())),
            Self::Reference(reference) => f.write_str(&terminal(&format!("{reference:?}"))),
        }
    }
}

fn url_of(reference: &SecretReference) -> Result<Secret, HistoryError> {
    look_up_secret(reference).map_err(|what| HistoryError::Server {
        what,
        advice: "set it to postgres://user:password@host:5432/database",
    })
}

#[cfg(feature = "postgres")]
fn open(address: &PostgresAddress, create: bool) -> Result<Store, HistoryError> {
    Store::open_postgres(address, crate::history::PostgresOptions::default(), create)
}

#[cfg(not(feature = "postgres"))]
fn open(_: &PostgresAddress, _: bool) -> Result<Store, HistoryError> {
    let told = "this build cannot keep a history in PostgreSQL";
    Err(HistoryError::Unsupported(told.to_owned()))
}
