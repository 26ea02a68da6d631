//! The things that stages hand to each other: plain data, no I/O, no async, no file format.

mod after;
mod audit;
mod bucket;
mod came;
mod change;
mod checklist;
mod collector;
mod cycles;
mod evidence;
mod finding;
mod freshness;
mod globs;
mod ids;
mod indicator;
mod info_line;
mod judged_load;
mod live;
mod load;
pub mod matrix;
mod naming;
mod near;
mod outcome;
mod overridden;
mod person;
mod places;
mod product;
mod proven;
mod release;
mod requirement;
mod revisions;
mod sample;
mod scraper;
mod secret;
mod sharing;
mod since;
mod site;
mod snapshot;
mod standing;
mod verdict;
mod waiver;
mod words;
mod work;

pub use after::{AfterEnd, AfterEvent, AfterKind, AfterResult};
pub use audit::{Audit, AuditedEnvironment, GateCompared, Purpose, Run, StoredRun};
pub use bucket::{Bucket, BucketFlags, BucketLength, Hour, ListDigest, Series, UnknownSeries};
pub use came::{BaselineRelease, Came, CameSource, CameTime};
pub use change::{
    Axis, Change, Comparison, ContentCompared, DigestMismatch, PlaceChange, PlacesCompared,
    Presence, ProductAlone, ProductChange, SettingChange, VariantChange, VersionChange,
    Whereabouts,
};
pub use checklist::{
    Answer, Checklist, ChecklistItem, ChecklistRelease, ItemFigure, ItemLine, ItemOutcome,
    ItemSection, KeptAnswer, ServerCounters, Settle, TargetCounters,
};
pub use collector::{
    CollectorKind, CollectorPart, Collectors, Facts, Holds, IDENTITY_PART, IdentityField, Occurs,
    SETTINGS_PART,
};
pub use cycles::{Cycle, Cycles, ProductCycles, SupportEnd};
pub use evidence::{
    Declared, Evidence, Field, ImageUse, Locator, Presumed, RunState, Source, TLS_UNVERIFIED,
    TargetEvidence, TimeSource,
};
pub use finding::{
    Defaults, Disposition, Finding, FindingId, JudgedFinding, ParseSeverityError, Severity,
};
pub use freshness::{MAX_AHEAD, check_staleness};
pub use globs::{Globs, NumberedGlobs};
pub use ids::{ComponentName, EnvironmentName, Glob, GlobError, PartName, TargetId};
pub use indicator::{Extent, Indicator, Indicators, TargetIndicators};
pub use info_line::product_of_line;
pub use judged_load::{
    JudgedLoad, JudgedWindow, LoadCell, LoadChange, LoadCourse, LoadOutcome, LoadRow, LoadWorst,
    WindowServer,
};
pub use live::{LiveServer, identity_of};
pub use load::{
    BucketedLoad, Column, CommandColumns, CounterRow, CounterTable, Load, LoadFacts, LoadIdentity,
    LoadOrigin, LoadRole, LoadSpan, PlaceBuckets, PlaceLoad, SpanMark,
};
pub use naming::ProductNames;
pub use near::{letters_apart, meant_and_known, meant_or_known, nearest_name};
pub use outcome::{Failure, FailureKind, Outcome, failures_of};
pub use overridden::Override;
pub use person::{is_nameless, is_same_person};
pub use places::{EnvironmentPlaces, Place, Places};
pub use proven::proven_release;
pub use release::{
    Build, Freeze, FreezeException, Release, ReleaseType, Train, TrainDifference, train_differences,
};
pub use requirement::{RangeRow, Requirement, RequirementError, Wanted};
pub use revisions::{
    ContainerHealth, REVISIONS_PART, Revision, Revisions, WorkloadHealth, WorkloadName,
};
pub use sample::{Counters, Sample};
pub use scraper::{JoinedSeries, LabelledSeries, SeriesFault, join_series};
pub use secret::Secret;
pub use sharing::Sharing;
pub use since::{EarlierFinding, EarlierReport, Fate, FindingTrend, GoneFinding, Since};
pub use site::Site;
pub use snapshot::{
    Class, Component, Coverage, Digest, DigestKind, Identity, Instance, Note, OfPlatform, Reading,
    ReadingSource, RunningImage, Snapshot, Values, same_content,
};
pub use standing::{Ahead, AheadPair, Running, Standing, StandingFinding};
pub use verdict::{Gate, Judgement, NO_GATE_WANTED, Reason, ReasonKind, Verdict};
pub use waiver::{JudgedWaiver, Waiver, WaiverState};
pub use words::{
    byte_words, count, duration_words, first_three, has_or_have, round_number, with_product,
};
pub use work::{Rehearsal, RehearsalOutcome, WorkMark, WorkReading};
