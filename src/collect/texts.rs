//! How long a text of a target may be.

/// Bytes of a version, a setting or an identity: a longer one is not read, and the failure of its
/// part says so.
pub(in crate::collect) const MAX_FACT: usize = 256;
