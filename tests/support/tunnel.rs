//! An HTTP proxy that knows CONNECT and nothing else, and counts what went through it. To it,
//! `api.invalid` is this machine.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::listen;

/// Listens on a loopback port for as long as the process lives.
pub(crate) struct Tunnel {
    address: SocketAddr,
    opened: Arc<AtomicUsize>,
}

impl Tunnel {
    pub(crate) fn start() -> Self {
        let (listener, address) = listen();
        let opened = Arc::<AtomicUsize>::default();
        thread::spawn({
            let opened = Arc::clone(&opened);
            move || accept(&listener, &opened)
        });
        Self { address, opened }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections went through so far.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

fn accept(listener: &TcpListener, opened: &Arc<AtomicUsize>) {
    for client in listener.incoming().flatten() {
        let opened = Arc::clone(opened);
        // a client that hangs up, or a server that is not there, ends its own connection only
        thread::spawn(move || drop(connect(client, &opened)));
    }
}

fn connect(mut client: TcpStream, opened: &AtomicUsize) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let Some(server) = first.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next())
    else {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
    };
    // a name that nobody has leads to this machine
    let server = server.replace("api.invalid", "127.0.0.1");
    let mut server = TcpStream::connect(server)?;
    opened.fetch_add(1, Ordering::SeqCst);
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || drop(io::copy(&mut back, &mut to_client)));
    io::copy(&mut reader, &mut server).map(drop)
}
