//! A proxy that writes down what the client said: the witness that Redis hears HELLO, AUTH, PING
//! and INFO and nothing else, and that Docker and Kubernetes hear GET only. It forwards bytes as
//! they come and never alters them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::listen;

/// Listens on a loopback port until it is dropped; everything a client sent is recorded before it
/// is passed on, so what has been answered has been recorded.
pub(crate) struct RecordingProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: Upstream,
    stopping: AtomicBool,
    connections: Mutex<Vec<Connection>>,
}

enum Upstream {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

struct Connection {
    client: TcpStream,
    server: Stream,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl RecordingProxy {
    pub(crate) fn tcp_to(upstream: SocketAddr) -> Self {
        Self::start(Upstream::Tcp(upstream))
    }

    pub(crate) fn tcp_to_unix(upstream: &Path) -> Self {
        Self::start(Upstream::Unix(upstream.to_owned()))
    }

    fn start(upstream: Upstream) -> Self {
        let (listener, address) = listen();
        let shared = Arc::new(Shared {
            upstream,
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What clients sent, one entry a connection, in the order they came.
    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        let connections = self.shared.connections.lock().expect("no thread panics with the lock");
        connections
            .iter()
            .map(|connection| connection.sent.lock().expect("as above").clone())
            .collect()
    }

    /// The commands that clients sent, upper case, without arguments, connection after connection.
    /// What is not a whole RESP command is shown as [`NOT_UNDERSTOOD`], so that it cannot hide in a
    /// comparison.
    pub(crate) fn redis_commands(&self) -> Vec<String> {
        self.sent().iter().flat_map(|bytes| redis_commands(bytes)).collect()
    }

    /// `METHOD target` of every request on every connection, as in `GET
    /// /v1.41/containers/json?all=true`. What is not a whole HTTP/1 request is shown as
    /// [`NOT_UNDERSTOOD`].
    pub(crate) fn http_requests(&self) -> Vec<String> {
        self.sent().iter().flat_map(|bytes| http_requests(bytes)).collect()
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // wakes the acceptor
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
        if let Ok(connections) = self.shared.connections.lock() {
            for connection in connections.iter() {
                drop(connection.client.shutdown(Shutdown::Both));
                drop(connection.server.shutdown(Shutdown::Both));
            }
        }
    }
}

impl Shared {
    fn accept(&self, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            // a server that is gone shows as a connection closed at once
            drop(self.forward(client));
        }
    }

    fn forward(&self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let server = match &self.upstream {
            Upstream::Tcp(address) => Stream::Tcp(TcpStream::connect(address)?),
            Upstream::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        let sent = Arc::new(Mutex::default());
        let connection = Connection {
            client: client.try_clone()?,
            server: server.try_clone()?,
            sent: Arc::clone(&sent),
        };
        self.connections.lock().expect("no thread panics with the lock").push(connection);
        let (from_client, from_server) = (Stream::Tcp(client.try_clone()?), server.try_clone()?);
        thread::spawn(move || pump(from_client, server, Some(&sent)));
        thread::spawn(move || pump(from_server, Stream::Tcp(client), None));
        Ok(())
    }
}

/// Copies until the sender is done, then tells the receiver so: each direction ends by itself.
fn pump(mut from: Stream, mut to: Stream, record: Option<&Mutex<Vec<u8>>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if let Some(record) = record {
            record
                .lock()
                .expect("no thread panics with the lock")
                .extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Write));
    drop(from.shutdown(Shutdown::Read));
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }
}

/// Stands for bytes that are not a whole request.
pub(crate) const NOT_UNDERSTOOD: &str = "<not understood>";

/// The command names in what a Redis client sent, upper case.
pub(crate) fn redis_commands(sent: &[u8]) -> Vec<String> {
    all(sent, redis_command)
}

/// The request lines in what an HTTP/1 client sent, without the protocol version.
pub(crate) fn http_requests(sent: &[u8]) -> Vec<String> {
    all(sent, http_request)
}

type Parsed<'a> = Option<(String, &'a [u8])>;

fn all(mut rest: &[u8], parse: fn(&[u8]) -> Parsed<'_>) -> Vec<String> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let Some((item, after)) = parse(rest) else {
            found.push(NOT_UNDERSTOOD.to_owned());
            break;
        };
        found.push(item);
        rest = after;
    }
    found
}

/// A client may send an array of bulk strings or, as people do by hand, words on a line.
fn redis_command(bytes: &[u8]) -> Parsed<'_> {
    let (line, mut rest) = split_line(bytes)?;
    let Some(count) = line.strip_prefix('*') else {
        return Some((line.split_whitespace().next()?.to_uppercase(), rest));
    };
    let mut name = None;
    for _ in 0..count.parse::<usize>().ok()? {
        let (header, after) = split_line(rest)?;
        let (argument, after) = after.split_at_checked(header.strip_prefix('$')?.parse().ok()?)?;
        rest = after.strip_prefix(b"\r\n")?;
        name = name.or_else(|| Some(String::from_utf8_lossy(argument).to_uppercase()));
    }
    Some((name?, rest))
}

fn http_request(bytes: &[u8]) -> Parsed<'_> {
    let (line, mut rest) = split_line(bytes)?;
    let (request, version) = line.rsplit_once(' ')?;
    if !version.starts_with("HTTP/1.") {
        return None;
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let (header, after) = split_line(rest)?;
        rest = after;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    let rest = if chunked { after_chunks(rest)? } else { rest.get(length..)? };
    Some((request.to_owned(), rest))
}

fn after_chunks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (size, after) = split_line(rest)?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = after.get(size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(rest);
        }
    }
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}
