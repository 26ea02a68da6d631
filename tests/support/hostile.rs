//! Servers that misbehave, each in one way: what they cost the auditor must be their own target and
//! a bounded time.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::listen;

/// What the server does with each connection. Whatever answers does so after the client's first
/// bytes; "closes" means that all that was written can be read before the end is seen.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Accepts, reads, never answers.
    Silent,
    /// Nothing listens: connecting is refused.
    Refuses,
    /// Accepts and closes, having read nothing.
    ClosesAtOnce,
    /// 4 KiB that are neither RESP, HTTP, TLS nor UTF-8, then closes.
    Garbage,
    /// A RESP bulk string of 512 MiB, Redis' own limit, which then does not end.
    EndlessBulk,
    /// `200 OK` with a JSON array of containers that does not end.
    EndlessHttpBody,
    /// These bytes one at a time, so long apart, then closes.
    Trickle { bytes: Vec<u8>, every: Duration },
    /// These bytes, the beginning of a longer answer, then closes.
    CutAfter(Vec<u8>),
    /// `302 Found` to this location, for every request.
    Redirect(String),
    /// One reply for each read that brings bytes, whatever they are; then silence. A client that
    /// pipelines needs its replies joined into one.
    Script(Vec<Vec<u8>>),
    /// As [`Behaviour::Script`], but then closes.
    ScriptThenClose(Vec<Vec<u8>>),
    /// This status and JSON body, for every request.
    HttpStatus(u16, String),
    /// Status and JSON body by path without query; any other path is `404`.
    HttpByPath(Vec<(&'static str, u16, String)>),
}

/// A server on a loopback port; its threads end when it is dropped.
pub(crate) struct Hostile {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
    /// Keeps the port of [`Behaviour::Refuses`] from being given to anyone.
    _reserved: Option<(TcpStream, TcpListener)>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    accepted: AtomicUsize,
    received: AtomicUsize,
    streams: Mutex<Vec<TcpStream>>,
}

impl Hostile {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let (listener, address) = listen();
        let shared = Arc::new(Shared::default());
        if matches!(behaviour, Behaviour::Refuses) {
            // The local port of a connection is taken, and nothing listens on it.
            let client = TcpStream::connect(address).expect("connect to our own listener");
            let address = client.local_addr().expect("a connected socket has an address");
            return Self { address, shared, acceptor: None, _reserved: Some((client, listener)) };
        }
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener, &behaviour)
        });
        Self { address, shared, acceptor: Some(acceptor), _reserved: None }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Bytes read from clients so far.
    pub(crate) fn received(&self) -> usize {
        self.shared.received.load(Ordering::SeqCst)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // wakes the acceptor
            drop(TcpStream::connect(self.address));
            drop(acceptor.join());
        }
        if let Ok(streams) = self.shared.streams.lock() {
            for stream in streams.iter() {
                drop(stream.shutdown(Shutdown::Both));
            }
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener, behaviour: &Behaviour) {
        for stream in listener.incoming().flatten() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            self.accepted.fetch_add(1, Ordering::SeqCst);
            let Ok(clone) = stream.try_clone() else { continue };
            self.streams.lock().expect("no thread panics with the lock").push(clone);
            let (shared, behaviour) = (Arc::clone(self), behaviour.clone());
            thread::spawn(move || {
                // an error means that the client has gone, or that we are being dropped
                drop(Peer { stream, shared: &shared }.misbehave(behaviour));
            });
        }
    }
}

/// One connection.
struct Peer<'a> {
    stream: TcpStream,
    shared: &'a Shared,
}

/// The client has gone, or we are being dropped.
struct Gone;

