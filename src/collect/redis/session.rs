//! One server, asked for INFO over one connection.
//!
//! It hears HELLO (or AUTH) and INFO and nothing else: no SELECT, no CLIENT SETINFO. The protocol
//! is the crate `redis`'s; the connection is ours, so that an answer is capped.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use jiff::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, Value};

use super::config::RedisAddress;
use super::elements::CountedElements;
use super::lasting::{LastingSession, LastingSessions, OwnQuestions};
use crate::collect::io::config::TlsConfig;
use crate::collect::io::net::{self, CappedStream, Duplex, Heard};
use crate::collect::io::{secret, tls};
use crate::model::{Failure, FailureKind, Secret};
use crate::wire::deceptive::is_blank;
use crate::wire::secret::SecretReference;

#[cfg(test)]
mod tests;

/// A busy server with 500 kinds of commands says 100 KiB.
const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// All that a server tells. `everything` is of 7.0; an unknown section answers empty, without an
/// error.
pub(super) const WHOLE: &[Option<&str>] = &[Some("everything"), Some("all"), None];

/// Who asks, and whom to trust.
pub(super) struct RedisAccess {
    username: Option<String>,
    password: Option<SecretReference>,
    tls: tls::TlsSettings,
    /// Where sessions stay open; `None` if each question has one of its own.
    lasting: Option<LastingSessions<RedisSession>>,
}

/// What a server told.
pub(super) struct InfoReply {
    /// The text of INFO.
    pub(super) text: Vec<u8>,
    /// The last moment at which its certificate is valid.
    pub(super) not_after: Option<Timestamp>,
    /// What it was asked for it, where that differs from one answer to the next.
    pub(super) own: Option<OwnQuestions>,
}

impl RedisAccess {
    /// What the profile says of it; paths are relative to `folder`.
    pub(super) fn new(
        username: Option<&String>,
        password: Option<&SecretReference>,
        tls: Option<&TlsConfig>,
        folder: &Path,
    ) -> Self {
        let password = password.map(|reference| reference.relative_to(folder));
        let tls = tls::TlsSettings(tls.cloned().unwrap_or_default().relative_to(folder));
        Self { username: username.cloned(), password, tls, lasting: None }
    }

    /// Leaves sessions open from one question to the next.
    pub(super) fn keep_sessions(&mut self) {
        self.lasting = Some(LastingSessions::default());
    }

    /// Asks for each of `sections` until one is answered by more than nothing or `-ERR`: Garnet
    /// knows no `everything`.
    pub(super) async fn ask(
        &self,
        address: &RedisAddress,
        sections: &[Option<&str>],
    ) -> Result<InfoReply, Failure> {
        let password = match &self.password {
            Some(reference) => Some(secret::resolve(reference, self.username.as_deref()).await?),
            None => None,
        };
        let Some(lasting) = &self.lasting else {
            let mut session = self.open_any(address, password.as_ref()).await?;
            let answer = session.first_answer(sections, 0).await?;
            return Ok(InfoReply { text: answer.text, not_after: session.not_after, own: None });
        };
        let place = address.place();
        let open = lasting.take_session(&place, password.as_ref());
        // One that has ended since, as all do where a server restarts, is no failure.
        let (session, answer, sessions) = match answer_of(open, sections).await {
            Some((session, answer)) => (session, answer, 0),
            None => {
                let mut session = self.open_any(address, password.as_ref()).await?;
                let answer = session.first_answer(sections, 0).await?;
                (session, answer, 1)
            }
        };
        let InfoAnswer { text, section, before } = answer;
        let (not_after, own) = (session.not_after, Some(OwnQuestions { sessions, before }));
        lasting.put_session(place, session, section, password);
        Ok(InfoReply { text, not_after, own })
    }

    /// A session with a server, at the first address of its name at which one answers.
    async fn open_any(
        &self,
        address: &RedisAddress,
        password: Option<&Secret>,
    ) -> Result<RedisSession, Failure> {
        let way = net::Endpoint::to(&address.host, address.port, address.tls.then_some(&self.tls));
        let way = &way.await?;
        let session = way.first(|at| self.open(way, at, password)).await;
        session.map_err(|error| match error {
            SessionError::NoHello => {
                Failure::new(FailureKind::Protocol, "the server supports neither HELLO nor AUTH")
            }
            SessionError::Failed(failure) => failure,
        })
    }

    /// A session with the server at one address of its name. Fails where nobody answers there: then
    /// another address may be of use.
    async fn open(
        &self,
        way: &net::Endpoint,
        at: SocketAddr,
        password: Option<&Secret>,
    ) -> Result<Result<RedisSession, SessionError>, Failure> {
        let opened = match self.open_as(way, at, ProtocolVersion::RESP3, password).await {
            // Before version 6 there is no HELLO; a user may also be refused it.
            Err(SessionError::NoHello) => {
                self.open_as(way, at, ProtocolVersion::RESP2, password).await
            }
            other => other,
        };
        match opened {
            Err(SessionError::Failed(failure)) if net::is_no_answer(&failure) => Err(failure),
            opened => Ok(opened),
        }
    }

