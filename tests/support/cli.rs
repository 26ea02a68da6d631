//! Runs the built binary as a person would, and tells how it ended.
//!
//! Every test of the command line goes through [`envparity`], so that all of them run it in the
//! same surroundings: no colour, no settings of the developer's machine, and a limit of time. It
//! knows the binary, its files and its exit codes, and nothing of the crate's own types.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary compiles all of this and uses a part"
)]

#[path = "cli/profiles.rs"]
mod profiles;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/slowness.rs"]
pub(crate) mod slowness;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use profiles::{Profiles, peak_of};
pub(crate) use report::{Report, kib, list, sorted, text};

/// The binary under test.
pub(crate) const ENVPARITY: &str = env!("CARGO_BIN_EXE_envparity");

/// How long a run may take unless a test says otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// Variables of the machine that would lead to other servers or change what is printed.
const FOREIGN: [&str; 8] = [
    "COLUMNS", "KUBECONFIG", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY",
    "no_proxy",
];

/// A file or folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a real server answered to INFO: `redis-7.0.15`, `valkey-8.0.1` and so on.
pub(crate) fn recorded_info(name: &str) -> PathBuf {
    repository(&format!("tests/fixtures/redis/{name}.txt"))
}

/// A FIFO, which nobody reads or writes unless the test does.
pub(crate) fn make_fifo(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo starts");
    assert!(status.success(), "mkfifo {}", path.display());
}

/// Sends `INT` or `TERM`, by the shell, which has `kill` built in.
pub(crate) fn send_signal(name: &str, child: &Child) {
    let line = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &line]).status().expect("the shell starts");
    assert!(status.success(), "SIG{name}");
}

/// Another build of the binary than [`ENVPARITY`], to measure it: that of `cargo build --release`.
const OTHER_BINARY: &str = "ENVPARITY_TEST_BINARY";

/// Whether the binary under test is optimised, so that what it takes can be compared with bounds.
pub(crate) fn is_optimised() -> bool {
    std::env::var_os(OTHER_BINARY).is_some() || !cfg!(debug_assertions)
}

/// What one target may make a run hold, in KiB: in a debug build, whose code alone is some 45 MiB,
/// on top of what a run holds that reads nothing.
pub(crate) fn memory_limit(nothing: impl FnOnce() -> u64) -> u64 {
    if is_optimised() { 64 * 1024 } else { nothing() + 48 * 1024 }
}

/// The binary with these arguments.
pub(crate) fn envparity<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Invocation {
    let other = std::env::var(OTHER_BINARY).map(|path| repository(&path));
    let binary = other.as_ref().map_or(ENVPARITY, |path| path.to_str().expect("a path is UTF-8"));
    program(binary).args(arguments)
}

/// Another program in the same surroundings, which will run [`ENVPARITY`]: a shell, `unshare`.
pub(crate) fn program(name: &str) -> Invocation {
    let mut command = Command::new(name);
    command.env("NO_COLOR", "1");
    for name in FOREIGN {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DOCKER_") {
            command.env_remove(name);
        }
    }
    Invocation { command, input: None, limit: LIMIT }
}

/// A run of the binary that has not begun.
#[derive(Debug)]
#[must_use = "nothing runs before `run` or `start`"]
pub(crate) struct Invocation {
    command: Command,
    input: Option<String>,
    limit: Duration,
}

impl Invocation {
    /// More arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, more: impl IntoIterator<Item = S>) -> Self {
        self.command.args(more);
        self
    }

    /// `--profiles` with this folder.
    pub(crate) fn profiles(self, folder: &Path) -> Self {
        self.args([OsStr::new("--profiles"), folder.as_os_str()])
    }

    /// The directory that it runs in.
    pub(crate) fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// An environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Several environment variables.
    pub(crate) fn envs(mut self, variables: &[(&str, &str)]) -> Self {
        self.command.envs(variables.iter().copied());
        self
    }

    /// What it reads from standard input, which is empty otherwise.
    pub(crate) fn stdin(mut self, text: impl Into<String>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Another limit than [`LIMIT`]; both grow with the slowness of the machine.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end. What is not done in time is killed, and has no exit code then.
    #[track_caller]
    pub(crate) fn run(self) -> Ended {
        let mut command = assert_cmd::Command::from_std(self.command);
        command.timeout(slowness::scaled(self.limit));
        if let Some(input) = self.input {
            command.write_stdin(input);
        }
        let start = Instant::now();
        let output = command.output().expect("the binary starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Ended {
            took: start.elapsed(),
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Starts it and leaves it to the test, with both outputs in pipes.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.spawn().expect("the binary starts")
    }
}

/// How the program ended, and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// None if it was killed, by the limit or a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ended {
    /// Fails, and shows everything, unless the program ended with this code. Profiles of one
    /// environment have no gate (`gates: []`), and the exit code then says nothing: the verdict
    /// that is printed counts.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.verdict_without_gate().or(self.code), Some(code), "{self}");
        self
    }

    /// The exit code that the printed verdict would have, where the profiles ask for none.
    fn verdict_without_gate(&self) -> Option<i32> {
        let asks_for_none = self.code == Some(0) && self.stdout.contains("say gates: []");
        let says = |json: &str, table: &str| {
            let starts = || self.stdout.lines().any(|line| line.starts_with(table));
            self.stdout.contains(&format!("\"is\": \"{json}\"")) || starts()
        };
        let code = if says("no-go", "NO-GO") {
            1
        } else if says("incomplete", "INCOMPLETE") {
            3
        } else {
            0
        };
        asks_for_none.then_some(code)
    }

    /// The JSON on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }

    /// The YAML on standard output.
    #[track_caller]
    pub(crate) fn yaml(&self) -> Value {
        serde_yaml::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no YAML: {error}\n{self}"))
    }

    /// The JSON report, if the program ended with this code.
    #[track_caller]
    pub(crate) fn report(&self, code: i32) -> Report {
        self.expect(code).any_report()
    }

    /// The JSON report, whatever the exit code.
    #[track_caller]
    pub(crate) fn any_report(&self) -> Report {
        Report::new(self.json())
    }

    /// Where tables have the verdict.
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// Whether either output holds this text.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, took } = self;
        write!(f, "exit {code:?} after {took:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
