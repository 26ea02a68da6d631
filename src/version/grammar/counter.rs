//! Counters of updates behind a release: `CU18`, `SP2`, `.post1`, `-hotfix-2`.

use super::super::number::{Number, split_digits};
use super::super::reading::{Update, UpdateKind};

pub(in super::super) const SERVICE_PACKS: &[&str] = &["sp", "sr", "fp"];
pub(in super::super) const CUMULATIVE: &[&str] = &["cu"];
pub(in super::super) const FIXES: &[&str] = &["post", "patch", "hotfix", "hf", "update"];
pub(in super::super) const PATCH_LEVELS: &[&str] = &["u", "p", "pl"];
pub(in super::super) const SECURITY: &[&str] = &["gdr"];

/// What makers call them.
const KINDS: &[(UpdateKind, &[&str])] = &[
    (UpdateKind::ServicePack, SERVICE_PACKS),
    (UpdateKind::Cumulative, CUMULATIVE),
    (UpdateKind::Fix, FIXES),
    (UpdateKind::PatchLevel, PATCH_LEVELS),
    (UpdateKind::Security, SECURITY),
];

fn kind_of_word(word: &str) -> Option<UpdateKind> {
    KINDS.iter().find(|(_, words)| words.contains(&word)).map(|(kind, _)| *kind)
}

/// Those that say enough to count behind a variant too: `-alpine-hotfix2`, `stable.patch.2`.
const BEHIND_VARIANT: &[&str] = &["cu", "post", "patch", "hotfix", "gdr"];

/// Those that are the first of their kind without a number.
const ALONE: &[&str] = &["patch", "hotfix"];

/// What Microsoft calls a year's release before its first cumulative update.
pub(in super::super) const BEFORE_UPDATES: &[&str] = &["rtm", "ga"];

/// What a piece of a tail counts.
pub(super) struct TailCounter<'a> {
    pub(super) update: Update,
    /// Whether its number was written in the piece.
    pub(super) is_numbered: bool,
    /// What follows in the piece: `.dev2` of `post1.dev2`.
    pub(super) rest: &'a str,
}

impl TailCounter<'_> {
    /// Whether it says that no update has come yet: `RTM`.
    pub(super) fn is_before_updates(&self) -> bool {
        !self.is_numbered && self.update.number.is_zero()
    }
}

/// The counter that a piece in lower case starts with. `number_follows` where the next piece is a
/// number: `hotfix-2`.
pub(super) fn read_counter(piece: &str, number_follows: bool) -> Option<TailCounter<'_>> {
    let end = piece.bytes().position(|b| !b.is_ascii_lowercase()).unwrap_or(piece.len());
    let (word, after) = piece.split_at(end);
    if BEFORE_UPDATES.contains(&word) && after.is_empty() {
        let update = Update { kind: UpdateKind::Cumulative, number: 0.into() };
        return Some(TailCounter { update, is_numbered: false, rest: "" });
    }
    let kind = kind_of_word(word)?;
    let (digits, rest) = split_digits(after.strip_prefix('.').unwrap_or(after));
    if let Some(number) = Number::parse(digits) {
        let ends = rest.is_empty() || rest.starts_with('.');
        let update = Update { kind, number };
        return ends.then_some(TailCounter { update, is_numbered: true, rest });
    }
    let stands = after.is_empty() && (ALONE.contains(&word) || number_follows && word.len() > 1);
    let update = Update { kind, number: 1.into() };
    stands.then_some(TailCounter { update, is_numbered: false, rest: "" })
}

/// Whether a counter says enough to be one behind a variant.
pub(super) fn counts_behind_variant(piece: &str) -> bool {
    BEHIND_VARIANT.iter().any(|word| {
        let rest = piece.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    })
}

/// Where a counter begins within a piece: at `patch.2` of `stable.patch.2`.
pub(super) fn find_counter(piece: &str) -> Option<usize> {
    let starts = piece.match_indices('.').map(|(at, _)| at + 1);
    starts.into_iter().find(|at| {
        let rest = &piece[*at..];
        counts_behind_variant(rest) && read_counter(rest, false).is_some_and(|c| c.rest.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(piece: &str) -> Option<u64> {
        read_counter(piece, false).and_then(|counter| counter.update.number.to_u64())
    }

    #[test]
    fn a_counter_is_a_word_and_a_number() {
        for (piece, want) in [
            ("cu18", Some(18)),
            ("sp2", Some(2)),
            ("post1", Some(1)),
            ("patch.2", Some(2)),
            ("hotfix", Some(1)),
            ("p", None),
            ("cu", None),
            ("update", None),
            ("p2x", None),
            ("photon4", None),
        ] {
            assert_eq!(number(piece), want, "{piece}");
        }
        assert_eq!(find_counter("stable.patch.2"), Some(7));
        assert_eq!(find_counter("alpine3.19"), None);
    }
}
