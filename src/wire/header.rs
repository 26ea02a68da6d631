//! How a file says what it is: `apiVersion` and `kind`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of every format of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ApiVersion")]
pub enum FormatVersion {
    /// The only one so far.
    #[serde(rename = "envparity/v1")]
    V1,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// What a file describes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[schemars(rename = "Kind")]
        pub enum FileKind {
            $($(#[$doc])* $kind,)*
        }

        impl FileKind {
            /// The word in the file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)* }
            }
        }
    };
}

kinds! {
    /// One environment and its targets.
    Environment,
    /// What holds for all environments.
    Audit,
    /// Which observations are one component.
    Catalogue,
    /// How much a finding matters.
    Policy,
    /// Findings that somebody accepts for a while.
    Waivers,
    /// What a release consists of.
    Release,
    /// How releases are judged.
    Checklist,
    /// What an environment answered.
    Evidence,
    /// The result of an audit.
    DriftReport,
    /// Load over time.
    Trend,
    /// The result of a checklist.
    ChecklistReport,
    /// What became of a release in production.
    AfterReleaseReport,
}

/// The first two keys of every file; the rest is read when the kind is known.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Its format's version.
    #[expect(dead_code, reason = "reading it is the check: an unknown version is a shape error")]
    api_version: FormatVersion,
    /// What it describes.
    pub kind: FileKind,
}
