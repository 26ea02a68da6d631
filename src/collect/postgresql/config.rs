//! What a profile says of a PostgreSQL database.

use core::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::io::config::{TlsConfig, check_tls};
use crate::collect::target::TargetConfig;
use crate::model::{
    CollectorKind, CollectorPart, Facts, Holds, IdentityField, Occurs, SETTINGS_PART,
};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use crate::wire::yaml::Located;

/// Version and product.
pub(super) const SERVER: &str = "server";
/// Which server it is, and whether it replicates another.
pub(super) const IDENTITY: &str = "identity";
/// The extensions of the database.
pub(super) const EXTENSIONS: &str = "extensions";

/// Name of the field that tells one running server from others.
pub(super) const INSTANCE: &str = "instance";

/// A PostgreSQL database: version, extensions, some settings, and which server it is. Each is asked
/// for in a read-only transaction; any role that may log in is enough.
/// `{name: orders, url: "postgres://db.internal:5432/orders", username: auditor, password: "${env:PGPASSWORD}"}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PostgresqlConfig {
    /// Name of the target; `orders` is compared as the component `postgresql/orders`.
    pub name: Located<String>,
    /// `postgres://host:5432/database`, without user name and password. The connection is by TLS,
    /// and the certificate is checked, unless the host is this machine or the URL says
    /// `?sslmode=disable`.
    pub url: Located<String>,
    /// The role.
    pub username: Located<String>,
    /// `${env:NAME}` or `${file:PATH}`.
    #[serde(default, deserialize_with = "crate::wire::secret::given")]
    pub password: Option<SecretReference>,
    /// Certificates. Their presence says that the server speaks TLS.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// What is read (default: all). Leave out what the role may not read: shown, not incomplete.
    #[serde(default)]
    pub read: Option<Vec<PostgresqlPart>>,
    /// File to use when it cannot be reached: evidence.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 10s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// What of a server is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostgresqlPart {
    /// Version and product.
    Server,
    /// Which server it is: system identifier, start, and whether it is in recovery.
    Identity,
    /// Extensions of the database.
    Extensions,
    /// Settings that have to be alike: never sizes.
    Settings,
}

impl PostgresqlPart {
    /// In the order in which they are asked for.
    pub(super) const ALL: [Self; 4] =
        [Self::Server, Self::Identity, Self::Extensions, Self::Settings];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => SERVER,
            Self::Identity => IDENTITY,
            Self::Extensions => EXTENSIONS,
            Self::Settings => SETTINGS_PART,
        }
    }
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostgresqlAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) tls: bool,
}

impl PostgresqlAddress {
    /// As shown to people.
    pub(super) fn shown(&self) -> String {
        format!("postgres://{}:{}/{}", self.host, self.port, self.database)
    }
}

impl PostgresqlConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "postgresql",
        noun: "postgresql target",
        facts: Facts::Version,
        parts: &[
            CollectorPart { name: SERVER, occurs: Occurs::Always, holds: &[Holds::Itself] },
            CollectorPart { name: IDENTITY, occurs: Occurs::Always, holds: &[] },
            CollectorPart { name: EXTENSIONS, occurs: Occurs::Always, holds: &[Holds::OfItself] },
            CollectorPart { name: SETTINGS_PART, occurs: Occurs::Always, holds: &[] },
        ],
        is_service: true,
        jointly: &[],
        identity: Some(IdentityField { field: INSTANCE, noun: "PostgreSQL server" }),
        groups: &[],
        products: &[],
        deadline: Duration::from_secs(10),
        clashes_with_files: false,
    };

    /// Reads the URL. Its text never goes into the message: a password may be in it.
    pub(super) fn address(&self) -> Result<PostgresqlAddress, Problem> {
        const SHAPE: &str = "write postgres://host:5432/database";
        let wrong = |message: &str, advice: &str| Problem::at(&self.url, message, advice);
        let url = Url::parse(&self.url).map_err(|_| wrong("invalid URL", SHAPE))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(wrong("the URL does not begin with postgres://", SHAPE));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let advice = "write username: and password: ${env:NAME} beside it";
            return Err(wrong("the URL holds a user name or password", advice));
        }
        let host = url.host_str().filter(|host| !host.is_empty() && !host.contains('%'));
        let host = host.ok_or_else(|| wrong("the URL names no host", SHAPE))?;
        let database = url.path().trim_start_matches('/');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
        if database.is_empty() || !database.chars().all(fits) || url.fragment().is_some() {
            return Err(wrong("the URL names no database", SHAPE));
        }
        let mode = match url.query() {
            None => None,
            Some("sslmode=disable") => Some(false),
            Some("sslmode=verify-full") => Some(true),
            Some(_) => {
                let advice = "write ?sslmode=disable where nobody listens in between; else TLS is \
                    used, and the certificate checked";
                return Err(wrong("the URL has more than host, port and database", advice));
            }
        };
        if mode == Some(false) && self.tls.is_some() {
            let advice = "remove one of them";
            return Err(wrong("tls is given, but the URL says sslmode=disable", advice));
        }
        Ok(PostgresqlAddress {
            host: host.to_owned(),
            port: url.port().unwrap_or(5432),
            database: database.to_owned(),
            tls: mode.unwrap_or(self.tls.is_some() || !is_local(host)),
        })
    }

    /// Whether that part is read.
    pub(super) fn reads_part(&self, part: PostgresqlPart) -> bool {
        self.read.as_ref().is_none_or(|parts| parts.contains(&part))
    }
}

