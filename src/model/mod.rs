//! The things that stages hand to each other: plain data, no I/O, no async, no file format.

mod change;
mod cycles;
mod evidence;
mod finding;
mod ids;
mod outcome;
mod places;
mod product;
mod requirement;
mod secret;
mod since;
mod snapshot;
mod verdict;
mod waiver;
mod words;

pub use change::{
    Axis, Change, Comparison, DigestMismatch, Presence, ProductChange, SettingChange,
    VariantChange, VersionChange,
};
pub use cycles::{Cycle, Cycles, ProductCycles, SupportEnd};
pub use evidence::{
    CommandFigures, Declared, Evidence, Field, ImageUse, Indicators, Locator, Presumed, RunState,
    Source, TLS_UNVERIFIED, TargetEvidence, TimeSource,
};
pub use finding::{
    Defaults, Disposition, Finding, FindingId, JudgedFinding, ParseSeverityError, Severity,
};
pub use ids::{ComponentName, EnvironmentName, Glob, GlobError, PartName, TargetId};
pub use outcome::{Failure, FailureKind, Outcome, failures_of};
pub use places::{EnvironmentPlaces, Place, Places};
pub use requirement::{RangeRow, Requirement, RequirementError, Wanted};
pub use secret::Secret;
pub use since::{EarlierFinding, EarlierReport, Fate, FindingTrend, GoneFinding, Since};
pub use snapshot::{
    Class, Component, Coverage, Digest, Identity, Instance, Note, OfPlatform, Reading,
    ReadingSource, RunningImage, Snapshot, Values,
};
pub use verdict::{Gate, Judgement, Reason, ReasonKind, Verdict};
pub use waiver::{JudgedWaiver, Waiver, WaiverState};
pub use words::{bytes, count, length, rounded};
