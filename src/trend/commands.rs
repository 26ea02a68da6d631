//! Which commands walk the keyspace or whole collections, and by which clients log in.
//!
//! EVAL, EXEC and their kin contain what they call, which servers count on its own: they are in no
//! list, so that nothing is added twice.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::model::ListDigest;

/// The lists, and the digest of those that walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLists {
    keyspace: BTreeSet<String>,
    collection: BTreeSet<String>,
    logins: BTreeSet<String>,
    digest: ListDigest,
}

impl CommandLists {
    /// Of commands whose cost grows with the keyspace, with a collection, and by which clients log
    /// in.
    pub fn new(
        keyspace: BTreeSet<String>,
        collection: BTreeSet<String>,
        logins: BTreeSet<String>,
    ) -> Self {
        let mut hash = Sha256::new();
        for name in keyspace.union(&collection) {
            hash.update(name.as_bytes());
            hash.update(b"\n");
        }
        let bytes = hash.finalize();
        let digest = ListDigest(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        Self { keyspace, collection, logins, digest }
    }

    /// Those that walk the keyspace or whole collections, in order.
    pub fn walking(&self) -> impl Iterator<Item = &str> {
        self.keyspace.union(&self.collection).map(String::as_str)
    }

    /// Those by which clients log in.
    pub fn logins(&self) -> impl Iterator<Item = &str> {
        self.logins.iter().map(String::as_str)
    }

    /// Whether a command walks.
    pub fn is_walking(&self, command: &str) -> bool {
        self.keyspace.contains(command) || self.collection.contains(command)
    }

    /// Whether a command's cost grows with the keyspace, and not with one key of it.
    pub fn walks_keyspace(&self, command: &str) -> bool {
        self.keyspace.contains(command)
    }

    /// Whether clients log in by a command.
    pub fn is_login(&self, command: &str) -> bool {
        self.logins.contains(command)
    }

    /// What tells this list of walking commands from others.
    pub fn digest(&self) -> ListDigest {
        self.digest
    }
}
