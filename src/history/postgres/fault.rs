//! What an error of PostgreSQL's is to us: in our words, with what to do, and without any secret.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio_postgres::error::{DbError, SqlState};

use super::super::address::{PostgresAddress, Server, Tls};
use super::super::error::HistoryError;
use super::options::PostgresOptions;
use super::stream::TooMuch;

/// Tells of errors of one database.
pub(super) struct Faults<'a> {
    pub(super) address: &'a PostgresAddress,
    pub(super) options: PostgresOptions,
}

/// The longest text of a server that is repeated.
const LONGEST: usize = 300;

/// The server, or somebody there, has ended the connection.
const ENDED: &[SqlState] = &[
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
];

/// Something of the history is not there, or cannot be read.
const DAMAGED: &[SqlState] = &[
    SqlState::UNDEFINED_TABLE,
    SqlState::UNDEFINED_COLUMN,
    SqlState::DATA_CORRUPTED,
    SqlState::INDEX_CORRUPTED,
];

fn server_fault(what: String, advice: &'static str) -> HistoryError {
    HistoryError::Server { what, advice }
}

impl Faults<'_> {
    pub(super) fn ended_fault() -> HistoryError {
        server_fault(
            "the connection to the database ended".to_owned(),
            "see the server's log: it was stopped, or the connection was ended there; what was \
             not committed is not kept",
        )
    }

    pub(super) fn silent_fault(&self, limit: Duration) -> HistoryError {
        let address = self.address;
        server_fault(
            format!("{address} gave no answer within {} s", limit.as_secs()),
            "check that the server runs and that no firewall is in between",
        )
    }

    /// The socket could not be opened.
    pub(super) fn unreached_fault(&self, error: &io::Error) -> HistoryError {
        let address = self.address;
        match error.kind() {
            ErrorKind::ConnectionRefused => server_fault(
                format!("{address} refused the connection"),
                "check that the server runs, listens there (listen_addresses), and the port",
            ),
            ErrorKind::NotFound => server_fault(
                format!("there is no socket of a server in {address}"),
                "check that the server runs, and unix_socket_directories",
            ),
            ErrorKind::PermissionDenied => server_fault(
                format!("the socket of {address} may not be opened"),
                "give the user that runs envparity the right to use it",
            ),
            _ => server_fault(
                format!("{address} was not reached: {}", self.without_secrets(&error.to_string())),
                "check host and port of the URL, and that the server runs",
            ),
        }
    }

    /// The server, or the way to it, has failed.
    pub(super) fn server_error(&self, error: &tokio_postgres::Error) -> HistoryError {
        if let Some(told) = error.as_db_error() {
            return self.of_server(told);
        }
        if error.is_closed() {
            return Self::ended_fault();
        }
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let inner = io.and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<TooMuch>()) {
            return server_fault(
                format!("{} sent more than a history holds", self.address),
                "check that the URL names a PostgreSQL server",
            );
        }
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return self.of_tls(tls);
        }
        let text = match error.source() {
            Some(source) => self.without_secrets(&format!("{error}: {source}")),
            None => self.without_secrets(&error.to_string()),
        };
        match io {
            _ if text.ends_with("password missing") => self.password_refused(),
            // The first bytes were not those of the protocol, or it ended.
            Some(error) if error.kind() == ErrorKind::UnexpectedEof => Self::ended_fault(),
            _ if text.contains("does not support TLS") => server_fault(
                format!("{} does not speak TLS", self.address),
                "switch it on there (ssl = on), or write sslmode=disable where nobody listens in \
                 between",
            ),
            _ => server_fault(
                format!("{} was not understood: {text}", self.address),
                "check that the URL names a PostgreSQL server",
            ),
        }
    }

    fn of_tls(&self, error: &rustls::Error) -> HistoryError {
        use rustls::{CertificateError as C, Error as E};
        let (what, advice) = match error {
            E::InvalidCertificate(
                C::UnknownIssuer
                | C::BadSignature
                | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
            ) => (
                "is of an unknown authority".to_owned(),
                "name the authority that signed it by sslrootcert=PATH in the URL",
            ),
            E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => (
                "is for another name".to_owned(),
                "write the host in the URL as the certificate has it",
            ),
            E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
                ("has expired".to_owned(), "renew it")
            }
            other => (format!("was not accepted: {other}"), "check the server's certificate"),
        };
        server_fault(format!("the certificate of {} {what}", self.address), advice)
    }

    fn of_server(&self, told: &DbError) -> HistoryError {
        let code = told.code();
        let is = |states: &[SqlState]| states.contains(code);
        let text = self.without_secrets(told.message());
        if is(&[SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED]) {
            HistoryError::Locked(self.options.wait.as_secs())
        } else if is(&[SqlState::DISK_FULL]) {
            HistoryError::Full("the disk of the server is full".to_owned())
        } else if is(ENDED) {
            Self::ended_fault()
        } else if is(DAMAGED) {
            HistoryError::Damaged(text)
        } else if let Some(refused) = self.of_entry(code) {
            refused
        } else if let Some(refused) = self.of_work(code, &text) {
            refused
        } else {
            HistoryError::Database(format!("{text} ({})", code.code()))
        }
    }

    /// Why a server does not let us in.
    fn of_entry(&self, code: &SqlState) -> Option<HistoryError> {
        let (address, user) = (self.address, self.user());
        let (what, advice) = match code {
            c if *c == SqlState::INVALID_PASSWORD => return Some(self.password_refused()),
            c if *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION && self.is_plain() => (
                format!("{address} does not let {user} in without TLS, or from here"),
                "write sslmode=verify-full in the URL (with sslrootcert=PATH for an authority of \
                 your own), or look at pg_hba.conf",
            ),
            c if *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
                format!("{address} does not let {user} in from here"),
                "check the user in the URL, and pg_hba.conf",
            ),
            c if *c == SqlState::INVALID_CATALOG_NAME => (
                format!("there is no such database: {address}"),
                "make it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
            ),
            c if *c == SqlState::TOO_MANY_CONNECTIONS => (
                format!("{address} has no connection left"),
                "try again later, or raise max_connections",
            ),
            c if *c == SqlState::CANNOT_CONNECT_NOW => {
                (format!("{address} is starting or stopping"), "try again in a moment")
            }
            _ => return None,
        };
        Some(server_fault(what, advice))
    }

    /// Why it does not do what it was asked.
    fn of_work(&self, code: &SqlState, text: &str) -> Option<HistoryError> {
        let (address, user) = (self.address, self.user());
        let (what, advice) = match code {
            c if *c == SqlState::INSUFFICIENT_PRIVILEGE => (
                format!("{user} may not do that in {address}: {text}"),
                "reading needs SELECT on its tables, writing INSERT, UPDATE and DELETE too, and \
                 the first run CREATE on the schema",
            ),
            c if *c == SqlState::READ_ONLY_SQL_TRANSACTION => {
                (format!("{address} may only be read: it is a standby"), "name the primary server")
            }
            c if *c == SqlState::QUERY_CANCELED => (
                format!("{address} was not done with a statement in time"),
                "see what keeps the server busy (pg_stat_activity), then try again",
            ),
            c if *c == SqlState::INVALID_SCHEMA_NAME => (
                format!("there is no schema to keep it in: {address}"),
                "make one, and name it by ALTER ROLE … SET search_path",
            ),
            _ => return None,
        };
        Some(server_fault(what, advice))
    }

    fn user(&self) -> String {
        let user = self.address.user.as_deref();
        user.map_or_else(|| "the user of this system".to_owned(), |user| format!("the user {user}"))
    }

    fn password_refused(&self) -> HistoryError {
        server_fault(
            format!("{} does not take the password of {}, or wants one", self.address, self.user()),
            "check the URL that the variable or file holds, or PGPASSWORD",
        )
    }

    fn is_plain(&self) -> bool {
        matches!(&self.address.server, Server::Tcp { tls: Tls::Off, .. })
    }

    /// One line of what somebody else wrote, and nothing of the password in it.
    fn without_secrets(&self, text: &str) -> String {
        let line = text.lines().next().unwrap_or_default();
        // Before it is cut: half a password is one too many.
        let spared = match &self.address.password {
            Some(password) if !password.expose().is_empty() => line.replace(password.expose(), "…"),
            _ => line.to_owned(),
        };
        spared.chars().take(LONGEST).collect()
    }
}
