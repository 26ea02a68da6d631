//! Servers of these tests: HTTP that answers from a function, Redis that answers by a script, and
//! one that is silent whatever the number of its clients.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::listen;

/// A listener whose connections are handled until it is dropped.
pub(crate) struct Served {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl Served {
    /// Hands each connection to `peer`, in a thread of its own.
    pub(crate) fn each(peer: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let (listener, address) = listen();
        let stopping = Arc::new(AtomicBool::new(false));
        let (stop, peer) = (Arc::clone(&stopping), Arc::new(peer));
        thread::spawn(move || accept(&listener, &stop, &peer));
        Self { address, stopping }
    }

    /// HTTP: the body for each path, and how many requests were answered before.
    pub(crate) fn http(body: impl Fn(&str, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answered = AtomicUsize::new(0);
        Self::each(move |stream| {
            _ = http(stream, |path| body(path, answered.fetch_add(1, Ordering::Relaxed)));
        })
    }

    /// RESP: a reply for each read, and then silence.
    pub(crate) fn redis(replies: Vec<Vec<u8>>) -> Self {
        Self::each(move |mut stream| {
            let mut buffer = [0; 4096];
            for reply in &replies {
                if !matches!(stream.read(&mut buffer), Ok(1..)) || stream.write_all(reply).is_err()
                {
                    return;
                }
            }
            while matches!(stream.read(&mut buffer), Ok(1..)) {}
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn redis_url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn accept(
    listener: &TcpListener,
    stopping: &AtomicBool,
    peer: &Arc<impl Fn(TcpStream) + Send + Sync + 'static>,
) {
    for stream in listener.incoming().flatten() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let peer = Arc::clone(peer);
        thread::spawn(move || peer(stream));
    }
}

fn http(mut stream: TcpStream, body: impl Fn(&str) -> Vec<u8>) -> std::io::Result<()> {
    let mut asked = Vec::new();
    loop {
        let mut buffer = [0; 16 * 1024];
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        asked.extend_from_slice(&buffer[..read]);
        while let Some(end) = asked.windows(4).position(|four| four == b"\r\n\r\n") {
            let request: Vec<u8> = asked.drain(..end + 4).collect();
            let request = String::from_utf8_lossy(&request);
            let body = body(request.split(' ').nth(1).unwrap_or_default());
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)?;
        }
    }
}

/// What a Redis 7 answers to HELLO 3.
pub(crate) fn hello() -> Vec<u8> {
    b"%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n"
        .to_vec()
}

pub(crate) fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

/// A whole INFO, with more lines in it.
pub(crate) fn info(more: &str) -> String {
    format!(
        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux\r\n{more}\
         run_id:0123456789abcdef0123456789abcdef01234567\r\n# Memory\r\n\
         maxmemory_policy:noeviction\r\n# CPU\r\nused_cpu_user:1\r\n# Keyspace\r\n"
    )
}

/// An honest Redis.
pub(crate) fn honest() -> Served {
    Served::redis(vec![hello(), bulk(&info(""))])
}
