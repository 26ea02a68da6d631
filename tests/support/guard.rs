//! A proxy in front of a Docker socket as an administrator would set one up: it lets through the
//! requests that it was given, refuses every other, and remembers what it refused.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use super::listen;

/// Listens on a loopback port for as long as the process lives.
pub(crate) struct Guard {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

/// `METHOD target` of each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) passed: Vec<String>,
    pub(crate) refused: Vec<String>,
}

impl Guard {
    /// Lets `GET` of these targets through, query and all.
    pub(crate) fn start(socket: &Path, allowed: &'static [&'static str]) -> Self {
        let (listener, address) = listen();
        let heard = Arc::<Mutex<Heard>>::default();
        thread::spawn({
            let (heard, socket) = (Arc::clone(&heard), socket.to_owned());
            move || accept(&listener, &socket, allowed, &heard)
        });
        Self { address, heard }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().expect("no thread panics with the lock").clone()
    }
}

fn accept(
    listener: &TcpListener,
    socket: &Path,
    allowed: &'static [&'static str],
    heard: &Arc<Mutex<Heard>>,
) {
    for client in listener.incoming().flatten() {
        let (socket, heard): (PathBuf, _) = (socket.to_owned(), Arc::clone(heard));
        // a client that hangs up ends its own connection only
        thread::spawn(move || drop(serve(client, &socket, allowed, &heard)));
    }
}

/// One request a connection: what came behind it would not have been looked at.
fn serve(
    mut client: TcpStream,
    socket: &Path,
    allowed: &[&str],
    heard: &Mutex<Heard>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next().unwrap_or_default();
    let asked = line.rsplit_once(' ').map_or(line, |(asked, _)| asked).to_owned();
    let get = asked.strip_prefix("GET ");
    let passes = get.is_some_and(|target| allowed.contains(&target));
    let mut book = heard.lock().expect("no thread panics with the lock");
    if passes { &mut book.passed } else { &mut book.refused }.push(asked.clone());
    drop(book);
    if !passes {
        let status = if get.is_some() { "403 Forbidden" } else { "405 Method Not Allowed" };
        return client
            .write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
    let mut engine = UnixStream::connect(socket)?;
    engine.write_all(
        format!("{asked} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    io::copy(&mut engine, &mut client)?;
    client.shutdown(Shutdown::Write)
}
