//! The version in what a program printed, and why there is none. Pure; no message quotes what was
//! printed, which may be anything.

use regex::Regex;

use super::config::{GROUP, OutputStream};
use crate::collect::expression::checked_version;
use crate::collect::io::program::ProgramEnd;
use crate::collect::io::ssh_failure::{self, OWN_FAILURE};
use crate::model::{Failure, FailureKind};

/// What a shell ends with that may not start a program, and that knows none of that name.
const NO_PERMISSION: i32 = 126;
const NO_PROGRAM: i32 = 127;

/// How the version is found.
#[derive(Debug)]
pub(super) struct CommandFinder {
    pub(super) regex: Regex,
    pub(super) output: OutputStream,
    /// As messages call the program.
    pub(super) program: String,
    /// The host, where `ssh` runs it.
    pub(super) host: Option<String>,
}

impl CommandFinder {
    /// The version in what was printed.
    pub(super) fn version(&self, stdout: &[u8], stderr: &[u8]) -> Result<String, Failure> {
        let (own, other) = match self.output {
            OutputStream::Stdout => (stdout, stderr),
            OutputStream::Stderr => (stderr, stdout),
        };
        let from = format!("the {} of {}", name_of(self.output), self.program);
        let text = std::str::from_utf8(own)
            .map_err(|_| strange(format!("{from} is not text"), "check what the program prints"))?;
        if let Some(found) = self.find(text) {
            let advice = "change regex: so that its group finds only the version";
            return checked_version(found, &from, advice);
        }
        let is_in_other = std::str::from_utf8(other).is_ok_and(|text| self.find(text).is_some());
        let advice = match (is_in_other, self.output) {
            (true, OutputStream::Stdout) => "set output: stderr, where it finds something",
            (true, OutputStream::Stderr) => "set output: stdout, where it finds something",
            (false, _) => "run the program by hand, and correct regex:",
        };
        let what = if text.trim().is_empty() {
            format!("{from} is empty")
        } else {
            format!("the regular expression finds nothing in {from}")
        };
        Err(strange(what, advice))
    }

    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.regex.captures(text)?.name(GROUP)?.as_str())
    }

    /// Why what was printed does not count, if the program did not end well.
    pub(super) fn bad_end(&self, end: ProgramEnd, stderr: &[u8]) -> Option<Failure> {
        let program = &self.program;
        let code = match end {
            ProgramEnd::Code(0) => return None,
            ProgramEnd::Code(code) => code,
            ProgramEnd::Signal(signal) => {
                let message = format!("{program} was ended by signal {signal}");
                return Some(strange(message, "run it by hand, and look into the system's log"));
            }
        };
        let by_hand = "run it by hand as the same user: a version counts only if it ends with 0";
        let Some(host) = &self.host else {
            return Some(strange(format!("{program} ended with exit code {code}"), by_hand));
        };
        Some(match code {
            OWN_FAILURE => ssh_failed(program, host, &String::from_utf8_lossy(stderr)),
            NO_PROGRAM => Failure::new(
                FailureKind::Unreachable,
                format!("{program} not found on that host: {host}"),
            )
            .advise("install it there, or name its absolute path"),
            NO_PERMISSION => Failure::new(
                FailureKind::Permission,
                format!("{program} may not be started on that host: {host}"),
            )
            .advise("allow that user to execute it"),
            code => strange(format!("{program} ended with exit code {code} on {host}"), by_hand),
        })
    }
}

fn ssh_failed(program: &str, host: &str, said: &str) -> Failure {
    ssh_failure::known(host, said).unwrap_or_else(|| {
        let last = ssh_failure::last_line(said);
        let last = last.unwrap_or_else(|| format!("ssh or {program} ended with code 255"));
        let advice = "try it by hand: ssh -o BatchMode=yes USER@HOST PROGRAM";
        Failure::new(FailureKind::Unreachable, format!("ssh to {host} failed: {last}"))
            .advise(advice)
    })
}

fn name_of(output: OutputStream) -> &'static str {
    match output {
        OutputStream::Stdout => "standard output",
        OutputStream::Stderr => "standard error",
    }
}

fn strange(message: String, advice: &str) -> Failure {
    Failure::new(FailureKind::Protocol, message).advise(advice)
}

