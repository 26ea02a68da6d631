//! How long a server is waited for.

use std::time::Duration;

/// How long a database is waited for.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Until it lets us in.
    pub connect: Duration,
    /// For another writer.
    pub wait: Duration,
    /// For one statement of a run.
    pub statement: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        let (connect, wait) = (Duration::from_secs(5), Duration::from_secs(5));
        Self { connect, wait, statement: Duration::from_secs(30) }
    }
}
