//! A verdict that somebody overrode: the release goes in spite of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Verdict;

/// A verdict that somebody overrode. The verdict stays what it was, and this stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Digest of the run whose verdict it is.
    pub of: String,
    /// What that run said.
    pub verdict: Verdict,
    /// When it said so.
    pub judged: Timestamp,
    /// The release.
    pub release: String,
    /// Who overrides it, by their own word.
    pub by: String,
    /// Who approves, by the same word.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Whether the policy asked for two persons then.
    pub four_eyes: bool,
    /// When.
    pub at: Timestamp,
    /// What the machine knows of who said so: its user, and variables of a CI.
    pub claims: BTreeMap<String, String>,
    /// Digest of the run that holds this; empty until it is stored.
    pub run: String,
}

impl Override {
    /// `by alice, approved by bob (claimed; user ci): a reason`.
    pub fn in_words(&self) -> String {
        let user = self.claims.get("user").map(|user| format!("; user {user}"));
        let user = user.unwrap_or_default();
        let Self { by, approved_by, reason, .. } = self;
        format!("by {by}, approved by {approved_by} (claimed{user}): {reason}")
    }
}
