//! Real Redis and Valkey servers, one process each, and a client just big enough to put keys into
//! them.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::slowness::scaled;
use super::tls::{Certs, Leaf};
use super::{from_run_sh, listen};

/// The servers `tests/run.sh` provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    /// Redis 6.2.5; built without TLS.
    Redis62,
    /// Redis 7.0, Debian's.
    Redis70,
    /// Valkey 8.0, Debian's; says `redis_version:7.2.4`.
    Valkey80,
}

impl Binary {
    pub(crate) const ALL: [Self; 3] = [Self::Redis62, Self::Redis70, Self::Valkey80];

    fn path(self) -> PathBuf {
        PathBuf::from(from_run_sh(match self {
            Self::Redis62 => "ENVPARITY_TEST_REDIS_62",
            Self::Redis70 => "ENVPARITY_TEST_REDIS_70",
            Self::Valkey80 => "ENVPARITY_TEST_VALKEY_80",
        }))
    }

    /// The version as the program itself tells it on the command line: `Redis server v=7.0.15
    /// sha=…`.
    pub(crate) fn version(self) -> String {
        let output = Command::new(self.path())
            .arg("--version")
            .output()
            .expect("the server's program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = said.split_whitespace().find_map(|word| word.strip_prefix("v="));
        version.unwrap_or_else(|| panic!("no version in {said:?}")).to_owned()
    }
}

/// The user that may do what an audit needs and nothing else: the README's ACL line.
pub(crate) const AUDITOR: &str = "auditor";
pub(crate) const AUDITOR_PASSWORD: &str = "audit-only-secret";
/// Of the user `default`, in [`RedisServer::with_acl`].
pub(crate) const DEFAULT_PASSWORD: &str = "default-secret";

/// A server of its own for one test: empty, on a loopback port, gone when dropped.
pub(crate) struct RedisServer {
    binary: Binary,
    args: Vec<String>,
    child: Child,
    dir: TempDir,
    plain_port: u16,
    tls_port: Option<u16>,
    default_password: Option<&'static str>,
}

impl RedisServer {
    /// # Panics
    /// If the server is not ready within ten seconds of an idle machine.
    pub(crate) fn start(binary: Binary, extra: &[&str]) -> Self {
        Self::start_with(binary, extra, false, None)
    }

    /// [`AUDITOR`] has its minimal rights and `default` a password. Both come on the command line:
    /// set by commands, they would show in the server's statistics.
    pub(crate) fn with_acl(binary: Binary) -> Self {
        let password = format!(">{AUDITOR_PASSWORD}");
        let auditor = ["on", &password, "resetkeys", "-@all", "+hello", "+auth", "+ping", "+info"];
        let args = [&["--requirepass", DEFAULT_PASSWORD, "--user", AUDITOR], &auditor[..]].concat();
        Self::start_with(binary, &args, false, Some(DEFAULT_PASSWORD))
    }

    /// TLS with `leaf` as the server's certificate, asking for none from the client. [`Self::port`]
    /// and [`Self::url`] are those of TLS; [`Self::command`] goes to a plain port beside it.
    ///
    /// # Panics
    /// If the binary was built without TLS, as [`Binary::Redis62`] was.
    pub(crate) fn start_tls(binary: Binary, certs: &Certs, leaf: &Leaf) -> Self {
        let text = |path: &Path| path.to_str().expect("temporary paths are UTF-8").to_owned();
        let (ca, cert, key) = (text(&certs.ca), text(&leaf.cert), text(&leaf.key));
        let files = ["--tls-ca-cert-file", &ca, "--tls-cert-file", &cert, "--tls-key-file", &key];
        Self::start_with(binary, &[&files, &["--tls-auth-clients", "no"][..]].concat(), true, None)
    }

    /// A Sentinel that watches these masters, by name and port; each is down for it after half a
    /// second of an idle machine without an answer. `extra` are lines of its configuration.
    pub(crate) fn start_sentinel(binary: Binary, masters: &[(&str, u16)], extra: &[&str]) -> Self {
        for _ in 0..5 {
            let (dir, port) = (tempfile::tempdir().expect("a temporary directory"), free_port());
            let config = dir.path().join("sentinel.conf");
            let mut lines = format!("port {port}\nbind 127.0.0.1\ndir {}\n", dir.path().display());
            // a busy machine must not make a master that is well look down
            let down_after = scaled(Duration::from_millis(500)).as_millis();
            for (name, master) in masters {
                lines += &format!("sentinel monitor {name} 127.0.0.1 {master} 1\n");
                lines += &format!("sentinel down-after-milliseconds {name} {down_after}\n");
            }
            lines += &extra.join("\n");
            std::fs::write(&config, lines + "\n").expect("write the configuration");
            let mut command = Command::new(binary.path());
            command.arg(&config).arg("--sentinel");
            if let Some(child) = ready(&mut command, &dir, "Sentinel ID is") {
                return Self {
                    binary,
                    args: Vec::new(),
                    child,
                    dir,
                    plain_port: port,
                    tls_port: None,
                    default_password: None,
                };
            }
        }
        panic!("a Sentinel of {binary:?} found no free port five times")
    }

