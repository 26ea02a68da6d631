//! The words that the grammars know in the tail of a version, for documentation.

use super::grammar::{counter, database, tag, tail};

/// Words of one meaning.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// What they are called.
    pub kind: &'static str,
    /// All of them, in lower case; they are read in any case.
    pub words: &'static [&'static str],
    /// What they mean for the version.
    pub meaning: &'static str,
    /// A text that has one.
    pub example: &'static str,
}

/// Who makes what answers as MySQL does.
pub const FLAVOURS: &[&str] = database::FLAVOURS;

/// All words with a meaning, in the order in which a tail is read.
pub const VOCABULARY: &[Vocabulary] = &[
    Vocabulary {
        kind: "moving words",
        words: tag::MOVING,
        meaning: "behind a version: the tag moves; not with a number behind them",
        example: "2022-latest",
    },
    Vocabulary {
        kind: "moving words of short tags",
        words: tag::MOVING_IF_SHORT,
        meaning: "behind fewer than three numbers: the tag moves; else a variant",
        example: "v2-stable",
    },
    Vocabulary {
        kind: "words before a version",
        words: tag::VERSION_WORDS,
        meaning: "a version follows, however short it is; no channel",
        example: "version-5.7",
    },
    Vocabulary {
        kind: "words before a commit",
        words: tag::COMMIT_WORDS,
        meaning: "a commit follows, even one of digits alone; no channel",
        example: "sha-3f2a9bc",
    },
    Vocabulary {
        kind: "service packs",
        words: counter::SERVICE_PACKS,
        meaning: "counter: a patch behind its release",
        example: "2016-SP2",
    },
    Vocabulary {
        kind: "cumulative updates",
        words: counter::CUMULATIVE,
        meaning: "counter: a patch behind its release",
        example: "2019-CU18",
    },
    Vocabulary {
        kind: "before the first update",
        words: counter::BEFORE_UPDATES,
        meaning: "behind a year: the release itself",
        example: "2022-RTM",
    },
    Vocabulary {
        kind: "fixes",
        words: counter::FIXES,
        meaning: "counter: a patch behind its release",
        example: "1.84.0.post1",
    },
    Vocabulary {
        kind: "patch levels",
        words: counter::PATCH_LEVELS,
        meaning: "counter, with a number glued to it: a patch behind its release",
        example: "7.0u2",
    },
    Vocabulary {
        kind: "security updates",
        words: counter::SECURITY,
        meaning: "counter: a patch behind what goes before",
        example: "2019-CU32-GDR7",
    },
    Vocabulary {
        kind: "pre-releases",
        words: tail::PRE_WORDS,
        meaning: "below the release; of one letter only with a number",
        example: "1.25.3-rc1",
    },
    Vocabulary {
        kind: "distributions",
        words: tail::PACKAGING_TOKENS,
        meaning: "packaging, with a number: another build of the version",
        example: "1.1.5-1.el9",
    },
    Vocabulary {
        kind: "vendors",
        words: tail::VENDOR_TOKENS,
        meaning: "packaging, also without a number: another build of the version",
        example: "v1.27.3-gke.100",
    },
];
