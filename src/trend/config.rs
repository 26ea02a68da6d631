//! The lists of commands that are part of the program.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::commands::CommandLists;
use crate::wire::yaml::{self, Origin};

/// `commands.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandsFile {
    keyspace: BTreeSet<String>,
    collection: BTreeSet<String>,
    logins: BTreeSet<String>,
}

impl CommandLists {
    /// The lists that are part of the program.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn builtin_lists() -> Self {
        let file: CommandsFile = yaml::read(include_str!("commands.yaml"), Origin::Person)
            .expect("commands.yaml is part of the program, and a test reads it");
        Self::new(file.keyspace, file.collection, file.logins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trend_knows_the_commands_that_walk() {
        let lists = CommandLists::builtin_lists();
        for walking in ["keys", "scan", "flushdb", "hgetall", "sort_ro", "sdiffstore"] {
            assert!(lists.is_walking(walking), "{walking}");
        }
        for other in ["get", "eval", "exec", "fcall", "auth", "config|get"] {
            assert!(!lists.is_walking(other), "{other}");
        }
        assert!(lists.is_login("auth") && lists.is_login("hello") && !lists.is_login("keys"));
    }

    #[test]
    fn trend_tells_another_list_by_its_digest() {
        let one = CommandLists::builtin_lists();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let other = CommandLists::new(set(&["keys"]), set(&["sort"]), set(&[]));
        // Which of the two lists a command stands in does not change the sum.
        let moved = CommandLists::new(set(&["sort"]), set(&["keys"]), set(&["auth"]));
        assert_ne!(one.digest(), other.digest());
        assert_eq!(other.digest(), moved.digest());
        assert_eq!(one.digest(), CommandLists::builtin_lists().digest());
    }
}
