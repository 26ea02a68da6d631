//! What a profile says of a program that tells its version.

use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::expression;
use crate::collect::io::ssh_address::SshAddress;
use crate::collect::target::{TargetConfig, check_component, names_secret};
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, IdentityField, Occurs};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

pub(super) const VERSION: &str = "version";

/// Name of the field that tells one program on one machine from others.
pub(super) const MACHINE: &str = "machine";

/// The group of the expression that is the version.
pub(super) const GROUP: &str = "version";

/// Bytes of all arguments together.
const MAX_ARGUMENTS: usize = 4096;

/// A program that tells its version, on the machine that envparity runs on, or by ssh on another:
/// `{name: psql, program: psql, arguments: [--version], regex: '(?<version>\d+(\.\d+)+)'}`. The
/// environment has to say `allow-commands: true`.
///
/// It is started without a shell and without input, in a process group that ends with it or at the
/// deadline. It sees `PATH`, `LC_ALL=C` and the variables that `environment` lists.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CommandConfig {
    /// Name of the target; `psql` is compared as the component `command/psql`.
    pub name: Located<String>,
    /// The program: a name that is looked for in `PATH`, or an absolute path.
    pub program: Located<String>,
    /// Its arguments, one by one: `[--version]`. No shell reads them, so that `*`, `$HOME` and `|`
    /// mean nothing.
    #[serde(default)]
    pub arguments: Vec<Located<String>>,
    /// Regular expression whose group `version` is the version: `'nginx/(?<version>\S+)'`. The
    /// first place that fits counts.
    pub regex: Located<String>,
    /// Which output tells the version (default: stdout). `java -version` and `nginx -v` write to
    /// stderr.
    #[serde(default)]
    pub output: OutputStream,
    /// Names of variables that the program sees besides `PATH`: `[JAVA_HOME]`. Not with `ssh`.
    #[serde(default)]
    pub environment: Vec<Located<String>>,
    /// Run it there, as `ssh` of this machine gets in without a question: `auditor@host`,
    /// `host:2222`. sshd hands the program and its arguments to the user's login shell as one
    /// string: they are quoted for a POSIX shell.
    #[serde(default)]
    pub ssh: Option<Located<String>>,
    /// The component that it is, if not `command/<name>`: `postgresql/client`.
    #[serde(default)]
    pub component: Option<Located<String>>,
    /// The product that it is, by its name in the product data: `nginx`.
    #[serde(default)]
    pub product: Option<String>,
    /// File to use when the host cannot be reached: evidence.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long it may take (default 10s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// What a program writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutputStream {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

impl CommandConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "command",
        noun: "command target",
        facts: Facts::Version,
        parts: &[CollectorPart { name: VERSION, occurs: Occurs::Always, holds: &[Holds::Itself] }],
        is_service: true,
        jointly: &[],
        identity: Some(IdentityField { field: MACHINE, noun: "program of one machine" }),
        groups: &["command"],
        products: &[],
        deadline: Duration::from_secs(10),
        clashes_with_files: false,
    };

    /// Where `ssh` goes. The text never goes into the message: a password may be in it.
    pub(super) fn ssh_address(&self) -> Result<Option<SshAddress>, Problem> {
        const SHAPE: &str = "write ssh: user@host or user@host:2222";
        let Some(text) = &self.ssh else { return Ok(None) };
        let wrong = |message: &str| Problem::at(text, message.to_owned(), SHAPE);
        if text.contains("://") {
            return Err(wrong("ssh: is a host, and no URL"));
        }
        let url = Url::parse(&format!("ssh://{}", text.value));
        let url = url.map_err(|_| wrong("ssh: is not a host"))?;
        SshAddress::of(&url).map(Some).map_err(|error| wrong(error.message))
    }

    /// The expression that finds the version.
    pub(super) fn expression(&self) -> Result<Regex, Problem> {
        let regex = expression::compile(&self.regex)?;
        if regex.capture_names().flatten().any(|name| name == GROUP) {
            return Ok(regex);
        }
        let message = "the regular expression has no group that is named version";
        let advice = "put the version into (?<version>…): 'nginx/(?<version>\\S+)'";
        Err(Problem::at(&self.regex, message, advice))
    }

    fn check_program(&self) -> Option<Problem> {
        let program = self.program.as_str();
        if program.is_empty() || program.starts_with('-') || program.chars().any(char::is_control) {
            let advice = "write the name of a program, or an absolute path";
            return Some(Problem::at(&self.program, "this cannot be a program", advice));
        }
        if program.contains('/') && !program.starts_with('/') {
            let message = "the path of the program is not absolute";
            let advice = "write an absolute path, or a name that is looked for in PATH";
            return Some(Problem::at(&self.program, message, advice));
        }
        let looks_like_a_line = program.contains(' ') && !program.contains('/');
        looks_like_a_line.then(|| {
            let message = "program: holds a blank, and no shell takes it apart";
            Problem::at(&self.program, message, "write arguments: [--version] beside it")
        })
    }

    fn check_arguments(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut announced = false;
        for argument in &self.arguments {
            if argument.chars().any(char::is_control) {
                let message = "an argument holds a control character";
                problems.push(Problem::at(argument, message, "remove it"));
            }
            let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
            let names = names_secret(name);
            if (announced && !argument.starts_with('-'))
                || (names && !value.is_empty())
                || holds_userinfo(argument)
            {
                let message = "an argument holds a password or token, which everybody on the \
                    machine can see";
                let advice = "ask for the version without logging in, or name a variable in \
                    environment:";
                problems.push(Problem::at(argument, message, advice));
            }
            announced = names && value.is_empty() && argument.starts_with('-');
        }
        if self.arguments.iter().map(|argument| argument.len()).sum::<usize>() > MAX_ARGUMENTS {
            let message = format!("the arguments have more than {MAX_ARGUMENTS} bytes");
            problems.push(Problem::at(&self.program, message, "use fewer or shorter ones"));
        }
        problems
    }

    fn check_environment(&self) -> Vec<Problem> {
        let is_name = |name: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(fits)
        };
        let wrong = self.environment.iter().filter(|name| !is_name(name));
        let mut problems: Vec<Problem> = wrong
            .map(|name| {
                let advice = "list names alone: the values are those that envparity sees";
                Problem::at(name, "this cannot be the name of a variable", advice)
            })
            .collect();
        if let (Some(first), Some(_)) = (self.environment.first(), &self.ssh) {
            let advice = "remove it: sshd gives the program the variables of its user";
            problems.push(Problem::at(first, "environment: does not go with ssh:", advice));
        }
        problems
    }
}

