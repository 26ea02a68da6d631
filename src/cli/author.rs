//! Who runs this, as far as the machine knows: the system's user, and the variables that a CI sets.
//! Nothing proves it, so whoever shows it says *claimed*.

use std::collections::BTreeMap;
use std::path::Path;

use crate::wire::file;

/// Variables by which CI systems say who started a job, and where it is shown.
const OF_CI: [&str; 8] = [
    "GITLAB_USER_LOGIN",
    "CI_JOB_URL",
    "GITHUB_ACTOR",
    "GITHUB_RUN_ID",
    "BUILD_USER_ID",
    "BUILD_URL",
    "CIRCLE_USERNAME",
    "BUILDKITE_BUILD_CREATOR",
];

/// What a variable says is cut here.
const LONGEST: usize = 200;

/// Larger files are no list of users of ours.
const MAX_USERS: u64 = 4 * 1024 * 1024;

/// `alice; GITLAB_USER_LOGIN=bob, CI_JOB_URL=https://…`.
pub(super) fn claimed() -> String {
    let of_ci: Vec<String> = of_ci().map(|(name, text)| format!("{name}={text}")).collect();
    if of_ci.is_empty() { user() } else { format!("{}; {}", user(), of_ci.join(", ")) }
}

/// The same by name: `user`, and the variables of a CI.
pub(super) fn claims() -> BTreeMap<String, String> {
    let own = ("user".to_owned(), user());
    of_ci().map(|(name, text)| (name.to_owned(), text)).chain([own]).collect()
}

fn of_ci() -> impl Iterator<Item = (&'static str, String)> {
    OF_CI.into_iter().filter_map(|name| Some((name, shortened(&std::env::var(name).ok()?)?)))
}

/// The name of the user that runs this program, else its number.
fn user() -> String {
    let id = rustix::process::getuid().as_raw();
    let users = file::read_text(Path::new("/etc/passwd"), MAX_USERS).unwrap_or_default();
    name_of(id, &users).unwrap_or_else(|| format!("user {id}"))
}

fn name_of(id: u32, users: &str) -> Option<String> {
    let own = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    });
    own.and_then(|name| shortened(&name))
}

/// What a line of a report may hold of it; nothing if nothing is left.
fn shortened(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    Some(plain.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_number() {
        let users = "root:x:0:0::/root:/bin/sh\nbad line\nalice:x:1000:1000::/home:/bin/sh\n";
        assert_eq!(name_of(1000, users).as_deref(), Some("alice"));
        assert_eq!(name_of(100, users), None);
        assert_eq!(shortened(" \u{7}\n"), None);
    }
}
