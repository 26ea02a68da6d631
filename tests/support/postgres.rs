//! Real PostgreSQL servers, one for each test: a new cluster on a loopback port, gone when dropped.
//!
//! A server refuses to run as root, so that root starts it as the user that Debian's package makes.

#![allow(dead_code, reason = "every test binary compiles all of this and uses a part")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::slowness::scaled;

/// The user that histories are written as, and its password.
pub(crate) const WRITER: &str = "envparity";
pub(crate) const PASSWORD: &str = "history-only-secret";

/// A server of its own for one test.
pub(crate) struct PostgresServer {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl PostgresServer {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With settings, as `ssl=on`.
    ///
    /// # Panics
    /// If the server is not ready within thirty seconds of an idle machine.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        Self::start_by(settings, false)
    }

    fn start_by(settings: &[&str], with_small_disk: bool) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        // the server's user has to get through
        fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).expect("open the folder");
        let data = dir.path().join("data");
        fs::create_dir(&data).expect("make the folder of the data");
        give(&data);
        let made = server_program("initdb", None)
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username=postgres"])
            .args(["--auth=trust", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        fs::write(data.join("pg_hba.conf"), ACCESS).expect("write pg_hba.conf");
        for _ in 0..5 {
            let port = free_port();
            let small = with_small_disk.then(|| dir.path().join("small"));
            if let Some(child) = launch(dir.path(), port, settings, small.as_deref()) {
                let server = Self { child, port, dir };
                let user = format!("CREATE ROLE {WRITER} LOGIN PASSWORD '{PASSWORD}'");
                server.sql("postgres", &user);
                return server;
            }
        }
        panic!("PostgreSQL found no free port five times");
    }

    /// With a disk of few megabytes beside its own, at [`Self::small_disk`]. It is mounted for the
    /// server alone and goes with it.
    pub(crate) fn start_on_small_disk() -> Self {
        Self::start_by(&[], true)
    }

    pub(crate) fn small_disk(&self) -> String {
        self.dir.path().join("small").join("disk").display().to_string()
    }

    /// All that the server has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).expect("the log is there")
    }

    /// A server on a copy of this one's files: a cluster of its own, or one in recovery.
    pub(crate) fn copied(&self, database: &str, is_standby: bool) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).expect("open the folder");
        self.sql(database, "CHECKPOINT");
        let (from, to) = (self.dir.path().join("data"), dir.path().join("data"));
        let made = Command::new("cp").arg("-a").args([&from, &to]).status();
        assert!(made.is_ok_and(|status| status.success()), "the files are copied");
        let _ = fs::remove_file(to.join("postmaster.pid"));
        if is_standby {
            fs::write(to.join("standby.signal"), "").expect("write into the copy");
            give(&to.join("standby.signal"));
        }
        for _ in 0..5 {
            let port = free_port();
            if let Some(child) = launch(dir.path(), port, &[], None) {
                return Self { child, port, dir };
            }
        }
        panic!("PostgreSQL found no free port five times");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A new database that belongs to [`WRITER`].
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {WRITER}"));
        self.url(name)
    }

    /// The URL of a database, with user and password.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{WRITER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The folder of its Unix socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        self.dir.path()
    }

    /// What the server's own client prints of a statement of the server's own user.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.client(database).args(["--command", sql]).output().expect("psql starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// The server's own client, of its own user.
    pub(crate) fn client(&self, database: &str) -> Command {
        let mut command = Command::new(program("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        command.args(["--set", "ON_ERROR_STOP=1", "--host", "127.0.0.1"]);
        command.args(["--port", &self.port.to_string(), "--username", "postgres"]);
        command.args(["--dbname", database]);
        command
    }

    /// A session that is left open within a transaction, until it is dropped.
    pub(crate) fn session(&self, database: &str, sql: &str) -> Session {
        let line = format!("{sql}; SELECT pg_sleep(600)");
        let mut command = self.client(database);
        let child = command
            .args(["--single-transaction", "--command", &line])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("psql starts");
        let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let deadline = Instant::now() + scaled(Duration::from_secs(10));
        while self.sql(database, sleeps) == "0" {
            assert!(Instant::now() < deadline, "the session did not get so far: {sql}");
            thread::sleep(Duration::from_millis(20));
        }
        Session(child)
    }

    /// Sends a signal to the server, or to a process of it.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Immediate shutdown; a server that is stopped has to be woken up for it.
        for name in ["QUIT", "CONT"] {
            signal(name, self.child.id());
        }
        drop(self.child.wait());
    }
}

