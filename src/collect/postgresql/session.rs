//! One connection to a PostgreSQL server: TLS first, then the role, then one read-only transaction
//! for each question. Everything that the server sends is capped.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::config::PostgresqlAddress;
use super::parse::TextRow;
use crate::collect::io::net::{self, Capped, Duplex, Endpoint, Heard, TlsEndpoint};
use crate::collect::io::tls::TlsSettings;
use crate::model::{Failure, FailureKind, Secret};

/// Bytes of all answers together. Whatever a server tells of this kind is a few KiB.
const MAX_ANSWERS: u64 = 1024 * 1024;

/// How the messages begin that a server may send first: authentication, an error, a notice, a
/// setting, another version of the protocol.
const FIRST_BYTES: &[u8] = b"RENSv";

/// How often it is looked whether another protocol is spoken.
const PERIOD: Duration = Duration::from_millis(20);

/// How long a server is waited for to take note of our leave.
const LEAVE: Duration = Duration::from_millis(200);

/// `SSLRequest`: its length and its code, as the protocol has them.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// What the server ends for us: an audit does not wait longer, and a lock may.
const BEGIN: &str = "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = '30s'";

/// Where a server is, and as whom it is asked.
pub(super) struct Login<'a> {
    pub(super) address: &'a PostgresqlAddress,
    pub(super) tls: &'a TlsSettings,
    pub(super) role: &'a str,
    pub(super) password: Option<&'a Secret>,
}

/// What became of each question, in their order.
pub(super) type Answers = Vec<Result<Vec<TextRow>, Failure>>;

impl Login<'_> {
    /// Asks the questions, each in a transaction of its own.
    ///
    /// # Errors
    /// If nobody was let in.
    pub(super) async fn ask(&self, questions: &[String]) -> Result<Answers, Failure> {
        let stream = self.connect().await?;
        let (stream, heard) = Capped::new(stream, MAX_ANSWERS);
        let explained = |error: &tokio_postgres::Error| self.failure_of(error, &heard);
        let config = self.config();
        let (client, connection) = tokio::select! {
            biased;
            let_in = config.connect_raw(stream, NoTls) => {
                let_in.map_err(|error| explained(&error))?
            }
            failure = stranger(&heard) => return Err(failure),
        };
        let mut connection = std::pin::pin!(connection);
        let asking = async {
            let mut answers = Answers::new();
            for question in questions {
                let answer = ask_one(&client, question).await;
                answers.push(answer.map_err(|error| explained(&error)));
            }
            answers
        };
        let answers = tokio::select! {
            biased;
            ended = &mut connection => return Err(match ended {
                Err(error) => explained(&error),
                Ok(()) => ended_early(),
            }),
            answers = asking => answers,
        };
        drop(client);
        // A server that is told does not have to find out.
        let _ = timeout(LEAVE, connection).await;
        Ok(answers)
    }

    async fn connect(&self) -> Result<Box<dyn Duplex>, Failure> {
        let PostgresqlAddress { host, port, tls, .. } = self.address;
        let shown = format!("{host}:{port}");
        let way = if *tls {
            Some(TlsEndpoint::new(self.tls.server_name(host)?, self.tls.connector().await?))
        } else {
            None
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let (endpoint, way) = (&Endpoint::new(bare, *port, None, shown), &way);
        endpoint
            .first(|at| async move {
                let (stream, _) = endpoint.connect(at).await?;
                let Some(way) = way else { return Ok(Ok(stream)) };
                Ok(encrypted(stream, way).await)
            })
            .await
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.application_name("envparity");
        // The stream is encrypted already, if it is to be.
        config.ssl_mode(SslMode::Disable);
        config.user(self.role);
        config.dbname(&self.address.database);
        if let Some(password) = self.password {
            config.password(password.expose());
        }
        config
    }

    fn failure_of(&self, error: &tokio_postgres::Error, heard: &Heard) -> Failure {
        if let Some(failure) = other_protocol(heard) {
            return failure;
        }
        if let Some(told) = error.as_db_error() {
            return self.refused(told);
        }
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        if let Some(io) = io {
            let text = io.to_string();
            return match io.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => not_postgresql(&text),
                io::ErrorKind::UnexpectedEof => ended_early(),
                // So the framing calls a message of which only the beginning came.
                _ if text == "bytes remaining on stream" => Failure::new(
                    FailureKind::Cut,
                    "the connection ended in the middle of the answer",
                ),
                _ => net::read_failure(io),
            };
        }
        if error.is_closed() {
            return ended_early();
        }
        let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        if text.contains("password missing") {
            return Failure::new(FailureKind::Authentication, "the server asks for a password")
                .advise("set password: ${env:NAME}");
        }
        if text.contains("unsupported authentication") {
            return Failure::new(
                FailureKind::Unsupported,
                "the server wants a way to log in that envparity does not know",
            )
            .advise("allow scram-sha-256 for the role in pg_hba.conf");
        }
        not_postgresql(&text)
    }

    /// What the server itself says is wrong. It may be anything: it is shortened, and whatever
    /// repeats the password is hidden with all that a target answers.
    fn refused(&self, told: &DbError) -> Failure {
        const LONGEST: usize = 200;
        let line = told.message().lines().next().unwrap_or_default();
        let said: String = line.chars().take(LONGEST).collect();
        let (role, code) = (self.role, told.code());
        let (kind, message, advice) = match code {
            c if *c == SqlState::INVALID_PASSWORD => (
                FailureKind::Authentication,
                format!("the server does not take the password of {role}"),
                "check username: and password:",
            ),
            c if *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
                FailureKind::Authentication,
                format!("the server does not let {role} in: {said}"),
                "check username:, and pg_hba.conf; where it asks for TLS, write tls: {}",
            ),
            c if *c == SqlState::INVALID_CATALOG_NAME => (
                FailureKind::Protocol,
                "there is no such database".to_owned(),
                "correct the database in the URL",
            ),
            c if *c == SqlState::TOO_MANY_CONNECTIONS || *c == SqlState::CANNOT_CONNECT_NOW => (
                FailureKind::Unavailable,
                format!("the server takes no connection now: {said}"),
                "try again in a while",
            ),
            c if *c == SqlState::INSUFFICIENT_PRIVILEGE => (
                FailureKind::Permission,
                said,
                "grant it to the role (GRANT pg_monitor TO …), or leave the part out of read:",
            ),
            c if *c == SqlState::QUERY_CANCELED => (
                FailureKind::Timeout,
                format!("the server ended the question: {said}"),
                "see what keeps it busy (pg_stat_activity)",
            ),
            c => (
                FailureKind::Protocol,
                format!("the server refuses: {said} ({})", c.code()),
                "run the question by hand; or leave the part out of read:",
            ),
        };
        Failure::new(kind, message).advise(advice)
    }
}

