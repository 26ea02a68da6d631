//! `envparity serve` as a process, and `serve` in this one with a clock that a test turns.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use envparity::daemon::serve::{ServeError, serve};
use envparity::daemon::{HistoryAccess, ServeSetup};
use envparity::history::{SqliteOptions, Store};
use envparity::model::{BucketLength, Secret};
use envparity::notify::DeliveryTimes;
use envparity::pipeline::{self, RunFacts};
use envparity::profile;
use futures::FutureExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cli::slowness::{scaled, wait_until};
use super::cli::{Profiles, send_signal};

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// One request, with more lines of its head.
pub(crate) fn ask(address: SocketAddr, line: &str, more: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let _ = stream.set_read_timeout(Some(scaled(Duration::from_secs(30))));
    write!(stream, "{line} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n").expect("it hears");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("it answers");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no HTTP: {text}"));
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET {path}"), "")
}

/// The built binary, serving.
pub(crate) struct ServeProcess {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<String>>,
}

impl ServeProcess {
    /// Starts it and waits until it listens.
    pub(crate) fn start(profiles: &Profiles, arguments: &[&str]) -> Self {
        let all = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = profiles.command(&all).start();
        let stderr = child.stderr.take().expect("in a pipe");
        let told = Arc::new(Mutex::new(String::new()));
        let lines = Arc::clone(&told);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().expect("no panic").push_str(&(line + "\n"));
            }
        });
        let mut process = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), told };
        let begins = "serving http://";
        wait_until("it serves", || {
            let ended = process.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "it ended: {}", process.told());
            let told = process.told();
            let line = told.lines().find_map(|line| line.strip_prefix(begins)?.strip_suffix('/'));
            line.is_some_and(|text| {
                process.address = text.parse().expect("an address");
                true
            })
        });
        process
    }

    pub(crate) fn told(&self) -> String {
        self.told.lock().expect("no panic").clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        send_signal(name, &self.child);
    }

    /// How it ends, and after how long.
    pub(crate) fn wait(&mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        let status = self.child.wait().expect("it ends");
        (status.code(), start.elapsed())
    }
}

impl Drop for ServeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A clock that stands until a test turns it: milliseconds.
#[derive(Clone)]
pub(crate) struct TurnedClock(Arc<AtomicI64>);

impl TurnedClock {
    pub(crate) fn at(text: &str) -> Self {
        let at: Timestamp = text.parse().expect("a time");
        Self(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    pub(crate) fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

/// Who wakes a served run whose jitter is over, and more that tests change.
pub(crate) struct InProcess {
    pub(crate) address: SocketAddr,
    pub(crate) warnings: Arc<Mutex<Vec<String>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    serving: Option<thread::JoinHandle<Result<(), ServeError>>>,
}

/// What a test chooses.
pub(crate) struct Chosen {
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) history: HistoryAccess,
    pub(crate) every: Duration,
    pub(crate) length: i64,
    pub(crate) token: Option<&'static str>,
}

/// A file of SQLite as `serve` opens it.
pub(crate) fn file_access(path: &Path) -> HistoryAccess {
    let path = PathBuf::from(path);
    HistoryAccess::new(path.display().to_string(), move |create| {
        Store::open(&path, &SqliteOptions { create, ..SqliteOptions::default() })
    })
}

impl InProcess {
    pub(crate) fn start(profiles: &Profiles, chosen: Chosen) -> Self {
        let today = (chosen.clock)().to_zoned(TimeZone::UTC).date();
        let loaded = profile::load(profiles.folder(), &pipeline::rule_ids(), today);
        let loaded = loaded.unwrap_or_else(|error| panic!("{error:?}"));
        let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&warnings);
        let setup = ServeSetup {
            profiles: loaded,
            history: chosen.history,
            facts: RunFacts { host: "test".to_owned(), commit: None },
            token: chosen.token.map(|token| Secret::new(token.to_owned())),
            clock: chosen.clock,
            sleep: Box::new(|_| tokio::time::sleep(Duration::from_millis(1)).boxed()),
            tick: Duration::from_millis(20),
            every: chosen.every,
            length: BucketLength::new(chosen.length),
            delivery: DeliveryTimes::DEFAULT,
            warn: Box::new(move |text| heard.lock().expect("no panic").push(text.to_owned())),
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        listener.set_nonblocking(true).expect("a socket");
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let serving = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let work = serve(setup, listener, async {
                    let _ = stopped.await;
                });
                work.await
            })
        });
        Self { address, warnings, stop: Some(stop), serving: Some(serving) }
    }

    pub(crate) fn told(&self) -> String {
        self.warnings.lock().expect("no panic").join("\n")
    }

    /// Ends it, and tells how that went.
    pub(crate) fn end(mut self) -> Result<(), ServeError> {
        drop(self.stop.take());
        self.serving.take().expect("it serves").join().expect("no panic")
    }
}