    async fn open_as(
        &self,
        way: &net::Endpoint,
        at: SocketAddr,
        protocol: ProtocolVersion,
        password: Option<&Secret>,
    ) -> Result<RedisSession, SessionError> {
        let (stream, not_after) = way.connect(at).await?;
        self.open_over(stream, not_after, protocol, password).await
    }

    async fn open_over(
        &self,
        stream: Box<dyn Duplex>,
        not_after: Option<Timestamp>,
        protocol: ProtocolVersion,
        password: Option<&Secret>,
    ) -> Result<RedisSession, SessionError> {
        let (stream, heard) = CappedStream::new(stream, MAX_ANSWER);
        let mut info =
            RedisConnectionInfo::default().set_protocol(protocol).set_skip_set_lib_name();
        if let Some(password) = password {
            info = info.set_password(password.expose());
            if let Some(username) = &self.username {
                info = info.set_username(username);
            }
        }
        let config = redis::AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None);
        // The driver runs inside of the connection's own future, so that nothing outlives it.
        match MultiplexedConnection::new_with_config(&info, CountedElements::new(stream), config)
            .await
        {
            Ok((connection, driver)) => {
                let quotable = password.is_none();
                Ok(RedisSession {
                    connection,
                    driver: driver.boxed().fuse(),
                    heard,
                    quotable,
                    not_after,
                })
            }
            Err(error) => Err(self.setup_failure(&error, &heard, password)),
        }
    }

    fn setup_failure(
        &self,
        error: &RedisError,
        heard: &Heard,
        password: Option<&Secret>,
    ) -> SessionError {
        let said = error.to_string().to_lowercase();
        let no_hello = error.kind() == ErrorKind::RESP3NotSupported
            || matches!(error.code(), Some("NOPROTO" | "NOPERM"))
            || said.contains("unknown command");
        if no_hello {
            return SessionError::NoHello;
        }
        let user = self.username.as_deref().unwrap_or("default");
        let refused = match error.code() {
            Some("WRONGPASS") => Some(format!("user name or password is wrong (user {user})")),
            Some("NOAUTH") => {
                Some("the server requires a password and the profile has none".to_owned())
            }
            _ if password.is_some() && said.contains("without any password configured") => {
                Some("a password is given, but the server has none for this user".to_owned())
            }
            _ if error.kind() == ErrorKind::AuthenticationFailed
                && !matches!(error.code(), Some("LOADING")) =>
            {
                Some(format!("the server refused the user name or password (user {user})"))
            }
            _ => None,
        };
        // The server's own words are not quoted here: they may repeat the password.
        match refused {
            Some(message) => Failure::new(FailureKind::Authentication, message).into(),
            None => answer_failure(error, heard, password.is_none()).into(),
        }
    }
}

/// Why a session could not be opened.
enum SessionError {
    NoHello,
    Failed(Failure),
}

impl From<Failure> for SessionError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Why INFO got no answer.
struct Unanswered {
    failure: Failure,
    /// The server may know another section.
    is_of_section: bool,
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self { failure, is_of_section: false }
    }
}

/// How long a session that was open before may take to answer: behind that a new one is opened, as
/// where something in between has forgotten the connection.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What a session that was open before is told, if it is open still.
async fn answer_of(
    open: Option<LastingSession<RedisSession>>,
    sections: &[Option<&str>],
) -> Option<(RedisSession, InfoAnswer)> {
    let LastingSession { mut session, section, .. } = open?;
    session.heard.start_again();
    let asked = session.first_answer(sections, section);
    let answer = tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?;
    Some((session, answer))
}

/// An answer to INFO.
struct InfoAnswer {
    text: Vec<u8>,
    /// Which of the sections was answered.
    section: usize,
    /// Questions that were answered by nothing before it.
    before: usize,
}

/// A connection that can ask for INFO and nothing else.
pub(super) struct RedisSession {
    connection: MultiplexedConnection,
    driver: Fuse<BoxFuture<'static, ()>>,
    heard: Arc<Heard>,
    /// Whether the server's words may be shown: it knows no password that it could repeat.
    quotable: bool,
    not_after: Option<Timestamp>,
}

impl RedisSession {
    /// Asks for each of `sections` from `first` on, until one is answered by more than nothing or
    /// `-ERR`.
    async fn first_answer(
        &mut self,
        sections: &[Option<&str>],
        first: usize,
    ) -> Result<InfoAnswer, Failure> {
        let (mut section, mut last) = (first, Ok(Vec::new()));
        for (index, name) in sections.iter().enumerate().skip(first) {
            section = index;
            last = self.info(*name).await;
            match &last {
                Ok(text) if text.is_empty() => {}
                Err(unanswered) if unanswered.is_of_section => {}
                _ => break,
            }
        }
        let text = last.map_err(|unanswered| unanswered.failure)?;
        Ok(InfoAnswer { text, section, before: section - first })
    }

