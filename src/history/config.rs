//! `history:` in the file of kind `Audit`: where what was seen is kept.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::wire::problem::Problem;
use crate::wire::secret::{self, SecretReference};
use crate::wire::yaml::Located;

/// Where what was seen is kept: a file, or a database where several machines write.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryConfig {
    /// A file of SQLite, relative to the folder of the profiles: `envparity.db`.
    #[serde(default)]
    pub path: Option<Located<String>>,
    /// The URL of a PostgreSQL database: `${env:DSN}`.
    #[serde(default, deserialize_with = "secret::deserialize_given")]
    #[schemars(with = "Option<SecretReference>")]
    pub postgres: Option<SecretReference>,
}

/// Whether a file of that name would be taken for a profile among them.
pub fn is_yaml(path: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending))
}

impl HistoryConfig {
    /// What is wrong with it.
    pub fn check(config: &Located<Self>) -> Vec<Problem> {
        const ONE: &str = "write history: {path: envparity.db}, or {postgres: \"${env:DSN}\"}";
        match (&config.path, &config.postgres) {
            (Some(_), Some(_)) => {
                vec![Problem::at(config, "there are two histories: only one can be written", ONE)]
            }
            (None, None) => vec![Problem::at(config, "history: does not say where it is", ONE)],
            (Some(path), None) if path.trim().is_empty() => {
                vec![Problem::at(path, "the path of the history is empty", ONE)]
            }
            (Some(path), None) if path.contains("://") => {
                let message = "the path of the history is a URL";
                vec![Problem::at(path, message, "write postgres: \"${env:DSN}\" for a database")]
            }
            (Some(path), None) if is_yaml(path) => {
                let message = "the path of the history ends as profiles do";
                vec![Problem::at(path, message, "name a file that ends with .db")]
            }
            _ => Vec::new(),
        }
    }
}