    /// Stops it for a while (`STOP`) or lets it go on (`CONT`): its connections stay, and nothing
    /// answers.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill starts").success(), "SIG{name}");
    }

    /// Waits until what it says of itself holds this text.
    pub(crate) fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + scaled(Duration::from_secs(20));
        while !self.command(&["INFO"]).contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {}", self.command(&["INFO"]));
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn start_with(
        binary: Binary,
        extra: &[&str],
        tls: bool,
        default_password: Option<&'static str>,
    ) -> Self {
        let args: Vec<String> = extra.iter().map(|&arg| arg.to_owned()).collect();
        for _ in 0..5 {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let (plain_port, tls_port) = (free_port(), tls.then(free_port));
            if let Some(child) = launch(binary, &args, &dir, plain_port, tls_port) {
                return Self { binary, args, child, dir, plain_port, tls_port, default_password };
            }
        }
        panic!("{binary:?} found no free port five times")
    }

    /// The port to audit.
    pub(crate) fn port(&self) -> u16 {
        self.tls_port.unwrap_or(self.plain_port)
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://` of a server with TLS; without credentials.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls_port.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port())
    }

    /// One command as the user `default`, over a connection of its own; see [`command`].
    pub(crate) fn command(&self, command: &[&str]) -> String {
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.plain_port)).expect("the server listens");
        if let Some(password) = self.default_password {
            assert_eq!(self::command(&mut stream, &["AUTH", password]), "OK");
        }
        self::command(&mut stream, command)
    }

    /// Ends the server; nothing listens on its port from then on.
    pub(crate) fn stop(&mut self) {
        // both fail only if it has ended already
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Another process on the same port: a new `run_id`, counters from zero, no keys.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.child = launch(self.binary, &self.args, &self.dir, self.plain_port, self.tls_port)
            .unwrap_or_else(|| panic!("port {} was taken during the restart", self.plain_port));
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    listen().1.port()
}

/// `None` if a port was taken since it was found free.
fn launch(
    binary: Binary,
    args: &[String],
    dir: &TempDir,
    port: u16,
    tls_port: Option<u16>,
) -> Option<Child> {
    let mut command = Command::new(binary.path());
    command.args(["--bind", "127.0.0.1", "--daemonize", "no", "--save", "", "--appendonly", "no"]);
    command.args(["--port", &port.to_string(), "--dir"]).arg(dir.path());
    if let Some(port) = tls_port {
        command.args(["--tls-port", &port.to_string()]);
    }
    command.args(args);
    ready(&mut command, dir, "Ready to accept connections")
}

/// Starts it and waits for the word of its log that says that it listens; `None` as for [`launch`].
fn ready(command: &mut Command, dir: &TempDir, word: &str) -> Option<Child> {
    let log = dir.path().join("log");
    let output = File::create(&log).expect("create the log");
    command
        .stdin(Stdio::null())
        .stderr(output.try_clone().expect("duplicate the log"))
        .stdout(output);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));

    // Its own log proves that it is this process which has the port, and leaves the statistics as
    // they were: a PING could be answered by another server, and would be counted.
    let deadline = Instant::now() + scaled(Duration::from_secs(10));
    loop {
        let ended = child.try_wait().expect("wait for the server");
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        if ended.is_none() && said.contains(word) {
            return Some(child);
        }
        if ended.is_some() && said.contains("Address already in use") {
            return None;
        }
        if ended.is_some() || Instant::now() > deadline {
            drop(child.kill());
            drop(child.wait());
            panic!("{command:?} did not start:\n{said}");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends one command and returns its reply as text: an error keeps its `-`, nil is `(nil)`, the
/// items of an array are lines.
pub(crate) fn command(stream: &mut TcpStream, command: &[&str]) -> String {
    stream.set_read_timeout(Some(scaled(Duration::from_secs(30)))).expect("a timeout above zero");
    let mut request = Vec::new();
    write!(request, "*{}\r\n", command.len()).expect("write to memory");
    for argument in command {
        write!(request, "${}\r\n{argument}\r\n", argument.len()).expect("write to memory");
    }
    stream.write_all(&request).expect("write to the server");
    // The reader may take no more than the reply, but there is none after it: one command, one
    // reply.
    reply(&mut BufReader::new(stream))
}

fn reply(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("read a reply");
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).expect("a reply has a type");
    let length = || rest.parse::<i64>().expect("a length");
    match kind {
        "+" | ":" => rest.to_owned(),
        "-" => line.to_owned(),
        "$" | "*" if length() < 0 => "(nil)".to_owned(),
        "$" => {
            let mut bulk = vec![0; usize::try_from(length()).expect("not negative") + 2];
            reader.read_exact(&mut bulk).expect("read a bulk string");
            bulk.truncate(bulk.len() - 2);
            String::from_utf8_lossy(&bulk).into_owned()
        }
        "*" => (0..length()).map(|_| reply(reader)).collect::<Vec<_>>().join("\n"),
        _ => panic!("not a RESP2 reply: {line}"),
    }
}
