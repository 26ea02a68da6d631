//! Where `ssh` finds a host: `ssh://user@host:port`. Pure.
//!
//! Its parts become arguments of a program, so that only what a name may hold is let through: no
//! argument begins with `-` that a profile or a context has written.

use std::ffi::OsString;

use url::Url;

/// Why a text is not an address; it is not quoted, since it may hold a password.
#[derive(Clone, Copy, Debug)]
pub(in crate::collect) struct NoAddress {
    pub(in crate::collect) message: &'static str,
    pub(in crate::collect) advice: &'static str,
}

/// Where ssh goes. What is missing, its own configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct SshAddress {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl SshAddress {
    pub(in crate::collect) fn of(url: &Url) -> Result<Self, NoAddress> {
        let wrong = |message, advice| Err(NoAddress { message, advice });
        if url.password().is_some() {
            return wrong("the URL holds a password", "ssh runs without prompts: use a key");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return wrong(
                "the URL has more than user, host and port",
                "write ssh://user@host; where the socket is, docker on that host knows: its \
                 context, or DOCKER_HOST",
            );
        }
        let user = Some(url.username()).filter(|user| !user.is_empty());
        if !user.is_none_or(is_name) {
            return wrong("invalid user name", "write ssh://user@host");
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if !is_name(host) {
            return wrong("the URL names no host", "write ssh://user@host");
        }
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port: url.port() })
    }

    /// Up to the host; the command to run there follows.
    pub(in crate::collect) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-o".into(), "BatchMode=yes".into(), "-T".into()];
        if let Some(user) = &self.user {
            arguments.extend(["-l".into(), user.into()]);
        }
        if let Some(port) = self.port {
            arguments.extend(["-p".into(), port.to_string().into()]);
        }
        arguments.extend(["--".into(), (&self.host).into()]);
        arguments
    }

    /// Without the user.
    pub(in crate::collect) fn shown(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// The colon is that of IPv6.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<SshAddress, NoAddress> {
        SshAddress::of(&Url::parse(text).unwrap())
    }

    #[test]
    fn an_address_becomes_arguments() {
        for (text, arguments, shown) in [
            (
                "ssh://me@Host.example:2222",
                "-o BatchMode=yes -T -l me -p 2222 -- Host.example",
                "Host.example:2222",
            ),
            ("ssh://host/", "-o BatchMode=yes -T -- host", "host"),
            ("ssh://me@[::1]:22", "-o BatchMode=yes -T -l me -p 22 -- ::1", "::1:22"),
        ] {
            let address = of(text).unwrap();
            let made = address.arguments().join(" ".as_ref());
            assert_eq!(
                (made.to_str(), address.shown().as_str()),
                (Some(arguments), shown),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_gets_into_a_command_that_is_no_name() {
        for text in [
            "ssh://me:hunter2@host",
            "ssh://-oProxyCommand=x@host",
            "ssh://-oProxyCommand=x",
            "ssh://me@-lroot",
            "ssh://a%20b@host",
            "ssh://me@ho%24st",
            "ssh://me@host/run/docker.sock",
            "ssh://me@host?x",
            "ssh:///x",
            "ssh:host",
        ] {
            assert!(of(text).is_err_and(|wrong| !wrong.message.contains("hunter2")), "{text}");
        }
    }
}
