//! A program that tells its version: on this machine, or by `ssh` on another.
//!
//! It is started without a shell, without input, with the variables that the profile lists, and in
//! a process group that ends with it or at the deadline. What ssh has started on another machine
//! is beyond that: it ends when it notices that nobody listens any more.

pub mod config;
mod parse;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::collector::{CollectContext, Collector, Target};
use super::io::aside::run_blocking;
use super::io::program::{self, ProgramError};
use super::io::ssh_address::SshAddress;
use super::io::system::without_errno;
use super::io::{net, sent};
use super::target::named_facts;
use crate::model::{CollectorKind, Failure, FailureKind, Field, Outcome, TargetEvidence, TargetId};
use crate::wire::problem::Problem;
use config::{CommandConfig, MACHINE, VERSION};
use parse::{CommandFinder, quote_for_shell};

/// Bytes of each output. What tells a version is short.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Of `ssh`, besides who and where: what the user's configuration may say and no command needs. A
/// connection that others share is used and never made, since it would outlive the command; a
/// banner is no output of the program.
const SSH_OPTIONS: [&str; 8] = [
    "-o",
    "ControlMaster=no",
    "-o",
    "LogLevel=ERROR",
    "-o",
    "ClearAllForwardings=yes",
    "-o",
    "RemoteCommand=none",
];

/// Runs one program.
pub struct CommandCollector {
    id: TargetId,
    program: String,
    arguments: Vec<String>,
    environment: Vec<String>,
    ssh: Option<SshAddress>,
    finder: Arc<CommandFinder>,
    /// What the profile says of the target, as the evidence keeps it.
    facts: Vec<Field>,
}

impl CommandCollector {
    /// A collector for a checked profile.
    ///
    /// # Errors
    /// If its expression or its host is not one.
    pub fn new(config: &CommandConfig) -> Result<Self, Problem> {
        let ssh = config.ssh_address()?;
        let name = config.program.rsplit('/').next().unwrap_or_default();
        let texts = |list: &[crate::wire::yaml::Located<String>]| -> Vec<String> {
            list.iter().map(|text| text.value.clone()).collect()
        };
        Ok(Self {
            id: TargetId::new("command", &config.name),
            program: config.program.value.clone(),
            arguments: texts(&config.arguments),
            environment: texts(&config.environment),
            finder: Arc::new(CommandFinder {
                regex: config.expression()?,
                output: config.output,
                program: format!("`{name}`"),
                host: ssh.as_ref().map(SshAddress::shown),
            }),
            ssh,
            facts: named_facts(config.component.as_ref(), config.product.as_deref()),
        })
    }

    fn command(&self) -> Command {
        let Some(address) = &self.ssh else {
            let mut command = Command::new(&self.program);
            // What a program finds beside it is not of the directory that an audit runs in.
            command.args(&self.arguments).current_dir("/").env_clear().env("LC_ALL", "C");
            for name in std::iter::once("PATH").chain(self.environment.iter().map(String::as_str)) {
                if let Some(value) = std::env::var_os(name) {
                    if name != "PATH" {
                        sent::note(None, &value.to_string_lossy());
                    }
                    command.env(name, value);
                }
            }
            return command;
        };
        let words = std::iter::once(&self.program).chain(&self.arguments).map(String::as_str);
        let mut command = Command::new("ssh");
        command.args(SSH_OPTIONS).args(address.arguments()).arg(quote_for_shell(words));
        command
    }

    async fn read(&self) -> Result<(String, Option<String>), Failure> {
        let ended = program::run_to_end(self.command(), MAX_OUTPUT).await;
        let ended = ended.map_err(|error| self.not_run(error))?;
        if let Some(failure) = self.finder.bad_end(ended.end, &ended.errors) {
            return Err(failure);
        }
        let finder = Arc::clone(&self.finder);
        let find = move || finder.version(&ended.output, &ended.errors);
        let version = run_blocking(find).await??;
        Ok((version, self.machine().await?))
    }

