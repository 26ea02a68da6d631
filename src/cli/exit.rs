//! Exit codes: public, and never renumbered.

use crate::model::Verdict;

macro_rules! exits {
    ($($(#[$doc:meta])* $exit:ident = $code:literal, $meaning:literal;)*) => {
        /// How a command ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Exit {
            $($(#[$doc])* $exit,)*
        }

        impl Exit {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$exit,)*];

            /// What the shell sees.
            pub fn code(self) -> u8 {
                match self { $(Self::$exit => $code,)* }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$exit => $meaning,)* }
            }
        }
    };
}

exits! {
    /// Go, or done.
    Done = 0, "`go`; for commands that do not judge: done";
    /// No-go.
    NoGo = 1, "`no-go` (when evidence is incomplete too, both are printed); of `waiver check`: \
               one has expired or is unused; of `check-profiles --strict`: there are warnings; of \
               `history verify`: something is not what was written";
    /// A mistake in the command line, the profiles or the program, or an output not written.
    Error = 2, "usage, profile or internal error, or a report or history that could not be \
                written (the rest is written and printed first)";
    /// Incomplete.
    Incomplete = 3, "`incomplete`: nothing blocks, but not everything that the verdict needs was \
                     read; or the history holds nothing that old; of `sample`: a required server \
                     was not sampled once";
    /// Interrupted.
    Interrupted = 130, "SIGINT, SIGTERM, SIGQUIT or SIGHUP";
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Go => Self::Done,
            Verdict::NoGo => Self::NoGo,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}

/// An error for people; commands turn theirs into it.
pub(super) struct CommandError(pub(super) anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
