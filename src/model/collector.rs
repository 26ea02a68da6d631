//! What the other stages know of a collector: plain data that it gives of itself, so that none of
//! them names it.

use std::fmt;
use std::time::Duration;

use super::{ComponentName, PartName, TargetId};

/// One kind of target, and what reads it.
#[derive(Debug)]
pub struct CollectorKind {
    /// The first part of its targets' ids, and its key below `targets:` in a profile.
    pub name: &'static str,
    /// What one is called in messages: `redis target`.
    pub noun: &'static str,
    /// The language of its evidence.
    pub facts: Facts,
    /// What of a target is read, each with its own coverage.
    pub parts: &'static [CollectorPart],
    /// Whether every target is a component of its own, so that reading one shows that a component
    /// of another name is not there.
    pub is_service: bool,
    /// Components that all parts tell of together: one that was not read leaves the others'
    /// answer open.
    pub jointly: &'static [Holds],
    /// What tells one instance from another, where it says so.
    pub identity: Option<IdentityField>,
    /// How names of components begin that say what was read, and no product.
    pub groups: &'static [&'static str],
    /// Components that are one product each, no matter who runs them.
    pub products: &'static [(&'static str, &'static str)],
    /// How long reading a target may take, unless the profile says otherwise.
    pub deadline: Duration,
    /// Whether a recorded file of the same name may be taken for it.
    pub clashes_with_files: bool,
}

/// Of what answers INFO: who it is. Left out where the server does not say it.
pub const IDENTITY_PART: &str = "identity";

/// Of what answers INFO: how it is set up. Left out where the server does not say it.
pub const SETTINGS_PART: &str = "settings";

/// The language that evidence is in: `normalize` knows each, whatever the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Lines of INFO.
    Info,
    /// What a container engine says of itself, its host and its containers.
    Engine,
    /// What a cluster says of itself, its nodes and its workloads.
    Cluster,
    /// The field `version`, perhaps with `product` and with the `component` that it is of.
    Version,
    /// A field for each package: its kind and name, and its versions.
    Packages,
    /// What a person vouches for.
    Declared,
    /// Evidence of other targets, under their own ids.
    OfOthers,
    /// One that this version does not know.
    Unknown,
}

/// One part of a target.
#[derive(Debug)]
pub struct CollectorPart {
    /// Its name; of one that is there for each of several servers, how it begins.
    pub name: &'static str,
    /// Whether it is there.
    pub occurs: Occurs,
    /// Components that would be found in it.
    pub holds: &'static [Holds],
}

/// Whether a part is there in whole evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// In every target.
    Always,
    /// Where the profile asks for it.
    Sometimes,
    /// Once for each server that the target names.
    ForEach,
    /// The same, in place of those that are otherwise there always.
    ForEachInstead,
}

/// Components by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The one that the target itself is.
    Itself,
    /// What belongs to that one: its modules.
    OfItself,
    /// This one.
    Component(&'static str),
    /// Those whose names begin so, before the first `/`.
    Group(&'static str),
}

/// A field that identifies an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityField {
    /// Name of the field.
    pub field: &'static str,
    /// What it is called: `engine ID`.
    pub noun: &'static str,
}

/// Every collector that there is.
#[derive(Clone, Copy)]
pub struct Collectors(pub &'static [&'static CollectorKind]);

static UNKNOWN: CollectorKind = CollectorKind {
    name: "",
    noun: "target",
    facts: Facts::Unknown,
    parts: &[],
    is_service: false,
    jointly: &[],
    identity: None,
    groups: &[],
    products: &[],
    deadline: Duration::ZERO,
    clashes_with_files: false,
};

impl Collectors {
    /// The kind of a target. An unknown one has no parts and holds nothing.
    pub fn of(self, target: &TargetId) -> &'static CollectorKind {
        let name = target.collector();
        self.0.iter().find(|kind| kind.name == name).copied().unwrap_or(&UNKNOWN)
    }

    /// The product that a component is by its name, no matter who runs it: `docker/runc`.
    pub fn product_of(self, component: &ComponentName) -> Option<&'static str> {
        let mut known = self.0.iter().flat_map(|kind| kind.products);
        known.find(|(name, _)| *name == component.as_str()).map(|(_, product)| *product)
    }

    /// Whether a collector tells of a component of that very name.
    pub(super) fn tell(self, component: &str) -> bool {
        let told = |kind: &&'static CollectorKind| {
            let mut holds = kind.parts.iter().flat_map(|part| part.holds);
            kind.products.iter().any(|(name, _)| *name == component)
                || holds.any(|held| matches!(held, Holds::Component(name) if *name == component))
        };
        self.0.iter().any(told)
    }

    /// Whether a component's name begins with what was read and not with a product.
    pub fn is_group(self, first: &str) -> bool {
        self.0.iter().any(|kind| kind.groups.contains(&first))
    }
}

impl fmt::Debug for Collectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|kind| kind.name)).finish()
    }
}

impl CollectorKind {
    /// The component that a target is itself, unless its evidence says another.
    pub fn component_of(&self, target: &TargetId) -> ComponentName {
        let name = if self.facts == Facts::Declared { target.name() } else { target.as_str() };
        name.into()
    }

    /// The part of that name, if this version knows it.
    pub fn part(&self, name: &str) -> Option<&'static CollectorPart> {
        self.parts.iter().find(|part| part.is_named(name))
    }

    /// Names of the parts that are there in every target.
    pub fn always(&self) -> impl Iterator<Item = &'static str> + use<> {
        let always = self.parts.iter().filter(|part| part.occurs == Occurs::Always);
        always.map(|part| part.name)
    }

    /// Whether `component` would be found in that part of a target that is itself `own`.
    pub fn could_hold(
        &self,
        part: &PartName,
        own: &ComponentName,
        component: &ComponentName,
    ) -> bool {
        self.could_hold_what(part, |held| held.fits(own, component))
    }

    /// Whether images would be found in that part.
    pub fn could_hold_images(&self, part: &PartName) -> bool {
        self.could_hold_what(part, |held| held == Holds::IMAGES)
    }

    fn could_hold_what(&self, part: &PartName, fits: impl Fn(Holds) -> bool) -> bool {
        let any = |holds: &[Holds]| holds.iter().any(|held| fits(*held));
        match self.part(part.as_str()) {
            // A file that could not be read might hold anything.
            _ if self.facts == Facts::OfOthers => true,
            Some(part) => any(part.holds),
            // What this version cannot interpret might hold whatever the others do.
            None => self.parts.iter().any(|part| any(part.holds)),
        }
    }

    /// Whether each part of a target tells something of `component`.
    pub fn tells_jointly(&self, own: &ComponentName, component: &ComponentName) -> bool {
        self.jointly.iter().any(|held| held.fits(own, component))
    }

    /// Whether each part of a target tells something of images.
    pub fn tells_images_jointly(&self) -> bool {
        self.jointly.contains(&Holds::IMAGES)
    }
}

impl CollectorPart {
    fn is_named(&self, name: &str) -> bool {
        match self.occurs {
            Occurs::Always | Occurs::Sometimes => name == self.name,
            Occurs::ForEach | Occurs::ForEachInstead => {
                name.strip_prefix(self.name).is_some_and(|place| !place.is_empty())
            }
        }
    }
}

impl Holds {
    /// Images.
    const IMAGES: Self = Self::Group("image");

    fn fits(self, own: &ComponentName, component: &ComponentName) -> bool {
        let name = component.as_str();
        match self {
            Self::Itself => component == own,
            Self::OfItself => {
                name.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            Self::Component(held) => name == held,
            Self::Group(first) => component.group() == first,
        }
    }
}
