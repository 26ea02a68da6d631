//! What can go wrong with a history, and what to do about it.

use std::path::PathBuf;

/// Why a history could not be read or written. Messages are lowercase fragments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Nothing is there.
    #[error("it does not exist yet")]
    Missing(PathBuf),
    /// It was written by a later version; it is read, and never written.
    #[error(
        "it is of a newer version of envparity ({tool}, schema {schema}; this one writes {ours})"
    )]
    Newer {
        /// Its schema.
        schema: i64,
        /// The schema of this version.
        ours: i64,
        /// The version that wrote it.
        tool: String,
    },
    /// Another program has held the lock for the whole time that we wait.
    #[error("another program has been writing to it for {0} s")]
    Locked(u64),
    /// The disk, or the limit of the file, is full.
    #[error("no space left: {0}")]
    Full(String),
    /// What is there is not what was written.
    #[error("its file is damaged: {0}")]
    Damaged(String),
    /// Something else is there.
    #[error("not an envparity history: {0}")]
    Foreign(String),
    /// Its file lies where locks are not shared between machines.
    #[error(
        "its file lies on {0}, a network file system, where SQLite's log can lose what was written"
    )]
    NetworkFileSystem(&'static str),
    /// It may be read and not written.
    #[error("it may not be written")]
    ReadOnly,
    /// Somebody writes a file that was read as one that nobody writes.
    #[error("it was written while it was read")]
    Moving,
    /// The folder or the file cannot be opened.
    #[error("it cannot be opened: {0}")]
    Unopened(String),
    /// A server that was not reached, or said no.
    #[error("{what}")]
    Server {
        /// In a lowercase fragment, without any secret.
        what: String,
        /// What the reader can do.
        advice: &'static str,
    },
    /// What targets answer now would stand at another time.
    #[error(
        "targets answered now, and --at says {0}: the run would stand at a time that was not its \
         own"
    )]
    OtherTime(jiff::Timestamp),
    /// A head that could be that of many runs.
    #[error("{0}")]
    Head(String),
    /// What this build cannot do.
    #[error("{0}")]
    Unsupported(String),
    /// Anything else that the database says.
    #[error("the database says: {0}")]
    Database(String),
}

impl HistoryError {
    /// Whether it may be over after a while, so that trying again makes sense.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Full(_) | Self::Moving | Self::Server { .. })
    }

    /// What the reader can do.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "name it with --history, or by history: in audit.yaml; an audit with a history \
                 makes it"
            }
            Self::Newer { .. } => "write to it by that version of envparity, or to another history",
            Self::Locked(_) => {
                "wait for the other run to end, or find who keeps it open: lsof FILE, or \
                 pg_stat_activity of PostgreSQL"
            }
            Self::Full(_) => {
                "make room on the disk (or raise the limit), then envparity history prune"
            }
            Self::Damaged(_) => {
                "keep the file aside and put a backup in its place, or save what can be read: \
                 sqlite3 FILE .recover | sqlite3 NEW"
            }
            Self::Foreign(_) => "name another file: this one is left as it is",
            Self::NetworkFileSystem(_) => {
                "keep the file on a local disk; where several machines write, use PostgreSQL"
            }
            Self::ReadOnly => {
                "give the user that runs envparity the right to write file and folder"
            }
            Self::Moving => "try again",
            Self::Unopened(_) => "check the path and the rights of file and folder",
            Self::Server { advice, .. } => advice,
            Self::OtherTime(_) => {
                "leave out --at, or judge what was stored then: recorded evidence, or envparity \
                 history show"
            }
            Self::Head(_) => "give run.history.digest of a report, or at least 8 digits of it",
            Self::Unsupported(_) => {
                "use a build with the feature postgres (cargo install --features postgres; the \
                 container image has it), or a file"
            }
            Self::Database(_) => "run envparity history verify",
        }
    }
}
