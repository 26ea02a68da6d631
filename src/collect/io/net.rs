//! Connections with a deadline and a cap on what is read from them.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::addresses;
use super::silence;
use super::system::without_errno;
use super::tls;
use super::tried::AddressesTried;
use crate::model::{Failure, FailureKind};
use crate::wire::duration::DurationText;

/// Both ways, whatever is below.
pub(in crate::collect) trait Duplex:
    AsyncRead + AsyncWrite + Send + Unpin
{
}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Runs `work` until the deadline.
pub(in crate::collect) async fn within<T>(
    deadline: Instant,
    allowed: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let tried = AddressesTried::default();
    let done = timeout_at(deadline, tried.listen(work)).await;
    done.unwrap_or_else(|_| Err(tried.explain(timed_out(allowed))))
}

/// The failure of a target that has not said everything within its deadline.
pub(in crate::collect) fn timed_out(allowed: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("no whole answer within {}", DurationText(allowed)))
}

/// Whether nobody has answered, so that another address of the same name may.
pub(in crate::collect) fn is_no_answer(failure: &Failure) -> bool {
    failure.kind.is_unreached() && failure.kind != FailureKind::Unavailable
}

/// Why a TLS target may never have answered: some servers wait for more of what they take for
/// a command of their own protocol.
pub(in crate::collect) fn with_tls_in_mind(failure: Failure, tls: bool) -> Failure {
    let is_explained = failure.advice != FailureKind::Timeout.advice();
    if !tls || failure.kind != FailureKind::Timeout || is_explained {
        return failure;
    }
    failure.with_advice(
        "check that the server speaks TLS on this port (one that does not may never answer); \
         a slow link may need a longer deadline in the profile",
    )
}

/// The way to a server that may have several addresses, some of which may be silent even once they
/// are connected to.
pub(in crate::collect) struct Endpoint {
    host: String,
    port: u16,
    /// The server in messages.
    to: String,
    tls: Option<TlsEndpoint>,
}

/// A connection, and the last moment at which the server's certificate is valid.
pub(in crate::collect) type OpenConnection = (Box<dyn Duplex>, Option<Timestamp>);

impl Endpoint {
    /// Over TLS, if there is a way. Messages call the server `to`.
    pub(in crate::collect) fn new(
        host: &str,
        port: u16,
        tls: Option<TlsEndpoint>,
        to: String,
    ) -> Self {
        Self { host: host.to_owned(), port, to, tls }
    }

    /// Over TLS, if there are settings for it.
    pub(in crate::collect) async fn to(
        host: &str,
        port: u16,
        tls: Option<&tls::TlsSettings>,
    ) -> Result<Self, Failure> {
        let tls = match tls {
            Some(tls) => Some(TlsEndpoint::new(tls.server_name(host)?, tls.connector().await?)),
            None => None,
        };
        Ok(Self::new(host, port, tls, format!("{host}:{port}")))
    }

    /// Over TLS, to a server whose certificate proves nothing, as somebody has asked for.
    pub(in crate::collect) async fn unverified(
        host: &str,
        port: u16,
        tls: &tls::TlsSettings,
    ) -> Result<Self, Failure> {
        let tls = TlsEndpoint::new(tls.server_name(host)?, tls.unverified_connector().await?);
        Ok(Self::new(host, port, Some(tls), format!("{host}:{port}")))
    }

