//! A server that is told something: it writes down what it hears, and reacts as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What it does with a connection, once it has heard the request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// This status.
    Status(u16),
    /// This status, `Retry-After`, and this for it.
    RetryAfter(u16, String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// 200, and a body that does not end.
    EndlessBody,
    /// A head that does not end.
    EndlessHead,
    /// A redirect to there.
    Redirect(String),
    /// The end of the connection.
    Close,
    /// What is not HTTP.
    Garbage,
}

/// A request that was heard.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// `POST /path HTTP/1.1` and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What people would read.
    pub(crate) fn text(&self) -> String {
        self.json()["text"].as_str().expect("a text").to_owned()
    }
}

/// Listens on a loopback port for as long as the process lives.
pub(crate) struct SinkServer {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    reactions: Arc<Mutex<Vec<Reaction>>>,
}

impl SinkServer {
    /// The last reaction is that to all further requests.
    pub(crate) fn start(reactions: &[Reaction]) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let server = Self {
            address,
            heard: Arc::default(),
            reactions: Arc::new(Mutex::new(reactions.to_vec())),
        };
        let (heard, reactions) = (Arc::clone(&server.heard), Arc::clone(&server.reactions));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, reactions) = (Arc::clone(&heard), Arc::clone(&reactions));
                thread::spawn(move || serve(stream, &heard, &reactions));
            }
        });
        server
    }

    /// Reacts so from now on.
    pub(crate) fn react(&self, reactions: &[Reaction]) {
        *self.reactions.lock().expect("no thread panics with it") = reactions.to_vec();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/services/T0/SECRETPATH", self.address)
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no thread panics with it").clone()
    }
}

fn serve(stream: TcpStream, heard: &Mutex<Vec<Heard>>, reactions: &Mutex<Vec<Reaction>>) {
    let Some(request) = request(&stream) else { return };
    let reaction = {
        heard.lock().expect("no thread panics with it").push(request);
        let mut left = reactions.lock().expect("no thread panics with it");
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    };
    // A client that has gone has heard enough.
    let _ = react(stream, &reaction);
}

fn request(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { head, body: String::from_utf8(body).ok()? })
}

fn react(mut stream: TcpStream, reaction: &Reaction) -> std::io::Result<()> {
    let answer = |status: u16, more: &str| {
        format!("HTTP/1.1 {status} Said\r\n{more}content-length: 2\r\n\r\nok")
    };
    match reaction {
        Reaction::Status(status) => stream.write_all(answer(*status, "").as_bytes()),
        Reaction::RetryAfter(status, when) => {
            stream.write_all(answer(*status, &format!("retry-after: {when}\r\n")).as_bytes())
        }
        Reaction::Redirect(to) => {
            stream.write_all(answer(307, &format!("location: {to}\r\n")).as_bytes())
        }
        Reaction::Hang => {
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            stream.read(&mut [0; 1]).map(|_| ())
        }
        Reaction::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"4\r\nlong\r\n")?;
            }
        }
        Reaction::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(b"x-more: and more\r\n")?;
            }
        }
        Reaction::Close => Ok(()),
        Reaction::Garbage => stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n"),
    }
}