/// Whether nobody else can listen in between.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    bare == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl TargetConfig for PostgresqlConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn deadline(&self) -> Option<DurationText> {
        self.deadline
    }

    fn secrets(&self) -> Vec<&SecretReference> {
        self.password.iter().collect()
    }

    fn grant(&self, part: Option<&str>) -> Option<String> {
        let role = self.username.replace('"', "\"\"");
        Some(match part {
            Some(IDENTITY) => {
                format!("GRANT EXECUTE ON FUNCTION pg_control_system() TO \"{role}\";")
            }
            Some(_) => return None,
            None => format!(
                "CREATE ROLE \"{role}\" LOGIN PASSWORD 'SECRET'; GRANT CONNECT ON DATABASE {} TO \
                 \"{role}\";",
                self.address().map_or_else(|_| "…".to_owned(), |address| address.database)
            ),
        })
    }

    fn tls(&self) -> Vec<&TlsConfig> {
        self.tls.iter().collect()
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.address().err().into_iter().collect();
        if self.username.trim().is_empty() || self.username.contains('\0') {
            let advice = "name the role: GRANT CONNECT ON DATABASE … TO auditor";
            problems.push(Problem::at(&self.username, "username: is empty", advice));
        }
        if !self.reads_part(PostgresqlPart::Server) {
            let message = "read: leaves out server, and with it the version";
            problems.push(Problem::at(&self.name, message, "add server"));
        }
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    fn config(text: &str) -> PostgresqlConfig {
        yaml::read(&format!("name: orders\nusername: auditor\n{text}"), Origin::Person).unwrap()
    }

    #[test]
    fn tls_is_off_on_this_machine_alone_or_by_name() {
        for (text, tls) in [
            ("url: postgres://db/orders", true),
            ("url: postgresql://db:77/orders\ntls: {ca: ca.pem}", true),
            ("url: postgres://127.0.0.1/x", false),
            ("url: 'postgres://[::1]/x'", false),
            ("url: postgres://localhost/x\ntls: {}", true),
            ("url: postgres://localhost/x?sslmode=verify-full", true),
            ("url: postgres://db/x?sslmode=disable", false),
        ] {
            assert_eq!(config(text).check().len(), 0, "{text}");
            assert_eq!(config(text).address().unwrap().tls, tls, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_text() {
        for (text, told) in [
            ("url: db", "invalid URL"),
            ("url: mysql://db/x", "does not begin with postgres://"),
            ("url: postgres://u:hunter2@db/x", "user name or password"),
            ("url: postgres:///x", "no host"),
            ("url: postgres://db", "no database"),
            ("url: postgres://db/x?sslmode=prefer", "more than host"),
            ("url: postgres://db/x?password=hunter2", "more than host"),
            ("url: postgres://db/x?sslmode=disable\ntls: {}", "sslmode=disable"),
            ("url: postgres://db/x\ntls: {cert: c}", "without its key"),
            ("url: postgres://db/x\nread: [settings]", "leaves out server"),
        ] {
            let problems = config(text).check();
            let [one] = &problems[..] else { panic!("{text}: {problems:?}") };
            assert!(one.message.contains(told), "{text}: {one:?}");
            assert!(!one.message.contains("hunter2"), "{text}: {one:?}");
        }
    }
}
