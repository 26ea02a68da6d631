//! What became of reading a part: a failure is a datum, never an absence.

use std::collections::BTreeMap;
use std::fmt;

use super::PartName;

/// What became of one part of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was read.
    Complete,
    /// It was not, or not all of it.
    Failed(Failure),
    /// The profile leaves it out: shown, not incomplete.
    LeftOut,
}

impl Outcome {
    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Complete | Self::LeftOut => None,
        }
    }
}

/// Each failure with its part; without a part if all parts failed for one reason.
pub fn failures_of(parts: &BTreeMap<PartName, Outcome>) -> Vec<(Option<&PartName>, &Failure)> {
    let failures: Vec<_> =
        parts.iter().filter_map(|(part, outcome)| Some((Some(part), outcome.failure()?))).collect();
    let one_reason =
        failures.len() == parts.len() && failures.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match failures.first() {
        Some((_, failure)) if one_reason => vec![(None, failure)],
        _ => failures,
    }
}

impl FailureKind {
    /// Whether no answer can be had now, so that a second question is of no use.
    pub fn is_unreached(self) -> bool {
        use FailureKind as K;
        matches!(
            self,
            K::Refused
                | K::Unreachable
                | K::Timeout
                | K::Cut
                | K::Unavailable
                | K::Tls
                | K::HostKey
        )
    }
}

/// Why something was not read, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class, for machines.
    pub kind: FailureKind,
    /// What happened: a lowercase fragment, possibly quoting the other side (untrusted).
    pub message: String,
    /// What the reader can do.
    pub advice: String,
}

impl Failure {
    /// A failure with the advice that its kind usually calls for.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), advice: kind.advice().to_owned() }
    }

    /// Replaces the advice by a better one.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

macro_rules! failure_kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $advice:literal;)*) => {
        /// Classes of failure; the words are public and are never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FailureKind {
            $($(#[$doc])* $kind,)*
        }

        impl FailureKind {
            /// All kinds, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word used in files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// What usually helps.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$kind => $advice,)* }
            }
        }
    };
}

failure_kinds! {
    /// Nothing listens there.
    Refused = "refused", "check that the server runs and that host and port are right";
    /// No route, no such socket, no such host name.
    Unreachable = "unreachable", "check the address, DNS and the route to it";
    /// No whole answer within the deadline.
    Timeout = "timeout", "check that the server answers; a slow link may need a longer deadline \
        in the profile";
    /// The connection ended in the middle of an answer.
    Cut = "cut", "the server closed the connection early: check its log, and any proxy in between";
    /// The server is there, and says that it cannot answer now.
    Unavailable = "unavailable", "the server is overloaded, starting or stopping: try again in a \
        while";
    /// Credentials missing or wrong.
    Authentication = "authentication", "check the user name and password that the profile refers \
        to";
    /// Known, but not allowed.
    Permission = "permission", "grant the auditing user the permission in the message";
    /// The answer is not in the protocol that the profile names.
    Protocol = "protocol", "check that host and port are those of the server in the profile";
    /// The answer exceeds the cap.
    TooLarge = "too-large", "the answer is larger than any real one: check what is listening there";
    /// TLS where none is expected, the other way round, or a certificate that does not fit.
    Tls = "tls", "check that the URL uses TLS if, and only if, the server does, and check the \
        certificates";
    /// The key by which a host proves itself to ssh is not known, or another one than is known.
    HostKey = "host-key", "compare the key's fingerprint with the host's own, and connect once \
        with ssh to accept it";
    /// A secret that the profile refers to cannot be had.
    Secret = "secret", "set the environment variable or file that the profile refers to";
    /// A file that cannot be read, or is not what it should be.
    File = "file", "check the path; it is relative to the profile's folder";
    /// A fact or file that belongs to another environment.
    WrongEnvironment = "wrong-environment", "the file was collected from another environment: \
        point the profile to the right one";
    /// Older than the profile allows, or expired.
    Stale = "stale", "collect again, or raise max-age:";
    /// Newer than the run itself.
    Future = "future", "check the clocks of the server and of this machine";
    /// The profile selects what there is none of.
    NothingSelected = "nothing-selected", "check the patterns in the profile";
    /// This version of the program cannot read it.
    Unsupported = "unsupported", "use a version of envparity that reads this kind of target, or \
        declare the facts";
}