    /// What tells this program on its machine from others: two environments that have the same are
    /// compared with themselves.
    async fn machine(&self) -> Result<Option<String>, Failure> {
        let machine = match &self.ssh {
            Some(address) => Some(format!("ssh {}", address.shown())),
            None => run_blocking(this_machine).await?.ok(),
        };
        let words = std::iter::once(&self.program).chain(&self.arguments).map(String::as_str);
        Ok(machine.map(|machine| {
            let digest = Sha256::digest(format!("{machine}\n{}", quote_for_shell(words)));
            digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        }))
    }

    fn not_run(&self, error: ProgramError) -> Failure {
        let name = &self.finder.program;
        let over_ssh = self.ssh.is_some();
        let strange = |message: String, advice: &str| {
            Failure::new(FailureKind::Protocol, message).with_advice(advice)
        };
        match error {
            ProgramError::NotStarted(error) if over_ssh => {
                let message = format!("ssh cannot be started: {}", without_errno(&error));
                Failure::new(FailureKind::Unsupported, message)
                    .with_advice("install OpenSSH's client on this machine")
            }
            ProgramError::NotStarted(error) => not_started(name, &error),
            ProgramError::TooLarge => Failure::new(
                FailureKind::TooLarge,
                format!("{name} printed more than {} KiB", MAX_OUTPUT / 1024),
            )
            .with_advice("name arguments with which it prints only its version"),
            ProgramError::LeftOpen => strange(
                format!("{name} ended, and left a process behind that holds its output open"),
                "name the program that tells the version, and not one that starts a service",
            ),
            ProgramError::Broken(error) => strange(
                format!("the output of {name} broke off: {}", without_errno(&error)),
                "run it by hand",
            ),
        }
    }
}

fn not_started(name: &str, error: &io::Error) -> Failure {
    let why = without_errno(error);
    match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(FailureKind::Unreachable, format!("{name} not found on this machine"))
                .with_advice("install it, or name its absolute path; PATH is that of envparity")
        }
        io::ErrorKind::PermissionDenied => {
            Failure::new(FailureKind::Permission, format!("{name} may not be started: {why}"))
                .with_advice("allow this user to execute it")
        }
        _ => Failure::new(FailureKind::Unsupported, format!("{name} cannot be started: {why}"))
            .with_advice("run it by hand as the same user"),
    }
}

/// What is the same for all that runs here from this root directory until the next boot. Containers
/// have roots of their own.
fn this_machine() -> io::Result<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let root = std::fs::metadata("/")?;
    Ok(format!("{} {}:{}", boot.trim(), root.dev(), root.ino()))
}

impl Target for CommandConfig {
    fn collector(&self, _folder: &Path) -> Box<dyn Collector> {
        let collector = CommandCollector::new(self);
        Box::new(collector.expect("a checked profile has an expression and a host"))
    }
}

impl Collector for CommandCollector {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    /// Without the arguments.
    fn endpoint(&self) -> String {
        match &self.finder.host {
            None => format!("{} on this machine", self.program),
            Some(host) => {
                format!("{} on {host} by ssh, quoted for a POSIX login shell", self.program)
            }
        }
    }

    fn kind(&self) -> &'static CollectorKind {
        &CommandConfig::KIND
    }

    fn profile_facts(&self) -> &[Field] {
        &self.facts
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let read = net::within(context.deadline, context.allowed, self.read()).await;
            let now = (context.clock)();
            let (version, machine) = match read {
                Ok(read) => read,
                Err(failure) => return vec![self.unread(now, &self.advised(failure))],
            };
            let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
            evidence.fields.clone_from(&self.facts);
            evidence.fields.push(Field::of_target("version", version));
            evidence.fields.extend(machine.map(|machine| Field::of_target(MACHINE, machine)));
            evidence.set_part(VERSION, Outcome::Complete);
            vec![evidence]
        }
        .boxed()
    }
}

impl CommandCollector {
    fn advised(&self, failure: Failure) -> Failure {
        if failure.kind != FailureKind::Timeout || self.ssh.is_some() {
            return failure;
        }
        failure.with_advice("run it by hand: it may wait for something; or raise deadline:")
    }
}