/// Ends once it is heard that another protocol is spoken: its lengths mean nothing, so that the
/// server would be waited for.
async fn stranger(heard: &Heard) -> Failure {
    loop {
        if let Some(failure) = other_protocol(heard) {
            return failure;
        }
        sleep(PERIOD).await;
    }
}

/// What is spoken instead, by the first bytes.
fn other_protocol(heard: &Heard) -> Option<Failure> {
    if heard.is_http() {
        return Some(Failure::new(FailureKind::Protocol, "an HTTP server answered"));
    }
    if heard.is_tls() {
        let message = "the server speaks TLS on this port at once";
        let advice = "PostgreSQL asks first: name its own port, and not that of a TLS proxy";
        return Some(Failure::new(FailureKind::Tls, message).advise(advice));
    }
    let is_other = heard.first_byte().is_some_and(|first| !FIRST_BYTES.contains(&first));
    is_other.then(|| not_postgresql("it begins otherwise"))
}

fn ended_early() -> Failure {
    Failure::new(FailureKind::Cut, "the server ended the connection")
}

fn not_postgresql(text: &str) -> Failure {
    const LONGEST: usize = 200;
    let said: String = text.chars().take(LONGEST).collect();
    Failure::new(FailureKind::Protocol, format!("the answer is not PostgreSQL's protocol: {said}"))
}

/// Asks the server for TLS, and speaks it.
async fn encrypted(
    mut stream: Box<dyn Duplex>,
    way: &TlsEndpoint,
) -> Result<Box<dyn Duplex>, Failure> {
    let cut = |error: io::Error| net::read_failure(&error);
    stream.write_all(&SSL_REQUEST).await.map_err(cut)?;
    // One byte and no more: what follows would be somebody's in between.
    match stream.read_u8().await.map_err(cut)? {
        b'S' => Ok(Box::new(way.over(stream).await?)),
        b'N' => Err(Failure::new(FailureKind::Tls, "the server does not speak TLS").advise(
            "switch it on there (ssl = on), or write ?sslmode=disable where nobody listens in \
             between",
        )),
        _ => Err(not_postgresql("it does not say whether it speaks TLS")),
    }
}

async fn ask_one(client: &Client, question: &str) -> Result<Vec<TextRow>, tokio_postgres::Error> {
    let asked = client.simple_query(&format!("{BEGIN}; {question}; COMMIT")).await;
    let messages = match asked {
        Ok(messages) => messages,
        Err(error) => {
            // The transaction has failed, and is still open.
            let _ = client.simple_query("ROLLBACK").await;
            return Err(error);
        }
    };
    let mut rows = Vec::new();
    for message in messages {
        if let SimpleQueryMessage::Row(row) = message {
            rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
        }
    }
    Ok(rows)
}