    /// What its name stands for, at least one address.
    pub(in crate::collect) async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found = addresses::of_name(&self.host, self.port).await;
        found.map_err(|error| connect_failure(&error, &self.to))
    }

    /// What `attempt` makes of the first address at which it is answered, whatever the answer is.
    pub(in crate::collect) async fn first<T, E, F>(
        &self,
        attempt: impl Fn(SocketAddr) -> F,
    ) -> Result<T, E>
    where
        E: From<Failure>,
        F: Future<Output = Result<Result<T, E>, Failure>>,
    {
        self.first_of(self.addresses().await?, attempt).await
    }

    /// The same, of some of the addresses.
    pub(in crate::collect) async fn first_of<T, E, F>(
        &self,
        addresses: Vec<SocketAddr>,
        attempt: impl Fn(SocketAddr) -> F,
    ) -> Result<T, E>
    where
        E: From<Failure>,
        F: Future<Output = Result<Result<T, E>, Failure>>,
    {
        let nowhere = || connect_failure(&io::ErrorKind::NotFound.into(), &self.to);
        let tried = addresses::first_of(addresses, attempt).await;
        tried.map_err(|failure| failure.unwrap_or_else(nowhere))?
    }

    /// Connects to one of the addresses.
    pub(in crate::collect) async fn connect(
        &self,
        address: SocketAddr,
    ) -> Result<OpenConnection, Failure> {
        match &self.tls {
            Some(way) => {
                let stream = way.handshake(address, &self.to).await?;
                let not_after = tls::not_after(&stream);
                Ok((Box::new(stream), not_after))
            }
            None => Ok((Box::new(tcp_at(address, &self.to).await?), None)),
        }
    }
}

/// Connects to one address of a server, which messages call `to`.
async fn tcp_at(address: SocketAddr, to: &str) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await.map_err(|e| connect_failure(&e, to))?;
    // A small request must not wait for more; failing to say so only costs time.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// How TLS is spoken to a server, whichever of its addresses it has.
pub(in crate::collect) struct TlsEndpoint {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl TlsEndpoint {
    pub(in crate::collect) fn new(name: ServerName<'static>, connector: TlsConnector) -> Self {
        Self { name, connector }
    }

    async fn handshake(
        &self,
        address: SocketAddr,
        to: &str,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        self.over(tcp_at(address, to).await?).await
    }

    /// Over a connection that is open already.
    pub(in crate::collect) async fn over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<TlsStream<S>, Failure> {
        let spoken = self.connector.connect(self.name.clone(), stream).await;
        // What it says in the handshake it says, too.
        spoken.inspect(|_| silence::broken()).map_err(|e| tls::handshake_failure(&e))
    }
}

/// Connects to a socket in the file system.
pub(in crate::collect) async fn unix(path: &Path) -> Result<UnixStream, Failure> {
    UnixStream::connect(path).await.map_err(|e| {
        let failure = connect_failure(&e, &path.display().to_string());
        match e.kind() {
            io::ErrorKind::PermissionDenied => Failure { kind: FailureKind::Permission, ..failure }
                .with_advice(
                    "let this user read and write the socket, for example by the group \
                              that owns it",
                ),
            io::ErrorKind::NotFound => failure
                .with_advice("check that the server runs and that the path is that of its socket"),
            io::ErrorKind::ConnectionRefused => {
                failure.with_advice("nothing listens on the socket: check that the server runs")
            }
            _ => failure,
        }
    })
}

/// What an error means that may be one of connecting or of an open connection.
pub(in crate::collect) fn exchange_failure(error: &io::Error, to: &str) -> Failure {
    use io::ErrorKind as E;
    match error.kind() {
        E::ConnectionReset | E::BrokenPipe | E::UnexpectedEof | E::ConnectionAborted => {
            read_failure(error)
        }
        _ if tls::is_tls(error) => tls::handshake_failure(error),
        _ => connect_failure(error, to),
    }
}

fn connect_failure(error: &io::Error, to: &str) -> Failure {
    use io::ErrorKind as E;
    if is_out_of_files(error) {
        // The server was not asked, and nothing is known of it.
        return Failure::new(FailureKind::Unreachable, format!("too many open files: {to}"))
            .with_advice(
                "raise the limit of open files (ulimit -n), or read fewer targets at once",
            );
    }
    let (kind, what) = match error.kind() {
        E::ConnectionRefused => (FailureKind::Refused, "connection refused".to_owned()),
        E::NotFound => (FailureKind::Unreachable, "no such socket".to_owned()),
        E::HostUnreachable | E::NetworkUnreachable => {
            (FailureKind::Unreachable, "no route to host".to_owned())
        }
        E::TimedOut => (FailureKind::Timeout, "no answer to the connection".to_owned()),
        _ => (FailureKind::Unreachable, without_errno(error)),
    };
    Failure::new(kind, format!("{what}: {to}"))
}

/// Whether it is this machine that gives no more files and connections.
fn is_out_of_files(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// What an error on an open connection means.
pub(in crate::collect) fn read_failure(error: &io::Error) -> Failure {
    use io::ErrorKind as E;
    match error.kind() {
        _ if tls::is_tls(error) => tls::handshake_failure(error),
        _ if is_over_cap(error) => Failure::new(FailureKind::TooLarge, error.to_string()),
        // Sizes of pieces that are not numbers, or larger than any.
        E::InvalidData | E::InvalidInput => {
            let why = without_errno(error).to_lowercase();
            Failure::new(FailureKind::Protocol, format!("the answer is malformed: {why}"))
        }
        E::ConnectionReset | E::BrokenPipe | E::UnexpectedEof | E::ConnectionAborted => {
            Failure::new(FailureKind::Cut, "the connection ended in the middle of the answer")
        }
        _ => Failure::new(FailureKind::Cut, without_errno(error)),
    }
}

/// What a connection has been heard to say.
#[derive(Debug, Default)]
pub(in crate::collect) struct Heard {
    bytes: AtomicU64,
    ended: AtomicBool,
    first: std::sync::Mutex<Vec<u8>>,
}

impl Heard {
    /// Bytes read so far.
    pub(in crate::collect) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the other side, or the network, has ended the connection.
    pub(in crate::collect) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Whether a TLS record came first: an alert or a handshake, TLS 1.0 to 1.3.
    pub(in crate::collect) fn is_tls(&self) -> bool {
        let first = self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        matches!(first.as_slice(), [0x15 | 0x16, 0x03, 0x00..=0x04, ..])
    }

    /// The first byte, if one came.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only a build with PostgreSQL asks")
    )]
    pub(in crate::collect) fn first_byte(&self) -> Option<u8> {
        let first = self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        first.first().copied()
    }

