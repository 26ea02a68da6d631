//! What a profile says of a Redis target.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::config::{TlsConfig, check_tls};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// A server that answers Redis INFO: Redis, Valkey and their kin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RedisConfig {
    /// Name of the target; `cache` is compared as the component `redis/cache`, whatever the product.
    pub name: Located<String>,
    /// `redis://host:6379`, or `rediss://` for TLS; without user name and password.
    pub url: Located<String>,
    /// ACL user; without one a password is the default user's.
    #[serde(default)]
    pub username: Option<String>,
    /// `${env:NAME}` or `${file:PATH}`.
    #[serde(default, deserialize_with = "crate::wire::secret::given")]
    pub password: Option<SecretReference>,
    /// Certificates, for `rediss://`.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// File to use when the live target cannot be reached: evidence, or the text of INFO.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 5s).
    #[serde(default)]
    pub deadline: Option<DurationText>,
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl RedisConfig {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.address().err().into_iter().collect();
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        if self.username.is_some() && self.password.is_none() {
            let advice = "add password: ${env:NAME}, or leave the user name out";
            problems.push(Problem::at(&self.name, "a user name without a password", advice));
        }
        if self.tls.is_some() && self.address().is_ok_and(|a| !a.tls) {
            problems.push(Problem::at(&self.url, "tls is given, but the URL is redis://", "write rediss://"));
        }
        problems
    }

    /// Reads the URL. Its text never goes into the message: a password may be in it.
    pub(super) fn address(&self) -> Result<Address, Problem> {
        const SHAPE: &str = "write redis://host:6379 or rediss://host:6379";
        let wrong = |message: &str, advice: &str| Problem::at(&self.url, message, advice);
        let url = Url::parse(&self.url).map_err(|_| wrong("this is no URL", SHAPE))?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(wrong("the URL is neither redis:// nor rediss://", SHAPE)),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the URL holds a user name or password",
                "move them to username: and password: ${env:NAME}",
            ));
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("the URL names no host", SHAPE))?;
        if url.query().is_some() || !matches!(url.path(), "" | "/") {
            return Err(wrong(
                "the URL says more than host and port",
                "leave path and query out: INFO is not of one database",
            ));
        }
        Ok(Address { host: host.to_owned(), port: url.port().unwrap_or(6379), tls })
    }
}
