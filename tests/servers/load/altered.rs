//! A proxy before a real Prometheus that alters its answers: another clock, and warnings.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use jiff::{SignedDuration, Timestamp};

/// What it alters.
#[derive(Clone, Debug)]
pub(super) enum Altered {
    /// The header Date is so many seconds ahead.
    Clock(i64),
    /// Each answer has this warning.
    Warning(&'static str),
}

/// Listens until it is dropped.
pub(super) struct AlteringProxy {
    port: u16,
    stopping: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl AlteringProxy {
    pub(super) fn start(upstream: u16, altered: Altered) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("it listens").port();
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let acceptor = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let altered = altered.clone();
                // A client that is gone needs no answer.
                thread::spawn(move || drop(answer(client, upstream, &altered)));
            }
        });
        Self { port, stopping, acceptor: Some(acceptor) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for AlteringProxy {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // wakes the acceptor
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

/// One request and its answer. HTTP/1.0 has no chunks.
fn answer(mut client: TcpStream, upstream: u16, altered: &Altered) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let path = request.split_whitespace().nth(1).unwrap_or("/").to_owned();
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    write!(server, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{upstream}\r\n\r\n")?;
    let mut told = Vec::new();
    server.read_to_end(&mut told)?;
    let end = told.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(told.len());
    let head = String::from_utf8_lossy(&told[..end]).into_owned();
    let mut body = told.get(end + 4..).unwrap_or_default().to_vec();
    let status = head.lines().next().unwrap_or_default().replace("HTTP/1.0", "HTTP/1.1");
    let mut date = super::now();
    match altered {
        Altered::Clock(ahead) => date += SignedDuration::from_secs(*ahead),
        Altered::Warning(text) if body.last() == Some(&b'}') => {
            body.pop();
            write!(body, ",\"warnings\":[\"{text}\"]}}")?;
        }
        Altered::Warning(_) => {}
    }
    write!(
        client,
        "{status}\r\nContent-Type: application/json\r\nDate: {}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        http_date(date),
        body.len()
    )?;
    client.write_all(&body)?;
    client.shutdown(Shutdown::Write)
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
