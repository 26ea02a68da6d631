//! What an instance says, as it takes part in the comparison, and how far two of these are apart.

use crate::model::{Class, Instance, ReadingSource, RunningImage};
use crate::version::{Difference, Incomparable, Level, Levels, Reading, difference_of};

/// What an instance says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ComparedPoint<'a> {
    /// The product, where the product data knows it.
    pub(super) product: Option<&'a str>,
    pub(super) reading: &'a Reading,
    pub(super) contradicted_by: Option<&'a Reading>,
    pub(super) flags: Flags,
    pub(super) image: Option<&'a RunningImage>,
}

/// What limits what a version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flags {
    /// The version is a label's and the tag moves: somebody else may have written the label.
    label_alone: bool,
    /// The version is what a chart says of the image.
    claimed: bool,
    /// Who may have written less than a whole version.
    written: WrittenBy,
}

/// Who writes a version: tags and persons may leave numbers out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WrittenBy {
    Program,
    Tag,
    Person,
}

/// What the versions of a component mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure<'a> {
    pub(super) class: Class,
    pub(super) levels: &'a Levels,
}

impl<'a> ComparedPoint<'a> {
    pub(super) fn of_instance(instance: &'a Instance) -> Self {
        let tag = instance.image.as_ref().and_then(|image| image.tag.as_ref());
        let tag_moves = tag.is_none_or(|tag| !tag.is_proven());
        Self {
            product: instance.product.as_deref(),
            reading: &instance.reading,
            contradicted_by: instance.contradicted_by.as_deref(),
            flags: Flags {
                label_alone: instance.source == ReadingSource::Label && tag_moves,
                claimed: instance.source == ReadingSource::WorkloadLabel,
                written: match instance.source {
                    ReadingSource::Tag => WrittenBy::Tag,
                    ReadingSource::Declared => WrittenBy::Person,
                    _ => WrittenBy::Program,
                },
            },
            image: instance.image.as_deref(),
        }
    }

    /// What a lower source says, else the same.
    pub(super) fn lower_reading(&self) -> &'a Reading {
        self.contradicted_by.unwrap_or(self.reading)
    }

    /// Whether the two are of one product, as far as is known: only then is there a distance.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        self.product.is_none() || other.product.is_none() || self.product == other.product
    }

    /// Whether it is the tag of an image, or declared, and says less than a whole version.
    pub(super) fn is_short(&self, measure: Measure<'_>) -> bool {
        self.flags.written != WrittenBy::Program && !self.reading.is_full_precision(measure.levels)
    }

    /// Whether what a person declares is true of the other as far as it goes: `16` of `16.4`.
    fn is_declared_of(&self, other: &Self, measure: Measure<'_>) -> bool {
        let numbers = self.reading.version().zip(other.reading.version());
        self.flags.written == WrittenBy::Person
            && self.is_short(measure)
            && numbers.is_some_and(|(short, long)| {
                short.pre.is_empty()
                    && short.release.len() < long.release.len()
                    && long.release.starts_with(&short.release)
            })
    }
}

impl Measure<'_> {
    /// The same content is the same version, whatever the tags say. What a lower source says
    /// instead is compared too, and the worse of the two counts: a difference must not hide behind
    /// a label.
    pub(super) fn difference(
        self,
        baseline: &ComparedPoint<'_>,
        current: &ComparedPoint<'_>,
    ) -> Difference {
        #[cfg(test)]
        tests::count_distance();
        let same = baseline.image.zip(current.image).and_then(|(b, c)| b.same_content(c));
        if same == Some(true) {
            return Difference { level: Level::Equal, direction: None };
        }
        let own = difference_of(self.levels, baseline.reading, current.reading);
        let is_declared =
            baseline.is_declared_of(current, self) || current.is_declared_of(baseline, self);
        if own.level.is_drift() && is_declared {
            return Difference { level: Level::WithinPrecision, direction: None };
        }
        // Equal labels on tags that move prove nothing of other content; nor do those of own
        // services, which inherit them from their base images.
        let alone = baseline.flags.label_alone || current.flags.label_alone;
        let hollow = alone && (same == Some(false) || self.class == Class::Service);
        // What a chart says of an image is not a property of the image.
        let claimed = baseline.flags.claimed || current.flags.claimed;
        if own.level == Level::Equal && (hollow || claimed) {
            let level = Level::Incomparable(Incomparable::Floating);
            return Difference { level, direction: None };
        }
        // Two `7` are two of many, unless their content is known to be the same.
        let are_short = baseline.is_short(self) && current.is_short(self);
        if own.level == Level::Equal && are_short {
            return Difference { level: Level::WithinPrecision, direction: None };
        }
        if baseline.contradicted_by.is_none() && current.contradicted_by.is_none() {
            return own;
        }
        let lower = difference_of(self.levels, baseline.lower_reading(), current.lower_reading());
        if level_rank(lower.level) > level_rank(own.level) { lower } else { own }
    }
}

/// Equal, then what is true as far as it goes, then what is not known, then drift.
pub(super) fn level_rank(level: Level) -> (u8, Level) {
    let group = match level {
        Level::Equal => 0,
        Level::WithinPrecision => 1,
        Level::Incomparable(_) => 2,
        Level::Build | Level::Prerelease | Level::Patch | Level::Minor | Level::Major => 3,
    };
    (group, level)
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count_distance() {
        COUNT.with(|count| count.set(count.get() + 1));
    }

    /// How many distances this thread has taken since it was asked last.
    pub(in crate::compare) fn distances_counted() -> usize {
        COUNT.with(|count| count.take())
    }
}
