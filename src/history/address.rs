//! The URL of a PostgreSQL database: `postgres://user@host:5432/database?sslmode=verify-full`. Pure.
//!
//! A password in it is a secret: what is wrong with a URL is told without any of its text.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::error::HistoryError;
use crate::model::Secret;

/// How such URLs begin.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a database is, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct PostgresAddress {
    pub(super) server: Server,
    pub(super) database: Option<String>,
    #[cfg_attr(
        not(any(feature = "postgres", test)),
        expect(dead_code, reason = "only a build with PostgreSQL connects")
    )]
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// A socket of this machine: the folder that it is in, and the port that it is named by.
    Socket(PathBuf, u16),
    /// Over the network.
    Tcp { host: String, port: u16, tls: Tls },
}

/// Whether the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    Off,
    /// Always verified: by an authority of one's own, or by those of the system.
    On(Option<PathBuf>),
}

impl PostgresAddress {
    /// Whether a text is meant as such a URL.
    pub fn is_url(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// If it is none, or asks for what cannot be had.
    pub fn parse(text: &str) -> Result<Self, HistoryError> {
        if !Self::is_url(text) {
            return Err(wrong_url("it does not begin with postgres://"));
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => wrong_url("its port is no number up to 65535"),
            url::ParseError::EmptyHost => wrong_url("it names a user and no host"),
            _ => {
                wrong_url("it is not well formed: write @, / and % in user and password as %40, …")
            }
        })?;
        let mut wanted = Wanted::default();
        for (name, value) in url.query_pairs() {
            wanted.take_option(&name, &value)?;
        }
        let database = percent_decode(url.path().trim_start_matches('/'))?;
        Ok(Self {
            server: wanted.into_server(url.host_str().unwrap_or_default(), url.port())?,
            database: Some(database).filter(|name| !name.is_empty()),
            user: Some(percent_decode(url.username())?).filter(|name| !name.is_empty()),
            password: url.password().map(percent_decode).transpose()?.map(Secret::new),
        })
    }

    /// Whether the URL holds a password.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The same with this password, unless it has one.
    #[must_use]
    pub fn or_password(mut self, password: Option<Secret>) -> Self {
        self.password = self.password.or(password);
        self
    }

    /// The file with the authority that must have signed the server's certificate.
    pub fn authority(&self) -> Option<&std::path::Path> {
        match &self.server {
            Server::Tcp { tls: Tls::On(path), .. } => path.as_deref(),
            _ => None,
        }
    }
}

/// Without user and password.
impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Socket(folder, _) => write!(f, "postgres://{}", folder.display())?,
            Server::Tcp { host, port, .. } => write!(f, "postgres://{host}:{port}")?,
        }
        self.database.iter().try_for_each(|database| write!(f, "/{database}"))
    }
}

/// What stands behind the `?`.
#[derive(Default)]
struct Wanted {
    folder: Option<PathBuf>,
    mode: Option<bool>,
    authority: Option<PathBuf>,
}

impl Wanted {
    fn take_option(&mut self, name: &str, value: &str) -> Result<(), HistoryError> {
        match (name, value) {
            ("sslmode", "disable") => self.mode = Some(false),
            ("sslmode", "require" | "verify-ca" | "verify-full") => self.mode = Some(true),
            ("sslmode", _) => {
                return Err(wrong_url(
                    "its sslmode is neither disable nor verify-full: who encrypts only if the \
                     server likes to is not encrypted",
                ));
            }
            ("sslrootcert", path) if !path.is_empty() => self.authority = Some(path.into()),
            ("host", path) if path.starts_with('/') => self.folder = Some(path.into()),
            ("password", _) => {
                return Err(wrong_url("its password belongs between user and host"));
            }
            _ => {
                return Err(wrong_url(
                    "behind the ? only sslmode, sslrootcert and host=/folder/of/the/socket are \
                     understood",
                ));
            }
        }
        Ok(())
    }

