//! What keeps the load of a Redis: redis_exporter, and Prometheus or VictoriaMetrics that scrapes
//! it. Debian's own, on loopback, gone when dropped.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::slowness::scaled;
use super::listen;

/// A program that listens on a port of its own.
pub(crate) struct Running {
    child: Child,
    port: u16,
    _log: TempDir,
}

impl Running {
    /// Starts it with its arguments, in which `PORT` stands for its port, and waits until it
    /// listens.
    fn start(program: &str, port: u16, args: &[String]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let log = dir.path().join("log");
        let output = File::create(&log).expect("create the log");
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stderr(output.try_clone().expect("duplicate the log"))
            .stdout(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let deadline = Instant::now() + scaled(Duration::from_secs(20));
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("wait for the program");
            if ended.is_some() || Instant::now() > deadline {
                drop(child.kill());
                drop(child.wait());
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{program} did not start:\n{said}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, port, _log: dir }
    }

    /// `redis_exporter` of a Redis, on a port that may be given.
    pub(crate) fn exporter(redis: u16, port: u16) -> Self {
        let args = [
            format!("-redis.addr=redis://127.0.0.1:{redis}"),
            format!("-web.listen-address=127.0.0.1:{port}"),
        ];
        Self::start("prometheus-redis-exporter", port, &args)
    }

    /// Prometheus by its configuration, with the data of a folder.
    pub(crate) fn prometheus(config: &Path, data: &Path, extra: &[&str]) -> Self {
        let port = free_port();
        let mut args = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", data.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        args.extend(extra.iter().map(|arg| (*arg).to_owned()));
        Self::start("prometheus", port, &args)
    }

    /// VictoriaMetrics that scrapes by a configuration of Prometheus.
    pub(crate) fn victoria_metrics(config: &Path, data: &Path) -> Self {
        let port = free_port();
        let args = [
            format!("-promscrape.config={}", config.display()),
            format!("-storageDataPath={}", data.display()),
            format!("-httpListenAddr=127.0.0.1:{port}"),
            // Tests ask at once; a window ends a minute ago.
            "-search.latencyOffset=0s".to_owned(),
            "-memory.allowedBytes=256MB".to_owned(),
        ];
        Self::start("victoria-metrics", port, &args)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it; nothing listens on its port from then on.
    pub(crate) fn stop(&mut self) {
        // both fail only if it has ended already
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A loopback port that nothing listens on now.
pub(crate) fn free_port() -> u16 {
    listen().1.port()
}

/// Blocks of a TSDB from text in the format OpenMetrics.
pub(crate) fn blocks_of(openmetrics: &str, data: &Path) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("metrics.om");
    std::fs::write(&file, openmetrics).expect("write the metrics");
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=486h"])
        .args([&file, data])
        .output()
        .expect("promtool starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool: {said}");
}