    async fn info(&mut self, section: Option<&str>) -> Result<Vec<u8>, Unanswered> {
        let mut command = redis::cmd("INFO");
        command.arg(section);
        let mut connection = self.connection.clone();
        let query = command.query_async::<Value>(&mut connection);
        tokio::pin!(query);
        let answer = tokio::select! {
            biased;
            answer = &mut query => answer,
            // The server may close right behind its whole answer.
            () = &mut self.driver => query.await,
        };
        let mut answer = answer.map_err(|error| Unanswered {
            failure: answer_failure(&error, &self.heard, self.quotable),
            // A section that a server does not know is one error of it; others end the session.
            is_of_section: error.code() == Some("ERR"),
        })?;
        // The newer protocol lets a server say something of its answer before the answer.
        while let Value::Attribute { data, .. } = answer {
            answer = *data;
        }
        match answer {
            Value::BulkString(bytes) => Ok(bytes),
            Value::VerbatimString { text, .. } | Value::SimpleString(text) => Ok(text.into_bytes()),
            Value::Nil => Ok(Vec::new()),
            _ => Err(Failure::new(FailureKind::Protocol, "the answer to INFO is not text").into()),
        }
    }
}

/// Whether the server closed before its answer was whole, which the parser says in words alone.
fn is_cut_short(error: &RedisError, heard: &Heard) -> bool {
    heard.is_ended() && error.to_string().contains("end of input")
}

/// What an error on an open connection means. Its words are only shown if `quotable`: an error
/// may repeat what it was sent, and that may have been a password.
fn answer_failure(error: &RedisError, heard: &Heard, quotable: bool) -> Failure {
    if heard.is_tls() {
        return Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
            .with_advice("write rediss:// in the profile");
    }
    if heard.is_http() {
        return Failure::new(FailureKind::Protocol, "an HTTP server answered");
    }
    if heard.bytes() > MAX_ANSWER {
        return Failure::new(
            FailureKind::TooLarge,
            format!("the answer exceeds {} MiB", MAX_ANSWER >> 20),
        );
    }
    match error.code() {
        Some(code) => server_failure(code, error, quotable),
        None if error.kind() == ErrorKind::Parse && !is_cut_short(error, heard) => {
            Failure::new(FailureKind::Protocol, "the answer is not in the Redis protocol")
        }
        None if heard.bytes() == 0 => {
            Failure::new(FailureKind::Cut, "the server closed the connection without an answer")
                .with_advice(
                    "if the server speaks TLS on this port, write rediss:// in the profile; else \
                 check its log, and any proxy in between",
                )
        }
        // It was not the server that ended it: the driver did, over what it could not read.
        None if !heard.is_ended() => {
            Failure::new(FailureKind::Protocol, "the answer is not in the Redis protocol")
        }
        None => Failure::new(FailureKind::Cut, "the connection ended in the middle of the answer"),
    }
}

/// What an error that the server sent means, by its first word.
fn server_failure(code: &str, error: &RedisError, quotable: bool) -> Failure {
    let said = error.detail().unwrap_or_default();
    match code {
        "NOPERM" => Failure::new(FailureKind::Permission, "the user may not call INFO")
            .with_advice(
                "on the server: ACL SETUSER <user> +info (INFO is in @dangerous, so \
                -@dangerous takes it away)",
            ),
        "NOAUTH" => Failure::new(
            FailureKind::Authentication,
            "the server requires a password and the profile has none",
        )
        .with_advice(
            "write password: ${env:NAME}, and username: if it is an ACL user's, in the \
                profile",
        ),
        "LOADING" => Failure::new(FailureKind::Unavailable, "the server is loading its data")
            .with_advice("try again in a while"),
        "DENIED" => Failure::new(FailureKind::Permission, "the server is in protected mode")
            .with_advice(
                "audit from the server's own host, or give the server a password and a bind \
                address",
            ),
        "ERR" if said.contains("max number of clients") => Failure::new(
            FailureKind::Unavailable,
            "the server has reached its maximum number of clients",
        )
        .with_advice("find out which clients hold its connections, or raise maxclients"),
        _ if quotable && is_blank(code) && is_blank(said) => {
            Failure::new(FailureKind::Protocol, "the server answered with an empty error")
                .with_advice(
                    "Redis does not do this: check that host and port are those of the server \
                    in the profile",
                )
        }
        _ if quotable => {
            let said: String = said.chars().take(200).collect();
            Failure::new(FailureKind::Protocol, format!("the server answered {code} {said}"))
        }
        _ => Failure::new(FailureKind::Protocol, "the server answered with an error").with_advice(
            "its text is not shown because it may contain the password: see the server's \
                log",
        ),
    }
}
