//! Text around the JSON of a file: what a terminal, a log or `2>&1` leaves there. Pure.

/// How to record without it.
pub(in crate::collect) const STDOUT_ALONE: &str = "record what kubectl prints to its standard \
                                                   output alone, by > FILE and without 2>&1: \
     kubectl get pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A -o json > \
     FILE";

/// What kubectl says where it failed, and of what it would rather not do.
const MESSAGES: &[&str] = &[
    "Error from server",
    "Unable to connect to the server",
    "The connection to the server",
    "Unable to use a TTY",
    "Warning:",
    "error:",
    "Flag --",
];

/// Characters of a line that are shown.
const SHOWN: usize = 200;

/// A line that is not JSON, in words. Only what a program is known to say is quoted: behind a
/// prompt a password may stand.
pub(in crate::collect) fn line(text: &str) -> String {
    let line = text.trim();
    let quoted = || format!("{:?}", line.chars().take(SHOWN).collect::<String>());
    if is_error(line) || is_log(line) {
        return quoted();
    }
    if line.starts_with("==== START logs") {
        return "the log of a container, as kubectl cluster-info dump prints".to_owned();
    }
    "text that is not JSON (of a terminal?)".to_owned()
}

/// Whether kubectl says it of itself.
pub(in crate::collect) fn is_error(line: &str) -> bool {
    MESSAGES.iter().any(|message| line.starts_with(message))
}

/// `E0411 09:12:01.123456   12345 memcache.go:265] couldn't get …`
fn is_log(line: &str) -> bool {
    let mut characters = line.chars();
    matches!(characters.next(), Some('E' | 'W' | 'I' | 'F'))
        && characters.by_ref().take(4).all(|c| c.is_ascii_digit())
        && line.contains(".go:")
}

/// What to do about text behind the JSON.
pub(in crate::collect) fn advice(text: &str) -> String {
    let denied = text.lines().find(|line| line.contains("forbidden"));
    match denied {
        Some(_) => format!("let the user list what is forbidden, and {STDOUT_ALONE}"),
        None => STDOUT_ALONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_programs_say_is_quoted() {
        for known in [
            "Error from server (Forbidden): nodes is forbidden",
            "E0411 09:12:01.123456   12345 memcache.go:265] couldn't get resource list",
            "Warning: v1 ComponentStatus is deprecated in v1.19+",
        ] {
            assert!(line(known).contains(known), "{known}");
        }
        for other in ["$ redis-cli -a secret INFO", "user@host:~$", "E1 secret", "F00 secret"] {
            assert!(!line(other).contains("secret") && !line(other).contains("user"), "{other}");
        }
        assert!(line("==== START logs for container w ====").contains("cluster-info dump"));
    }
}