impl Peer<'_> {
    fn misbehave(mut self, behaviour: Behaviour) -> Result<(), Gone> {
        match behaviour {
            Behaviour::Silent | Behaviour::Refuses => self.drain(),
            Behaviour::ClosesAtOnce => self.close(),
            Behaviour::Garbage => self.answer_and_close(&garbage()),
            Behaviour::EndlessBulk => self.endless(b"$536870912\r\n", &[b'x'; 16 * 1024]),
            Behaviour::EndlessHttpBody => self.endless_http(),
            Behaviour::Trickle { bytes, every } => self.trickle(&bytes, every),
            Behaviour::CutAfter(bytes) => self.answer_and_close(&bytes),
            Behaviour::Redirect(location) => {
                self.http(|_| (format!("302 Found\r\nLocation: {location}"), String::new()))
            }
            Behaviour::Script(replies) => self.script(&replies).and_then(|()| self.drain()),
            Behaviour::ScriptThenClose(replies) => {
                self.script(&replies).and_then(|()| self.close())
            }
            Behaviour::HttpStatus(code, body) => self.http(|_| json(code, body.clone())),
            Behaviour::HttpByPath(answers) => self.http(|asked| {
                let answer = answers.iter().find(|(path, ..)| *path == asked);
                answer.map_or_else(
                    || json(404, "{}".to_owned()),
                    |(_, code, body)| json(*code, body.clone()),
                )
            }),
        }
    }

    fn read(&mut self) -> Result<Vec<u8>, Gone> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(read @ 1..) => {
                self.shared.received.fetch_add(read, Ordering::SeqCst);
                Ok(buffer[..read].to_vec())
            }
            Ok(0) | Err(_) => Err(Gone),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.stream.write_all(bytes).map_err(|_| Gone)
    }

    fn drain(&mut self) -> Result<(), Gone> {
        loop {
            self.read()?;
        }
    }

    /// Only our direction is closed, and the client's is read to its end: a socket closed with
    /// unread bytes in it sends a reset, which may overtake the answer.
    fn close(&mut self) -> Result<(), Gone> {
        self.stream.shutdown(Shutdown::Write).map_err(|_| Gone)?;
        self.drain()
    }

    fn answer_and_close(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.read()?;
        self.write(bytes)?;
        self.close()
    }

    fn endless(&mut self, start: &[u8], block: &[u8]) -> Result<(), Gone> {
        self.read()?;
        self.write(start)?;
        loop {
            self.write(block)?;
        }
    }

    fn endless_http(&mut self) -> Result<(), Gone> {
        let chunk = |json: &str| format!("{:x}\r\n{json}\r\n", json.len());
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let container =
            r#"{"Id":"c0ffee","Names":["/endless"],"Image":"redis:7.2.4","State":"running"},"#;
        self.endless(
            format!("{head}{}", chunk("[")).as_bytes(),
            chunk(&container.repeat(200)).as_bytes(),
        )
    }

    fn trickle(&mut self, bytes: &[u8], every: Duration) -> Result<(), Gone> {
        self.read()?;
        drop(self.stream.set_nodelay(true));
        for byte in bytes {
            self.write(&[*byte])?;
            thread::sleep(every);
            if self.shared.stopping.load(Ordering::SeqCst) {
                return Err(Gone);
            }
        }
        self.close()
    }

    fn script(&mut self, replies: &[Vec<u8>]) -> Result<(), Gone> {
        for reply in replies {
            self.read()?;
            self.write(reply)?;
        }
        Ok(())
    }

    /// Answers every request on the connection with the status and body for its path; requests with
    /// a body are not told apart from it.
    fn http(&mut self, answer: impl Fn(&str) -> (String, String)) -> Result<(), Gone> {
        let mut asked = Vec::new();
        loop {
            asked.extend(self.read()?);
            while let Some(end) = asked.windows(4).position(|four| four == b"\r\n\r\n") {
                let request: Vec<u8> = asked.drain(..end + 4).collect();
                let request = String::from_utf8_lossy(&request);
                let target = request.split(' ').nth(1).unwrap_or_default();
                let (status, body) = answer(target.split('?').next().unwrap_or_default());
                self.write(
                    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                        .as_bytes(),
                )?;
            }
        }
    }
}

/// Status line with headers, and body.
fn json(code: u16, body: String) -> (String, String) {
    (format!("{code} Hostile\r\nContent-Type: application/json"), body)
}

/// The same bytes every time; the first is not a type byte of RESP and no letter.
fn garbage() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::once(0xff)
        .chain(std::iter::repeat_with(|| {
            // xorshift32
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        }))
        .take(4096)
        .collect()
}
