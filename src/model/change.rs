//! What differs between two snapshots.

use std::collections::BTreeSet;

use crate::version::{Direction, Level, Reading};

use super::{Class, ComponentName, EnvironmentName};

/// All components of two snapshots, side by side, in the order of their names.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The side that others are compared with.
    pub baseline: EnvironmentName,
    /// The side that is compared.
    pub current: EnvironmentName,
    /// Across environments, or one environment across time.
    pub axis: Axis,
    /// One for each component that either side has.
    pub changes: Vec<Change>,
}

/// Along what two snapshots differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Two environments: a change is a drift.
    Environments,
    /// One environment at two times.
    Time,
}

/// One component on both sides. "Equal" is a change of nothing.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which component.
    pub component: ComponentName,
    /// Who releases it.
    pub class: Class,
    /// Which sides have it.
    pub presence: Presence,
    /// Set if the sides run different products at a place, or have none in common.
    pub product: Option<ProductChange>,
    /// Products that one side alone runs, at places that only that side has.
    pub alone: Vec<ProductAlone>,
    /// The worst distance; `None` unless both sides have it.
    pub version: Option<VersionChange>,
    /// Set if the sides run different variants of an image.
    pub variants: Option<VariantChange>,
    /// Settings with different values.
    pub settings: Vec<SettingChange>,
    /// The places that were compared, where both sides have some by the same names.
    pub places: PlacesCompared,
}

/// Which sides have a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Both.
    Both,
    /// The baseline only; everything that could hold it on the current side was read.
    Missing,
    /// The current side only; everything that could hold it on the baseline was read.
    Unexpected,
    /// One side only, but the other was not read completely: nothing is known.
    Unobserved,
    /// One side only, and the other has no target of that kind, or does not want it.
    NotApplicable,
}

/// Different products on the two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductChange {
    /// What the baseline's side runs there: `redis 7.2.4`.
    pub baseline: Vec<String>,
    /// What the current side runs there.
    pub current: Vec<String>,
    /// The products alone, of the baseline's side and of the current one.
    pub products: [BTreeSet<String>; 2],
    /// Where, if places are told apart.
    pub at: Option<Whereabouts>,
    /// All places where they do that have a name.
    pub places: Vec<String>,
}

/// A product of a component that one side alone runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductAlone {
    /// Its name.
    pub product: String,
    /// [`Presence::Missing`] if the baseline runs it, else [`Presence::Unexpected`].
    pub side: Presence,
    /// With its versions: `valkey 8.0.1`.
    pub runs: Vec<String>,
}

/// Where something was found, and at how many places besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The worst place: `shop/web/app`.
    pub place: String,
    /// How many others.
    pub more: usize,
}

/// What was compared place by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesCompared {
    /// How many places; none if nothing tells them apart, or no name is on both sides.
    pub of: usize,
    /// Those that differ, the worst first.
    pub differing: Vec<PlaceChange>,
}

/// A place at which the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceChange {
    /// Target (where its name counts), namespace, workload and container: `shop/web/app`.
    pub place: String,
    /// How far; `None` if the sides have no product in common there.
    pub level: Option<Level>,
    /// Seen from the baseline.
    pub direction: Option<Direction>,
    /// Whether the sides run different products there.
    pub other_product: bool,
    /// What the baseline's side runs there; empty if it does not have the place.
    pub baseline: Vec<String>,
    /// What the current side runs there; empty if it does not have the place.
    pub current: Vec<String>,
}

/// Different variants of an image on the two sides; the empty one is the image without a name for
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantChange {
    /// Variants on the baseline's side.
    pub baseline: Vec<String>,
    /// Variants on the current side.
    pub current: Vec<String>,
    /// Where, if places are told apart.
    pub at: Option<Whereabouts>,
}

/// The worst distance of any reading to its nearest of the same product on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionChange {
    /// How far.
    pub level: Level,
    /// Ahead of or behind the baseline; mixed if the sides disagree.
    pub direction: Option<Direction>,
    /// The reading on the baseline's side that decided.
    pub baseline: Reading,
    /// The reading on the current side that decided.
    pub current: Reading,
    /// Where it decided, if places are told apart.
    pub at: Option<Whereabouts>,
    /// Where the current side stands at that place.
    pub direction_there: Option<Direction>,
    /// What is known of the images that the two stand for.
    pub content: ContentCompared,
    /// The worst drift of each place of the current side that has a name, and where the current
    /// side stands there.
    pub places: Vec<(String, Level, Option<Direction>)>,
}

/// Whether two images are one build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ContentCompared {
    /// They are not images, or digests of one type are not known of both.
    #[default]
    NotProven,
    /// One build, by two names.
    Same,
    /// Two builds.
    Different {
        /// The digest on the baseline's side.
        baseline: String,
        /// The digest on the current side.
        current: String,
        /// Whether a tag of one repository stands for both, which is told as such.
        is_one_tag: bool,
        /// Whether a reference names its digest, which may be of the manifest for one platform.
        is_pinned: bool,
    },
}

/// One repository and tag with different content, within an environment or across two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestMismatch {
    /// Without registry.
    pub repository: String,
    /// The tag that both have.
    pub tag: String,
    /// Whether the tag says a whole version.
    pub full_precision: bool,
    /// Digests on the baseline's side (or all, within one environment).
    pub baseline: Vec<String>,
    /// Digests on the current side.
    pub current: Vec<String>,
    /// Whether a reference names its digest, which may be of the manifest for one platform.
    pub is_pinned: bool,
    /// Where, if places are told apart.
    pub at: Option<Whereabouts>,
}

/// A setting with different values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// As the server names it.
    pub name: String,
    /// Value on the baseline's side.
    pub baseline: String,
    /// Value on the current side.
    pub current: String,
}