/// One string that a POSIX shell takes apart into these words and nothing else.
pub(super) fn quote_for_shell<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> =
        words.map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::OutputStream::{Stderr, Stdout};
    use super::*;

    fn finder(output: OutputStream, host: Option<&str>) -> CommandFinder {
        CommandFinder {
            regex: Regex::new(r"v(?<version>[\w.]+)").unwrap(),
            output,
            program: "`tool`".to_owned(),
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn the_version_is_looked_for_where_the_profile_says() {
        let of = |output, stdout: &[u8], stderr: &[u8]| {
            finder(output, None).version(stdout, stderr).map_err(|f| (f.message, f.advice))
        };
        assert_eq!(of(Stdout, b"tool v1.2.3 v9\n", b"v8.8"), Ok("1.2.3".to_owned()));
        assert_eq!(of(Stderr, b"v9", b"tool v1.2.3\n"), Ok("1.2.3".to_owned()));
        for (output, stdout, stderr, message, advice) in [
            (Stdout, &b""[..], &b"v1.2"[..], "is empty", "output: stderr"),
            (Stderr, b"v1.2", b"x", "finds nothing", "output: stdout"),
            (Stdout, b"x", b"y", "finds nothing", "by hand"),
            (Stdout, b"\xff v1.2", b"", "is not text", "check"),
            (Stdout, b"vlatest", b"", "is not a version", "change regex:"),
        ] {
            let (told, helps) = of(output, stdout, stderr).unwrap_err();
            assert!(told.contains(message) && helps.contains(advice), "{told}: {helps}");
        }
    }

    #[test]
    fn each_bad_end_has_its_name() {
        let code = ProgramEnd::Code;
        let of = |host, status, said: &[u8]| {
            finder(OutputStream::Stdout, host).bad_end(status, said).unwrap()
        };
        assert!(finder(OutputStream::Stdout, None).bad_end(code(0), b"").is_none());
        assert!(of(None, code(3), b"").message.contains("exit code 3"));
        assert!(of(None, ProgramEnd::Signal(9), b"").message.contains("signal 9"));
        let there = Some("h:22");
        assert_eq!(of(there, code(127), b"").kind, FailureKind::Unreachable);
        assert_eq!(of(there, code(126), b"").kind, FailureKind::Permission);
        assert_eq!(of(there, code(255), b"x\nConnection refused").kind, FailureKind::Refused);
        assert!(of(there, code(255), b"odd words\n").message.contains("odd words"));
        assert!(of(there, code(255), b"").message.contains("code 255"));
        assert!(of(there, code(1), b"").message.contains("on h:22"));
    }

    #[test]
    fn a_shell_takes_quoted_words_for_what_they_are() {
        let words = ["/opt/a b", "$HOME", "it's", "`id`", "a;b|c>d&", "*", "", "\\", "-x", "!1"];
        let line = format!("printf '%s\\n' {}", quote_for_shell(words.into_iter()));
        let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().collect::<Vec<_>>(), words);
    }

    #[test]
    fn mutated_output_of_programs() {
        use crate::mutation::{MUTATIONS, attacks, enter};
        let seeds = [
            "psql (PostgreSQL) 15.4 (Debian 15.4-1.pgdg120+1)\n",
            "openjdk version \"17.0.9\" 2023-10-17\n",
            "nginx version: nginx/1.22.1\n",
            "me@host: Permission denied (publickey).\r\n",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let regex = Regex::new(r"(?<version>\d+(\.\d+)*)").unwrap();
        let entry = |data: &[u8]| {
            for host in [None, Some("h:22")] {
                for output in [OutputStream::Stdout, OutputStream::Stderr] {
                    let finder = CommandFinder { regex: regex.clone(), ..finder(output, host) };
                    if let Ok(version) = finder.version(data, data) {
                        assert!(!version.chars().any(char::is_control), "{version:?}");
                    }
                    let failure = finder.bad_end(ProgramEnd::Code(255), data).unwrap();
                    assert!(failure.message.len() < 1000 && !failure.advice.is_empty());
                }
            }
            let words = String::from_utf8_lossy(data).replace('\0', "");
            let quoted = quote_for_shell(std::iter::once(words.as_str()));
            assert!(quoted.starts_with('\'') && quoted.ends_with('\''));
        };
        enter(entry, &seeds, MUTATIONS);
    }
}