    /// Whether an HTTP status line came first.
    pub(in crate::collect) fn is_http(&self) -> bool {
        self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).starts_with(b"HTTP/")
    }

    /// Counts anew, from the next answer on.
    pub(in crate::collect) fn start_again(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }
}

/// A connection of which at most `cap` bytes are read: one more is an error.
pub(in crate::collect) struct CappedStream<S> {
    inner: S,
    cap: u64,
    heard: Arc<Heard>,
}

#[derive(Debug, thiserror::Error)]
#[error("the answer exceeds {0} bytes")]
struct OverCap(u64);

fn is_over_cap(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<OverCap>())
}

impl<S> CappedStream<S> {
    pub(in crate::collect) fn new(inner: S, cap: u64) -> (Self, Arc<Heard>) {
        let heard = Arc::<Heard>::default();
        (Self { inner, cap, heard: Arc::clone(&heard) }, heard)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CappedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        const KEPT: usize = 16;
        let (before, room) = (buf.filled().len(), buf.remaining());
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let is_end =
            matches!(&polled, Poll::Ready(Ok(()))) && buf.filled().len() == before && room > 0;
        if is_end || matches!(&polled, Poll::Ready(Err(_))) {
            self.heard.ended.store(true, Ordering::Relaxed);
        }
        if let Poll::Ready(Ok(())) = &polled {
            let new = &buf.filled()[before..];
            if !new.is_empty() {
                silence::broken();
            }
            let mut first =
                self.heard.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let room = KEPT.saturating_sub(first.len());
            first.extend_from_slice(&new[..new.len().min(room)]);
            drop(first);
            let total =
                self.heard.bytes.fetch_add(new.len() as u64, Ordering::Relaxed) + new.len() as u64;
            if total > self.cap {
                return Poll::Ready(Err(io::Error::other(OverCap(self.cap))));
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CappedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