    fn into_server(self, host: &str, port: Option<u16>) -> Result<Server, HistoryError> {
        let port = port.unwrap_or(5_432);
        if let Some(folder) = self.folder {
            return Ok(Server::Socket(folder, port));
        }
        // As in `postgres://%2Frun%2Fpostgresql/database`.
        let host = percent_decode(host)?;
        if host.starts_with('/') {
            return Ok(Server::Socket(host.into(), port));
        }
        if host.is_empty() {
            return Err(wrong_url("it names no host"));
        }
        let is_on = self.mode.unwrap_or(self.authority.is_some() || !is_local(&host));
        let tls = if is_on { Tls::On(self.authority) } else { Tls::Off };
        Ok(Server::Tcp { host, port, tls })
    }
}

/// Whether nobody else can listen in between.
fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    bare == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// `%40` is `@`.
fn percent_decode(text: &str) -> Result<String, HistoryError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<u32> =
            rest.by_ref().take(2).filter_map(|digit| char::from(digit).to_digit(16)).collect();
        let [high, low] = digits.as_slice() else {
            return Err(wrong_url("two hex digits must follow each %: a % itself is %25"));
        };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(wrong_url("what it says by % is no text")),
    }
}

fn wrong_url(what: &str) -> HistoryError {
    HistoryError::Server {
        what: format!("the URL cannot be used: {what}"),
        advice: "write postgres://user@host:5432/database, or with the password in it \
                 ${env:NAME} for a variable that holds the URL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        PostgresAddress::parse(text).unwrap().server
    }

    #[test]
    fn a_url_says_where_as_whom_and_whether_it_is_encrypted() {
        let found = PostgresAddress::parse("postgres://ops%40x:a%2Fb%25@db.example/past").unwrap();
        assert_eq!(found.user.as_deref(), Some("ops@x"));
        assert_eq!(found.password.as_ref().map(Secret::expose), Some("a/b%"));
        assert_eq!(found.database.as_deref(), Some("past"));
        assert_eq!(found.to_string(), "postgres://db.example:5432/past");
        let tcp = |host: &str, port, tls| Server::Tcp { host: host.to_owned(), port, tls };
        assert_eq!(found.server, tcp("db.example", 5_432, Tls::On(None)));
        assert_eq!(server("postgresql://127.0.0.1:77/x"), tcp("127.0.0.1", 77, Tls::Off));
        assert_eq!(server("postgres://[::1]/x"), tcp("[::1]", 5_432, Tls::Off));
        let full = "postgres://localhost/x?sslmode=verify-full&sslrootcert=ca.pem";
        assert_eq!(server(full), tcp("localhost", 5_432, Tls::On(Some("ca.pem".into()))));
        assert_eq!(server("postgres://db/x?sslmode=disable"), tcp("db", 5_432, Tls::Off));
        let socket = Server::Socket("/run/postgresql".into(), 5_432);
        assert_eq!(server("postgres:///x?host=/run/postgresql"), socket);
        assert_eq!(server("postgres://%2Frun%2Fpostgresql/x"), socket);
    }

    #[test]
    fn what_is_wrong_is_told_without_the_text() {
        for text in [
            "mysql://u:hunter2@db/x",
            "postgres://u:hunter2@db:port/x",
            "postgres://u:hunter2@/x",
            "postgres://u:hunter2%@db/x",
            "postgres://u:hunter2%ff@db/x",
            "postgres://u:hunter2@db/x?sslmode=prefer",
            "postgres://u@db/x?password=hunter2",
            "postgres://u:hunter2@db/x?options=-c%20x",
            "postgres:///x",
        ] {
            let error = PostgresAddress::parse(text).unwrap_err();
            let told = format!("{error} {error:?} {}", error.advice());
            assert!(!told.contains("hunter2"), "{told}");
        }
        let found = PostgresAddress::parse("postgres://u:hunter2@db/x").unwrap();
        assert!(!format!("{found:?} {found}").contains("hunter2"));
    }
}
