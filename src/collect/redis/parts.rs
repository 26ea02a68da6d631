//! Names of what is read of a Redis target.

/// The server that is the target itself.
pub(in crate::collect) const INFO_PART: &str = "info";
/// Whether Sentinels named the master, and one and the same.
pub(super) const SENTINEL_PART: &str = "sentinel";
/// Whether all replicas are known; each is a part of its own, too.
pub(super) const REPLICAS_PART: &str = "replicas";

/// How the parts begin that are one for each server.
pub(in crate::collect) const NODE: &str = "node ";
pub(super) const REPLICA: &str = "replica ";
