//! What differs between two snapshots.

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
    /// Set if the sides run different products.
    pub product: Option<ProductChange>,
    /// The worst distance; `None` unless both sides have it.
    pub version: Option<VersionChange>,
    /// Set if the sides run different variants of an image.
    pub variants: Option<VariantChange>,
    /// Settings with different values.
    pub settings: Vec<SettingChange>,
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
    /// Products on the baseline's side.
    pub baseline: Vec<String>,
    /// Products on the current side.
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
}

/// The worst distance of any reading to its nearest on the other side.
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