/// A session that waits within a transaction.
pub(crate) struct Session(Child);

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn signal(name: &str, pid: u32) {
    let line = format!("kill -{name} {pid}");
    drop(Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status());
}

/// The server's own user needs no password, the others do; nobody uses the database `secure`
/// without TLS.
const ACCESS: &str = "\
local all all trust
host all postgres 127.0.0.1/32 trust
hostnossl secure all 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
";

/// A file or folder that the server's user owns, if that is not us.
pub(crate) fn give(path: &Path) {
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).expect("chown");
    }
}

/// Whom root starts it as.
fn server_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().expect("id starts");
        String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let missing = "there is no user postgres: run tests/run.sh";
    Some((id(&["-u", "postgres"]).expect(missing), id(&["-g", "postgres"]).expect(missing)))
}

/// A program of the server's, to be run as its user; it ends when we do, however that is. `small`
/// is where a small disk is mounted that nobody else sees.
fn server_program(name: &str, small: Option<&Path>) -> Command {
    let mut command = Command::new(if small.is_some() { "unshare" } else { "setpriv" });
    if let Some(small) = small {
        fs::create_dir_all(small).expect("make the folder of the disk");
        let mount = "mount -t tmpfs -o size=12m none \"$0\" && mkdir \"$0/disk\" && \
                     chown postgres \"$0/disk\" && exec \"$@\"";
        command.args(["--mount", "sh", "-c", mount]).arg(small).arg("setpriv");
    }
    command.args(["--pdeathsig", "QUIT"]);
    if let Some((user, group)) = server_user() {
        command.args([format!("--reuid={user}"), format!("--regid={group}")]);
        command.arg("--clear-groups");
    }
    command.arg("--").arg(program(name));
    // It must not be left in a folder that its user cannot enter.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// `/usr/lib/postgresql/15/bin/initdb`: Debian keeps them off the path.
fn program(name: &str) -> PathBuf {
    let newest = |_| {
        let all = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut versions: Vec<PathBuf> = all.map(|entry| entry.path().join("bin")).collect();
        versions.sort();
        versions.pop().expect("there is no PostgreSQL server: run tests/run.sh")
    };
    let folder = std::env::var("ENVPARITY_TEST_POSTGRES").map_or_else(newest, PathBuf::from);
    folder.join(name)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A standby says read-only connections.
fn is_ready(log: &str) -> bool {
    log.contains("ready to accept connections") || log.contains("ready to accept read-only")
}

/// `None` if the port was taken since it was found free.
fn launch(dir: &Path, port: u16, settings: &[&str], small: Option<&Path>) -> Option<Child> {
    give(dir);
    let log = dir.join("log");
    let output = File::create(&log).expect("create the log");
    let mut command = server_program("postgres", small);
    command
        .arg("-D")
        .arg(dir.join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
        .arg(dir);
    // What must not survive a crash of the machine need not be on the disk.
    let own = ["fsync=off", "shared_buffers=16MB", "max_connections=40", "autovacuum=off"];
    for setting in own.iter().chain(settings) {
        command.args(["-c", setting]);
    }
    command.stdout(output.try_clone().expect("duplicate the log")).stderr(output);
    let mut child = command.spawn().expect("setpriv starts");
    let deadline = Instant::now() + scaled(Duration::from_secs(30));
    loop {
        let ended = child.try_wait().expect("wait for the server");
        let said = fs::read_to_string(&log).unwrap_or_default();
        if ended.is_none() && is_ready(&said) {
            return Some(child);
        }
        if ended.is_some() && said.contains("Address already in use") {
            return None;
        }
        if ended.is_some() || Instant::now() > deadline {
            drop(child.kill());
            drop(child.wait());
            panic!("PostgreSQL did not start:\n{said}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}