/// Whether a text is a URL with a password.
fn holds_userinfo(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.password().is_some())
}

impl TargetConfig for CommandConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn deadline(&self) -> Option<DurationText> {
        self.deadline
    }

    fn component(&self) -> Option<&str> {
        self.component.as_deref().map(String::as_str)
    }

    fn program(&self) -> Option<&Located<String>> {
        Some(&self.program)
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.check_program().into_iter().collect();
        problems.extend(self.check_arguments());
        problems.extend(self.expression().err());
        problems.extend(self.check_environment());
        problems.extend(self.ssh_address().err());
        problems.extend(self.component.as_ref().and_then(check_component));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::yaml::{self, Origin};

    const VERSION_REGEX: &str = "regex: 'v(?<version>.+)'\n";

    fn problems(text: &str) -> Vec<String> {
        let config: CommandConfig =
            yaml::read(&format!("name: x\n{text}"), Origin::Person).unwrap();
        config.check().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn what_is_right_is_accepted() {
        for text in [
            "program: psql\narguments: [--version]",
            "program: /usr/sbin/nginx\narguments: [-v]\noutput: stderr\ncomponent: nginx/edge",
            "program: /opt/with blank/x\nenvironment: [JAVA_HOME, _X1]",
            "program: java\nssh: auditor@host.example:2222\nproduct: openjdk",
            "program: vault\narguments: [token, --no-password, -x]\nssh: 'me@[::1]:22'",
        ] {
            assert_eq!(problems(&format!("{VERSION_REGEX}{text}")), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("program: ''", "cannot be a program"),
            ("program: -c", "cannot be a program"),
            ("program: bin/x", "not absolute"),
            ("program: ../x", "not absolute"),
            ("program: psql --version", "holds a blank"),
            ("program: x\narguments: [--password=hunter2]", "password or token"),
            ("program: x\narguments: [--token, hunter2]", "password or token"),
            ("program: x\narguments: ['http://u:hunter2@h/']", "password or token"),
            ("program: x\narguments: [\"a\\nb\"]", "control character"),
            ("program: x\nenvironment: [A=b]", "name of a variable"),
            ("program: x\nenvironment: [A]\nssh: h", "does not go with ssh:"),
            ("program: x\nssh: me:hunter2@h", "holds a password"),
            ("program: x\nssh: -oProxyCommand=x", "no host"),
            ("program: x\nssh: me@h/x", "more than user"),
            ("program: x\nssh: ssh://me@h", "no URL"),
            ("program: x\ncomponent: nginx", "name of a component"),
        ] {
            let [one] = &problems(&format!("{VERSION_REGEX}{text}"))[..] else {
                panic!("{text}: {:?}", problems(&format!("{VERSION_REGEX}{text}")))
            };
            assert!(one.contains(told) && !one.contains("hunter2"), "{text}: {one}");
        }
        for (regex, told) in [("'('", "invalid"), ("'v(.+)'", "named version")] {
            let [one] = &problems(&format!("program: x\nregex: {regex}"))[..] else { panic!() };
            assert!(one.contains(told), "{regex}: {one}");
        }
    }
}
